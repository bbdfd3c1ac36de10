/* random_test.c - random calendars, resolved by the room and by the rule's own words: the first
 * rule that holds on the day and whose window contains the slot decides. */
#include "base/rand.h"
#include "tariff/tariff.h"
#include "base/test.h"

#define ROUNDS 300
#define RULES 6
#define WINDOWS 4
#define DAYS 40

struct window {
    int period, from, until; /* from > until: across midnight */
};
struct rule {
    int months, kinds; /* bits; 0: no filter */
    bool dated;
    int32_t first, last; /* day numbers, if dated */
    struct window w[WINDOWS];
    int n;
};
struct calendar {
    struct rule r[RULES + 1];
    int n;
    int32_t change; /* day number from which the second version, rules in reverse, holds */
};

static int under(struct rng *g, int n)
{
    return (int)rng_below(g, (uint64_t)n);
}

/* Windows of one rule must not overlap: cut the day at random slots and keep some pieces. */
static void make_windows(struct rng *g, struct rule *r)
{
    int cut[WINDOWS + 1], start = under(g, SLOTS), left = SLOTS;
    r->n = 1 + under(g, WINDOWS);
    cut[0] = start;
    for (int i = 1; i <= r->n; i++) {
        int step = 1 + under(g, left - (r->n - i) - 1);
        left -= step;
        cut[i] = cut[i - 1] + step;
    }
    for (int i = 0; i < r->n; i++) {
        r->w[i] = (struct window){ under(g, TOU_PERIODS), cut[i] % SLOTS, cut[i + 1] % SLOTS };
    }
}

static void make_calendar(struct rng *g, struct calendar *c, int32_t first)
{
    *c = (struct calendar){ .n = 2 + under(g, RULES - 1) };
    for (int i = 0; i < c->n; i++) {
        struct rule *r = &c->r[i];
        make_windows(g, r);
        r->dated = true; /* so that no rule is refused for deciding nothing */
        r->first = first + under(g, DAYS);
        r->last = r->first + under(g, DAYS);
        r->months = under(g, 3) ? 0 : 1 + under(g, 4095);
        r->kinds = under(g, 3) ? 0 : 1 + under(g, 3);
    }
    struct rule *whole = &c->r[c->n++]; /* covers what is left */
    whole->n = 1;
    whole->w[0] = (struct window){ under(g, TOU_PERIODS), 0, SLOTS };
    c->change = first + under(g, DAYS);
}

static void put_rule(struct text *t, const struct rule *r)
{
    text_byte(t, '{');
    if (r->months) {
        text_add_c(t, "\"months\":[");
        for (int m = 0, n = 0; m < 12; m++) {
            if (r->months >> m & 1) {
                text_addf(t, "%s%d", n++ ? "," : "", m + 1);
            }
        }
        text_add_c(t, "],");
    }
    if (r->kinds) {
        text_addf(t, "\"days\":[%s%s%s],", r->kinds & 1 ? "\"workday\"" : "",
                  r->kinds == 3 ? "," : "", r->kinds & 2 ? "\"weekend\"" : "");
    }
    if (r->dated) {
        text_add_c(t, "\"dates\":[");
        for (int32_t d = r->first; d <= r->last; d++) {
            text_add_c(t, d > r->first ? ",\"" : "\"");
            text_day(t, day_of_number(d));
            text_byte(t, '"');
        }
        text_add_c(t, "],");
    }
    text_add_c(t, "\"windows\":[");
    for (int i = 0; i < r->n; i++) {
        const struct window *w = &r->w[i];
        int until = w->until == 0 ? SLOTS : w->until;
        text_addf(t, "%s[\"%s\",\"%02d:%02d\",\"%02d:%02d\"]", i ? "," : "",
                  tou_period_word((enum tou_period)w->period), w->from / 4, w->from % 4 * 15,
                  until / 4, until % 4 * 15);
    }
    text_add_c(t, "]}");
}

static void put_calendar(struct text *t, const struct calendar *c)
{
    text_add_c(t, "{\"schema\":\"sunkeeper.calendar/1\",\"id\":\"r\",\"title\":\"r\",\"versions\":["
                  "{\"from\":\"2000-01-01\",\"until\":\"");
    text_day(t, day_of_number(c->change));
    text_add_c(t, "\",\"doc\":\"d\",\"rules\":[");
    for (int i = 0; i < c->n; i++) {
        text_add_c(t, i ? "," : "");
        put_rule(t, &c->r[i]);
    }
    text_add_c(t, "]},{\"from\":\"");
    text_day(t, day_of_number(c->change));
    text_add_c(t, "\",\"doc\":\"d\",\"rules\":["); /* the dated ones in reverse order */
    for (int i = c->n - 2; i >= 0; i--) {
        put_rule(t, &c->r[i]);
        text_byte(t, ',');
    }
    put_rule(t, &c->r[c->n - 1]);
    text_add_c(t, "]}]}");
}

static bool contains(const struct window *w, int slot)
{
    int until = w->until == 0 ? SLOTS : w->until;
    return w->from < until ? slot >= w->from && slot < until : slot >= w->from || slot < until;
}

static int naive(const struct calendar *c, int32_t day, int slot)
{
    struct day d = day_of_number(day);
    bool weekend = day_weekday(d) >= 6, back = day >= c->change;
    for (int i = 0; i < c->n; i++) {
        const struct rule *r = &c->r[i == c->n - 1 || !back ? i : c->n - 2 - i];
        bool holds = !r->months || r->months >> (d.yyyymmdd / 100 % 100 - 1) & 1;
        holds &= !r->kinds || r->kinds >> (weekend ? 1 : 0) & 1;
        holds &= !r->dated || (day >= r->first && day <= r->last);
        for (int k = 0; holds && k < r->n; k++) {
            if (contains(&r->w[k], slot)) {
                return r->w[k].period;
            }
        }
    }
    return -1;
}

static void test_random_calendars_follow_the_rule(void **state)
{
    (void)state;
    struct rng g;
    rng_init(&g, 20260703);
    for (int round = 0; round < ROUNDS; round++) {
        struct arena *a = arena_new();
        struct calendar c;
        struct tariff_calendar *calendar;
        const struct tariff_span *s;
        struct json doc;
        struct text t;
        struct err e = { 0 };
        int32_t first = day_number((struct day){ 20250101 }) + under(&g, 700);
        make_calendar(&g, &c, first);
        text_init(&t, a, 1u << 20);
        put_calendar(&t, &c);
        assert_ok(json_parse(a, text_str(&t), "random", &doc, &e), &e);
        assert_ok(tariff_calendar_read(a, doc, &calendar, &e), &e);
        struct tariff_request q = { .calendar = calendar,
                                    .category = STR(""),
                                    .from = day_start(day_of_number(first)),
                                    .until = day_start(day_of_number(first + DAYS)) };
        assert_ok(tariff_resolve(a, &q, &s, NULL, &e), &e);
        for (int32_t i = 0; i < DAYS * SLOTS; i++) {
            struct instant at = { q.from.utc_ms + i * SLOT_MS };
            int got = s->keys[tariff_span_key(s, at)].period;
            int want = naive(&c, first + i / SLOTS, i % SLOTS);
            if (got != want) {
                fail_msg("round %d, day %d, slot %d: %d, expected %d\n%s", round, i / SLOTS,
                         i % SLOTS, got, want, t.at);
            }
        }
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_calendars_follow_the_rule),
    };
    return cmocka_run_group_tests_name("tariff_random", tests, NULL, NULL);
}
