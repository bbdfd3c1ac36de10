/* property.c - strategies of the library under random contracts, and the rounds that judge them. */
#include "property/property.h"
#include "base/test.h"
#include "strategy/world.h"
#include <stdarg.h>
#include <unistd.h>

#define ROUNDS 10000
#define ROUNDS_SANITIZED 500 /* ten times slower: a smaller part of the same seeds */
#define ROUNDS_TO_FAIL 400   /* a broken law shows within so many */
#define TEXT_ROOM (64u << 10)

/* ---- texts ----------------------------------------------------------------------------------- */

struct library {
    struct arena *arena;
    const char *before, *after; /* NULL: as shipped */
    int replaced;
};

static bool text_of(void *ctx, struct str name, struct str *file, struct str *text)
{
    struct library *l = ctx;
    *file = str_of(arena_printf(l->arena, "strategies/" STR_FMT ".tally", STR_ARG(name)));
    FILE *f = fopen(file->at, "rb"); /* tests run in the root of the tree */
    if (!f) {
        return false;
    }
    char *bytes = arena_alloc(l->arena, TEXT_ROOM);
    size_t n = fread(bytes, 1, TEXT_ROOM - 1, f);
    fclose(f);
    check_that(n < TEXT_ROOM - 1, STR_FMT " is longer than a strategy gets", STR_ARG(*file));
    *text = (struct str){ bytes, n };
    const char *at = l->before ? strstr(bytes, l->before) : NULL;
    if (at) {
        check_that(!strstr(at + 1, l->before), "'%s' stands twice", l->before);
        *text = str_of(arena_printf(l->arena, "%.*s%s%s", (int)(at - bytes), bytes, l->after,
                                    at + strlen(l->before)));
        l->replaced++;
    }
    return true;
}

static const struct strategy *load(struct library *l, const char *name)
{
    struct strategy_library library = { l, text_of };
    struct strategy_messages messages = { 0 };
    struct strategy *s = NULL;
    struct str file, text;
    struct err e = { 0 };
    assert_true(text_of(l, str_of(name), &file, &text));
    if (strategy_load(l->arena, file, text, &library, NULL, 0, &s, &messages, &e) != OK) {
        struct text t;
        text_init(&t, l->arena, TEXT_ROOM);
        for (size_t i = 0; i < messages.n; i++) {
            strategy_message_text(&t, &messages.at[i]);
        }
        fail_msg("%s: %s\n%s", name, e.text, t.at ? t.at : "");
    }
    return s;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static long env_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtol(text, NULL, 10) : otherwise;
}

static bool round_of(struct prop_round *r, uint64_t seed, prop_law *law)
{
    r->why[0] = 0;
    rng_init(&r->rng, seed);
    bool held = law(r);
    arena_reset(r->a);
    return held && !r->why[0];
}

uint64_t prop_holds(const char *name, const char *strategy, prop_law *law)
{
    struct library l = { .arena = arena_new() };
    struct prop_round r = { .a = arena_new(), .strategy = load(&l, strategy) };
    long rounds = env_number("SK_PROPERTY", getenv("SK_SAN") ? ROUNDS_SANITIZED : ROUNDS);
    uint64_t seed = (uint64_t)env_number("SK_SEED", 1);
    for (long i = 0; i < rounds; i++) {
        if (!round_of(&r, seed + (uint64_t)i, law)) {
            fail_msg("%s, %s: %s\n(again: SK_SEED=%llu SK_PROPERTY=1)", name, strategy, r.why,
                     (unsigned long long)(seed + (uint64_t)i));
        }
    }
    printf("# %s (%s): %ld rounds\n", name, strategy, rounds);
    arena_free(r.a);
    arena_free(l.arena);
    return rounds < ROUNDS_SANITIZED ? UINT64_MAX : r.seen; /* few rounds need not see all */
}

