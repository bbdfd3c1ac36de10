/* case_out.c - a settled case in the form of `expected` (settlement-rules 9).
 *
 * "unit_words" of a binding file: unit of the strategy -> the word that the case format has for it
 * ({"piece": "certificate"}). `quantities` and `state_out`: case_quantity.c.
 */
#include "cmd/case_part.h"

#define TOTALS_MAX                                                                                 \
    20000 /* payer->payee pairs of one case: each way for every member of a group                  \
           */

/* ---- lines ------------------------------------------------------------------------------------
 */

static void put_decimal(struct json_out *o, const char *key, struct decimal d)
{
    json_put_scaled(o, key, d.units, d.scale);
}

enum err_code case_unit(const struct case_settled *s, struct str *unit, struct err *e)
{
    struct json words = json_get(s->bind, "unit_words");
    struct json word = json_get(words, arena_copy(s->bind.arena, unit->at, unit->n));
    return json_kind(word) == JSON_NONE ? OK : json_str(word, unit, e);
}

static enum err_code put_line(struct json_out *o, const struct case_settled *s,
                              const struct strategy_line *l, struct err *e)
{
    struct str unit = l->unit;
    if (l->has_quantity && case_unit(s, &unit, e) != OK) {
        return e->code;
    }
    json_open(o, NULL, '{');
    json_put_str(o, "code", l->code);
    json_put_str(o, "payer", l->payer);
    json_put_str(o, "payee", l->payee);
    if (l->has_quantity) {
        put_decimal(o, "quantity", l->quantity);
        json_put_str(o, "unit", unit);
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
    return OK;
}

struct totals {
    struct {
        const char *key;
        int64_t fen;
    } at[TOTALS_MAX];
    size_t n;
};

static enum err_code add_totals(struct case_world *w, const struct strategy_result *r,
                                struct totals *t, struct err *e)
{
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct strategy_line *l = &r->lines[i];
        const char *key =
            arena_printf(w->arena, STR_FMT "->" STR_FMT, STR_ARG(l->payer), STR_ARG(l->payee));
        size_t at = 0;
        while (at < t->n && strcmp(t->at[at].key, key) != 0) {
            at++;
        }
        if (at == TOTALS_MAX) {
            return fail(e, ERR_LIMIT, "more than %d pairs of payer and payee", TOTALS_MAX);
        }
        if (at == t->n) {
            t->at[t->n].key = key;
            t->at[t->n++].fen = 0;
        }
        t->at[at].fen += l->fen;
    }
    return OK;
}

static enum err_code put_totals(struct case_world *w, const struct case_settled *s,
                                struct json_out *o, struct err *e)
{
    struct totals *t = arena_make(w->arena, struct totals);
    for (size_t r = 0; r < s->n_runs; r++) {
        if (add_totals(w, s->runs[r].result, t, e) != OK) {
            return e->code;
        }
    }
    json_open(o, "totals_fen", '{');
    for (size_t i = 0; i < t->n; i++) {
        json_put_int(o, t->at[i].key, t->at[i].fen);
    }
    json_close(o, '}');
    return OK;
}

/* ---- flags ------------------------------------------------------------------------------------
 */

/* Whether a repeated list's name stands behind this code. */
static bool flag_of_entry(const struct case_settled *s, struct str code)
{
    struct json list = json_get(json_get(s->bind, "repeat"), "flags");
    struct str word;
    for (size_t i = 0; i < json_len(list); i++) {
        if (json_str(json_at(list, i), &word, NULL) == OK && str_eq(word, code)) {
            return true;
        }
    }
    return false;
}

static void put_flags(struct case_world *w, const struct case_settled *s, struct json_out *o)
{
    bool open = false;
    for (size_t r = 0; r < s->n_runs; r++) {
        const struct case_once *run = &s->runs[r];
        for (size_t i = 0; i < run->result->n_flags; i++) {
            struct str code = run->result->flags[i].code;
            if (flag_of_entry(s, code)) {
                code = str_of(arena_printf(w->arena, STR_FMT "." STR_FMT, STR_ARG(code),
                                           STR_ARG(run->place.name)));
            }
            if (!open) {
                json_open(o, "flags", '[');
                open = true;
            }
            json_put_str(o, NULL, code);
        }
    }
    if (open) {
        json_close(o, ']');
    }
}

enum err_code case_put_settled(struct case_world *w, const struct case_settled *s,
                               struct json_out *o, struct err *e)
{
    json_open(o, "lines", '[');
    for (size_t r = 0; r < s->n_runs; r++) {
        for (size_t i = 0; i < s->runs[r].result->n_lines; i++) {
            if (put_line(o, s, &s->runs[r].result->lines[i], e) != OK) {
                return e->code;
            }
        }
    }
    json_close(o, ']');
    if (put_totals(w, s, o, e) != OK || case_put_quantities(w, s, o, "quantities", e) != OK) {
        return e->code;
    }
    put_flags(w, s, o);
    return case_put_quantities(w, s, o, "state_out", e);
}
