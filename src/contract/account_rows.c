/* account_rows.c - all SQL on bank accounts and their change. */
#include "contract/account_rows.h"
#include "contract/contract_rows.h"
#include "store/rows.h"

#define IN_SCOPE "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"
#define ACCOUNT_COLUMNS                                                                            \
    "account_id, org_id, no_masked, name_masked, bank_no, channel, state, valid_from, "            \
    "valid_until, successor, no_sealed, name_sealed, no_index, key_id"

static struct day day_shown(int64_t stored)
{
    return (struct day){ stored == DAY_OPEN ? 0 : (int32_t)stored };
}

static int64_t until_stored(struct day until)
{
    return until.yyyymmdd ? until.yyyymmdd : DAY_OPEN;
}

/* A write that must have met its row as it was. */
static enum err_code run_one(struct rows *r, const char *what, struct err *e)
{
    int64_t changed = 0;
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1 ? OK
                        : fail(e, ERR_CONFLICT, "%s was changed meanwhile: look again", what);
}

static struct bank_account take_account(struct rows *r, struct arena *a)
{
    return (struct bank_account){
        .account_id = rows_get_int(r, 0),
        .org_id = rows_get_int(r, 1),
        .no = str_dup(a, rows_get_str(r, 2)),
        .name = str_dup(a, rows_get_str(r, 3)),
        .bank_no = str_dup(a, rows_get_str(r, 4)),
        .channel = str_dup(a, rows_get_str(r, 5)),
        .state = (enum account_state)rows_get_int(r, 6),
        .from = { (int32_t)rows_get_int(r, 7) },
        .until = day_shown(rows_get_int(r, 8)),
        .successor = rows_get_int(r, 9),
    };
}

static struct account_row take_row(struct rows *r, struct arena *a)
{
    return (struct account_row){
        .v = take_account(r, a),
        .no_sealed = str_dup(a, rows_get_bytes(r, 10)),
        .name_sealed = str_dup(a, rows_get_bytes(r, 11)),
        .no_index = str_dup(a, rows_get_bytes(r, 12)),
        .key_id = rows_get_int(r, 13),
    };
}

enum err_code rows_put_bank_account(struct db *db, struct scope s, const struct account_row *row,
                               struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into bank_account (account_id, org_id, no_masked, name_masked, bank_no, channel, "
        "state, valid_from, valid_until, successor, no_sealed, name_sealed, no_index, key_id, "
        "created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
        "$14, $15, $15)";
    const struct bank_account *v = &row->v;
    struct rows *r;
    (void)s; /* account.c has compared the organisation with it */
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, v->account_id);
    rows_int(r, 2, v->org_id);
    rows_str(r, 3, v->no);
    rows_str(r, 4, v->name);
    rows_str(r, 5, v->bank_no);
    rows_str(r, 6, v->channel);
    rows_int(r, 7, v->state);
    rows_int(r, 8, v->from.yyyymmdd);
    rows_int(r, 9, until_stored(v->until));
    rows_int(r, 10, v->successor);
    rows_bytes(r, 11, row->no_sealed.at, row->no_sealed.n);
    rows_bytes(r, 12, row->name_sealed.at, row->name_sealed.n);
    rows_bytes(r, 13, row->no_index.at, row->no_index.n);
    rows_int(r, 14, row->key_id);
    rows_int(r, 15, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_find_bank_account(struct db *db, struct arena *a, struct scope s, int64_t id,
                                struct account_row *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " ACCOUNT_COLUMNS " from bank_account where " IN_SCOPE " and account_id = $3";
    struct rows *r;
    *found = false;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    if (rows_next(r, e)) {
        *out = take_row(r, a);
        *found = true;
    }
    return rows_close(r, e);
}

enum err_code rows_find_bank_account_no(struct db *db, struct scope s, int64_t org_id,
                                   struct str no_index, int64_t *id, struct err *e)
{
    static const char sql[] = "select account_id from bank_account where " IN_SCOPE
                              " and org_id = $3 and no_index = $4 and state < 4 "
                              "order by account_id limit 1";
    struct rows *r;
    int64_t hit = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, org_id);
    rows_bytes(r, 4, no_index.at, no_index.n);
    if (rows_next(r, e)) {
        hit = rows_get_int(r, 0);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *id = hit;
    return OK;
}

enum err_code rows_list_bank_accounts(struct db *db, struct arena *a, struct scope s,
                                      int64_t org_id, int64_t after, struct bank_account *out,
                                      size_t *n, struct err *e)
{
    static const char sql[] = "select " ACCOUNT_COLUMNS " from bank_account where " IN_SCOPE
                              " and ($3 = 0 or org_id = $3) and account_id > $4 "
                              "order by account_id limit $5";
    struct rows *r;
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, org_id);
    rows_int(r, 4, after);
    rows_int(r, 5, ACCOUNT_PAGE_MAX);
    while (rows_next(r, e)) {
        out[count++] = take_account(r, a);
    }
    *n = count;
    return rows_close(r, e);
}

enum err_code rows_move_bank_account(struct db *db, struct scope s, const struct bank_account *v,
                                enum account_state was, struct instant now, struct err *e)
{
    static const char sql[] =
        "update bank_account set state = $4, valid_from = $5, valid_until = $6, successor = $7, "
        "updated_at = $8 where " IN_SCOPE " and account_id = $3 and state = $9";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, v->account_id);
    rows_int(r, 4, v->state);
    rows_int(r, 5, v->from.yyyymmdd);
    rows_int(r, 6, until_stored(v->until));
    rows_int(r, 7, v->successor);
    rows_int(r, 8, now.utc_ms);
    rows_int(r, 9, was);
    return run_one(r, "the account", e);
}

