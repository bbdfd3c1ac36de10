/* settle_test.c - a small estate settled, issued, corrected and proved, on SQLite and PostgreSQL.
 *
 * The lines expected come from expect.py, which shares no code with the engine.
 */
#include "base/test.h"
#include "parity/town.h"
#include "store/rows.h"
#include "support/pg.h"

#define FILE_MAX (1 << 20)

static bool postgres; /* the engine of this round */

static int set_up(void **state)
{
    char where[600];
    struct town *s = calloc(1, sizeof(*s));
    if (postgres) {
        pg_new_url(where, sizeof(where));
    } else {
        temp_dir(where, sizeof(where));
    }
    town_open(s, where);
    town_fill(s);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    town_close(*state);
    free(*state);
    return 0;
}

static struct str expected(struct town *s, const char *name)
{
    FILE *f = fopen(arena_printf(s->a, "tests/parity/expected-%s.txt", name), "rb");
    char *at = arena_alloc(s->a, FILE_MAX);
    assert_non_null(f);
    size_t n = fread(at, 1, FILE_MAX - 1, f);
    fclose(f);
    return (struct str){at, n};
}

/* Line by line, so that a difference shows as one. */
static void assert_lines(struct str got, struct str want)
{
    struct str g, w;
    while (want.n > 0 && str_split(&want, '\n', &w)) {
        if (!(got.n > 0 && str_split(&got, '\n', &g))) {
            fail_msg("missing: " STR_FMT, STR_ARG(w));
        }
        if (!str_eq(g, w)) {
            fail_msg("got:  " STR_FMT "\nwant: " STR_FMT, STR_ARG(g), STR_ARG(w));
        }
    }
    assert_int_equal(got.n, 0);
}

static void assert_sound(struct town *s, int64_t sample)
{
    struct statement_checked c;
    struct text wrong;
    text_init(&wrong, s->a, FILE_MAX);
    assert_ok(statement_check(s->db, sample, &c, &wrong, &s->e), &s->e);
    if (c.wrong > 0) {
        fail_msg("%s", wrong.at);
    }
}

static const char *failure_of(struct town *s, const char *order)
{
    const struct settle_failure *f;
    size_t n;
    assert_ok(settle_failures(s->db, s->a, scope_machine(), JULY, 0, &f, &n, &s->e), &s->e);
    for (size_t i = 0; i < n; i++) {
        if (str_is(f[i].order_no, order)) {
            return f[i].name.at;
        }
    }
    return "";
}

static void test_a_month_gives_the_expected_lines(void **state)
{
    struct town *s = *state;
    struct settle_progress p = town_run(s, JULY, 1);
    assert_int_equal(p.orders, 30);
    assert_int_equal(p.done, 30);
    assert_int_equal(p.by_outcome[SETTLE_WRITTEN], 28);
    assert_int_equal(p.by_outcome[SETTLE_REFUSED], 2);
    assert_int_equal(p.held, 2);
    assert_lines(town_lines(s, JULY), expected(s, "july"));
    assert_string_equal(failure_of(s, "PV-00021"), "MISSING");
    assert_string_equal(failure_of(s, "PV-00023"), "not_found");
    const struct statement *held;
    assert_ok(statement_get(s->db, s->a, scope_machine(), town_statement(s, "PV-00020", JULY),
                            &held, &s->e),
              &s->e);
    assert_int_equal(held->state, STATEMENT_HELD);
    assert_int_equal(held->type, STATEMENT_PROVISIONAL);
    assert_int_equal(held->estimated, 2 * 288);
    assert_true(str_is(held->flags[held->n_flags - 1].code, "DATA_ESTIMATED"));
    assert_sound(s, 1);
}

static void test_a_second_run_does_nothing(void **state)
{
    struct town *s = *state;
    town_run(s, JULY, 1);
    struct str before = town_json(s, JULY);
    struct settle_progress p = town_run(s, JULY, 1);
    assert_int_equal(p.by_outcome[SETTLE_SAME], 28);
    assert_int_equal(p.by_outcome[SETTLE_REFUSED], 2);
    assert_true(str_eq(before, town_json(s, JULY)));
}

static void test_state_goes_from_month_to_month(void **state)
{
    struct town *s = *state;
    town_run(s, JULY, 1);
    town_run(s, AUGUST, 1);
    assert_lines(town_lines(s, AUGUST), expected(s, "august"));
    assert_sound(s, 1);
}