void prop_can_fail(const char *strategy, const char *before, const char *after, prop_law *law)
{
    struct library l = { .arena = arena_new(), .before = before, .after = after };
    struct prop_round r = { .a = arena_new(), .strategy = load(&l, strategy) };
    assert_int_equal(l.replaced, 1);
    uint64_t seed = 1;
    while (seed <= ROUNDS_TO_FAIL && round_of(&r, seed, law)) {
        seed++;
    }
    if (seed > ROUNDS_TO_FAIL) {
        fail_msg("%s: '%s' in place of '%s' goes unseen", strategy, after, before);
    }
    printf("# %s, broken: round %llu: %s\n", strategy, (unsigned long long)seed, r.why);
    arena_free(r.a);
    arena_free(l.arena);
}

bool prop_broken(struct prop_round *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(r->why, sizeof r->why, fmt, args);
    va_end(args);
    return false;
}

/* ---- random contracts ------------------------------------------------------------------------ */

int64_t prop_between(struct prop_round *r, int64_t lo, int64_t hi)
{
    return rng_between(&r->rng, lo, hi);
}

bool prop_chance(struct prop_round *r, int percent)
{
    return rng_below(&r->rng, 100) < (uint64_t)percent;
}

const char *prop_hours(struct prop_round *r)
{
    static const char letters[] = "pfv";
    char *hours = arena_alloc(r->a, 25);
    for (int h = 0; h < 24; h++) {
        hours[h] = h < PROP_LETTERS ? letters[h] : letters[rng_below(&r->rng, PROP_LETTERS)];
    }
    return hours;
}

int64_t *prop_values(struct prop_round *r, int32_t n, int64_t lo, int64_t hi, int64_t step)
{
    int64_t *v = arena_many(r->a, (size_t)n + 1, int64_t);
    bool nothing = prop_chance(r, 8);
    for (int32_t i = 0; i < n; i++) {
        v[i] = nothing || prop_chance(r, 10) ? 0 : prop_between(r, lo, hi) * step;
    }
    return v;
}

struct prop_order *prop_order(struct prop_round *r, int32_t minutes, int32_t n, const char *hours,
                              int32_t days)
{
    struct prop_order *o = arena_make(r->a, struct prop_order);
    o->a = r->a;
    o->world = world_new(r->a, "2026-10-01T00:00:00+08:00", minutes, n);
    if (hours) {
        const int32_t first_day[1] = { 0 };
        world_tou(o->world, days, hours, 1, first_day);
    }
    return o;
}

int prop_letter(const char *hours, struct instant at)
{
    int64_t local = at.utc_ms + CHINA_MS;
    char c = hours[local / 3600000 % 24];
    return c == 'p' ? 0 : c == 'f' ? 1 : 2;
}

void prop_prices(struct prop_order *o, const char *name, const int64_t *by_letter_e6)
{
    const struct tariff_span *s = o->world->binding.span;
    for (int k = 0; k < s->n_keys; k++) { /* TOU periods: sharp peak flat valley */
        o->price_e6[k] = by_letter_e6[s->keys[k].period - 1];
    }
    o->price = (struct strategy_price_feed){ str_of(name), o->price_e6 };
    o->world->binding.prices = &o->price;
    o->world->binding.n_prices = 1;
}

static struct strategy_setting *setting(struct prop_part *p, const char *name,
                                        enum strategy_type type)
{
    check_that(p->part.n_settings < PROP_SETTINGS, "%s is one setting too many", name);
    struct strategy_setting *s = &p->settings[p->part.n_settings++];
    *s = (struct strategy_setting){ .name = str_of(name), .type = type };
    p->part.settings = p->settings;
    return s;
}

void prop_set(struct prop_part *p, const char *name, int64_t units, int scale)
{
    setting(p, name, STRATEGY_NUMBER)->number = (struct decimal){ units, (int8_t)scale };
}

void prop_choose(struct prop_part *p, const char *name, const char *choice)
{
    setting(p, name, STRATEGY_CHOICE)->choice = str_of(choice);
}

void prop_yes(struct prop_part *p, const char *name, bool yes)
{
    setting(p, name, STRATEGY_YES_NO)->yes = yes;
}

void prop_absent(struct prop_part *p, const char *name)
{
    setting(p, name, STRATEGY_NUMBER)->absent = true;
}

void prop_table(struct prop_part *p, const char *name, const struct strategy_row *rows, size_t n)
{
    struct strategy_setting *s = setting(p, name, STRATEGY_TABLE);
    s->rows = rows;
    s->n_rows = n;
}

