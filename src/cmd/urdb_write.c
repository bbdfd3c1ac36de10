/* urdb_write.c - a rate as the text of a strategy.
 *
 * A schedule has few different days; each gets a name (a season of weekdays, of weekends), and a
 * period is the clock times it has on each of them. What holds always has no condition.
 */
#include "cmd/urdb_part.h"

#define CODES_PER_SUM 8 /* terms in one pair of parentheses: long sums nest too deep otherwise */

/* A day of a schedule that differs from the others, and when it holds. */
struct day_kind {
    const uint8_t *slots;
    uint16_t months[URDB_DAYS]; /* bits */
    const char *name;           /* NULL: always */
};
struct writer {
    const struct urdb_rate *r;
    struct text *t;
    const char *codes[256]; /* of lines that a least charge compares with */
    size_t n_codes;
    bool days, peak, year; /* definitions that are needed at the end */
};

static void put_literal(struct text *t, struct decimal d)
{
    text_decimal(t, d.units, d.scale, 0);
}

/* ---- when ------------------------------------------------------------------------------------ */

static bool put_months(struct text *t, uint16_t bits)
{
    int start = 0, runs = 0;
    if (bits == 0xFFF) {
        return false;
    }
    while (bits >> start & 1) { /* begin behind a month that is out, so that no run is cut */
        start++;
    }
    for (int i = 0; i < URDB_MONTHS; i++) {
        int m = (start + i) % URDB_MONTHS;
        if (!(bits >> m & 1)) {
            continue;
        }
        int last = m;
        while (bits >> (last + 1) % URDB_MONTHS & 1) {
            last = (last + 1) % URDB_MONTHS;
            i++;
        }
        text_addf(t, "%smonth in %d..%d", runs++ ? " or " : "", m + 1, last + 1);
    }
    return true;
}

/* The condition of a kind of day; false and nothing written where it always holds. */
static bool put_kind(struct arena *a, struct text *t, const struct day_kind *k)
{
    static const char *const weekdays[] = { "weekday in 1..5", "weekday in 6..7" };
    if (k->months[0] == k->months[1]) {
        return put_months(t, k->months[0]);
    }
    bool any = false;
    for (int d = 0; d < URDB_DAYS; d++) {
        struct text months;
        text_init(&months, a, 1024);
        if (!k->months[d]) {
            continue;
        }
        text_add_c(t, any ? " or " : "");
        if (put_months(&months, k->months[d])) {
            text_addf(t, "(" STR_FMT ") and ", STR_ARG(text_str(&months)));
        }
        text_add_c(t, weekdays[d]);
        any = true;
    }
    return true;
}

/* A period that no slot has, or whose demand costs nothing, has no line. */
static bool is_billed(const struct urdb_charge *c, size_t period, bool energy)
{
    const struct urdb_period *p = &c->periods[period];
    bool costs = energy;
    for (size_t k = 0; k < p->n_tiers; k++) {
        costs = costs || p->tiers[k].rate.units;
    }
    return p->used && costs;
}

static bool day_is_billed(const struct urdb_charge *c, const uint8_t *slots, bool energy)
{
    bool any = false;
    for (int s = 0; s < SLOTS; s++) {
        any = any || is_billed(c, slots[s], energy);
    }
    return any;
}

/* The different days of a schedule, each with a definition `<prefix>_day<i>`. */
static size_t put_kinds(struct writer *w, const struct urdb_charge *c, const char *prefix,
                        bool energy, struct day_kind *out)
{
    size_t n = 0;
    for (int k = 0; k < URDB_MONTHS * URDB_DAYS; k++) {
        const uint8_t *slots = c->at[k / URDB_DAYS][k % URDB_DAYS];
        size_t i = 0;
        while (i < n && memcmp(out[i].slots, slots, SLOTS) != 0) {
            i++;
        }
        n += i == n;
        out[i].slots = slots;
        out[i].months[k % URDB_DAYS] |= (uint16_t)(1 << k / URDB_DAYS);
    }
    for (size_t i = 0; i < n; i++) {
        struct text when;
        text_init(&when, w->r->arena, 4096);
        if (put_kind(w->r->arena, &when, &out[i]) && day_is_billed(c, out[i].slots, energy)) {
            out[i].name = arena_printf(w->r->arena, "%s_day%zu", prefix, i + 1);
            text_addf(w->t, "%s = " STR_FMT "\n", out[i].name, STR_ARG(text_str(&when)));
        }
    }
    return n;
}

