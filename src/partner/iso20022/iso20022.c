/* iso20022.c - requests with their sums, and statements judged before they are used. */
#include "partner/iso20022/iso20022.h"
#include "base/check.h"
#include "partner/iso20022/table.h"

#define BOOKED "BOOK"     /* the only status of an entry that moved money */

enum err_code iso_read(struct arena *a, const char *type, struct str xml, void **out,
                       struct err *e)
{
    const struct form *f = iso_table_find(type);
    check_that(f, "type %s", type);
    return form_read(f, a, xml, out, e);
}

enum err_code iso_write(struct arena *a, const char *type, const void *message, struct str *out,
                        struct err *e)
{
    const struct form *f = iso_table_find(type);
    check_that(f, "type %s", type);
    return form_write(f, a, message, out, e);
}

static struct str count_text(struct arena *a, size_t n)
{
    return str_of(arena_printf(a, "%zu", n));
}

enum err_code iso_collection_sum(struct arena *a, struct iso_collection *m, struct err *e)
{
    struct money sum = {0};
    for (size_t i = 0; i < m->items.n; i++) {
        enum err_code rc = wire_sum(sum, m->items.at[i].amount.value, &sum, e);
        if (rc != OK) {
            return rc;
        }
    }
    m->count = m->block_count = count_text(a, m->items.n);
    m->total = m->block_total = (struct wire_amount){.value = sum};
    return OK;
}

enum err_code iso_payout_sum(struct arena *a, struct iso_payout *m, struct err *e)
{
    struct money sum = {0};
    for (size_t i = 0; i < m->items.n; i++) {
        enum err_code rc = wire_sum(sum, m->items.at[i].amount.value, &sum, e);
        if (rc != OK) {
            return rc;
        }
    }
    m->count = m->block_count = count_text(a, m->items.n);
    m->total = m->block_total = (struct wire_amount){.value = sum};
    return OK;
}

static enum err_code balance_find(const struct iso_statement *s, const char *kind,
                                  struct money *out, struct err *e)
{
    const struct iso_balance *found = NULL;
    for (size_t i = 0; i < s->balances.n; i++) {
        if (!str_is(s->balances.at[i].kind, kind)) {
            continue;
        }
        if (found) {
            return fail_named(e, ERR_INPUT, "ISO_BALANCE_MISSING", "two balances %s", kind);
        }
        found = &s->balances.at[i];
    }
    if (!found) {
        return fail_named(e, ERR_INPUT, "ISO_BALANCE_MISSING", "no balance %s", kind);
    }
    if (found->amount.inexact) {
        return fail_named(e, ERR_INPUT, "ISO_BALANCE", "balance %s is not in whole fen", kind);
    }
    if (!str_is(found->amount.currency, WIRE_CURRENCY)) {
        return fail_named(e, ERR_INPUT, "ISO_CURRENCY", "balance %s is not in %s", kind,
                          WIRE_CURRENCY);
    }
    out->fen = str_is(found->side, "DBIT") ? -found->amount.value.fen : found->amount.value.fen;
    return OK;
}

/* The civil day of an entry, from its day or its time; false: it has none. */
static bool entry_day(const struct iso_entry *n, struct day *out)
{
    if (n->booked.yyyymmdd) {
        *out = n->booked;
        return true;
    }
    return n->booked_at.n >= 10 &&
           day_parse((struct str){n->booked_at.at, 10}, out, NULL) == OK;
}

static bool within(const struct iso_statement *s, struct day d)
{
    struct day from, until;
    if (s->from.n < 10 || s->until.n < 10 ||
        day_parse((struct str){s->from.at, 10}, &from, NULL) != OK ||
        day_parse((struct str){s->until.at, 10}, &until, NULL) != OK) {
        return true; /* the statement does not say which days it covers */
    }
    return from.yyyymmdd <= d.yyyymmdd && d.yyyymmdd <= until.yyyymmdd;
}

/* NULL: an entry to be used; else why it is an exception. */
static const char *entry_exception(const struct iso_statement *s, const struct iso_entry *n)
{
    struct day d;
    if (!str_is(n->amount.currency, WIRE_CURRENCY)) {
        return "ISO_ENTRY_CURRENCY";
    }
    if (n->amount.inexact) {
        return "ISO_ENTRY_AMOUNT";
    }
    return entry_day(n, &d) && within(s, d) ? NULL : "ISO_ENTRY_DAY";
}

static enum err_code entries_sum(struct arena *a, const struct iso_statement *s,
                                 struct iso_checked *c, struct err *e)
{
    c->exceptions = arena_many(a, s->entries.n + 1, struct iso_exception);
    for (size_t i = 0; i < s->entries.n; i++) {
        const struct iso_entry *n = &s->entries.at[i];
        if (!str_is(n->status, BOOKED)) {
            continue;
        }
        const char *why = entry_exception(s, n);
        if (why) {
            c->exceptions[c->n_exceptions++] = (struct iso_exception){i, why};
            continue;
        }
        struct money *side = str_is(n->side, "CRDT") ? &c->credits : &c->debits;
        if (wire_sum(*side, n->amount.value, side, e) != OK) {
            return ERR_LIMIT;
        }
    }
    return OK;
}

