/* ledger.c - opening accounts and making transfers.
 *
 * One call is one pass: hold the head of the book, see which keys are there already, resolve what
 * is posted, voided or reversed to its legs, load the accounts once, move them in memory in order,
 * and write transfers, entries, accounts and the head in bulk. Nothing is written before all of it
 * was found to be allowed.
 */
#include "base/embed.h"
#include "ledger/content.h"
#include "ledger/ledger_rows.h"

EMBED(ledger_sql, "src/ledger/ledger.sql");
const struct store_migrations ledger_migrations = { "ledger", ledger_sql };

/* ---- accounts ---------------------------------------------------------------------------------
 */

static bool code_good(struct str code)
{
    struct str rest = code, part;
    int parts = 0;
    while (str_split(&rest, ':', &part)) {
        bool party = parts == 2;
        for (size_t i = 0; i < part.n; i++) {
            char c = part.at[i];
            bool word = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
            if (!word && !(party && ((c >= 'a' && c <= 'z') || c == '-' || c == '.'))) {
                return false;
            }
        }
        if (part.n == 0 || (parts == 0 && (part.n != 1 || !strchr("ALRE", part.at[0])))) {
            return false;
        }
        parts++;
    }
    return (parts == 2 || parts == 3) && code.n <= LEDGER_CODE_MAX && code.at[code.n - 1] != ':';
}

static enum err_code check_book(struct str book, struct err *e)
{
    return book.n >= 1 && book.n <= LEDGER_BOOK_MAX && str_utf8(book)
               ? OK
               : fail(e, ERR_INPUT, "ledger: a book's name has 1 to %d bytes", LEDGER_BOOK_MAX);
}

/* The head, of a new book where there was none. */
static enum err_code hold_book(struct db *db, struct book_head *head, struct instant now,
                               struct err *e)
{
    bool found = false;
    enum err_code code = rows_hold_book(db, scope_machine(), head, &found, e);
    if (code == OK && !found) {
        code = rows_insert_book(db, scope_machine(), head->book, now, e);
        code = code == ERR_CONFLICT ? fail(e, ERR_RETRY, "ledger: another opened the book") : code;
    }
    return code;
}

enum err_code ledger_open_account(struct db *db, struct str book, struct str code, int64_t org_id,
                                  enum ledger_limit limit, struct instant now, int64_t *account_id,
                                  bool *fresh, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (check_book(book, e) != OK) {
        return e->code;
    }
    if (!code_good(code) || limit < LEDGER_FREE || limit > LEDGER_NO_DEBIT) {
        return fail(e, ERR_INPUT,
                    "ledger: account '" STR_FMT "': a code is A, L, R or E, a name in capitals and "
                    "perhaps a party: A:AR:123; a limit is one of three",
                    STR_ARG(code));
    }
    struct book_head head = { .book = book };
    struct account_row row;
    bool found = false;
    struct arena *a = arena_new();
    enum err_code c = hold_book(db, &head, now, e);
    c = c != OK ? c : rows_find_account(db, a, scope_machine(), book, code, &row, &found, e);
    if (c == OK && found && (row.account.org_id != org_id || row.account.limit != limit)) {
        c = fail(e, ERR_CONFLICT,
                 "ledger: account " STR_FMT " is there with another organisation or limit",
                 STR_ARG(code));
    }
    if (c == OK && !found) {
        row = (struct account_row){ .account = { .account_id = store_next_id(db, now),
                                                 .book = book,
                                                 .code = code,
                                                 .org_id = org_id,
                                                 .limit = limit },
                                    .created_at = now.utc_ms };
        c = rows_insert_account(db, scope_machine(), &row, e);
    }
    if (c == OK) {
        *account_id = row.account.account_id;
        if (fresh) {
            *fresh = !found;
        }
    }
    arena_free(a);
    return c;
}

/* ---- one call of transfers --------------------------------------------------------------------
 */

struct making {
    struct db *db;
    struct arena *arena;
    struct str book;
    struct instant now;
    struct ledger_transfer *t; /* the caller's */
    size_t n;
    struct transfer_row *rows;  /* the fresh ones, in their order */
    size_t *place;              /* of each row, its index in t */
    enum ledger_phase *settles; /* of each row: the phase of what it names, 0 if nothing */
    size_t n_rows;
    struct account_row *accounts; /* by id */
    size_t n_accounts;
};

