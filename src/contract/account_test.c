/* account_test.c - the laws of account.h on both engines, and no number or name in clear anywhere.
 */
#include "contract/account.h"
#include "base/test.h"
#include "people/people.h"
#include "support/pg.h"
#include <dirent.h>
#include <unistd.h>

#define NOW ((struct instant){ 1772417700000LL }) /* 2026-03-02 10:15 in China */
#define LATER(ms) ((struct instant){ NOW.utc_ms + (ms) })
#define TODAY ((struct day){ 20260302 })
#define CANARY "6200000000000000001"
#define CANARY_NEXT "6200000000000000019"
#define PERSON "欧阳小明"
#define LEGAL "杭州晴川新能源有限公司"
#define PAYER 2
#define PAYEE 3

static bool postgres;

struct fixture {
    char where[600], file[700];
    struct db *db;
    struct secrets *sec;
    struct arena *a;
    struct err e;
    int64_t maker, second, third, reader;
};

static void begin(struct fixture *f)
{
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &f->e), &f->e);
}

static enum err_code ended(struct fixture *f, enum err_code code)
{
    if (code == OK) {
        assert_ok(store_commit(f->db, STORE_CORE, &f->e), &f->e);
    } else {
        store_rollback(f->db, STORE_CORE);
    }
    return code;
}

static int64_t person(struct fixture *f, const char *login, int64_t role)
{
    int64_t id;
    assert_ok(user_add(f->db, scope_machine(), 1, str_of(login), str_of(login), STR(""), NOW, &id,
                       &f->e),
              &f->e);
    assert_ok(role_grant(f->db, scope_machine(), id, role, 1, NOW, &f->e), &f->e);
    return id;
}

static int set_up(void **state)
{
    const char *approve = ACCOUNT_APPROVE, *unmask = ACCOUNT_UNMASK;
    const struct store_migrations rooms[] = { people_migrations, secret_migrations,
                                              contract_migrations };
    struct fixture *f = calloc(1, sizeof(*f));
    struct org orgs[] = {
        { .org_id = 1, .kind = ORG_OPERATOR, .name = STR("运营方") },
        { .org_id = PAYER, .parent_id = 1, .kind = ORG_CONSUMER, .name = STR(LEGAL) },
        { .org_id = PAYEE, .parent_id = 1, .kind = ORG_INVESTOR, .name = STR("投资方") },
    };
    int64_t approver, reader;
    char folder[600];
    temp_dir(folder, sizeof(folder));
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    snprintf(f->file, sizeof(f->file), "%s/root.key", postgres ? folder : f->where);
    f->a = arena_new();
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &f->e), &f->e);
    assert_ok(store_migrate(f->db, rooms, 3, NOW, &f->e), &f->e);
    assert_ok(secret_open(f->db, f->file, true, &f->sec, &f->e), &f->e);
    begin(f);
    assert_ok(org_add(f->db, scope_machine(), orgs, 3, NOW, &f->e), &f->e);
    assert_ok(role_add(f->db, scope_machine(), 1, STR("a"), &approve, 1, NOW, &approver, &f->e),
              &f->e);
    assert_ok(role_add(f->db, scope_machine(), 1, STR("u"), &unmask, 1, NOW, &reader, &f->e),
              &f->e);
    f->maker = person(f, "maker", approver);
    f->second = person(f, "second", approver);
    f->third = person(f, "third", approver);
    f->reader = person(f, "reader", reader);
    ended(f, OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    secret_close(f->sec);
    store_close(f->db);
    arena_free(f->a);
    free(f);
    return 0;
}

static int64_t add(struct fixture *f, int64_t org, const char *no, const char *name, bool natural)
{
    const struct account_new v = { .org_id = org,
                                   .no = str_of(no),
                                   .name = str_of(name),
                                   .bank_no = STR("102331000001"),
                                   .person = natural,
                                   .from = { 20260101 } };
    int64_t id = 0;
    begin(f);
    assert_ok(ended(f, account_add(f->db, scope_machine(), f->sec, &v, NOW, &id, &f->e)), &f->e);
    return id;
}

