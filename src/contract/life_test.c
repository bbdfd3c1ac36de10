/* life_test.c - how a strategy version comes into force, what it takes along; on both engines. */
#include "base/embed.h"
#include "base/test.h"
#include "contract/contract_rows.h"
#include "people/people.h"
#include "store/store.h"
#include "support/pg.h"

#define NOW ((struct instant){ 1772417700000LL }) /* 2026-03-02 10:15 in China */
#define TODAY ((struct day){ 20260302 })
#define APRIL ((struct day){ 20260401 })

static bool postgres; /* the engine of this round */

struct fixture {
    char where[600];
    struct db *db;
    struct arena *a;
    struct err e;
    int64_t maker, checker;
};

static void begin(struct fixture *f)
{
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &f->e), &f->e);
}

static void commit(struct fixture *f)
{
    assert_ok(store_commit(f->db, STORE_CORE, &f->e), &f->e);
}

static int64_t person(struct fixture *f, const char *login, int64_t role)
{
    int64_t id;
    assert_ok(
        user_add(f->db, scope_machine(), 1, str_of(login), str_of(login), STR(""), NOW, &id, &f->e),
        &f->e);
    assert_ok(role_grant(f->db, scope_machine(), id, role, 1, NOW, &f->e), &f->e);
    return id;
}

static int set_up(void **state)
{
    const char *perm = "settle:strategy:activate";
    struct store_migrations rooms[2];
    struct fixture *f = calloc(1, sizeof(*f));
    struct org operator= { .org_id = 1, .kind = ORG_OPERATOR, .name = STR("晴川运营") };
    int64_t role;
    rooms[0] = people_migrations;
    rooms[1] = contract_migrations;
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    f->a = arena_new();
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &f->e), &f->e);
    assert_ok(store_migrate(f->db, rooms, 2, NOW, &f->e), &f->e);
    begin(f);
    assert_ok(org_add(f->db, scope_machine(), &operator, 1, NOW, &f->e), &f->e);
    assert_ok(role_add(f->db, scope_machine(), 1, STR("release"), &perm, 1, NOW, &role, &f->e),
              &f->e);
    f->maker = person(f, "maker", role);
    f->checker = person(f, "checker", role);
    commit(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    store_close(f->db);
    arena_free(f->a);
    free(f);
    return 0;
}

static struct strategy_ref put(struct fixture *f, const char *text, bool draft)
{
    struct strategy_text out;
    bool fresh;
    begin(f);
    assert_ok((draft ? contract_strategy_draft
                     : contract_strategy_publish)(f->db, f->a, STR("pv"), STR("pv"), str_of(text),
                                                  NULL, 0, NOW, &out, &fresh, &f->e),
              &f->e);
    commit(f);
    return out.ref;
}

static struct contract agreed(const char *no, struct strategy_ref strategy, const char *terms,
                              const int64_t *station)
{
    return (struct contract){ .no = str_of(no),
                              .title = STR("屋顶"),
                              .from = { 20260101 },
                              .strategy = strategy,
                              .stations = station,
                              .n_stations = 1,
                              .terms = str_of(terms) };
}

static int64_t contract_new(struct fixture *f, const char *no, struct strategy_ref strategy,
                            const char *terms, int64_t station)
{
    struct contract c = agreed(no, strategy, terms, &station);
    begin(f);
    assert_ok(contract_create(f->db, scope_machine(), &c, NOW, &f->e), &f->e);
    commit(f);
    return c.contract_id;
}

static enum err_code evidence(struct fixture *f, struct strategy_ref ref, enum evidence_kind kind,
                              bool passed)
{
    const struct strategy_evidence v = {
        .kind = kind, .passed = passed, .hash = sha256_of("x", 1), .body = STR("{}")
    };
    begin(f);
    enum err_code rc = contract_evidence_put(f->db, f->a, ref, &v, NOW, &f->e);
    if (rc == OK) {
        commit(f);
    } else {
        store_rollback(f->db, STORE_CORE);
    }
    return rc;
}

