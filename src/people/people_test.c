/* people_test.c - scopes, the second person, the audit, passwords; on both engines, law by law. */
#include "base/test.h"
#include "people/password.h"
#include "people/people.h"
#include "store/rows.h"
#include "support/pg.h"

#define T0 1772417700000LL

static bool postgres; /* the engine of this round */

struct fixture {
    struct db *db;
    struct arena *arena;
    struct instant now;
    /*   top(1) - east(2) - plant(4)
     *         \- west(3)                 other(5) */
    int64_t maker, checker, third, foreign, locked;
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

static int64_t add_user(struct fixture *f, int64_t org, const char *login)
{
    struct err e;
    int64_t id = 0;
    assert_ok(user_add(f->db, scope_machine(), org, str_of(login), str_of(login), STR(""), f->now,
                       &id, &e),
              &e);
    return id;
}

static int64_t add_role(struct fixture *f, const char *name, const char *perm)
{
    struct err e;
    int64_t id = 0;
    assert_ok(role_add(f->db, scope_machine(), 1, str_of(name), &perm, 1, f->now, &id, &e), &e);
    return id;
}

static void grant(struct fixture *f, int64_t user, int64_t role, int64_t org)
{
    struct err e;
    assert_ok(role_grant(f->db, scope_machine(), user, role, org, f->now, &e), &e);
}

static void fill(struct fixture *f)
{
    struct err e;
    struct org orgs[] = {
        { .org_id = 1,
          .kind = ORG_OPERATOR,
          .name = STR("top"),
          .uscc = STR("91350100M000100Y43") },
        { .org_id = 2, .parent_id = 1, .kind = ORG_INVESTOR, .name = STR("east") },
        { .org_id = 3, .parent_id = 1, .kind = ORG_INVESTOR, .name = STR("west") },
        { .org_id = 4, .parent_id = 2, .kind = ORG_CONSUMER, .name = STR("plant") },
        { .org_id = 5, .kind = ORG_PARK, .name = STR("other") },
    };
    begin(f);
    assert_ok(org_add(f->db, scope_machine(), orgs, 5, f->now, &e), &e);
    f->maker = add_user(f, 1, "maker");
    f->checker = add_user(f, 1, "checker");
    f->third = add_user(f, 4, "third");
    f->foreign = add_user(f, 5, "foreign");
    f->locked = add_user(f, 1, "locked");
    int64_t reader = add_role(f, "reader", "settle:*:read");
    int64_t releaser = add_role(f, "releaser", "settle:statement:release");
    grant(f, f->maker, reader, 1);
    grant(f, f->maker, releaser, 2);
    grant(f, f->checker, releaser, 1);
    grant(f, f->third, releaser, 2);
    grant(f, f->foreign, releaser, 5);
    grant(f, f->locked, releaser, 1);
    assert_ok(user_lock(f->db, scope_machine(), f->locked, true, f->now, &e), &e);
    commit(f);
}

static int set_up(void **state)
{
    struct fixture *f = mem_alloc(sizeof(*f));
    struct err e;
    char where[600];
    if (postgres) {
        pg_new_url(where, sizeof(where));
    } else {
        temp_dir(where, sizeof(where));
    }
    f->now.utc_ms = T0;
    f->arena = arena_new();
    assert_ok(store_open(where, STORE_CREATE, &f->db, &e), &e);
    assert_ok(store_migrate(f->db, &people_migrations, 1, f->now, &e), &e);
    fill(f);
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

static void test_uscc_check_character(void **state)
{
    (void)state;
    static const char *const good[] = { "91350100M000100Y43", "91330100MA0000001F",
                                        "91330100MA0000002J" }; /* invoicing.md 1.1 */
    struct err e;
    bool legacy = true;
    for (int i = 0; i < 3; i++) {
        assert_ok(uscc_check(str_of(good[i]), &legacy, &e), &e);
        assert_false(legacy);
        for (size_t k = 0; k < 18; k++) { /* any one character changed */
            char wrong[19];
            memcpy(wrong, good[i], 19);
            wrong[k] = wrong[k] == '7' ? '8' : '7';
            assert_int_equal(uscc_check(str_of(wrong), NULL, &e), ERR_INPUT);
        }
    }
    assert_int_equal(uscc_check(STR("91350100M000100Y4O"), NULL, &e), ERR_INPUT);
    assert_int_equal(uscc_check(STR("91350100M000100Y4"), NULL, &e), ERR_INPUT);
    assert_ok(uscc_check(STR("330106123456789"), &legacy, &e), &e);
    assert_true(legacy);
}

static void test_organisations_and_their_scope(void **state)
{
    struct fixture *f = *state;
    static const int64_t east[] = { 2, 4 };
    struct scope s = { .orgs = east, .n = 2 };
    struct err e;
    struct org o;
    assert_ok(org_get(f->db, f->arena, s, 4, &o, &e), &e);
    assert_true(str_is(o.name, "plant") && o.parent_id == 2 && o.kind == ORG_CONSUMER);
    assert_int_equal(org_get(f->db, f->arena, s, 3, &o, &e), ERR_NOT_FOUND);
    assert_int_equal(org_find_name(f->db, f->arena, s, STR("other"), &o, &e), ERR_NOT_FOUND);
    assert_int_equal(org_find_uscc(f->db, f->arena, s, STR("91350100M000100Y43"), &o, &e),
                     ERR_NOT_FOUND);
    assert_ok(org_find_uscc(f->db, f->arena, scope_machine(), STR("91350100M000100Y43"), &o, &e),
              &e);
    assert_int_equal(o.org_id, 1);
    const struct org *list;
    size_t n;
    assert_ok(org_list(f->db, f->arena, s, 0, &list, &n, &e), &e);
    assert_int_equal(n, 2);
    assert_ok(org_list(f->db, f->arena, scope_machine(), 2, &list, &n, &e), &e);
    assert_int_equal(n, 3);
    begin(f);
    struct org more = { .parent_id = 3, .kind = ORG_CONSUMER, .name = STR("shop") };
    assert_int_equal(org_add(f->db, s, &more, 1, f->now, &e), ERR_NOT_FOUND);
    more.parent_id = 2;
    assert_ok(org_add(f->db, s, &more, 1, f->now, &e), &e);
    assert_true(more.org_id > 0);
    assert_int_equal(org_close(f->db, s, 3, 1, f->now, &e), ERR_NOT_FOUND);
    assert_int_equal(org_close(f->db, s, 4, 9, f->now, &e), ERR_CONFLICT);
    assert_ok(org_close(f->db, s, 4, 1, f->now, &e), &e);
    commit(f);
    begin(f);
    struct org twin = { .kind = ORG_BANK, .name = STR("x"), .uscc = STR("91350100M000100Y43") };
    assert_int_equal(org_add(f->db, scope_machine(), &twin, 1, f->now, &e), ERR_CONFLICT);
    store_rollback(f->db, STORE_CORE);
    assert_int_equal(twin.org_id, 0); /* outputs untouched */
}

static size_t scope_size(struct fixture *f, int64_t user, const char *perm)
{
    struct err e;
    struct scope s;
    assert_ok(people_scope(f->db, f->arena, user, perm, &s, &e), &e);
    assert_false(s.all);
    assert_int_equal(s.user_id, user);
    for (size_t i = 1; i < s.n; i++) {
        assert_true(s.orgs[i - 1] < s.orgs[i]);
    }
    return s.n;
}

static void test_law_1_a_scope_is_for_one_permission(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct scope s;
    bool may;
    assert_int_equal(scope_size(f, f->maker, "settle:statement:read"), 4);    /* all below top */
    assert_int_equal(scope_size(f, f->maker, "settle:statement:release"), 2); /* east, plant */
    assert_int_equal(scope_size(f, f->maker, "settle:statement:void"), 0);
    assert_int_equal(scope_size(f, f->maker, NULL), 4);
    assert_int_equal(scope_size(f, f->foreign, NULL), 1);
    assert_int_equal(people_scope(f->db, f->arena, f->locked, NULL, &s, &e), ERR_RULE);
    assert_int_equal(people_scope(f->db, f->arena, 12345, NULL, &s, &e), ERR_NOT_FOUND);
    assert_ok(people_may(f->db, f->maker, "settle:statement:release", 4, &may, &e), &e);
    assert_true(may);
    assert_ok(people_may(f->db, f->maker, "settle:statement:release", 3, &may, &e), &e);
    assert_false(may);
    assert_ok(people_may(f->db, f->maker, "settle:statement:read", 3, &may, &e), &e);
    assert_true(may);
    begin(f);
    int64_t id;
    const char *wrong[] = { "settle:statement" };
    assert_int_equal(role_add(f->db, scope_machine(), 1, STR("w"), wrong, 1, f->now, &id, &e),
                     ERR_INPUT);
    const char *all[] = { "*:*:*" };
    assert_ok(role_add(f->db, scope_machine(), 5, STR("all"), all, 1, f->now, &id, &e), &e);
    grant(f, f->foreign, id, 3);
    assert_int_equal(scope_size(f, f->foreign, "any:thing:do"), 1);
    assert_ok(role_revoke(f->db, scope_machine(), f->foreign, id, 3, &e), &e);
    assert_int_equal(role_revoke(f->db, scope_machine(), f->foreign, id, 3, &e), ERR_NOT_FOUND);
    assert_int_equal(scope_size(f, f->foreign, "any:thing:do"), 0);
    commit(f);
}

static void test_users_of_another_organisation_are_not_found(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct scope s;
    struct user u;
    const struct user *list;
    size_t n;
    int64_t id;
    assert_ok(people_scope(f->db, f->arena, f->foreign, NULL, &s, &e), &e);
    assert_int_equal(user_get(f->db, f->arena, s, f->maker, &u, &e), ERR_NOT_FOUND);
    assert_int_equal(user_find_login(f->db, f->arena, s, STR("maker"), &u, &e), ERR_NOT_FOUND);
    assert_ok(user_list(f->db, f->arena, s, 0, &list, &n, &e), &e);
    assert_int_equal(n, 1);
    begin(f);
    assert_int_equal(user_lock(f->db, s, f->maker, true, f->now, &e), ERR_NOT_FOUND);
    assert_int_equal(role_grant(f->db, s, f->maker, 1, 5, f->now, &e), ERR_NOT_FOUND);
    assert_int_equal(user_add(f->db, s, 1, STR("spy"), STR("spy"), STR(""), f->now, &id, &e),
                     ERR_NOT_FOUND);
    commit(f);
    begin(f);
    assert_int_equal(user_add(f->db, s, 5, STR("maker"), STR("m"), STR(""), f->now, &id, &e),
                     ERR_CONFLICT);
    store_rollback(f->db, STORE_CORE);
}

static void test_law_5_passwords(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e;
    /* integrations.md 8, vector P1 */
    struct str h = password_hash(a, STR("correct horse battery staple"),
                                 (const unsigned char *)"0123456789abcdef");
    assert_string_equal(h.at, "$argon2id$v=19$m=65536,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg"
                              "$lMhvVBq9s9mqv+pZqgOWNUlIPpwLGnkzbna1TO5skX4");
    assert_true(password_agrees(a, h, STR("correct horse battery staple")));
    assert_false(password_agrees(a, h, STR("correct horse battery stable")));
    assert_false(password_is_old(h));
    assert_true(password_is_old(STR("$argon2id$v=19$m=4096,t=3,p=1$x$y")));
    static const char *const refused[] = { "short",          "aaaaaaaaaaaaaaa",  "123456789012",
                                           "abcdefghijklmn", "my maker is good", "ababababababab" };
    for (int i = 0; i < 6; i++) {
        assert_int_equal(password_allowed(str_of(refused[i]), STR("maker"), &e), ERR_INPUT);
    }
    assert_ok(password_allowed(STR("seven grey stones"), STR("maker"), &e), &e);
    arena_free(a);
}

static void test_law_5_login_waits_after_failures(void **state)
{
    struct fixture *f = *state;
    struct err e, unknown;
    int64_t id = 0, who = 0;
    begin(f);
    assert_ok(user_add(f->db, scope_machine(), 1, STR("anna"), STR("Anna"),
                       STR("seven grey stones"), f->now, &id, &e),
              &e);
    commit(f);
    assert_ok(user_login(f->db, STR("anna"), STR("seven grey stones"), f->now, &who, &e), &e);
    assert_int_equal(who, id);
    assert_int_equal(user_login(f->db, STR("nobody"), STR("x"), f->now, &who, &unknown), ERR_RULE);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(user_login(f->db, STR("anna"), STR("wrong"), f->now, &who, &e), ERR_RULE);
        assert_string_equal(e.name, "LOGIN_FAILED");
        assert_string_equal(e.text, unknown.text);
    }
    assert_int_equal(user_login(f->db, STR("anna"), STR("seven grey stones"), f->now, &who, &e),
                     ERR_RULE);
    assert_string_equal(e.name, "LOGIN_WAIT");
    struct instant later = { f->now.utc_ms + 60000 };
    assert_int_equal(user_login(f->db, STR("anna"), STR("wrong"), later, &who, &e), ERR_RULE);
    later.utc_ms += 119999; /* the second wait is two minutes */
    assert_int_equal(user_login(f->db, STR("anna"), STR("seven grey stones"), later, &who, &e),
                     ERR_RULE);
    assert_string_equal(e.name, "LOGIN_WAIT");
    later.utc_ms += 1;
    assert_ok(user_login(f->db, STR("anna"), STR("seven grey stones"), later, &who, &e), &e);
    assert_int_equal(user_login(f->db, STR("locked"), STR("x"), f->now, &who, &e), ERR_RULE);
    assert_int_equal(user_login(f->db, STR("maker"), STR(""), f->now, &who, &e), ERR_RULE);
    const struct audit_row *rows; /* law 6 */
    size_t n;
    char object[40];
    snprintf(object, sizeof(object), "user:%lld", (long long)id);
    assert_ok(audit_trail(f->db, f->arena, scope_machine(), STR("login"), str_of(object), 0, &rows,
                          &n, &e),
              &e);
    assert_int_equal(n, 8); /* good, 5 wrong, 1 wrong, good; waiting is not tried */
    assert_true(str_is(rows[5].event.result, "refused") && rows[7].event.user_id == id);
}

static struct sha256 content(const char *c)
{
    return sha256_of(c, strlen(c));
}

static int64_t ask(struct fixture *f, int checkers)
{
    struct err e;
    int64_t id = 0;
    struct approval_ask a = {
        .org_id = 2,
        .kind = STR("statement.release"),
        .object = STR("statement:9"),
        .content = content("312.00"),
        .perm = STR("settle:statement:release"),
        .maker = f->maker,
        .checkers = checkers,
        .reason = STR("meter was swapped"),
    };
    assert_ok(approval_request(f->db, scope_machine(), &a, f->now, &id, &e), &e);
    return id;
}

static void approve(struct fixture *f, int64_t id, int64_t user, const char *name)
{
    struct err e = { 0 };
    enum err_code code =
        approval_approve(f->db, scope_machine(), id, user, STR("seen"), f->now, &e);
    if (name) {
        assert_int_equal(code, ERR_RULE);
        assert_string_equal(e.name, name);
    } else if (code != OK) {
        fail_msg("%s", e.text);
    }
}

static void use(struct fixture *f, int64_t id, const char *object, const char *what,
                const char *name)
{
    struct err e = { 0 };
    enum err_code code = approval_use(f->db, scope_machine(), id, STR("statement.release"),
                                      str_of(object), content(what), f->maker, f->now, &e);
    if (name) {
        assert_int_equal(code, ERR_RULE);
        assert_string_equal(e.name, name);
    } else if (code != OK) {
        fail_msg("%s", e.text);
    }
}

static void test_law_2_another_person_with_the_right(void **state)
{
    struct fixture *f = *state;
    begin(f);
    int64_t id = ask(f, 1);
    use(f, id, "statement:9", "312.00", "APPROVAL_OPEN");
    approve(f, id, f->maker, "SELF_APPROVAL");
    approve(f, id, 0, "APPROVAL_RIGHT"); /* the machine */
    approve(f, id, f->foreign, "APPROVAL_RIGHT");
    approve(f, id, f->locked, "APPROVAL_RIGHT");
    approve(f, id, 999, "APPROVAL_RIGHT");
    approve(f, id, f->checker, NULL);
    approve(f, id, f->third, "APPROVAL_CLOSED");
    use(f, id, "statement:9", "312.00", NULL);
    commit(f);
}

static void test_law_2_two_checkers_are_two_persons(void **state)
{
    struct fixture *f = *state;
    begin(f);
    int64_t id = ask(f, 2);
    approve(f, id, f->checker, NULL);
    approve(f, id, f->checker, "APPROVAL_TWICE");
    use(f, id, "statement:9", "312.00", "APPROVAL_OPEN");
    approve(f, id, f->third, NULL);
    use(f, id, "statement:9", "312.00", NULL);
    commit(f);
}

static void test_law_3_one_content_once_in_time(void **state)
{
    struct fixture *f = *state;
    struct err e;
    begin(f);
    int64_t id = ask(f, 1);
    approve(f, id, f->checker, NULL);
    use(f, id, "statement:9", "312.01", "APPROVAL_OTHER");
    use(f, id, "statement:8", "312.00", "APPROVAL_OTHER");
    use(f, id, "statement:9", "312.00", NULL);
    use(f, id, "statement:9", "312.00", "APPROVAL_CLOSED");
    int64_t late = ask(f, 1), later = ask(f, 1);
    approve(f, late, f->checker, NULL);
    f->now.utc_ms += 7 * DAY_MS;
    use(f, late, "statement:9", "312.00", "APPROVAL_EXPIRED");
    approve(f, later, f->checker, "APPROVAL_EXPIRED");
    int64_t no = ask(f, 1);
    assert_ok(approval_refuse(f->db, scope_machine(), no, f->checker, STR("no"), f->now, &e), &e);
    approve(f, no, f->third, "APPROVAL_CLOSED");
    use(f, no, "statement:9", "312.00", "APPROVAL_OPEN");
    int64_t back = ask(f, 1); /* who asked may withdraw */
    assert_ok(approval_refuse(f->db, scope_machine(), back, f->maker, STR(""), f->now, &e), &e);
    commit(f);
}

static void test_approvals_of_others_are_not_found(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct scope s;
    struct approval ap;
    const struct approval *list;
    size_t n;
    begin(f);
    int64_t id = ask(f, 1);
    assert_ok(people_scope(f->db, f->arena, f->foreign, NULL, &s, &e), &e);
    assert_int_equal(approval_approve(f->db, s, id, f->foreign, STR(""), f->now, &e),
                     ERR_NOT_FOUND);
    assert_int_equal(approval_get(f->db, f->arena, s, id, &ap, &e), ERR_NOT_FOUND);
    assert_ok(approval_open_list(f->db, f->arena, s, f->now, 0, &list, &n, &e), &e);
    assert_int_equal(n, 0);
    assert_ok(people_scope(f->db, f->arena, f->third, NULL, &s, &e), &e);
    assert_ok(approval_open_list(f->db, f->arena, s, f->now, 0, &list, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_true(str_is(list[0].ask.reason, "meter was swapped") && list[0].ask.maker == f->maker);
    struct approval_ask wrong = {
        .org_id = 1, .kind = STR("k"), .object = STR("o"), .reason = STR("r"), .maker = f->third
    };
    assert_int_equal(approval_request(f->db, s, &wrong, f->now, &id, &e), ERR_NOT_FOUND);
    wrong.org_id = 2;
    wrong.reason = STR("  ");
    assert_int_equal(approval_request(f->db, s, &wrong, f->now, &id, &e), ERR_INPUT);
    commit(f);
}

/* ---- audit ----------------------------------------------------------------------------------- */

static void write_events(struct fixture *f, int n)
{
    struct err e;
    for (int i = 1; i <= n; i++) {
        char object[24];
        snprintf(object, sizeof(object), "statement:%d", i);
        struct audit_event ev = { .at = { T0 + i - 1 },
                                  .user_id = i == 1 ? 7 : 0,
                                  .org_id = i == 1 ? 3 : 0,
                                  .action = STR("statement.issue"),
                                  .object = str_of(object),
                                  .result = STR("ok"),
                                  .detail = i == 1 ? STR("{\"no\":\"\xE7\x94\xB2\"}") : STR("") };
        assert_ok(audit_append(f->db, STR(AUDIT_MAIN), &ev, 1, &e), &e);
    }
}

static struct audit_report verify(struct fixture *f, const struct audit_head *known)
{
    struct err e;
    struct audit_report r;
    assert_ok(audit_verify(f->db, f->arena, known, known ? 1 : 0, &r, &e), &e);
    return r;
}

static void test_law_4_the_chain_is_the_written_formula(void **state)
{
    struct fixture *f = *state;
    struct err e;
    const struct audit_row *rows;
    size_t n;
    struct text t;
    begin(f);
    write_events(f, 2);
    commit(f);
    assert_ok(audit_trail(f->db, f->arena, scope_machine(), STR("main"), STR("statement:2"), 0,
                          &rows, &n, &e),
              &e);
    assert_int_equal(n, 1);
    text_init(&t, f->arena, 64);
    text_hex(&t, rows[0].hash.b, 32); /* from a Python calculation */
    assert_string_equal(t.at, "0c825982e15914a7241e23c5877c6e6e39ab723a5364d877c16f54902a4b65eb");
    assert_true(verify(f, NULL).good);
    assert_int_equal(verify(f, NULL).rows, 2);
}

static void test_law_4_rolled_back_with_its_deed(void **state)
{
    struct fixture *f = *state;
    begin(f);
    write_events(f, 3);
    store_rollback(f->db, STORE_CORE);
    begin(f);
    write_events(f, 2);
    commit(f);
    assert_true(verify(f, NULL).good);
    assert_int_equal(verify(f, NULL).rows, 2);
}

static void sql(struct fixture *f, const char *text)
{
    struct err e;
    struct rows *r;
    assert_ok(rows_open(f->db, STORE_CORE, text, &r, &e), &e);
    assert_ok(rows_run(r, NULL, &e), &e);
}

static void test_law_4_nobody_edits_through_the_front_door(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct rows *r;
    begin(f);
    write_events(f, 2);
    assert_ok(rows_open(f->db, STORE_CORE, "update audit_log set detail = 'x'", &r, &e), &e);
    assert_int_equal(rows_run(r, NULL, &e), ERR_RULE);
    store_rollback(f->db, STORE_CORE);
}

/* What a burglar with every right on the tables does. */
static const struct {
    const char *deed[4];
    int64_t seq;
    const char *what;
    bool anchored;
} burglaries[] = {
    { { "update audit_log set detail = 'x' where seq = 3" }, 3, "changed after it was written", 0 },
    { { "update audit_log set user_id = 8 where seq = 1" }, 1, "changed after it was written", 0 },
    { { "update audit_log set created_at = created_at + 1 where seq = 6" },
      6,
      "changed after it was written",
      0 },
    { { "delete from audit_log where seq = 1" }, 1, "missing: the next row is 2", 0 },
    { { "delete from audit_log where seq = 4" }, 4, "missing: the next row is 5", 0 },
    { { "delete from audit_log where seq = 6" }, 6, "missing: a head or anchor noted row 6", 0 },
    { { "delete from audit_log where seq >= 3" }, 3, "missing: a head or anchor noted row 6", 0 },
    { { "delete from audit_log where seq >= 4",
        "update audit_head set seq = 3, hash = (select hash from audit_log where seq = 3 and "
        "stream = 'main') where stream = 'main'" },
      4,
      "missing: a head or anchor noted row 6",
      1 },
    { { "delete from audit_log where stream = 'main'",
        "delete from audit_head where stream = 'main'" },
      1,
      "missing: the whole stream is gone",
      1 },
    { { "delete from audit_head where stream = 'main'" },
      6,
      "the head of the stream is missing",
      0 },
    { { "insert into audit_log select stream, 7, created_at, user_id, org_id, action, object, "
        "result, detail, prev_hash, hash from audit_log where seq = 6 and stream = 'main'" },
      7,
      "changed after it was written",
      0 },
    { { "update audit_log set seq = 100 where seq = 2 and stream = 'main'",
        "update audit_log set seq = 2 where seq = 4 and stream = 'main'",
        "update audit_log set seq = 4 where seq = 100 and stream = 'main'" },
      2,
      "changed after it was written",
      0 },
    { { "update audit_log set hash = prev_hash where seq = 5" },
      5,
      "changed after it was written",
      0 },
    { { "update audit_head set hash = (select hash from audit_log where seq = 2 and "
        "stream = 'main') where stream = 'main'" },
      6,
      "not the row that its head or an anchor noted",
      0 },
};

static void test_law_4_every_burglary_is_found(void **state)
{
    struct fixture *f = *state;
    struct err e;
    begin(f);
    write_events(f, 6);
    commit(f);
    assert_true(verify(f, NULL).good);
    for (size_t i = 0; i < sizeof(burglaries) / sizeof(burglaries[0]); i++) {
        begin(f);
        if (burglaries[i].anchored) {
            assert_ok(audit_anchor(f->db, f->now, &e), &e);
            assert_ok(audit_anchor(f->db, f->now, &e), &e); /* nothing moved: nothing written */
        }
        if (postgres) {
            sql(f, "drop trigger audit_log_rows on audit_log");
        } else {
            sql(f, "drop trigger audit_log_no_update");
            sql(f, "drop trigger audit_log_no_delete");
        }
        sql(f, "create table keep_log as select * from audit_log");
        sql(f, "create table keep_head as select * from audit_head");
        for (int k = 0; k < 4 && burglaries[i].deed[k]; k++) {
            sql(f, burglaries[i].deed[k]);
        }
        commit(f);
        struct audit_report r = verify(f, NULL);
        assert_false(r.good);
        assert_true(str_is(r.stream, "main"));
        assert_int_equal(r.seq, burglaries[i].seq);
        assert_non_null(strstr(r.what.at, burglaries[i].what));
        begin(f); /* put everything back */
        sql(f, "delete from audit_log");
        sql(f, "insert into audit_log select * from keep_log");
        sql(f, "delete from audit_head");
        sql(f, "insert into audit_head select * from keep_head");
        sql(f, "drop table keep_log");
        sql(f, "drop table keep_head");
        if (postgres) {
            sql(f, "create trigger audit_log_rows before update or delete on audit_log for each "
                   "row execute function append_only()");
        } else {
            sql(f, "create trigger audit_log_no_update before update on audit_log begin "
                   "select raise(abort, 'x'); end");
            sql(f, "create trigger audit_log_no_delete before delete on audit_log begin "
                   "select raise(abort, 'x'); end");
        }
        commit(f);
        assert_true(verify(f, NULL).good);
    }
    assert_int_equal(verify(f, NULL).rows, 7); /* six and one anchor */
}

static void test_law_4_a_forged_chain_disagrees_with_a_noted_head(void **state)
{
    struct fixture *f = *state;
    struct err e;
    const struct audit_head *heads;
    size_t n;
    begin(f);
    write_events(f, 3);
    commit(f);
    assert_ok(audit_heads(f->db, f->arena, &heads, &n, &e), &e);
    assert_int_equal(n, 1);
    assert_int_equal(heads[0].seq, 3);
    assert_true(verify(f, heads).good);
    begin(f);
    write_events(f, 1); /* more rows do not hurt an older note */
    commit(f);
    assert_true(verify(f, heads).good);
    struct audit_head other = heads[0];
    other.hash.b[0] ^= 1;
    assert_false(verify(f, &other).good);
    assert_int_equal(verify(f, &other).seq, 3);
    other = heads[0];
    other.seq = 9;
    assert_int_equal(verify(f, &other).seq, 5);
}

static void test_the_trail_is_scoped(void **state)
{
    struct fixture *f = *state;
    static const int64_t three[] = { 3 }, five[] = { 5 };
    struct err e;
    const struct audit_row *rows;
    size_t n;
    begin(f);
    write_events(f, 2);
    commit(f);
    struct scope in = { .orgs = three, .n = 1 }, out = { .orgs = five, .n = 1 };
    assert_ok(audit_trail(f->db, f->arena, in, STR("main"), STR("statement:1"), 0, &rows, &n, &e),
              &e);
    assert_int_equal(n, 1);
    assert_ok(audit_trail(f->db, f->arena, out, STR("main"), STR("statement:1"), 0, &rows, &n, &e),
              &e);
    assert_int_equal(n, 0);
}

#define BOTH(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uscc_check_character),
        cmocka_unit_test(test_law_5_passwords),
        BOTH(test_organisations_and_their_scope),
        BOTH(test_law_1_a_scope_is_for_one_permission),
        BOTH(test_users_of_another_organisation_are_not_found),
        BOTH(test_law_5_login_waits_after_failures),
        BOTH(test_law_2_another_person_with_the_right),
        BOTH(test_law_2_two_checkers_are_two_persons),
        BOTH(test_law_3_one_content_once_in_time),
        BOTH(test_approvals_of_others_are_not_found),
        BOTH(test_law_4_the_chain_is_the_written_formula),
        BOTH(test_law_4_rolled_back_with_its_deed),
        BOTH(test_law_4_nobody_edits_through_the_front_door),
        BOTH(test_law_4_every_burglary_is_found),
        BOTH(test_law_4_a_forged_chain_disagrees_with_a_noted_head),
        BOTH(test_the_trail_is_scoped),
    };
    int failed = cmocka_run_group_tests_name("people on SQLite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("people on PostgreSQL", tests, NULL, NULL);
    }
    return failed;
}
