/* fact_rows.c - the SQL of facts, which are only ever added, and of a contract's versions in time.
 */
#include "contract/contract_rows.h"
#include "store/rows.h"

/* Parameters 1 and 2 are the scope in every statement that has it. */
#define IN_SCOPE                                                                                   \
    "($1 = 1 or exists (select 1 from contract_party p where p.contract_id = c.contract_id "       \
    "and p.version = c.version and p.org_id in "                                                   \
    "(select org_id from scope_org where scope_key = $2)))"
#define ORDER_IN_SCOPE                                                                             \
    "($1 = 1 or exists (select 1 from contract_party p where p.contract_id = o.contract_id "       \
    "and p.org_id in (select org_id from scope_org where scope_key = $2)))"

#define VERSIONS_MAX 1000 /* of one contract: a change a month for eighty years */

enum err_code rows_put_facts(struct db *db, struct scope s, int64_t order_id, int32_t period_from,
                             int32_t version, struct str facts, struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into order_fact (order_id, period_from, version, facts, created_at) "
        "select o.order_id, $4, $5, $6, $7 from sales_order o where o.order_id = $3 "
        "and " ORDER_IN_SCOPE;
    struct rows *r;
    int64_t changed;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, period_from);
    rows_int(r, 5, version);
    rows_str(r, 6, facts);
    rows_int(r, 7, now.utc_ms);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1
               ? OK
               : fail(e, ERR_NOT_FOUND, "order %lld: not there, or not yours", (long long)order_id);
}

static void facts_read(struct rows *r, struct arena *a, struct order_facts *out)
{
    out->period_from.yyyymmdd = (int32_t)rows_get_int(r, 0);
    out->version = (int32_t)rows_get_int(r, 1);
    out->text = str_dup(a, rows_get_str(r, 2));
    out->put.utc_ms = rows_get_int(r, 3);
}

enum err_code rows_find_facts(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              int32_t period_from, int32_t version, struct order_facts *out,
                              bool *found, struct err *e)
{
    static const char sql[] =
        "select f.period_from, f.version, f.facts, f.created_at from order_fact f "
        "join sales_order o on o.order_id = f.order_id where f.order_id = $3 "
        "and f.period_from = $4 and ($5 = 0 or f.version = $5) and " ORDER_IN_SCOPE
        " order by f.version desc limit 1";
    struct rows *r;
    struct order_facts f;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, period_from);
    rows_int(r, 5, version);
    bool hit = rows_next(r, e);
    if (hit) {
        facts_read(r, a, &f);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = f;
    }
    return OK;
}

enum err_code rows_list_facts(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              int32_t from, int32_t until, struct order_facts **out, size_t *n,
                              struct err *e)
{
    static const char sql[] =
        "select f.period_from, f.version, f.facts, f.created_at from order_fact f "
        "join sales_order o on o.order_id = f.order_id where f.order_id = $3 "
        "and f.period_from >= $4 and f.period_from < $5 and not exists (select 1 from order_fact l "
        "where l.order_id = f.order_id and l.period_from = f.period_from "
        "and l.version > f.version) and " ORDER_IN_SCOPE " order by f.period_from limit $6";
    struct rows *r;
    struct order_facts *list = arena_many(a, ORDER_FACTS_LIST_MAX, struct order_facts);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, from);
    rows_int(r, 5, until);
    rows_int(r, 6, ORDER_FACTS_LIST_MAX);
    while (rows_next(r, e)) {
        facts_read(r, a, &list[count++]);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_list_versions(struct db *db, struct arena *a, struct scope s,
                                 int64_t contract_id, struct version_row **out, size_t *n,
                                 struct err *e)
{
    static const char sql[] =
        "select c.version, c.valid_from, c.valid_until, c.state, c.no from contract c "
        "where c.contract_id = $3 and " IN_SCOPE " order by c.version desc limit $4 {for_update}";
    struct rows *r;
    struct version_row *list = arena_many(a, VERSIONS_MAX, struct version_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, contract_id);
    rows_int(r, 4, VERSIONS_MAX);
    while (rows_next(r, e)) {
        list[count++] = (struct version_row){
            (int32_t)rows_get_int(r, 0), (int32_t)rows_get_int(r, 1), (int32_t)rows_get_int(r, 2),
            rows_get_int(r, 3) == CONTRACT_ENDED, str_dup(a, rows_get_str(r, 4))};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_cancel_versions(struct db *db, struct scope s, int64_t contract_id,
                                   struct day from, struct instant now, struct err *e)
{
    static const char end[] =
        "update contract set state = 4, updated_at = $5 where contract_id = $3 "
        "and valid_from >= $4 and exists "
        "(select 1 from contract c where c.contract_id = $3 and " IN_SCOPE ")";
    static const char stations[] =
        "update contract_station set valid_until = valid_from where contract_id = $3 "
        "and valid_from >= $4 and exists "
        "(select 1 from contract c where c.contract_id = $3 and " IN_SCOPE ")";
    const char *const sql[] = {end, stations};
    for (int i = 0; i < 2; i++) {
        struct rows *r;
        if (rows_open(db, STORE_CORE, sql[i], &r, e) != OK) {
            return e->code;
        }
        rows_scope(r, 1, s);
        rows_int(r, 3, contract_id);
        rows_int(r, 4, from.yyyymmdd);
        if (i == 0) {
            rows_int(r, 5, now.utc_ms);
        }
        if (rows_run(r, NULL, e) != OK) {
            return e->code;
        }
    }
    return OK;
}
