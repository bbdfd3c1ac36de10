/* cipher.c - AES-256-GCM, SM4-CTR with HMAC-SM3, key wrap, HKDF and SM3, from OpenSSL.
 *
 * A failure of OpenSSL itself (not of a tag) is our own mistake or no memory: it stops the process.
 */
#include "base/cipher.h"
#include "base/check.h"
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#define DIGEST_BYTES 32 /* SHA-256 and SM3 */
#define SM4_BYTES 16    /* its key and its block */
#define MAC_KEY_BYTES 32
#define WRAP_CHECK 8 /* bytes that AES key wrap adds */

bool cipher_known(int alg)
{
    return alg == CIPHER_AES_GCM || alg == CIPHER_SM4_SM3;
}

size_t cipher_iv_bytes(enum cipher_alg alg)
{
    return alg == CIPHER_AES_GCM ? 12 : SM4_BYTES;
}

size_t cipher_tag_bytes(enum cipher_alg alg)
{
    return alg == CIPHER_AES_GCM ? 16 : DIGEST_BYTES;
}

static enum err_code refused(struct err *e)
{
    return fail_named(e, ERR_CORRUPT, "SEC_DECRYPT_FAILED",
                      "these sealed bytes were changed, cut, moved or sealed with another key: "
                      "restore them from a backup");
}

static void hmac(const EVP_MD *md, const void *key, size_t n_key, const void *p, size_t n,
                 uint8_t *out)
{
    unsigned int size = 0;
    check(HMAC(md, key, (int)n_key, p, n, out, &size) != NULL && size == DIGEST_BYTES);
}

struct sm3 sm3_of(const void *p, size_t n)
{
    struct sm3 h;
    unsigned int size = 0;
    check(EVP_Digest(p, n, h.b, &size, EVP_sm3(), NULL) == 1 && size == sizeof(h.b));
    return h;
}

struct sm3 sm3_hmac(const void *key, size_t n_key, const void *p, size_t n)
{
    struct sm3 h;
    hmac(EVP_sm3(), key, n_key, p, n, h.b);
    return h;
}

/* The tag of the national suite: HMAC-SM3 over aad ‖ sealed, whose first bytes are the iv. */
static void sm_tag(const struct cipher_key *key, struct str aad, const uint8_t *sealed, size_t n,
                   uint8_t *tag)
{
    uint8_t *all = mem_alloc(aad.n + n + 1);
    memcpy(all, aad.at, aad.n);
    memcpy(all + aad.n, sealed, n);
    hmac(EVP_sm3(), key->b + SM4_BYTES, MAC_KEY_BYTES, all, aad.n + n, tag);
    free(all);
}

/* SM4 either way, without padding. */
static void sm4(const EVP_CIPHER *kind, bool seal, const uint8_t *key, const uint8_t *iv,
                const void *in, size_t n, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int m = 0, rest = 0;
    check(ctx && EVP_CipherInit_ex(ctx, kind, NULL, key, iv, seal) == 1 &&
          EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
          EVP_CipherUpdate(ctx, out, &m, in, (int)n) == 1 &&
          EVP_CipherFinal_ex(ctx, out + m, &rest) == 1 && (size_t)m + (size_t)rest == n);
    EVP_CIPHER_CTX_free(ctx);
}

static void gcm_seal(const struct cipher_key *key, const uint8_t *iv, struct str aad,
                     struct str plain, uint8_t *out, uint8_t *tag)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int m = 0;
    check(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->b, iv) == 1 &&
          EVP_EncryptUpdate(ctx, NULL, &m, (const uint8_t *)aad.at, (int)aad.n) == 1 &&
          EVP_EncryptUpdate(ctx, out, &m, (const uint8_t *)plain.at, (int)plain.n) == 1 &&
          EVP_EncryptFinal_ex(ctx, out + plain.n, &m) == 1 &&
          EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, 16, tag) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