/* The clock times of a period on a day; false where it has the whole day. */
static bool put_times(struct text *t, const uint8_t *slots, uint8_t period)
{
    int start = 0, runs = 0;
    while (start < SLOTS && slots[start] == period) {
        start++;
    }
    if (start == SLOTS) {
        return false;
    }
    for (int i = 0; i < SLOTS; i++) {
        int s = (start + i) % SLOTS;
        if (slots[s] != period) {
            continue;
        }
        int end = s;
        while (slots[end % SLOTS] == period) {
            end++;
            i++;
        }
        end = (end - 1) % SLOTS + 1;
        text_addf(t, "%stime in %02d:%02d..%02d:%02d", runs++ ? " or " : "", s / 4, s % 4 * 15,
                  end / 4, end % 4 * 15);
    }
    return true;
}

/* " where <prefix>_in<i>", with its definition; "" for a period that always holds. */
static const char *put_period(struct writer *w, const struct day_kind *kinds, size_t n,
                              const char *prefix, uint8_t period)
{
    struct arena *a = w->r->arena;
    struct text in;
    bool any = false, always = false;
    text_init(&in, a, 1 << 16);
    for (size_t i = 0; i < n; i++) {
        struct text times;
        text_init(&times, a, 8192);
        if (!memchr(kinds[i].slots, period, SLOTS)) {
            continue;
        }
        bool timed = put_times(&times, kinds[i].slots, period);
        text_add_c(&in, any ? " or " : "");
        if (kinds[i].name && timed) {
            text_addf(&in, "%s and (" STR_FMT ")", kinds[i].name, STR_ARG(text_str(&times)));
        } else if (kinds[i].name) {
            text_add_c(&in, kinds[i].name);
        } else {
            text_add(&in, text_str(&times));
            always = !timed;
        }
        any = true;
    }
    if (always) {
        return "";
    }
    text_addf(w->t, "%s_in%d = " STR_FMT "\n", prefix, period, STR_ARG(text_str(&in)));
    return arena_printf(a, " where %s_in%d", prefix, period);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static const char *put_code(struct writer *w, bool counts, const char *code)
{
    if (counts && w->n_codes < sizeof w->codes / sizeof w->codes[0]) {
        w->codes[w->n_codes++] = code;
    }
    return code;
}

/* `q at price`; a price of more than six decimals is multiplied out before it is rounded. */
static void put_at(struct text *t, const char *q, struct decimal price, const char *unit)
{
    if (price.scale <= 6) {
        text_addf(t, "%s at ", q);
        put_literal(t, price);
        text_addf(t, " %s", unit);
        return;
    }
    text_addf(t, "round(%s * (", q);
    put_literal(t, price);
    text_addf(t, " %s), 2) showing %s at ", unit, q);
    text_decimal(t, round_half_away(price.units, price.scale - 6), 6, 0);
    text_addf(t, " %s", unit);
}

static void put_bound(struct writer *w, struct text *t, const struct urdb_tier *x, bool energy)
{
    struct text b;
    text_init(&b, w->r->arena, 256);
    put_literal(&b, x->upto);
    if (!energy) {
        text_addf(t, STR_FMT " kW", STR_ARG(text_str(&b)));
        return;
    }
    bool per_kw = x->count == URDB_KWH_PER_KW || x->count == URDB_KWH_PER_KW_DAILY;
    bool daily = x->count == URDB_KWH_DAILY || x->count == URDB_KWH_PER_KW_DAILY;
    w->days = w->days || daily;
    w->peak = w->peak || per_kw;
    text_addf(t, "%s" STR_FMT "%s%s%s%s", per_kw && x->upto.scale ? "round(" : "",
              STR_ARG(text_str(&b)), per_kw ? " h" : " kWh", daily ? " * days" : "",
              per_kw ? " * peak" : "", per_kw && x->upto.scale ? ", 2)" : "");
}

struct tiers {
    const char *quantity; /* a definition */
    const char *code, *title, *payer, *payee, *unit;
    bool energy, sell;
};

static void put_tiers(struct writer *w, const struct tiers *x, const struct urdb_period *p, int i)
{
    struct arena *a = w->r->arena;
    for (size_t k = 0; k < p->n_tiers; k++) {
        struct text low, high;
        if (!x->energy && !p->tiers[k].rate.units) {
            continue;
        }
        const char *q = x->quantity;
        const char *code = arena_printf(a, "%s_%d", x->code, i);
        const char *title = arena_printf(a, "%s 时段 %d", x->title, i);
        if (p->n_tiers > 1) {
            text_init(&low, a, 256);
            text_init(&high, a, 256);
            q = arena_printf(a, "%s_%zu", x->quantity, k + 1);
            code = arena_printf(a, "%s_%zu", code, k + 1);
            title = arena_printf(a, "%s 第 %zu 档", title, k + 1);
            text_add_c(&high, x->quantity);
            if (k + 1 < p->n_tiers) {
                text_init(&high, a, 256);
                text_addf(&high, "min(%s, ", x->quantity);
                put_bound(w, &high, &p->tiers[k], x->energy);
                text_byte(&high, ')');
            }
            if (k > 0) {
                put_bound(w, &low, &p->tiers[k - 1], x->energy);
                text_addf(w->t, "%s = pos(" STR_FMT " - " STR_FMT ")\n", q,
                          STR_ARG(text_str(&high)), STR_ARG(text_str(&low)));
            } else {
                text_addf(w->t, "%s = " STR_FMT "\n", q, STR_ARG(text_str(&high)));
            }
        }
        text_addf(w->t, "line %s \"%s\" %s -> %s ", put_code(w, !x->sell, code), title, x->payer,
                  x->payee);
        put_at(w->t, q, x->sell ? p->tiers[k].sell : p->tiers[k].rate, x->unit);
        text_addf(w->t, " no vat when %s > 0\n", q);
    }
}

static void put_energy(struct writer *w)
{
    const struct urdb_charge *c = &w->r->energy;
    struct day_kind kinds[URDB_MONTHS * URDB_DAYS] = { 0 };
    struct arena *a = w->r->arena;
    size_t n = c->n ? put_kinds(w, c, "energy", true, kinds) : 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!is_billed(c, i, true)) {
            continue;
        }
        const char *where = put_period(w, kinds, n, "energy", (uint8_t)i);
        text_addf(w->t, "energy%zu = round(sum(load%s), 2) \"用电量 时段 %zu\"\n", i, where, i);
        struct tiers x = { arena_printf(a, "energy%zu", i),
                           "ENERGY",
                           "电度电费",
                           "consumer",
                           "grid",
                           "yuan/kWh",
                           true,
                           false };
        put_tiers(w, &x, &c->periods[i], (int)i);
        if (!w->r->sells) {
            continue;
        }
        text_addf(w->t, "sold%zu = round(sum(export%s), 2) \"上网电量 时段 %zu\"\n", i, where, i);
        struct tiers s = { arena_printf(a, "sold%zu", i),
                           "SELL",
                           "上网电费",
                           "grid",
                           "consumer",
                           "yuan/kWh",
                           true,
                           true };
        put_tiers(w, &s, &c->periods[i], (int)i);
    }
}

