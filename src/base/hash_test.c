/* hash_test.c - published vectors; hardware and portable CRC agree on random data. */
#include "base/hash.h"
#include "base/rand.h"
#include "base/test.h"

static void test_sha256_of_abc(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 200);
    struct sha256 h = sha256_of("abc", 3); /* FIPS 180-2 */
    text_hex(&t, h.b, sizeof(h.b));
    assert_string_equal(t.at, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct hasher *open = hasher_new(a);
    hasher_add(open, "a", 1);
    hasher_add(open, "bc", 2);
    struct sha256 again = hasher_end(open);
    assert_memory_equal(h.b, again.b, sizeof(h.b));
    arena_free(a);
}

static void test_hash64_is_xxh64(void **state)
{
    (void)state;
    assert_true(hash64("", 0, 0) == 0xEF46DB3751D8E999u);
    assert_true(hash64("a", 1, 0) == 0xD24EC4F1A98C6E5Bu);
    assert_true(hash64("abc", 3, 0) == 0x44BC2CF5AD770999u);
    assert_true(hash64("xxhash", 6, 20141025) == 0xB559B98D844E0635u);
    const char *s = "Nobody inspects the spammish repetition";
    assert_true(hash64(s, strlen(s), 0) == 0xFBCEA83C8A378BF1u);
}

static void test_crc32c(void **state)
{
    (void)state;
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283); /* RFC 3720 */
    unsigned char zeros[32] = { 0 };
    assert_int_equal(crc32c(0, zeros, 32), 0x8A9136AA);
    assert_int_equal(crc32c(crc32c(0, "1234", 4), "56789", 5), 0xE3069283);
    struct rng r;
    rng_init(&r, 3);
    unsigned char buf[300];
    for (int i = 0; i < 1000; i++) {
        size_t n = rng_below(&r, sizeof(buf)), from = rng_below(&r, n + 1);
        for (size_t k = 0; k < n; k++) {
            buf[k] = (unsigned char)rng_next(&r);
        }
        assert_int_equal(crc32c(7, buf + from, n - from), crc32c_portable(7, buf + from, n - from));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sha256_of_abc),
        cmocka_unit_test(test_hash64_is_xxh64),
        cmocka_unit_test(test_crc32c),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