static bool gcm_open(const struct cipher_key *key, const uint8_t *iv, struct str aad,
                     const uint8_t *in, size_t n, const uint8_t *tag, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t expect[16];
    int m = 0;
    memcpy(expect, tag, sizeof(expect));
    check(ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, key->b, iv) == 1 &&
          EVP_DecryptUpdate(ctx, NULL, &m, (const uint8_t *)aad.at, (int)aad.n) == 1 &&
          EVP_DecryptUpdate(ctx, out, &m, in, (int)n) == 1 &&
          EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, sizeof(expect), expect) == 1);
    bool good = EVP_DecryptFinal_ex(ctx, out + n, &m) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

struct str cipher_seal(struct arena *a, enum cipher_alg alg, const struct cipher_key *key,
                       const uint8_t *iv, struct str aad, struct str plain)
{
    check(cipher_known(alg) && plain.n <= CIPHER_PLAIN_MAX && aad.n <= CIPHER_PLAIN_MAX);
    size_t n_iv = cipher_iv_bytes(alg), n_tag = cipher_tag_bytes(alg);
    uint8_t *out = arena_alloc(a, n_iv + plain.n + n_tag + 1);
    uint8_t *body = out + n_iv, *tag = body + plain.n;
    memcpy(out, iv, n_iv);
    if (alg == CIPHER_AES_GCM) {
        gcm_seal(key, iv, aad, plain, body, tag);
    } else {
        sm4(EVP_sm4_ctr(), true, key->b, iv, plain.at, plain.n, body);
        sm_tag(key, aad, out, n_iv + plain.n, tag);
    }
    return (struct str){ (const char *)out, n_iv + plain.n + n_tag };
}

enum err_code cipher_open(struct arena *a, enum cipher_alg alg, const struct cipher_key *key,
                          struct str aad, struct str body, struct str *plain, struct err *e)
{
    check(cipher_known(alg));
    size_t n_iv = cipher_iv_bytes(alg), n_tag = cipher_tag_bytes(alg);
    if (body.n < n_iv + n_tag || body.n > CIPHER_PLAIN_MAX + n_iv + n_tag) {
        return refused(e);
    }
    size_t n = body.n - n_iv - n_tag;
    const uint8_t *in = (const uint8_t *)body.at, *tag = in + n_iv + n;
    uint8_t *out = arena_alloc(a, n + SM4_BYTES);
    bool good;
    if (alg == CIPHER_AES_GCM) {
        good = gcm_open(key, in, aad, in + n_iv, n, tag, out);
    } else {
        uint8_t expect[DIGEST_BYTES];
        sm_tag(key, aad, in, n_iv + n, expect);
        good = cipher_same(expect, tag, sizeof(expect));
        if (good) {
            sm4(EVP_sm4_ctr(), false, key->b, in, in + n_iv, n, out);
        }
    }
    if (!good) {
        cipher_wipe(out, n);
        return refused(e);
    }
    out[n] = 0;
    *plain = (struct str){ (const char *)out, n };
    return OK;
}

/* ---- keys under keys ---------------------------------------------------------------------------
 */

static bool aes_wrap(bool seal, const uint8_t *kek, const void *in, size_t n, uint8_t *out,
                     size_t *n_out)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int m = 0, rest = 0;
    check(ctx != NULL);
    EVP_CIPHER_CTX_set_flags(ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    check(EVP_CipherInit_ex(ctx, EVP_aes_256_wrap(), NULL, kek, NULL, seal) == 1);
    bool good = EVP_CipherUpdate(ctx, out, &m, in, (int)n) == 1 &&
                EVP_CipherFinal_ex(ctx, out + m, &rest) == 1;
    EVP_CIPHER_CTX_free(ctx);
    *n_out = good ? (size_t)m + (size_t)rest : 0;
    return good;
}

