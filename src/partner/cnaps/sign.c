/* sign.c - the signature block: SM2 over SM3 with the user id, through OpenSSL.
 *
 * OpenSSL 3.0 takes an empty user id unless told otherwise, and then agrees only with itself; so
 * the id is always set here. An MD context does not own a key context that is set this way.
 */
#include "base/check.h"
#include "partner/cnaps/cnaps.h"
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define BASE64_LINE 76     /* characters, then CR LF (a captured message)          */
#define SIGNATURE_MAX 128  /* DER of two 256-bit integers has at most 72 bytes     */
#define KEY_MAX 65536      /* a key file of more bytes is none                     */
#define USER_ID_MAX 8191   /* its length in bits is two bytes of the digest        */

struct cnaps_key {
    EVP_PKEY *pkey;
};

struct cnaps_signing cnaps_signing_usual(void)
{
    return (struct cnaps_signing){.container = CNAPS_RAW_DER, .user_id = STR("1234567812345678")};
}

static enum err_code key_take(EVP_PKEY *pkey, struct cnaps_key **out, struct err *e)
{
    char group[32];
    size_t n = 0;
    if (!pkey || EVP_PKEY_get_group_name(pkey, group, sizeof(group), &n) != 1 ||
        strcmp(group, "SM2") != 0) {
        EVP_PKEY_free(pkey);
        return fail_named(e, ERR_INPUT, "SIGN_KEY", "not an SM2 key in PEM or DER");
    }
    struct cnaps_key *k = mem_alloc(sizeof(*k));
    k->pkey = pkey;
    *out = k;
    return OK;
}

/* An encrypted PEM is refused rather than asked about. */
static int no_password(char *buf, int size, int rw, void *ctx)
{
    (void)buf, (void)size, (void)rw, (void)ctx;
    return -1;
}

static enum err_code key_read(struct str bytes, bool secret, struct cnaps_key **out,
                              struct err *e)
{
    EVP_PKEY *pkey = NULL;
    const unsigned char *p = (const unsigned char *)bytes.at;
    if (bytes.n > KEY_MAX) {
        return fail_named(e, ERR_LIMIT, "SIGN_KEY", "a key of more than %d bytes", KEY_MAX);
    }
    if (str_starts(str_trim(bytes), "-----BEGIN")) {
        BIO *bio = BIO_new_mem_buf(bytes.at, (int)bytes.n);
        check(bio);
        pkey = secret ? PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL)
                      : PEM_read_bio_PUBKEY(bio, NULL, no_password, NULL);
        BIO_free(bio);
    } else {
        pkey = secret ? d2i_AutoPrivateKey(NULL, &p, (long)bytes.n)
                      : d2i_PUBKEY(NULL, &p, (long)bytes.n);
    }
    return key_take(pkey, out, e);
}

enum err_code cnaps_key_public(struct str bytes, struct cnaps_key **out, struct err *e)
{
    return key_read(bytes, false, out, e);
}

enum err_code cnaps_key_private(struct str bytes, struct cnaps_key **out, struct err *e)
{
    return key_read(bytes, true, out, e);
}

void cnaps_key_free(struct cnaps_key *k)
{
    if (k) {
        EVP_PKEY_free(k->pkey);
        free(k);
    }
}

enum err_code cnaps_trust_find(const struct cnaps_trust *list, size_t n, const char *sender,
                               struct day on, const struct cnaps_key **out, struct err *e)
{
    bool known = false;
    for (size_t i = 0; i < n; i++) {
        if (!str_is(list[i].sender, sender)) {
            continue;
        }
        known = true;
        if (list[i].from.yyyymmdd <= on.yyyymmdd && on.yyyymmdd < list[i].until.yyyymmdd) {
            *out = list[i].key;
            return OK;
        }
    }
    return known ? fail_named(e, ERR_INPUT, "SIGN_KEY_EXPIRED",
                              "no key of sender %s is valid on %d", sender, on.yyyymmdd)
                 : fail_named(e, ERR_INPUT, "SIGN_KEY_UNKNOWN", "no key of sender %s is known",
                              sender);
}

static enum err_code signing_check(const struct cnaps_signing *s, struct err *e)
{
    if (s->container == CNAPS_PKCS7) {
        return fail_named(e, ERR_INPUT, "SIGN_CONTAINER",
                          "the pkcs7 container is not supported: use raw_der or raw_rs64");
    }
    if (s->user_id.n == 0 || s->user_id.n > USER_ID_MAX) {
        return fail_named(e, ERR_INPUT, "SIGN_USER_ID", "the SM2 user id must be set");
    }
    return OK;
}

/* An MD context ready to sign or verify; *ctx_out is freed after it. */
static EVP_MD_CTX *md_open(const struct cnaps_key *k, const struct cnaps_signing *s, bool sign,
                           EVP_PKEY_CTX **ctx_out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    check(ctx && md);
    check(EVP_PKEY_CTX_set1_id(ctx, s->user_id.at, (int)s->user_id.n) > 0);
    EVP_MD_CTX_set_pkey_ctx(md, ctx);
    const int rc = sign ? EVP_DigestSignInit(md, NULL, EVP_sm3(), NULL, k->pkey)
                        : EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, k->pkey);
    *ctx_out = ctx;
    if (rc == 1) {
        return md;
    }
    EVP_MD_CTX_free(md);
    return NULL;
}

