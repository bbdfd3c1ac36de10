/* content.c - the canonical bytes of a transfer and the chain over them (content.h). */
#include "ledger/content.h"

/* Texts at their longest, a leg's two numbers at 24 bytes each, and what stands around them. */
#define CONTENT_BYTES_MAX (4096 + LEDGER_LEGS_MAX * 64)

struct content_buffer {
    struct text t;
};

struct content_buffer *content_buffer_new(struct arena *a)
{
    struct content_buffer *b = arena_make(a, struct content_buffer);
    text_init(&b->t, a, CONTENT_BYTES_MAX);
    return b;
}

static void add_field(struct text *t, struct str v)
{
    text_scaled(t, (__int128)v.n, 0);
    text_byte(t, ':');
    text_add(t, v);
    text_byte(t, '\n');
}

static void add_number(struct text *t, int64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)v);
    add_field(t, (struct str){ digits, (size_t)n });
}

struct sha256 content_hash(struct content_buffer *b, struct str book,
                           const struct ledger_transfer *t)
{
    struct text *x = &b->t;
    size_t n_legs = t->phase == LEDGER_VOID ? 0 : t->n_legs;
    x->n = 0;
    text_add_c(x, "sunkeeper ledger 1\n");
    add_field(x, book);
    add_number(x, (int64_t)t->phase);
    add_field(x, t->kind);
    add_field(x, t->ref);
    add_field(x, t->idem_key);
    add_number(x, t->day.yyyymmdd);
    add_number(x, t->names);
    add_number(x, (int64_t)n_legs);
    for (size_t i = 0; i < n_legs; i++) {
        add_number(x, t->legs[i].account_id);
        add_number(x, t->legs[i].fen);
    }
    check_that(!x->cut, "a transfer's content has at most %d bytes", CONTENT_BYTES_MAX);
    return sha256_of(x->at, x->n);
}

static uint8_t *put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--) {
        *p++ = (uint8_t)(v >> (8 * i));
    }
    return p;
}

struct sha256 chain_hash(const struct sha256 *prev, int64_t seq, int64_t transfer_id,
                         int64_t created_at, const struct sha256 *content)
{
    uint8_t bytes[32 + 3 * 8 + 32], *p = bytes;
    memcpy(p, prev->b, 32);
    p = put_u64(p + 32, (uint64_t)seq);
    p = put_u64(p, (uint64_t)transfer_id);
    p = put_u64(p, (uint64_t)created_at);
    memcpy(p, content->b, 32);
    return sha256_of(bytes, sizeof bytes);
}
