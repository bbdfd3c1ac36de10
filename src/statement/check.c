/* check.c - the room's part of `sunkeeper check`: what must hold of every statement (I2, I4), of
 * their numbers, and through settle of the runs behind them (I3).
 */
#include "statement/draft.h"
#include "statement/statement_rows.h"
#include <stdarg.h>

#define CHECK_PAGE 500 /* statements looked at together */

__attribute__((format(printf, 3, 4))) static void finding(struct statement_checked *c,
                                                          struct text *wrong, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    c->wrong++;
    text_addf(wrong, "%s\n", line);
}

struct sums {
    int64_t fen, net, vat;
};

static void add(struct sums *s, int64_t fen, int64_t net, int64_t vat)
{
    s->fen += fen;
    s->net += net;
    s->vat += vat;
}

/* I2: lines sum to their leg, legs to the statement, net and VAT to the gross. */
static void sums_check(const struct statement *s, struct statement_checked *c, struct text *wrong)
{
    struct sums all = {0}, lines = {0};
    for (size_t g = 0; g < s->n_legs; g++) {
        const struct statement_leg *leg = &s->legs[g];
        struct sums mine = {0};
        for (size_t i = 0; i < s->n_lines; i++) {
            const struct settle_line *l = &s->lines[i].l;
            if (s->lines[i].leg == leg->leg) {
                add(&mine, l->fen, l->net_fen, l->vat_fen);
            }
        }
        if (mine.fen != leg->fen || mine.net != leg->net_fen || mine.vat != leg->vat_fen) {
            finding(c, wrong, "I2: statement %lld leg %d: %lld fen, its lines sum to %lld",
                    (long long)s->statement_id, leg->leg, (long long)leg->fen, (long long)mine.fen);
        }
        add(&all, leg->fen, leg->net_fen, leg->vat_fen);
        add(&lines, mine.fen, mine.net, mine.vat);
    }
    if (all.fen != s->fen || all.net != s->net_fen || all.vat != s->vat_fen ||
        lines.fen != s->fen || s->net_fen + s->vat_fen != s->fen) {
        finding(c, wrong, "I2: statement %lld: %lld fen, its legs sum to %lld, its lines to %lld",
                (long long)s->statement_id, (long long)s->fen, (long long)all.fen,
                (long long)lines.fen);
    }
}

/* I4: nothing of it has changed since it was drafted, and nothing since it was issued. */
static void hashes_check(const struct statement *s, struct statement_checked *c, struct text *wrong)
{
    struct sha256 h = statement_body_hash(s);
    if (memcmp(h.b, s->body_hash.b, sizeof(h.b)) != 0) {
        finding(c, wrong, "I4: statement %lld: its rows are not what was drafted",
                (long long)s->statement_id);
    }
    h = statement_doc_hash(s);
    if (s->no.n > 0 && memcmp(h.b, s->doc_hash.b, sizeof(h.b)) != 0) {
        finding(c, wrong, "I4: statement " STR_FMT ": it is not what was issued", STR_ARG(s->no));
    }
}

static enum err_code page_check(struct db *db, struct arena *a, struct statement *s, size_t n,
                                struct hasher *digest, struct statement_checked *c,
                                struct text *wrong, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct statement_leg *legs;
        struct statement_line *lines;
        size_t expected = s[i].n_lines;
        if (rows_legs_of(db, a, scope_machine(), s[i].statement_id, &legs, &s[i].n_legs, e) != OK ||
            rows_lines_of(db, a, scope_machine(), s[i].statement_id, &lines, &s[i].n_lines, e) !=
                OK) {
            return e->code;
        }
        s[i].legs = legs;
        s[i].lines = lines;
        if (expected != s[i].n_lines) {
            finding(c, wrong, "I2: statement %lld: %zu lines, its row says %zu",
                    (long long)s[i].statement_id, s[i].n_lines, expected);
        }
        sums_check(&s[i], c, wrong);
        hashes_check(&s[i], c, wrong);
        c->statements++;
        c->lines += (int64_t)s[i].n_lines;
        if (s[i].state != STATEMENT_VOID) {
            const int64_t key[] = {s[i].order_id, s[i].period.from.yyyymmdd};
            hasher_add(digest, key, sizeof(key));
            hasher_add(digest, s[i].body_hash.b, sizeof(s[i].body_hash.b));
        }
    }
    return OK;
}

