/* case_room.c - cases that a room answers without a strategy: the grid's rules and the time of use
 * (tariff), rounding and splits (base); case_meter.c has meter events. */
#include "cmd/case_part.h"

#define ROWS_MAX 10000
#define SEGMENTS_MAX 31 /* a capacity changes at most once a day */
#define WEIGHTS_MAX 4096

typedef enum err_code (*row_fn)(struct case_world *w, struct json doc, struct json row,
                                struct json_out *o, struct err *e);

/* `out_key`: an array with what `fn` writes for each member of `in_key`; nothing without it. */
static enum err_code put_rows(struct case_world *w, struct json doc, const char *in_key,
                              const char *out_key, row_fn fn, struct json_out *o, struct err *e)
{
    struct json rows = json_get(doc, in_key);
    if (json_kind(rows) == JSON_NONE) {
        return OK;
    }
    if (json_kind(rows) != JSON_ARRAY || json_len(rows) > ROWS_MAX) {
        return fail(e, ERR_INPUT, "%s: an array of at most %d rows is needed", rows.path, ROWS_MAX);
    }
    json_open(o, out_key, '[');
    for (size_t i = 0; i < json_len(rows); i++) {
        struct json row = json_at(rows, i);
        if (fn(w, doc, row, o, e) != OK) {
            return fail_in(e, "%s: ", row.path);
        }
    }
    json_close(o, ']');
    return OK;
}

/* A scaled number, 0 where it is not given. */
static enum err_code scaled_or_zero(struct json j, const char *key, int scale, int64_t *out,
                                    struct err *e)
{
    *out = 0;
    return case_given(j, str_of(key)) ? json_need_scaled(j, key, scale, out, e) : OK;
}

static enum err_code put_id(struct json row, struct json_out *o, struct err *e)
{
    struct str id;
    if (json_need_str(row, "id", &id, e) != OK) {
        return e->code;
    }
    json_put_str(o, "id", id);
    return OK;
}

/* ---- power factor -----------------------------------------------------------------------------
 */

static enum err_code put_power_factor(struct case_world *w, struct json doc, struct json row,
                                      struct json_out *o, struct err *e)
{
    (void)w, (void)doc;
    int64_t std, p, in, out, base;
    int rate;
    if (json_need_int(row, "std", &std, e) != OK || json_need_scaled(row, "p", 4, &p, e) != OK ||
        scaled_or_zero(row, "q_import", 4, &in, e) != OK ||
        scaled_or_zero(row, "q_export", 4, &out, e) != OK ||
        json_need_int(row, "base_fen", &base, e) != OK) {
        return e->code;
    }
    int64_t q = (in < 0 ? -in : in) + (out < 0 ? -out : out);
    if (q > ENERGY_MAX_E4 || p < -ENERGY_MAX_E4 || p > ENERGY_MAX_E4) {
        return fail(e, ERR_LIMIT, "an energy is at most 10^10 kWh (kvarh)");
    }
    int pf = tariff_power_factor(p, q);
    if (tariff_power_factor_rate((int)std, pf, &rate, e) != OK) {
        return e->code;
    }
    json_open(o, NULL, '{');
    if (put_id(row, o, e) != OK) {
        return e->code;
    }
    if (pf < 0) {
        json_put_null(o, "pf");
    } else {
        json_put_scaled(o, "pf", pf, 2);
    }
    json_put_scaled(o, "rate_percent", rate, 2);
    json_put_int(o, "adjust_fen", tariff_power_factor_adjust((struct money){ base }, rate).fen);
    json_close(o, '}');
    return OK;
}

/* ---- basic fee --------------------------------------------------------------------------------
 */

static enum err_code read_segments(struct case_world *w, struct json row, struct basic_fee *in,
                                   struct err *e)
{
    struct json list = json_get(row, "segments");
    size_t n = json_len(list);
    int64_t days, month = 0;
    if (json_kind(list) != JSON_ARRAY || n == 0 || n > SEGMENTS_MAX) {
        return fail(e, ERR_INPUT, "segments: 1 to %d pairs [kVA, days]", SEGMENTS_MAX);
    }
    struct capacity_segment *s = arena_many(w->arena, n, struct capacity_segment);
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        if (json_scaled(json_at(at, 0), 4, &s[i].kva_e4, e) != OK ||
            json_int(json_at(at, 1), &days, e) != OK) {
            return e->code;
        }
        s[i].days = days < 0 || days > 31 ? 99 : (int32_t)days; /* the rule refuses 99 */
    }
    if (case_given(row, STR("days_in_month")) &&
        json_need_int(row, "days_in_month", &month, e) != OK) {
        return e->code;
    }
    in->days_in_month = month < 1 || month > 31 ? 30 : (int32_t)month;
    in->segments = s;
    in->n_segments = n;
    return OK;
}