static struct bank_account get(struct fixture *f, int64_t id)
{
    struct bank_account v;
    assert_ok(account_get(f->db, f->a, scope_machine(), id, &v, &f->e), &f->e);
    return v;
}

static void test_masked_found_and_opened(void **state)
{
    struct fixture *f = *state;
    int64_t id = add(f, PAYER, "6200 0000-00000000001", PERSON, true), again = 0;
    struct bank_account v = get(f, id);
    struct str no, name;
    const int64_t theirs[] = { PAYEE };
    struct scope s = { .orgs = theirs, .n = 1 };
    assert_true(str_is(v.no, "620000*********0001") && str_is(v.name, "欧阳**"));
    assert_int_equal(v.state, ACCOUNT_NEW);
    assert_ok(account_open(f->db, f->a, scope_machine(), f->sec, id, &no, &name, &f->e), &f->e);
    assert_true(str_is(no, CANARY) && str_is(name, PERSON));
    assert_int_equal(account_get(f->db, f->a, s, id, &v, &f->e), ERR_NOT_FOUND);
    const struct account_new same = { .org_id = PAYER, .no = STR(CANARY), .name = STR(PERSON),
                                      .from = TODAY };
    begin(f);
    assert_int_equal(ended(f, account_add(f->db, scope_machine(), f->sec, &same, NOW, &again,
                                          &f->e)),
                     ERR_CONFLICT);
    begin(f);
    assert_ok(ended(f, account_take(f->db, scope_machine(), f->sec, &same, NOW, &again, &f->e)),
              &f->e);
    assert_true(again == id);
    begin(f);
    assert_int_equal(ended(f, account_verify(f->db, scope_machine(), id, 101, STR("T1"), f->maker,
                                             NOW, &f->e)),
                     ERR_INPUT);
    begin(f);
    assert_ok(ended(f, account_verify(f->db, scope_machine(), id, 17, STR("T1"), f->maker, NOW,
                                      &f->e)),
              &f->e);
    assert_int_equal(get(f, id).state, ACCOUNT_ACTIVE);
}

static void test_law_6(void **state)
{
    struct fixture *f = *state;
    int64_t id = add(f, PAYER, CANARY, LEGAL, false);
    struct str no, name;
    const struct audit_row *trail;
    size_t n;
    begin(f);
    assert_int_equal(ended(f, account_reveal(f->db, f->a, scope_machine(), f->sec, id, f->maker,
                                             STR("why"), NOW, &no, &name, &f->e)),
                     ERR_RULE);
    assert_string_equal(f->e.name, "ACCOUNT_RIGHT");
    begin(f);
    assert_int_equal(ended(f, account_reveal(f->db, f->a, scope_machine(), f->sec, id, f->reader,
                                             STR(" "), NOW, &no, &name, &f->e)),
                     ERR_INPUT);
    begin(f);
    assert_ok(ended(f, account_reveal(f->db, f->a, scope_machine(), f->sec, id, f->reader,
                                      STR("the bank asked"), NOW, &no, &name, &f->e)),
              &f->e);
    assert_true(str_is(no, CANARY));
    assert_ok(audit_trail(f->db, f->a, scope_machine(), STR(AUDIT_MAIN),
                          str_of(arena_printf(f->a, "account:%lld", (long long)id)), 0, &trail, &n,
                          &f->e),
              &f->e);
    assert_int_equal(n, 1);
    assert_true(str_is(trail[0].event.action, "account.reveal"));
    assert_true(trail[0].event.user_id == f->reader);
    assert_non_null(strstr(str_dup(f->a, trail[0].event.detail).at, "the bank asked"));
}