/* The highest demand of the times that `where` leaves. */
static const char *demand_of(struct writer *w, const char *where)
{
    return w->r->hourly
               ? arena_printf(w->r->arena, "round(max(sum(load by hour%s)) / 1 h, 2)", where)
               : arena_printf(w->r->arena, "round(max(power(load)%s), 2)", where);
}

static void put_demand(struct writer *w, const struct urdb_charge *c, const char *prefix,
                       const char *code, const char *title)
{
    struct day_kind kinds[URDB_MONTHS * URDB_DAYS] = { 0 };
    size_t n = c->n ? put_kinds(w, c, prefix, false, kinds) : 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!is_billed(c, i, false)) {
            continue;
        }
        const char *where = put_period(w, kinds, n, prefix, (uint8_t)i);
        const char *q = arena_printf(w->r->arena, "%s%zu", prefix, i);
        text_addf(w->t, "%s = %s else 0 \"%s 时段 %zu\"\n", q, demand_of(w, where), title, i);
        struct tiers x = { q, code, title, "consumer", "grid", "yuan/kW", false, false };
        put_tiers(w, &x, &c->periods[i], (int)i);
    }
}

/* The utility says what the demand was at its own peak; in months that know the period. */
static void put_coincident(struct writer *w)
{
    const struct urdb_charge *c = &w->r->coincident;
    struct day_kind kinds[URDB_MONTHS * URDB_DAYS] = { 0 };
    size_t n = c->n ? put_kinds(w, c, "common", false, kinds) : 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!is_billed(c, i, false)) {
            continue;
        }
        const char *where = put_period(w, kinds, n, "common", (uint8_t)i);
        const char *q = arena_printf(w->r->arena, "common%zu", i);
        const char *given = arena_printf(w->r->arena, "common_kw%zu", i);
        if (*where) {
            text_addf(w->t, "%s = if any(common_in%zu) then %s else 0 \"同时需量 时段 %zu\"\n", q,
                      i, given, i);
        } else {
            q = given;
        }
        struct tiers x = {
            q, "COINCIDENT", "同时需量", "consumer", "grid", "yuan/kW", false, false
        };
        put_tiers(w, &x, &c->periods[i], (int)i);
    }
}

