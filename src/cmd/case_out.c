/* case_out.c - a settled case in the form of `expected` (settlement-rules 9, 9.2).
 *
 * `quantities` of a binding file, in order: {"name", "value": definition of the strategy}, with
 *     "by": "tou"        one for each (version, period) that has an interval, named NAME.p or
 * NAME.p@n "omit": "zero"     not where it is zero "fen": true        an integer of fen instead of
 * a decimal "if": condition    {"given": path}, {"path", "is", "default"}, {"value", "at_least"},
 *                        {"any": [conditions]}
 * `state_out`: the same with "next", the name of a state, instead of "value".
 */
#include "cmd/case_part.h"

#define TOTALS_MAX 64 /* payer->payee pairs of one case */

struct values {
    const struct strategy_printed *at;
    size_t n;
};

static struct values values_of(struct case_world *w, const struct case_settled *s, struct str name)
{
    struct values v = { NULL, 0 };
    v.n = strategy_values(w->arena, s->bound, s->result, name, &v.at);
    return v;
}

/* ---- conditions -------------------------------------------------------------------------------
 */

static int compare_decimals(struct decimal a, struct decimal b)
{
    __int128 x = (__int128)a.units * DECIMAL_POW10[b.scale];
    __int128 y = (__int128)b.units * DECIMAL_POW10[a.scale];
    return x < y ? -1 : x > y;
}