static void test_reseal_after_rotation(void **state)
{
    struct fixture *f = *state;
    int64_t id = add(f, PAYER, CANARY, LEGAL, false), n = 0;
    int32_t key;
    struct str no, name;
    begin(f);
    assert_ok(secret_rotate(f->sec, f->db, "bank_account", CIPHER_SM4_SM3, NOW, &key, &f->e),
              &f->e);
    assert_ok(ended(f, account_reseal(f->db, f->sec, 10, NOW, &n, &f->e)), &f->e);
    assert_int_equal(n, 1);
    begin(f);
    assert_ok(ended(f, account_reseal(f->db, f->sec, 10, NOW, &n, &f->e)), &f->e);
    assert_int_equal(n, 0);
    assert_ok(account_open(f->db, f->a, scope_machine(), f->sec, id, &no, &name, &f->e), &f->e);
    assert_true(str_is(no, CANARY) && str_is(name, LEGAL));
}

/* ---- change ------------------------------------------------------------------------------------
 */

static enum err_code ask(struct fixture *f, int64_t old, const char *name, const char *letter,
                         int64_t *change)
{
    const struct account_new v = { .no = STR(CANARY_NEXT),
                                   .name = str_of(name),
                                   .bank_no = STR("102331000002"),
                                   .from = TODAY };
    begin(f);
    return ended(f, account_change_ask(f->db, scope_machine(), f->sec, old, &v, str_of(letter),
                                       f->maker, STR("another bank"), NOW, change, &f->e));
}

static enum err_code approve(struct fixture *f, int64_t change, int64_t user, int *left)
{
    begin(f);
    return ended(f, account_change_approve(f->db, scope_machine(), change, user, STR("seen"), NOW,
                                           left, &f->e));
}

static enum err_code busy(void *ctx, struct db *db, int64_t account_id, bool *out, struct err *e)
{
    (void)db;
    (void)e;
    *out = account_id == *(int64_t *)ctx;
    return OK;
}

static enum err_code apply(struct fixture *f, int64_t change, const struct account_port *port,
                           int64_t ms)
{
    begin(f);
    return ended(f, account_change_apply(f->db, scope_machine(), port, change, f->maker, LATER(ms),
                                         &f->e));
}

static void test_laws_3_and_4(void **state)
{
    struct fixture *f = *state;
    int64_t old = add(f, PAYER, CANARY, LEGAL, false), change = 0;
    struct account_port port = { busy, &old };
    struct account_change c;
    struct str letter;
    int left = 0;
    assert_int_equal(ask(f, old, LEGAL, "", &change), ERR_INPUT);
    assert_int_equal(ask(f, old, "别人", "letter", &change), ERR_RULE);
    assert_string_equal(f->e.name, "ACCOUNT_NAME");
    assert_ok(ask(f, old, LEGAL, "letter of " CANARY_NEXT, &change), &f->e);
    assert_int_equal(ask(f, old, LEGAL, "letter", &change), ERR_CONFLICT);
    assert_int_equal(approve(f, change, f->second, &left), ERR_RULE);
    assert_string_equal(f->e.name, "ACCOUNT_UNVERIFIED");
    begin(f);
    assert_ok(ended(f, account_change_verify(f->db, scope_machine(), change, 9, STR("T2"),
                                             f->maker, NOW, &f->e)),
              &f->e);
    assert_int_equal(approve(f, change, f->maker, &left), ERR_RULE);
    assert_string_equal(f->e.name, "SELF_APPROVAL");
    assert_ok(approve(f, change, f->second, &left), &f->e);
    assert_int_equal(left, 1);
    assert_int_equal(approve(f, change, f->second, &left), ERR_RULE);
    assert_string_equal(f->e.name, "APPROVAL_TWICE");
    assert_int_equal(apply(f, change, NULL, 2 * ACCOUNT_COOLING_MS), ERR_RULE);
    assert_ok(approve(f, change, f->third, &left), &f->e);
    assert_int_equal(left, 0);
    assert_int_equal(apply(f, change, NULL, ACCOUNT_COOLING_MS - 1), ERR_RULE);
    assert_string_equal(f->e.name, "ACCOUNT_COOLING");
    assert_int_equal(apply(f, change, &port, ACCOUNT_COOLING_MS), ERR_RULE);
    assert_string_equal(f->e.name, "ACCOUNT_BUSY");
    assert_int_equal(get(f, old).state, ACCOUNT_NEW);
    assert_ok(apply(f, change, NULL, ACCOUNT_COOLING_MS), &f->e);
    assert_ok(account_change_get(f->db, f->a, scope_machine(), change, &c, &f->e), &f->e);
    assert_int_equal(c.state, ACCOUNT_CHANGE_DONE);
    assert_int_equal(c.effective.yyyymmdd, 20260303);
    assert_int_equal(get(f, old).state, ACCOUNT_REPLACED);
    assert_true(get(f, old).successor == c.new_account);
    assert_int_equal(get(f, c.new_account).state, ACCOUNT_ACTIVE);
    assert_ok(secret_file_get(f->sec, f->db, f->a, c.letter, &letter, &f->e), &f->e);
    assert_true(str_is(letter, "letter of " CANARY_NEXT));
}

