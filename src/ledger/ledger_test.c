/* ledger_test.c - the laws of ledger.h, one by one, on both engines; and a second, simple
 * bookkeeper against which random transfers are held. */
#include "base/rand.h"
#include "base/test.h"
#include "ledger/ledger.h"
#include "store/rows.h"
#include "support/pg.h"

#define NOW ((struct instant){ 1782900000000LL }) /* 2026-07-01 18:00 +8 */
#define DAY ((struct day){ 20260701 })
#define BOOK STR("main")

static bool postgres; /* the engine of this round */

enum { AR, AP, FEE, IN_FLIGHT, CLEARING, BANK, SERVICE, VAT, OUT_FLIGHT, N_ACCOUNTS };
static const char *const CODES[N_ACCOUNTS] = { "A:AR:81",        "L:AP:82",    "L:FEE_UNEARNED",
                                               "A:IN_FLIGHT_IN", "A:CLEARING", "A:BANK",
                                               "R:SERVICE_FEE",  "L:VAT_OUT",  "L:IN_FLIGHT_OUT" };

struct fixture {
    char where[600];
    struct db *db;
    struct arena *arena;
    int64_t account[N_ACCOUNTS];
};

static void begin(struct fixture *f)
{
    struct err e;
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &e), &e);
}

static void commit(struct fixture *f)
{
    struct err e;
    assert_ok(store_commit(f->db, STORE_CORE, &e), &e);
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof(*f));
    struct err e;
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    f->arena = arena_new();
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &e), &e);
    assert_ok(store_migrate(f->db, &ledger_migrations, 1, NOW, &e), &e);
    begin(f);
    for (int i = 0; i < N_ACCOUNTS; i++) {
        enum ledger_limit limit = i == BANK ? LEDGER_NO_CREDIT : i == AP ? LEDGER_NO_DEBIT : 0;
        assert_ok(ledger_open_account(f->db, BOOK, str_of(CODES[i]), i == AR ? 81 : 0, limit, NOW,
                                      &f->account[i], NULL, &e),
                  &e);
    }
    commit(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->db);
    arena_free(f->arena);
    free(f);
    return 0;
}

/* What a call gives, in a transaction of its own that is kept when it went well. */
static enum err_code make(struct fixture *f, struct ledger_transfer *t, size_t n, struct err *e)
{
    begin(f);
    enum err_code code = ledger_transfer(f->db, BOOK, t, n, NOW, e);
    if (code == OK) {
        commit(f);
    } else {
        store_rollback(f->db, STORE_CORE);
    }
    return code;
}

static struct ledger_transfer entry2(struct fixture *f, const char *kind, const char *key,
                                     int debit, int credit, int64_t fen)
{
    struct ledger_leg *legs = arena_many(f->arena, 2, struct ledger_leg);
    legs[0] = (struct ledger_leg){ f->account[debit], fen };
    legs[1] = (struct ledger_leg){ f->account[credit], -fen };
    return (struct ledger_transfer){ .phase = LEDGER_POSTED,
                                     .kind = str_of(kind),
                                     .ref = STR("payment:81"),
                                     .idem_key = str_of(key),
                                     .day = DAY,
                                     .legs = legs,
                                     .n_legs = 2 };
}

static struct ledger_account at(struct fixture *f, int i)
{
    struct err e;
    struct ledger_account a;
    assert_ok(ledger_account_get(f->db, f->arena, scope_machine(), f->account[i], &a, &e), &e);
    return a;
}

static int64_t balance(struct fixture *f, int i)
{
    struct ledger_account a = at(f, i);
    return ledger_balance(&a);
}

static int64_t prove(struct fixture *f, struct text *wrong, struct ledger_proof *proof)
{
    struct err e;
    struct ledger_proof own;
    text_init(wrong, f->arena, 1 << 20);
    text_add_c(wrong, "");
    assert_ok(ledger_prove(f->db, proof ? proof : &own, wrong, &e), &e);
    return proof ? proof->wrong : own.wrong;
}

