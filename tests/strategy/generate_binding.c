/* generate_binding.c - random contracts, members, calendars and readings for any loaded strategy:
 * what its declarations accept, with zeros, refunds, silence and price changes in between. */
#include "generate.h"
#include "base/check.h"

struct maker {
    struct rng rng;
    struct arena *a;
    const struct tally_program *p;
    struct generated *out;
    int estimated, missing; /* readings in a thousand */
    int n_made;             /* members, so that names differ */
};

static int below(struct maker *m, int n)
{
    return (int)rng_below(&m->rng, (uint64_t)n);
}

static bool chance(struct maker *m, int percent)
{
    return below(m, 100) < percent;
}

/* ---- readings -------------------------------------------------------------------------------- */

static enum err_code data_values(void *ctx, int32_t source, const struct strategy_axis *axis,
                                 int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                                 struct err *e)
{
    const struct generated *g = ctx;
    const struct generated_source *s = &g->sources[source];
    (void)e;
    check(source >= 0 && source < g->n_sources && first >= 0 && first + n <= s->n &&
          axis->n == s->n);
    memcpy(values, s->values + first, (size_t)n * sizeof(*values));
    memcpy(quality, s->quality + first, (size_t)n);
    return OK;
}

static enum err_code data_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                               const struct tariff_span *span, int64_t *sums,
                               struct strategy_seen *seen, struct err *e)
{
    const struct generated *g = ctx;
    const struct generated_source *s = &g->sources[source];
    (void)e;
    check(source >= 0 && source < g->n_sources && axis->n == s->n);
    memset(sums, 0, sizeof(*sums) * (span ? (size_t)span->n_keys : 1));
    *seen = (struct strategy_seen){ .n = s->n, .first_missing = -1 };
    for (int32_t i = 0; i < s->n; i++) {
        struct instant t = { axis->start.utc_ms + i * axis->minutes * 60000LL };
        if (s->quality[i] == QUALITY_MISSING) {
            seen->first_missing = seen->n_missing++ ? seen->first_missing : i;
            continue;
        }
        sums[span ? tariff_span_key(span, t) : 0] += s->values[i];
        seen->n_estimated += s->quality[i] == QUALITY_ESTIMATED;
        seen->n_manual += s->quality[i] == QUALITY_MANUAL;
        seen->estimated += s->quality[i] == QUALITY_ACTUAL ? 0
                           : s->values[i] < 0              ? -s->values[i]
                                                           : s->values[i];
    }
    return OK;
}

static int64_t power_of_ten(int digits)
{
    return DECIMAL_POW10[digits];
}

static int32_t new_source(struct maker *m, const struct tally_decl *d, int32_t n, int digits)
{
    struct generated *g = m->out;
    check(g->n_sources < GENERATED_SOURCES_MAX);
    struct generated_source *s = &g->sources[g->n_sources];
    static const int64_t TOP_E4[] = { 3000, 200000, 200000, 50000000, 9000000000 };
    int64_t top = d->kind == STRATEGY_METER ? TOP_E4[below(m, 5)] : TOP_E4[1 + below(m, 2)];
    struct text unit;
    text_init(&unit, m->a, 64);
    text_unit(&unit, m->p, &d->type.unit);
    if (str_is(text_str(&unit), "yuan/kWh")) { /* up to 1.5 */
        top = 3 * power_of_ten(digits) / 2;
    }
    bool idle = chance(m, 6), both_ways = chance(m, d->kind == STRATEGY_METER ? 6 : 40);
    bool silent = chance(m, 40); /* only some sources lose readings */
    *s = (struct generated_source){ arena_many(m->a, (size_t)n + 1, int64_t),
                                    arena_many(m->a, (size_t)n + 1, uint8_t), n, digits };
    for (int32_t i = 0; i < n; i++) {
        int64_t v = idle || chance(m, 12) ? 0 : rng_between(&m->rng, 0, top);
        s->values[i] = both_ways && chance(m, 40) ? -v : v;
        int q = below(m, 1000);
        if (silent && q < m->missing) {
            s->quality[i] = QUALITY_MISSING;
            s->values[i] = 0;
            g->all_actual = false;
        } else if (q >= 1000 - m->estimated) {
            s->quality[i] = q & 1 ? QUALITY_ESTIMATED : QUALITY_MANUAL;
            g->all_actual = false;
        }
    }
    return g->n_sources++;
}

/* ---- time ------------------------------------------------------------------------------------ */