static enum err_code check_text(struct str s, size_t min, size_t max, const char *what,
                                struct err *e)
{
    return s.n >= min && s.n <= max && (s.n == 0 || str_utf8(s))
               ? OK
               : fail(e, ERR_INPUT, "%s: %zu to %zu bytes of UTF-8 are needed", what, min, max);
}

static enum err_code check_legs(const struct ledger_transfer *t, struct err *e)
{
    __int128 sum = 0;
    if (t->n_legs < 2 || t->n_legs > LEDGER_LEGS_MAX) {
        return fail(e, ERR_INPUT, "%zu legs; 2 to %d are needed", t->n_legs, LEDGER_LEGS_MAX);
    }
    for (size_t i = 0; i < t->n_legs; i++) {
        int64_t fen = t->legs[i].fen;
        if (fen == 0 || fen > LEDGER_FEN_MAX || fen < -LEDGER_FEN_MAX) {
            return fail(e, ERR_INPUT, "leg %zu: %lld fen; not 0 and at most %lld are allowed",
                        i + 1, (long long)fen, LEDGER_FEN_MAX);
        }
        sum += fen;
    }
    return sum == 0 ? OK : fail(e, ERR_INPUT, "the legs sum to %lld fen, not to 0", (long long)sum);
}

static enum err_code check_transfer(const struct ledger_transfer *t, struct err *e)
{
    bool names = t->phase >= LEDGER_POST;
    if (t->phase < LEDGER_POSTED || t->phase > LEDGER_REVERSAL || names != (t->names != 0) ||
        (names && t->n_legs != 0)) {
        return fail(e, ERR_INPUT,
                    "a posted or pending transfer has legs, the others name a transfer instead");
    }
    if (!day_valid(t->day)) {
        return fail(e, ERR_INPUT, "%d is no clearing day", t->day.yyyymmdd);
    }
    if (check_text(t->kind, 1, LEDGER_WORD_MAX, "kind", e) != OK ||
        check_text(t->ref, 0, LEDGER_WORD_MAX, "ref", e) != OK ||
        check_text(t->idem_key, 1, LEDGER_KEY_MAX, "idem_key", e) != OK) {
        return e->code;
    }
    return names ? OK : check_legs(t, e);
}

static int by_key(const void *a, const void *b)
{
    const struct ledger_transfer *const *x = a, *const *y = b;
    return str_cmp((*x)->idem_key, (*y)->idem_key);
}

static int by_names(const void *a, const void *b)
{
    const struct ledger_transfer *const *x = a, *const *y = b;
    return (*x)->names < (*y)->names ? -1 : (*x)->names > (*y)->names;
}

/* What needs no store: every transfer by itself, then no key and no named one twice. */
static enum err_code check_call(const struct making *m, struct err *e)
{
    const struct ledger_transfer **sorted =
        arena_many(m->arena, m->n, const struct ledger_transfer *);
    for (size_t i = 0; i < m->n; i++) {
        if (check_transfer(&m->t[i], e) != OK) {
            return fail_in(e, "ledger: transfer %zu (" STR_FMT "): ", i + 1,
                           STR_ARG(m->t[i].idem_key));
        }
        sorted[i] = &m->t[i];
    }
    qsort(sorted, m->n, sizeof *sorted, by_key);
    for (size_t i = 1; i < m->n; i++) {
        if (str_eq(sorted[i - 1]->idem_key, sorted[i]->idem_key)) {
            return fail(e, ERR_INPUT, "ledger: key '" STR_FMT "' twice in one call",
                        STR_ARG(sorted[i]->idem_key));
        }
    }
    qsort(sorted, m->n, sizeof *sorted, by_names);
    for (size_t i = 1; i < m->n; i++) {
        if (sorted[i]->names != 0 && sorted[i - 1]->names == sorted[i]->names) {
            return fail_named(e, ERR_CONFLICT, "LEDGER_RESOLVED",
                              "ledger: transfer %lld is named twice in one call",
                              (long long)sorted[i]->names);
        }
    }
    return OK;
}