static void put_fuel(struct writer *w)
{
    for (int m = 0, n = 0; w->r->has_fuel && m < URDB_MONTHS; m++) {
        uint16_t months = 0;
        struct text when;
        text_init(&when, w->r->arena, 1024);
        for (int k = 0; k < URDB_MONTHS; k++) {
            bool same = urdb_compare(w->r->fuel[k], w->r->fuel[m]) == 0;
            months |= (uint16_t)(same << k);
        }
        bool first = (months & ((1 << m) - 1)) == 0;
        if (!first || !w->r->fuel[m].units) {
            continue;
        }
        n++;
        bool some = put_months(&when, months);
        text_addf(w->t, "fuel%d = round(sum(load%s" STR_FMT "), 2) \"用电量 燃料调整 %d\"\n", n,
                  some ? " where " : "", STR_ARG(text_str(&when)), n);
        text_addf(w->t, "line %s \"燃料调整 %d\" consumer -> grid ",
                  put_code(w, true, arena_printf(w->r->arena, "FUEL_%d", n)), n);
        put_at(w->t, arena_printf(w->r->arena, "fuel%d", n), w->r->fuel[m], "yuan/kWh");
        text_addf(w->t, " no vat when fuel%d > 0\n", n);
    }
}

/* An amount of the month: per day times the days; a twelfth of a year, the last takes the rest. */
static const char *amount_of(struct writer *w, const struct urdb_sum *s)
{
    struct text t;
    text_init(&t, w->r->arena, 256);
    bool fine = s->amount.scale > 2;
    if (s->per == URDB_PER_YEAR) {
        int64_t fen = s->amount.units * DECIMAL_POW10[2 - s->amount.scale];
        int64_t share = (int64_t)div_half_away(fen, URDB_MONTHS);
        w->year = true;
        text_add_c(&t, "(if months_before is 11 then ");
        text_decimal(&t, fen - (URDB_MONTHS - 1) * share, 2, 0);
        text_add_c(&t, " yuan else ");
        text_decimal(&t, share, 2, 0);
        text_add_c(&t, " yuan)");
        return text_str(&t).at;
    }
    w->days = w->days || s->per == URDB_PER_DAY;
    text_add_c(&t, fine ? "round(" : "");
    put_literal(&t, s->amount);
    text_addf(&t, " yuan%s%s", s->per == URDB_PER_DAY ? " * days" : "", fine ? ", 2)" : "");
    return text_str(&t).at;
}

static void put_fixed(struct writer *w)
{
    for (size_t i = 0; i < w->r->n_fixed; i++) {
        const char *code = i ? arena_printf(w->r->arena, "FIXED_%zu", i + 1) : "FIXED";
        text_addf(w->t, "line %s \"固定费用\" consumer -> grid %s no vat\n",
                  put_code(w, true, code), amount_of(w, &w->r->fixed[i]));
    }
}

static void put_charges(struct writer *w)
{
    text_add_c(w->t, "charges = ");
    if (!w->n_codes) {
        text_add_c(w->t, "0 yuan");
    }
    for (size_t i = 0; i < w->n_codes; i++) {
        bool first = i % CODES_PER_SUM == 0, last = i % CODES_PER_SUM == CODES_PER_SUM - 1;
        text_addf(w->t, "%s%s%s%s", i ? " + " : "", first ? "(" : "", w->codes[i],
                  last || i + 1 == w->n_codes ? ")" : "");
    }
    text_add_c(w->t, "\n");
}

static void put_least(struct writer *w)
{
    const struct urdb_sum *month = NULL, *year = NULL;
    for (size_t i = 0; i < w->r->n_least; i++) {
        *(w->r->least[i].per == URDB_PER_YEAR ? &year : &month) = &w->r->least[i];
    }
    if (month || year) {
        put_charges(w);
    }
    if (month) {
        text_addf(w->t, "line LEAST \"最低月费补足\" consumer -> grid pos(%s - charges) no vat\n",
                  amount_of(w, month));
    }
    if (year) {
        const char *more = month ? " + LEAST" : "";
        w->year = true;
        text_add_c(w->t, "state paid_before: yuan = 0 per year \"本合同年已计\"\n");
        text_addf(w->t, "paid = paid_before + charges%s\nnext paid_before = paid", more);
        text_add_c(w->t, "\nline LEAST_YEAR \"最低年费补足\" consumer -> grid pos(");
        put_literal(w->t, year->amount);
        text_add_c(w->t, " yuan - paid) no vat when months_before is 11\n");
    }
}

