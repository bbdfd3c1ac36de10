/* ledger_rows.c - all SQL on books, accounts, transfers and entries. */
#include "ledger/ledger_rows.h"
#include "store/rows.h"

#define IN_SCOPE_1_2 "($1 = 1 or org_id in (select org_id from scope_org where scope_key = $2))"
#define PLACES 64 /* of one `in` list */
#define PLACES_FROM_1                                                                              \
    "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,"  \
    "$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36,$37,$38,$39,$40,$41,$42,$43,$44,$45,$46,$47,$48," \
    "$49,$50,$51,$52,$53,$54,$55,$56,$57,$58,$59,$60,$61,$62,$63,$64"

static struct sha256 take_hash(struct rows *r, int col)
{
    struct sha256 h = { { 0 } };
    struct str b = rows_get_bytes(r, col);
    if (b.n == sizeof(h.b)) { /* another length is a wrong hash, and found as one */
        memcpy(h.b, b.at, sizeof(h.b));
    }
    return h;
}

static struct str hash_bytes(const struct sha256 *h)
{
    return (struct str){ (const char *)h->b, sizeof(h->b) };
}

/* ---- books ------------------------------------------------------------------------------------
 */

enum err_code rows_hold_book(struct db *db, struct scope s, struct book_head *head, bool *found,
                             struct err *e)
{
    (void)s; /* a head belongs to no organisation */
    static const char sql[] = "select seq, hash from ledger_book where book = $1 {for_update}";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, head->book);
    bool seen = false;
    while (rows_next(r, e)) {
        head->seq = rows_get_int(r, 0);
        head->hash = take_hash(r, 1);
        seen = true;
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *found = seen;
    }
    return code;
}

enum err_code rows_insert_book(struct db *db, struct scope s, struct str book, struct instant now,
                               struct err *e)
{
    (void)s; /* a head belongs to no organisation */
    static const char sql[] =
        "insert into ledger_book (book, seq, hash, created_at) values ($1, 0, $2, $3)";
    struct sha256 zero = { { 0 } };
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, book);
    rows_bytes(r, 2, zero.b, sizeof(zero.b));
    rows_int(r, 3, now.utc_ms);
    return rows_run(r, NULL, e);
}

enum err_code rows_move_book(struct db *db, struct scope s, const struct book_head *head,
                             int64_t old_seq, int64_t *changed, struct err *e)
{
    (void)s; /* a head belongs to no organisation */
    static const char sql[] =
        "update ledger_book set seq = $2, hash = $3 where book = $1 and seq = $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, head->book);
    rows_int(r, 2, head->seq);
    rows_bytes(r, 3, head->hash.b, sizeof(head->hash.b));
    rows_int(r, 4, old_seq);
    return rows_run(r, changed, e);
}

enum err_code rows_list_books(struct db *db, struct arena *a, struct scope s,
                              const struct book_head **out, size_t *n, struct err *e)
{
    (void)s; /* heads belong to no organisation */
    static const char sql[] = "select book, seq, hash from ledger_book order by book limit $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, BOOKS_MAX);
    struct book_head *list = arena_many(a, BOOKS_MAX, struct book_head);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k].book = str_dup(a, rows_get_str(r, 0));
        list[k].seq = rows_get_int(r, 1);
        list[k++].hash = take_hash(r, 2);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

/* ---- accounts ---------------------------------------------------------------------------------
 */

#define ACCOUNT_COLUMNS                                                                            \
    "account_id, book, code, org_id, side_limit, debit_fen, credit_fen, pending_debit_fen, "       \
    "pending_credit_fen, ver, created_at"

static struct account_row take_account(struct rows *r, struct arena *a)
{
    return (struct account_row){
        .account = { .account_id = rows_get_int(r, 0),
                     .book = str_dup(a, rows_get_str(r, 1)),
                     .code = str_dup(a, rows_get_str(r, 2)),
                     .org_id = rows_get_int(r, 3),
                     .limit = (enum ledger_limit)rows_get_int(r, 4),
                     .debit_fen = rows_get_int(r, 5),
                     .credit_fen = rows_get_int(r, 6),
                     .pending_debit_fen = rows_get_int(r, 7),
                     .pending_credit_fen = rows_get_int(r, 8) },
        .ver = rows_get_int(r, 9),
        .created_at = rows_get_int(r, 10),
    };
}