/* payments.md 4, the chain of events of one statement of 1234.56. */
static void test_worked_chain(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_leg bill[] = { { f->account[AR], 123456 },
                                 { f->account[AP], -120000 },
                                 { f->account[FEE], -3456 } };
    struct ledger_leg earn[] = { { f->account[FEE], 3456 },
                                 { f->account[SERVICE], -3260 },
                                 { f->account[VAT], -196 } };
    struct ledger_transfer t[7];
    t[0] = entry2(f, "J1", "bill:1", AR, AP, 1);
    t[0].legs = bill;
    t[0].n_legs = 3;
    t[1] = entry2(f, "J2", "submit:1", IN_FLIGHT, AR, 123456);
    t[2] = entry2(f, "J3", "debit:1", CLEARING, IN_FLIGHT, 123456);
    t[3] = entry2(f, "J4", "bank:1", BANK, CLEARING, 123456);
    t[4] = entry2(f, "J5", "earn:1", FEE, VAT, 1);
    t[4].legs = earn;
    t[4].n_legs = 3;
    t[5] = entry2(f, "J6", "payout:1", AP, OUT_FLIGHT, 120000);
    t[6] = entry2(f, "J7", "paid:1", OUT_FLIGHT, BANK, 120000);
    assert_ok(make(f, t, 7, &e), &e);
    for (int i = 0; i < N_ACCOUNTS; i++) {
        int64_t want = i == BANK ? 3456 : i == SERVICE ? -3260 : i == VAT ? -196 : 0;
        assert_int_equal(balance(f, i), want);
    }
    struct text wrong;
    struct ledger_proof proof;
    assert_int_equal(prove(f, &wrong, &proof), 0);
    assert_int_equal(proof.transfers, 7);
    assert_int_equal(proof.entries, 16);
    assert_int_equal(proof.turnover_fen, 123456 * 4 + 3456 + 120000 * 2);
    const struct ledger_entry *entries;
    size_t n;
    assert_ok(ledger_statement(f->db, f->arena, scope_machine(), f->account[BANK], 0, 0, &entries,
                               &n, &e),
              &e);
    assert_int_equal(n, 2);
    assert_int_equal(entries[0].balance_fen, 123456);
    assert_int_equal(entries[1].balance_fen, 3456);
    assert_true(str_is(entries[1].kind, "J7"));
    assert_ok(ledger_journal(f->db, f->arena, scope_machine(), BOOK, STR("payment:81"), 0, &entries,
                             &n, &e),
              &e);
    assert_int_equal(n, 16);
    assert_true(str_is(entries[2].code, "L:FEE_UNEARNED"));
    int64_t debit, credit;
    assert_ok(ledger_day_sums(f->db, scope_machine(), f->account[BANK], DAY, &debit, &credit, &e),
              &e);
    assert_int_equal(debit, 123456);
    assert_int_equal(credit, 120000);
}

static void test_law_1_balanced(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_leg bad[][3] = {
        { { f->account[AR], 100 }, { f->account[AP], -99 } },
        { { f->account[AR], 0 }, { f->account[AP], 0 } },
        { { f->account[AR], LEDGER_FEN_MAX + 1 }, { f->account[AP], -LEDGER_FEN_MAX - 1 } },
        { { f->account[AR], 100 }, { f->account[AR], -100 } },
        { { f->account[AR], 100 }, { f->account[AP], -50 }, { f->account[AP], -50 } },
    };
    const char *const says[] = { "sum to 1 fen", "not 0 and at most", "not 0 and at most",
                                 "an account has two legs", "an account has two legs" };
    for (size_t i = 0; i < 5; i++) {
        struct ledger_transfer t = entry2(f, "J1", "k", AR, AP, 1);
        t.legs = bad[i];
        t.n_legs = i == 4 ? 3 : 2;
        assert_int_equal(make(f, &t, 1, &e), ERR_INPUT);
        assert_non_null(strstr(e.text, says[i]));
    }
    struct ledger_transfer t = entry2(f, "J1", "k", AR, AP, 1);
    t.n_legs = 1;
    assert_int_equal(make(f, &t, 1, &e), ERR_INPUT);
    t = entry2(f, "J1", "k", AR, AP, 1);
    struct ledger_leg unknown[] = { { 42, 1 }, { f->account[AP], -1 } };
    t.legs = unknown;
    assert_int_equal(make(f, &t, 1, &e), ERR_NOT_FOUND);
    t = entry2(f, "J1", "", AR, AP, 1);
    assert_int_equal(make(f, &t, 1, &e), ERR_INPUT);
    t = entry2(f, "J1", "k", AR, AP, 1);
    t.day.yyyymmdd = 20260230;
    assert_int_equal(make(f, &t, 1, &e), ERR_INPUT);
    assert_int_equal(balance(f, AR), 0);
}

