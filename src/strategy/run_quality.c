/* run_quality.c - what readings stand behind a line, and how good they are.
 *
 * A line at a key needs of a source only what the nodes between them let through: a path of nodes
 * that all carry an axis holds its key fast, an aggregate or a split along the axis lets all of it
 * through. So each node below a line has a mask, the axes whose key is still the line's own; where
 * paths meet, only what all of them hold is held. Members are told apart by the sums of their own
 * source; hours, dates and tou keys by reading the intervals once, and only where a mark can be
 * behind the line.
 *
 * Conservative, the whole source for any key: sources in register mode, sources of the period read
 * again on the own intervals of members, and clocks of more than KEYED_MAX keys.
 */
#include "strategy/exact.h"
#include "strategy/run.h"

#define KEYED_MAX 16384          /* clock keys told apart: the hours of a year, nearly twice */
#define UNUSED (~(tally_shape)0) /* mask of what a line does not depend on */

/* ---- what a line depends on ------------------------------------------------------------------ */

/* Axes whose key an argument of `x` still shares with it. */
static tally_shape passes_on(const struct run *r, const struct plan_node *x)
{
    const struct tally_program *p = r->b->plan->program;
    tally_shape all = UNUSED;
    if (x->op == PLAN_LIFT && bound_lifts_source(r->b, x)) {
        return all & ~SHAPE_CLOCK;
    }
    for (int32_t i = 0; (x->op == PLAN_PICK || x->op == PLAN_ALLOCATE) && i < p->n_axes; i++) {
        if (i == x->aux || (p->axes[i].closure & SHAPE(x->aux))) {
            all &= ~SHAPE(i);
        }
    }
    return all;
}

/* A bucket over the own intervals of members holds the clock only of a source that is theirs. */
static bool keeps_clock(const struct run *r, const struct plan_node *bucket)
{
    const struct strategy_plan *p = r->b->plan;
    int32_t axis = p->program->decls[bucket->aux].axis;
    return r->b->grids[bucket->inner].plain ||
           (axis >= 0 &&
            p->spaces[p->grids[bucket->inner].space] == p->program->axes[axis].closure);
}

/* By declaration: the mask of a source that the nodes at keys of `space` depend on, else UNUSED. */
static tally_shape *find_uses(const struct run *r, struct arena *arena, const int32_t *nodes,
                              int32_t n, int16_t space)
{
    const struct strategy_plan *p = r->b->plan;
    size_t decls = (size_t)p->program->n_decls + 1;
    tally_shape *use = arena_many(arena, decls, tally_shape);
    tally_shape *held = arena_many(arena, (size_t)p->n_nodes + 1, tally_shape);
    memset(use, 0xff, decls * sizeof *use);
    memset(held, 0xff, ((size_t)p->n_nodes + 1) * sizeof *held);
    int32_t top = -1;
    for (int32_t i = 0; i < n; i++) {
        if (nodes[i] >= 0) {
            int32_t id = r->b->alias[nodes[i]];
            held[id] &= p->spaces[space] & p->spaces[p->nodes[id].space];
            top = id > top ? id : top;
        }
    }
    for (int32_t id = top; id >= 0; id--) {
        const struct plan_node *x = &p->nodes[id];
        if (held[id] == UNUSED) {
            continue;
        }
        if (x->op == PLAN_BUCKET || x->op == PLAN_SOURCE || x->op == PLAN_ANY_MISSING) {
            bool clock = x->op == PLAN_SOURCE || (x->op == PLAN_BUCKET && keeps_clock(r, x));
            use[x->aux] &= clock ? held[id] : held[id] & ~SHAPE_CLOCK;
        }
        tally_shape on = passes_on(r, x);
        for (int32_t i = 0; i < plan_args(x); i++) {
            int32_t a = plan_arg(p, x, i);
            if (a >= 0 && r->b->reached[a]) {
                int32_t to = r->b->alias[a];
                tally_shape clock = p->nodes[to].time >= 0 ? SHAPE_CLOCK : 0; /* by interval */
                held[to] &= held[id] & on & (p->spaces[p->nodes[to].space] | clock);
            }
        }
    }
    return use;
}

static const tally_shape *line_uses(struct run *r, int32_t line)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_line *l = &p->lines[line];
    const int32_t nodes[] = { l->amount, l->show_q, l->show_p };
    if (!r->uses) {
        r->uses = arena_many(r->arena, (size_t)p->program->n_lines + 1, tally_shape *);
    }
    if (!r->uses[line]) {
        r->uses[line] = find_uses(r, r->arena, nodes, 3, l->space);
    }
    return r->uses[line];
}

/* Does member i of the declaration's group belong to the key, by the axes that are held? */
static bool belongs(const struct run *r, int32_t decl, int32_t i, tally_shape held,
                    const int32_t *index)
{
    int32_t axis = r->b->plan->program->decls[decl].axis;
    while (axis >= 0) {
        if ((held & SHAPE(axis)) && index[axis] != i) {
            return false;
        }
        int32_t outer = r->b->plan->program->axes[axis].outer;
        i = outer >= 0 ? r->b->axes[axis].outer[i] : i;
        axis = outer;
    }
    return true;
}