static enum err_code read_basic_fee(struct case_world *w, struct json row, struct basic_fee *in,
                                    struct err *e)
{
    struct str mode;
    if (json_need_str(row, "mode", &mode, e) != OK ||
        json_need_scaled(row, "price", 6, &in->price_e6, e) != OK ||
        scaled_or_zero(row, "contract_kw", 4, &in->contract_kw_e4, e) != OK ||
        scaled_or_zero(row, "max_kw", 4, &in->max_kw_e4, e) != OK ||
        scaled_or_zero(row, "floor_kva", 4, &in->floor_kva_e4, e) != OK ||
        scaled_or_zero(row, "kwh_total", 4, &in->kwh_e4, e) != OK ||
        scaled_or_zero(row, "kva", 4, &in->kva_e4, e) != OK) {
        return e->code;
    }
    if (str_is(mode, "capacity")) {
        in->mode = BASIC_FEE_CAPACITY;
        return read_segments(w, row, in, e);
    }
    if (!str_is(mode, "contract_demand") && !str_is(mode, "actual_demand")) {
        return fail(e, ERR_INPUT, "mode '" STR_FMT "': capacity, contract_demand or actual_demand",
                    STR_ARG(mode));
    }
    in->mode = str_is(mode, "actual_demand") ? BASIC_FEE_ACTUAL_DEMAND : BASIC_FEE_CONTRACT_DEMAND;
    return OK;
}

static enum err_code put_basic_fee(struct case_world *w, struct json doc, struct json row,
                                   struct json_out *o, struct err *e)
{
    (void)doc;
    struct basic_fee in = { .mode = BASIC_FEE_CAPACITY };
    struct basic_fee_result r;
    if (read_basic_fee(w, row, &in, e) != OK) {
        return e->code;
    }
    enum err_code code = tariff_basic_fee(&in, &r, e);
    if (code != OK && !e->name) {
        return code;
    }
    json_open(o, NULL, '{');
    const char *name = e->name;
    if (put_id(row, o, e) != OK) {
        return e->code;
    }
    if (code != OK) {
        json_put_str(o, "error", str_of(name));
        *e = (struct err){ 0 };
    } else {
        json_put_int(o, "amount_fen", r.fee.fen);
        json_put_bool(o, "discount90", r.discount90);
    }
    json_close(o, '}');
    return OK;
}

/* ---- time of use and prices -------------------------------------------------------------------
 */

static enum err_code put_tou(struct case_world *w, struct json doc, struct json row,
                             struct json_out *o, struct err *e)
{
    struct str tou = str_of(""), at;
    struct instant t;
    struct tariff_calendar *calendar;
    struct tariff_dates dates;
    const struct tariff_span *span;
    struct json name = case_given(row, STR("tou")) ? json_get(row, "tou") : json_get(doc, "tou");
    if (json_need_str(row, "at", &at, e) != OK || instant_parse(at, &t, e) != OK ||
        (json_kind(name) != JSON_NONE && json_str(name, &tou, e) != OK) ||
        case_calendar(w, doc, tou, &calendar, e) != OK || case_dates(w, doc, &dates, e) != OK) {
        return e->code;
    }
    struct tariff_request q = { .calendar = calendar,
                                .category = str_of(""),
                                .dates = &dates,
                                .n_dates = 1,
                                .from = t,
                                .until = { t.utc_ms + 1 } };
    if (tariff_resolve(w->arena, &q, &span, NULL, e) != OK) {
        return e->code;
    }
    enum tou_period p = (enum tou_period)span->keys[tariff_span_key(span, t)].period;
    json_open(o, NULL, '{');
    json_put_str(o, "at", at);
    json_put_str(o, "period", str_of(tou_period_word(p)));
    json_close(o, '}');
    return OK;
}