static void test_law_2_reversal(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_transfer t = entry2(f, "J1", "a", AR, AP, 700);
    assert_ok(make(f, &t, 1, &e), &e);
    struct ledger_transfer back = { .phase = LEDGER_REVERSAL,
                                    .kind = STR("J1r"),
                                    .idem_key = STR("a:back"),
                                    .day = DAY,
                                    .names = t.transfer_id };
    assert_ok(make(f, &back, 1, &e), &e);
    assert_int_equal(balance(f, AR), 0);
    assert_int_equal(at(f, AR).debit_fen, 700); /* turnover stays: nothing was removed */
    assert_int_equal(at(f, AR).credit_fen, 700);
    back.idem_key = STR("a:again");
    assert_int_equal(make(f, &back, 1, &e), ERR_CONFLICT);
    assert_string_equal(e.name, "LEDGER_RESOLVED");
    struct rows *r;
    begin(f);
    static const char edit[] = "update entry set fen = fen + 1";
    assert_ok(rows_open(f->db, STORE_CORE, edit, &r, &e), &e);
    assert_int_not_equal(rows_run(r, NULL, &e), OK);
    store_rollback(f->db, STORE_CORE);
    begin(f);
    static const char drop[] = "delete from transfer";
    assert_ok(rows_open(f->db, STORE_CORE, drop, &r, &e), &e);
    assert_int_not_equal(rows_run(r, NULL, &e), OK);
    store_rollback(f->db, STORE_CORE);
}

static void test_law_3_keys(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_transfer t = entry2(f, "J2", "submit:9", IN_FLIGHT, AR, 500);
    assert_ok(make(f, &t, 1, &e), &e);
    assert_true(t.fresh);
    struct ledger_transfer again = entry2(f, "J2", "submit:9", IN_FLIGHT, AR, 500);
    assert_ok(make(f, &again, 1, &e), &e);
    assert_false(again.fresh);
    assert_int_equal(again.transfer_id, t.transfer_id);
    assert_int_equal(balance(f, IN_FLIGHT), 500);
    struct ledger_transfer other = entry2(f, "J2", "submit:9", IN_FLIGHT, AR, 501);
    assert_int_equal(make(f, &other, 1, &e), ERR_CONFLICT);
    assert_string_equal(e.name, "IDEMPOTENCY_MISMATCH");
    struct ledger_transfer twice[] = { entry2(f, "J2", "x", IN_FLIGHT, AR, 1),
                                       entry2(f, "J2", "x", IN_FLIGHT, AR, 1) };
    assert_int_equal(make(f, twice, 2, &e), ERR_INPUT);
    int64_t id = 0;
    bool found = false;
    assert_ok(ledger_find_key(f->db, STR("submit:9"), &id, &found, &e), &e);
    assert_true(found && id == t.transfer_id);
    assert_ok(ledger_find_key(f->db, STR("x"), &id, &found, &e), &e);
    assert_false(found);
    struct ledger_transfer mixed[130]; /* more than one `in` list: old and new in one call */
    for (int i = 0; i < 130; i++) {
        const char *key = i % 2 ? arena_printf(f->arena, "new:%d", i) : "submit:9";
        mixed[i] = i == 0 || i % 2
                       ? entry2(f, "J2", key, IN_FLIGHT, AR, 500)
                       : entry2(f, "J2", arena_printf(f->arena, "too:%d", i), IN_FLIGHT, AR, 500);
    }
    assert_ok(make(f, mixed, 130, &e), &e);
    assert_false(mixed[0].fresh);
    assert_true(mixed[1].fresh && mixed[129].fresh);
    assert_int_equal(balance(f, IN_FLIGHT), 500 * 130);
    assert_ok(make(f, mixed, 130, &e), &e); /* the whole call once more: nothing happens */
    assert_false(mixed[129].fresh);
    assert_int_equal(balance(f, IN_FLIGHT), 500 * 130);
}

