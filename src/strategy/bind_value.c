/* bind_value.c - what the contract says, as scaled integers the machine can use.
 */
#include "strategy/bound.h"
#include "strategy/exact.h"

static const char *kind_word(enum strategy_kind k)
{
    static const char *const words[] = { "meter", "series", "price", "param", "input", "state" };
    return words[k];
}

static enum err_code refuse(const struct strategy_bound *b, int32_t decl, int32_t member,
                            struct err *e, const char *why)
{
    const struct tally_decl *d = &b->plan->program->decls[decl];
    struct str unit = b->plan->decls[decl].unit;
    struct str of = STR(""), dot = STR("");
    if (d->axis >= 0) {
        of = b->axes[d->axis].members[member]->name;
        dot = STR(".");
    }
    return fail_named(e, ERR_INPUT, "BIND",
                      "order " STR_FMT ": %s " STR_FMT STR_FMT STR_FMT "%s" STR_FMT "%s: %s",
                      STR_ARG(b->binding.order_no), kind_word(d->kind), STR_ARG(of), STR_ARG(dot),
                      STR_ARG(d->name), unit.n ? " (" : "", STR_ARG(unit), unit.n ? ")" : "", why);
}

static enum err_code number_of(const struct strategy_bound *b, int32_t decl, int32_t member,
                               const struct strategy_setting *s, wide *v, struct err *e)
{
    const struct tally_decl *d = &b->plan->program->decls[decl];
    const struct plan_decl *pd = &b->plan->decls[decl];
    int up = d->type.scale - s->number.scale;
    if (s->number.scale < 0 || s->number.scale > DECIMAL_SCALE_MAX) {
        return refuse(b, decl, member, e, "the number has an impossible scale");
    }
    wide x = s->number.units;
    if (up >= 0) {
        x *= EXACT_POW10[up];
    } else {
        wide p = EXACT_POW10[-up];
        if (x % p != 0) {
            struct text t;
            text_init(&t, b->arena, 200);
            text_addf(&t, "has more than the %d decimals it is declared with", d->type.scale);
            return refuse(b, decl, member, e, text_str(&t).at);
        }
        x /= p;
    }
    if (x < pd->min || x > pd->max) {
        struct text t;
        text_init(&t, b->arena, 200);
        text_add_c(&t, "must lie within ");
        text_decimal(&t, pd->min, d->type.scale, 0);
        text_add_c(&t, "..");
        text_decimal(&t, pd->max, d->type.scale, 0);
        return refuse(b, decl, member, e, text_str(&t).at);
    }
    *v = x;
    return OK;
}

static const struct strategy_setting *setting_of(const struct strategy_bound *b, int32_t decl,
                                                 int32_t member)
{
    const struct bound_given *g = &b->given[decl];
    return b->plan->program->decls[decl].axis < 0 ? g->one : g->of ? g->of[member] : NULL;
}

