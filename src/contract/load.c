/* load.c - how rows become the bindings a settlement works on: pages of them, kinds of them, one.
 */
#include "contract/contract_rows.h"
#include "contract/refs.h"

/* ---- bindings
 * ------------------------------------------------------------------------------------------ */

/* Hands the legs, which come in the order of the bindings, to their bindings. */
static enum err_code legs_join(struct db *db, struct arena *a, struct scope s,
                               struct contract_binding *b, size_t n, struct err *e)
{
    struct leg_row *rows;
    size_t n_rows, k = 0;
    if (n == 0) {
        return OK;
    }
    if (rows_legs(db, a, s, b[0].order_id, b[n - 1].order_id, &rows, &n_rows, e) != OK) {
        return e->code;
    }
    struct order_leg *legs = arena_many(a, n_rows + 1, struct order_leg);
    for (size_t i = 0; i < n_rows; i++) {
        legs[i] = rows[i].leg;
    }
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && b[i].order_id == b[i - 1].order_id) {
            b[i].legs = b[i - 1].legs;
            b[i].n_legs = b[i - 1].n_legs;
            continue;
        }
        while (k < n_rows && rows[k].order_id < b[i].order_id) {
            k++;
        }
        size_t first = k;
        while (k < n_rows && rows[k].order_id == b[i].order_id) {
            k++;
        }
        b[i].legs = legs + first;
        b[i].n_legs = k - first;
    }
    return OK;
}

static enum err_code bindings_load(struct db *db, struct arena *a, struct scope s,
                                   const struct binding_query *q, struct contract_binding **out,
                                   size_t *n, struct err *e)
{
    struct binding_row *rows;
    size_t count;
    if (rows_bindings(db, a, s, q, &rows, &count, e) != OK) {
        return e->code;
    }
    struct contract_binding *b = arena_many(a, count + 1, struct contract_binding);
    for (size_t i = 0; i < count; i++) {
        b[i] = rows[i].b;
        if (refs_parse(a, rows[i].amendments, &b[i].amendments, &b[i].n_amendments, e) != OK) {
            return e->code;
        }
    }
    if (legs_join(db, a, s, b, count, e) != OK) {
        return e->code;
    }
    *out = b;
    *n = count;
    return OK;
}

enum err_code contract_load(struct db *db, struct arena *a, struct scope s, struct day from,
                            struct day until, const struct contract_mark *after, size_t limit,
                            const struct contract_binding **out, size_t *n, struct err *e)
{
    check(limit > 0 && limit <= CONTRACT_LOAD_MAX);
    struct binding_query q = {.from = from.yyyymmdd, .until = until.yyyymmdd, .limit = limit};
    if (after) {
        q.after_order = after->order_id;
        q.after_version = after->contract_version;
    }
    struct contract_binding *b;
    if (bindings_load(db, a, s, &q, &b, n, e) != OK) {
        return e->code;
    }
    *out = b;
    return OK;
}

enum err_code contract_load_order(struct db *db, struct arena *a, struct scope s, struct day from,
                                  struct day until, int64_t order_id,
                                  const struct contract_binding **out, size_t *n, struct err *e)
{
    const struct binding_query q = {.from = from.yyyymmdd,
                                    .until = until.yyyymmdd,
                                    .only_order = order_id,
                                    .limit = CONTRACT_LOAD_MAX};
    struct contract_binding *b;
    if (bindings_load(db, a, s, &q, &b, n, e) != OK) {
        return e->code;
    }
    if (*n == 0) {
        return fail(e, ERR_NOT_FOUND, "order %lld: not active in [%d, %d), or not yours",
                    (long long)order_id, from.yyyymmdd, until.yyyymmdd);
    }
    *out = b;
    return OK;
}

enum err_code contract_load_one(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                                struct day from, struct day until, int32_t version,
                                struct contract_binding *out, struct err *e)
{
    struct binding_query q = {.from = from.yyyymmdd,
                              .until = until.yyyymmdd,
                              .only_order = order_id,
                              .only_version = version,
                              .limit = 2};
    struct contract_binding *b;
    size_t n;
    if (bindings_load(db, a, s, &q, &b, &n, e) != OK) {
        return e->code;
    }
    if (n == 0) {
        return fail(e, ERR_NOT_FOUND, "order %lld: not active in [%d, %d), or not yours",
                    (long long)order_id, from.yyyymmdd, until.yyyymmdd);
    }
    if (n > 1 || b[0].from.yyyymmdd != from.yyyymmdd || b[0].until.yyyymmdd != until.yyyymmdd) {
        return fail(e, ERR_RULE,
                    "order " STR_FMT ": contract version %d holds over [%d, %d), not all of "
                    "[%d, %d); settle the parts",
                    STR_ARG(b[0].order_no), b[0].contract_version, b[0].from.yyyymmdd,
                    b[0].until.yyyymmdd, from.yyyymmdd, until.yyyymmdd);
    }
    *out = b[0];
    return OK;
}

enum err_code contract_pages(struct db *db, struct arena *a, struct scope s, struct day from,
                             struct day until, size_t every, const struct contract_mark **marks,
                             size_t *n_marks, int64_t *n_bindings, struct err *e)
{
    int64_t total = 0;
    if (rows_count_bindings(db, s, from.yyyymmdd, until.yyyymmdd, &total, e) != OK) {
        return e->code;
    }
    if (total / (int64_t)every > CONTRACT_MARKS_MAX) {
        return fail(e, ERR_LIMIT, "%lld orders in one run; settle in parts", (long long)total);
    }
    if (rows_marks(db, a, s, from.yyyymmdd, until.yyyymmdd, every, (size_t)total / every + 1, marks,
                   n_marks, e) != OK) {
        return e->code;
    }
    *n_bindings = total;
    return OK;
}

enum err_code contract_kinds(struct db *db, struct arena *a, struct scope s, struct day from,
                             struct day until, const struct contract_binding **out, size_t *n,
                             struct err *e)
{
    struct kind_row *rows;
    size_t count;
    if (rows_kinds(db, a, s, from.yyyymmdd, until.yyyymmdd, &rows, &count, e) != OK) {
        return e->code;
    }
    if (count > CONTRACT_KINDS_MAX) {
        return fail(e, ERR_LIMIT, "more than %d kinds of contract in one run; settle in parts",
                    CONTRACT_KINDS_MAX);
    }
    struct contract_binding *kinds = arena_many(a, count + 1, struct contract_binding);
    for (size_t i = 0; i < count; i++) {
        struct binding_query q = {.from = from.yyyymmdd,
                                  .until = until.yyyymmdd,
                                  .only_order = rows[i].order_id,
                                  .limit = CONTRACT_LOAD_MAX};
        struct contract_binding *b;
        size_t found;
        if (bindings_load(db, a, s, &q, &b, &found, e) != OK) {
            return e->code;
        }
        for (size_t k = 0; k < found; k++) {
            if (b[k].from.yyyymmdd == rows[i].from) {
                kinds[i] = b[k];
            }
        }
    }
    *out = kinds;
    *n = count;
    return OK;
}
