/* run_source.c - readings come in: as sums by key where that is enough, else interval by interval.
 */
#pragma GCC optimize("tree-vectorize", "vect-cost-model=dynamic") /* blocks of numbers */
#include "strategy/exact.h"
#include "strategy/run.h"

struct run_source *run_source_of(struct run *r, int32_t decl, int32_t member)
{
    int32_t axis = r->b->plan->program->decls[decl].axis;
    if (!r->sources[decl]) {
        int32_t n = axis < 0 ? 1 : r->b->axes[axis].n;
        r->sources[decl] = arena_many(r->arena, (size_t)n + 1, struct run_source);
        for (int32_t i = 0; i < n; i++) {
            r->sources[decl][i].seen.first_missing = -1;
        }
    }
    return &r->sources[decl][axis < 0 ? 0 : member];
}

static int32_t member_of(const struct run *r, int32_t decl, int16_t space, int32_t row)
{
    int32_t axis = r->b->plan->program->decls[decl].axis;
    if (axis < 0) {
        return 0;
    }
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(r->b, space, row, index);
    return index[axis];
}

static wide magnitude(wide x)
{
    return x < 0 ? -x : x;
}

static void count_seen(struct run_source *s, const struct strategy_seen *seen, wide total)
{
    int32_t first = s->seen.n_missing ? s->seen.first_missing : seen->first_missing;
    s->seen.n += seen->n;
    s->seen.n_estimated += seen->n_estimated;
    s->seen.n_manual += seen->n_manual;
    s->seen.n_missing += seen->n_missing;
    s->seen.estimated += seen->estimated;
    s->seen.first_missing = first;
    s->total += total;
    s->counted = true;
}

static enum err_code beyond(const struct run *r, int32_t decl, struct err *e)
{
    const struct tally_decl *d = &r->b->plan->program->decls[decl];
    return fail_named(e, ERR_LIMIT, "RANGE",
                      "order " STR_FMT ": RANGE in " STR_FMT ": a value is larger than its unit "
                      "allows; look at multiplier and digits of the point",
                      STR_ARG(r->b->binding.order_no), STR_ARG(d->name));
}

/* Which keys of a row miss a reading, and where the first one is. */
static enum err_code find_missing(struct run *r, int32_t id, int32_t source, int32_t row_index,
                                  const struct bound_row *row, bool tou, uint8_t *st, struct err *e)
{
    int64_t values[SLOTS];
    uint8_t quality[SLOTS];
    const struct bound_space *s = &r->b->spaces[r->b->plan->nodes[id].space];
    int32_t base = row_index * s->clock, keys = tou ? s->clock : 1;
    if (!r->causes[id]) {
        r->causes[id] = arena_many(r->arena, (size_t)s->n + 1, struct run_cause);
    }
    if (!r->data->values) {
        for (int32_t k = 0; k < keys; k++) {
            st[base + k] = VALUE_MISSING;
            r->causes[id][base + k] = (struct run_cause){ id, base + k, -1 };
        }
        return OK;
    }
    for (int32_t first = 0; first < row->axis->n; first += SLOTS) {
        int32_t n = row->axis->n - first < SLOTS ? row->axis->n - first : SLOTS;
        enum err_code code =
            r->data->values(r->data->ctx, source, row->axis, first, n, values, quality, e);
        if (code != OK) {
            return code;
        }
        for (int32_t i = 0; i < n; i++) {
            if (quality[i] != QUALITY_MISSING) {
                continue;
            }
            int32_t k = tou ? clock_index(r->b, row, AXIS_TOU, first + i) : 0;
            if (k >= 0 && st[base + k] == VALUE_OK) {
                st[base + k] = VALUE_MISSING;
                r->causes[id][base + k] = (struct run_cause){ id, base + k, first + i };
            }
        }
    }
    return OK;
}

/* A bucket over all keys, from the one by tou that is there already. */
static bool from_tou(struct run *r, int32_t id)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_node *n = &p->nodes[id];
    for (int32_t i = 0; i < r->b->n_exec; i++) {
        int32_t other = r->b->exec[i];
        const struct plan_node *o = &p->nodes[other];
        if (other == id || o->op != PLAN_BUCKET || o->aux != n->aux || o->inner != n->inner ||
            !(p->spaces[o->space] & SHAPE(AXIS_TOU)) || !r->val[other].v) {
            continue;
        }
        int32_t rows = 0, clock = r->b->spaces[o->space].clock;
        wide *to = result_room(&r->frame, id, &rows);
        const wide *from = r->val[other].v;
        const uint8_t *states = r->val[other].st;
        uint8_t *st = states ? result_states(&r->frame, id, rows) : NULL;
        for (int32_t row = 0; row < rows; row++) {
            for (int32_t k = 0; k < clock; k++) {
                int32_t at = row * clock + k;
                to[row] += from[at];
                if (states && states[at] != VALUE_OK && st[row] == VALUE_OK) {
                    st[row] = states[at];
                    to[row] = 0;
                    if (!r->causes[id]) {
                        r->causes[id] = arena_many(r->arena, (size_t)rows + 1, struct run_cause);
                    }
                    r->causes[id][row] = r->causes[other][at];
                }
            }
        }
        return true;
    }
    return false;
}