static void test_missing_day_arrives_and_only_that_order_is_settled(void **state)
{
    struct town *s = *state;
    struct reading_points *p;
    town_run(s, JULY, 1);
    int64_t values[2 * SLOTS] = {0};
    const int64_t ids[] = {s->gen[21], s->export[21]};
    assert_ok(reading_points_load(s->db, scope_machine(), s->a, &p, &s->e), &s->e);
    assert_ok(store_begin(s->db, STORE_SERIES, STORE_WRITE, &s->e), &s->e);
    assert_ok(reading_load_day(s->db, p, STR("late"), day_add(JULY.from, 14), ids, 2, values,
                               RANK_LIVE, s->now, &s->e),
              &s->e);
    assert_ok(store_commit(s->db, STORE_SERIES, &s->e), &s->e);
    struct settle_progress r = town_run(s, JULY, 1);
    assert_int_equal(r.by_outcome[SETTLE_WRITTEN], 1);
    assert_int_equal(r.by_outcome[SETTLE_SAME], 28);
    assert_string_equal(failure_of(s, "PV-00021"), "");
    assert_sound(s, 0);
}

static void test_a_draft_whose_readings_change_is_drafted_anew(void **state)
{
    struct town *s = *state;
    town_run(s, JULY, 1);
    int64_t before = town_statement(s, "PV-00001", JULY);
    town_edit(s, s->gen[1], (struct slot){{20260710}, 48}, 1234500);
    struct settle_progress r = town_run(s, JULY, 1);
    assert_int_equal(r.by_outcome[SETTLE_WRITTEN], 1);
    int64_t after = town_statement(s, "PV-00001", JULY);
    assert_int_not_equal(before, after);
    const struct statement *old;
    assert_ok(statement_get(s->db, s->a, scope_machine(), before, &old, &s->e), &s->e);
    assert_int_equal(old->state, STATEMENT_VOID);
    assert_sound(s, 1);
}

static void test_law_2_numbers_are_gap_free(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "");
    int64_t issued;
    town_run(s, JULY, 1);
    assert_ok(statement_issue_all(s->db, &act, JULY, &issued, &s->e), &s->e);
    assert_int_equal(issued, 26);
    town_run(s, AUGUST, 1);
    int64_t id = town_statement(s, "PV-00007", AUGUST);
    struct str no;
    assert_ok(statement_issue(s->db, &act, id, &no, s->a, &s->e), &s->e);
    assert_true(str_is(no, "ST-2026-0000027"));
    assert_int_equal(statement_issue(s->db, &act, id, &no, s->a, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "STATEMENT_STATE");
    id = town_statement(s, "PV-00008", AUGUST); /* the number refused before was not lost */
    assert_ok(statement_issue(s->db, &act, id, &no, s->a, &s->e), &s->e);
    assert_true(str_is(no, "ST-2026-0000028"));
    assert_sound(s, 0);
}

static void test_law_5_a_hold_needs_a_second_person(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "export meter was turned round, photo seen");
    int64_t approval;
    struct str no;
    town_run(s, JULY, 1);
    int64_t id = town_statement(s, "PV-00022", JULY);
    assert_int_equal(statement_issue(s->db, &act, id, &no, s->a, &s->e), ERR_RULE);
    assert_ok(statement_release_ask(s->db, &act, id, &approval, &s->e), &s->e);
    assert_int_equal(statement_release(s->db, &act, id, approval, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "APPROVAL_OPEN");
    assert_ok(store_begin(s->db, STORE_CORE, STORE_WRITE, &s->e), &s->e);
    assert_int_equal(
        approval_approve(s->db, scope_machine(), approval, s->maker, STR("me"), s->now, &s->e),
        ERR_RULE);
    store_rollback(s->db, STORE_CORE);
    assert_ok(store_begin(s->db, STORE_CORE, STORE_WRITE, &s->e), &s->e);
    assert_ok(
        approval_approve(s->db, scope_machine(), approval, s->checker, STR("seen"), s->now, &s->e),
        &s->e);
    assert_ok(store_commit(s->db, STORE_CORE, &s->e), &s->e);
    assert_ok(statement_release(s->db, &act, id, approval, &s->e), &s->e);
    assert_ok(statement_issue(s->db, &act, id, &no, s->a, &s->e), &s->e);
    const struct statement_event *ev;
    size_t n;
    assert_ok(statement_events(s->db, s->a, scope_machine(), id, &ev, &n, &s->e), &s->e);
    assert_int_equal(n, 3); /* drafted as held, released, issued */
    assert_int_equal(ev[1].to, STATEMENT_CHECKED);
    assert_int_equal(ev[1].user_id, s->maker);
}

