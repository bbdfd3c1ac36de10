/* correct_test.c - corrections and their counter-entries (law 4 of statement): by hand, then random
 * sequences against a stack of totals, on SQLite and PostgreSQL.
 *
 *   SK_CASES=N  that many random sequences     SK_SEED=S  the first seed
 */
#include "base/rand.h"
#include "base/test.h"
#include "parity/town.h"
#include "support/pg.h"

#define TEXT_ROOM (1 << 20)
#define SEED 20261123
#define SEQUENCES 3   /* of one run of the tests; soak has more */
#define STEPS 40      /* of one sequence */
#define NOON ((struct slot){{20260710}, 48})
#define BASE 52400    /* pv_gen(1, 9, 48): expected-adj.txt */

static bool postgres;

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
    town_fill_pv(s, 2);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    town_close(*state);
    free(*state);
    return 0;
}

static void assert_sound(struct town *s)
{
    struct statement_checked c;
    struct text wrong;
    text_init(&wrong, s->a, TEXT_ROOM);
    assert_ok(statement_check(s->db, 0, &c, &wrong, &s->e), &s->e);
    if (c.wrong > 0) {
        fail_msg("%s", wrong.at);
    }
}

static int64_t issued_statement(struct town *s)
{
    struct statement_act act = town_act(s, "");
    int64_t issued;
    town_run(s, JULY, 1);
    assert_ok(statement_issue_all(s->db, &act, JULY, &issued, &s->e), &s->e);
    return town_statement(s, "PV-00001", JULY);
}

static int64_t adjusted(struct town *s, int64_t root, int64_t value)
{
    struct statement_act act = town_act(s, "read again");
    struct str no;
    int64_t adj;
    town_edit(s, s->gen[1], NOON, value);
    assert_ok(statement_adjust(s->db, &act, root, true, &adj, &s->e), &s->e);
    assert_ok(statement_issue(s->db, &act, adj, &no, s->a, &s->e), &s->e);
    return adj;
}

static int64_t approved(struct town *s, int64_t adj)
{
    struct statement_act act = town_act(s, "the photo was of another meter");
    int64_t approval;
    assert_ok(statement_reverse_ask(s->db, &act, adj, &approval, &s->e), &s->e);
    assert_ok(store_begin(s->db, STORE_CORE, STORE_WRITE, &s->e), &s->e);
    assert_ok(
        approval_approve(s->db, scope_machine(), approval, s->checker, STR("so"), s->now, &s->e),
        &s->e);
    assert_ok(store_commit(s->db, STORE_CORE, &s->e), &s->e);
    return approval;
}

static int64_t reversed(struct town *s, int64_t adj)
{
    struct statement_act act = town_act(s, "");
    int64_t counter;
    assert_ok(statement_reverse(s->db, &act, adj, approved(s, adj), &counter, &s->e), &s->e);
    return counter;
}

static const struct statement *get(struct town *s, int64_t id)
{
    const struct statement *st;
    assert_ok(statement_get(s->db, s->a, scope_machine(), id, &st, &s->e), &s->e);
    return st;
}

