/* run_lines.c - values become lines, flags, printed definitions and the states left behind.
 */
#include "strategy/exact.h"
#include "strategy/run.h"

/* ---- what an amount remembers ---------------------------------------------------------------- */

static int32_t taken(const struct run *r, const struct plan_node *n, int16_t space, int32_t key)
{
    const struct strategy_plan *p = r->b->plan;
    wide x = 0;
    if (n->op == PLAN_IF) {
        value_at(r->b, r->val, n->a, space, key, &x);
        return x ? n->b : n->c;
    }
    if (n->op == PLAN_ELSE) {
        uint8_t st = value_at(r->b, r->val, n->a, space, key, &x);
        return st == VALUE_OK ? n->a : n->b;
    }
    if (n->op == PLAN_CHOOSE) {
        value_at(r->b, r->val, n->a, space, key, &x);
        for (int32_t i = 0; i < n->n_list; i += 2) {
            if (p->lists[n->list + i] == x) {
                return p->lists[n->list + i + 1];
            }
        }
        return -1;
    }
    int32_t hit = p->lists[n->list]; /* EXCEPT */
    for (int32_t i = 1; i < n->n_list; i += 2) {
        value_at(r->b, r->val, p->lists[n->list + i], space, key, &x);
        hit = x ? p->lists[n->list + i + 1] : hit;
    }
    return hit;
}

struct run_memory run_memory(const struct run *r, int32_t node, int16_t space, int32_t key)
{
    while (node >= 0) {
        const struct plan_node *n = &r->b->plan->nodes[r->b->alias[node]];
        switch (n->op) {
        case PLAN_AT:
            return (struct run_memory){ n->a, n->b, &r->b->plan->ats[n->aux] };
        case PLAN_NEG:
        case PLAN_HARD:
            node = n->a;
            break;
        case PLAN_IF:
        case PLAN_ELSE:
        case PLAN_CHOOSE:
        case PLAN_EXCEPT:
            node = taken(r, n, space, key);
            break;
        default:
            return (struct run_memory){ -1, -1, NULL };
        }
    }
    return (struct run_memory){ -1, -1, NULL };
}

/* The unit of a quantity, with the member's own word for an opaque one. */
static struct str unit_of(struct run *r, struct str unit, int16_t space, int32_t key)
{
    const struct tally_program *p = r->b->plan->program;
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(r->b, space, key, index);
    for (int32_t axis = AXIS_FIRST; axis < p->n_axes; axis++) {
        int32_t opaque = p->axes[axis].opaque;
        if (opaque < 0 || !(r->b->plan->spaces[space] & SHAPE(axis))) {
            continue;
        }
        const struct strategy_part *part = &r->b->axes[axis].members[index[axis]]->part;
        struct str name = p->opaques[opaque];
        for (size_t i = 0; i < part->n_units; i++) {
            if (str_eq(part->units[i].name, name) && unit.n >= name.n &&
                memcmp(unit.at + unit.n - name.n, name.at, name.n) == 0) {
                struct text t;
                text_init(&t, r->arena, 128);
                text_add(&t, (struct str){ unit.at, unit.n - name.n });
                text_add(&t, part->units[i].unit);
                return text_str(&t);
            }
        }
    }
    return unit;
}

/* A unit's own digits are at most 3; a scale above that is room for what a contract may agree on,
 * and prints no further than its own value goes. */
static struct decimal quantity_decimal(wide v, int scale, bool *fits)
{
    for (bool agreed = scale > 3; agreed && scale > 2 && v % 10 == 0; scale--) {
        v /= 10;
    }
    return run_decimal(v, scale, fits);
}

static struct decimal price_decimal(wide v, int scale, bool *fits)
{
    while (scale > 4 && v % 10 == 0) { /* published with 4 to 6 decimals */
        v /= 10;
        scale--;
    }
    return run_decimal(v, scale, fits);
}

/* Only an average that could not be formed may stay blank (and a price without a quantity): what
 * is shown and missing fails the order as it would in an amount. */
static bool may_stay_blank(uint8_t st, bool price, bool has_quantity)
{
    if (st == VALUE_NO_PRICE) {
        return price && !has_quantity;
    }
    st = (uint8_t)(st & ~VALUE_HARD);
    return st == VALUE_ABSENT ||
           (price && state_is_soft(st) && st != VALUE_EXCEPTION_CONFLICT && st != VALUE_NO_KEY);
}

