/* world.h - for tests and the bench: a contract out of words, readings out of a line of numbers.
 *
 * Header only, because each test is a program of its own.
 */
#ifndef SK_STRATEGY_WORLD_H
#define SK_STRATEGY_WORLD_H
#include "strategy/strategy.h"

#define WORLD_ITEMS 128

struct world_vector {
    struct instant start;
    int32_t minutes, n;
    const int64_t *values;
    const uint8_t *quality;
};
struct world_part { /* grows; becomes a struct strategy_part */
    struct strategy_setting settings[WORLD_ITEMS];
    struct strategy_feed feeds[WORLD_ITEMS];
    struct strategy_unit units[4];
    struct strategy_members groups[8];
    struct strategy_member *members[8];
    struct world_part *parts[8]; /* of the members of group i */
    struct strategy_part part;
};
struct world {
    struct arena *arena;
    struct strategy *strategy;
    struct strategy_binding binding;
    struct strategy_price_feed prices[8];
    struct strategy_window windows[4];
    struct world_part top;
    struct world_vector vectors[WORLD_ITEMS];
    int32_t n_vectors;
    int32_t n_sums, n_values; /* calls */
    struct strategy_bound *bound;
    struct strategy_result *result;
    struct strategy_messages messages;
    struct err err;
    struct strategy_library library;
};

/* ---- readings -------------------------------------------------------------------------------- */

static inline uint8_t world_key(const struct tariff_span *s, int64_t utc_ms)
{
    int64_t local = utc_ms + CHINA_MS, day = local / DAY_MS;
    return s->maps[s->day_map[day - day_number(s->first)]].key[(local - day * DAY_MS) / SLOT_MS];
}

static inline enum err_code world_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                                       const struct tariff_span *span, int64_t *sums,
                                       struct strategy_seen *seen, struct err *e)
{
    struct world *w = ctx;
    const struct world_vector *v = &w->vectors[source];
    (void)e;
    w->n_sums++;
    int64_t skip = (axis->start.utc_ms - v->start.utc_ms) / ((int64_t)v->minutes * 60000);
    memset(sums, 0, (size_t)(span ? span->n_keys : 1) * sizeof *sums);
    *seen = (struct strategy_seen){ .n = axis->n, .first_missing = -1 };
    for (int32_t i = 0; i < axis->n; i++) {
        uint8_t q = v->quality ? v->quality[skip + i] : QUALITY_ACTUAL;
        int64_t x = v->values[skip + i];
        if (q == QUALITY_MISSING) {
            seen->first_missing = seen->n_missing++ ? seen->first_missing : i;
            continue;
        }
        seen->n_estimated += q == QUALITY_ESTIMATED;
        seen->n_manual += q == QUALITY_MANUAL;
        seen->estimated += q == QUALITY_ACTUAL ? 0 : x < 0 ? -x : x;
        int64_t at = axis->start.utc_ms + (int64_t)i * axis->minutes * 60000;
        sums[span ? world_key(span, at) : 0] += x;
    }
    return OK;
}