/* DER SEQUENCE(r, s) to r and s of 32 bytes each. False: not exactly that. */
static bool der_to_rs64(const unsigned char *der, size_t n, unsigned char out[64])
{
    const unsigned char *p = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
    const bool good = sig && p == der + n && !BN_is_negative(ECDSA_SIG_get0_r(sig)) &&
                      !BN_is_negative(ECDSA_SIG_get0_s(sig)) &&
                      BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, 32) == 32 &&
                      BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + 32, 32) == 32;
    ECDSA_SIG_free(sig);
    return good;
}

static size_t rs64_to_der(const unsigned char rs[64], unsigned char out[SIGNATURE_MAX])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *p = out;
    check(sig && ECDSA_SIG_set0(sig, BN_bin2bn(rs, 32, NULL), BN_bin2bn(rs + 32, 32, NULL)) == 1);
    const int n = i2d_ECDSA_SIG(sig, &p);
    check(n > 0 && n <= SIGNATURE_MAX);
    ECDSA_SIG_free(sig);
    return (size_t)n;
}

enum err_code cnaps_sign(struct arena *a, const struct cnaps_key *k,
                         const struct cnaps_signing *s, struct str text, struct str *base64,
                         struct err *e)
{
    unsigned char sig[SIGNATURE_MAX], rs[64], coded[SIGNATURE_MAX * 2];
    size_t n = sizeof(sig);
    EVP_PKEY_CTX *ctx;
    if (signing_check(s, e) != OK) {
        return ERR_INPUT;
    }
    EVP_MD_CTX *md = md_open(k, s, true, &ctx);
    const bool done =
        md && EVP_DigestSign(md, sig, &n, (const unsigned char *)text.at, text.n) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(ctx);
    if (!done) {
        return fail_named(e, ERR_INPUT, "SIGN_KEY", "this key cannot sign: give its private half");
    }
    if (s->container == CNAPS_RAW_RS64) {
        check(der_to_rs64(sig, n, rs));
        memcpy(sig, rs, n = sizeof(rs));
    }
    const size_t chars = (size_t)EVP_EncodeBlock(coded, sig, (int)n);
    struct text t;
    text_init(&t, a, sizeof(coded) * 2);
    for (size_t i = 0; i < chars; i += BASE64_LINE) {
        const size_t part = chars - i < BASE64_LINE ? chars - i : BASE64_LINE;
        text_addf(&t, "%s%.*s", i ? "\r\n" : "", (int)part, (const char *)coded + i);
    }
    *base64 = text_str(&t);
    return OK;
}

/* Strict base64 apart from white space: one spelling for one signature. */
static bool base64_decode(struct str s, unsigned char out[SIGNATURE_MAX], size_t *n)
{
    unsigned char tight[SIGNATURE_MAX], again[SIGNATURE_MAX * 2];
    size_t used = 0, pad = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char c = s.at[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            continue;
        }
        if (used == sizeof(tight)) {
            return false;
        }
        pad += c == '=';
        tight[used++] = (unsigned char)c;
    }
    if (used == 0 || used % 4 || pad > 2) {
        return false;
    }
    const int got = EVP_DecodeBlock(out, tight, (int)used);
    if (got < 0) {
        return false;
    }
    *n = (size_t)got - pad;
    return EVP_EncodeBlock(again, out, (int)*n) == (int)used && memcmp(again, tight, used) == 0;
}

enum err_code cnaps_verify(const struct cnaps_key *k, const struct cnaps_signing *s,
                           struct str text, struct str base64, struct err *e)
{
    unsigned char sig[SIGNATURE_MAX], rs[64], der[SIGNATURE_MAX];
    size_t n = 0;
    EVP_PKEY_CTX *ctx;
    if (signing_check(s, e) != OK) {
        return ERR_INPUT;
    }
    if (!base64_decode(base64, sig, &n)) {
        return fail_named(e, ERR_INPUT, "SIGN_FORM", "the signature block is not base64");
    }
    if (s->container == CNAPS_RAW_RS64) {
        if (n != sizeof(rs)) {
            return fail_named(e, ERR_INPUT, "SIGN_FORM", "a raw signature has 64 bytes, not %zu",
                              n);
        }
        n = rs64_to_der(sig, der);
    } else if (der_to_rs64(sig, n, rs)) {
        const size_t same = rs64_to_der(rs, der);
        if (same != n || memcmp(der, sig, n) != 0) {
            return fail_named(e, ERR_INPUT, "SIGN_FORM", "the signature is not plain DER");
        }
    } else {
        return fail_named(e, ERR_INPUT, "SIGN_FORM", "the signature is no DER of r and s");
    }
    EVP_MD_CTX *md = md_open(k, s, false, &ctx);
    const bool good =
        md && EVP_DigestVerify(md, der, n, (const unsigned char *)text.at, text.n) == 1;
    EVP_MD_CTX_free(md);
    EVP_PKEY_CTX_free(ctx);
    return good ? OK
                : fail_named(e, ERR_INPUT, "SIGN_WRONG",
                             "the signature is not of these elements, this key and user id");
}