enum err_code bound_setting(const struct strategy_bound *b, int32_t decl, int32_t member, wide *v,
                            uint8_t *st, struct err *e)
{
    const struct tally_decl *d = &b->plan->program->decls[decl];
    const struct plan_decl *pd = &b->plan->decls[decl];
    const struct strategy_setting *s = setting_of(b, decl, member);
    *st = VALUE_OK;
    if (!s || s->absent) {
        if (!s && pd->has_initial) {
            *v = pd->initial;
            return OK;
        }
        if (d->optional) {
            *v = 0;
            *st = VALUE_ABSENT;
            return OK;
        }
        return refuse(b, decl, member, e,
                      s ? "is not optional and cannot be left absent" : "is needed and not given");
    }
    enum strategy_type want = d->type.kind == TALLY_CHOICE   ? STRATEGY_CHOICE
                              : d->type.kind == TALLY_YES_NO ? STRATEGY_YES_NO
                                                             : STRATEGY_NUMBER;
    if (s->type != want) {
        return refuse(b, decl, member, e,
                      want == STRATEGY_CHOICE   ? "expects one of its choices"
                      : want == STRATEGY_YES_NO ? "expects yes or no"
                                                : "expects a number");
    }
    if (want == STRATEGY_NUMBER) {
        return number_of(b, decl, member, s, v, e);
    }
    if (want == STRATEGY_YES_NO) {
        *v = s->yes;
        return OK;
    }
    const struct tally_choice *c = &b->plan->program->choices[d->type.choice];
    for (int32_t i = 0; i < c->n; i++) {
        if (str_eq(c->names[i], s->choice)) {
            *v = pd->words[i];
            return OK;
        }
    }
    struct text t;
    text_init(&t, b->arena, 300);
    text_addf(&t, "has no choice '" STR_FMT "'; there is", STR_ARG(s->choice));
    for (int32_t i = 0; i < c->n; i++) {
        text_addf(&t, "%s " STR_FMT, i ? "," : "", STR_ARG(c->names[i]));
    }
    return refuse(b, decl, member, e, text_str(&t).at);
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static wide *room(struct strategy_bound *b, int32_t id, int32_t n)
{
    struct value *v = &b->val[id];
    v->space = b->plan->nodes[id].space;
    v->n = n;
    v->st = NULL;
    v->v = n == 1 ? (void *)&b->one[id] : arena_array(b->arena, (size_t)n + 1, sizeof(wide));
    return v->v;
}

static void put_state(struct strategy_bound *b, int32_t id, int32_t i, uint8_t st)
{
    struct value *v = &b->val[id];
    if (st != VALUE_OK && !v->st) {
        v->st = v->n == 1 ? &b->one_st[id] : arena_alloc(b->arena, (size_t)v->n);
    }
    if (v->st) {
        v->st[i] = st;
    }
}

static enum err_code leaf_param(struct strategy_bound *b, int32_t id, bool agreed, struct err *e)
{
    int32_t decl = b->plan->nodes[id].aux;
    int32_t axis = b->plan->program->decls[decl].axis;
    int32_t n = axis < 0 ? 1 : b->axes[axis].n;
    wide *v = room(b, id, n);
    for (int32_t i = 0; i < n; i++) {
        uint8_t st = VALUE_OK;
        if (agreed) {
            const struct strategy_setting *s = setting_of(b, decl, i);
            v[i] = s ? !s->absent : b->plan->decls[decl].has_initial;
            continue;
        }
        enum err_code code = bound_setting(b, decl, i, &v[i], &st, e);
        if (code != OK) {
            return code;
        }
        put_state(b, id, i, st);
    }
    return OK;
}

static enum err_code check_rows(const struct strategy_bound *b, int32_t decl, int32_t member,
                                const struct strategy_setting *s, struct err *e)
{
    const struct tally_table *t = b->plan->program->decls[decl].table;
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct strategy_row *r = &s->rows[i];
        wide v = r->value.units;
        int up = t->to_scale - r->value.scale;
        bool fine = r->blank || r->value.scale <= t->to_scale || v % EXACT_POW10[-up] == 0;
        if (!fine || (r->rest && (!t->upto || i + 1 != s->n_rows)) ||
            (!r->rest && (r->bound.scale < 0 || r->bound.scale > DECIMAL_SCALE_MAX))) {
            return refuse(b, decl, member, e,
                          "a row of the table has too many decimals, or 'rest' is not the last "
                          "row of an 'upto' table");
        }
        v = r->blank ? 0 : up >= 0 ? v * EXACT_POW10[up] : v / EXACT_POW10[-up];
        if ((unsigned __int128)(v < 0 ? -v : v) > t->to_bound) {
            return refuse(b, decl, member, e, "a row of the table is larger than its unit allows");
        }
        if (i > 0 && !r->rest) {
            const struct decimal p = s->rows[i - 1].bound, q = r->bound;
            wide x = p.units * EXACT_POW10[q.scale > p.scale ? q.scale - p.scale : 0];
            wide y = q.units * EXACT_POW10[p.scale > q.scale ? p.scale - q.scale : 0];
            if (x >= y) {
                return refuse(b, decl, member, e, "bounds of the table must rise from row to row");
            }
        }
    }
    return OK;
}