static struct strategy_axis new_axis(struct maker *m, struct instant around, int most)
{
    static const int MINUTES[] = { 15, 15, 15, 30, 60, 5 };
    struct strategy_axis axis = { .minutes = MINUTES[below(m, 6)] };
    int slots = (int)(DAY_MS / SLOT_MS);
    int64_t step = axis.minutes < 15 ? 15 : axis.minutes;
    int64_t offset = chance(m, 40) ? 0 : below(m, slots) * 15 / step * step;
    axis.start.utc_ms = day_start(instant_day(around)).utc_ms + offset * 60000;
    axis.n = 1 + below(m, most);
    if (axis.minutes == 5) {
        axis.n *= 3; /* a period is a whole number of 0.01 h */
    }
    return axis;
}

/* A calendar of a few blocks a day, two kinds of day, and up to two price versions. */
static struct tariff_span *new_span(struct maker *m, struct day first, int32_t n_days)
{
    struct tariff_span *s = arena_make(m->a, struct tariff_span);
    uint8_t period[2][SLOTS];
    for (int kind = 0; kind < 2; kind++) {
        int now = below(m, TOU_PERIODS);
        for (int slot = 0; slot < SLOTS; slot++) {
            now = chance(m, 8) ? below(m, TOU_PERIODS) : now;
            period[kind][slot] = (uint8_t)now;
        }
    }
    bool *workday = arena_many(m->a, (size_t)n_days, bool);
    bool *holiday = arena_many(m->a, (size_t)n_days, bool);
    uint8_t *day_map = arena_many(m->a, (size_t)n_days, uint8_t);
    struct tou_map *maps = arena_many(m->a, (size_t)n_days, struct tou_map);
    int64_t change = chance(m, 35) ? below(m, n_days * SLOTS) : INT32_MAX;
    s->n_versions = change < INT32_MAX || chance(m, 5) ? 2 : 1;
    bool used[2][TOU_PERIODS] = { { false } };
    uint8_t name[2][TOU_PERIODS] = { { 0 } };
    struct tou_key *keys = arena_many(m->a, 2 * TOU_PERIODS, struct tou_key);
    for (int pass = 0; pass < 2; pass++) { /* which keys there are, then their numbers */
        for (int32_t day = 0; day < n_days; day++) {
            int kind = pass ? !workday[day] : below(m, 2);
            if (!pass) {
                workday[day] = !kind;
                holiday[day] = kind && chance(m, 50);
            }
            for (int slot = 0; slot < SLOTS; slot++) {
                int version = day * SLOTS + slot >= change;
                used[version][period[kind][slot]] = true;
                maps[day].key[slot] = name[version][period[kind][slot]];
            }
            day_map[day] = (uint8_t)day;
        }
        s->n_keys = 0;
        for (int version = 0; version < 2; version++) {
            for (int i = 0; i < TOU_PERIODS; i++) {
                if (used[version][i]) {
                    keys[s->n_keys] = (struct tou_key){ (int16_t)(version + 1), (uint8_t)i };
                    name[version][i] = (uint8_t)s->n_keys++;
                }
            }
        }
    }
    s->first = first;
    s->n_days = n_days;
    s->day_map = day_map;
    s->maps = maps;
    s->n_maps = n_days;
    s->keys = keys;
    s->workday = workday;
    s->holiday = holiday;
    return s;
}

/* ---- settings -------------------------------------------------------------------------------- */

static struct decimal some_number(struct maker *m, const struct tally_type *type, int scale)
{
    struct text unit;
    text_init(&unit, m->a, 64);
    text_unit(&unit, m->p, &type->unit);
    struct str u = text_str(&unit);
    int64_t top = 400, ten = power_of_ten(scale);
    if (u.n == 0) {
        top = scale == 0 ? 6 : 1;
    } else if (str_is(u, "kWh") || str_is(u, "yuan")) {
        top = chance(m, 50) ? 200 : 90000;
    } else if (str_is(u, "yuan/kWh")) {
        top = 1;
    }
    int64_t n = rng_between(&m->rng, 0, top * ten);
    if (chance(m, 12)) {
        n = 0;
    } else if (chance(m, 20)) {
        n = n / ten * ten;
    } else if (chance(m, 5) && !type->any_unit && u.n > 0) {
        n = -n;
    }
    return (struct decimal){ n, (int8_t)scale };
}