enum err_code iso_statement_check(struct arena *a, const struct iso_statement *s,
                                  struct str account, struct iso_checked *out, struct err *e)
{
    struct iso_checked c = {.n_exceptions = 0};
    int64_t end;
    if (!str_eq(s->account.n ? s->account : s->iban, account)) {
        return fail_named(e, ERR_INPUT, "ISO_ACCOUNT", "the statement is of another account");
    }
    if (s->currency.n && !str_is(s->currency, WIRE_CURRENCY)) {
        return fail_named(e, ERR_INPUT, "ISO_CURRENCY", "the account is not kept in %s",
                          WIRE_CURRENCY);
    }
    enum err_code rc = balance_find(s, "OPBD", &c.opening, e);
    if (rc != OK || (rc = balance_find(s, "CLBD", &c.closing, e)) != OK ||
        (rc = entries_sum(a, s, &c, e)) != OK) {
        return rc;
    }
    if (__builtin_add_overflow(c.opening.fen, c.credits.fen, &end) ||
        __builtin_sub_overflow(end, c.debits.fen, &end)) {
        return fail_named(e, ERR_LIMIT, "WIRE_SUM", "a sum of amounts is beyond 64 bits");
    }
    if (end != c.closing.fen && c.n_exceptions == 0) {
        return fail_named(e, ERR_INPUT, "ISO_BALANCE",
                          "opening + credits - debits is not closing: ask the bank for it again");
    }
    *out = c;
    return OK;
}

enum err_code iso_statement_follows(int64_t last_sequence, struct money last_closing,
                                    const struct iso_statement *s, const struct iso_checked *c,
                                    struct err *e)
{
    int64_t number = 0;
    for (size_t i = 0; i < s->sequence.n; i++) { /* at most 18 digits: 64 bits hold them */
        number = number * 10 + (s->sequence.at[i] - '0');
    }
    if (s->sequence.n == 0 || number != last_sequence + 1) {
        return fail_named(e, ERR_INPUT, "ISO_SEQUENCE", "statement %lld after %lld",
                          (long long)number, (long long)last_sequence);
    }
    if (c->opening.fen != last_closing.fen) {
        return fail_named(e, ERR_INPUT, "ISO_OPENING",
                          "it does not open with what the statement before it closed with");
    }
    return OK;
}

/* Length in front of each part, so that no two lists of parts give the same bytes. */
static void part(struct text *t, struct str s)
{
    text_addf(t, "%zu:", s.n);
    text_add(t, s);
}

static void entry_parts(struct text *t, const struct iso_statement *s, const struct iso_entry *n)
{
    struct day d = {0};
    part(t, s->account.n ? s->account : s->iban);
    if (n->bank_ref.n) {
        part(t, STR("ref"));
        part(t, n->bank_ref);
        return;
    }
    part(t, STR("all"));
    (void)entry_day(n, &d);
    text_addf(t, "%d:", d.yyyymmdd);
    part(t, n->amount.text);
    part(t, n->amount.currency);
    part(t, n->side);
    part(t, n->ref);
    for (size_t i = 0; i < n->details.n; i++) {
        for (size_t k = 0; k < n->details.at[i].items.n; k++) {
            const struct iso_tx *x = &n->details.at[i].items.at[k];
            part(t, x->bank_ref);
            part(t, x->tx_id);
            part(t, x->order);
            part(t, x->agreement);
        }
    }
}

static struct sha256 parts_hash(struct arena *a, const struct iso_statement *s, size_t entry)
{
    struct text t;
    text_init(&t, a, WIRE_XML_MAX);
    entry_parts(&t, s, &s->entries.at[entry]);
    return sha256_of(t.at, t.n);
}

struct sha256 iso_entry_identity(struct arena *a, const struct iso_statement *s, size_t entry)
{
    check(entry < s->entries.n);
    const struct sha256 mine = parts_hash(a, s, entry);
    uint64_t alike = 0;
    uint8_t bytes[sizeof(mine.b) + sizeof(alike)];
    if (s->entries.at[entry].bank_ref.n) {
        return mine;
    }
    for (size_t i = 0; i < entry; i++) {
        const struct iso_entry *other_entry = &s->entries.at[i];
        if (other_entry->bank_ref.n == 0 &&
            str_eq(other_entry->amount.text, s->entries.at[entry].amount.text)) {
            const struct sha256 other = parts_hash(a, s, i);
            alike += memcmp(other.b, mine.b, sizeof(mine.b)) == 0;
        }
    }
    memcpy(bytes, mine.b, sizeof(mine.b));
    memcpy(bytes + sizeof(mine.b), &alike, sizeof(alike));
    return sha256_of(bytes, sizeof(bytes));
}