/* ---- the text -------------------------------------------------------------------------------- */

static void put_comment(struct text *t, const char *label, struct str s)
{
    if (!s.n) {
        return;
    }
    text_addf(t, "# %s", label);
    for (size_t i = 0; i < s.n; i++) { /* a comment ends with its line */
        text_byte(t, (unsigned char)s.at[i] < ' ' || s.at[i] == 0x7f ? ' ' : s.at[i]);
    }
    text_add_c(t, "\n");
}

static void put_title(struct text *t, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.at[i];
        text_byte(t, (unsigned char)c < ' ' || c == 0x7f || c == '"' || c == '\\' ? ' ' : c);
    }
}

static void put_head(const struct urdb_rate *r, struct text *t)
{
    put_comment(t, "A public tariff, taken over from its published rate: ", r->title);
    put_comment(t, "Source: ", r->source);
    put_comment(t, "In force from ", r->from);
    put_comment(t, "In force until ", r->until);
    text_addf(t,
              "# Money: the unit yuan reads as " STR_FMT " in this text, its fen as the hundredth "
              "of it.\n# Settled by natural months; times are those of the meter's clock.\n",
              STR_ARG(r->currency));
    for (size_t i = 0; i < r->n_notes; i++) {
        put_comment(t, "Note: ", str_of(r->notes[i]));
    }
    text_addf(t, "strategy " STR_FMT " \"", STR_ARG(r->name));
    put_title(t, r->title);
    text_add_c(t, "\"\nparty consumer, grid\n");
}

/* Does the rate count anything by the month, other than energy at one price? */
static bool by_month(const struct urdb_rate *r)
{
    bool tiered = r->flat.n || r->demand.n || r->coincident.n || r->n_fixed || r->n_least;
    for (size_t i = 0; i < r->energy.n; i++) {
        tiered = tiered || (r->energy.periods[i].used && r->energy.periods[i].n_tiers > 1);
    }
    return tiered;
}

/* A statement over anything else than a natural month waits for a person (how to read it, a). */
static void put_month_check(struct writer *w)
{
    w->days = true;
    text_add_c(w->t, "months = ");
    for (int m = 1; m <= URDB_MONTHS; m++) {
        text_addf(w->t, "%s(if any(month in %d..%d) then 1 else 0)", m > 1 ? " + " : "", m, m);
    }
    text_add_c(w->t,
               "\nshort_month = any(month in 4..4 or month in 6..6 or month in 9..9 or month in "
               "11..11)\n"
               "february = any(month in 2..2)\n"
               "whole_month = months is 1 and (days is 31 or (days is 30 and short_month) or "
               "(days >= 28 and february))\n"
               "flag NOT_A_MONTH hold \"不是整月\" when not whole_month\n");
}

void urdb_write(const struct urdb_rate *r, struct text *t)
{
    struct writer w = { .r = r, .t = t };
    bool load = r->energy.n || r->flat.n || r->demand.n || r->has_fuel;
    put_head(r, t);
    if (load) {
        text_add_c(t, "meter load: kWh \"用电\"\n");
    }
    if (r->sells) {
        text_add_c(t, "meter export: kWh \"上网\"\n");
    }
    for (size_t i = 0; i < r->coincident.n; i++) {
        if (is_billed(&r->coincident, i, false)) {
            text_addf(t, "input common_kw%zu: kW \"系统高峰时的需量 时段 %zu\"\n", i, i);
        }
    }
    put_fixed(&w);
    put_energy(&w);
    put_fuel(&w);
    put_demand(&w, &r->flat, "flat", "DEMAND", "需量电费");
    put_demand(&w, &r->demand, "tou", "DEMAND_TOU", "分时需量电费");
    put_coincident(&w);
    put_least(&w);
    if (by_month(r)) {
        put_month_check(&w);
    }
    if (w.days) {
        text_add_c(t, "days = round(hours / 24 h, 0)\n");
    }
    if (w.peak) {
        text_addf(t, "peak = %s else 0\n", demand_of(&w, ""));
    }
    if (w.year) {
        text_add_c(t, "state months_before: count = 0 per year\n"
                      "next months_before = months_before + 1\n");
    }
}
