/* sign_test.c - vector S1 to the byte, the library's signature against the openssl program. */
#include "base/test.h"
#include "base/hash.h"
#include "partner/cnaps/cnaps.h"
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define S1                                                                                         \
    "2026070100000123|2026-07-01T09:02:03|991331000001|991331000001|000000000000|000000000000|"    \
    "BEPS|00000001|03|999100000010|999200000020|999200000021|测试综合能源公司|"                    \
    "3310000000000000001|CNY2034.56|D200|2|00100|2026070100000001|测试用电一公司|"                 \
    "6200000000000000001|999100000011|CNY1234.56|AGR2026000001|CE01|00100|2026070100000002|"       \
    "测试用电二公司|6200000000000000002|999100000012|CNY800.00|AGR2026000002|CE01|"
#define S1_SIGNATURE                                                                               \
    "MEQCIGypgxQYuBqyPhPNRDJZUP18iwdTduG/8g4ugCF5kZDzAiArCJlvglzhQ6VstHV6QJlfpPXw"               \
    "DFSReP3JhUfUjQfTog=="
#define SAMPLE_PUBLIC                                                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60Y\n"                           \
    "M/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==\n"                               \
    "-----END PUBLIC KEY-----\n"

static struct str file(struct arena *a, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        fail_msg("%s is missing: run from the top of the tree", path);
    }
    char *at = arena_alloc(a, 1 << 20);
    const size_t n = fread(at, 1, 1 << 20, in);
    fclose(in);
    return (struct str){at, n};
}

static void save(const char *dir, const char *name, struct str s)
{
    char path[300];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(s.at, 1, s.n, out), s.n);
    assert_int_equal(fclose(out), 0);
}

struct held {
    struct arena *a;
    struct cnaps_key *public_key, *private_key;
    char dir[200];
};

/* The openssl program makes the key that the library then signs with. */
static int setup(void **state)
{
    static struct held h;
    char line[700], path[300];
    struct err e;
    h.a = arena_new();
    snprintf(h.dir, sizeof(h.dir), "%s/sunkeeper-sign.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(h.dir));
    snprintf(line, sizeof(line),
             "cd %s && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out key.pem "
             "2>/dev/null && openssl pkey -in key.pem -pubout -out pub.pem",
             h.dir);
    assert_int_equal(system(line), 0);
    snprintf(path, sizeof(path), "%s/key.pem", h.dir);
    assert_ok(cnaps_key_private(file(h.a, path), &h.private_key, &e), &e);
    assert_ok(cnaps_key_public(STR(SAMPLE_PUBLIC), &h.public_key, &e), &e);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    struct held *h = *state;
    char line[300];
    snprintf(line, sizeof(line), "rm -rf %s", h->dir);
    cnaps_key_free(h->public_key);
    cnaps_key_free(h->private_key);
    arena_free(h->a);
    return system(line);
}

static void test_s1_text_and_digests(void **state)
{
    struct held *h = *state;
    const struct cnaps_signing s = cnaps_signing_usual();
    struct err e;
    struct str text;
    void *m;
    unsigned char sm3[32];
    unsigned int n = 0;
    const struct str xml = file(h->a, "tests/corpus/xml/beps.380.001.01.xml");
    assert_ok(cnaps_read(h->a, "beps.380.001.01", xml, &m, &e), &e);
    assert_ok(cnaps_sign_text(h->a, "beps.380.001.01", m, &s, &text, &e), &e);
    assert_int_equal(text.n, 423);
    assert_int_equal(text.n, sizeof(S1) - 1);
    assert_memory_equal(text.at, S1, text.n);
    assert_int_equal(EVP_Digest(text.at, text.n, sm3, &n, EVP_sm3(), NULL), 1);
    struct text hex;
    text_init(&hex, h->a, 200);
    text_hex(&hex, sm3, sizeof(sm3));
    assert_string_equal(hex.at,
                        "918c7317d43d9218ca55742d15b920e09e9ae10e3956bdf2a3850489851c5e01");
    const struct sha256 sha = sha256_of(text.at, text.n);
    text_init(&hex, h->a, 200);
    text_hex(&hex, sha.b, sizeof(sha.b));
    assert_string_equal(hex.at,
                        "d86ac65df2426d34036e714c802e9522e41d6ec769e81b0614f21886b02939e2");
}

static void test_s1_signature(void **state)
{
    struct held *h = *state;
    struct cnaps_signing s = cnaps_signing_usual();
    struct err e;
    assert_ok(cnaps_verify(h->public_key, &s, STR(S1), STR(S1_SIGNATURE), &e), &e);
    /* wrapped as in a captured message: white space does not count */
    char wrapped[200];
    snprintf(wrapped, sizeof(wrapped), "%.76s\r\n%s", S1_SIGNATURE, S1_SIGNATURE + 76);
    assert_ok(cnaps_verify(h->public_key, &s, STR(S1), str_of(wrapped), &e), &e);
}

/* E03: whatever byte of the text is changed. */
static void test_s1_any_byte_changed(void **state)
{
    struct held *h = *state;
    const struct cnaps_signing s = cnaps_signing_usual();
    char text[] = S1;
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        struct err e = {.name = NULL};
        text[i] ^= 1;
        assert_int_equal(cnaps_verify(h->public_key, &s, (struct str){text, sizeof(text) - 1},
                                      STR(S1_SIGNATURE), &e),
                         ERR_INPUT);
        assert_string_equal(e.name, "SIGN_WRONG");
        text[i] ^= 1;
    }
}