/* VALUE_OK, or why what the line shows has no value; *blame is then the node. */
static uint8_t remember(struct run *r, const struct plan_line *l, int32_t key,
                        struct strategy_line *out, int32_t *blame)
{
    const struct strategy_plan *p = r->b->plan;
    struct run_memory m = run_memory(r, l->amount, l->space, key);
    struct str unit = m.at ? m.at->unit : STR(""), price_unit = m.at ? m.at->price_unit : STR("");
    if (l->show_q >= 0) {
        m = (struct run_memory){ l->show_q, l->show_p, NULL };
        unit = l->unit;
        price_unit = l->price_unit;
    }
    wide x = 0;
    bool some = false; /* a quantity that is not zero */
    uint8_t st = m.q >= 0 ? value_at(r->b, r->val, m.q, l->space, key, &x) : VALUE_ABSENT;
    if (st == VALUE_OK) {
        out->quantity = quantity_decimal(x, p->nodes[m.q].scale, &out->has_quantity);
        out->unit = unit_of(r, unit, l->space, key);
        some = x != 0;
    } else if (l->show_q >= 0 && !may_stay_blank(st, false, false)) {
        *blame = m.q;
        return st;
    }
    st = m.p >= 0 ? value_at(r->b, r->val, m.p, l->space, key, &x) : VALUE_ABSENT;
    if (st == VALUE_OK) {
        out->price = price_decimal(x, p->nodes[m.p].scale, &out->has_price);
    } else if (l->show_q >= 0 && !may_stay_blank(st, true, some)) {
        *blame = m.p;
        return st;
    }
    if (m.p >= 0) {
        out->price_unit = unit_of(r, price_unit, l->space, key);
    }
    return VALUE_OK;
}

/* ---- lines ----------------------------------------------------------------------------------- */

struct emitting {
    int32_t item;
    size_t room_lines, room_flags;
};

static void *next_slot(struct run *r, const void *at, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return (char *)(uintptr_t)at + n * size;
    }
    size_t more = *room * 2 + 16;
    char *p = arena_array(r->arena, more, size);
    if (n) {
        memcpy(p, at, n * size);
    }
    *room = more;
    return p + n * size;
}

static struct str party_of(const struct run *r, const struct tally_party *p, const int32_t *index)
{
    const struct tally_program *t = r->b->plan->program;
    if (p->axis < 0) {
        return p->name;
    }
    const struct strategy_member *m = r->b->axes[p->axis].members[index[p->axis]];
    return t->symbols[p->symbol].kind == SYMBOL_MEMBER_PARTY ? m->party : m->name;
}

static enum err_code set_vat(struct run *r, const struct tally_line *t, const struct plan_line *l,
                             int32_t key, struct strategy_line *out, struct err *e)
{
    out->vat = t->vat;
    out->net_fen = out->fen;
    if (t->vat == VAT_NONE) {
        return OK;
    }
    wide rate = 0;
    uint8_t st = value_at(r->b, r->val, l->vat, l->space, key, &rate);
    int scale = r->b->plan->nodes[l->vat].scale;
    rate = scale <= 6 ? rate * EXACT_POW10[6 - scale] : exact_round(rate, scale - 6, false);
    if (st == VALUE_OK && (rate < 0 || rate > 1000000)) {
        st = VALUE_RANGE; /* a rate of tax lies within 0..100% */
    }
    if (st != VALUE_OK) {
        return run_failed(r, l->vat, l->space, key, st, out->code, t->code.at, e);
    }
    struct money amount = { out->fen };
    struct ratio vat = { (int32_t)rate };
    out->vat_e6 = vat.e6;
    if (t->vat == VAT_INCLUDED) {
        out->net_fen = money_net_of_gross(amount, vat).fen;
        out->vat_fen = out->fen - out->net_fen;
    } else {
        out->vat_fen = money_tax_on_net(amount, vat).fen;
        out->fen = out->net_fen + out->vat_fen;
    }
    return OK;
}

/* R8: what is not printed. */
static bool is_silent(const struct tally_line *t, const struct strategy_line *out)
{
    if (!out->has_quantity) {
        return out->fen == 0;
    }
    return (t->shape & SHAPE(AXIS_TOU)) && out->quantity.units == 0;
}

