/* mix_text.c - terms and facts of the mixed fleet: texts with holes, filled (mix.h). */
#include "sim/mix.h"
#include "sim/nature.h"

#define TEXT_BYTES_MAX (1u << 20) /* 60 members or sessions at a few hundred bytes fit many times */
#define HOLE_BYTES_MAX 64

struct filling {
    const struct mix_fill *f;
    struct text t;
    uint64_t numbers; /* drawn so far */
    int32_t item;     /* the member or session that is being written, from 0 */
};

int64_t mix_org(const struct mix_fill *f, struct str role, int32_t member)
{
    const struct sim_mix_terms *t = f->terms;
    uint64_t dice = nature_mix(f->seed, 31, (uint64_t)f->station, 0);
    if (str_is(role, "platform")) {
        return t->platform_org;
    } else if (str_is(role, "grid")) {
        return t->grid_org;
    } else if (str_is(role, "market")) {
        return t->market_org;
    } else if (str_is(role, "port")) {
        return t->port_org;
    } else if (str_is(role, "government")) {
        return t->government_org;
    } else if (str_is(role, "investor")) {
        return t->investors[dice % t->n_investors];
    }
    int32_t at = str_is(role, "member") ? member + 1 : 0;
    check_that(at > 0 || str_is(role, "consumer"), "no role " STR_FMT, STR_ARG(role));
    return t->consumers[(dice / 64 + (uint64_t)at) % t->n_consumers];
}

static int64_t point_of(const struct filling *g, struct str code)
{
    char name[HOLE_BYTES_MAX];
    bool each = code.n > 0 && code.at[code.n - 1] == '#';
    if (each) {
        snprintf(name, sizeof(name), STR_FMT "%d", (int)code.n - 1, code.at, g->item + 1);
    } else {
        snprintf(name, sizeof(name), STR_FMT, STR_ARG(code));
    }
    for (size_t i = 0; i < g->f->n_points; i++) {
        if (str_is(g->f->points[i].code, name)) {
            return g->f->points[i].point_id;
        }
    }
    check_that(false, "kind %s has no point %s", g->f->kind->code, name);
    return 0;
}

/* "LOW:HIGH:DIGITS" */
static void put_number(struct filling *g, struct str hole)
{
    int64_t v[3] = {0};
    struct err e;
    for (int i = 0; i < 3; i++) {
        struct str word = {0};
        check(str_split(&hole, ':', &word) && decimal_scaled(word, 0, &v[i], &e) == OK);
    }
    uint64_t dice = nature_mix(g->f->seed, 32, (uint64_t)g->f->station, ++g->numbers);
    int64_t low = v[0] * (int64_t)DECIMAL_POW10[v[2]], high = v[1] * (int64_t)DECIMAL_POW10[v[2]];
    text_scaled(&g->t, low + (int64_t)(dice % (uint64_t)(high - low + 1)), (int)v[2]);
}

/* Sessions of a place are on days of their own, between 6:00 and 20:30. */
static void put_session_time(struct filling *g, bool end)
{
    int32_t pairs = g->f->kind->sessions / MIX_PLACES;
    int32_t day = g->item / MIX_PLACES * (month_days(g->f->month) - 1) / pairs;
    uint64_t dice = nature_mix(g->f->seed, 33, (uint64_t)g->f->station, (uint64_t)g->item);
    int32_t slot = 24 + (int32_t)(dice % 48);
    slot += end ? 2 + (int32_t)(dice / 48 % 9) : 0;
    text_day(&g->t, day_add(month_first(g->f->month), day));
    text_addf(&g->t, "T%02d:%02d", slot / 4, slot % 4 * 15);
}

static void fill(struct filling *g, struct str text);

static void fill_each(struct filling *g, struct str text, int32_t n)
{
    int32_t outer = g->item;
    for (int32_t i = 0; i < n; i++) {
        text_add_c(&g->t, i > 0 ? "," : "");
        g->item = i;
        fill(g, text);
    }
    g->item = outer;
}

static int32_t who(const struct filling *g)
{
    return g->f->kind->sessions ? g->item % g->f->members : g->item;
}

static struct str behind(struct str hole)
{
    return (struct str){hole.at + 2, hole.n - 2};
}

static void put_hole(struct filling *g, struct str hole)
{
    char kind = hole.at[0];
    bool bare = hole.n == 1;
    if (!bare && hole.at[1] == ':') {
        struct str rest = behind(hole);
        if (kind == 'o') {
            text_addf(&g->t, "%lld", (long long)mix_org(g->f, rest, who(g)));
        } else if (kind == 'p') {
            text_addf(&g->t, "%lld", (long long)point_of(g, rest));
        } else if (kind == 'r') {
            put_number(g, rest);
        } else {
            check(kind == 'm' || kind == 's');
            fill_each(g, rest, kind == 'm' ? g->f->members : g->f->kind->sessions);
        }
    } else if (str_is(hole, "spot")) {
        text_addf(&g->t, "%lld", (long long)g->f->spot_id);
    } else if (str_is(hole, "party")) {
        text_addf(&g->t, "M%d", who(g) + 1);
    } else if (kind == 'f' || kind == 'u') {
        put_session_time(g, kind == 'u');
    } else if (kind == 'e') {
        text_day(&g->t, g->f->event);
    } else {
        int32_t days = month_days(g->f->month);
        check_that(bare && strchr("iCcnN", kind), "hole " STR_FMT, STR_ARG(hole));
        text_addf(&g->t, "%d", kind == 'i'   ? g->item + 1
                               : kind == 'c' ? g->item % MIX_PLACES + 1
                               : kind == 'n' ? days
                                             : days * SLOTS);
    }
}

/* Braces of JSON stand before a quotation mark or a brace, holes before a letter. */
static bool hole_at(struct str text, size_t i)
{
    return text.at[i] == '{' && i + 1 < text.n && text.at[i + 1] >= 'A' && text.at[i + 1] <= 'z' &&
           text.at[i + 1] != '[';
}

static size_t hole_end(struct str text, size_t i)
{
    int depth = 0;
    for (; i < text.n; i++) {
        depth += text.at[i] == '{' ? 1 : text.at[i] == '}' ? -1 : 0;
        if (depth == 0) {
            return i;
        }
    }
    check_that(false, "a hole without an end");
    return i;
}

static void fill(struct filling *g, struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (!hole_at(text, i)) {
            text_byte(&g->t, text.at[i]);
            continue;
        }
        size_t end = hole_end(text, i);
        put_hole(g, (struct str){text.at + i + 1, end - i - 1});
        i = end;
    }
}

struct str mix_text(struct arena *a, const struct mix_fill *f, const char *text)
{
    struct filling g = {.f = f};
    text_init(&g.t, a, TEXT_BYTES_MAX);
    fill(&g, str_of(text));
    return text_str(&g.t);
}