enum err_code rows_insert_account(struct db *db, struct scope s, const struct account_row *row,
                                  struct err *e)
{
    (void)s; /* the caller's rule says whose it is */
    static const char sql[] =
        "insert into account (account_id, book, code, org_id, currency, side_limit, debit_fen, "
        "credit_fen, pending_debit_fen, pending_credit_fen, ver, created_at, updated_at) "
        "values ($1, $2, $3, $4, 'CNY', $5, 0, 0, 0, 0, 1, $6, $6)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, row->account.account_id);
    rows_str(r, 2, row->account.book);
    rows_str(r, 3, row->account.code);
    rows_int(r, 4, row->account.org_id);
    rows_int(r, 5, (int64_t)row->account.limit);
    rows_int(r, 6, row->created_at);
    return rows_run(r, NULL, e);
}

enum err_code rows_find_account(struct db *db, struct arena *a, struct scope s, struct str book,
                                struct str code, struct account_row *out, bool *found,
                                struct err *e)
{
    static const char sql[] = "select " ACCOUNT_COLUMNS " from account where " IN_SCOPE_1_2
                              " and book = $3 and code = $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, book);
    rows_str(r, 4, code);
    bool seen = false;
    struct account_row row = { .ver = 0 };
    while (rows_next(r, e)) {
        row = take_account(r, a);
        seen = true;
    }
    enum err_code c = rows_close(r, e);
    if (c == OK) {
        *out = row;
        *found = seen;
    }
    return c;
}

enum err_code rows_get_accounts(struct db *db, struct arena *a, struct scope s, const int64_t *ids,
                                size_t n, struct account_row *out, size_t *n_out, struct err *e)
{
    static const char sql[] =
        "select " ACCOUNT_COLUMNS " from account where account_id in (" PLACES_FROM_1 ") and "
        "($65 = 1 or org_id in (select org_id from scope_org where scope_key = $66)) "
        "order by account_id";
    size_t k = 0;
    for (size_t first = 0; first < n; first += PLACES) {
        struct rows *r;
        if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < PLACES; i++) { /* the last one fills what is left */
            rows_int(r, (int)i + 1, ids[first + i < n ? first + i : n - 1]);
        }
        rows_scope(r, PLACES + 1, s);
        while (rows_next(r, e)) {
            out[k++] = take_account(r, a);
        }
        if (rows_close(r, e) != OK) {
            return e->code;
        }
    }
    *n_out = k;
    return OK;
}

