/* cipher.h - the few ciphers of the house over OpenSSL: what keeps an account number unread.
 *
 * Two suites, chosen by number because they are stored with what they sealed: AES-256-GCM, and the
 * national one, SM4-CTR with HMAC-SM3 over all of it (encrypt, then authenticate).
 *
 * Laws
 *  1. cipher_open() gives the whole plain text or none: ERR_CORRUPT `SEC_DECRYPT_FAILED` and
 *     nothing written, whatever was changed, cut or exchanged.
 *  2. An iv is used once with a key: cipher_random() makes it. Secrets are the one thing whose
 *     randomness is not passed in (it comes from getrandom); vectors give theirs to cipher_seal().
 *  3. Keys and working copies of secrets on the stack are wiped before a function returns.
 */
#ifndef SK_BASE_CIPHER_H
#define SK_BASE_CIPHER_H
#include "base/err.h"
#include "base/str.h"
#include <stddef.h>
#include <stdint.h>

enum cipher_alg {
    CIPHER_AES_GCM = 1, /* AES-256-GCM: iv 12, tag 16; the first 32 bytes of the key */
    CIPHER_SM4_SM3 = 2, /* SM4-CTR, HMAC-SM3: iv 16, tag 32; 16 bytes to encrypt, 32 to prove */
};
#define CIPHER_KEY_BYTES 48
#define CIPHER_IV_BYTES_MAX 16
#define CIPHER_PLAIN_MAX (64u << 20) /* bytes: a scanned letter is some 10 MB */
struct cipher_key { uint8_t b[CIPHER_KEY_BYTES]; };

bool cipher_known(int alg);
size_t cipher_iv_bytes(enum cipher_alg alg);
size_t cipher_tag_bytes(enum cipher_alg alg);
/* iv ‖ ciphertext ‖ tag, in the arena. `iv` has cipher_iv_bytes(). */
struct str cipher_seal(struct arena *a, enum cipher_alg alg, const struct cipher_key *key,
                       const uint8_t *iv, struct str aad, struct str plain);
SK_MUST_USE enum err_code cipher_open(struct arena *a, enum cipher_alg alg,
                                      const struct cipher_key *key, struct str aad,
                                      struct str body, struct str *plain, struct err *e);

/* A key under a key: AES-256 key wrap (RFC 3394), or SM4-CBC with HMAC-SM3 that also proves `aad`.
 */
struct str cipher_wrap(struct arena *a, enum cipher_alg alg, const struct cipher_key *kek,
                       struct str aad, struct str key);
SK_MUST_USE enum err_code cipher_unwrap(enum cipher_alg alg, const struct cipher_key *kek,
                                        struct str aad, struct str wrapped,
                                        struct cipher_key *out, struct err *e);

struct sm3 { uint8_t b[32]; };
struct sm3 sm3_of(const void *p, size_t n);
struct sm3 sm3_hmac(const void *key, size_t n_key, const void *p, size_t n);
/* HKDF (RFC 5869) with SHA-256 for CIPHER_AES_GCM, SM3 for CIPHER_SM4_SM3. n is at most 255 x 32.
 */
void cipher_hkdf(enum cipher_alg alg, struct str secret, struct str salt, struct str info,
                 uint8_t *out, size_t n);

void cipher_random(void *p, size_t n);
void cipher_wipe(void *p, size_t n);
bool cipher_same(const void *a, const void *b, size_t n); /* in a time that tells nothing */
#endif