/* `fresh`: this bucket is the first to read the source, so all own intervals of rows count. */
static enum err_code fill_row(struct run *r, int32_t id, int32_t row_index, bool fresh, wide *out,
                              uint8_t **st, struct err *e)
{
    const struct strategy_bound *b = r->b;
    const struct plan_node *n = &b->plan->nodes[id];
    const struct tally_decl *d = &b->plan->program->decls[n->aux];
    int16_t space = b->plan->grids[n->inner].space;
    int32_t member = member_of(r, n->aux, space, row_index);
    const struct strategy_feed *feed = bound_feed(b, n->aux, member);
    struct bound_row row = grid_row(&b->grids[n->inner], row_index);
    bool tou = b->plan->spaces[n->space] & SHAPE(AXIS_TOU);
    int64_t sums[TOU_KEYS_MAX] = { 0 };
    struct strategy_seen seen = { .first_missing = -1 };
    if (tou && row.span->n_keys > TOU_KEYS_MAX) {
        return fail_named(e, ERR_LIMIT, "BIND", "order " STR_FMT ": more than %d tou keys",
                          STR_ARG(b->binding.order_no), TOU_KEYS_MAX);
    }
    enum err_code code = OK;
    if (row.axis->n > 0) {
        code = r->data->sums(r->data->ctx, feed->source, row.axis, tou ? row.span : NULL, sums,
                             &seen, e);
    }
    if (code != OK) {
        return fail_in(e, "order " STR_FMT ": %s " STR_FMT, STR_ARG(b->binding.order_no),
                       d->kind == STRATEGY_METER ? "meter" : "series", STR_ARG(d->name));
    }
    wide p = EXACT_POW10[d->type.scale - feed->digits], total = 0;
    wide most = (wide)d->type.bound * (row.axis->n > 0 ? row.axis->n : 1);
    wide *to = out + (size_t)row_index * (size_t)b->spaces[n->space].clock;
    int32_t keys = tou ? row.span->n_keys : 1;
    for (int32_t k = 0; k < keys; k++) {
        int32_t at = tou ? clock_tou_key(b, row.span, k) : 0;
        wide x = sums[k] * p;
        if (magnitude(x) > most || (at < 0 && x != 0)) {
            return beyond(r, n->aux, e);
        }
        if (at >= 0) {
            to[at] += x;
        }
        total += magnitude(x);
    }
    seen.estimated = (int64_t)(seen.estimated * p);
    struct run_source *s = run_source_of(r, n->aux, member);
    if (!s->counted || (fresh && !r->b->grids[n->inner].plain)) {
        count_seen(s, &seen, total);
    }
    if (seen.n_missing > 0) {
        *st = *st ? *st : result_states(&r->frame, id, b->spaces[n->space].n);
        return find_missing(r, id, feed->source, row_index, &row, tou, *st, e);
    }
    return OK;
}