static struct decimal held(const struct tally_decl *d, struct decimal n)
{
    int64_t lo, hi;
    struct err e = { 0 };
    if (d->has_min && decimal_rescale(d->min, n.scale, &lo, &e) == OK && n.units < lo) {
        n.units = lo;
    }
    if (d->has_max && decimal_rescale(d->max, n.scale, &hi, &e) == OK && n.units > hi) {
        n.units = hi;
    }
    return n;
}

static void new_rows(struct maker *m, const struct tally_table *t, struct strategy_setting *s)
{
    s->n_rows = (size_t)(1 + below(m, 4));
    struct strategy_row *rows = arena_many(m->a, s->n_rows, struct strategy_row);
    struct tally_type type = { .unit = t->from };
    int64_t bound = -below(m, 2) * power_of_ten(t->from_scale);
    for (size_t i = 0; i < s->n_rows; i++) {
        rows[i].bound = (struct decimal){ bound, t->from_scale };
        rows[i].rest = t->upto && i + 1 == s->n_rows && chance(m, 60);
        rows[i].blank = chance(m, 12);
        type.unit = t->to;
        rows[i].value = some_number(m, &type, t->to_scale);
        type.unit = t->from;
        int64_t step = some_number(m, &type, t->from_scale).units;
        bound += (step < 0 ? -step : step) + 1;
    }
    s->rows = rows;
}

static bool new_setting(struct maker *m, const struct tally_decl *d, struct strategy_setting *s)
{
    *s = (struct strategy_setting){ .name = d->name };
    if (d->optional && chance(m, 45)) {
        s->absent = true;
        s->type = d->type.kind == TALLY_CHOICE   ? STRATEGY_CHOICE
                  : d->type.kind == TALLY_YES_NO ? STRATEGY_YES_NO
                  : d->type.kind == TALLY_TABLE  ? STRATEGY_TABLE
                                                 : STRATEGY_NUMBER;
        return true;
    }
    if (d->initial && d->kind != STRATEGY_STATE && chance(m, 30)) {
        return false; /* the default */
    }
    switch (d->type.kind) {
    case TALLY_CHOICE: {
        const struct tally_choice *c = &m->p->choices[d->type.choice];
        s->type = STRATEGY_CHOICE;
        s->choice = c->names[below(m, c->n)];
        break;
    }
    case TALLY_YES_NO:
        s->type = STRATEGY_YES_NO;
        s->yes = chance(m, 50);
        break;
    case TALLY_TABLE:
        s->type = STRATEGY_TABLE;
        new_rows(m, d->table, s);
        break;
    default:
        s->type = STRATEGY_NUMBER;
        s->number = held(d, some_number(m, &d->type, d->type.scale));
    }
    return true;
}

/* ---- the top and the members ----------------------------------------------------------------- */

static const struct strategy_axis *window_axis(const struct maker *m, int axis)
{
    for (size_t i = 0; i < m->out->binding.n_windows; i++) {
        if (str_eq(m->out->binding.windows[i].name, m->p->axes[axis].name)) {
            return &m->out->binding.windows[i].axis;
        }
    }
    check(false);
}

static void make_part(struct maker *m, int group, const struct strategy_axis *time,
                      struct strategy_part *part);

static void make_members(struct maker *m, int axis, const struct strategy_axis *time,
                         struct strategy_members *list)
{
    const struct tally_axis *group = &m->p->axes[axis];
    list->group = group->name;
    list->n = chance(m, 4) ? 0 : (size_t)(1 + below(m, 3));
    struct strategy_member *at = arena_many(m->a, list->n + 1, struct strategy_member);
    for (size_t i = 0; i < list->n; i++) {
        at[i].name = str_of(arena_printf(m->a, "M%d", ++m->n_made));
        at[i].party =
            group->party_name.n > 0 ? str_of(arena_printf(m->a, "P%d", m->n_made)) : at[i].name;
        bool day = str_is(group->name, "day"); /* of history: the same clock on an earlier date */
        at[i].own_axis = day || str_is(group->name, "session");
        if (day) {
            at[i].axis = *time;
            at[i].axis.start.utc_ms -= (int64_t)(list->n - i) * DAY_MS;
        } else if (at[i].own_axis) {
            struct day from = day_add(instant_day(time->start), -below(m, 2));
            at[i].axis = new_axis(m, day_start(from), 12);
            if (chance(m, 25)) { /* as long as the period, at another time of day */
                at[i].axis.n = time->n;
                at[i].axis.minutes = time->minutes;
            }
        }
        make_part(m, axis, at[i].own_axis ? &at[i].axis : time, &at[i].part);
    }
    list->at = at;
}

