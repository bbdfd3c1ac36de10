/* content.h - what a transfer says, as bytes that two programs would write alike; and the chain.
 * Private.
 *
 * content = SHA-256 of "sunkeeper ledger 1\n" and book, phase, kind, ref, key, day, names, number
 * of legs, then account and fen of each leg, each as its length in bytes, a colon, the bytes and a
 * new line. hash(n) = SHA-256 of hash(n-1), the number, id and instant as 8 bytes each (big
 * endian), and content(n); hash(0) is zero.
 */
#ifndef SK_LEDGER_CONTENT_H
#define SK_LEDGER_CONTENT_H
#include "ledger/ledger.h"

struct content_buffer; /* reused from transfer to transfer */
struct content_buffer *content_buffer_new(struct arena *a);
struct sha256 content_hash(struct content_buffer *b, struct str book,
                           const struct ledger_transfer *t);
struct sha256 chain_hash(const struct sha256 *prev, int64_t seq, int64_t transfer_id,
                         int64_t created_at, const struct sha256 *content);
#endif