static enum err_code request(struct fixture *f, struct strategy_ref ref, struct day from)
{
    int64_t approval;
    begin(f);
    enum err_code rc = contract_life_request(f->db, f->a, scope_machine(), ref, from, f->maker,
                                             STR("why"), NOW, &approval, &f->e);
    if (rc == OK) {
        commit(f);
    } else {
        store_rollback(f->db, STORE_CORE);
    }
    return rc;
}

static struct strategy_life life(struct fixture *f, struct strategy_ref ref, struct day on)
{
    struct strategy_life l = { 0 };
    assert_ok(contract_life_get(f->db, f->a, ref, on, &l, &f->e), &f->e);
    return l;
}

static int64_t activate(struct fixture *f, struct strategy_ref ref)
{
    int64_t moved = -1, id = life(f, ref, TODAY).approval_id;
    begin(f);
    assert_ok(approval_approve(f->db, scope_machine(), id, f->checker, STR(""), NOW, &f->e), &f->e);
    assert_ok(
        contract_life_activate(f->db, f->a, scope_machine(), ref, f->checker, NOW, &moved, &f->e),
        &f->e);
    commit(f);
    return moved;
}

/* Cases and a shadow run passed, asked for and activated. */
static int64_t release(struct fixture *f, struct strategy_ref ref, struct day from)
{
    assert_int_equal(evidence(f, ref, EVIDENCE_CASES, true), OK);
    assert_int_equal(evidence(f, ref, EVIDENCE_SHADOW, true), OK);
    assert_ok(request(f, ref, from), &f->e);
    return activate(f, ref);
}

static struct contract on_day(struct fixture *f, int64_t id, int32_t day)
{
    struct contract c;
    assert_ok(contract_get(f->db, f->a, scope_machine(), id, (struct day){ day }, &c, &f->e),
              &f->e);
    return c;
}

#define TERMS "{\"parties\":{\"x\":\"1\"},\"settings\":{\"d\":\"0.88\"}}"

/* ---- law 9 -------------------------------------------------------------------------------------
 */

static void test_law_9_no_contract_names_a_draft(void **state)
{
    struct fixture *f = *state;
    const int64_t station = 7;
    struct strategy_ref draft = put(f, "strategy pv one", true);
    struct contract c = agreed("C1", draft, TERMS, &station);
    begin(f);
    assert_int_equal(contract_create(f->db, scope_machine(), &c, NOW, &f->e), ERR_RULE);
    assert_string_equal(f->e.text, "contract C1: strategy pv@1 is a draft: a contract names an "
                                   "active version; release and activate it first");
    store_rollback(f->db, STORE_CORE);
    /* nobody uses it: no shadow run is asked for */
    assert_int_equal(evidence(f, draft, EVIDENCE_CASES, true), OK);
    assert_int_equal(life(f, draft, TODAY).state, LIFE_TESTED);
    assert_ok(request(f, draft, APRIL), &f->e);
    assert_int_equal(life(f, draft, TODAY).state, LIFE_REQUESTED);
    begin(f);
    assert_int_equal(contract_create(f->db, scope_machine(), &c, NOW, &f->e), ERR_RULE);
    store_rollback(f->db, STORE_CORE);
    assert_int_equal(activate(f, draft), 0);
    contract_new(f, "C1", draft, TERMS, 7);
    assert_int_equal(life(f, draft, TODAY).from.yyyymmdd, 20260401);
}