static void assert_refused(struct town *s, int64_t id, const char *name)
{
    struct statement_act act = town_act(s, "why");
    int64_t approval;
    assert_int_equal(statement_reverse_ask(s->db, &act, id, &approval, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, name);
}

static void test_a_counter_entry_negates_line_by_line(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "");
    struct text diff;
    struct str no;
    bool same;
    int64_t root = issued_statement(s), other;
    int64_t first = adjusted(s, root, BASE + 150000); /* + 15 kWh */
    assert_int_equal(get(s, first)->fen, 488);        /* expected-adj.txt: 4.83 + 0.05 */
    int64_t back = reversed(s, first);
    const struct statement *a = get(s, first), *c = get(s, back);
    assert_int_equal(c->type, STATEMENT_ADJ);
    assert_int_equal(c->state, STATEMENT_CHECKED);
    assert_int_equal(c->reverses_id, first);
    assert_int_equal(c->previous_id, first);
    assert_true(str_eq(c->reverses_no, a->no));
    assert_true(str_is(c->reason, "the photo was of another meter"));
    assert_int_equal(c->n_lines, a->n_lines);
    for (size_t i = 0; i < a->n_lines; i++) {
        assert_true(str_eq(c->lines[i].l.code, a->lines[i].l.code));
        assert_int_equal(c->lines[i].l.fen, -a->lines[i].l.fen);
        assert_int_equal(c->lines[i].l.net_fen, -a->lines[i].l.net_fen);
        assert_int_equal(c->lines[i].l.vat_fen, -a->lines[i].l.vat_fen);
        assert_int_equal(c->lines[i].old_fen, a->lines[i].new_fen);
    }
    assert_refused(s, first, "REVERSE_TWICE");
    assert_refused(s, back, "REVERSE_KIND");
    assert_refused(s, root, "REVERSE_KIND");
    assert_int_equal(statement_adjust(s->db, &act, root, true, &other, &s->e), ERR_INPUT);
    act.reason = STR("again");
    assert_int_equal(statement_adjust(s->db, &act, root, true, &other, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "ADJ_OPEN");
    assert_ok(statement_issue(s->db, &act, back, &no, s->a, &s->e), &s->e);
    text_init(&diff, s->a, TEXT_ROOM);
    assert_ok(statement_recompute(s->db, scope_machine(), back, &same, &diff, &s->e), &s->e);
    assert_true(same);
    assert_ok(statement_explain(s->db, scope_machine(), back, STR(""), (struct day){0}, &diff,
                                &s->e),
              &s->e);
    assert_non_null(strstr(diff.at, "taken back: what statement ST-2026-"));
    assert_sound(s);
    /* The readings still say + 15 kWh: the third correction compares with the first result. */
    assert_ok(statement_adjust(s->db, &act, root, true, &other, &s->e), &s->e);
    assert_int_equal(get(s, other)->fen, 488);
    assert_int_equal(get(s, other)->previous_id, back);
    assert_sound(s);
}

static void test_the_latest_correction_goes_first(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "why");
    const struct statement_link *l;
    struct str no;
    size_t n;
    int64_t root = issued_statement(s);
    int64_t first = adjusted(s, root, BASE + 150000), second = adjusted(s, root, BASE + 300000);
    assert_refused(s, first, "REVERSE_LATER");
    int64_t back2 = reversed(s, second);
    assert_refused(s, first, "ADJ_OPEN");
    assert_ok(statement_issue(s->db, &act, back2, &no, s->a, &s->e), &s->e);
    int64_t back1 = reversed(s, first);
    assert_int_equal(get(s, back1)->previous_id, back2);
    assert_ok(statement_chain(s->db, s->a, scope_machine(), first, &l, &n, &s->e), &s->e);
    assert_int_equal(n, 5);
    assert_true(l[0].in_force);
    assert_int_equal(l[4].result_fen, l[0].fen);
    assert_int_equal(l[3].result_fen, l[1].result_fen);
    /* A draft of a counter-entry that is voided leaves things as they were. */
    assert_ok(statement_void(s->db, &act, back1, &s->e), &s->e);
    assert_ok(statement_chain(s->db, s->a, scope_machine(), first, &l, &n, &s->e), &s->e);
    assert_int_equal(n, 4);
    assert_true(l[1].in_force);
    assert_sound(s);
    back1 = reversed(s, first);
    assert_ok(statement_issue(s->db, &act, back1, &no, s->a, &s->e), &s->e);
    assert_sound(s);
}

