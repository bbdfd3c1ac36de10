/* prove.c - the books gone through again from their first transfer (law 4 to 7).
 *
 * A second bookkeeper with nothing but the transfers: it hashes each anew, follows the chain, adds
 * up the entries and compares with what the accounts say. It trusts no balance.
 */
#include "ledger/content.h"
#include "ledger/ledger_rows.h"
#include <stdarg.h>

#define PAGE 500
#define TOLD_MAX 100 /* findings told in words; all are counted */

struct proof {
    struct db *db;
    struct arena *keep, *page;
    struct ledger_proof *out;
    struct text *wrong;
    struct account_row *accounts; /* by id: what the store says */
    struct ledger_account *sums;  /* likewise: what the entries say */
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void found(struct proof *p, const char *fmt, ...)
{
    char line[300];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    if (p->out->wrong++ < TOLD_MAX) {
        text_addf(p->wrong, "%s\n", line);
    }
}

static int by_account(const void *a, const void *b)
{
    const struct account_row *x = a, *y = b;
    return x->account.account_id < y->account.account_id
               ? -1
               : x->account.account_id > y->account.account_id;
}

static struct ledger_account *sum_of(struct proof *p, int64_t id)
{
    size_t lo = 0, hi = p->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->accounts[mid].account.account_id < id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < p->n && p->accounts[lo].account.account_id == id ? &p->sums[lo] : NULL;
}

static enum err_code load_book(struct proof *p, struct str book, struct err *e)
{
    struct str after = STR("");
    size_t room = 0, k;
    p->n = 0;
    do {
        struct account_row *rows;
        if (rows_list_accounts(p->db, p->keep, scope_machine(), book, after, PAGE, &rows, &k, e) !=
            OK) {
            return e->code;
        }
        if (p->n + k > room) {
            struct account_row *more;
            room = 2 * (p->n + k) + PAGE;
            more = arena_many(p->keep, room, struct account_row);
            if (p->n) {
                memcpy(more, p->accounts, p->n * sizeof *more);
            }
            p->accounts = more;
        }
        if (k) {
            memcpy(p->accounts + p->n, rows, k * sizeof *rows);
            after = rows[k - 1].account.code;
        }
        p->n += k;
    } while (k == PAGE);
    if (p->n) {
        qsort(p->accounts, p->n, sizeof *p->accounts, by_account);
    }
    p->sums = arena_many(p->keep, p->n + 1, struct ledger_account);
    p->out->accounts += (int64_t)p->n;
    return OK;
}

static void add_leg(struct proof *p, const struct transfer_row *row, const struct ledger_leg *leg,
                    bool pending, int sign)
{
    struct ledger_account *a = sum_of(p, leg->account_id);
    if (!a) {
        found(p, "transfer %lld: account %lld is not of its book", (long long)row->transfer_id,
              (long long)leg->account_id);
        return;
    }
    int64_t *debit = pending ? &a->pending_debit_fen : &a->debit_fen;
    int64_t *credit = pending ? &a->pending_credit_fen : &a->credit_fen;
    *(leg->fen > 0 ? debit : credit) += sign * (leg->fen > 0 ? leg->fen : -leg->fen);
    p->out->turnover_fen += !pending && leg->fen > 0 ? leg->fen : 0;
}

/* What names another one: that must be there, be named by it alone (a unique index sees to it), and
 * have the same legs, turned when reversed. */
static enum err_code follow_named(struct proof *p, struct str book, const struct transfer_row *row,
                                  struct err *e)
{
    struct transfer_row named;
    bool there = false;
    if (rows_get_transfer(p->db, p->page, scope_machine(), book, row->t.names, &named, &there, e) !=
        OK) {
        return e->code;
    }
    if (!there || named.seq >= row->seq) {
        found(p, "transfer %lld names %lld, which does not stand before it",
              (long long)row->transfer_id, (long long)row->t.names);
        return OK;
    }
    bool reserved = row->t.phase == LEDGER_POST || row->t.phase == LEDGER_VOID;
    bool same = row->t.phase == LEDGER_VOID ? row->t.n_legs == 0 : row->t.n_legs == named.t.n_legs;
    same = same && (named.t.phase == LEDGER_PENDING) == reserved;
    for (size_t i = 0; same && i < row->t.n_legs; i++) {
        int64_t fen = row->t.phase == LEDGER_REVERSAL ? -named.t.legs[i].fen : named.t.legs[i].fen;
        same = row->t.legs[i].fen == fen && row->t.legs[i].account_id == named.t.legs[i].account_id;
    }
    if (!same) {
        found(p, "transfer %lld does not have the legs of %lld", (long long)row->transfer_id,
              (long long)row->t.names);
    }
    for (size_t i = 0; reserved && i < named.t.n_legs; i++) {
        add_leg(p, row, &named.t.legs[i], true, -1);
    }
    return OK;
}

static enum err_code walk_one(struct proof *p, struct book_head *head, struct content_buffer *b,
                              const struct transfer_row *row, struct err *e)
{
    __int128 sum = 0;
    bool pending = row->t.phase == LEDGER_PENDING;
    struct sha256 content = content_hash(b, head->book, &row->t);
    struct sha256 hash =
        chain_hash(&head->hash, row->seq, row->transfer_id, row->created_at, &content);
    if (row->seq != head->seq + 1) {
        found(p, "book " STR_FMT ": after number %lld comes %lld", STR_ARG(head->book),
              (long long)head->seq, (long long)row->seq);
    }
    if (memcmp(&content, &row->content, sizeof content) != 0 ||
        memcmp(&hash, &row->hash, sizeof hash) != 0) {
        found(p, "book " STR_FMT " number %lld (transfer %lld): changed after it was written",
              STR_ARG(head->book), (long long)row->seq, (long long)row->transfer_id);
    }
    for (size_t i = 0; i < row->t.n_legs; i++) {
        sum += row->t.legs[i].fen;
        add_leg(p, row, &row->t.legs[i], pending, 1);
    }
    if (sum != 0 || (row->t.phase != LEDGER_VOID && row->t.n_legs < 2)) {
        found(p, "transfer %lld: %zu legs that do not sum to 0", (long long)row->transfer_id,
              row->t.n_legs);
    }
    head->seq = row->seq;
    head->hash = row->hash;
    p->out->transfers++;
    p->out->entries += (int64_t)row->t.n_legs;
    return row->t.names ? follow_named(p, head->book, row, e) : OK;
}

static void compare(struct proof *p, struct str book)
{
    __int128 total = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct ledger_account *a = &p->accounts[i].account, *s = &p->sums[i];
        total += ledger_balance(a);
        if (a->debit_fen != s->debit_fen || a->credit_fen != s->credit_fen ||
            a->pending_debit_fen != s->pending_debit_fen ||
            a->pending_credit_fen != s->pending_credit_fen) {
            found(p,
                  "account " STR_FMT ": says debit %lld credit %lld, its entries %lld and %lld "
                  "(reserved %lld and %lld, by entries %lld and %lld)",
                  STR_ARG(a->code), (long long)a->debit_fen, (long long)a->credit_fen,
                  (long long)s->debit_fen, (long long)s->credit_fen,
                  (long long)a->pending_debit_fen, (long long)a->pending_credit_fen,
                  (long long)s->pending_debit_fen, (long long)s->pending_credit_fen);
        }
    }
    if (total != 0) {
        found(p, "book " STR_FMT ": all accounts together are %lld fen, not 0", STR_ARG(book),
              (long long)total);
    }
}

