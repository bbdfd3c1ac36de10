/* life_rows.c - SQL of the life of strategy versions. A strategy is no organisation's: its rows
 * have no scope; contracts that follow have theirs.
 */
#include "contract/life_rows.h"
#include "contract/contract_rows.h"
#include "store/rows.h"

#define IN_SCOPE                                                                                   \
    "($1 = 1 or exists (select 1 from contract_party p where p.contract_id = c.contract_id "       \
    "and p.version = c.version and p.org_id in "                                                   \
    "(select org_id from scope_org where scope_key = $2)))"

static enum err_code life_write(struct db *db, const char *sql, const struct life_row *l,
                                struct err *e)
{
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, l->ref.name);
    rows_int(r, 2, l->ref.version);
    rows_int(r, 3, l->state);
    rows_int(r, 4, l->from);
    rows_int(r, 5, l->until);
    rows_int(r, 6, l->approval_id);
    rows_int(r, 7, l->changed.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_put_life(struct db *db, const struct life_row *l, struct err *e)
{
    return life_write(db,
                      "insert into strategy_life (name, version, state, valid_from, valid_until, "
                      "approval_id, updated_at) values ($1, $2, $3, $4, $5, $6, $7)",
                      l, e);
}

enum err_code rows_set_life(struct db *db, const struct life_row *l, struct err *e)
{
    return life_write(db,
                      "update strategy_life set state = $3, valid_from = $4, valid_until = $5, "
                      "approval_id = $6, updated_at = $7 where name = $1 and version = $2",
                      l, e);
}

enum err_code rows_list_life(struct db *db, struct arena *a, struct str name, int32_t only,
                             struct life_row **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select version, state, valid_from, valid_until, approval_id, updated_at "
        "from strategy_life where name = $1 and ($2 = 0 or version = $2) "
        "order by version desc limit $3";
    struct rows *r;
    struct life_row *list = arena_many(a, CONTRACT_LIST_MAX, struct life_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, name);
    rows_int(r, 2, only);
    rows_int(r, 3, CONTRACT_LIST_MAX);
    while (rows_next(r, e)) {
        list[count++] = (struct life_row){
            .ref = { str_dup(a, name), (int32_t)rows_get_int(r, 0) },
            .state = (enum life_state)rows_get_int(r, 1),
            .from = (int32_t)rows_get_int(r, 2),
            .until = (int32_t)rows_get_int(r, 3),
            .approval_id = rows_get_int(r, 4),
            .changed = { rows_get_int(r, 5) },
        };
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_last_evidence(struct db *db, struct arena *a, struct strategy_ref ref,
                                 enum evidence_kind kind, struct strategy_evidence *out,
                                 int64_t *seq, struct err *e)
{
    static const char sql[] =
        "select seq, hash, body, created_at, passed from strategy_evidence where name = $1 "
        "and version = $2 and kind = $3 order by seq desc limit 1";
    struct rows *r;
    struct strategy_evidence v = { .kind = kind };
    int64_t place = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, ref.name);
    rows_int(r, 2, ref.version);
    rows_int(r, 3, kind);
    if (rows_next(r, e)) {
        place = rows_get_int(r, 0);
        v.hash = hash_of_hex(rows_get_str(r, 1));
        v.body = str_dup(a, rows_get_str(r, 2));
        v.at.utc_ms = rows_get_int(r, 3);
        v.passed = rows_get_int(r, 4) != 0;
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *seq = place;
    *out = v;
    return OK;
}

enum err_code rows_put_evidence(struct db *db, struct strategy_ref ref,
                                const struct strategy_evidence *v, struct err *e)
{
    static const char sql[] =
        "insert into strategy_evidence (name, version, seq, kind, hash, body, created_at, "
        "passed) "
        "values ($1, $2, (select coalesce(max(seq), 0) + 1 from strategy_evidence "
        "where name = $1 and version = $2), $3, $4, $5, $6, $7)";
    struct arena *a = arena_new();
    struct rows *r;
    enum err_code rc = rows_open(db, STORE_CORE, sql, &r, e);
    if (rc == OK) {
        rows_str(r, 1, ref.name);
        rows_int(r, 2, ref.version);
        rows_int(r, 3, v->kind);
        rows_str(r, 4, hash_hex(a, v->hash));
        rows_str(r, 5, v->body);
        rows_int(r, 6, v->at.utc_ms);
        rows_int(r, 7, v->passed);
        rc = rows_run(r, NULL, e);
    }
    arena_free(a);
    return rc;
}

enum err_code rows_followers(struct db *db, struct arena *a, struct scope s,
                             struct strategy_ref ref, int32_t from, int64_t after,
                             struct follower_row **out, size_t *n, struct err *e)
{
    /* The version in force on the day, else the first behind it. A later version with other terms
     * was agreed by itself; one with the same is a step of effective dates and gives way. */
    static const char sql[] =
        "select c.contract_id, c.no, c.version, c.strategy_version, "
        "case when exists (select 1 from contract_fixed x where x.contract_id = c.contract_id) "
        "then 2 when c.valid_from >= $5 or exists (select 1 from contract l "
        "where l.contract_id = c.contract_id and l.state = 2 and l.valid_from >= $5 "
        "and l.terms <> c.terms) then 3 else 1 end, "
        "(select max(m.valid_until) from contract m where m.contract_id = c.contract_id "
        "and m.state = 2) "
        "from contract c where " IN_SCOPE " and c.state = 2 and c.strategy = $3 "
        "and c.strategy_version <> $4 and c.valid_until > $5 and c.contract_id > $6 "
        "and not exists (select 1 from contract f where f.contract_id = c.contract_id "
        "and f.state = 2 and f.valid_until > $5 and f.valid_from < c.valid_from) "
        "order by c.contract_id limit $7";
    struct rows *r;
    struct follower_row *list = arena_many(a, CONTRACT_LIST_MAX, struct follower_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, ref.name);
    rows_int(r, 4, ref.version);
    rows_int(r, 5, from);
    rows_int(r, 6, after);
    rows_int(r, 7, CONTRACT_LIST_MAX);
    while (rows_next(r, e)) {
        list[count++] = (struct follower_row){
            .f = { .contract_id = rows_get_int(r, 0),
                   .no = str_dup(a, rows_get_str(r, 1)),
                   .version = (int32_t)rows_get_int(r, 2),
                   .strategy_version = (int32_t)rows_get_int(r, 3),
                   .how = (enum follow_how)rows_get_int(r, 4) },
            .until = (int32_t)rows_get_int(r, 5),
        };
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_put_fixed(struct db *db, struct scope s, int64_t contract_id, struct instant now,
                             struct err *e)
{
    static const char sql[] =
        "insert into contract_fixed (contract_id, created_at) values ($1, $2) "
        "on conflict (contract_id) do nothing";
    struct rows *r;
    (void)s; /* life.c has seen that the contract is the caller's */
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, contract_id);
    rows_int(r, 2, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_delete_fixed(struct db *db, struct scope s, int64_t contract_id, struct err *e)
{
    struct rows *r;
    (void)s;
    if (rows_open(db, STORE_CORE, "delete from contract_fixed where contract_id = $1", &r, e) !=
        OK) {
        return e->code;
    }
    rows_int(r, 1, contract_id);
    return rows_run(r, NULL, e);
}