static struct ledger_transfer naming(enum ledger_phase phase, const char *key, int64_t id)
{
    return (struct ledger_transfer){
        .phase = phase, .kind = STR("J"), .idem_key = str_of(key), .day = DAY, .names = id
    };
}

static void test_law_4_pending(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_transfer fund = entry2(f, "J4", "fund", BANK, CLEARING, 1000);
    struct ledger_transfer hold = entry2(f, "J6", "hold", OUT_FLIGHT, BANK, 600);
    hold.phase = LEDGER_PENDING;
    struct ledger_transfer both[] = { fund, hold };
    assert_ok(make(f, both, 2, &e), &e);
    hold = both[1];
    assert_int_equal(balance(f, BANK), 1000); /* reserved, not moved */
    assert_int_equal(at(f, BANK).pending_credit_fen, 600);
    struct ledger_transfer more = entry2(f, "J6", "more", OUT_FLIGHT, BANK, 401);
    assert_int_equal(make(f, &more, 1, &e), ERR_RULE); /* out of reach */
    assert_string_equal(e.name, "LEDGER_LIMIT");
    struct ledger_transfer post = naming(LEDGER_POST, "post", hold.transfer_id);
    struct ledger_transfer off = naming(LEDGER_VOID, "void", hold.transfer_id);
    struct ledger_transfer two[] = { post, off };
    assert_int_equal(make(f, two, 2, &e), ERR_CONFLICT);
    assert_ok(make(f, &post, 1, &e), &e);
    assert_int_equal(balance(f, BANK), 400);
    assert_int_equal(at(f, BANK).pending_credit_fen, 0);
    assert_ok(make(f, &post, 1, &e), &e);
    assert_false(post.fresh);
    assert_int_equal(make(f, &off, 1, &e), ERR_CONFLICT);
    assert_string_equal(e.name, "LEDGER_RESOLVED");
    struct ledger_transfer wrong = naming(LEDGER_POST, "wrong", fund.transfer_id);
    wrong.names = both[0].transfer_id;
    assert_int_equal(make(f, &wrong, 1, &e), ERR_RULE);
    assert_string_equal(e.name, "LEDGER_PHASE");
    struct ledger_transfer hold2 = entry2(f, "J6", "hold2", OUT_FLIGHT, BANK, 400);
    hold2.phase = LEDGER_PENDING;
    assert_ok(make(f, &hold2, 1, &e), &e);
    struct ledger_transfer turn = naming(LEDGER_REVERSAL, "turn", hold2.transfer_id);
    assert_int_equal(make(f, &turn, 1, &e), ERR_RULE);
    off = naming(LEDGER_VOID, "void2", hold2.transfer_id);
    assert_ok(make(f, &off, 1, &e), &e);
    assert_int_equal(balance(f, BANK), 400);
    assert_int_equal(at(f, BANK).pending_credit_fen, 0);
    turn = naming(LEDGER_REVERSAL, "turn", post.transfer_id);
    assert_ok(make(f, &turn, 1, &e), &e); /* what was posted can be reversed */
    assert_int_equal(balance(f, BANK), 1000);
    struct ledger_transfer gone = naming(LEDGER_POST, "gone", 4242);
    assert_int_equal(make(f, &gone, 1, &e), ERR_NOT_FOUND);
    struct text said;
    assert_int_equal(prove(f, &said, NULL), 0);
}

static void test_law_5_limits(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_transfer t = entry2(f, "J7", "out", OUT_FLIGHT, BANK, 1);
    assert_int_equal(make(f, &t, 1, &e), ERR_RULE);
    assert_non_null(strstr(e.text, "A:BANK"));
    t = entry2(f, "J9", "ap", AP, AR, 1);
    assert_int_equal(make(f, &t, 1, &e), ERR_RULE); /* nothing is owed to the investor */
    struct ledger_transfer order[] = { entry2(f, "J7", "out", OUT_FLIGHT, BANK, 5),
                                       entry2(f, "J4", "in", BANK, CLEARING, 5) };
    assert_int_equal(make(f, order, 2, &e), ERR_RULE); /* in their order, not in sum */
    struct ledger_transfer turned[] = { order[1], order[0] };
    assert_ok(make(f, turned, 2, &e), &e);
    assert_int_equal(balance(f, BANK), 0);
}