void prop_feed(struct prop_order *o, struct prop_part *p, const char *name, int digits,
               const struct strategy_axis *axis, const int64_t *values)
{
    struct world *w = o->world;
    check_that(w->n_vectors < WORLD_ITEMS && p->part.n_feeds < PROP_FEEDS, "%s is too many", name);
    w->vectors[w->n_vectors] =
        (struct world_vector){ axis->start, axis->minutes, axis->n, values, NULL };
    p->feeds[p->part.n_feeds++] = (struct strategy_feed){
        .name = str_of(name), .source = w->n_vectors++, .digits = digits
    };
    p->part.feeds = p->feeds;
}

struct prop_part *prop_group(struct prop_order *o, struct prop_part *in, const char *group,
                             const char *prefix, int32_t n)
{
    check_that(in->part.n_groups < PROP_GROUPS, "%s is one group too many", group);
    size_t g = in->part.n_groups++;
    in->members[g] = arena_many(o->a, (size_t)n + 1, struct strategy_member);
    in->parts[g] = arena_many(o->a, (size_t)n + 1, struct prop_part);
    for (int32_t i = 0; i < n; i++) {
        in->members[g][i].name = str_of(arena_printf(o->a, "%s%d", prefix, i));
        in->members[g][i].party = in->members[g][i].name;
    }
    in->groups[g] = (struct strategy_members){ str_of(group), in->members[g], (size_t)n };
    in->part.groups = in->groups;
    return in->parts[g];
}

static void settle_parts(struct prop_part *p)
{
    for (size_t g = 0; g < p->part.n_groups; g++) {
        for (size_t i = 0; i < p->groups[g].n; i++) {
            settle_parts(&p->parts[g][i]);
            p->members[g][i].part = p->parts[g][i].part;
        }
    }
}

bool prop_run(struct prop_round *r, struct prop_order *o)
{
    struct strategy_data data = { o->world, world_sums, world_values };
    struct err e = { 0 };
    settle_parts(&o->top);
    o->world->binding.top = o->top.part;
    if (strategy_bind(r->a, r->strategy, &o->world->binding, &o->bound, &e) != OK ||
        strategy_run(r->a, o->bound, &data, &o->result, &e) != OK) {
        PROP_SAY(r, "%s", e.text);
        return false;
    }
    return true;
}

/* ---- what came out --------------------------------------------------------------------------- */

static bool code_has(struct str code, const char *part)
{
    struct str p = str_of(part);
    return code.n >= p.n && (memcmp(code.at, p.at, p.n) == 0 || str_ends(code, part));
}

int64_t prop_fen(const struct prop_order *o, const char *code, const char *payee)
{
    int64_t fen = 0;
    for (size_t i = 0; i < o->result->n_lines; i++) {
        const struct strategy_line *l = &o->result->lines[i];
        fen += code_has(l->code, code) && (!payee || str_is(l->payee, payee)) ? l->fen : 0;
    }
    return fen;
}

const struct strategy_line *prop_line(const struct prop_order *o, const char *code,
                                      const char *payer)
{
    for (size_t i = 0; i < o->result->n_lines; i++) {
        const struct strategy_line *l = &o->result->lines[i];
        if (str_is(l->code, code) && (!payer || str_is(l->payer, payer))) {
            return l;
        }
    }
    return NULL;
}

int64_t prop_at(struct decimal d, int scale)
{
    int64_t units = d.units;
    for (int s = d.scale; s < scale; s++) {
        units *= 10;
    }
    for (int s = scale; s < d.scale; s++) {
        check_that(units % 10 == 0, "more than %d decimals", scale);
        units /= 10;
    }
    return units;
}

int64_t prop_total(const struct prop_order *o, const char *name, int scale)
{
    const struct strategy_printed *v = NULL;
    size_t n = strategy_values(o->a, o->bound, o->result, str_of(name), &v);
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += v[i].absent ? 0 : prop_at(v[i].value, scale);
    }
    return sum;
}

int64_t prop_round_div(__int128 x, __int128 by)
{
    __int128 whole = ((x < 0 ? -x : x) * 2 + by) / (by * 2);
    return (int64_t)(x < 0 ? -whole : whole);
}