static void test_law_6_only_the_drawn_ways_are_open(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "because"), mute = town_act(s, "");
    struct str no;
    town_run(s, JULY, 1);
    int64_t id = town_statement(s, "PV-00002", JULY);
    assert_int_equal(statement_confirm(s->db, &act, id, &s->e), ERR_RULE);
    assert_int_equal(statement_dispute(s->db, &mute, id, &s->e), ERR_INPUT);
    assert_ok(statement_hold(s->db, &act, id, &s->e), &s->e);
    assert_ok(statement_void(s->db, &act, id, &s->e), &s->e);
    assert_int_equal(statement_issue(s->db, &act, id, &no, s->a, &s->e), ERR_RULE);
    struct settle_progress r = town_run(s, JULY, 1); /* voided: settled anew */
    assert_int_equal(r.by_outcome[SETTLE_WRITTEN], 1);
    id = town_statement(s, "PV-00002", JULY);
    assert_ok(statement_issue(s->db, &act, id, &no, s->a, &s->e), &s->e);
    assert_int_equal(statement_void(s->db, &act, id, &s->e), ERR_RULE); /* only before issue */
    assert_ok(statement_dispute(s->db, &act, id, &s->e), &s->e);
    assert_ok(statement_answer(s->db, &act, id, &s->e), &s->e);
    assert_int_equal(statement_confirm(s->db, &act, id, &s->e), ERR_RULE);
    assert_sound(s, 0);
}