static void test_accounts(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const char *const bad[] = { "",         "A",    "A:",        "B:AR",  "A:ar",   "A:AR:",
                                       "A:AR:1:2", "A::1", "A:AR:\xe4", "AA:AR", "A:AR :1" };
    begin(f);
    int64_t id, again;
    bool fresh;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(
            ledger_open_account(f->db, BOOK, str_of(bad[i]), 0, LEDGER_FREE, NOW, &id, NULL, &e),
            ERR_INPUT);
    }
    assert_ok(
        ledger_open_account(f->db, BOOK, STR("A:AR:99"), 99, LEDGER_FREE, NOW, &id, &fresh, &e),
        &e);
    assert_true(fresh);
    assert_ok(
        ledger_open_account(f->db, BOOK, STR("A:AR:99"), 99, LEDGER_FREE, NOW, &again, &fresh, &e),
        &e);
    assert_true(!fresh && again == id);
    assert_int_equal(
        ledger_open_account(f->db, BOOK, STR("A:AR:99"), 98, LEDGER_FREE, NOW, &again, NULL, &e),
        ERR_CONFLICT);
    assert_ok(ledger_open_account(f->db, STR("second"), STR("A:AR:99"), 99, LEDGER_FREE, NOW,
                                  &again, &fresh, &e),
              &e);
    assert_true(fresh && again != id);
    commit(f);
    /* an account of another book is no account of this one */
    struct ledger_leg legs[] = { { again, 5 }, { f->account[AP], -5 } };
    struct ledger_transfer t = entry2(f, "J1", "cross", AR, AP, 5);
    t.legs = legs;
    assert_int_equal(make(f, &t, 1, &e), ERR_NOT_FOUND);
    /* scope: the consumer's receivable is seen by it alone */
    int64_t mine[] = { 81 };
    struct scope s = { .orgs = mine, .n = 1, .user_id = 1 };
    const struct ledger_account *list;
    size_t n;
    assert_ok(ledger_accounts(f->db, f->arena, s, BOOK, STR(""), &list, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_true(str_is(list[0].code, "A:AR:81"));
    struct ledger_account a;
    assert_int_equal(ledger_account_get(f->db, f->arena, s, f->account[BANK], &a, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(ledger_account_find(f->db, f->arena, s, BOOK, STR("A:BANK"), &a, &e),
                     ERR_NOT_FOUND);
    assert_ok(ledger_accounts(f->db, f->arena, scope_machine(), BOOK, STR("A:BANK"), &list, &n, &e),
              &e);
    assert_int_equal(n, 7); /* behind A:BANK: 2 of A, 4 of L, 1 of R; A:AR:99 stands before */
}

static void run_sql(struct fixture *f, const char *sql)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(f->db, STORE_CORE, sql, &r, &e), &e);
    assert_ok(rows_run(r, NULL, &e), &e);
}

/* Whoever may write every table still cannot do it unseen. */
static void test_law_7_tampering(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const char *const EDITS[] = {
        "update entry set fen = fen + 1 where leg = 0 and seq = 2",
        "update entry set fen = case when fen > 0 then fen + 1 else fen - 1 end where seq = 2",
        "update transfer set ref = 'payment:82' where seq = 2",
        "update transfer set clearing_day = 20260702 where seq = 3",
        "update transfer set created_at = created_at + 1 where seq = 1",
        "update account set debit_fen = debit_fen + 1 where code = 'A:BANK'",
        "update account set pending_debit_fen = 1 where code = 'A:CLEARING'",
        "delete from entry where seq = 3",
        "update entry set account_id = (select account_id from account where code = 'A:CLEARING') "
        "where seq = 2 and fen > 0",
        "update ledger_book set seq = 2",
        "update entry set seq = 9 where seq = 3",
    };
    struct ledger_transfer t[] = { entry2(f, "J4", "1", BANK, CLEARING, 10),
                                   entry2(f, "J4", "2", BANK, CLEARING, 20),
                                   entry2(f, "J4", "3", BANK, CLEARING, 30) };
    assert_ok(make(f, t, 3, &e), &e);
    begin(f);
    if (postgres) {
        run_sql(f, "drop trigger entry_rows on entry");
        run_sql(f, "drop trigger transfer_rows on transfer");
    } else {
        run_sql(f, "drop trigger entry_no_update");
        run_sql(f, "drop trigger entry_no_delete");
        run_sql(f, "drop trigger transfer_no_update");
    }
    commit(f);
    struct text wrong;
    assert_int_equal(prove(f, &wrong, NULL), 0);
    for (size_t i = 0; i < sizeof EDITS / sizeof *EDITS; i++) {
        struct ledger_proof proof;
        begin(f);
        run_sql(f, EDITS[i]);
        text_init(&wrong, f->arena, 1 << 16);
        text_add_c(&wrong, "");
        commit(f);
        if (prove(f, &wrong, &proof) == 0) {
            fail_msg("not found: %s", EDITS[i]);
        }
        static const char *const UNDO[] = {
            "update entry set fen = fen - 1 where leg = 0 and seq = 2",
            "update entry set fen = case when fen > 0 then fen - 1 else fen + 1 end where seq = 2",
            "update transfer set ref = 'payment:81' where seq = 2",
            "update transfer set clearing_day = 20260701 where seq = 3",
            "update transfer set created_at = created_at - 1 where seq = 1",
            "update account set debit_fen = debit_fen - 1 where code = 'A:BANK'",
            "update account set pending_debit_fen = 0 where code = 'A:CLEARING'",
        };
        if (i >= sizeof UNDO / sizeof *UNDO) {
            continue; /* these stay wrong; each finds at least what the one before did */
        }
        begin(f);
        run_sql(f, UNDO[i]);
        commit(f);
        assert_int_equal(prove(f, &wrong, NULL), 0);
    }
    assert_non_null(strstr(wrong.at, "transfer"));
}

/* Law 8: a call that fails in its middle leaves nothing once rolled back to where it began. */
static void test_law_8_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct ledger_transfer t[] = { entry2(f, "J4", "1", BANK, CLEARING, 10),
                                   entry2(f, "J7", "2", OUT_FLIGHT, BANK, 11) };
    begin(f);
    assert_int_equal(ledger_transfer(f->db, BOOK, t, 2, NOW, &e), ERR_RULE);
    assert_int_equal(t[0].transfer_id, 0);
    commit(f); /* refused before anything was written */
    assert_int_equal(balance(f, BANK), 0);
    const struct ledger_entry *entries;
    size_t n;
    assert_ok(ledger_statement(f->db, f->arena, scope_machine(), f->account[BANK], 0, 0, &entries,
                               &n, &e),
              &e);
    assert_int_equal(n, 0);
}