struct str cipher_wrap(struct arena *a, enum cipher_alg alg, const struct cipher_key *kek,
                       struct str aad, struct str key)
{
    check(cipher_known(alg) && key.n % SM4_BYTES == 0 && key.n <= CIPHER_KEY_BYTES);
    if (alg == CIPHER_AES_GCM) {
        uint8_t *out = arena_alloc(a, key.n + 2 * WRAP_CHECK);
        size_t n;
        check(aes_wrap(true, kek->b, key.at, key.n, out, &n) && n == key.n + WRAP_CHECK);
        return (struct str){ (const char *)out, n };
    }
    uint8_t *out = arena_alloc(a, SM4_BYTES + key.n + DIGEST_BYTES);
    cipher_random(out, SM4_BYTES);
    sm4(EVP_sm4_cbc(), true, kek->b, out, key.at, key.n, out + SM4_BYTES);
    sm_tag(kek, aad, out, SM4_BYTES + key.n, out + SM4_BYTES + key.n);
    return (struct str){ (const char *)out, SM4_BYTES + key.n + DIGEST_BYTES };
}

enum err_code cipher_unwrap(enum cipher_alg alg, const struct cipher_key *kek, struct str aad,
                            struct str wrapped, struct cipher_key *out, struct err *e)
{
    struct cipher_key own = { { 0 } };
    uint8_t room[CIPHER_KEY_BYTES + 2 * WRAP_CHECK];
    const uint8_t *in = (const uint8_t *)wrapped.at;
    size_t extra = alg == CIPHER_AES_GCM ? WRAP_CHECK : SM4_BYTES + DIGEST_BYTES, n = 0;
    check(cipher_known(alg));
    if (wrapped.n <= extra || wrapped.n - extra > CIPHER_KEY_BYTES ||
        (wrapped.n - extra) % SM4_BYTES) {
        return refused(e);
    }
    if (alg == CIPHER_AES_GCM) {
        bool good = aes_wrap(false, kek->b, in, wrapped.n, room, &n);
        memcpy(own.b, room, good ? n : 0);
        cipher_wipe(room, sizeof(room));
        if (!good) {
            return refused(e);
        }
    } else {
        uint8_t expect[DIGEST_BYTES];
        n = wrapped.n - extra;
        sm_tag(kek, aad, in, SM4_BYTES + n, expect);
        if (!cipher_same(expect, in + SM4_BYTES + n, sizeof(expect))) {
            return refused(e);
        }
        sm4(EVP_sm4_cbc(), false, kek->b, in, in + SM4_BYTES, n, own.b);
    }
    *out = own;
    cipher_wipe(&own, sizeof(own));
    return OK;
}

void cipher_hkdf(enum cipher_alg alg, struct str secret, struct str salt, struct str info,
                 uint8_t *out, size_t n)
{
    const EVP_MD *md = alg == CIPHER_AES_GCM ? EVP_sha256() : EVP_sm3();
    static const uint8_t zero[DIGEST_BYTES];
    uint8_t prk[DIGEST_BYTES], t[DIGEST_BYTES];
    check(cipher_known(alg) && n <= 255 * DIGEST_BYTES);
    hmac(md, salt.n ? (const void *)salt.at : zero, salt.n ? salt.n : sizeof(zero), secret.at,
         secret.n, prk);
    uint8_t *in = mem_alloc(DIGEST_BYTES + info.n + 1);
    size_t before = 0;
    uint8_t round = 1;
    for (size_t done = 0; done < n; round++) {
        size_t part = n - done < DIGEST_BYTES ? n - done : DIGEST_BYTES;
        memcpy(in, t, before);
        memcpy(in + before, info.at, info.n);
        in[before + info.n] = round;
        hmac(md, prk, sizeof(prk), in, before + info.n + 1, t);
        memcpy(out + done, t, part);
        before = DIGEST_BYTES;
        done += part;
    }
    cipher_wipe(in, DIGEST_BYTES + info.n + 1);
    free(in);
    cipher_wipe(prk, sizeof(prk));
    cipher_wipe(t, sizeof(t));
}

void cipher_random(void *p, size_t n)
{
    uint8_t *at = p;
    while (n > 0) {
        size_t part = n < 256 ? n : 256; /* getrandom gives so many in one piece */
        check(getrandom(at, part, 0) == (ssize_t)part);
        at += part;
        n -= part;
    }
}

void cipher_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}

bool cipher_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
