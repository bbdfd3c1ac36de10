/* chain_rows.c - the SQL of corrections: what stands behind an order and period. */
#include "statement/statement_rows.h"
#include "store/rows.h"

enum err_code rows_chain(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                         int32_t from, struct statement_link **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select s.statement_id, s.previous_id, s.reverses_id, s.no, s.reason, s.type, s.state, "
        "s.revision, cast(coalesce((select sum(g.fen) from statement_leg g where "
        "g.statement_id = s.statement_id and ($1 = 1 or "
        "g.payer_org in (select org_id from scope_org where scope_key = $2) or "
        "g.payee_org in (select org_id from scope_org where scope_key = $2))), 0) as bigint) "
        "from statement s where s.order_id = $3 and s.period_from = $4 and s.state <> 11 "
        "order by s.revision limit $5";
    struct rows *r;
    struct statement_link *list = arena_many(a, STATEMENT_CHAIN_MAX, struct statement_link);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, from);
    rows_int(r, 5, STATEMENT_CHAIN_MAX);
    while (rows_next(r, e)) {
        list[count++] =
            (struct statement_link){.statement_id = rows_get_int(r, 0),
                                    .previous_id = rows_get_int(r, 1),
                                    .reverses_id = rows_get_int(r, 2),
                                    .no = str_dup(a, rows_get_str(r, 3)),
                                    .reason = str_dup(a, rows_get_str(r, 4)),
                                    .type = (enum statement_type)rows_get_int(r, 5),
                                    .state = (enum statement_state)rows_get_int(r, 6),
                                    .revision = (int32_t)rows_get_int(r, 7),
                                    .fen = rows_get_int(r, 8)};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_page_chains(struct db *db, int64_t after_order, int32_t after_from, size_t max,
                               struct chain_row *out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select order_id, period_from, cast(sum(fen) as bigint) from statement where state <> 11 "
        "and order_id in (select order_id from statement where type = 3) "
        "and (order_id > $1 or (order_id = $1 and period_from > $2)) "
        "group by order_id, period_from order by order_id, period_from limit $3";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, after_order);
    rows_int(r, 2, after_from);
    rows_int(r, 3, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct chain_row){ rows_get_int(r, 0), (int32_t)rows_get_int(r, 1),
                                      rows_get_int(r, 2) };
    }
    return rows_close(r, e);
}