static enum err_code prove_book(struct proof *p, const struct book_head *stored, struct err *e)
{
    struct book_head head = { .book = stored->book };
    struct content_buffer *b = content_buffer_new(p->keep);
    size_t k;
    if (load_book(p, head.book, e) != OK) {
        return e->code;
    }
    do {
        struct transfer_row *rows;
        arena_reset(p->page);
        if (rows_list_transfers(p->db, p->page, scope_machine(), head.book, head.seq, PAGE, &rows,
                                &k, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < k; i++) {
            if (walk_one(p, &head, b, &rows[i], e) != OK) {
                return e->code;
            }
        }
    } while (k == PAGE);
    if (head.seq != stored->seq || memcmp(&head.hash, &stored->hash, sizeof head.hash) != 0) {
        found(p, "book " STR_FMT ": the head says number %lld, the last transfer is %lld",
              STR_ARG(head.book), (long long)stored->seq, (long long)head.seq);
    }
    compare(p, head.book);
    return OK;
}

enum err_code ledger_prove(struct db *db, struct ledger_proof *out, struct text *wrong,
                           struct err *e)
{
    struct err own;
    struct ledger_proof result = { .books = 0 };
    struct proof p = {
        .db = db, .keep = arena_new(), .page = arena_new(), .out = &result, .wrong = wrong
    };
    const struct book_head *books = NULL;
    size_t n = 0;
    e = e ? e : &own;
    enum err_code code = store_begin(db, STORE_CORE, STORE_READ, e);
    if (code == OK) {
        code = rows_list_books(db, p.keep, scope_machine(), &books, &n, e);
        for (size_t i = 0; i < n && code == OK; i++) {
            code = prove_book(&p, &books[i], e);
            result.books++;
        }
        store_rollback(db, STORE_CORE);
    }
    if (code == OK) {
        *out = result;
    }
    arena_free(p.page);
    arena_free(p.keep);
    return code;
}
