/* run_fuzz.c - any text that loads binds or says why not, runs or fails by name, and explains
 * itself.
 *
 * The input is a strategy; contract and readings are made from what it declares, seeded by the text
 * itself, so that a finding replays from its file alone.
 */
#include "strategy/strategy.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 16384 /* enough for any strategy of the library; longer inputs only cost time */
#define INTERVALS 12
#define MEMBERS_MAX 3

struct maker {
    struct arena *arena;
    const struct strategy *strategy;
    uint64_t seed;
    int32_t sources;
};

static uint64_t draw(struct maker *m)
{
    m->seed = m->seed * 6364136223846793005u + 1442695040888963407u;
    return m->seed >> 33;
}

static enum err_code fuzz_values(void *ctx, int32_t source, const struct strategy_axis *axis,
                                 int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                                 struct err *e)
{
    uint64_t seed = *(const uint64_t *)ctx + (uint64_t)source * 7919u;
    (void)axis;
    (void)e;
    for (int32_t i = 0; i < n; i++) {
        uint64_t x = (seed ^ (uint64_t)(first + i)) * 0x9E3779B97F4A7C15u;
        values[i] = (int64_t)(x >> 44) - (source % 3 == 0 ? 1000 : 0);
        quality[i] = (uint8_t)(x % 997 == 0 ? 3 : x % 31 == 0 ? 1 : 0);
    }
    return OK;
}

static enum err_code fuzz_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                               const struct tariff_span *span, int64_t *sums,
                               struct strategy_seen *seen, struct err *e)
{
    int64_t v[INTERVALS];
    uint8_t q[INTERVALS];
    memset(sums, 0, (size_t)(span ? span->n_keys : 1) * sizeof *sums);
    *seen = (struct strategy_seen){ .n = axis->n, .first_missing = -1 };
    (void)fuzz_values(ctx, source, axis, 0, axis->n, v, q, e);
    for (int32_t i = 0; i < axis->n; i++) {
        int64_t at = axis->start.utc_ms + CHINA_MS + (int64_t)i * axis->minutes * 60000;
        if (q[i] == QUALITY_MISSING) {
            seen->first_missing = seen->n_missing++ ? seen->first_missing : i;
            continue;
        }
        seen->n_estimated += q[i] == QUALITY_ESTIMATED;
        sums[span ? span->maps[0].key[at % DAY_MS / SLOT_MS] : 0] += v[i];
    }
    return OK;
}

static struct strategy_setting make_setting(struct maker *m, const struct strategy_decl *d)
{
    static const struct strategy_row rows[] = {
        { .bound = { 0, 0 }, .value = { 5, 0 } },
        { .bound = { 15, 1 }, .blank = true },
        { .bound = { 30, 0 }, .value = { 2, 0 } },
    };
    struct strategy_setting s = { .name = d->name, .type = d->type };
    s.absent = d->optional && draw(m) % 2;
    s.yes = draw(m) % 2;
    s.choice = d->n_choices ? d->choices[draw(m) % d->n_choices] : STR("");
    s.rows = rows;
    s.n_rows = 3;
    s.number = d->has_min ? d->min : (struct decimal){ (int64_t)(draw(m) % 200), 0 };
    if (str_is(d->unit, "ratio") && !d->has_min) {
        s.number = (struct decimal){ (int64_t)(draw(m) % 120), 2 };
    }
    if (draw(m) % 4 == 0 && !d->has_min && d->scale > 1) {
        s.number = (struct decimal){ (int64_t)(draw(m) % 2000) - 500, 2 };
    }
    return s;
}

static struct strategy_part make_part(struct maker *m, struct str group, int depth);

static void make_groups(struct maker *m, struct strategy_part *p, struct str group, int depth)
{
    const struct strategy_group *g = NULL;
    size_t n = strategy_groups(m->strategy, &g);
    struct strategy_members *all = arena_many(m->arena, n + 1, struct strategy_members);
    for (size_t i = 0; i < n && depth < 4; i++) {
        if (!str_eq(g[i].of, group)) {
            continue;
        }
        struct strategy_members *to = &all[p->n_groups++];
        size_t members = (size_t)draw(m) % (MEMBERS_MAX + 1);
        struct strategy_member *at = arena_many(m->arena, members + 1, struct strategy_member);
        bool sessions = draw(m) % 3 == 0;
        for (size_t k = 0; k < members; k++) {
            at[k].name = str_of(arena_printf(m->arena, "M%d", (int)k));
            at[k].party = at[k].name;
            at[k].own_axis = sessions;
            at[k].axis = (struct strategy_axis){ { 1752076800000 + (int64_t)k * 3600000 },
                                                 15,
                                                 (int32_t)(draw(m) % INTERVALS) };
            at[k].part = make_part(m, g[i].name, depth + 1);
        }
        *to = (struct strategy_members){ g[i].name, at, members };
    }
    p->groups = all;
}

