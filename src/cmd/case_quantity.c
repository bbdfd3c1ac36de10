/* case_quantity.c - the intermediate values of a settled case in the form of `expected`
 * (settlement-rules 9.2).
 *
 * `quantities` of a binding file is a list, written in its order, of
 *     {"name", "value": definition of the strategy}
 *     {"name", "month_of": path}       the month of the instant there less one second, "2025-09"
 * each with any of
 *     "by": "tou"       one for each (version, period) that has an interval: NAME.p or NAME.p@n;
 *                       "of": path of an object by period: only for the periods that it has
 *     "each": group     one for each member, as MEMBER.NAME, the condition asked for each
 *     "list": true      a list over the intervals; the definition must have a title
 *     "omit": "zero"    not where it is zero; "absent": not where it has no value (else null)
 *     "fen": true       an integer of fen instead of a decimal; "count": true: an integer
 *     "if": condition   {"given": path or paths}, {"path", "is", "default"}, {"value", "is" |
 *                       "at_least" | "above"} ("is": a number, "yes" or "no"), {"not": condition},
 *                       {"any": [conditions]}, {"all": [conditions]}. Paths begin in the member; of
 *                       a value, the member's own counts where it has one
 * `state_out`: the same with "next", the name of a state, instead of "value". `repeat` of the
 * binding may have its own `quantities`: they stand first, as ENTRY.NAME.
 */
#include "cmd/case_part.h"

struct values {
    const struct strategy_printed *at;
    size_t n;
};

static struct values values_of(struct case_world *w, const struct case_once *run, struct str name)
{
    struct values v = { NULL, 0 };
    v.n = strategy_values(w->arena, run->bound, run->result, name, &v.at);
    return v;
}

/* The value by its whole printed name; NULL: there is none. */
static const struct strategy_printed *value_named(struct values v, const char *name)
{
    for (size_t i = 0; i < v.n; i++) {
        if (str_is(v.at[i].name, name)) {
            return &v.at[i];
        }
    }
    return NULL;
}

/* The definition's value at a member; where it has none of its own, its only value. */
static const struct strategy_printed *value_at(struct case_world *w, const struct case_once *run,
                                               const struct case_place *p, struct str name)
{
    struct values v = values_of(w, run, name);
    const struct strategy_printed *at = NULL;
    if (p->name.n > 0) {
        at = value_named(
            v, arena_printf(w->arena, STR_FMT "." STR_FMT, STR_ARG(name), STR_ARG(p->name)));
    }
    return at ? at : v.n == 1 && str_eq(v.at[0].name, name) ? &v.at[0] : NULL;
}

/* ---- conditions -------------------------------------------------------------------------------
 */

static enum err_code holds_list(struct case_world *w, const struct case_once *run,
                                const struct case_place *p, struct json list, bool all, bool *out,
                                struct err *e)
{
    bool now = all;
    for (size_t i = 0; i < json_len(list) && now == all; i++) {
        if (case_holds(w, run, p, json_at(list, i), &now, e) != OK) {
            return e->code;
        }
    }
    *out = now;
    return OK;
}

static enum err_code holds_path(const struct case_place *p, struct json cond, bool *out,
                                struct err *e)
{
    struct json at, is = json_get(cond, "is");
    bool given;
    if (case_first(p, json_get(cond, "path"), &at, &given, e) != OK) {
        return e->code;
    }
    at = given ? at : json_get(cond, "default");
    if (json_kind(is) == JSON_NONE) {
        return fail(e, ERR_INPUT, "%s.is: missing", cond.path);
    }
    *out = json_kind(at) != JSON_NONE && str_eq(json_canonical(at), json_canonical(is));
    return OK;
}