static void test_refused_change_closes_the_new_account(void **state)
{
    struct fixture *f = *state;
    int64_t old = add(f, PAYER, CANARY, LEGAL, false), change = 0;
    struct account_change c;
    assert_ok(ask(f, old, LEGAL, "letter", &change), &f->e);
    begin(f);
    assert_ok(ended(f, account_change_refuse(f->db, scope_machine(), change, f->second,
                                             STR("no seal"), NOW, &f->e)),
              &f->e);
    assert_ok(account_change_get(f->db, f->a, scope_machine(), change, &c, &f->e), &f->e);
    assert_int_equal(get(f, c.new_account).state, ACCOUNT_CLOSED);
    assert_ok(ask(f, old, LEGAL, "letter", &change), &f->e);
}

/* ---- authorisations ----------------------------------------------------------------------------
 */

static enum err_code move(struct fixture *f, int64_t id, enum authorization_state to)
{
    begin(f);
    return ended(f, authorization_move(f->db, scope_machine(), id, to, TODAY, NOW, &f->e));
}

static enum err_code use(struct fixture *f, int64_t account, int32_t day, int64_t fen,
                         const char *ref)
{
    int64_t id;
    begin(f);
    return ended(f, authorization_use(f->db, scope_machine(), account, PAYEE, (struct day){ day },
                                      fen, str_of(ref), NOW, &id, &f->e));
}

static void test_law_5(void **state)
{
    struct fixture *f = *state;
    int64_t account = add(f, PAYER, CANARY, LEGAL, false);
    struct authorization v = { .no = STR("XY-1"),
                               .payer_account = account,
                               .payee_org = PAYEE,
                               .purpose = STR("电费"),
                               .item_max_fen = 1000,
                               .month_max_fen = 1500,
                               .from = { 20260301 },
                               .until = { 20260501 },
                               .signed_file = true };
    struct authorization unsigned_one = v;
    unsigned_one.no = STR("XY-2");
    unsigned_one.signed_file = false;
    begin(f);
    assert_ok(authorization_add(f->db, scope_machine(), &v, NOW, &f->e), &f->e);
    assert_ok(ended(f, authorization_add(f->db, scope_machine(), &unsigned_one, NOW, &f->e)),
              &f->e);
    assert_int_equal(v.org_id, PAYER);
    assert_int_equal(use(f, account, 20260302, 100, "D1"), ERR_RULE);
    assert_string_equal(f->e.name, "PAY_NO_MANDATE");
    assert_int_equal(move(f, unsigned_one.authorization_id, AUTHORIZATION_ACTIVE), ERR_RULE);
    assert_ok(move(f, v.authorization_id, AUTHORIZATION_ACTIVE), &f->e);
    assert_int_equal(use(f, account, 20260302, 1001, "D1"), ERR_RULE); /* item */
    assert_ok(use(f, account, 20260302, 1000, "D1"), &f->e);
    assert_ok(use(f, account, 20260302, 1000, "D1"), &f->e); /* the same debit */
    assert_int_equal(use(f, account, 20260302, 999, "D1"), ERR_CONFLICT);
    assert_int_equal(use(f, account, 20260331, 501, "D2"), ERR_RULE); /* 1000 + 501 > 1500 */
    assert_ok(use(f, account, 20260331, 500, "D2"), &f->e);
    assert_ok(use(f, account, 20260401, 1000, "D3"), &f->e);          /* another month */
    assert_int_equal(use(f, account, 20260501, 1, "D4"), ERR_RULE);   /* over */
    assert_int_equal(use(f, account, 20260228, 1, "D4"), ERR_RULE);   /* not begun */
    begin(f);
    assert_ok(ended(f, authorization_release(f->db, scope_machine(), STR("D2"), &f->e)), &f->e);
    assert_ok(use(f, account, 20260331, 500, "D5"), &f->e);
    assert_ok(move(f, v.authorization_id, AUTHORIZATION_SUSPENDED), &f->e);
    assert_int_equal(use(f, account, 20260401, 1, "D6"), ERR_RULE);
    assert_ok(move(f, v.authorization_id, AUTHORIZATION_REVOKED), &f->e);
    assert_int_equal(move(f, v.authorization_id, AUTHORIZATION_ACTIVE), ERR_RULE);
    assert_string_equal(f->e.name, "AUTHORIZATION_STATE");
    assert_ok(authorization_find(f->db, f->a, scope_machine(), STR("XY-2"),
                                 (struct day){ 20260501 }, &v, &f->e),
              &f->e);
    assert_int_equal(v.state, AUTHORIZATION_EXPIRED);
}