static void make_part(struct maker *m, int group, const struct strategy_axis *time,
                      struct strategy_part *part)
{
    const struct tally_program *p = m->p;
    struct strategy_setting *settings =
        arena_many(m->a, (size_t)p->n_decls + 1, struct strategy_setting);
    struct strategy_feed *feeds = arena_many(m->a, (size_t)p->n_decls + 1, struct strategy_feed);
    struct strategy_members *groups =
        arena_many(m->a, (size_t)p->n_axes + 1, struct strategy_members);
    for (int32_t i = 0; i < p->n_decls; i++) {
        const struct tally_decl *d = &p->decls[i];
        if (d->axis != group || d->kind == STRATEGY_PRICE) {
            continue;
        }
        if (d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES) {
            const struct strategy_axis *axis =
                d->window >= AXIS_FIRST ? window_axis(m, d->window) : time;
            int digits = d->type.scale;
            if (d->kind == STRATEGY_SERIES && digits > 2 && chance(m, 30)) {
                digits -= 2;
            }
            feeds[part->n_feeds++] =
                (struct strategy_feed){ d->name, new_source(m, d, axis->n, digits), digits };
        } else if (new_setting(m, d, &settings[part->n_settings])) {
            part->n_settings++;
        }
    }
    for (int axis = AXIS_FIRST; axis < p->n_axes; axis++) {
        if (p->axes[axis].group && p->axes[axis].outer == group) {
            make_members(m, axis, time, &groups[part->n_groups++]);
        }
    }
    if (group >= 0 && p->axes[group].opaque >= 0) {
        struct strategy_unit *unit = arena_make(m->a, struct strategy_unit);
        *unit = (struct strategy_unit){ p->opaques[p->axes[group].opaque],
                                        chance(m, 50) ? STR("kWh") : STR("m3"), 2 };
        part->units = unit;
        part->n_units = 1;
    }
    part->settings = settings;
    part->feeds = feeds;
    part->groups = groups;
}

static void make_prices(struct maker *m, struct strategy_binding *b)
{
    struct strategy_price_feed *prices =
        arena_many(m->a, (size_t)m->p->n_decls + 1, struct strategy_price_feed);
    bool holes = chance(m, 5);
    for (int32_t i = 0; i < m->p->n_decls; i++) {
        if (m->p->decls[i].kind == STRATEGY_PRICE) {
            int64_t *e6 = arena_many(m->a, (size_t)b->span->n_keys + 1, int64_t);
            for (int32_t k = 0; k < b->span->n_keys; k++) {
                e6[k] = rng_between(&m->rng, chance(m, 5) ? -200000 : 50000, 1300000);
                e6[k] = chance(m, 60) ? e6[k] / 100 * 100 : e6[k];
                e6[k] = holes && chance(m, 25) ? TARIFF_NO_PRICE : e6[k];
            }
            prices[b->n_prices++] = (struct strategy_price_feed){ m->p->decls[i].name, e6 };
        }
    }
    b->prices = prices;
}

void generate_binding(struct arena *a, uint64_t seed, const struct tally_program *p,
                      struct generated *out)
{
    struct maker m = { .a = a, .p = p, .out = out };
    rng_init(&m.rng, seed ^ 0x5bd1e995u);
    m.estimated = chance(&m, 20) ? 60 : 0;
    m.missing = chance(&m, 12) ? 30 : 0;
    out->n_sources = 0;
    out->all_actual = true;
    out->data = (struct strategy_data){ out, data_sums, data_values };
    struct strategy_binding *b = &out->binding;
    *b = (struct strategy_binding){ .order_no = STR("20260700001") };
    struct day first = { 20260601 + below(&m, 28) };
    b->axis = new_axis(&m, day_start(first), chance(&m, 10) ? 120 : 40);
    int32_t days = (int32_t)(((int64_t)b->axis.n * b->axis.minutes * 60000) / DAY_MS) + 6;
    b->span = new_span(&m, day_add(first, -3), days);
    struct strategy_window *windows = arena_many(a, (size_t)p->n_axes + 1, struct strategy_window);
    for (int axis = AXIS_FIRST; axis < p->n_axes; axis++) {
        if (p->axes[axis].window) {
            windows[b->n_windows++] =
                (struct strategy_window){ p->axes[axis].name,
                                          new_axis(&m, day_start(day_add(first, -1)), 12) };
        }
    }
    b->windows = windows;
    make_prices(&m, b);
    make_part(&m, -1, &b->axis, &b->top);
}