static void test_user_id_counts(void **state)
{
    struct held *h = *state;
    struct cnaps_signing s = cnaps_signing_usual();
    struct err e;
    s.user_id = (struct str){"", 0};
    assert_int_equal(cnaps_verify(h->public_key, &s, STR(S1), STR(S1_SIGNATURE), &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_USER_ID");
    s.user_id = STR("1234567812345679");
    assert_int_equal(cnaps_verify(h->public_key, &s, STR(S1), STR(S1_SIGNATURE), &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_WRONG");
}

/* Every bit of the signature block turned: refused, as a form or as wrong. */
static void test_signature_changed(void **state)
{
    struct held *h = *state;
    const struct cnaps_signing s = cnaps_signing_usual();
    for (size_t i = 0; i < sizeof(S1_SIGNATURE) - 1; i++) {
        char sig[] = S1_SIGNATURE;
        struct err e;
        sig[i] = sig[i] == 'A' ? 'B' : 'A';
        assert_int_equal(cnaps_verify(h->public_key, &s, STR(S1), str_of(sig), &e), ERR_INPUT);
    }
    static const char *const bad[] = {"", "=", "AAAA", "====", "MEQ", "TQ==", S1_SIGNATURE "AAAA"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct err e = {.name = NULL};
        assert_int_equal(cnaps_verify(h->public_key, &s, STR(S1), str_of(bad[i]), &e), ERR_INPUT);
        assert_string_equal(e.name, "SIGN_FORM");
    }
}

static int openssl(struct held *h, const char *arguments)
{
    char line[800];
    snprintf(line, sizeof(line), "cd %s && openssl pkeyutl %s >/dev/null 2>&1", h->dir, arguments);
    return system(line);
}

#define CLI_VERIFY "-verify -rawin -digest sm3 -pubin -inkey pub.pem -sigfile sig -in text "
#define CLI_SIGN "-sign -rawin -digest sm3 -inkey key.pem -out theirs -in text "
#define CLI_ID "-pkeyopt distid:1234567812345678"

static void test_openssl_program_agrees(void **state)
{
    struct held *h = *state;
    const struct cnaps_signing s = cnaps_signing_usual();
    struct str base64;
    struct err e;
    unsigned char der[256];
    char path[300], coded[512];
    assert_ok(cnaps_sign(h->a, h->private_key, &s, STR(S1), &base64, &e), &e);
    assert_ok(cnaps_verify(h->private_key, &s, STR(S1), base64, &e), &e);
    /* lines of at most 76 characters, CR LF between them */
    const char *eol = memmem(base64.at, base64.n, "\r\n", 2);
    assert_true(eol && eol - base64.at == 76);
    char *tight = coded;
    for (size_t i = 0; i < base64.n; i++) {
        if (base64.at[i] != '\r' && base64.at[i] != '\n') {
            *tight++ = base64.at[i];
        }
    }
    *tight = 0;
    int n = EVP_DecodeBlock(der, (unsigned char *)coded, (int)strlen(coded));
    while (*--tight == '=') {
        n--;
    }
    save(h->dir, "sig", (struct str){(char *)der, (size_t)n});
    save(h->dir, "text", STR(S1));
    assert_int_equal(openssl(h, CLI_VERIFY CLI_ID), 0);
    assert_int_not_equal(openssl(h, CLI_VERIFY), 0); /* without the user id */
    save(h->dir, "text", STR(S1 "x"));
    assert_int_not_equal(openssl(h, CLI_VERIFY CLI_ID), 0);
    /* and the other way round */
    save(h->dir, "text", STR(S1));
    assert_int_equal(openssl(h, CLI_SIGN CLI_ID), 0);
    snprintf(path, sizeof(path), "%s/theirs", h->dir);
    struct str theirs = file(h->a, path);
    EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)theirs.at, (int)theirs.n);
    assert_ok(cnaps_verify(h->private_key, &s, STR(S1), str_of(coded), &e), &e);
    assert_int_equal(openssl(h, CLI_SIGN), 0);
    theirs = file(h->a, path);
    EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)theirs.at, (int)theirs.n);
    assert_int_equal(cnaps_verify(h->private_key, &s, STR(S1), str_of(coded), &e), ERR_INPUT);
}

