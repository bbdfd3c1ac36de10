/* authorization_rows.c - all SQL on authorisations to debit. The table is debit_authorization: the
 * bare word is reserved in PostgreSQL.
 */
#include "contract/account_rows.h"
#include "contract/contract_rows.h"
#include "store/rows.h"

#define IN_SCOPE "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"
#define COLUMNS                                                                                    \
    "authorization_id, no, org_id, payer_account, payee_org, purpose, item_max_fen, "              \
    "month_max_fen, valid_from, valid_until, state, file"

static void take(struct rows *r, struct arena *a, struct authorization *out)
{
    int64_t until = rows_get_int(r, 9);
    struct str file = rows_get_bytes(r, 11);
    *out = (struct authorization){
        .authorization_id = rows_get_int(r, 0),
        .no = str_dup(a, rows_get_str(r, 1)),
        .org_id = rows_get_int(r, 2),
        .payer_account = rows_get_int(r, 3),
        .payee_org = rows_get_int(r, 4),
        .purpose = str_dup(a, rows_get_str(r, 5)),
        .item_max_fen = rows_get_int(r, 6),
        .month_max_fen = rows_get_int(r, 7),
        .from = { (int32_t)rows_get_int(r, 8) },
        .until = { until == DAY_OPEN ? 0 : (int32_t)until },
        .state = (enum authorization_state)rows_get_int(r, 10),
        .signed_file = file.n == sizeof(struct sha256),
    };
    if (out->signed_file) {
        memcpy(out->file.b, file.at, file.n);
    }
}

enum err_code rows_put_authorization(struct db *db, struct scope s, const struct authorization *v,
                                     struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into debit_authorization (authorization_id, no, org_id, payer_account, payee_org, "
        "purpose, item_max_fen, month_max_fen, valid_from, valid_until, state, file, created_at, "
        "updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)";
    struct rows *r;
    (void)s; /* authorization.c has seen the account with it */
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, v->authorization_id);
    rows_str(r, 2, v->no);
    rows_int(r, 3, v->org_id);
    rows_int(r, 4, v->payer_account);
    rows_int(r, 5, v->payee_org);
    rows_str(r, 6, v->purpose);
    rows_int(r, 7, v->item_max_fen);
    rows_int(r, 8, v->month_max_fen);
    rows_int(r, 9, v->from.yyyymmdd);
    rows_int(r, 10, v->until.yyyymmdd ? v->until.yyyymmdd : DAY_OPEN);
    rows_int(r, 11, v->state);
    rows_bytes(r, 12, v->file.b, v->signed_file ? sizeof(v->file.b) : 0);
    rows_int(r, 13, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_find_authorization(struct db *db, struct arena *a, struct scope s, int64_t id,
                                      struct str no, struct authorization *out, bool *found,
                                      struct err *e)
{
    static const char sql[] = "select " COLUMNS " from debit_authorization where " IN_SCOPE
                              " and (authorization_id = $3 or ($3 = 0 and no = $4)) "
                              "order by authorization_id limit 1";
    struct rows *r;
    *found = false;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_str(r, 4, no);
    if (rows_next(r, e)) {
        take(r, a, out);
        *found = true;
    }
    return rows_close(r, e);
}

enum err_code rows_list_authorizations(struct db *db, struct arena *a, struct scope s,
                                       int64_t payer_account, int64_t payee_org, int64_t after,
                                       struct authorization *out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select " COLUMNS " from debit_authorization where " IN_SCOPE
        " and ($3 = 0 or (payer_account = $3 and payee_org = $4)) and authorization_id > $5 "
        "order by authorization_id limit $6";
    struct rows *r;
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, payer_account);
    rows_int(r, 4, payee_org);
    rows_int(r, 5, after);
    rows_int(r, 6, ACCOUNT_PAGE_MAX);
    while (rows_next(r, e)) {
        take(r, a, &out[count++]);
    }
    *n = count;
    return rows_close(r, e);
}

enum err_code rows_move_authorization(struct db *db, struct scope s, int64_t id,
                                      enum authorization_state was, enum authorization_state to,
                                      struct instant now, struct err *e)
{
    static const char sql[] = "update debit_authorization set state = $4, updated_at = $5 where "
                              IN_SCOPE " and authorization_id = $3 and state = $6";
    struct rows *r;
    int64_t changed = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_int(r, 4, to);
    rows_int(r, 5, now.utc_ms);
    rows_int(r, 6, was);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1 ? OK
                        : fail(e, ERR_CONFLICT, "the authorisation was changed meanwhile");
}

enum err_code rows_authorization_sum(struct db *db, struct scope s, int64_t id, struct month month,
                                     int64_t *fen, struct err *e)
{
    /* Locking the authorisation keeps two debits from sharing what is left of its month. */
    static const char lock[] = "select authorization_id from debit_authorization "
                               "where authorization_id = $1 {for_update}";
    static const char sql[] = "select coalesce(cast(sum(fen) as {i64}), 0) from authorization_use "
                              "where authorization_id = $1 and month = $2";
    struct rows *r;
    (void)s; /* the authorisation was found with it */
    if (rows_open(db, STORE_CORE, lock, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    (void)rows_next(r, e);
    if (rows_close(r, e) != OK || rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_int(r, 2, month.yyyymm);
    int64_t sum = rows_next(r, e) ? rows_get_int(r, 0) : 0;
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *fen = sum;
    return OK;
}

enum err_code rows_find_use(struct db *db, struct scope s, struct str ref, int64_t *id,
                            int64_t *fen, struct err *e)
{
    static const char sql[] = "select u.authorization_id, u.fen from authorization_use u join "
                              "debit_authorization d on d.authorization_id = u.authorization_id "
                              "where " IN_SCOPE " and u.ref = $3";
    struct rows *r;
    *id = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, ref);
    if (rows_next(r, e)) {
        *id = rows_get_int(r, 0);
        *fen = rows_get_int(r, 1);
    }
    return rows_close(r, e);
}

enum err_code rows_put_use(struct db *db, struct scope s, int64_t id, struct str ref,
                           struct month month, int64_t fen, struct instant now, struct err *e)
{
    static const char sql[] = "insert into authorization_use (ref, authorization_id, month, fen, "
                              "created_at) values ($1, $2, $3, $4, $5)";
    struct rows *r;
    (void)s; /* as above */
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, ref);
    rows_int(r, 2, id);
    rows_int(r, 3, month.yyyymm);
    rows_int(r, 4, fen);
    rows_int(r, 5, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_delete_use(struct db *db, struct scope s, struct str ref, struct err *e)
{
    static const char sql[] =
        "delete from authorization_use where ref = $3 and authorization_id in "
        "(select authorization_id from debit_authorization where " IN_SCOPE ")";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, ref);
    return rows_run(r, NULL, e);
}