/* ---- the second bookkeeper --------------------------------------------------------------------
 *
 * Knows accounts as two numbers and pending transfers as a list, nothing else; it foretells each
 * answer.
 */

#define RANDOM_ACCOUNTS 40
#define PENDING_MAX 256

struct held {
    int64_t id, fen;
    int debit, credit;
};
struct bookkeeper {
    int64_t balance[RANDOM_ACCOUNTS], held_in[RANDOM_ACCOUNTS], held_out[RANDOM_ACCOUNTS];
    struct held pending[PENDING_MAX];
    int n_pending;
};

static bool allowed(const struct bookkeeper *b, int i)
{
    return i % 4 == 1   ? b->balance[i] - b->held_out[i] >= 0
           : i % 4 == 2 ? b->balance[i] + b->held_in[i] <= 0
                        : true;
}

static void book(struct bookkeeper *b, int debit, int credit, int64_t fen)
{
    b->balance[debit] += fen;
    b->balance[credit] -= fen;
}

static void hold(struct bookkeeper *b, int debit, int credit, int64_t fen)
{
    b->held_in[debit] += fen;
    b->held_out[credit] += fen;
}

static int random_transfers(void)
{
    const char *n = getenv("SK_LEDGER_TRANSFERS");
    int rounds = n ? (int)strtol(n, NULL, 10) : postgres ? 4000 : 100000;
    return getenv("SK_SAN") ? rounds / 10 : rounds;
}