static void add_table(struct strategy_bound *b, struct bound_table t)
{
    if (b->n_tables % 16 == 0) {
        struct bound_table *more =
            arena_many(b->arena, (size_t)b->n_tables + 16, struct bound_table);
        if (b->n_tables) {
            memcpy(more, b->tables, (size_t)b->n_tables * sizeof *more);
        }
        b->tables = more;
    }
    b->tables[b->n_tables++] = t;
}

static enum err_code leaf_table(struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct plan_node *n = &b->plan->nodes[id];
    if (n->kind == 1) {
        const struct tally_table *t = &b->plan->program->tables[n->aux];
        *room(b, id, 1) = b->n_tables;
        add_table(b, (struct bound_table){ t->upto, t->rows, t->n_rows, t->to_scale });
        return OK;
    }
    const struct tally_decl *d = &b->plan->program->decls[n->aux];
    int32_t members = d->axis < 0 ? 1 : b->axes[d->axis].n;
    wide *v = room(b, id, members);
    for (int32_t i = 0; i < members; i++) {
        const struct strategy_setting *s = setting_of(b, n->aux, i);
        if (!s || s->absent) {
            if (!d->optional) {
                return refuse(b, n->aux, i, e, "is needed and not given");
            }
            put_state(b, id, i, VALUE_ABSENT);
            continue;
        }
        if (s->type != STRATEGY_TABLE) {
            return refuse(b, n->aux, i, e, "expects the rows of a table");
        }
        enum err_code code = check_rows(b, n->aux, i, s, e);
        if (code != OK) {
            return code;
        }
        v[i] = b->n_tables;
        add_table(b, (struct bound_table){ d->table->upto, s->rows, (int32_t)s->n_rows,
                                           d->table->to_scale });
    }
    return OK;
}

static enum err_code leaf_price(struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct plan_node *n = &b->plan->nodes[id];
    const struct strategy_price_feed *f = b->given[n->aux].one;
    const struct tally_decl *d = &b->plan->program->decls[n->aux];
    if (!f || !f->yuan_e6 || !b->binding.span) {
        return refuse(b, n->aux, 0, e,
                      f ? "needs a tariff span to stand on"
                        : "is needed and no price book is bound");
    }
    int32_t keys = b->binding.span->n_keys;
    int up = d->type.scale - 6;
    wide *v = room(b, id, keys);
    for (int32_t i = 0; i < keys; i++) {
        if (f->yuan_e6[i] == TARIFF_NO_PRICE) {
            put_state(b, id, i, VALUE_NO_PRICE);
            continue;
        }
        wide x = f->yuan_e6[i];
        if (up < 0 && x % EXACT_POW10[-up] != 0) {
            return refuse(b, n->aux, 0, e, "a price has more decimals than declared");
        }
        x = up >= 0 ? x * EXACT_POW10[up] : x / EXACT_POW10[-up];
        if (x < -(wide)d->type.bound || x > (wide)d->type.bound) {
            return refuse(b, n->aux, 0, e, "a price is larger than 10^4 yuan");
        }
        v[i] = x;
    }
    return OK;
}

enum err_code bound_feeds(const struct strategy_bound *b, int32_t decl, struct err *e)
{
    const struct tally_decl *d = &b->plan->program->decls[decl];
    int32_t members = d->axis < 0 ? 1 : b->axes[d->axis].n;
    for (int32_t i = 0; i < members; i++) {
        const struct strategy_feed *f = bound_feed(b, decl, i);
        if (!f) {
            return refuse(b, decl, i, e, "is needed and no source is bound");
        }
        if (f->digits < 0 || f->digits > d->type.scale) {
            struct text t;
            text_init(&t, b->arena, 200);
            text_addf(&t, "its values have %d decimals, the strategy takes %d; say 'digits %d'",
                      f->digits, d->type.scale, f->digits);
            return refuse(b, decl, i, e, text_str(&t).at);
        }
    }
    return OK;
}