static enum err_code holds_value(struct case_world *w, const struct case_once *run,
                                 const struct case_place *p, struct json cond, bool *out,
                                 struct err *e)
{
    static const char *const words[] = { "is", "at_least", "above" };
    struct str name, text = str_of("");
    struct decimal bound;
    size_t k = 0;
    if (json_need_str(cond, "value", &name, e) != OK) {
        return e->code;
    }
    while (k < 3 && json_kind(json_get(cond, words[k])) == JSON_NONE) {
        k++;
    }
    if (k == 3) {
        return fail(e, ERR_INPUT, "%s: \"is\", \"at_least\" or \"above\" is needed", cond.path);
    }
    const struct strategy_printed *v = value_at(w, run, p, name);
    if (json_need_str(cond, words[k], &text, e) != OK) {
        return e->code;
    }
    if (k == 0 && (str_is(text, "yes") || str_is(text, "no"))) {
        *out = v && !v->absent && (v->value.units != 0) == str_is(text, "yes");
        return OK;
    }
    if (decimal_parse(text, &bound, e) != OK) {
        return fail_in(e, "%s.%s: ", cond.path, words[k]);
    }
    int c = v && !v->absent ? case_decimal_cmp(v->value, bound) : -2;
    *out = c != -2 && (k == 0 ? c == 0 : k == 1 ? c >= 0 : c > 0);
    return OK;
}

enum err_code case_holds(struct case_world *w, const struct case_once *run,
                         const struct case_place *p, struct json cond, bool *out, struct err *e)
{
    static const char *const keys[] = { "given", "path", "is",  "default", "value", "at_least",
                                        "above", "any",  "all", "not",     NULL };
    *out = true;
    if (json_kind(cond) == JSON_NONE) {
        return OK;
    }
    if (json_only(cond, keys, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(cond, "any")) != JSON_NONE) {
        return holds_list(w, run, p, json_get(cond, "any"), false, out, e);
    }
    if (json_kind(json_get(cond, "all")) != JSON_NONE) {
        return holds_list(w, run, p, json_get(cond, "all"), true, out, e);
    }
    if (json_kind(json_get(cond, "not")) != JSON_NONE) {
        if (case_holds(w, run, p, json_get(cond, "not"), out, e) != OK) {
            return e->code;
        }
        *out = !*out;
        return OK;
    }
    if (json_kind(json_get(cond, "given")) != JSON_NONE) {
        return case_all_given(p, json_get(cond, "given"), out, e);
    }
    return json_kind(json_get(cond, "path")) != JSON_NONE ? holds_path(p, cond, out, e)
                                                          : holds_value(w, run, p, cond, out, e);
}

/* ---- one quantity -----------------------------------------------------------------------------
 */

/* How one of them is to be written. */
struct how {
    const char *name;
    struct str of; /* the definition */
    bool omit_zero, omit_absent, fen, count;
};
/* What is written: an object that begins with its first member, so that an empty one is left out.
 */
struct writer {
    struct case_world *w;
    const struct case_settled *s;
    const struct case_once *run;
    struct json_out *o;
    const char *key;
    bool open;
};

static void begin_member(struct writer *m)
{
    if (!m->open) {
        json_open(m->o, m->key, '{');
        m->open = true;
    }
}

static enum err_code put_number(struct json_out *o, const char *name, const struct how *h,
                                bool absent, struct decimal d, struct err *e)
{
    int64_t whole;
    if (absent) {
        json_put_null(o, name);
        return OK;
    }
    if (!h->fen && !h->count) {
        json_put_scaled(o, name, d.units, d.scale);
        return OK;
    }
    if (decimal_rescale(d, h->fen ? 2 : 0, &whole, e) != OK) {
        return fail_in(e, "%s: ", name);
    }
    json_put_int(o, name, whole);
    return OK;
}

static enum err_code put_value(struct writer *m, const char *name, const struct how *h,
                               const struct strategy_printed *v, struct err *e)
{
    bool absent = !v || v->absent;
    if ((absent && h->omit_absent) || (!absent && v->value.units == 0 && h->omit_zero)) {
        return OK;
    }
    begin_member(m);
    return put_number(m->o, name, h, absent, absent ? (struct decimal){ 0, 0 } : v->value, e);
}