/* The legs of what names another transfer; whether that may be named is asked later, for fresh ones
 * only. */
static enum err_code take_named(struct making *m, struct transfer_row *row,
                                enum ledger_phase *settles, struct err *e)
{
    struct transfer_row named;
    bool found = false;
    if (rows_get_transfer(m->db, m->arena, scope_machine(), m->book, row->t.names, &named, &found,
                          e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no transfer %lld in book " STR_FMT, (long long)row->t.names,
                    STR_ARG(m->book));
    }
    *settles = named.t.phase;
    if (row->t.phase == LEDGER_VOID) { /* its legs are for the accounts, not for the entries */
        row->t.legs = named.t.legs;
        row->t.n_legs = named.t.n_legs;
        return OK;
    }
    struct ledger_leg *legs = arena_many(m->arena, named.t.n_legs, struct ledger_leg);
    for (size_t i = 0; i < named.t.n_legs; i++) {
        legs[i] = named.t.legs[i];
        legs[i].fen = row->t.phase == LEDGER_REVERSAL ? -legs[i].fen : legs[i].fen;
    }
    row->t.legs = legs;
    row->t.n_legs = named.t.n_legs;
    return OK;
}

static enum err_code check_named(struct making *m, const struct transfer_row *row,
                                 enum ledger_phase settles, struct err *e)
{
    bool pending = settles == LEDGER_PENDING;
    bool moved = settles == LEDGER_POSTED || settles == LEDGER_POST;
    if (row->t.phase == LEDGER_REVERSAL ? !moved : !pending) {
        return fail_named(e, ERR_RULE, "LEDGER_PHASE",
                          row->t.phase == LEDGER_REVERSAL
                              ? "only what was posted can be reversed; %lld is not"
                              : "only what is pending can be posted or voided; %lld is not",
                          (long long)row->t.names);
    }
    int64_t namer = 0;
    if (rows_find_namer(m->db, scope_machine(), row->t.names, &namer, e) != OK) {
        return e->code;
    }
    return namer == 0 ? OK
                      : fail_named(e, ERR_CONFLICT, "LEDGER_RESOLVED",
                                   "transfer %lld was posted, voided or reversed by %lld before",
                                   (long long)row->t.names, (long long)namer);
}

/* Sorts out the ones that are there (law 3); the fresh ones become rows. */
static enum err_code find_fresh(struct making *m, struct err *e)
{
    int64_t *ids = arena_many(m->arena, m->n, int64_t);
    struct sha256 *contents = arena_many(m->arena, m->n, struct sha256);
    if (rows_find_keys(m->db, scope_machine(), m->t, m->n, ids, contents, e) != OK) {
        return e->code;
    }
    struct content_buffer *buffer = content_buffer_new(m->arena);
    for (size_t i = 0; i < m->n; i++) {
        struct transfer_row row = { .t = m->t[i] };
        enum ledger_phase settles = 0;
        if (row.t.names != 0 && take_named(m, &row, &settles, e) != OK) {
            return fail_in(e, "ledger: " STR_FMT ": ", STR_ARG(row.t.idem_key));
        }
        row.content = content_hash(buffer, m->book, &row.t);
        if (ids[i] != 0 && memcmp(&contents[i], &row.content, sizeof row.content) != 0) {
            return fail_named(e, ERR_CONFLICT, "IDEMPOTENCY_MISMATCH",
                              "ledger: key '" STR_FMT "' came before with another content",
                              STR_ARG(row.t.idem_key));
        }
        if (ids[i] != 0) {
            m->t[i].transfer_id = ids[i];
            m->t[i].fresh = false;
            continue;
        }
        if (row.t.names != 0 && check_named(m, &row, settles, e) != OK) {
            return fail_in(e, "ledger: " STR_FMT ": ", STR_ARG(row.t.idem_key));
        }
        m->place[m->n_rows] = i;
        m->settles[m->n_rows] = settles;
        m->rows[m->n_rows++] = row;
    }
    return OK;
}