static void test_law_9_evidence_moves_a_version_on_and_back(void **state)
{
    struct fixture *f = *state;
    struct strategy_ref one = put(f, "strategy pv one", false), two;
    struct strategy_evidence v;
    contract_new(f, "C1", one, TERMS, 7);
    two = put(f, "strategy pv two", true);
    assert_int_equal(request(f, two, APRIL), ERR_RULE);
    assert_string_equal(f->e.name, "LIFE_UNTESTED");
    assert_int_equal(evidence(f, two, EVIDENCE_SHADOW, true), OK);
    assert_int_equal(life(f, two, TODAY).state, LIFE_DRAFT);
    assert_int_equal(evidence(f, two, EVIDENCE_CASES, true), OK);
    assert_int_equal(life(f, two, TODAY).state, LIFE_SHADOWED);
    assert_int_equal(evidence(f, two, EVIDENCE_SHADOW, false), OK);
    assert_int_equal(life(f, two, TODAY).state, LIFE_TESTED);
    assert_int_equal(request(f, two, APRIL), ERR_RULE);
    assert_string_equal(f->e.name, "LIFE_SHADOW_MISSING");
    assert_string_equal(f->e.text,
                        "strategy pv@2: contract C1 and others use it: run 'strategy shadow pv "
                        "--version 2 --period' over last month first");
    assert_int_equal(evidence(f, two, EVIDENCE_CASES, false), OK);
    assert_int_equal(life(f, two, TODAY).state, LIFE_DRAFT);
    assert_int_equal(release(f, two, APRIL), 1);
    assert_int_equal(evidence(f, two, EVIDENCE_CASES, true), ERR_RULE);
    assert_string_equal(f->e.name, "LIFE_CLOSED");
    assert_ok(contract_evidence_last(f->db, f->a, two, EVIDENCE_SHADOW, &v, &f->e), &f->e);
    assert_true(v.passed && str_is(v.body, "{}") && v.at.utc_ms == NOW.utc_ms);
    assert_int_equal(contract_evidence_last(f->db, f->a, one, EVIDENCE_CASES, &v, &f->e),
                     ERR_NOT_FOUND);
}

static void test_law_9_two_persons(void **state)
{
    struct fixture *f = *state;
    struct strategy_ref one = put(f, "strategy pv one", true);
    int64_t moved = -1, id;
    begin(f);
    assert_int_equal(
        contract_life_activate(f->db, f->a, scope_machine(), one, f->checker, NOW, &moved, &f->e),
        ERR_RULE);
    assert_string_equal(f->e.name, "LIFE_STATE");
    store_rollback(f->db, STORE_CORE);
    assert_int_equal(evidence(f, one, EVIDENCE_CASES, true), OK);
    assert_ok(request(f, one, APRIL), &f->e);
    assert_int_equal(request(f, one, APRIL), ERR_RULE);
    assert_string_equal(f->e.name, "LIFE_CLOSED");
    id = life(f, one, TODAY).approval_id;
    begin(f);
    assert_int_equal(
        contract_life_activate(f->db, f->a, scope_machine(), one, f->checker, NOW, &moved, &f->e),
        ERR_RULE);
    assert_string_equal(f->e.name, "APPROVAL_OPEN");
    assert_int_equal(approval_approve(f->db, scope_machine(), id, f->maker, STR(""), NOW, &f->e),
                     ERR_RULE);
    assert_string_equal(f->e.name, "SELF_APPROVAL");
    assert_ok(approval_refuse(f->db, scope_machine(), id, f->checker, STR("no"), NOW, &f->e),
              &f->e);
    commit(f);
    assert_int_equal(moved, -1);
    assert_int_equal(life(f, one, TODAY).state, LIFE_REQUESTED);
    /* refused: it may be asked for again, even after new evidence */
    assert_int_equal(evidence(f, one, EVIDENCE_CASES, true), OK);
    assert_int_equal(life(f, one, TODAY).state, LIFE_TESTED);
    assert_ok(request(f, one, APRIL), &f->e);
    assert_int_equal(activate(f, one), 0);
}

/* ---- law 10 ------------------------------------------------------------------------------------
 */