enum err_code run_bucket(struct run *r, int32_t id, struct err *e)
{
    const struct plan_node *n = &r->b->plan->nodes[id];
    bool tou = r->b->plan->spaces[n->space] & SHAPE(AXIS_TOU);
    if (!tou && from_tou(r, id)) {
        return OK;
    }
    int32_t keys = 0, rows = r->b->grids[n->inner].rows;
    wide *out = result_room(&r->frame, id, &keys);
    uint8_t *st = NULL;
    bool fresh = !run_source_of(r, n->aux, 0)->counted;
    for (int32_t row = 0; row < rows; row++) {
        enum err_code code = fill_row(r, id, row, fresh, out, &st, e);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

enum err_code run_any_missing(struct run *r, int32_t id, struct err *e)
{
    const struct strategy_bound *b = r->b;
    const struct plan_node *n = &b->plan->nodes[id];
    int16_t space = b->plan->grids[n->inner].space;
    int32_t keys = 0, rows = b->grids[n->inner].rows;
    wide *out = result_room(&r->frame, id, &keys);
    for (int32_t i = 0; i < rows; i++) {
        int32_t member = member_of(r, n->aux, space, i);
        struct bound_row row = grid_row(&b->grids[n->inner], i);
        int64_t sum = 0;
        struct strategy_seen seen = { .first_missing = -1 };
        if (row.axis->n > 0) {
            enum err_code code = r->data->sums(r->data->ctx, bound_feed(b, n->aux, member)->source,
                                               row.axis, NULL, &sum, &seen, e);
            if (code != OK) {
                return fail_in(e, "order " STR_FMT, STR_ARG(b->binding.order_no));
            }
        }
        out[i] = seen.n_missing > 0;
    }
    return OK;
}

/* ---- interval by interval -------------------------------------------------------------------- */

static void count_block(struct run *r, int32_t decl, int32_t member, int32_t first,
                        const int64_t *values, const uint8_t *quality, int32_t n, bool actual)
{
    struct strategy_seen seen = { .n = n, .first_missing = -1 };
    bool small = r->b->plan->program->decls[decl].type.bound < INT64_MAX / SLOTS;
    wide total = 0;
    int64_t part = 0;
    for (int32_t i = 0; i < n && small; i++) {
        part += values[i] < 0 ? -values[i] : values[i];
    }
    for (int32_t i = 0; i < n && !small; i++) {
        total += values[i] < 0 ? -(wide)values[i] : values[i];
    }
    for (int32_t i = 0; i < n && !actual; i++) {
        seen.n_estimated += quality[i] == QUALITY_ESTIMATED;
        seen.n_manual += quality[i] == QUALITY_MANUAL;
        if (quality[i] == QUALITY_MISSING) {
            seen.first_missing = seen.n_missing++ ? seen.first_missing : first + i;
        } else if (quality[i] != QUALITY_ACTUAL) {
            seen.estimated += values[i] < 0 ? -values[i] : values[i];
        }
    }
    count_seen(run_source_of(r, decl, member), &seen, total + part);
}

/* A row of readings as the node holds them; false: one is larger than its unit allows. */
static bool take_row(int64_t *values, const uint8_t *quality, int32_t n, int64_t p, int64_t most,
                     uint8_t *quality_worst)
{
    int64_t bad = 0;
    uint8_t worst = 0;
    for (int32_t i = 0; i < n; i++) {
        worst = quality[i] > worst ? quality[i] : worst;
    }
    *quality_worst = worst;
    for (int32_t i = 0; i < n && worst == QUALITY_MISSING; i++) {
        values[i] = quality[i] == QUALITY_MISSING ? 0 : values[i];
    }
    for (int32_t i = 0; i < n; i++) {
        bad |= (values[i] > most) | (values[i] < -most);
        values[i] *= p;
    }
    return !bad;
}

static void put_row(void *out, bool as_wide, int32_t at, const int64_t *values, int32_t n,
                    int32_t t)
{
    if (!as_wide) {
        int64_t *to = (int64_t *)out + at;
        memcpy(to, values, (size_t)n * sizeof *to);
        memset(to + n, 0, (size_t)(t - n) * sizeof *to);
        return;
    }
    for (int32_t i = 0; i < t; i++) {
        ((wide *)out)[at + i] = i < n ? values[i] : 0;
    }
}

enum err_code run_source(struct run *r, int32_t id, int32_t decl, struct err *e)
{
    const struct strategy_bound *b = r->b;
    const struct plan_node *n = &b->plan->nodes[id];
    const struct tally_decl *d = &b->plan->program->decls[decl];
    const struct bound_grid *g = &b->grids[n->grid];
    int32_t keys = 0, t = r->frame.t, first = r->frame.first;
    void *out = result_room(&r->frame, id, &keys);
    uint8_t *st = NULL;
    wide most = (wide)d->type.bound < INT64_MAX ? (wide)d->type.bound : INT64_MAX;
    if (!r->data->values) {
        return fail_named(e, ERR_INPUT, "BIND",
                          "order " STR_FMT ": " STR_FMT " is bound in register mode; this strategy "
                          "needs its intervals",
                          STR_ARG(b->binding.order_no), STR_ARG(d->name));
    }
    for (int32_t row = 0; row < g->rows; row++) {
        int64_t values[SLOTS];
        uint8_t quality[SLOTS];
        struct bound_row at = grid_row(g, row);
        int32_t member = member_of(r, decl, n->space, row);
        const struct strategy_feed *feed = bound_feed(b, decl, member);
        int32_t have = at.axis->n - first < t ? at.axis->n - first : t;
        have = have < 0 ? 0 : have;
        if (have > 0) {
            enum err_code code = r->data->values(r->data->ctx, feed->source, at.axis, first, have,
                                                 values, quality, e);
            if (code != OK) {
                return fail_in(e, "order " STR_FMT ": %s " STR_FMT, STR_ARG(b->binding.order_no),
                               d->kind == STRATEGY_METER ? "meter" : "series", STR_ARG(d->name));
            }
        }
        int64_t p = (int64_t)EXACT_POW10[d->type.scale - feed->digits];
        uint8_t worst = QUALITY_ACTUAL;
        if (!take_row(values, quality, have, p, (int64_t)(most / p), &worst)) {
            return beyond(r, decl, e);
        }
        put_row(out, n->wide, row * t, values, have, t);
        for (int32_t i = 0; i < have && worst == QUALITY_MISSING; i++) {
            if (quality[i] == QUALITY_MISSING) {
                st = st ? st : result_states(&r->frame, id, keys);
                st[row * t + i] = VALUE_MISSING;
            }
        }
        if (r->counting[decl] == r->frame.pass) {
            count_block(r, decl, member, first, values, quality, have, worst == QUALITY_ACTUAL);
        }
    }
    return OK;
}