static enum err_code put_price_table(struct case_world *w, struct json doc, struct json_out *o,
                                     struct err *e)
{
    struct json list = json_get(doc, "components"), ratios = json_get(doc, "ratios");
    size_t n = json_len(list);
    struct tariff_component *c = arena_many(w->arena, n + 1, struct tariff_component);
    int64_t ratio_e6[TOU_PERIODS];
    struct tariff_composition out;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_member(list, i, &c[i].name);
        if (json_need_scaled(at, "price", 6, &c[i].yuan_e6, e) != OK ||
            json_bool(json_get(at, "floats"), &c[i].floats, e) != OK) {
            return e->code;
        }
    }
    for (int p = 0; p < TOU_PERIODS; p++) {
        const char *word = tou_period_word((enum tou_period)p);
        ratio_e6[p] = TARIFF_NO_PRICE;
        if (case_given(ratios, str_of(word)) &&
            json_need_scaled(ratios, word, 6, &ratio_e6[p], e) != OK) {
            return e->code;
        }
    }
    if (tariff_compose(c, n, ratio_e6, &out, e) != OK) {
        return e->code;
    }
    json_put_scaled(o, "flat", out.flat_e6, 6);
    json_put_scaled(o, "floating_base", out.floating_e6, 6);
    json_open(o, "prices", '{');
    for (int p = 0; p < TOU_PERIODS; p++) {
        if (out.yuan_e6[p] != TARIFF_NO_PRICE) {
            json_put_scaled(o, tou_period_word((enum tou_period)p), out.yuan_e6[p], 6);
        }
    }
    json_close(o, '}');
    return OK;
}

/* ---- primitives -------------------------------------------------------------------------------
 */

static enum err_code read_decimal(struct json j, const char *key, struct decimal *out,
                                  struct err *e)
{
    struct str s;
    if (json_need_str(j, key, &s, e) != OK) {
        return e->code;
    }
    return decimal_parse(s, out, e);
}

static enum err_code put_round(struct case_world *w, struct json doc, struct json row,
                               struct json_out *o, struct err *e)
{
    (void)w, (void)doc;
    struct decimal x;
    int64_t digits;
    if (read_decimal(row, "x", &x, e) != OK || json_need_int(row, "digits", &digits, e) != OK) {
        return e->code;
    }
    if (digits < 0 || digits > DECIMAL_SCALE_MAX) {
        return fail(e, ERR_INPUT, "digits: 0 to %d", DECIMAL_SCALE_MAX);
    }
    int more = x.scale - (int)digits;
    json_put_scaled(o, NULL, more > 0 ? round_half_away(x.units, more) : x.units,
                    more > 0 ? (int)digits : x.scale);
    return OK;
}

static enum err_code put_alloc(struct case_world *w, struct json doc, struct json row,
                               struct json_out *o, struct err *e)
{
    (void)doc;
    int64_t total;
    struct json list = json_get(row, "weights");
    size_t n = json_len(list);
    if (json_need_int(row, "total", &total, e) != OK) {
        return e->code;
    }
    if (json_kind(list) != JSON_ARRAY || n > WEIGHTS_MAX) {
        return fail(e, ERR_INPUT, "weights: an array of at most %d", WEIGHTS_MAX);
    }
    struct decimal *d = arena_many(w->arena, n + 1, struct decimal);
    int64_t *weights = arena_many(w->arena, n + 1, int64_t);
    struct money *parts = arena_many(w->arena, n + 1, struct money);
    int scale = 0;
    for (size_t i = 0; i < n; i++) {
        struct json at = json_at(list, i);
        struct str s;
        int64_t v;
        if (json_kind(at) == JSON_INTEGER ? json_int(at, &v, e) != OK : json_str(at, &s, e) != OK) {
            return e->code;
        }
        d[i] = (struct decimal){ v, 0 };
        if (json_kind(at) != JSON_INTEGER && decimal_parse(s, &d[i], e) != OK) {
            return e->code;
        }
        scale = d[i].scale > scale ? d[i].scale : scale;
    }
    for (size_t i = 0; i < n; i++) {
        if (decimal_rescale(d[i], scale, &weights[i], e) != OK) {
            return e->code;
        }
    }
    /* R6: a total of 0 gives zeros, whatever the weights are. */
    if (total != 0 && money_allocate((struct money){ total }, weights, n, parts, e) != OK) {
        if (e->code != ERR_WEIGHT) {
            return e->code;
        }
        *e = (struct err){ 0 };
        json_put_str(o, NULL, STR("ALLOC_WEIGHT"));
        return OK;
    }
    json_open(o, NULL, '[');
    for (size_t i = 0; i < n; i++) {
        json_put_int(o, NULL, parts[i].fen);
    }
    json_close(o, ']');
    return OK;
}

static enum err_code put_vat(struct case_world *w, struct json doc, struct json row,
                             struct json_out *o, struct err *e)
{
    (void)w, (void)doc;
    int64_t gross, rate;
    if (json_need_int(row, "gross_fen", &gross, e) != OK ||
        json_need_scaled(row, "rate", 6, &rate, e) != OK) {
        return e->code;
    }
    if (rate < 0 || rate > 1000000) {
        return fail(e, ERR_INPUT, "rate: 0 to 1");
    }
    struct ratio vat = { (int32_t)rate };
    int64_t net = money_net_of_gross((struct money){ gross }, vat).fen;
    json_open(o, NULL, '[');
    json_put_int(o, NULL, net);
    json_put_int(o, NULL, gross - net);
    json_close(o, ']');
    return OK;
}

