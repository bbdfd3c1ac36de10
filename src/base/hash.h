/* hash.h - digests: SHA-256 for what is proved, 64-bit and CRC-32C for what is merely checked. */
#ifndef SK_BASE_HASH_H
#define SK_BASE_HASH_H
#include "base/str.h"
#include <stddef.h>
#include <stdint.h>

struct sha256 { uint8_t b[32]; };
struct hasher; /* opaque; an open SHA-256 */

struct sha256 sha256_of(const void *p, size_t n);
struct hasher *hasher_new(struct arena *a);
void hasher_add(struct hasher *h, const void *p, size_t n);
struct sha256 hasher_end(struct hasher *h); /* releases; the hasher is then spent */
void text_hex(struct text *t, const void *p, size_t n);
uint64_t hash64(const void *p, size_t n, uint64_t seed); /* not for secrets, stable for ever */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);  /* hardware where the CPU has it */
uint32_t crc32c_portable(uint32_t crc, const void *p, size_t n); /* the same, byte by byte */
#endif