static void test_random_against_bookkeeper(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct rng r;
    static struct bookkeeper b;
    int64_t id[RANDOM_ACCOUNTS], refused = 0;
    int rounds = random_transfers();
    rng_init(&r, 20260701);
    b = (struct bookkeeper){ .n_pending = 0 };
    begin(f);
    for (int i = 0; i < RANDOM_ACCOUNTS; i++) {
        assert_ok(ledger_open_account(f->db, BOOK, str_of(arena_printf(f->arena, "A:RANDOM:%d", i)),
                                      0,
                                      i % 4 == 1   ? LEDGER_NO_CREDIT
                                      : i % 4 == 2 ? LEDGER_NO_DEBIT
                                                   : LEDGER_FREE,
                                      NOW, &id[i], NULL, &e),
                  &e);
    }
    commit(f);
    struct arena *a = arena_new();
    for (int i = 0; i < rounds; i++) {
        if (i % 500 == 0) {
            if (i) {
                commit(f);
            }
            begin(f);
            arena_reset(a);
        }
        int x = (int)rng_below(&r, RANDOM_ACCOUNTS);
        int y = (x + 1 + (int)rng_below(&r, RANDOM_ACCOUNTS - 1)) % RANDOM_ACCOUNTS;
        int64_t fen = rng_between(&r, 1, 100000);
        struct ledger_leg legs[] = { { id[x], fen }, { id[y], -fen } };
        struct ledger_transfer t = { .phase = LEDGER_POSTED,
                                     .kind = STR("R"),
                                     .idem_key = str_of(arena_printf(a, "r:%d", i)),
                                     .day = DAY,
                                     .legs = legs,
                                     .n_legs = 2 };
        struct bookkeeper before = b;
        uint64_t act = rng_below(&r, 10);
        struct held *h = NULL;
        if (act >= 7 && b.n_pending > 0) {
            h = &b.pending[rng_below(&r, (uint64_t)b.n_pending)];
            t = naming(act == 7 ? LEDGER_VOID : LEDGER_POST, "", h->id);
            t.idem_key = str_of(arena_printf(a, "r:%d", i));
            x = h->debit;
            y = h->credit;
            hold(&b, x, y, -h->fen);
            if (act != 7) {
                book(&b, x, y, h->fen);
            }
        } else if (act >= 4 && b.n_pending < PENDING_MAX) {
            t.phase = LEDGER_PENDING;
            hold(&b, x, y, fen);
        } else {
            book(&b, x, y, fen);
        }
        bool well = allowed(&b, x) && allowed(&b, y);
        enum err_code code = ledger_transfer(f->db, BOOK, &t, 1, NOW, &e);
        if (code != (well ? OK : ERR_RULE)) {
            fail_msg("round %d: %s", i, code == OK ? "taken against the bookkeeper" : e.text);
        }
        if (!well) {
            refused++;
            b = before;
            continue;
        }
        if (h) {
            *h = b.pending[--b.n_pending];
        } else if (t.phase == LEDGER_PENDING) {
            b.pending[b.n_pending++] = (struct held){ t.transfer_id, fen, x, y };
        }
    }
    commit(f);
    for (int i = 0; i < RANDOM_ACCOUNTS; i++) {
        struct ledger_account acc;
        assert_ok(ledger_account_get(f->db, a, scope_machine(), id[i], &acc, &e), &e);
        assert_int_equal(ledger_balance(&acc), b.balance[i]);
        assert_int_equal(acc.pending_debit_fen, b.held_in[i]);
        assert_int_equal(acc.pending_credit_fen, b.held_out[i]);
    }
    arena_free(a);
    assert_true(refused > 50); /* both answers were asked for */
    struct text wrong;
    struct ledger_proof proof;
    if (prove(f, &wrong, &proof) != 0) {
        fail_msg("%s", wrong.at);
    }
    assert_int_equal(proof.transfers, rounds - refused);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH(test_worked_chain),
        WITH(test_law_1_balanced),
        WITH(test_law_2_reversal),
        WITH(test_law_3_keys),
        WITH(test_law_4_pending),
        WITH(test_law_5_limits),
        WITH(test_accounts),
        WITH(test_law_7_tampering),
        WITH(test_law_8_all_or_nothing),
        WITH(test_random_against_bookkeeper),
    };
    int bad = cmocka_run_group_tests_name("ledger on sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        bad += cmocka_run_group_tests_name("ledger on postgres", tests, NULL, NULL);
    }
    return bad;
}
