/* envelope_test.c - the whole way out and in: header, block, XML; what is refused on it. */
#include "base/test.h"
#include "partner/cnaps/cnaps.h"
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>

#define T380 "beps.380.001.01"

struct held {
    struct arena *a;
    struct cnaps_key *key;
    struct cnaps_signing s;
    struct cnaps_header h;
    struct beps_380 *m;
    struct str wire;
};

static struct str file(struct arena *a, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        fail_msg("%s is missing: run from the top of the tree", path);
    }
    char *at = arena_alloc(a, 1 << 16);
    const size_t n = fread(at, 1, 1 << 16, in);
    fclose(in);
    return (struct str){at, n};
}

static int setup(void **state)
{
    static struct held w;
    struct err e;
    void *m;
    unsigned char *der = NULL;
    EVP_PKEY *pkey = EVP_EC_gen("SM2");
    const int n = i2d_PrivateKey(pkey, &der);
    w = (struct held){.a = arena_new(), .s = cnaps_signing_usual()};
    assert_ok(cnaps_key_private((struct str){(char *)der, (size_t)n}, &w.key, &e), &e);
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    w.h = (struct cnaps_header){"991331000001", "BEPS", "000000000000", "BEPS", {20260701}, 90203,
                                T380, "20260701000000000123", "", '3', 'U', ""};
    assert_ok(cnaps_read(w.a, T380, file(w.a, "tests/corpus/xml/beps.380.001.01.xml"), &m, &e),
              &e);
    w.m = m;
    assert_ok(cnaps_send(w.a, &w.h, m, w.key, &w.s, &w.wire, &e), &e);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct held *w = *state;
    cnaps_key_free(w->key);
    arena_free(w->a);
    return 0;
}

static enum err_code receive(struct held *w, struct str bytes, void **m, struct err *e)
{
    const struct cnaps_trust trust = {STR("991331000001"), w->key, {20260101}, {20270101}};
    struct cnaps_header h;
    return cnaps_receive(w->a, bytes, &trust, 1, &w->s, &h, m, e);
}

static void refused(struct held *w, struct str bytes, const char *name)
{
    struct err e = {.name = "none"};
    void *m = w;
    if (receive(w, bytes, &m, &e) == OK || strcmp(e.name, name) != 0) {
        fail_msg("expected %s, got %s", name, e.name);
    }
    assert_ptr_equal(m, w);
}

/* The wire with the first `old` made `new`, of the same length. */
static struct str changed(struct held *w, const char *old, const char *new)
{
    char *b = arena_copy(w->a, w->wire.at, w->wire.n);
    char *hit = memmem(b, w->wire.n, old, strlen(old));
    assert_non_null(hit);
    assert_int_equal(strlen(old), strlen(new));
    memcpy(hit, new, strlen(new));
    return (struct str){b, w->wire.n};
}

static void test_there_and_back(void **state)
{
    struct held *w = *state;
    struct err e;
    void *m;
    assert_memory_equal(w->wire.at + CNAPS_HEADER_BYTES, "{S:", 3);
    assert_ok(receive(w, w->wire, &m, &e), &e);
    assert_int_equal(((struct beps_380 *)m)->items.at[1].amount.value.fen, 80000);
}

/* E03, E08, E02, E01, E04: each change that an enemy or a broken line could make. */
static void test_changed_on_the_way(void **state)
{
    struct held *w = *state;
    refused(w, changed(w, "6200000000000000002", "6200000000000000003"), "SIGN_WRONG");
    refused(w, changed(w, "1234.56", "1234.55"), "SIGN_WRONG");
    refused(w, changed(w, "AGR2026000001", "AGR2026000002"), "SIGN_WRONG");
    refused(w, changed(w, "XMLbeps.380", "XMLbeps.382"), "CNAPS_TYPE_MISMATCH");
    refused(w, changed(w, "XMLbeps.380", "XMLbeps.133"), "CNAPS_TYPE_PRIVATE");
    refused(w, changed(w, "XMLbeps.380", "XMLbeps.780"), "CNAPS_TYPE_UNKNOWN");
    refused(w, changed(w, "{S:", "{T:"), "SIGN_MISSING");
    refused(w, changed(w, "02991331000001", "02991331000002"), "SIGN_KEY_UNKNOWN");
    refused(w, changed(w, "BEPS20260701", "BEPS20270701"), "SIGN_KEY_EXPIRED");
    refused(w, (struct str){w->wire.at + 1, w->wire.n - 1}, "CNAPS_HEADER_BEGIN");
    refused(w, (struct str){w->wire.at, 131}, "CNAPS_HEADER_LENGTH");
    refused(w, (struct str){w->wire.at, CNAPS_HEADER_BYTES}, "SIGN_MISSING");
    refused(w, (struct str){w->wire.at, CNAPS_HEADER_BYTES + 40}, "SIGN_FORM");
}

/* Another layout of the same elements does not break the signature (law 3). */
static void test_layout_is_not_signed(void **state)
{
    struct held *w = *state;
    struct err e;
    void *m;
    struct text t;
    const char *xml = memmem(w->wire.at, w->wire.n, "<TxId>", 6);
    const size_t front = (size_t)(xml - w->wire.at);
    text_init(&t, w->a, 1 << 16);
    text_add(&t, (struct str){w->wire.at, front});
    text_add(&t, STR("\n  <!-- moved -->\n  "));
    text_add(&t, (struct str){xml, w->wire.n - front});
    assert_ok(receive(w, text_str(&t), &m, &e), &e);
}

/* Signed rightly, but the items do not make the total: refused on both sides. */
static void test_totals_on_both_sides(void **state)
{
    struct held *w = *state;
    struct err e;
    struct beps_380 wrong = *w->m;
    struct str out, xml, text, base64;
    wrong.total = (struct wire_amount){.value = {203457}};
    assert_int_equal(cnaps_send(w->a, &w->h, &wrong, w->key, &w->s, &out, &e), ERR_INPUT);
    assert_string_equal(e.name, "CNAPS_TOTAL");
    assert_ok(cnaps_write(w->a, T380, &wrong, &xml, &e), &e);
    assert_ok(cnaps_sign_text(w->a, T380, &wrong, &w->s, &text, &e), &e);
    assert_ok(cnaps_sign(w->a, w->key, &w->s, text, &base64, &e), &e);
    assert_ok(cnaps_envelope(w->a, &w->h, base64, xml, &out, &e), &e);
    refused(w, out, "CNAPS_TOTAL");
}

static void test_990_travels_unsigned(void **state)
{
    struct held *w = *state;
    struct err e;
    struct str out;
    void *m;
    struct cnaps_header h = w->h;
    struct ccms_990 ack = {STR("991331000001"), STR("20260701"), STR(T380),
                           STR("20260701000000000123"), {"", 0}, STR("PM1I0000")};
    snprintf(h.type, sizeof(h.type), "ccms.990.001.02");
    assert_ok(cnaps_send(w->a, &h, &ack, NULL, &w->s, &out, &e), &e);
    assert_memory_equal(out.at + CNAPS_HEADER_BYTES, "<?xml", 5);
    assert_ok(receive(w, out, &m, &e), &e);
    assert_true(str_is(((struct ccms_990 *)m)->code, "PM1I0000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),       cmocka_unit_test(test_changed_on_the_way),
        cmocka_unit_test(test_layout_is_not_signed), cmocka_unit_test(test_totals_on_both_sides),
        cmocka_unit_test(test_990_travels_unsigned),
    };
    return cmocka_run_group_tests_name("partner/cnaps/envelope", tests, setup, teardown);
}