/* Parties by name: equal names are the same party, wherever they are listed. */
static int32_t party_word(struct strategy_bound *b, struct str name)
{
    for (int32_t i = 0; i < b->plan->program->n_parties; i++) {
        if (str_eq(b->plan->program->parties[i], name)) {
            return b->plan->party_words[i];
        }
    }
    int32_t at = b->plan->n_words; /* first member of that name, over all groups */
    for (int32_t axis = AXIS_FIRST; axis < b->plan->program->n_axes; axis++) {
        const struct bound_axis *a = &b->axes[axis];
        for (int32_t i = 0; i < a->n && b->plan->program->axes[axis].party; i++) {
            if (str_eq(a->members[i]->name, name) || str_eq(a->members[i]->party, name)) {
                return at + i;
            }
        }
        at += a->n;
    }
    return at;
}

static void leaf_party(struct strategy_bound *b, int32_t id)
{
    const struct plan_node *n = &b->plan->nodes[id];
    const struct bound_axis *a = &b->axes[n->aux];
    wide *v = room(b, id, a->n);
    for (int32_t i = 0; i < a->n; i++) {
        v[i] = party_word(b, n->kind ? a->members[i]->party : a->members[i]->name);
    }
}

static enum err_code leaf_hours(struct strategy_bound *b, int32_t id, struct err *e)
{
    int64_t minutes = (int64_t)b->binding.axis.n * b->binding.axis.minutes;
    if (minutes * 100 % 60 != 0) {
        return fail_named(e, ERR_INPUT, "BIND",
                          "order " STR_FMT ": hours: the period of %lld minutes is not a whole "
                          "number of 0.01 h; settle full intervals of 3 minutes or more",
                          STR_ARG(b->binding.order_no), (long long)minutes);
    }
    *room(b, id, 1) = minutes * 100 / 60;
    return OK;
}

static enum err_code leaf_dates(struct strategy_bound *b, int32_t id)
{
    struct day first = instant_day(b->binding.axis.start);
    int32_t days = clock_length(b, AXIS_DATE);
    wide *v = room(b, id, days);
    for (int32_t i = 0; i < days; i++) {
        v[i] = plan_date_in(&b->plan->nodes[id], day_add(first, i));
    }
    return OK;
}

static enum err_code leaf_days(struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct tariff_span *s = b->binding.span;
    int32_t days = clock_length(b, AXIS_DATE);
    const bool *is = !s ? NULL : b->plan->nodes[id].op == PLAN_HOLIDAY ? s->holiday : s->workday;
    int32_t first = s ? day_number(instant_day(b->binding.axis.start)) - day_number(s->first) : 0;
    if (!is || first < 0 || first + days > s->n_days) {
        return fail_named(e, ERR_INPUT, "BIND",
                          "order " STR_FMT ": holiday and workday need a calendar that covers the "
                          "period; bind a tariff span",
                          STR_ARG(b->binding.order_no));
    }
    wide *v = room(b, id, days);
    for (int32_t i = 0; i < days; i++) {
        v[i] = is[first + i];
    }
    return OK;
}

enum err_code bound_leaf(struct strategy_bound *b, int32_t id, struct err *e)
{
    const struct plan_node *n = &b->plan->nodes[id];
    switch (n->op) {
    case PLAN_CONST:
        b->val[id] = (struct value){ &b->plan->consts[n->aux], NULL, 1, n->space };
        return OK;
    case PLAN_PARAM:
        return leaf_param(b, id, false, e);
    case PLAN_AGREED:
        return leaf_param(b, id, true, e);
    case PLAN_TABLE:
        return leaf_table(b, id, e);
    case PLAN_PRICE:
        return leaf_price(b, id, e);
    case PLAN_PARTY:
        leaf_party(b, id);
        return OK;
    case PLAN_MONTH_IN:
    case PLAN_WEEKDAY_IN:
        return leaf_dates(b, id);
    case PLAN_HOURS:
        return leaf_hours(b, id, e);
    default:
        return leaf_days(b, id, e);
    }
}