/* ---- by clock key ---------------------------------------------------------------------------- */

/* The intervals of one member's source: of its window, its own, or those of the period. */
static struct bound_row source_row(const struct strategy_bound *b, int32_t decl, int32_t member)
{
    const struct tally_decl *d = &b->plan->program->decls[decl];
    struct bound_row row = { &b->binding.axis, b->binding.span };
    if (d->axis >= 0 && b->axes[d->axis].own && b->axes[d->axis].own[member]) {
        const struct tariff_span *span = b->axes[d->axis].span[member];
        row.axis = b->axes[d->axis].own[member];
        row.span = span ? span : row.span;
    }
    for (size_t w = 0; w < b->binding.n_windows && d->window >= AXIS_FIRST; w++) {
        if (str_eq(b->binding.windows[w].name, b->plan->program->axes[d->window].name)) {
            row = (struct bound_row){ &b->binding.windows[w].axis, b->binding.span };
        }
    }
    return row;
}

static int32_t clock_keys(const struct strategy_bound *b, tally_shape clock)
{
    int64_t n = 1;
    for (int32_t axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        n *= clock & SHAPE(axis) ? clock_length(b, axis) : 1;
    }
    return n > KEYED_MAX ? KEYED_MAX + 1 : (int32_t)n;
}

static int32_t clock_key_of(const struct strategy_bound *b, tally_shape clock, const int32_t *index)
{
    int32_t key = 0;
    for (int32_t axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        if (clock & SHAPE(axis)) {
            if (index[axis] < 0) {
                return -1;
            }
            key = key * clock_length(b, axis) + index[axis];
        }
    }
    return key;
}

/* The clock keys of n intervals of a row, -1 where one is outside. */
static void clock_keys_of(const struct strategy_bound *b, const struct bound_row *row,
                          tally_shape clock, int32_t first, int32_t n, int32_t *key)
{
    int32_t index[SLOTS];
    memset(key, 0, (size_t)n * sizeof *key);
    for (int32_t axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        if (!(clock & SHAPE(axis))) {
            continue;
        }
        const int32_t length = clock_length(b, axis);
        clock_indexes(b, row, axis, first, n, index);
        for (int32_t i = 0; i < n; i++) {
            key[i] = key[i] < 0 || index[i] < 0 ? -1 : key[i] * length + index[i];
        }
    }
}

/* In the digits of the feed. */
static void count_interval(struct run_share *s, int64_t value, uint8_t quality)
{
    uint64_t x = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    s->total += x;
    if (quality != QUALITY_ACTUAL) {
        s->n_estimated += quality == QUALITY_ESTIMATED;
        s->n_manual += quality == QUALITY_MANUAL;
        s->estimated += x;
    }
}

static enum err_code count_keys(struct run *r, int32_t decl, int32_t member, tally_shape clock,
                                int32_t keys, struct run_share *to, struct err *e)
{
    const struct strategy_bound *b = r->b;
    const struct tally_decl *d = &b->plan->program->decls[decl];
    const struct strategy_feed *feed = bound_feed(b, decl, member);
    struct bound_row row = source_row(b, decl, member);
    wide p = EXACT_POW10[d->type.scale - feed->digits];
    int64_t values[SLOTS];
    uint8_t quality[SLOTS];
    int32_t key[SLOTS];
    for (int32_t first = 0; first < row.axis->n; first += SLOTS) {
        int32_t n = row.axis->n - first < SLOTS ? row.axis->n - first : SLOTS;
        if (r->data->values(r->data->ctx, feed->source, row.axis, first, n, values, quality, e) !=
            OK) {
            return fail_in(e, "order " STR_FMT ": quality of " STR_FMT,
                           STR_ARG(b->binding.order_no), STR_ARG(d->name));
        }
        clock_keys_of(b, &row, clock, first, n, key);
        for (int32_t i = 0; i < n; i++) {
            if (key[i] >= 0 && quality[i] != QUALITY_MISSING) {
                count_interval(&to[key[i]], values[i], quality[i]);
            }
        }
    }
    for (int32_t k = 0; k < keys; k++) {
        to[k].estimated *= p;
        to[k].total *= p;
    }
    return OK;
}

/* What the intervals of a source at the held clock keys were made of. */
static enum err_code source_share(struct run *r, int32_t decl, int32_t member, tally_shape held,
                                  const int32_t *index, struct run_share *out, struct err *e)
{
    struct run_source *s = &r->sources[decl][member];
    tally_shape clock = held & SHAPE_CLOCK;
    int32_t keys = clock_keys(r->b, clock);
    if (keys <= 1 || keys > KEYED_MAX || !r->data->values) {
        *out = (struct run_share){ s->seen.n_estimated, s->seen.n_manual, s->seen.estimated,
                                   s->total };
        return OK;
    }
    struct run_keyed *k = s->keyed;
    while (k && k->clock != clock) {
        k = k->next;
    }
    if (!k) {
        k = arena_make(r->arena, struct run_keyed);
        k->clock = clock;
        k->at = arena_many(r->arena, (size_t)keys, struct run_share);
        enum err_code code = count_keys(r, decl, member, clock, keys, k->at, e);
        if (code != OK) {
            return code;
        }
        k->next = s->keyed;
        s->keyed = k;
    }
    *out = k->at[clock_key_of(r->b, clock, index)];
    return OK;
}