static void test_law_10_validity_without_overlap_or_hole(void **state)
{
    static const int32_t from[] = { 20260401, 20260402, 20261001, 20270101 };
    struct fixture *f = *state;
    struct strategy_ref ref;
    const struct strategy_life *l;
    char text[] = "strategy pv 0";
    size_t n;
    put(f, "strategy pv one", false);
    for (size_t i = 0; i < 4; i++) {
        text[sizeof(text) - 2]++;
        release(f, put(f, text, true), (struct day){ from[i] });
    }
    ref = put(f, "strategy pv late", true);
    assert_int_equal(evidence(f, ref, EVIDENCE_CASES, true), OK);
    assert_int_equal(request(f, ref, (struct day){ 20270101 }), ERR_RULE);
    assert_string_equal(f->e.text,
                        "strategy pv@6: version 5 is active from 20270101; choose a later day");
    assert_ok(contract_life_list(f->db, f->a, STR("pv"), (struct day){ 20261002 }, &l, &n, &f->e),
              &f->e);
    assert_int_equal(n, 6);
    assert_int_equal(l[0].from.yyyymmdd, 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(l[i].until.yyyymmdd, from[i]);
        assert_int_equal(l[i + 1].from.yyyymmdd, from[i]);
        assert_int_equal(l[i].state, i < 3 ? LIFE_RETIRED : LIFE_ACTIVE);
    }
    assert_int_equal(l[4].until.yyyymmdd, 0);
    assert_int_equal(request(f, put(f, "strategy pv late", true), (struct day){ 20260301 }),
                     ERR_RULE);
    assert_string_equal(f->e.text, "strategy pv@6: 20260301 is past, and what was settled stays as "
                                   "it was: choose today or a later day");
    /* on each day exactly one: that of the last beginning not after it */
    for (struct day d = { 20260330 }; d.yyyymmdd < 20270105; d = day_add(d, 1)) {
        int32_t version = 1;
        for (size_t i = 0; i < 4; i++) {
            version += from[i] <= d.yyyymmdd;
        }
        assert_ok(contract_life_on(f->db, f->a, STR("pv"), d, &ref, &f->e), &f->e);
        assert_int_equal(ref.version, version);
    }
}

static void test_a_first_version_has_no_validity_before_its_day(void **state)
{
    struct fixture *f = *state;
    struct strategy_ref ref = put(f, "strategy pv one", true);
    assert_int_equal(evidence(f, ref, EVIDENCE_CASES, true), OK);
    assert_ok(request(f, ref, APRIL), &f->e);
    activate(f, ref);
    assert_int_equal(
        contract_life_on(f->db, f->a, STR("pv"), (struct day){ 20260331 }, &ref, &f->e),
        ERR_NOT_FOUND);
    assert_string_equal(f->e.text,
                        "strategy pv: no version of it is active on 20260331; release one");
    assert_ok(contract_life_on(f->db, f->a, STR("pv"), APRIL, &ref, &f->e), &f->e);
}

/* ---- contracts that follow ----------------------------------------------------------------------
 */

static void test_contracts_follow_from_the_day(void **state)
{
    struct fixture *f = *state;
    struct strategy_ref one = put(f, "strategy pv one", false), two;
    int64_t moves = contract_new(f, "MOVES", one, TERMS, 1);
    int64_t fixed = contract_new(f, "FIXED", one, TERMS, 2);
    int64_t later = contract_new(f, "LATER", one, TERMS, 3);
    int64_t steps = contract_new(f, "STEPS", one,
                                 "{\"parties\":{\"x\":\"1\"},\"settings\":{\"d\":{\"2026-01-01\":"
                                 "\"0.88\",\"2026-07-01\":\"0.86\"}}}",
                                 4);
    const struct follower *who;
    size_t n;
    const int64_t station = 3;
    struct contract c =
        agreed("LATER", one, "{\"parties\":{\"x\":\"1\"},\"settings\":{\"d\":\"0.8\"}}", &station);
    c.contract_id = later;
    c.from = (struct day){ 20260601 };
    begin(f);
    assert_ok(contract_change(f->db, scope_machine(), &c, NOW, &f->e), &f->e);
    assert_ok(contract_fix(f->db, scope_machine(), fixed, true, NOW, &f->e), &f->e);
    assert_ok(contract_fix(f->db, scope_machine(), moves, true, NOW, &f->e), &f->e);
    assert_ok(contract_fix(f->db, scope_machine(), moves, false, NOW, &f->e), &f->e);
    assert_int_equal(contract_fix(f->db, scope_machine(), 99, true, NOW, &f->e), ERR_NOT_FOUND);
    commit(f);
    two = put(f, "strategy pv two", true);
    assert_ok(contract_followers(f->db, f->a, scope_machine(), two, APRIL, 0, &who, &n, &f->e),
              &f->e);
    assert_int_equal(n, 4);
    for (size_t i = 0; i < n; i++) {
        enum follow_how how = str_is(who[i].no, "FIXED")   ? FOLLOW_FIXED
                              : str_is(who[i].no, "LATER") ? FOLLOW_LATER
                                                           : FOLLOW_MOVES;
        assert_int_equal(who[i].how, how);
        assert_int_equal(who[i].strategy_version, 1);
    }
    assert_int_equal(release(f, two, APRIL), 2);
    assert_int_equal(on_day(f, moves, 20260331).strategy.version, 1);
    assert_int_equal(on_day(f, moves, 20260401).strategy.version, 2);
    assert_int_equal(on_day(f, moves, 20260401).version, 2);
    assert_true(str_is(on_day(f, moves, 20260401).terms, TERMS));
    assert_int_equal(on_day(f, moves, 20260401).until.yyyymmdd, 0);
    assert_int_equal(on_day(f, fixed, 20260401).strategy.version, 1);
    assert_int_equal(on_day(f, later, 20260601).strategy.version, 1);
    /* effective dates go on behind the day */
    assert_int_equal(on_day(f, steps, 20260331).strategy.version, 1);
    assert_int_equal(on_day(f, steps, 20260630).strategy.version, 2);
    assert_int_equal(on_day(f, steps, 20260630).until.yyyymmdd, 20260701);
    assert_int_equal(on_day(f, steps, 20260701).strategy.version, 2);
    assert_int_equal(on_day(f, steps, 20260701).until.yyyymmdd, 0);
}