static inline enum err_code world_values(void *ctx, int32_t source,
                                         const struct strategy_axis *axis, int32_t first, int32_t n,
                                         int64_t *values, uint8_t *quality, struct err *e)
{
    struct world *w = ctx;
    const struct world_vector *v = &w->vectors[source];
    (void)e;
    w->n_values++;
    int64_t skip = (axis->start.utc_ms - v->start.utc_ms) / ((int64_t)v->minutes * 60000) + first;
    for (int32_t i = 0; i < n; i++) {
        values[i] = v->values[skip + i];
        quality[i] = v->quality ? v->quality[skip + i] : QUALITY_ACTUAL;
    }
    return OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* n intervals from an instant such as "2025-07-10T10:30:00+08:00". */
static inline struct strategy_axis world_axis(const char *start, int32_t minutes, int32_t n)
{
    struct strategy_axis a = { .minutes = minutes, .n = n };
    if (instant_parse(str_of(start), &a.start, NULL) != OK) {
        abort();
    }
    return a;
}

static inline struct world *world_new(struct arena *arena, const char *start, int32_t minutes,
                                      int32_t n)
{
    struct world *w = arena_make(arena, struct world);
    w->arena = arena;
    w->binding.axis = world_axis(start, minutes, n);
    w->binding.order_no = STR("T-1");
    w->binding.prices = w->prices;
    w->binding.windows = w->windows;
    return w;
}

/* A span over days from the axis's first, keys by hour: 24 letters of s p f v d for one version;
 * `versions` of them, version k + 1 from day first_day[k]. */
static inline void world_tou(struct world *w, int32_t days, const char *hours, int32_t versions,
                             const int32_t *first_day)
{
    static const char letters[] = "spfvd";
    struct tariff_span *s = arena_make(w->arena, struct tariff_span);
    struct tou_key *keys = arena_many(w->arena, TOU_KEYS_MAX, struct tou_key);
    struct tou_map *maps = arena_many(w->arena, (size_t)versions, struct tou_map);
    uint8_t *day_map = arena_alloc(w->arena, (size_t)days);
    bool *workday = arena_alloc(w->arena, (size_t)days);
    bool *holiday = arena_alloc(w->arena, (size_t)days);
    for (int32_t v = 0; v < versions; v++) {
        for (int p = 0; p < TOU_PERIODS; p++) {
            if (strchr(hours, letters[p])) {
                keys[s->n_keys++] = (struct tou_key){ (int16_t)(v + 1), (uint8_t)p };
            }
        }
        for (int i = 0; i < SLOTS; i++) {
            for (int32_t k = 0; k < s->n_keys; k++) {
                if (keys[k].version == v + 1 && letters[keys[k].period] == hours[i / 4]) {
                    maps[v].key[i] = (uint8_t)k;
                }
            }
        }
    }
    s->first = instant_day(w->binding.axis.start);
    for (int32_t d = 0; d < days; d++) {
        for (int32_t v = 0; v < versions; v++) {
            day_map[d] = d >= first_day[v] ? (uint8_t)v : day_map[d];
        }
        workday[d] = day_weekday(day_add(s->first, d)) < 6;
        holiday[d] = !workday[d];
    }
    s->n_days = days;
    s->day_map = day_map;
    s->maps = maps;
    s->n_maps = versions;
    s->keys = keys;
    s->n_versions = versions;
    s->workday = workday;
    s->holiday = holiday;
    w->binding.span = s;
}

/* Numbers separated by blanks, as decimals at `digits`; "E"/"M" after one marks it, "-" is missing.
 */
static inline int32_t world_vector(struct world *w, const struct strategy_axis *axis,
                                   int32_t digits, const char *numbers)
{
    struct world_vector *v = &w->vectors[w->n_vectors];
    int64_t *values = arena_many(w->arena, (size_t)axis->n + 1, int64_t);
    uint8_t *quality = arena_alloc(w->arena, (size_t)axis->n + 1);
    struct str rest = str_of(numbers), word;
    int32_t i = 0;
    while (i < axis->n && str_split(&rest, ' ', &word)) {
        if (word.n == 0) {
            continue;
        }
        char last = word.at[word.n - 1];
        if (word.n == 1 && last == '-') {
            quality[i++] = QUALITY_MISSING;
            continue;
        }
        if (last == 'E' || last == 'M') {
            quality[i] = last == 'E' ? QUALITY_ESTIMATED : QUALITY_MANUAL;
            word.n--;
        }
        if (decimal_scaled(word, digits, &values[i++], NULL) != OK) {
            abort();
        }
    }
    for (int32_t k = i; i > 0 && k < axis->n; k++) { /* too few: they repeat */
        values[k] = values[k % i];
        quality[k] = quality[k % i];
    }
    *v = (struct world_vector){ axis->start, axis->minutes, axis->n, values, quality };
    return w->n_vectors++;
}

static inline void world_feed_on(struct world *w, struct world_part *p, const char *name,
                                 int32_t digits, const char *numbers,
                                 const struct strategy_axis *axis)
{
    p->part.feeds = p->feeds;
    p->feeds[p->part.n_feeds++] = (struct strategy_feed){
        .name = str_of(name),
        .source = world_vector(w, axis, digits, numbers),
        .digits = digits,
    };
}

static inline void world_feed(struct world *w, const char *name, int32_t digits,
                              const char *numbers)
{
    world_feed_on(w, &w->top, name, digits, numbers, &w->binding.axis);
}

/* "0.88", "yes", a choice, or "absent". */
static inline void world_set_in(struct world_part *p, const char *name, const char *value)
{
    struct strategy_setting s = { .name = str_of(name), .type = STRATEGY_NUMBER };
    struct str v = str_of(value);
    if (str_is(v, "absent")) {
        s.absent = true;
    } else if (str_is(v, "yes") || str_is(v, "no")) {
        s.type = STRATEGY_YES_NO;
        s.yes = str_is(v, "yes");
    } else if (decimal_parse(v, &s.number, NULL) != OK) {
        s.type = STRATEGY_CHOICE;
        s.choice = v;
    }
    p->part.settings = p->settings;
    p->settings[p->part.n_settings++] = s;
}

static inline void world_set(struct world *w, const char *name, const char *value)
{
    world_set_in(&w->top, name, value);
}

static inline void world_table_in(struct world_part *p, const char *name,
                                  const struct strategy_row *rows, size_t n)
{
    p->part.settings = p->settings;
    p->settings[p->part.n_settings++] = (struct strategy_setting){
        .name = str_of(name), .type = STRATEGY_TABLE, .rows = rows, .n_rows = n
    };
}

/* Prices by tou key, blank-separated, 6 decimals at most; "-" where there is none. */
static inline void world_price(struct world *w, const char *name, const char *numbers)
{
    int64_t *e6 = arena_many(w->arena, TOU_KEYS_MAX, int64_t);
    struct str rest = str_of(numbers), word;
    int32_t i = 0;
    while (str_split(&rest, ' ', &word)) {
        if (word.n == 1 && word.at[0] == '-') {
            e6[i++] = TARIFF_NO_PRICE;
        } else if (word.n && decimal_scaled(word, 6, &e6[i++], NULL) != OK) {
            abort();
        }
    }
    w->prices[w->binding.n_prices++] = (struct strategy_price_feed){ str_of(name), e6 };
}

/* n members of a group, to be filled through the returned parts: names given with blanks. */
static inline struct world_part *world_group(struct world *w, struct world_part *in,
                                             const char *group, const char *names)
{
    struct str rest = str_of(names), word;
    size_t g = in->part.n_groups++, n = 0;
    in->members[g] = arena_many(w->arena, WORLD_ITEMS, struct strategy_member);
    in->parts[g] = arena_many(w->arena, 32, struct world_part);
    while (str_split(&rest, ' ', &word)) {
        if (word.n) {
            in->members[g][n].name = word;
            in->members[g][n++].party = word;
        }
    }
    in->groups[g] = (struct strategy_members){ str_of(group), in->members[g], n };
    in->part.groups = in->groups;
    return in->parts[g];
}

static inline void world_settle_parts(struct world_part *p)
{
    for (size_t g = 0; g < p->part.n_groups; g++) {
        for (size_t i = 0; i < p->groups[g].n; i++) {
            world_settle_parts(&p->parts[g][i]);
            p->members[g][i].part = p->parts[g][i].part;
        }
    }
}

static inline enum err_code world_load(struct world *w, const char *text)
{
    return strategy_load(w->arena, STR("test.tally"), str_of(text),
                         w->library.find ? &w->library : NULL, NULL, 0, &w->strategy, &w->messages,
                         &w->err);
}

static inline enum err_code world_run(struct world *w)
{
    world_settle_parts(&w->top);
    w->binding.top = w->top.part;
    struct strategy_data data = { w, world_sums, world_values };
    enum err_code code = strategy_bind(w->arena, w->strategy, &w->binding, &w->bound, &w->err);
    return code != OK ? code : strategy_run(w->arena, w->bound, &data, &w->result, &w->err);
}

/* Lines, flags, states as one text: "SELF.sharp consumer>investor 210.00 kWh x 0.9500 = 19950". */
static inline const char *world_text(struct world *w)
{
    struct text t;
    text_init(&t, w->arena, 1 << 20);
    for (size_t i = 0; i < w->result->n_lines; i++) {
        const struct strategy_line *l = &w->result->lines[i];
        text_addf(&t, STR_FMT " " STR_FMT ">" STR_FMT " ", STR_ARG(l->code), STR_ARG(l->payer),
                  STR_ARG(l->payee));
        if (l->has_quantity) {
            text_decimal(&t, l->quantity.units, l->quantity.scale, 0);
            text_addf(&t, " " STR_FMT " ", STR_ARG(l->unit));
        }
        if (l->has_price) {
            text_add_c(&t, "x ");
            text_decimal(&t, l->price.units, l->price.scale, 0);
            text_add_c(&t, " ");
        }
        text_addf(&t, "= %lld", (long long)l->fen);
        if (l->vat != VAT_NONE) {
            text_addf(&t, " (%lld + %lld)", (long long)l->net_fen, (long long)l->vat_fen);
        }
        text_add_c(&t, "\n");
    }
    for (size_t i = 0; i < w->result->n_flags; i++) {
        text_addf(&t, "flag " STR_FMT "\n", STR_ARG(w->result->flags[i].code));
    }
    for (size_t i = 0; i < w->result->n_next; i++) {
        text_addf(&t, "next " STR_FMT " ", STR_ARG(w->result->next[i].name));
        text_decimal(&t, w->result->next[i].number.units, w->result->next[i].number.scale, 0);
        text_add_c(&t, "\n");
    }
    text_add_c(&t, "");
    return t.at ? t.at : "";
}

/* Values of a definition: "210 200 780", "absent" for none. */
static inline const char *world_values_of(struct world *w, const char *name)
{
    const struct strategy_printed *v = NULL;
    size_t n = strategy_values(w->arena, w->bound, w->result, str_of(name), &v);
    struct text t;
    text_init(&t, w->arena, 1 << 20);
    text_add_c(&t, "");
    for (size_t i = 0; i < n; i++) {
        text_add_c(&t, i ? " " : "");
        if (v[i].absent) {
            text_add_c(&t, "absent");
        } else {
            text_decimal(&t, v[i].value.units, v[i].value.scale, 0);
        }
    }
    return t.at ? t.at : "";
}
#endif
