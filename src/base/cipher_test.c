/* cipher_test.c - published vectors (NIST GCM case 16, RFC 3394, RFC 5869, GB/T 32905) and the
 * vector of the national suite; every changed, cut or foreign byte is refused.
 */
#include "base/cipher.h"
#include "base/test.h"

static struct str bytes_of(struct arena *a, const char *hex)
{
    size_t n = strlen(hex) / 2;
    char *out = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        unsigned int v;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
        out[i] = (char)v;
    }
    return (struct str){ out, n };
}

static void assert_hex(struct arena *a, const void *p, size_t n, const char *hex)
{
    struct str want = bytes_of(a, hex);
    assert_int_equal(n, want.n);
    assert_memory_equal(p, want.at, n);
}

static struct cipher_key key_of(struct arena *a, const char *hex)
{
    struct cipher_key k = { { 0 } };
    struct str s = bytes_of(a, hex);
    memcpy(k.b, s.at, s.n);
    return k;
}

static void test_gcm_nist_case_16(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e;
    struct cipher_key k =
        key_of(a, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
    struct str plain =
        bytes_of(a, "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
    struct str aad = bytes_of(a, "feedfacedeadbeeffeedfacedeadbeefabaddad2"), back;
    struct str body =
        cipher_seal(a, CIPHER_AES_GCM, &k,
                    (const uint8_t *)bytes_of(a, "cafebabefacedbaddecaf888").at, aad, plain);
    assert_hex(a, body.at, body.n,
               "cafebabefacedbaddecaf888"
               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
               "76fc6ece0f4e1768cddf8853bb2d551b");
    assert_ok(cipher_open(a, CIPHER_AES_GCM, &k, aad, body, &back, &e), &e);
    assert_true(str_eq(back, plain));
    arena_free(a);
}

/* The vector of the national suite: SM4-CTR, then HMAC-SM3 over version, aad, iv and ciphertext. */
static void test_sm4_sm3_vector(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e;
    struct cipher_key k =
        key_of(a, "000102030405060708090a0b0c0d0e0f"
                  "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
    struct str plain = STR("6200000000000000001"), aad = STR("\x01parties.bank_account|1001"), back;
    struct str body = cipher_seal(
        a, CIPHER_SM4_SM3, &k,
        (const uint8_t *)bytes_of(a, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff").at, aad, plain);
    assert_hex(a, body.at, body.n,
               "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
               "784c1972d143e3a386bfa0e45365630b46ff45"
               "0005aaa0799a81dbdbdd1e8e40d686a7195b02dba148dbc3ecb26378b22c27e2");
    assert_ok(cipher_open(a, CIPHER_SM4_SM3, &k, aad, body, &back, &e), &e);
    assert_true(str_eq(back, plain));
    struct sm3 blind = sm3_hmac(k.b + 16, 32, plain.at, plain.n);
    assert_hex(a, blind.b, 32, "62ef30762fffc8031375c9cc9bd095d7e0ec570d1bd6211199e06fee6a490b47");
    arena_free(a);
}

static void test_digests(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct sm3 h = sm3_of("abc", 3);
    assert_hex(a, h.b, 32, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    h = sm3_of("abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd", 64);
    assert_hex(a, h.b, 32, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
    uint8_t okm[42];
    cipher_hkdf(CIPHER_AES_GCM, bytes_of(a, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                bytes_of(a, "000102030405060708090a0b0c"), bytes_of(a, "f0f1f2f3f4f5f6f7f8f9"), okm,
                sizeof(okm));
    assert_hex(a, okm, 42,
               "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
               "34007208d5b887185865");
    cipher_hkdf(CIPHER_AES_GCM, bytes_of(a, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
                STR(""), STR(""), okm, sizeof(okm));
    assert_hex(a, okm, 42,
               "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c"
               "8");
    arena_free(a);
}

static void test_wrap(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e;
    struct cipher_key kek =
        key_of(a, "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    struct cipher_key out;
    struct str data =
        bytes_of(a, "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f");
    struct str w = cipher_wrap(a, CIPHER_AES_GCM, &kek, STR(""), data);
    assert_hex(a, w.at, w.n,
               "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21");
    for (int alg = CIPHER_AES_GCM; alg <= CIPHER_SM4_SM3; alg++) {
        char full[CIPHER_KEY_BYTES];
        cipher_random(full, sizeof(full));
        w = cipher_wrap(a, (enum cipher_alg)alg, &kek, STR("7"), (struct str){ full, 48 });
        assert_ok(cipher_unwrap((enum cipher_alg)alg, &kek, STR("7"), w, &out, &e), &e);
        assert_memory_equal(out.b, full, 48);
        for (size_t i = 0; i < w.n; i++) {
            char *bad = arena_copy(a, w.at, w.n);
            bad[i] ^= 1;
            assert_int_equal(cipher_unwrap((enum cipher_alg)alg, &kek, STR("7"),
                                           (struct str){ bad, w.n }, &out, &e),
                             ERR_CORRUPT);
            assert_int_equal(cipher_unwrap((enum cipher_alg)alg, &kek, STR("7"),
                                           (struct str){ w.at, i }, &out, &e),
                             ERR_CORRUPT);
        }
    }
    assert_int_equal(cipher_unwrap(CIPHER_SM4_SM3, &kek, STR("8"), w, &out, &e), ERR_CORRUPT);
    arena_free(a);
}

/* Law 1: each bit of each byte, each length, another aad, another key; the output stays as it was.
 */
static void test_law_1(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (int alg = CIPHER_AES_GCM; alg <= CIPHER_SM4_SM3; alg++) {
        struct cipher_key k, other;
        uint8_t iv[CIPHER_IV_BYTES_MAX];
        struct err e;
        cipher_random(&k, sizeof(k));
        cipher_random(iv, sizeof(iv));
        struct str body =
            cipher_seal(a, (enum cipher_alg)alg, &k, iv, STR("t.c|1"), STR("13800138000"));
        struct str untouched = STR("as it was"), out = untouched;
        for (size_t i = 0; i < body.n * 8; i++) {
            char *bad = arena_copy(a, body.at, body.n);
            bad[i / 8] = (char)(bad[i / 8] ^ (1 << i % 8));
            assert_int_equal(cipher_open(a, (enum cipher_alg)alg, &k, STR("t.c|1"),
                                         (struct str){ bad, body.n }, &out, &e),
                             ERR_CORRUPT);
            assert_string_equal(e.name, "SEC_DECRYPT_FAILED");
        }
        for (size_t n = 0; n < body.n; n++) {
            assert_int_equal(cipher_open(a, (enum cipher_alg)alg, &k, STR("t.c|1"),
                                         (struct str){ body.at, n }, &out, &e),
                             ERR_CORRUPT);
        }
        assert_int_equal(cipher_open(a, (enum cipher_alg)alg, &k, STR("t.c|2"), body, &out, &e),
                         ERR_CORRUPT);
        cipher_random(&other, sizeof(other));
        assert_int_equal(cipher_open(a, (enum cipher_alg)alg, &other, STR("t.c|1"), body, &out, &e),
                         ERR_CORRUPT);
        assert_true(out.at == untouched.at);
        assert_ok(cipher_open(a, (enum cipher_alg)alg, &k, STR("t.c|1"), body, &out, &e), &e);
        assert_true(str_is(out, "13800138000"));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gcm_nist_case_16), cmocka_unit_test(test_sm4_sm3_vector),
        cmocka_unit_test(test_digests),          cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_law_1),
    };
    return cmocka_run_group_tests_name("cipher", tests, NULL, NULL);
}