enum err_code case_holds(struct case_world *w, struct json doc, const struct case_settled *s,
                         struct json cond, bool *out, struct err *e)
{
    static const char *const keys[] = { "given", "path",     "is",  "default",
                                        "value", "at_least", "any", NULL };
    struct str a, b;
    struct json any = json_get(cond, "any");
    *out = true;
    if (json_kind(cond) == JSON_NONE) {
        return OK;
    }
    if (json_only(cond, keys, e) != OK) {
        return e->code;
    }
    if (json_kind(any) != JSON_NONE) {
        *out = false;
        for (size_t i = 0; i < json_len(any) && !*out; i++) {
            if (case_holds(w, doc, s, json_at(any, i), out, e) != OK) {
                return e->code;
            }
        }
        return OK;
    }
    if (json_kind(json_get(cond, "given")) != JSON_NONE) {
        if (json_need_str(cond, "given", &a, e) != OK) {
            return e->code;
        }
        *out = case_given(doc, a);
        return OK;
    }
    if (json_kind(json_get(cond, "path")) != JSON_NONE) {
        if (json_need_str(cond, "path", &a, e) != OK || json_need_str(cond, "is", &b, e) != OK) {
            return e->code;
        }
        struct str word = str_of("");
        struct json v = case_given(doc, a) ? case_at(doc, a) : json_get(cond, "default");
        *out = json_str(v, &word, NULL) == OK && str_eq(word, b);
        return OK;
    }
    if (json_need_str(cond, "value", &a, e) != OK || json_need_str(cond, "at_least", &b, e) != OK) {
        return e->code;
    }
    struct decimal least;
    struct values v = values_of(w, s, a);
    if (decimal_parse(b, &least, e) != OK) {
        return e->code;
    }
    *out = v.n == 1 && !v.at[0].absent && compare_decimals(v.at[0].value, least) >= 0;
    return OK;
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static void put_decimal(struct json_out *o, const char *key, struct decimal d)
{
    json_put_scaled(o, key, d.units, d.scale);
}

static void put_line(struct json_out *o, const struct strategy_line *l)
{
    json_open(o, NULL, '{');
    json_put_str(o, "code", l->code);
    json_put_str(o, "payer", l->payer);
    json_put_str(o, "payee", l->payee);
    if (l->has_quantity) {
        put_decimal(o, "quantity", l->quantity);
        json_put_str(o, "unit", l->unit);
    } else {
        json_put_null(o, "quantity");
        json_put_null(o, "unit");
    }
    if (l->has_price) {
        put_decimal(o, "price", l->price);
    } else {
        json_put_null(o, "price");
    }
    json_put_int(o, "amount_fen", l->fen);
    if (l->vat != VAT_NONE) {
        json_put_scaled(o, "vat_rate", l->vat_e6, 6);
        json_put_int(o, "net_fen", l->net_fen);
        json_put_int(o, "vat_fen", l->vat_fen);
    }
    if (l->settled_by.n > 0) {
        json_put_str(o, "settled_by", l->settled_by);
    }
    json_close(o, '}');
}

static enum err_code put_totals(struct case_world *w, const struct strategy_result *r,
                                struct json_out *o, struct err *e)
{
    struct {
        const char *key;
        int64_t fen;
    } totals[TOTALS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct strategy_line *l = &r->lines[i];
        const char *key =
            arena_printf(w->arena, STR_FMT "->" STR_FMT, STR_ARG(l->payer), STR_ARG(l->payee));
        size_t at = 0;
        while (at < n && strcmp(totals[at].key, key) != 0) {
            at++;
        }
        if (at == TOTALS_MAX) {
            return fail(e, ERR_LIMIT, "more than %d pairs of payer and payee", TOTALS_MAX);
        }
        if (at == n) {
            totals[n].key = key;
            totals[n++].fen = 0;
        }
        totals[at].fen += l->fen;
    }
    json_open(o, "totals_fen", '{');
    for (size_t i = 0; i < n; i++) {
        json_put_int(o, totals[i].key, totals[i].fen);
    }
    json_close(o, '}');
    return OK;
}

/* ---- quantities -------------------------------------------------------------------------------
 */

/* How one of them is to be written. */
struct how {
    const char *name;
    bool omit_zero, fen;
};
/* Members are written when the first one comes: an empty object is left out. */
struct members {
    struct json_out *o;
    const char *key;
    bool open;
};

static void begin_member(struct members *m)
{
    if (!m->open) {
        json_open(m->o, m->key, '{');
        m->open = true;
    }
}

static enum err_code put_value(struct members *m, const char *name, const struct how *h,
                               bool absent, struct decimal d, struct err *e)
{
    int64_t fen;
    if (absent) {
        begin_member(m);
        json_put_null(m->o, name);
        return OK;
    }
    if (d.units == 0 && h->omit_zero) {
        return OK;
    }
    begin_member(m);
    if (!h->fen) {
        put_decimal(m->o, name, d);
        return OK;
    }
    if (decimal_rescale(d, 2, &fen, e) != OK) {
        return fail_in(e, "%s: ", name);
    }
    json_put_int(m->o, name, fen);
    return OK;
}

/* The (version, period) keys that an interval of the case has. */
static void used_keys(const struct case_settled *s, bool used[TOU_KEYS_MAX])
{
    for (int32_t i = 0; i < s->axis.n; i++) {
        struct instant t = { s->axis.start.utc_ms + (int64_t)i * s->axis.minutes * 60000 };
        used[tariff_span_key(s->span, t)] = true;
    }
}

static enum err_code put_by_tou(struct case_world *w, const struct case_settled *s,
                                struct members *m, const struct how *h, struct str definition,
                                struct err *e)
{
    bool used[TOU_KEYS_MAX] = { false };
    struct values v = values_of(w, s, definition);
    if (!s->span) {
        return fail(e, ERR_INPUT, "%s: the case has no tou", h->name);
    }
    used_keys(s, used);
    for (int32_t k = 0; k < s->span->n_keys; k++) {
        if (!used[k]) {
            continue;
        }
        struct tou_key key = s->span->keys[k];
        const char *suffix = tou_period_word((enum tou_period)key.period);
        if (s->span->n_versions > 1) {
            suffix = arena_printf(w->arena, "%s@%d", suffix, key.version);
        }
        const char *printed = arena_printf(w->arena, STR_FMT ".%s", STR_ARG(definition), suffix);
        struct decimal d = { 0, 0 }; /* a bucket without energy reads zero */
        bool absent = false;
        for (size_t i = 0; i < v.n; i++) {
            if (str_is(v.at[i].name, printed)) {
                d = v.at[i].value;
                absent = v.at[i].absent;
            }
        }
        const char *name = arena_printf(w->arena, "%s.%s", h->name, suffix);
        if (put_value(m, name, h, absent, d, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code put_quantity(struct case_world *w, struct json doc,
                                  const struct case_settled *s, struct json spec, struct members *m,
                                  struct err *e)
{
    static const char *const keys[] = { "name", "value", "next", "by", "omit", "fen", "if", NULL };
    struct str name, of;
    bool wanted;
    bool next = json_kind(json_get(spec, "next")) != JSON_NONE;
    if (json_only(spec, keys, e) != OK || json_need_str(spec, "name", &name, e) != OK ||
        json_need_str(spec, next ? "next" : "value", &of, e) != OK ||
        case_holds(w, doc, s, json_get(spec, "if"), &wanted, e) != OK) {
        return e->code;
    }
    if (!wanted) {
        return OK;
    }
    struct how h = { arena_copy(w->arena, name.at, name.n),
                     json_kind(json_get(spec, "omit")) != JSON_NONE,
                     json_kind(json_get(spec, "fen")) != JSON_NONE };
    if (next) {
        for (size_t i = 0; i < s->result->n_next; i++) {
            if (str_eq(s->result->next[i].name, of)) {
                return put_value(m, h.name, &h, false, s->result->next[i].number, e);
            }
        }
        return fail(e, ERR_INPUT, "%s: the strategy leaves no state '" STR_FMT "'", spec.path,
                    STR_ARG(of));
    }
    if (json_kind(json_get(spec, "by")) != JSON_NONE) {
        return put_by_tou(w, s, m, &h, of, e);
    }
    struct values v = values_of(w, s, of);
    bool absent = v.n == 0 || v.at[0].absent;
    struct decimal d = absent ? (struct decimal){ 0, 0 } : v.at[0].value;
    return put_value(m, h.name, &h, absent, d, e);
}

static enum err_code put_quantities(struct case_world *w, struct json doc,
                                    const struct case_settled *s, struct json_out *o,
                                    const char *key, struct err *e)
{
    struct json list = json_get(s->bind, key);
    struct members m = { o, key, false };
    for (size_t i = 0; i < json_len(list); i++) {
        if (put_quantity(w, doc, s, json_at(list, i), &m, e) != OK) {
            return e->code;
        }
    }
    if (m.open) {
        json_close(o, '}');
    }
    return OK;
}

enum err_code case_put_settled(struct case_world *w, struct json doc, const struct case_settled *s,
                               struct json_out *o, struct err *e)
{
    const struct strategy_result *r = s->result;
    json_open(o, "lines", '[');
    for (size_t i = 0; i < r->n_lines; i++) {
        put_line(o, &r->lines[i]);
    }
    json_close(o, ']');
    if (put_totals(w, r, o, e) != OK || put_quantities(w, doc, s, o, "quantities", e) != OK) {
        return e->code;
    }
    if (r->n_flags > 0) {
        json_open(o, "flags", '[');
        for (size_t i = 0; i < r->n_flags; i++) {
            json_put_str(o, NULL, r->flags[i].code);
        }
        json_close(o, ']');
    }
    return put_quantities(w, doc, s, o, "state_out", e);
}