static enum err_code emit_line(struct run *r, const struct run_walk *w, int32_t key, void *ctx,
                               struct err *e)
{
    struct emitting *m = ctx;
    const struct tally_line *t = &r->b->plan->program->lines[m->item];
    const struct plan_line *l = &r->b->plan->lines[m->item];
    wide when = 1, amount = 0;
    uint8_t st = VALUE_OK;
    int32_t blame = l->when;
    if (l->when >= 0) {
        st = value_at(r->b, r->val, l->when, l->space, key, &when);
        if (st == VALUE_OK && when == 0) {
            return OK;
        }
    }
    if (st == VALUE_OK) {
        st = value_at(r->b, r->val, l->amount, l->space, key, &amount);
        amount *= EXACT_POW10[2 - r->b->plan->nodes[l->amount].scale];
        st = st == VALUE_OK && (amount > (wide)100000000000000 || amount < -(wide)100000000000000)
                 ? VALUE_RANGE
                 : st;
        blame = l->amount;
    }
    struct strategy_line line = { .title = t->title, .fen = (int64_t)amount };
    if (st == VALUE_OK) {
        st = remember(r, l, key, &line, &blame);
    }
    if (st != VALUE_OK) {
        return run_failed(r, blame, l->space, key, st, run_code(r, &t->code, w->index), t->code.at,
                          e);
    }
    if (is_silent(t, &line)) {
        return OK;
    }
    line.code = run_code(r, &t->code, w->index);
    line.payer = party_of(r, &t->payer, w->index);
    line.payee = party_of(r, &t->payee, w->index);
    line.settled_by = t->settled_by.name.n ? party_of(r, &t->settled_by, w->index) : STR("");
    enum err_code code = set_vat(r, t, l, key, &line, e);
    if (code == OK) {
        code = run_quality(r, m->item, key, &line, e);
    }
    if (code != OK) {
        return code;
    }
    size_t n = r->result.n_lines, room = m->room_lines;
    line.id = (int32_t)n;
    struct strategy_line *at = next_slot(r, r->result.lines, n, &m->room_lines, sizeof *at);
    struct run_line *made = next_slot(r, r->made, n, &room, sizeof *made);
    *at = line;
    *made = (struct run_line){ m->item, key };
    r->result.lines = at - n;
    r->made = made - n;
    r->result.n_lines++;
    return OK;
}

static enum err_code emit_flag(struct run *r, const struct run_walk *w, int32_t key, void *ctx,
                               struct err *e)
{
    struct emitting *m = ctx;
    const struct tally_flag *t = &r->b->plan->program->flags[m->item];
    const struct plan_flag *f = &r->b->plan->flags[m->item];
    wide when = 0;
    uint8_t st = value_at(r->b, r->val, f->when, f->space, key, &when);
    if (st == VALUE_OK && when == 0) {
        return OK;
    }
    struct str code = run_code(r, &t->code, w->index);
    if (st != VALUE_OK) {
        return run_failed(r, f->when, f->space, key, st, code, t->code.at, e);
    }
    if (t->level == FLAG_FAIL) {
        struct str file = tally_file_name(r->b->plan->program, t->when->at);
        return fail_named(e, ERR_RULE, str_dup(r->arena, t->code.name).at,
                          "order " STR_FMT ": " STR_FMT " (" STR_FMT ":%d): " STR_FMT,
                          STR_ARG(r->b->binding.order_no), STR_ARG(code), STR_ARG(file),
                          t->when->at.line, STR_ARG(t->title));
    }
    size_t n = r->result.n_flags;
    struct strategy_flag *at = next_slot(r, r->result.flags, n, &m->room_flags, sizeof *at);
    *at = (struct strategy_flag){ code, t->title, t->level };
    r->result.flags = at - n;
    r->result.n_flags++;
    return OK;
}

/* ---- items in text order, `each` once per key ------------------------------------------------ */

static enum err_code emit_items(struct run *r, int32_t from, int32_t until, struct run_walk *outer,
                                struct emitting *m, struct err *e);

static int32_t closing(const struct tally_program *p, int32_t open)
{
    int32_t depth = 0;
    for (int32_t i = open; i < p->n_items; i++) {
        depth += p->items[i].kind == ITEM_EACH_OPEN;
        depth -= p->items[i].kind == ITEM_EACH_CLOSE;
        if (depth == 0) {
            return i;
        }
    }
    return p->n_items;
}