static void test_containers(void **state)
{
    struct held *h = *state;
    struct cnaps_signing s = cnaps_signing_usual();
    struct str base64;
    struct err e;
    s.container = CNAPS_RAW_RS64;
    for (int i = 0; i < 50; i++) { /* r or s with leading zeros come by now and then */
        assert_ok(cnaps_sign(h->a, h->private_key, &s, STR(S1), &base64, &e), &e);
        assert_int_equal(base64.n, 88 + 2); /* 64 bytes in base64, one line break */
        assert_ok(cnaps_verify(h->private_key, &s, STR(S1), base64, &e), &e);
    }
    s.container = CNAPS_RAW_DER;
    assert_int_equal(cnaps_verify(h->private_key, &s, STR(S1), base64, &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_FORM");
    s.container = CNAPS_PKCS7;
    assert_int_equal(cnaps_sign(h->a, h->private_key, &s, STR(S1), &base64, &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_CONTAINER");
}

static void test_keys_refused(void **state)
{
    struct held *h = *state;
    struct cnaps_key *k = NULL;
    struct err e;
    char line[500], path[300];
    snprintf(line, sizeof(line),
             "cd %s && openssl ecparam -name prime256v1 -genkey -noout -out p256.pem 2>/dev/null",
             h->dir);
    assert_int_equal(system(line), 0);
    snprintf(path, sizeof(path), "%s/p256.pem", h->dir);
    assert_int_equal(cnaps_key_private(file(h->a, path), &k, &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_KEY");
    assert_int_equal(cnaps_key_public(STR("nonsense"), &k, &e), ERR_INPUT);
    assert_null(k);
    /* a public key cannot sign */
    const struct cnaps_signing s = cnaps_signing_usual();
    struct str base64;
    assert_int_equal(cnaps_sign(h->a, h->public_key, &s, STR(S1), &base64, &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_KEY");
}

/* E04: whose key, and when. */
static void test_trust(void **state)
{
    struct held *h = *state;
    const struct cnaps_trust list[] = {
        {STR("991331000001"), h->public_key, {20250101}, {20260101}},
        {STR("991331000001"), h->private_key, {20260101}, {20270101}},
    };
    const struct cnaps_key *k = NULL;
    struct err e;
    assert_ok(cnaps_trust_find(list, 2, "991331000001", (struct day){20251231}, &k, &e), &e);
    assert_ptr_equal(k, h->public_key);
    assert_ok(cnaps_trust_find(list, 2, "991331000001", (struct day){20260101}, &k, &e), &e);
    assert_ptr_equal(k, h->private_key);
    assert_int_equal(cnaps_trust_find(list, 2, "991331000001", (struct day){20270101}, &k, &e),
                     ERR_INPUT);
    assert_string_equal(e.name, "SIGN_KEY_EXPIRED");
    assert_int_equal(cnaps_trust_find(list, 2, "99133100000", (struct day){20260101}, &k, &e),
                     ERR_INPUT);
    assert_string_equal(e.name, "SIGN_KEY_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s1_text_and_digests), cmocka_unit_test(test_s1_signature),
        cmocka_unit_test(test_s1_any_byte_changed), cmocka_unit_test(test_user_id_counts),
        cmocka_unit_test(test_signature_changed),   cmocka_unit_test(test_openssl_program_agrees),
        cmocka_unit_test(test_containers),          cmocka_unit_test(test_keys_refused),
        cmocka_unit_test(test_trust),
    };
    return cmocka_run_group_tests_name("partner/cnaps/sign", tests, setup, teardown);
}