/* ---- orders -------------------------------------------------------------------------------------
 */

static void test_an_order_binds_accounts(void **state)
{
    struct fixture *f = *state;
    const int64_t station = 11;
    struct strategy_text t;
    bool fresh;
    const char *terms = "{\"parties\":{\"consumer\":\"2\",\"investor\":\"3\"}}";
    struct contract c = { .no = STR("C1"),
                          .title = STR("屋顶"),
                          .state = CONTRACT_EFFECTIVE,
                          .from = { 20260101 },
                          .stations = &station,
                          .n_stations = 1,
                          .terms = str_of(terms) };
    struct order_leg leg = { STR("consumer"), STR("investor"), STR(CANARY),
                             STR("6200000000000000027"), 0, 0 };
    struct order o = { .no = STR("O1"), .station_id = 11, .legs = &leg, .n_legs = 1,
                       .from = { 20260101 }, .state = ORDER_ACTIVE };
    const struct leg_accounts *before, *after;
    size_t n;
    int64_t change = 0;
    int left;
    begin(f);
    assert_ok(contract_strategy_publish(f->db, f->a, STR("pv"), STR("pv"), STR("x"), NULL, 0, NOW,
                                        &t, &fresh, &f->e),
              &f->e);
    c.strategy = t.ref;
    assert_ok(contract_create(f->db, scope_machine(), &c, NOW, &f->e), &f->e);
    o.contract_id = c.contract_id;
    assert_ok(order_legs_bind(f->db, f->a, scope_machine(), f->sec, c.terms, c.from, &leg, 1, NOW,
                              &f->e),
              &f->e);
    assert_ok(ended(f, order_create(f->db, scope_machine(), &o, NOW, &f->e)), &f->e);
    assert_true(str_is(leg.payer_account, "620000*********0001"));
    assert_true(str_is(get(f, leg.payer_account_id).name, LEGAL));
    assert_ok(order_accounts(f->db, f->a, scope_machine(), o.order_id, TODAY, &before, &n, &f->e),
              &f->e);
    assert_int_equal(n, 1);
    assert_true(before[0].payer_account == leg.payer_account_id &&
                before[0].payee_account == leg.payee_account_id);
    assert_ok(ask(f, leg.payer_account_id, LEGAL, "letter", &change), &f->e);
    begin(f);
    assert_ok(ended(f, account_change_verify(f->db, scope_machine(), change, 9, STR("T2"),
                                             f->maker, NOW, &f->e)),
              &f->e);
    assert_ok(approve(f, change, f->second, &left), &f->e);
    assert_ok(approve(f, change, f->third, &left), &f->e);
    assert_ok(apply(f, change, NULL, ACCOUNT_COOLING_MS), &f->e);
    assert_ok(order_accounts(f->db, f->a, scope_machine(), o.order_id, TODAY, &after, &n, &f->e),
              &f->e);
    assert_memory_equal(&after[0].hash, &before[0].hash, sizeof(struct sha256));
    assert_ok(order_accounts(f->db, f->a, scope_machine(), o.order_id, (struct day){ 20260303 },
                             &after, &n, &f->e),
              &f->e);
    assert_true(after[0].payer_account != before[0].payer_account);
    assert_true(after[0].payee_account == before[0].payee_account);
    assert_memory_not_equal(&after[0].hash, &before[0].hash, sizeof(struct sha256));
}