enum err_code rows_sealed_by_others(struct db *db, struct arena *a, int64_t key_id, int64_t limit,
                                    struct account_row **out, size_t *n, struct err *e)
{
    static const char sql[] = "select " ACCOUNT_COLUMNS " from bank_account where key_id <> $1 "
                              "order by key_id, account_id limit $2";
    struct rows *r;
    int64_t most = limit < ACCOUNT_PAGE_MAX ? limit : ACCOUNT_PAGE_MAX;
    struct account_row *list = arena_many(a, ACCOUNT_PAGE_MAX, struct account_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, key_id);
    rows_int(r, 2, most);
    while (rows_next(r, e)) {
        list[count++] = take_row(r, a);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_seal_bank_account(struct db *db, const struct account_row *row,
                                     struct instant now, struct err *e)
{
    static const char sql[] = "update bank_account set no_sealed = $2, name_sealed = $3, "
                              "key_id = $4, updated_at = $5 where account_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, row->v.account_id);
    rows_bytes(r, 2, row->no_sealed.at, row->no_sealed.n);
    rows_bytes(r, 3, row->name_sealed.at, row->name_sealed.n);
    rows_int(r, 4, row->key_id);
    rows_int(r, 5, now.utc_ms);
    return run_one(r, "the account", e);
}

/* ---- change ------------------------------------------------------------------------------------
 */

enum err_code rows_put_account_change(struct db *db, struct scope s, const struct account_change *c,
                              struct err *e)
{
    static const char sql[] =
        "insert into account_change (change_id, org_id, old_account, new_account, approval_id, "
        "asked_by, state, letter, verify_fen, verify_ref, reason, cooled_at, effective, "
        "created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, '', $9, 0, 0, $10, "
        "$10)";
    struct rows *r;
    (void)s; /* account_change.c has seen both accounts with it */
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, c->change_id);
    rows_int(r, 2, c->org_id);
    rows_int(r, 3, c->old_account);
    rows_int(r, 4, c->new_account);
    rows_int(r, 5, c->approval_id);
    rows_int(r, 6, c->asked_by);
    rows_int(r, 7, c->state);
    rows_bytes(r, 8, c->letter.b, sizeof(c->letter.b));
    rows_str(r, 9, c->reason);
    rows_int(r, 10, c->asked.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_find_account_change(struct db *db, struct arena *a, struct scope s, int64_t id,
                               int64_t old_account, struct account_change *out, bool *found,
                               struct err *e)
{
    static const char sql[] =
        "select change_id, org_id, old_account, new_account, approval_id, asked_by, state, "
        "letter, verify_fen, verify_ref, reason, created_at, cooled_at, effective "
        "from account_change where " IN_SCOPE " and (change_id = $3 or ($3 = 0 and "
        "old_account = $4 and state < 4)) order by change_id limit 1";
    struct rows *r;
    *found = false;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_int(r, 4, old_account);
    if (rows_next(r, e)) {
        struct str letter = rows_get_bytes(r, 7);
        check_that(letter.n == sizeof(struct sha256), "a letter of %zu bytes", letter.n);
        *out = (struct account_change){
            .change_id = rows_get_int(r, 0),
            .org_id = rows_get_int(r, 1),
            .old_account = rows_get_int(r, 2),
            .new_account = rows_get_int(r, 3),
            .approval_id = rows_get_int(r, 4),
            .asked_by = rows_get_int(r, 5),
            .state = (enum account_change_state)rows_get_int(r, 6),
            .verify_fen = rows_get_int(r, 8),
            .verify_ref = str_dup(a, rows_get_str(r, 9)),
            .reason = str_dup(a, rows_get_str(r, 10)),
            .asked = { rows_get_int(r, 11) },
            .cooled = { rows_get_int(r, 12) },
            .effective = { (int32_t)rows_get_int(r, 13) },
        };
        memcpy(out->letter.b, letter.at, letter.n);
        *found = true;
    }
    return rows_close(r, e);
}

enum err_code rows_move_account_change(struct db *db, struct scope s,
                                       const struct account_change *c,
                               enum account_change_state was, struct instant now, struct err *e)
{
    static const char sql[] =
        "update account_change set state = $4, verify_fen = $5, verify_ref = $6, cooled_at = $7, "
        "effective = $8, updated_at = $9 where " IN_SCOPE " and change_id = $3 and state = $10";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, c->change_id);
    rows_int(r, 4, c->state);
    rows_int(r, 5, c->verify_fen);
    rows_str(r, 6, c->verify_ref);
    rows_int(r, 7, c->cooled.utc_ms);
    rows_int(r, 8, c->effective.yyyymmdd);
    rows_int(r, 9, now.utc_ms);
    rows_int(r, 10, was);
    return run_one(r, "the change", e);
}