static void test_a_counter_entry_needs_a_second_person(void **state)
{
    struct town *s = *state;
    struct statement_act act = town_act(s, "");
    int64_t root = issued_statement(s), first = adjusted(s, root, BASE + 150000);
    int64_t approval, counter;
    assert_int_equal(statement_reverse_ask(s->db, &act, first, &approval, &s->e), ERR_INPUT);
    act.reason = STR("wrong meter");
    assert_ok(statement_reverse_ask(s->db, &act, first, &approval, &s->e), &s->e);
    assert_int_equal(statement_reverse(s->db, &act, first, approval, &counter, &s->e), ERR_RULE);
    assert_string_equal(s->e.name, "APPROVAL_OPEN");
    assert_ok(store_begin(s->db, STORE_CORE, STORE_WRITE, &s->e), &s->e);
    assert_int_equal(
        approval_approve(s->db, scope_machine(), approval, s->maker, STR("me"), s->now, &s->e),
        ERR_RULE);
    assert_string_equal(s->e.name, "SELF_APPROVAL");
    store_rollback(s->db, STORE_CORE);
    assert_sound(s);
}

static void test_a_party_sees_the_chain_of_its_own_legs(void **state)
{
    struct town *s = *state;
    const struct scope consumer = {.orgs = &s->consumer, .n = 1};
    const struct statement_link *all, *own;
    size_t n_all, n_own;
    int64_t root = issued_statement(s);
    int64_t first = adjusted(s, root, BASE + 150000);
    reversed(s, first);
    assert_ok(statement_chain(s->db, s->a, scope_machine(), root, &all, &n_all, &s->e), &s->e);
    assert_ok(statement_chain(s->db, s->a, consumer, root, &own, &n_own, &s->e), &s->e);
    assert_int_equal(n_own, 3);
    assert_int_equal(own[1].fen, 483); /* without the platform's fee */
    assert_int_equal(own[2].fen, -483);
    assert_int_equal(all[2].fen, -488);
}

/* ---- random sequences ---- */

struct model {
    int64_t root;
    int64_t value;                      /* the reading now */
    int64_t id[STEPS + 1], fen[STEPS + 1]; /* corrections in force above the root, with results */
    int depth;
    int64_t open;    /* a draft, 0: none */
    bool open_is_counter;
    int64_t popped_id, popped_fen; /* by the open counter */
};

/* Sums of (code, payer, payee) over the statements against the lines of the run in force. */
static void assert_sums(struct town *s, const struct model *m)
{
    const struct statement_link *l;
    const struct settle_line *lines;
    struct statement_amount old[2000], now[2000];
    const struct statement_difference *d;
    size_t n, n_old = 0, n_now;
    assert_ok(statement_chain(s->db, s->a, scope_machine(), m->root, &l, &n, &s->e), &s->e);
    for (size_t i = 0; i < n; i++) {
        const struct statement *st = get(s, l[i].statement_id);
        for (size_t k = 0; k < st->n_lines; k++) {
            const struct settle_line *x = &st->lines[k].l;
            struct str code = x->code;
            if (st->type == STATEMENT_ADJ) {
                code = (struct str){code.at + 4, code.n - 4};
            }
            assert_true(n_old < 2000);
            old[n_old++] = (struct statement_amount){code,   x->payer,   x->payee,   STR(""),
                                                     x->fen, x->net_fen, x->vat_fen, x->vat_e6};
        }
    }
    int64_t run, fen;
    const struct statement *root = get(s, m->root);
    assert_ok(settle_in_force(s->db, s->a, root->order_id, JULY.from, &run, &fen, &s->e), &s->e);
    assert_ok(settle_lines(s->db, s->a, scope_machine(), root->station_id, run, &lines, &n_now,
                           &s->e),
              &s->e);
    for (size_t k = 0; k < n_now; k++) {
        const struct settle_line *x = &lines[k];
        now[k] = (struct statement_amount){x->code, x->payer,   x->payee,   STR(""),
                                           x->fen,  x->net_fen, x->vat_fen, x->vat_e6};
    }
    assert_int_equal(statement_diff(s->a, old, n_old, now, n_now, &d), 0);
    assert_int_equal(fen, m->fen[m->depth]);
    assert_int_equal(l[n - 1].result_fen, m->fen[m->depth]);
}