/* Law 2: as many numbers as the counter says, the highest of them the counter itself; the unique
 * index keeps two from being equal. */
static enum err_code numbers_check(struct db *db, struct arena *a, struct statement_checked *c,
                                   struct text *wrong, struct err *e)
{
    struct number_row *years;
    size_t n;
    int64_t doubles;
    if (rows_numbers(db, a, &years, &n, e) != OK || rows_count_doubles(db, &doubles, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        c->numbers += years[i].issued;
        if (years[i].issued != years[i].last || years[i].highest != years[i].last) {
            finding(c, wrong,
                    "numbers of %lld: %lld statements, the highest is %lld, the counter %lld",
                    (long long)years[i].year, (long long)years[i].issued,
                    (long long)years[i].highest, (long long)years[i].last);
        }
    }
    if (doubles > 0) {
        finding(c, wrong, "I4: %lld orders have two statements for one period", (long long)doubles);
    }
    return OK;
}

/* Law 4: the statements of an order and period sum to the result in force, which is the last of
 * them. */
static enum err_code chain_check(struct db *db, struct arena *a, const struct chain_row *row,
                                 struct statement_checked *c, struct text *wrong, struct err *e)
{
    struct statement_link *l;
    size_t n;
    int64_t run_id, fen;
    if (rows_chain(db, a, scope_machine(), row->order_id, row->from, &l, &n, e) != OK ||
        settle_in_force(db, a, row->order_id, (struct day){row->from}, &run_id, &fen, e) != OK) {
        return e->code;
    }
    if (fen != row->fen || n == 0 || l[n - 1].statement_id != run_id) {
        finding(c, wrong,
                "I4: order %lld, period from %d: its statements sum to %lld fen, the last is %lld; "
                "in force is run %lld with %lld fen",
                (long long)row->order_id, row->from, (long long)row->fen,
                n ? (long long)l[n - 1].statement_id : 0LL, (long long)run_id, (long long)fen);
    }
    return OK;
}

static enum err_code chains_check(struct db *db, struct arena *a, struct statement_checked *c,
                                  struct text *wrong, struct err *e)
{
    struct chain_row rows[CHECK_PAGE];
    struct chain_row after = {0};
    size_t n = CHECK_PAGE;
    while (n == CHECK_PAGE) {
        if (rows_page_chains(db, after.order_id, after.from, CHECK_PAGE, rows, &n, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < n; i++) {
            arena_reset(a);
            if (chain_check(db, a, &rows[i], c, wrong, e) != OK) {
                return e->code;
            }
            after = rows[i];
        }
    }
    return OK;
}

enum err_code statement_check(struct db *db, int64_t sample, struct statement_checked *out,
                              struct text *wrong, struct err *e)
{
    struct arena *page = arena_new(), *keep = arena_new();
    struct hasher *digest = hasher_new(keep);
    struct statement_checked c = {0};
    struct settle_checked runs;
    struct statement last = {0};
    size_t n = 1;
    enum err_code rc = OK;
    while (rc == OK && n > 0) {
        struct statement *list;
        arena_reset(page);
        rc = rows_page(db, page, scope_machine(), &last, CHECK_PAGE, &list, &n, e);
        if (rc == OK && n > 0) {
            rc = page_check(db, page, list, n, digest, &c, wrong, e);
            last.order_id = list[n - 1].order_id;
            last.period = list[n - 1].period;
            last.statement_id = list[n - 1].statement_id;
        }
    }
    c.digest = hasher_end(digest);
    if (rc == OK) {
        rc = numbers_check(db, keep, &c, wrong, e);
    }
    if (rc == OK) {
        rc = chains_check(db, page, &c, wrong, e);
    }
    if (rc == OK) {
        rc = settle_check(db, sample, &runs, wrong, e);
    }
    if (rc == OK) {
        c.recomputed = runs.recomputed;
        c.wrong += runs.wrong;
        *out = c;
    }
    arena_free(page);
    arena_free(keep);
    return rc;
}