/* round2(quantity x price) in fen. */
static enum err_code charge_fen(struct decimal qty, struct decimal price, int64_t *fen,
                                struct err *e)
{
    int scale = qty.scale + price.scale;
    __int128 product = (__int128)qty.units * price.units;
    __int128 v =
        scale > 2 ? round_half_away(product, scale - 2) : product * DECIMAL_POW10[2 - scale];
    if (v > INT64_MAX || v < INT64_MIN) {
        return fail(e, ERR_LIMIT, "the amount does not fit");
    }
    *fen = (int64_t)v;
    return OK;
}

static enum err_code put_charge(struct case_world *w, struct json doc, struct json row,
                                struct json_out *o, struct err *e)
{
    (void)w, (void)doc;
    struct decimal qty, price;
    int64_t fen;
    if (read_decimal(row, "qty", &qty, e) != OK || read_decimal(row, "price", &price, e) != OK ||
        charge_fen(qty, price, &fen, e) != OK) {
        return e->code;
    }
    json_put_int(o, NULL, fen);
    return OK;
}

#define TIER_SCALE 8 /* of quantities and bounds while they are compared */

/* One row: [upper bound or null, price]; `*upto` INT64_MAX without a bound. */
static enum err_code read_tier(struct json row, int64_t *upto, struct decimal *price, struct err *e)
{
    struct json bound = json_at(row, 0);
    struct str s;
    *upto = INT64_MAX;
    if (json_kind(bound) != JSON_NULL && json_scaled(bound, TIER_SCALE, upto, e) != OK) {
        return e->code;
    }
    return json_str(json_at(row, 1), &s, e) != OK ? e->code : decimal_parse(s, price, e);
}

static enum err_code put_tiers(struct case_world *w, struct json doc, struct json row,
                               struct json_out *o, struct err *e)
{
    (void)w, (void)doc;
    int64_t qty, upto, below = 0, fen;
    struct str mode;
    struct decimal price;
    struct json table = json_get(row, "table");
    if (json_need_scaled(row, "qty", TIER_SCALE, &qty, e) != OK ||
        json_need_str(row, "mode", &mode, e) != OK) {
        return e->code;
    }
    bool whole = str_is(mode, "whole");
    if (!whole && !str_is(mode, "marginal")) {
        return fail(e, ERR_INPUT, "mode: marginal or whole");
    }
    json_open(o, NULL, '[');
    for (size_t i = 0; i < json_len(table); i++) {
        if (read_tier(json_at(table, i), &upto, &price, e) != OK) {
            return e->code;
        }
        int64_t slice = whole ? (qty <= upto ? qty : 0) : (qty < upto ? qty : upto) - below;
        if (whole ? qty <= upto : slice > 0) {
            if (charge_fen((struct decimal){ slice, TIER_SCALE }, price, &fen, e) != OK) {
                return e->code;
            }
            json_put_int(o, NULL, fen);
        }
        if (whole && qty <= upto) {
            break;
        }
        below = upto > below ? upto : below;
    }
    json_close(o, ']');
    return OK;
}

static enum err_code put_primitives(struct case_world *w, struct json doc, struct json_out *o,
                                    struct err *e)
{
    static const struct {
        const char *in, *out;
        row_fn fn;
    } sections[] = { { "round", "round", put_round },
                     { "alloc", "alloc", put_alloc },
                     { "vat", "vat", put_vat },
                     { "charge", "charge_fen", put_charge },
                     { "tiers", "tiers", put_tiers } };
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (put_rows(w, doc, sections[i].in, sections[i].out, sections[i].fn, o, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

/* ---- which room -------------------------------------------------------------------------------
 */

enum err_code case_put_room(struct case_world *w, struct json doc, struct str scenario,
                            struct json_out *o, bool *known, struct err *e)
{
    *known = true;
    if (str_is(scenario, "power_factor")) {
        return put_rows(w, doc, "rows", "rows", put_power_factor, o, e);
    }
    if (str_is(scenario, "basic_fee")) {
        return put_rows(w, doc, "rows", "rows", put_basic_fee, o, e);
    }
    if (str_is(scenario, "tou_map")) {
        return put_rows(w, doc, "rows", "rows", put_tou, o, e);
    }
    if (str_is(scenario, "price_table")) {
        return put_price_table(w, doc, o, e);
    }
    if (str_is(scenario, "meter_events")) {
        return case_put_meter_events(w, doc, o, e);
    }
    if (str_is(scenario, "primitives")) {
        return put_primitives(w, doc, o, e);
    }
    *known = false;
    return OK;
}