/* ---- the quality of a line ------------------------------------------------------------------- */

struct behind { /* a line at its key, and what is behind it so far */
    const tally_shape *use;
    int32_t index[TALLY_AXES_MAX];
    int scale;
    int64_t n_estimated, n_manual;
    wide estimated, total; /* of meters */
};

/* Adds the sources that are marked somewhere, or those that are not. */
static enum err_code add_sources(struct run *r, struct behind *m, bool marked, struct err *e)
{
    const struct tally_program *p = r->b->plan->program;
    for (int32_t d = 0; d < p->n_decls; d++) {
        int32_t members = p->decls[d].axis < 0 ? 1 : r->b->axes[p->decls[d].axis].n;
        for (int32_t i = 0; m->use[d] != UNUSED && r->sources[d] && i < members; i++) {
            const struct strategy_seen *seen = &r->sources[d][i].seen;
            bool meter = p->decls[d].kind == STRATEGY_METER;
            if ((seen->n_estimated || seen->n_manual) != marked || (!marked && !meter) ||
                !r->sources[d][i].counted || !belongs(r, d, i, m->use[d], m->index)) {
                continue;
            }
            struct run_share s;
            enum err_code code = source_share(r, d, i, m->use[d], m->index, &s, e);
            if (code != OK) {
                return code;
            }
            wide up = meter ? EXACT_POW10[m->scale - p->decls[d].type.scale] : 0;
            m->n_estimated += s.n_estimated;
            m->n_manual += s.n_manual;
            m->estimated += s.estimated * up;
            m->total += s.total * up;
        }
    }
    return OK;
}

enum err_code run_quality(struct run *r, int32_t line, int32_t key, struct strategy_line *out,
                          struct err *e)
{
    const struct tally_program *p = r->b->plan->program;
    if (!r->suspect) {
        return OK;
    }
    struct behind m = { .use = line_uses(r, line) };
    space_index(r->b, r->b->plan->lines[line].space, key, m.index);
    for (int32_t d = 0; d < p->n_decls; d++) {
        bool finer = m.use[d] != UNUSED && p->decls[d].type.scale > m.scale;
        m.scale = finer ? p->decls[d].type.scale : m.scale;
    }
    enum err_code code = add_sources(r, &m, true, e);
    if (code == OK && m.estimated > 0) {
        code = add_sources(r, &m, false, e); /* only a share asks for what is not marked */
    }
    if (code != OK) {
        return code;
    }
    wide share = 0;
    out->quality = m.n_manual ? QUALITY_MANUAL : m.n_estimated ? QUALITY_ESTIMATED : QUALITY_ACTUAL;
    if (m.total > 0 && exact_quotient(m.estimated, m.total, 6, false, 1000000, &share)) {
        out->estimated_e6 = (int32_t)share;
    } else if (m.estimated > 0) {
        out->estimated_e6 = 1000000; /* directions cancel out: all of it may be estimated */
    }
    return OK;
}

/* ---- trace ----------------------------------------------------------------------------------- */

size_t strategy_trace(struct arena *arena, const struct strategy_bound *b,
                      const struct strategy_result *result, int32_t line_id,
                      const struct strategy_source_use **out)
{
    const struct run *r = (const struct run *)result;
    const struct tally_program *p = b->plan->program;
    check_that(line_id >= 0 && (size_t)line_id < result->n_lines, "line %d", line_id);
    const struct run_line *made = &r->made[line_id];
    const struct plan_line *l = &b->plan->lines[made->line];
    const int32_t nodes[] = { l->amount, l->show_q, l->show_p };
    const tally_shape *use_of = find_uses(r, arena, nodes, 3, l->space);
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(b, l->space, made->key, index);
    size_t n = 0, room = 0;
    for (int32_t d = 0; d < p->n_decls; d++) {
        int32_t members = p->decls[d].axis < 0 ? 1 : b->axes[p->decls[d].axis].n;
        room += use_of[d] != UNUSED ? (size_t)members : 0;
    }
    struct strategy_source_use *use = arena_many(arena, room + 1, struct strategy_source_use);
    for (int32_t d = 0; d < p->n_decls; d++) {
        const struct tally_decl *x = &p->decls[d];
        int32_t members = x->axis < 0 ? 1 : b->axes[x->axis].n;
        for (int32_t i = 0; use_of[d] != UNUSED && i < members; i++) {
            const struct strategy_feed *f = bound_feed(b, d, i);
            if (!f || !belongs(r, d, i, use_of[d], index)) {
                continue;
            }
            use[n] = (struct strategy_source_use){ .name = x->name,
                                                   .source = f->source,
                                                   .axis = *source_row(b, d, i).axis };
            if (x->axis >= 0) {
                use[n].member = b->axes[x->axis].members[i]->name;
            }
            n++;
        }
    }
    *out = use;
    return n;
}