/* ---- stores from before -------------------------------------------------------------------------
 */

EMBED(whole_sql, "src/contract/contract.sql");

static void test_versions_of_an_older_store_count_as_active(void **state)
{
    struct fixture *f = *state;
    char where[600];
    struct store_migrations rooms[2] = { people_migrations, { "contract", NULL } };
    const char *cut = strstr(whole_sql, "-- migration 3 core");
    struct strategy_ref ref = { STR("pv"), 1 };
    assert_non_null(cut);
    rooms[1].sql = arena_copy(f->a, whole_sql, (size_t)(cut - whole_sql));
    store_close(f->db);
    if (postgres) {
        pg_new_url(where, sizeof(where));
    } else {
        temp_dir(where, sizeof(where));
    }
    assert_ok(store_open(where, STORE_CREATE, &f->db, &f->e), &f->e);
    assert_ok(store_migrate(f->db, rooms, 2, NOW, &f->e), &f->e);
    begin(f);
    for (int i = 1; i <= 2; i++) {
        struct strategy_text t = { .ref = { STR("pv"), i },
                                   .title = STR("pv"),
                                   .text = i == 1 ? STR("one") : STR("two"),
                                   .published = NOW };
        t.hash = sha256_of(t.text.at, t.text.n);
        assert_ok(rows_put_strategy(f->db, &t, STR(""), &f->e), &f->e);
    }
    commit(f);
    rooms[1] = contract_migrations;
    assert_ok(store_migrate(f->db, rooms, 2, NOW, &f->e), &f->e);
    assert_int_equal(life(f, ref, TODAY).state, LIFE_RETIRED);
    ref.version = 2;
    assert_int_equal(life(f, ref, TODAY).state, LIFE_ACTIVE);
    assert_ok(contract_life_on(f->db, f->a, STR("pv"), (struct day){ 20200101 }, &ref, &f->e),
              &f->e);
    assert_int_equal(ref.version, 2);
}

int main(void)
{
#define ON_STORE(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_STORE(test_law_9_no_contract_names_a_draft),
        ON_STORE(test_law_9_evidence_moves_a_version_on_and_back),
        ON_STORE(test_law_9_two_persons),
        ON_STORE(test_law_10_validity_without_overlap_or_hole),
        ON_STORE(test_a_first_version_has_no_validity_before_its_day),
        ON_STORE(test_contracts_follow_from_the_day),
        ON_STORE(test_versions_of_an_older_store_count_as_active),
    };
    int failed = cmocka_run_group_tests_name("life sqlite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        failed += cmocka_run_group_tests_name("life postgres", tests, NULL, NULL);
    }
    return failed;
}