enum err_code rows_list_accounts(struct db *db, struct arena *a, struct scope s, struct str book,
                                 struct str after, int64_t max, struct account_row **out, size_t *n,
                                 struct err *e)
{
    static const char sql[] = "select " ACCOUNT_COLUMNS " from account where " IN_SCOPE_1_2
                              " and book = $3 and code > $4 order by code limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, book);
    rows_str(r, 4, after);
    rows_int(r, 5, max);
    struct account_row *list = arena_many(a, (size_t)max, struct account_row);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = take_account(r, a);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

struct account_feed {
    const struct account_row *rows;
    size_t n, i;
    struct instant now;
};

static bool next_account(void *ctx, struct bulk_value *v)
{
    struct account_feed *f = ctx;
    while (f->i < f->n && !f->rows[f->i].moved) {
        f->i++;
    }
    if (f->i == f->n) {
        return false;
    }
    const struct account_row *row = &f->rows[f->i++];
    const struct ledger_account *a = &row->account;
    const int64_t ints[] = { (int64_t)a->limit,    a->debit_fen,          a->credit_fen,
                             a->pending_debit_fen, a->pending_credit_fen, row->ver + 1,
                             row->created_at,      f->now.utc_ms };
    v[0].i = a->account_id;
    v[1].s = a->book;
    v[2].s = a->code;
    v[3].i = a->org_id;
    v[4].s = STR("CNY");
    for (size_t i = 0; i < sizeof ints / sizeof *ints; i++) {
        v[5 + i].i = ints[i];
    }
    return true;
}

enum err_code rows_move_accounts(struct db *db, struct scope s, const struct account_row *rows,
                                 size_t n, struct instant now, struct err *e)
{
    (void)s; /* the transfers moved them */
    static const struct bulk_column columns[] = {
        { "account_id", BULK_INT, true },
        { "book", BULK_TEXT, false },
        { "code", BULK_TEXT, false },
        { "org_id", BULK_INT, false },
        { "currency", BULK_TEXT, false },
        { "side_limit", BULK_INT16, false },
        { "debit_fen", BULK_INT, false },
        { "credit_fen", BULK_INT, false },
        { "pending_debit_fen", BULK_INT, false },
        { "pending_credit_fen", BULK_INT, false },
        { "ver", BULK_INT, false },
        { "created_at", BULK_INT, false },
        { "updated_at", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "account", columns, 13, BULK_REPLACE };
    struct account_feed feed = { rows, n, 0, now };
    return store_bulk(db, &table, next_account, &feed, NULL, e);
}

/* ---- transfers --------------------------------------------------------------------------------
 */

enum err_code rows_find_keys(struct db *db, struct scope s, const struct ledger_transfer *t,
                             size_t n, int64_t *ids, struct sha256 *contents, struct err *e)
{
    (void)s; /* a key is the caller's own */
    static const char sql[] = "select transfer_id, idem_key, content from transfer "
                              "where idem_key in (" PLACES_FROM_1 ") order by transfer_id";
    for (size_t first = 0; first < n; first += PLACES) {
        struct rows *r;
        if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < PLACES; i++) {
            rows_str(r, (int)i + 1, t[first + i < n ? first + i : n - 1].idem_key);
        }
        while (rows_next(r, e)) {
            struct str key = rows_get_str(r, 1);
            for (size_t i = first; i < n && i < first + PLACES; i++) {
                if (str_eq(key, t[i].idem_key)) {
                    ids[i] = rows_get_int(r, 0);
                    contents[i] = take_hash(r, 2);
                }
            }
        }
        if (rows_close(r, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

#define TRANSFER_COLUMNS                                                                           \
    "t.transfer_id, t.seq, t.phase, t.kind, t.ref, t.idem_key, t.clearing_day, t.names_id, "       \
    "t.content, t.hash, t.created_at"

static struct transfer_row take_transfer(struct rows *r, struct arena *a)
{
    return (struct transfer_row){
        .transfer_id = rows_get_int(r, 0),
        .seq = rows_get_int(r, 1),
        .t = { .phase = (enum ledger_phase)rows_get_int(r, 2),
               .kind = str_dup(a, rows_get_str(r, 3)),
               .ref = str_dup(a, rows_get_str(r, 4)),
               .idem_key = str_dup(a, rows_get_str(r, 5)),
               .day = { (int32_t)rows_get_int(r, 6) },
               .names = rows_get_int(r, 7),
               .transfer_id = rows_get_int(r, 0) },
        .content = take_hash(r, 8),
        .hash = take_hash(r, 9),
        .created_at = rows_get_int(r, 10),
    };
}

static enum err_code load_legs(struct db *db, struct arena *a, struct transfer_row *row,
                               struct err *e)
{
    static const char sql[] =
        "select account_id, fen from entry where transfer_id = $1 order by leg limit $2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, row->transfer_id);
    rows_int(r, 2, LEDGER_LEGS_MAX);
    struct ledger_leg *legs = arena_many(a, LEDGER_LEGS_MAX, struct ledger_leg);
    size_t n = 0;
    while (rows_next(r, e)) {
        legs[n++] = (struct ledger_leg){ rows_get_int(r, 0), rows_get_int(r, 1) };
    }
    row->t.legs = legs;
    row->t.n_legs = n;
    return rows_close(r, e);
}

enum err_code rows_get_transfer(struct db *db, struct arena *a, struct scope s, struct str book,
                                int64_t transfer_id, struct transfer_row *out, bool *found,
                                struct err *e)
{
    (void)s; /* named by the money rooms, never by a person */
    static const char sql[] =
        "select " TRANSFER_COLUMNS " from transfer t where t.transfer_id = $1 and t.book = $2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, transfer_id);
    rows_str(r, 2, book);
    struct transfer_row row = { .seq = 0 };
    bool seen = false;
    while (rows_next(r, e)) {
        row = take_transfer(r, a);
        seen = true;
    }
    if (rows_close(r, e) != OK || (seen && load_legs(db, a, &row, e) != OK)) {
        return e->code;
    }
    *out = row;
    *found = seen;
    return OK;
}

enum err_code rows_find_namer(struct db *db, struct scope s, int64_t transfer_id, int64_t *namer,
                              struct err *e)
{
    (void)s; /* named by the money rooms, never by a person */
    static const char sql[] = "select transfer_id from transfer where names_id = $1 and "
                              "names_id <> 0 order by transfer_id limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, transfer_id);
    int64_t id = 0;
    while (rows_next(r, e)) {
        id = rows_get_int(r, 0);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *namer = id;
    }
    return code;
}

struct transfer_feed {
    struct str book;
    const struct transfer_row *rows;
    size_t n, i, leg;
    struct instant now;
};

static bool next_transfer(void *ctx, struct bulk_value *v)
{
    struct transfer_feed *f = ctx;
    if (f->i == f->n) {
        return false;
    }
    const struct transfer_row *row = &f->rows[f->i++];
    v[0].i = row->transfer_id;
    v[1].s = f->book;
    v[2].i = row->seq;
    v[3].i = (int64_t)row->t.phase;
    v[4].s = row->t.kind;
    v[5].s = row->t.ref;
    v[6].s = row->t.idem_key;
    v[7].i = row->t.day.yyyymmdd;
    v[8].i = row->t.names;
    v[9].s = hash_bytes(&row->content);
    v[10].s = hash_bytes(&row->hash);
    v[11].i = f->now.utc_ms;
    return true;
}

static bool next_entry(void *ctx, struct bulk_value *v)
{
    struct transfer_feed *f = ctx;
    while (f->i < f->n && f->leg == f->rows[f->i].t.n_legs) {
        f->i++;
        f->leg = 0;
    }
    if (f->i == f->n) {
        return false;
    }
    const struct transfer_row *row = &f->rows[f->i];
    v[0].i = row->transfer_id;
    v[1].i = (int64_t)f->leg;
    v[2].i = row->seq;
    v[3].i = row->t.legs[f->leg].account_id;
    v[4].i = row->t.legs[f->leg].fen;
    f->leg++;
    return true;
}

enum err_code rows_insert_transfers(struct db *db, struct scope s, struct str book,
                                    const struct transfer_row *rows, size_t n, struct instant now,
                                    struct err *e)
{
    (void)s; /* the accounts are the caller's */
    static const struct bulk_column columns[] = {
        { "transfer_id", BULK_INT, true }, { "book", BULK_TEXT, false },
        { "seq", BULK_INT, false },        { "phase", BULK_INT16, false },
        { "kind", BULK_TEXT, false },      { "ref", BULK_TEXT, false },
        { "idem_key", BULK_TEXT, false },  { "clearing_day", BULK_INT, false },
        { "names_id", BULK_INT, false },   { "content", BULK_BYTES, false },
        { "hash", BULK_BYTES, false },     { "created_at", BULK_INT, false },
    };
    static const struct bulk_table transfers = { STORE_CORE, "transfer", columns, 12, BULK_FAIL };
    static const struct bulk_column entry_columns[] = {
        { "transfer_id", BULK_INT, true }, { "leg", BULK_INT, true },  { "seq", BULK_INT, false },
        { "account_id", BULK_INT, false }, { "fen", BULK_INT, false },
    };
    static const struct bulk_table entries = { STORE_CORE, "entry", entry_columns, 5, BULK_FAIL };
    struct transfer_feed feed = { book, rows, n, 0, 0, now };
    if (store_bulk(db, &transfers, next_transfer, &feed, NULL, e) != OK) {
        return e->code;
    }
    feed = (struct transfer_feed){ book, rows, n, 0, 0, now };
    return store_bulk(db, &entries, next_entry, &feed, NULL, e);
}

enum err_code rows_list_transfers(struct db *db, struct arena *a, struct scope s, struct str book,
                                  int64_t after, int64_t max, struct transfer_row **out, size_t *n,
                                  struct err *e)
{
    (void)s; /* for the proof, which sees everything */
    static const char sql[] =
        "select " TRANSFER_COLUMNS ", e.account_id, e.fen, e.seq from "
        "(select * from transfer where book = $1 and seq > $2 order by seq limit $3) t "
        "left join entry e on e.transfer_id = t.transfer_id order by t.seq, e.leg";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, book);
    rows_int(r, 2, after);
    rows_int(r, 3, max);
    struct transfer_row *list = arena_many(a, (size_t)max, struct transfer_row);
    struct ledger_leg *legs = NULL;
    size_t k = 0, room = 0;
    while (rows_next(r, e)) {
        if (k == 0 || list[k - 1].seq != rows_get_int(r, 1)) {
            list[k++] = take_transfer(r, a);
            room = 0;
        }
        struct transfer_row *row = &list[k - 1];
        if (rows_is_null(r, 11)) {
            continue;
        }
        if (row->t.n_legs == room) {
            struct ledger_leg *more = arena_many(a, room ? 2 * room : 4, struct ledger_leg);
            if (room) {
                memcpy(more, row->t.legs, room * sizeof *more);
            }
            room = room ? 2 * room : 4;
            row->t.legs = more;
        }
        legs = (struct ledger_leg *)row->t.legs;
        legs[row->t.n_legs++] = (struct ledger_leg){ rows_get_int(r, 11), rows_get_int(r, 12) };
        if (rows_get_int(r, 13) != row->seq) { /* the entry's own number was changed */
            row->content = (struct sha256){ { 0 } };
        }
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

#define ENTRY_COLUMNS                                                                              \
    "t.transfer_id, t.seq, t.phase, t.kind, t.ref, a.code, t.clearing_day, e.account_id, e.fen, "  \
    "t.names_id, t.created_at"

static enum err_code take_entries(struct rows *r, struct arena *a, int64_t max,
                                  struct ledger_entry **out, size_t *n, struct err *e)
{
    struct ledger_entry *list = arena_many(a, (size_t)max, struct ledger_entry);
    size_t k = 0;
    while (rows_next(r, e)) {
        list[k++] = (struct ledger_entry){
            .transfer_id = rows_get_int(r, 0),
            .seq = rows_get_int(r, 1),
            .phase = (enum ledger_phase)rows_get_int(r, 2),
            .kind = str_dup(a, rows_get_str(r, 3)),
            .ref = str_dup(a, rows_get_str(r, 4)),
            .code = str_dup(a, rows_get_str(r, 5)),
            .day = { (int32_t)rows_get_int(r, 6) },
            .account_id = rows_get_int(r, 7),
            .fen = rows_get_int(r, 8),
            .names = rows_get_int(r, 9),
            .at = { rows_get_int(r, 10) },
        };
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *out = list;
        *n = k;
    }
    return code;
}

enum err_code rows_list_statement(struct db *db, struct arena *a, struct scope s,
                                  int64_t account_id, int64_t after_seq, int64_t max,
                                  struct ledger_entry **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select " ENTRY_COLUMNS " from entry e join transfer t on t.transfer_id = e.transfer_id "
        "join account a on a.account_id = e.account_id "
        "where ($1 = 1 or a.org_id in (select org_id from scope_org where scope_key = $2)) "
        "and e.account_id = $3 and e.seq > $4 order by e.seq, e.leg limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, account_id);
    rows_int(r, 4, after_seq);
    rows_int(r, 5, max);
    return take_entries(r, a, max, out, n, e);
}

enum err_code rows_list_journal(struct db *db, struct arena *a, struct scope s, struct str book,
                                struct str ref, int64_t after_seq, int64_t max,
                                struct ledger_entry **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select " ENTRY_COLUMNS " from transfer t join entry e on e.transfer_id = t.transfer_id "
        "join account a on a.account_id = e.account_id "
        "where ($1 = 1 or a.org_id in (select org_id from scope_org where scope_key = $2)) "
        "and t.book = $3 and t.ref = $4 and t.ref <> '' and t.seq > $5 "
        "order by t.seq, e.leg limit $6";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, book);
    rows_str(r, 4, ref);
    rows_int(r, 5, after_seq);
    rows_int(r, 6, max);
    return take_entries(r, a, max, out, n, e);
}

enum err_code rows_sum_day(struct db *db, struct scope s, int64_t account_id, struct day day,
                           int64_t *debit, int64_t *credit, struct err *e)
{
    static const char sql[] =
        "select cast(coalesce(sum(case when e.fen > 0 then e.fen else 0 end), 0) as bigint), "
        "cast(coalesce(sum(case when e.fen < 0 then -e.fen else 0 end), 0) as bigint) "
        "from entry e join transfer t on t.transfer_id = e.transfer_id "
        "join account a on a.account_id = e.account_id "
        "where ($1 = 1 or a.org_id in (select org_id from scope_org where scope_key = $2)) "
        "and e.account_id = $3 and t.clearing_day = $4 and t.phase <> 2";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, account_id);
    rows_int(r, 4, day.yyyymmdd);
    int64_t d = 0, c = 0;
    while (rows_next(r, e)) {
        d = rows_get_int(r, 0);
        c = rows_get_int(r, 1);
    }
    enum err_code code = rows_close(r, e);
    if (code == OK) {
        *debit = d;
        *credit = c;
    }
    return code;
}