/* ---- canaries -----------------------------------------------------------------------------------
 */

static void stream_free_of(FILE *in, const char *where)
{
    static const char *const canaries[] = { CANARY, CANARY_NEXT, PERSON };
    size_t room = 64u << 20, n;
    char *bytes = malloc(room);
    n = fread(bytes, 1, room, in);
    assert_true(n > 0 && n < room);
    for (size_t i = 0; i < 3; i++) {
        if (memmem(bytes, n, canaries[i], strlen(canaries[i]))) {
            fail_msg("%s holds %s", where, canaries[i]);
        }
    }
    free(bytes);
}

static void folder_free_of(const char *folder, int *seen)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    for (struct dirent *x = readdir(d); x; x = readdir(d)) {
        char path[1600];
        snprintf(path, sizeof(path), "%s/%s", folder, x->d_name);
        if (x->d_type == DT_DIR && x->d_name[0] != '.') {
            folder_free_of(path, seen);
        } else if (x->d_type == DT_REG && x->d_name[0] != '.' &&
                   strcmp(x->d_name, "root.key") != 0) {
            FILE *in = fopen(path, "rb");
            assert_non_null(in);
            fseek(in, 0, SEEK_END);
            if (ftell(in) > 0) {
                rewind(in);
                stream_free_of(in, path);
                *seen += 1;
            }
            fclose(in);
        }
    }
    closedir(d);
}

/* Law 1: everything that keeps an account was done; no file of the store, no dump has it. */
static void test_canaries(void **state)
{
    struct fixture *f = *state;
    int64_t old = add(f, PAYER, CANARY, LEGAL, false), change = 0;
    struct str no, name;
    int seen = 0;
    add(f, PAYEE, CANARY, PERSON, true);
    assert_ok(ask(f, old, LEGAL, "letter of " CANARY_NEXT " for " PERSON, &change), &f->e);
    begin(f);
    assert_ok(ended(f, account_reveal(f->db, f->a, scope_machine(), f->sec, old, f->reader,
                                      STR("why"), NOW, &no, &name, &f->e)),
              &f->e);
    if (postgres) {
        char *dump = arena_printf(f->a, "$(ls -d /usr/lib/postgresql/*/bin | tail -1)/pg_dump '%s'",
                                  f->where);
        FILE *in = popen(dump, "r");
        assert_non_null(in);
        stream_free_of(in, "the dump");
        assert_int_equal(pclose(in), 0);
        struct str folder = secret_folder(f->sec);
        folder_free_of(str_dup(f->a, folder).at, &seen);
    } else {
        folder_free_of(f->where, &seen);
        assert_true(seen >= 2); /* the core file or its log, and the letter */
    }
    assert_true(seen >= 1);
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_masked_found_and_opened),
        EACH(test_law_6),
        EACH(test_reseal_after_rotation),
        EACH(test_laws_3_and_4),
        EACH(test_refused_change_closes_the_new_account),
        EACH(test_law_5),
        EACH(test_an_order_binds_accounts),
        EACH(test_canaries),
    };
    int bad = cmocka_run_group_tests_name("account on SQLite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        bad += cmocka_run_group_tests_name("account on PostgreSQL", tests, NULL, NULL);
    }
    return bad;
}