static int by_id(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static enum err_code load_accounts(struct making *m, struct err *e)
{
    size_t n = 0, k = 0;
    for (size_t i = 0; i < m->n_rows; i++) {
        n += m->rows[i].t.n_legs;
    }
    int64_t *ids = arena_many(m->arena, n + 1, int64_t);
    for (size_t i = 0; i < m->n_rows; i++) {
        for (size_t j = 0; j < m->rows[i].t.n_legs; j++) {
            ids[k++] = m->rows[i].t.legs[j].account_id;
        }
    }
    qsort(ids, n, sizeof *ids, by_id);
    for (size_t i = k = 0; i < n; i++) {
        if (i == 0 || ids[i] != ids[i - 1]) {
            ids[k++] = ids[i];
        }
    }
    m->accounts = arena_many(m->arena, k + 1, struct account_row);
    if (rows_get_accounts(m->db, m->arena, scope_machine(), ids, k, m->accounts, &m->n_accounts,
                          e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < k; i++) {
        if (i >= m->n_accounts || m->accounts[i].account.account_id != ids[i] ||
            !str_eq(m->accounts[i].account.book, m->book)) {
            return fail(e, ERR_NOT_FOUND, "ledger: no account %lld in book " STR_FMT,
                        (long long)ids[i], STR_ARG(m->book));
        }
    }
    return OK;
}

static struct account_row *account_of(const struct making *m, int64_t id)
{
    size_t lo = 0, hi = m->n_accounts;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->accounts[mid].account.account_id < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    check_that(lo < m->n_accounts, "account %lld was loaded", (long long)id);
    return &m->accounts[lo];
}

static bool within_limit(const struct ledger_account *a)
{
    int64_t balance = a->debit_fen - a->credit_fen;
    return a->limit == LEDGER_NO_CREDIT  ? balance - a->pending_credit_fen >= 0
           : a->limit == LEDGER_NO_DEBIT ? balance + a->pending_debit_fen <= 0
                                         : true;
}

static bool add_to(int64_t *debit, int64_t *credit, int64_t fen)
{
    return fen > 0 ? !__builtin_add_overflow(*debit, fen, debit)
                   : !__builtin_sub_overflow(*credit, fen, credit);
}

/* Takes a reservation back: what was added to pending. */
static void release(struct ledger_account *a, int64_t fen)
{
    int64_t *side = fen > 0 ? &a->pending_debit_fen : &a->pending_credit_fen;
    *side -= fen > 0 ? fen : -fen;
    check_that(*side >= 0, "account %lld has reserved what it gives back",
               (long long)a->account_id);
}

static enum err_code move_leg(struct making *m, const struct transfer_row *row, size_t leg,
                              struct err *e)
{
    int64_t fen = row->t.legs[leg].fen;
    struct account_row *acc = account_of(m, row->t.legs[leg].account_id);
    struct ledger_account *a = &acc->account;
    bool fits = true;
    acc->moved = true;
    if (row->t.phase == LEDGER_POST || row->t.phase == LEDGER_VOID) {
        release(a, fen);
    }
    if (row->t.phase == LEDGER_PENDING) {
        fits = add_to(&a->pending_debit_fen, &a->pending_credit_fen, fen);
    } else if (row->t.phase != LEDGER_VOID) {
        fits = add_to(&a->debit_fen, &a->credit_fen, fen);
    }
    return fits ? OK
                : fail(e, ERR_LIMIT, "ledger: account " STR_FMT ": the turnover passes 64 bits",
                       STR_ARG(a->code));
}

static enum err_code move_accounts(struct making *m, struct err *e)
{
    for (size_t i = 0; i < m->n_rows; i++) {
        const struct transfer_row *row = &m->rows[i];
        for (size_t j = 0; j < row->t.n_legs; j++) {
            if (move_leg(m, row, j, e) != OK) {
                return e->code;
            }
        }
        for (size_t j = 0; j < row->t.n_legs; j++) {
            const struct ledger_account *a = &account_of(m, row->t.legs[j].account_id)->account;
            if (!within_limit(a)) {
                return fail_named(e, ERR_RULE, "LEDGER_LIMIT",
                                  "ledger: " STR_FMT ": account " STR_FMT
                                  " would pass its limit: %lld fen with %lld and %lld reserved",
                                  STR_ARG(row->t.idem_key), STR_ARG(a->code),
                                  (long long)ledger_balance(a), (long long)a->pending_debit_fen,
                                  (long long)a->pending_credit_fen);
            }
        }
    }
    return OK;
}

static enum err_code check_accounts_once(const struct making *m, struct err *e)
{
    int64_t *ids = arena_many(m->arena, LEDGER_LEGS_MAX, int64_t);
    for (size_t i = 0; i < m->n; i++) {
        const struct ledger_transfer *t = &m->t[i];
        bool twice = t->n_legs == 2 && t->legs[0].account_id == t->legs[1].account_id;
        for (size_t j = 0; t->n_legs > 2 && j < t->n_legs; j++) {
            ids[j] = t->legs[j].account_id;
        }
        if (t->n_legs > 2) {
            qsort(ids, t->n_legs, sizeof *ids, by_id);
        }
        for (size_t j = 1; t->n_legs > 2 && j < t->n_legs; j++) {
            twice = twice || ids[j] == ids[j - 1];
        }
        if (twice) {
            return fail(e, ERR_INPUT, "ledger: transfer %zu (" STR_FMT "): an account has two legs",
                        i + 1, STR_ARG(t->idem_key));
        }
    }
    return OK;
}

/* Numbers, ids and the chain; then everything is written. */
static enum err_code write_all(struct making *m, struct book_head *head, struct err *e)
{
    int64_t old_seq = head->seq, changed = 0;
    for (size_t i = 0; i < m->n_rows; i++) {
        struct transfer_row *row = &m->rows[i];
        row->transfer_id = store_next_id(m->db, m->now);
        row->created_at = m->now.utc_ms;
        row->seq = ++head->seq;
        row->hash = head->hash =
            chain_hash(&head->hash, row->seq, row->transfer_id, row->created_at, &row->content);
        if (row->t.phase == LEDGER_VOID) {
            row->t.n_legs = 0;
        }
    }
    if (rows_insert_transfers(m->db, scope_machine(), m->book, m->rows, m->n_rows, m->now, e) !=
            OK ||
        rows_move_accounts(m->db, scope_machine(), m->accounts, m->n_accounts, m->now, e) != OK ||
        rows_move_book(m->db, scope_machine(), head, old_seq, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1 ? OK : fail(e, ERR_RETRY, "ledger: another wrote to the book");
}

enum err_code ledger_transfer(struct db *db, struct str book, struct ledger_transfer *transfers,
                              size_t n, struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (n == 0) {
        return OK;
    }
    if (n > LEDGER_BATCH_MAX) {
        return fail(e, ERR_LIMIT, "ledger: %zu transfers in one call; at most %d", n,
                    LEDGER_BATCH_MAX);
    }
    struct arena *a = arena_new();
    struct making m = { .db = db,
                        .arena = a,
                        .book = book,
                        .now = now,
                        .t = transfers,
                        .n = n,
                        .rows = arena_many(a, n, struct transfer_row),
                        .place = arena_many(a, n, size_t),
                        .settles = arena_many(a, n, enum ledger_phase) };
    struct book_head head = { .book = book };
    enum err_code code = check_book(book, e);
    code = code != OK ? code : check_call(&m, e);
    code = code != OK ? code : check_accounts_once(&m, e);
    code = code != OK ? code : hold_book(db, &head, now, e);
    code = code != OK ? code : find_fresh(&m, e);
    code = code != OK ? code : load_accounts(&m, e);
    code = code != OK ? code : move_accounts(&m, e);
    code = code != OK || m.n_rows == 0 ? code : write_all(&m, &head, e);
    for (size_t i = 0; code == OK && i < m.n_rows; i++) {
        transfers[m.place[i]].transfer_id = m.rows[i].transfer_id;
        transfers[m.place[i]].fresh = true;
    }
    arena_free(a);
    return code;
}

enum err_code ledger_find_key(struct db *db, struct str idem_key, int64_t *transfer_id, bool *found,
                              struct err *e)
{
    struct err own;
    struct ledger_transfer t = { .idem_key = idem_key };
    struct sha256 content;
    int64_t id = 0;
    enum err_code code = rows_find_keys(db, scope_machine(), &t, 1, &id, &content, e ? e : &own);
    if (code == OK) {
        *transfer_id = id;
        *found = id != 0;
    }
    return code;
}