/* The (version, period) keys that an interval of the case has. */
static void used_keys(const struct case_settled *s, bool used[TOU_KEYS_MAX])
{
    for (int32_t i = 0; i < s->axis.n; i++) {
        struct instant t = { s->axis.start.utc_ms + (int64_t)i * s->axis.minutes * 60000 };
        used[tariff_span_key(s->span, t)] = true;
    }
}

static enum err_code put_by_tou(struct writer *m, const struct case_place *p, const struct how *h,
                                struct json spec, struct err *e)
{
    struct arena *a = m->w->arena;
    const struct tariff_span *span = m->s->span;
    struct json of = json_get(spec, "of"), by = { 0 };
    bool used[TOU_KEYS_MAX] = { false }, given = false;
    struct values v = values_of(m->w, m->run, h->of);
    if (m->s->axis.n > 0 && !span) {
        return fail(e, ERR_INPUT, "%s: the case has no tou", h->name);
    }
    if (json_kind(of) != JSON_NONE && case_first(p, of, &by, &given, e) != OK) {
        return e->code;
    }
    used_keys(m->s, used);
    for (int32_t k = 0; span && k < span->n_keys; k++) {
        struct tou_key key = span->keys[k];
        const char *word = tou_period_word((enum tou_period)key.period);
        if (!used[k] || (given && json_kind(json_get(by, word)) == JSON_NONE)) {
            continue;
        }
        const char *suffix =
            span->n_versions > 1 ? arena_printf(a, "%s@%d", word, key.version) : word;
        const char *printed = arena_printf(a, STR_FMT ".%s", STR_ARG(h->of), suffix);
        const struct strategy_printed *found = value_named(v, printed);
        const struct strategy_printed nothing = { .value = { 0, 0 } };
        const char *name = arena_printf(a, "%s.%s", h->name, suffix);
        /* a bucket without energy reads zero */
        if (put_value(m, name, h, found ? found : &nothing, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code put_list(struct writer *m, const struct case_place *p, const struct how *h,
                              struct err *e)
{
    struct arena *a = m->w->arena;
    struct values v = values_of(m->w, m->run, h->of);
    struct text prefix;
    text_init(&prefix, a, 4096);
    text_add(&prefix, h->of);
    if (p->name.n > 0) {
        text_byte(&prefix, '.');
        text_add(&prefix, p->name);
    }
    begin_member(m);
    json_open(m->o, h->name, '[');
    for (int32_t i = 0; i < m->s->axis.n; i++) {
        const struct strategy_printed *at = value_named(v, arena_printf(a, "%s.%d", prefix.at, i));
        if (put_number(m->o, NULL, h, !at || at->absent, at ? at->value : (struct decimal){ 0, 0 },
                       e) != OK) {
            return e->code;
        }
    }
    json_close(m->o, ']');
    return OK;
}

static enum err_code put_month(struct writer *m, const struct case_place *p, const struct how *h,
                               struct json path, struct err *e)
{
    struct json at;
    struct instant t;
    struct text text;
    bool given;
    if (case_first(p, path, &at, &given, e) != OK || case_instant(at, &t, e) != OK) {
        return e->code;
    }
    t.utc_ms -= 1000;
    text_init(&text, m->w->arena, 32);
    text_day(&text, instant_day(t));
    begin_member(m);
    json_put_str(m->o, h->name, (struct str){ text.at, strlen("2025-09") });
    return OK;
}

static enum err_code put_next(struct writer *m, const struct how *h, struct json spec,
                              struct err *e)
{
    const struct strategy_result *r = m->run->result;
    for (size_t i = 0; i < r->n_next; i++) {
        if (str_eq(r->next[i].name, h->of)) {
            const struct strategy_printed v = { .absent = r->next[i].absent,
                                                .value = r->next[i].number };
            return put_value(m, h->name, h, &v, e);
        }
    }
    return fail(e, ERR_INPUT, "%s: the strategy leaves no state '" STR_FMT "'", spec.path,
                STR_ARG(h->of));
}

/* One quantity at the top, or of one member; its name may carry the member's. */
static enum err_code put_at(struct writer *m, const struct case_place *p, struct str prefix,
                            struct json spec, struct err *e)
{
    struct str name, omit = str_of("");
    struct json of = json_get(spec, "value"), next = json_get(spec, "next");
    struct json month = json_get(spec, "month_of");
    struct how h = { .fen = json_kind(json_get(spec, "fen")) != JSON_NONE,
                     .count = json_kind(json_get(spec, "count")) != JSON_NONE };
    bool wanted;
    if (json_need_str(spec, "name", &name, e) != OK ||
        (json_kind(json_get(spec, "omit")) != JSON_NONE &&
         json_need_str(spec, "omit", &omit, e) != OK) ||
        case_holds(m->w, m->run, p, json_get(spec, "if"), &wanted, e) != OK) {
        return e->code;
    }
    h.omit_zero = str_is(omit, "zero");
    h.omit_absent = str_is(omit, "absent");
    h.name = arena_printf(m->w->arena, STR_FMT "%s" STR_FMT, STR_ARG(prefix), prefix.n ? "." : "",
                          STR_ARG(name));
    if (omit.n > 0 && !h.omit_zero && !h.omit_absent) {
        return fail(e, ERR_INPUT, "%s.omit: 'zero' or 'absent' is needed", spec.path);
    }
    if (!wanted) {
        return OK;
    }
    if (json_kind(month) != JSON_NONE) {
        return put_month(m, p, &h, month, e);
    }
    if (json_str(json_kind(next) != JSON_NONE ? next : of, &h.of, e) != OK) {
        return e->code;
    }
    if (json_kind(next) != JSON_NONE) {
        return put_next(m, &h, spec, e);
    }
    if (json_kind(json_get(spec, "by")) != JSON_NONE) {
        return put_by_tou(m, p, &h, spec, e);
    }
    return json_kind(json_get(spec, "list")) != JSON_NONE
               ? put_list(m, p, &h, e)
               : put_value(m, h.name, &h, value_at(m->w, m->run, p, h.of), e);
}

static enum err_code put_quantity(struct writer *m, struct json spec, struct err *e)
{
    static const char *const keys[] = { "name", "value", "next", "month_of", "by", "of", "each",
                                        "list", "omit",  "fen",  "count",    "if", NULL };
    struct str group;
    const struct case_once *run = m->run;
    if (json_only(spec, keys, e) != OK) {
        return e->code;
    }
    if (json_kind(json_get(spec, "each")) == JSON_NONE) {
        const struct case_place *p = &run->place;
        return put_at(m, p, p->outer ? p->name : str_of(""), spec, e);
    }
    if (json_need_str(spec, "each", &group, e) != OK) {
        return e->code;
    }
    for (size_t g = 0; g < run->n_groups; g++) {
        for (size_t i = 0; str_eq(run->groups[g].group, group) && i < run->groups[g].n; i++) {
            const struct case_place *p = &run->members[g][i];
            if (put_at(m, p, p->name, spec, e) != OK) {
                return e->code;
            }
        }
    }
    return OK;
}

/* ---- all of them ------------------------------------------------------------------------------
 */

enum err_code case_put_quantities(struct case_world *w, const struct case_settled *s,
                                  struct json_out *o, const char *key, struct err *e)
{
    struct writer m = { .w = w, .s = s, .o = o, .key = key };
    struct json of_entry = json_get(json_get(s->bind, "repeat"), key);
    struct json list = json_get(s->bind, key);
    for (size_t r = 0; r < s->n_runs; r++) {
        m.run = &s->runs[r];
        for (size_t i = 0; i < json_len(of_entry); i++) {
            if (put_quantity(&m, json_at(of_entry, i), e) != OK) {
                return e->code;
            }
        }
    }
    struct case_once last = s->runs[s->n_runs - 1];
    while (last.place.outer) {
        last.place = *last.place.outer;
    }
    m.run = &last;
    for (size_t i = 0; i < json_len(list); i++) {
        if (put_quantity(&m, json_at(list, i), e) != OK) {
            return e->code;
        }
    }
    if (m.open) {
        json_close(o, '}');
    }
    return OK;
}