/* Law 3 and law 4, twice: the second correction compares with the last result. */
static void test_law_4_a_correction_bills_the_difference(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "reading of 10 July corrected");
    const struct slot noon = {{20260710}, 48};
    struct text t;
    int64_t issued, adj;
    struct str no;
    bool same;
    town_run(s, JULY, 1);
    assert_ok(statement_issue_all(s->db, &act, JULY, &issued, &s->e), &s->e);
    int64_t id = town_statement(s, "PV-00001", JULY);
    assert_int_equal(statement_adjust(s->db, &act, id, false, &adj, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "ADJ_NONE");
    /* pv_gen(1, 9, 48) = 21 x 24 x 100 + (31 + 153 + 336) % 100 x 100 = 52400; + 15 kWh = 202400 */
    town_edit(s, s->gen[1], noon, 202400);
    struct settle_progress r = town_run(s, JULY, 1);
    assert_int_equal(r.by_outcome[SETTLE_LOCKED], 1); /* law 7 of settle: left alone, and said */
    text_init(&t, s->a, FILE_MAX);
    assert_ok(statement_recompute(s->db, scope_machine(), id, &same, &t, &s->e), &s->e);
    assert_false(same);
    assert_non_null(strstr(t.at, "the readings are not those of the statement any more"));
    assert_ok(statement_adjust(s->db, &act, id, false, &adj, &s->e), &s->e);
    const struct statement *st;
    assert_ok(statement_get(s->db, s->a, scope_machine(), adj, &st, &s->e), &s->e);
    assert_int_equal(st->type, STATEMENT_ADJ);
    assert_int_equal(st->n_lines, 2);
    struct text lines;
    text_init(&lines, s->a, FILE_MAX);
    for (size_t i = 0; i < st->n_lines; i++) {
        const struct settle_line *l = &st->lines[i].l;
        text_addf(&lines, STR_FMT " " STR_FMT " " STR_FMT " " STR_FMT " - - %lld %lld %lld\n",
                  STR_ARG(st->order_no), STR_ARG(l->code), STR_ARG(l->payer), STR_ARG(l->payee),
                  (long long)l->fen, (long long)l->net_fen, (long long)l->vat_fen);
    }
    assert_lines(text_str(&lines), expected(s, "adj"));
    assert_int_equal(statement_adjust(s->db, &act, id, false, &adj, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "ADJ_OPEN");
    int64_t first = st->statement_id;
    assert_ok(statement_issue(s->db, &act, first, &no, s->a, &s->e), &s->e);
    assert_sound(s, 1);
    /* Back to what it was: everything is given back, against the first correction. */
    town_edit(s, s->gen[1], noon, 52400);
    assert_ok(statement_adjust(s->db, &act, id, false, &adj, &s->e), &s->e);
    const struct statement *back;
    assert_ok(statement_get(s->db, s->a, scope_machine(), adj, &back, &s->e), &s->e);
    assert_int_equal(back->previous_id, first);
    assert_true(str_eq(back->previous_no, no));
    assert_int_equal(back->fen, -st->fen);
    assert_ok(statement_recompute(s->db, scope_machine(), adj, &same, &t, &s->e), &s->e);
    assert_true(same);
    /* Voided, the first correction is the last result again. */
    assert_ok(statement_void(s->db, &act, adj, &s->e), &s->e);
    assert_ok(statement_adjust(s->db, &act, id, false, &adj, &s->e), &s->e);
    assert_sound(s, 1);
    /* 0.16 yuan: asks first. */
    assert_ok(statement_issue(s->db, &act, adj, &no, s->a, &s->e), &s->e);
    town_edit(s, s->gen[1], noon, 57400);
    assert_int_equal(statement_adjust(s->db, &act, id, false, &adj, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "ADJ_SMALL");
    assert_ok(statement_adjust(s->db, &act, id, true, &adj, &s->e), &s->e);
}

static void test_law_3_recompute_gives_the_same_bytes(void **state)
{
    struct town *s = *state;
    town_run(s, JULY, 1);
    town_run(s, AUGUST, 1);
    static const char *const orders[] = {"PV-00000", "PV-00005", "PV-00020",
                                         "FI-00002", "ST-00000", "ST-00001"};
    for (size_t i = 0; i < 12; i++) {
        struct text diff;
        bool same;
        text_init(&diff, s->a, FILE_MAX);
        int64_t id = town_statement(s, orders[i % 6], i < 6 ? JULY : AUGUST);
        assert_ok(statement_recompute(s->db, scope_machine(), id, &same, &diff, &s->e), &s->e);
        if (!same) {
            fail_msg("%s: %s", orders[i % 6], diff.at);
        }
    }
}

static void test_law_7_each_party_sees_its_own_legs(void **state)
{
    struct town *s = *state;
    const int64_t consumer = s->consumer, stranger = 999;
    const struct scope mine = {.orgs = &consumer, .n = 1}, none = {.orgs = &stranger, .n = 1};
    const struct statement *all, *own;
    town_run(s, JULY, 1);
    int64_t id = town_statement(s, "PV-00000", JULY);
    assert_ok(statement_get(s->db, s->a, scope_machine(), id, &all, &s->e), &s->e);
    assert_ok(statement_get(s->db, s->a, mine, id, &own, &s->e), &s->e);
    assert_int_equal(all->n_legs,
                     3); /* consumer to investor, investor to consumer and to platform */
    assert_int_equal(own->n_legs, 2);
    int64_t fen = 0;
    for (size_t i = 0; i < own->n_lines; i++) {
        assert_false(str_is(own->lines[i].l.code, "PLATFORM_FEE"));
        fen += own->lines[i].l.fen;
    }
    assert_int_equal(own->fen, fen);
    assert_true(str_is(own->legs[0].payer_account, "************1111"));
    assert_int_equal(statement_get(s->db, s->a, none, id, &own, &s->e), ERR_NOT_FOUND);
    struct statement_query q = {.period = JULY};
    const struct statement_row *rows;
    size_t n;
    assert_ok(statement_list(s->db, s->a, none, &q, &rows, &n, &s->e), &s->e);
    assert_int_equal(n, 0);
    assert_ok(statement_list(s->db, s->a, mine, &q, &rows, &n, &s->e), &s->e);
    assert_int_equal(n, 22); /* of 22 PV all but the one without self-use; a storage with a line */
}

static void test_explain_goes_down_to_the_intervals(void **state)
{
    struct town *s = *state;
    struct text t;
    town_run(s, JULY, 1);
    int64_t id = town_statement(s, "PV-00001", JULY);
    text_init(&t, s->a, FILE_MAX);
    assert_ok(statement_explain(s->db, scope_machine(), id, STR("SELF.valley"),
                                (struct day){20260710}, &t, &s->e),
              &s->e);
    assert_non_null(strstr(t.at, "1770.85 kWh x 0.3217 yuan/kWh = 569.68 yuan"));
    assert_non_null(strstr(t.at, "2026-07-10"));
    assert_non_null(strstr(t.at, "12:00  5.2400 A"));
    struct text annex;
    text_init(&annex, s->a, FILE_MAX);
    assert_ok(settle_annex(s->db, s->a, scope_machine(), id, &annex, &s->e), &s->e);
    assert_non_null(strstr(annex.at, "\"readings\":\"same\""));
    assert_non_null(strstr(annex.at, "\"price\":\"grid_price\",\"version\":1,\"period\":"
                                     "\"valley\",\"yuan\":\"0.397200\""));
    assert_non_null(strstr(annex.at, "{\"day\":\"2026-07-31\",\"energy\":["));
    assert_int_equal(
        statement_explain(s->db, scope_machine(), id, STR("NOPE"), (struct day){0}, &t, &s->e),
        ERR_NOT_FOUND);
}

static void run_sql(struct town *s, enum store_part part, const char *sql)
{
    struct rows *r;
    int64_t changed;
    assert_ok(store_begin(s->db, part, STORE_WRITE, &s->e), &s->e);
    assert_ok(rows_open(s->db, part, sql, &r, &s->e), &s->e);
    assert_ok(rows_run(r, &changed, &s->e), &s->e);
    assert_int_not_equal(changed, 0);
    assert_ok(store_commit(s->db, part, &s->e), &s->e);
}

static void assert_found(struct town *s, const char *what)
{
    struct statement_checked c;
    struct text wrong;
    text_init(&wrong, s->a, FILE_MAX);
    assert_ok(statement_check(s->db, 0, &c, &wrong, &s->e), &s->e);
    assert_true(c.wrong > 0);
    if (!strstr(wrong.at, what)) {
        fail_msg("looked for '%s' in: %s", what, wrong.at);
    }
}

/* Whatever is changed behind the program's back is found, and not issued. */
static void test_changed_rows_are_found(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "");
    struct str no;
    town_run(s, JULY, 1);
    assert_sound(s, 0);
    int64_t id = town_statement(s, "PV-00003", JULY);
    run_sql(s, STORE_SERIES,
            "update settlement_line set fen = fen + 1, net_fen = net_fen + 1 "
            "where station_id = 1003 and line_no = 1");
    assert_found(s, "I3: run");
    assert_int_equal(statement_issue(s->db, &act, id, &no, s->a, &s->e), ERR_CORRUPT);
    id = town_statement(s, "PV-00004", JULY);
    run_sql(s, STORE_CORE,
            "update statement_line set fen = fen + 1, net_fen = net_fen + 1 where statement_id = "
            "(select statement_id from statement where order_no = 'PV-00004') and line_no = 1");
    assert_found(s, "I2: statement");
    assert_int_equal(statement_issue(s->db, &act, id, &no, s->a, &s->e), ERR_CORRUPT);
    id = town_statement(s, "PV-00006", JULY);
    assert_ok(statement_issue(s->db, &act, id, &no, s->a, &s->e), &s->e);
    assert_true(str_is(no, "ST-2026-0000001"));
    run_sql(s, STORE_CORE, "update statement set due = due + 1 where no = 'ST-2026-0000001'");
    assert_found(s, "I4: statement ST-2026-0000001: it is not what was issued");
    run_sql(s, STORE_CORE, "update statement_counter set last = 2 where year = 2026");
    assert_found(s, "numbers of 2026: 1 statements, the highest is 1, the counter 2");
}

/* ---- both engines, any number of threads: the same bytes (I3, law 1 of settle)
 * --------------------------- */

static struct str whole_story(const char *where, int workers, struct town *s)
{
    struct statement_act act;
    struct text t;
    int64_t issued, adj;
    town_open(s, where);
    town_fill(s);
    town_run(s, JULY, workers);
    town_run(s, AUGUST, workers);
    act = town_act(s, "corrected");
    assert_ok(statement_issue_all(s->db, &act, JULY, &issued, &s->e), &s->e);
    town_edit(s, s->gen[1], (struct slot){{20260710}, 48}, 202400);
    assert_ok(
        statement_adjust(s->db, &act, town_statement(s, "PV-00001", JULY), false, &adj, &s->e),
        &s->e);
    text_init(&t, s->a, FILE_MAX);
    text_add(&t, town_json(s, JULY));
    text_add(&t, town_json(s, AUGUST));
    assert_false(t.cut);
    return text_str(&t);
}

static void test_engines_and_threads_agree_to_the_byte(void **state)
{
    (void)state;
    static const int workers[] = {1, 2, 5, 1, 3};
    struct town first, other;
    char where[600];
    temp_dir(where, sizeof(where));
    struct str want = whole_story(where, 1, &first);
    assert_true(want.n > 10000);
    for (size_t i = 0; i < sizeof(workers) / sizeof(*workers); i++) {
        if (i >= 3 && !pg_installed()) {
            break;
        }
        if (i >= 3) {
            pg_new_url(where, sizeof(where));
        } else {
            temp_dir(where, sizeof(where));
        }
        struct str got = whole_story(where, workers[i], &other);
        assert_lines(got, want);
        town_close(&other);
    }
    town_close(&first);
}

/* The rule of 6.5 alone: order of the old statement, then the new ones; a line that turns round. */
static void test_difference_rule(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    const struct statement_amount old[] = {
        {STR("A"), STR("x"), STR("y"), STR(""), 100, 88, 12, 130000},
        {STR("B"), STR("x"), STR("y"), STR(""), 50, 50, 0, -1},
        {STR("GONE"), STR("x"), STR("y"), STR(""), 7, 7, 0, -1},
        {STR("T"), STR("x"), STR("y"), STR(""), 30, 30, 0, -1}};
    const struct statement_amount now[] = {
        {STR("NEW"), STR("x"), STR("y"), STR(""), 5, 5, 0, -1},
        {STR("T"), STR("y"), STR("x"), STR(""), 20, 20, 0, -1},
        {STR("B"), STR("x"), STR("y"), STR(""), 50, 50, 0, -1},
        {STR("A"), STR("x"), STR("y"), STR(""), 60, 53, 7, 130000},
        {STR("A"), STR("x"), STR("y"), STR(""), 60, 53, 7, 130000}};
    static const struct {
        const char *code;
        int64_t fen, old, now;
    } want[] = {{"ADJ.A", 20, 100, 120},
                {"ADJ.GONE", -7, 7, 0},
                {"ADJ.T", -30, 30, 0},
                {"ADJ.NEW", 5, 0, 5},
                {"ADJ.T", 20, 0, 20}};
    const struct statement_difference *d;
    size_t n = statement_diff(a, old, 4, now, 5, &d);
    assert_int_equal(n, 5);
    for (size_t i = 0; i < n; i++) {
        assert_true(str_is(d[i].d.code, want[i].code));
        assert_int_equal(d[i].d.fen, want[i].fen);
        assert_int_equal(d[i].old_fen, want[i].old);
        assert_int_equal(d[i].new_fen, want[i].now);
        assert_int_equal(d[i].d.net_fen + d[i].d.vat_fen, d[i].d.fen);
    }
    assert_true(str_is(d[4].d.payer, "y"));
    arena_free(a);
}

int main(void)
{
#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest stored[] = {
        ON_STORE(test_a_month_gives_the_expected_lines),
        ON_STORE(test_a_second_run_does_nothing),
        ON_STORE(test_state_goes_from_month_to_month),
        ON_STORE(test_missing_day_arrives_and_only_that_order_is_settled),
        ON_STORE(test_a_draft_whose_readings_change_is_drafted_anew),
        ON_STORE(test_law_2_numbers_are_gap_free),
        ON_STORE(test_law_5_a_hold_needs_a_second_person),
        ON_STORE(test_law_6_only_the_drawn_ways_are_open),
        ON_STORE(test_law_4_a_correction_bills_the_difference),
        ON_STORE(test_law_3_recompute_gives_the_same_bytes),
        ON_STORE(test_law_7_each_party_sees_its_own_legs),
        ON_STORE(test_explain_goes_down_to_the_intervals),
        ON_STORE(test_changed_rows_are_found),
    };
    const struct CMUnitTest both[] = {
        cmocka_unit_test(test_difference_rule),
        cmocka_unit_test(test_engines_and_threads_agree_to_the_byte),
    };
    int failed = cmocka_run_group_tests_name("settle sqlite", stored, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("settle postgres", stored, NULL, NULL);
    }
    return failed + cmocka_run_group_tests_name("settle parity", both, NULL, NULL);
}