/* ---- words ----------------------------------------------------------------------------------- */

static bool library_find(void *ctx, struct str name, struct str *file, struct str *text)
{
    const struct generated *g = ctx;
    bool shared = str_is(name, "shared");
    *text = shared ? g->library : g->amendment;
    *file = shared ? STR("shared.tally") : STR("later.tally");
    return (shared || str_is(name, "later")) && text->n > 0;
}

struct strategy_library generated_library(const struct generated *g)
{
    return (struct strategy_library){ (void *)(uintptr_t)g, library_find };
}

static void describe_part(const struct generated *g, const struct strategy_part *part,
                          const char *indent, struct text *t)
{
    for (size_t i = 0; i < part->n_settings; i++) {
        const struct strategy_setting *s = &part->settings[i];
        text_addf(t, "%s" STR_FMT " = ", indent, STR_ARG(s->name));
        if (s->absent) {
            text_add_c(t, "absent");
        } else if (s->type == STRATEGY_NUMBER) {
            text_scaled(t, s->number.units, s->number.scale);
        } else if (s->type == STRATEGY_CHOICE) {
            text_add(t, s->choice);
        } else if (s->type == STRATEGY_YES_NO) {
            text_add_c(t, s->yes ? "yes" : "no");
        }
        for (size_t r = 0; !s->absent && s->type == STRATEGY_TABLE && r < s->n_rows; r++) {
            text_scaled(t, s->rows[r].bound.units, s->rows[r].bound.scale);
            text_add_c(t, s->rows[r].rest ? "(rest):" : ":");
            text_scaled(t, s->rows[r].value.units, s->rows[r].value.scale);
            text_add_c(t, s->rows[r].blank ? "(blank) " : " ");
        }
        text_byte(t, '\n');
    }
    for (size_t i = 0; i < part->n_feeds; i++) {
        const struct generated_source *s = &g->sources[part->feeds[i].source];
        text_addf(t, "%s" STR_FMT ":", indent, STR_ARG(part->feeds[i].name));
        for (int32_t k = 0; k < s->n && k < 48; k++) {
            text_byte(t, ' ');
            if (s->quality[k] == QUALITY_MISSING) {
                text_byte(t, '?');
            } else {
                text_decimal(t, s->values[k], s->digits, 0);
            }
        }
        text_addf(t, "%s\n", s->n > 48 ? " ..." : "");
    }
    for (size_t i = 0; i < part->n_groups; i++) {
        for (size_t k = 0; k < part->groups[i].n; k++) {
            const struct strategy_member *member = &part->groups[i].at[k];
            text_addf(t, "%s" STR_FMT " " STR_FMT, indent, STR_ARG(part->groups[i].group),
                      STR_ARG(member->name));
            if (member->own_axis) {
                text_byte(t, ' ');
                text_instant(t, member->axis.start);
                text_addf(t, " %d x %d min", member->axis.n, member->axis.minutes);
            }
            text_byte(t, '\n');
            char deeper[32];
            snprintf(deeper, sizeof(deeper), "%s    ", indent);
            describe_part(g, &member->part, deeper, t);
        }
    }
}

void generated_describe(const struct generated *g, struct text *t)
{
    const struct strategy_binding *b = &g->binding;
    text_instant(t, b->axis.start);
    text_addf(t, ", %d x %d min; %d versions, keys", b->axis.n, b->axis.minutes,
              b->span->n_versions);
    for (int32_t i = 0; i < b->span->n_keys; i++) {
        text_addf(t, " %s@%d", tou_period_word((enum tou_period)b->span->keys[i].period),
                  b->span->keys[i].version);
    }
    text_add_c(t, "\nslots:");
    for (int32_t i = 0; i < b->axis.n && i < 48; i++) {
        struct instant at = { b->axis.start.utc_ms + i * b->axis.minutes * 60000LL };
        text_addf(t, " %d", tariff_span_key(b->span, at));
    }
    text_byte(t, '\n');
    for (size_t i = 0; i < b->n_prices; i++) {
        text_add(t, b->prices[i].name);
        for (int32_t k = 0; k < b->span->n_keys; k++) {
            text_byte(t, ' ');
            if (b->prices[i].yuan_e6[k] == TARIFF_NO_PRICE) {
                text_byte(t, '?');
            } else {
                text_scaled(t, b->prices[i].yuan_e6[k], 6);
            }
        }
        text_byte(t, '\n');
    }
    describe_part(g, &b->top, "  ", t);
}