/* What the order comes to on the readings of now, computed apart from any chain. */
static int64_t fresh_total(struct town *s, const struct model *m)
{
    const struct settle_result *r;
    const struct settle_try t = {
        .order_id = get(s, m->root)->order_id, .period = JULY, .now = s->now};
    int64_t fen = 0;
    assert_ok(settle_try(s->db, s->a, scope_machine(), &t, &r, &s->e), &s->e);
    for (size_t i = 0; i < r->n_lines; i++) {
        fen += r->lines[i].fen;
    }
    return fen;
}

static void step_adjust(struct town *s, struct model *m)
{
    struct statement_act act = town_act(s, "read again");
    int64_t adj = 0, total = fresh_total(s, m);
    enum err_code code = statement_adjust(s->db, &act, m->root, true, &adj, &s->e);
    if (m->open) {
        assert_int_equal(code, ERR_RULE);
        assert_string_equal(s->e.name, "ADJ_OPEN");
    } else if (code != OK) {
        assert_string_equal(s->e.name, "ADJ_NONE");
        assert_int_equal(total, m->fen[m->depth]);
    } else {
        m->depth++;
        m->id[m->depth] = m->open = adj;
        m->fen[m->depth] = total;
        m->open_is_counter = false;
    }
}

static void step_reverse(struct town *s, struct model *m)
{
    if (m->open || m->depth == 0) {
        return;
    }
    m->popped_id = m->id[m->depth];
    m->popped_fen = m->fen[m->depth];
    m->open = reversed(s, m->id[m->depth--]);
    m->open_is_counter = true;
}

/* Voided, the draft was never there. */
static void step_void(struct town *s, struct model *m)
{
    struct statement_act act = town_act(s, "a slip");
    if (!m->open) {
        return;
    }
    assert_ok(statement_void(s->db, &act, m->open, &s->e), &s->e);
    if (m->open_is_counter) {
        m->depth++;
        m->id[m->depth] = m->popped_id;
        m->fen[m->depth] = m->popped_fen;
    } else {
        m->depth--;
    }
    m->open = 0;
}

static void step(struct town *s, struct model *m, struct rng *rng)
{
    struct statement_act act = town_act(s, "");
    struct str no;
    switch (rng_below(rng, 6)) {
    case 0:
        m->value = BASE + 50000 * (int64_t)rng_below(rng, 9);
        town_edit(s, s->gen[1], NOON, m->value);
        break;
    case 1:
        step_adjust(s, m);
        break;
    case 2:
        step_reverse(s, m);
        break;
    case 3:
        step_void(s, m);
        break;
    default:
        if (m->open) {
            assert_ok(statement_issue(s->db, &act, m->open, &no, s->a, &s->e), &s->e);
            m->open = 0;
        }
    }
    assert_sums(s, m);
}

static void test_statements_always_sum_to_the_result_in_force(void **state)
{
    struct rng rng;
    (void)state;
    const char *cases = getenv("SK_CASES"), *seed = getenv("SK_SEED");
    long n = cases ? strtol(cases, NULL, 10) / 100 + 1 : SEQUENCES;
    rng_init(&rng, seed ? strtoull(seed, NULL, 10) : SEED);
    for (long k = 0; k < n; k++) {
        void *own;
        set_up(&own);
        struct town *s = own;
        struct model m = {.value = BASE};
        m.root = issued_statement(s);
        m.fen[0] = get(s, m.root)->fen;
        for (int i = 0; i < STEPS; i++) {
            step(s, &m, &rng);
        }
        assert_sound(s);
        tear_down(&own);
    }
}

int main(void)
{
#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_STORE(test_a_counter_entry_negates_line_by_line),
        ON_STORE(test_the_latest_correction_goes_first),
        ON_STORE(test_a_counter_entry_needs_a_second_person),
        ON_STORE(test_a_party_sees_the_chain_of_its_own_legs),
        cmocka_unit_test(test_statements_always_sum_to_the_result_in_force),
    };
    int failed = cmocka_run_group_tests_name("correct sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("correct postgres", tests, NULL, NULL);
    }
    return failed;
}