static enum err_code emit_each(struct run *r, int32_t open, int32_t close, struct run_walk *outer,
                               struct emitting *m, struct err *e)
{
    int32_t axis = r->b->plan->program->items[open].index, from = 0, until = 0;
    if (outer->fixed & SHAPE(axis)) {
        return emit_items(r, open + 1, close, outer, m, e);
    }
    if (axis < AXIS_FIRST) {
        until = clock_length(r->b, axis);
    } else {
        int32_t o = r->b->plan->program->axes[axis].outer;
        bool within = o >= 0 && (outer->fixed & SHAPE(o));
        from = within ? r->b->axes[axis].start[outer->index[o]] : 0;
        until = within ? r->b->axes[axis].start[outer->index[o] + 1] : r->b->axes[axis].n;
    }
    for (int32_t i = from; i < until; i++) {
        struct run_walk w = *outer;
        run_fix(r->b, &w, axis, i);
        enum err_code code = emit_items(r, open + 1, close, &w, m, e);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

static enum err_code emit_items(struct run *r, int32_t from, int32_t until, struct run_walk *outer,
                                struct emitting *m, struct err *e)
{
    const struct strategy_plan *p = r->b->plan;
    enum err_code code = OK;
    for (int32_t i = from; i < until && code == OK; i++) {
        const struct tally_item *item = &p->program->items[i];
        struct run_walk w = *outer;
        m->item = item->index;
        if (item->kind == ITEM_EACH_OPEN) {
            int32_t close = closing(p->program, i);
            code = emit_each(r, i, close, outer, m, e);
            i = close;
        } else if (item->kind == ITEM_LINE && r->b->line_live[item->index]) {
            w.order = p->lines[item->index].order;
            w.n_order = p->lines[item->index].n_order;
            w.space = p->lines[item->index].space;
            code = run_walk(r, &w, 0, emit_line, m, e);
        } else if (item->kind == ITEM_FLAG && r->b->flag_live[item->index]) {
            w.order = p->flags[item->index].order;
            w.n_order = p->flags[item->index].n_order;
            w.space = p->flags[item->index].space;
            code = run_walk(r, &w, 0, emit_flag, m, e);
        }
    }
    return code;
}

enum err_code run_items(struct run *r, struct err *e)
{
    struct emitting m = { 0 };
    struct run_walk w = { 0 };
    return emit_items(r, 0, r->b->plan->program->n_items, &w, &m, e);
}

/* ---- printed definitions --------------------------------------------------------------------- */

static bool key_has_intervals(const struct run *r, int16_t space, int32_t key)
{
    if (!(r->b->plan->spaces[space] & SHAPE(AXIS_TOU))) {
        return true;
    }
    int32_t index[TALLY_AXES_MAX] = { 0 };
    space_index(r->b, space, key, index);
    return r->tou_seen >> index[AXIS_TOU] & 1;
}

/* Values of a definition by key (and interval); `all`: also those without a value. */
static size_t values_of(struct run *r, int32_t d, bool all, struct strategy_printed *out)
{
    const struct strategy_plan *p = r->b->plan;
    const struct tally_definition *def = &p->program->definitions[d];
    const struct plan_definition *pd = &p->definitions[d];
    bool curve = r->whole[d];
    bool short_unit = unit_printed_digits(&p->program->definitions[d].type.unit) <= 3;
    int32_t node = r->b->alias[pd->node];
    int16_t space = curve ? p->nodes[node].space : pd->space;
    int32_t n_at = curve ? r->b->grids[p->nodes[node].grid].n_max : 1;
    size_t n = 0;
    for (int32_t k = 0; k < r->b->spaces[space].n; k++) {
        for (int32_t i = 0; i < n_at; i++) {
            wide x = 0;
            uint8_t st;
            size_t at = (size_t)k * (size_t)n_at + (size_t)i;
            if (curve) {
                x = ((const wide *)r->whole[d])[at];
                st = r->whole_st[d][at];
            } else {
                st = value_at(r->b, r->val, pd->node, space, k, &x);
            }
            bool fits = true;
            int scale = p->nodes[pd->node].scale;
            struct decimal v = short_unit && !curve ? quantity_decimal(x, scale, &fits)
                                                    : run_decimal(x, scale, &fits);
            bool absent = st != VALUE_OK || !fits;
            if ((absent && !all) || (!curve && !key_has_intervals(r, space, k))) {
                continue;
            }
            if (out) {
                out[n] = (struct strategy_printed){
                    .name = run_name(r, def->name, space, k, curve ? i : -1),
                    .title = def->title,
                    .absent = absent,
                    .value = absent ? (struct decimal){ 0, 0 } : v,
                    .unit = pd->unit,
                };
            }
            n++;
        }
    }
    return n;
}

void run_printed(struct run *r)
{
    const struct tally_program *p = r->b->plan->program;
    size_t room = 0, n = 0;
    for (int pass = 0; pass < 2; pass++) {
        struct strategy_printed *out =
            pass ? arena_many(r->arena, room + 1, struct strategy_printed) : NULL;
        for (int32_t d = 0; d < p->n_definitions; d++) {
            const struct tally_definition *def = &p->definitions[d];
            if (def->title.n && def->type.kind == TALLY_NUMBER && !r->whole[d]) {
                size_t k = values_of(r, d, false, out ? out + n : NULL);
                room += pass ? 0 : k;
                n += pass ? k : 0;
            }
        }
        r->result.printed = out;
    }
    r->result.n_printed = n;
}

size_t strategy_values(struct arena *arena, const struct strategy_bound *b,
                       const struct strategy_result *result, struct str name,
                       const struct strategy_printed **out)
{
    struct run r = *(const struct run *)result; /* a copy that allocates where it is told */
    r.arena = arena;
    const struct tally_program *p = b->plan->program;
    for (int32_t d = 0; d < p->n_definitions; d++) {
        if (!str_eq(p->definitions[d].name, name)) {
            continue;
        }
        int32_t node = b->alias[b->plan->definitions[d].node];
        if (!r.whole[d] && (b->plan->nodes[node].time >= 0 || !r.val[node].v)) {
            break; /* not needed for this contract, so not evaluated */
        }
        size_t n = values_of(&r, d, true, NULL);
        struct strategy_printed *v = arena_many(arena, n + 1, struct strategy_printed);
        values_of(&r, d, true, v);
        *out = v;
        return n;
    }
    *out = NULL;
    return 0;
}

/* ---- states ---------------------------------------------------------------------------------- */

static enum err_code next_value(struct run *r, int32_t decl, wide *v, uint8_t *st, struct err *e)
{
    const struct strategy_plan *p = r->b->plan;
    const struct plan_decl *pd = &p->decls[decl];
    for (int32_t i = 0; i < p->program->n_nexts; i++) {
        if (p->program->nexts[i].decl != decl) {
            continue;
        }
        *st = value_at(r->b, r->val, p->nexts[i], 0, 0, v);
        bool number = p->program->decls[decl].type.kind == TALLY_NUMBER;
        if (*st == VALUE_OK && number && (*v < pd->min || *v > pd->max)) {
            *st = VALUE_RANGE;
        }
        if (*st != VALUE_OK && !(*st == VALUE_ABSENT && p->program->decls[decl].optional)) {
            struct str where = str_of(
                arena_printf(r->arena, "next " STR_FMT, STR_ARG(p->program->decls[decl].name)));
            return run_failed(r, p->nexts[i], 0, 0, *st, where, p->program->nexts[i].at, e);
        }
        return OK;
    }
    return bound_setting(r->b, decl, 0, v, st, e); /* carried on unchanged */
}

enum err_code run_next(struct run *r, struct err *e)
{
    const struct strategy_plan *p = r->b->plan;
    struct strategy_setting *out =
        arena_many(r->arena, (size_t)p->program->n_decls + 1, struct strategy_setting);
    size_t n = 0;
    for (int32_t d = 0; d < p->program->n_decls; d++) {
        const struct tally_decl *t = &p->program->decls[d];
        wide v = 0;
        uint8_t st = VALUE_OK;
        if (t->kind != STRATEGY_STATE) {
            continue;
        }
        enum err_code code = next_value(r, d, &v, &st, e);
        if (code != OK) {
            return code;
        }
        bool fits = true;
        struct strategy_setting *s = &out[n++];
        s->name = t->name;
        s->absent = st != VALUE_OK;
        s->type = t->type.kind == TALLY_CHOICE   ? STRATEGY_CHOICE
                  : t->type.kind == TALLY_YES_NO ? STRATEGY_YES_NO
                                                 : STRATEGY_NUMBER;
        s->choice = s->type == STRATEGY_CHOICE && !s->absent ? p->words[v] : STR("");
        s->yes = s->type == STRATEGY_YES_NO && v != 0;
        if (s->type == STRATEGY_NUMBER) {
            s->number = run_decimal(v, t->type.scale, &fits);
        }
    }
    r->result.next = out;
    r->result.n_next = n;
    return OK;
}