/* "resource.day" is the group day of resource. */
static bool in_group(struct str path, struct str group)
{
    if (group.n == 0 || path.n < group.n) {
        return path.n == 0 && group.n == 0;
    }
    struct str tail = { path.at + path.n - group.n, group.n };
    return str_eq(tail, group) && (path.n == group.n || tail.at[-1] == '.');
}

static struct strategy_part make_part(struct maker *m, struct str group, int depth)
{
    const struct strategy_decl *d = NULL;
    size_t n = strategy_decls(m->strategy, &d);
    struct strategy_setting *s = arena_many(m->arena, n + 1, struct strategy_setting);
    struct strategy_feed *f = arena_many(m->arena, n + 1, struct strategy_feed);
    struct strategy_part p = { .settings = s, .feeds = f };
    for (size_t i = 0; i < n; i++) {
        bool inside = in_group(d[i].group, group);
        if (!inside || d[i].kind == STRATEGY_PRICE) {
            continue;
        }
        if (d[i].kind == STRATEGY_METER || d[i].kind == STRATEGY_SERIES) {
            f[p.n_feeds++] = (struct strategy_feed){ d[i].name, m->sources++, d[i].scale };
        } else {
            s[p.n_settings++] = make_setting(m, &d[i]);
        }
    }
    make_groups(m, &p, group, depth);
    return p;
}

static void look_at(struct arena *a, const struct strategy *s, const struct strategy_bound *b,
                    const struct strategy_result *r)
{
    struct text t;
    text_init(&t, a, 1 << 20);
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct strategy_line *l = &r->lines[i];
        const struct strategy_source_use *use = NULL;
        check(l->fen == l->net_fen + l->vat_fen);
        check(l->id == (int32_t)i);
        strategy_explain(a, b, r, l->id, &t);
        (void)strategy_trace(a, b, r, l->id, &use);
    }
    for (size_t i = 0; i < r->n_printed; i++) {
        check(!r->printed[i].absent);
    }
    (void)s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > TEXT_MAX) {
        return 0;
    }
    struct arena *a = arena_new();
    struct maker m = { .arena = a, .seed = hash64(data, size, 1) };
    struct strategy *s = NULL;
    struct strategy_messages messages = { 0 };
    struct err e;
    struct str text = { arena_copy(a, data, size), size };
    if (strategy_load(a, STR("fuzz"), text, NULL, NULL, 0, &s, &messages, &e) == OK) {
        struct tou_map map;
        static const struct tou_key keys[] = { { 1, TOU_PEAK }, { 1, TOU_FLAT }, { 2, TOU_PEAK } };
        static const uint8_t days[3] = { 0 };
        static const bool yes[3] = { true, false, true };
        for (int i = 0; i < SLOTS; i++) {
            map.key[i] = (uint8_t)(i / 5 % 3);
        }
        const struct tariff_span span = { .first = { 20250709 },
                                          .n_days = 3,
                                          .day_map = days,
                                          .maps = &map,
                                          .n_maps = 1,
                                          .keys = keys,
                                          .n_keys = 3,
                                          .n_versions = 2,
                                          .workday = yes,
                                          .holiday = yes };
        m.strategy = s;
        const struct strategy_decl *d = NULL;
        size_t n = strategy_decls(s, &d), n_prices = 0, n_windows = 0;
        struct strategy_price_feed *prices = arena_many(a, n + 1, struct strategy_price_feed);
        static const int64_t e6[2][3] = { { 1152400, 684000, 387600 },
                                          { 1152400, TARIFF_NO_PRICE, 387600 } };
        size_t hole = draw(&m) % 8 == 0;
        for (size_t i = 0; i < n; i++) {
            if (d[i].kind == STRATEGY_PRICE) {
                prices[n_prices++] = (struct strategy_price_feed){ d[i].name, e6[hole] };
            }
        }
        const struct str *names = NULL;
        n_windows = strategy_windows(s, &names);
        struct strategy_window *windows = arena_many(a, n_windows + 1, struct strategy_window);
        struct strategy_axis axis = { { 1752076800000 }, 15, INTERVALS }; /* 2025-07-10 00:00 */
        for (size_t i = 0; i < n_windows; i++) {
            windows[i] = (struct strategy_window){ names[i], { axis.start, 15, 4 } };
        }
        struct strategy_binding binding = { .axis = axis,
                                            .span = &span,
                                            .prices = prices,
                                            .n_prices = n_prices,
                                            .windows = windows,
                                            .n_windows = n_windows,
                                            .top = make_part(&m, STR(""), 0),
                                            .order_no = STR("F-1") };
        struct strategy_data source = { &m.seed, fuzz_sums, fuzz_values };
        struct strategy_bound *b = NULL;
        struct strategy_result *r = NULL;
        e.name = NULL;
        if (strategy_bind(a, s, &binding, &b, &e) != OK) {
            check(e.name != NULL);
        } else if (strategy_run(a, b, &source, &r, &e) != OK) {
            check(e.name != NULL);
        } else {
            look_at(a, s, b, r);
        }
    }
    arena_free(a);
    return 0;
}
