/* header_test.c - the 132 bytes: the vector, every malformed variant with its name. */
#include "base/test.h"
#include "partner/cnaps/cnaps.h"

#define VECTOR                                                                                     \
    "{H:02991331000001  BEPS000000000000  BEPS20260701090203XMLbeps.380.001.01     "               \
    "20260701000000000123202607010000000001233U         }\r\n"

static void test_vector_both_ways(void **state)
{
    struct cnaps_header h;
    struct err e;
    char out[CNAPS_HEADER_BYTES];
    (void)state;
    assert_int_equal(sizeof(VECTOR) - 1, CNAPS_HEADER_BYTES);
    assert_ok(cnaps_header_parse(STR(VECTOR), &h, &e), &e);
    assert_string_equal(h.sender, "991331000001");
    assert_string_equal(h.receiver, "000000000000");
    assert_string_equal(h.sender_system, "BEPS");
    assert_int_equal(h.day.yyyymmdd, 20260701);
    assert_int_equal(h.hhmmss, 90203);
    assert_string_equal(h.type, "beps.380.001.01");
    assert_string_equal(h.id, "20260701000000000123");
    assert_string_equal(h.reference, "20260701000000000123");
    assert_int_equal(h.priority, '3');
    assert_int_equal(h.direction, 'U');
    assert_ok(cnaps_header_print(&h, out, &e), &e);
    assert_memory_equal(out, VECTOR, CNAPS_HEADER_BYTES);
}

/* A captured message carries XN in the reserved bytes; they come back as they were. */
static void test_reserved_is_kept(void **state)
{
    char b[CNAPS_HEADER_BYTES], out[CNAPS_HEADER_BYTES];
    struct cnaps_header h;
    struct err e;
    (void)state;
    memcpy(b, VECTOR, sizeof(b));
    memcpy(b + 120, "XN       ", 9);
    assert_ok(cnaps_header_parse((struct str){b, sizeof(b)}, &h, &e), &e);
    assert_string_equal(h.reserved, "XN       ");
    assert_ok(cnaps_header_print(&h, out, &e), &e);
    assert_memory_equal(out, b, sizeof(b));
}

static void expect(struct str bytes, const char *name)
{
    struct cnaps_header h = {.hhmmss = 77};
    struct err e = {.name = "none"};
    if (cnaps_header_parse(bytes, &h, &e) != ERR_INPUT || strcmp(e.name, name) != 0) {
        fail_msg("expected %s, got %s", name, e.name);
    }
    assert_int_equal(h.hhmmss, 77); /* outputs untouched */
}

/* E01, and every field wrong in its way. */
static void test_malformed_by_name(void **state)
{
    static const struct {
        int at;
        const char *bytes, *name;
    } wrong[] = {
        {0, "[", "CNAPS_HEADER_BEGIN"},
        {2, ";", "CNAPS_HEADER_BEGIN"},
        {3, "01", "CNAPS_HEADER_VERSION"},
        {5, "\x01", "CNAPS_HEADER_BYTE"},
        {5, "\xe4", "CNAPS_HEADER_BYTE"},
        {128, "\n", "CNAPS_HEADER_BYTE"},
        {5, "              ", "CNAPS_HEADER_SENDER"},
        {5, " 9", "CNAPS_HEADER_SENDER"},
        {8, " ", "CNAPS_HEADER_SENDER"},
        {19, "beps", "CNAPS_HEADER_SYSTEM"},
        {22, " ", "CNAPS_HEADER_SYSTEM"},
        {23, "              ", "CNAPS_HEADER_RECEIVER"},
        {24, " ", "CNAPS_HEADER_RECEIVER"},
        {37, "BE-S", "CNAPS_HEADER_SYSTEM"},
        {41, "20260229", "CNAPS_HEADER_DATE"},
        {41, "20261301", "CNAPS_HEADER_DATE"},
        {41, "20260631", "CNAPS_HEADER_DATE"},
        {41, "2026070 ", "CNAPS_HEADER_DATE"},
        {49, "240000", "CNAPS_HEADER_TIME"},
        {49, "096000", "CNAPS_HEADER_TIME"},
        {49, "090260", "CNAPS_HEADER_TIME"},
        {49, "-90203", "CNAPS_HEADER_TIME"},
        {55, "PKG", "CNAPS_HEADER_STRUCTURE"},
        {58, "                    ", "CNAPS_HEADER_TYPE"},
        {62, " ", "CNAPS_HEADER_TYPE"},
        {78, " ", "CNAPS_HEADER_ID"},
        {98, " ", "CNAPS_HEADER_REFERENCE"},
        {118, "0", "CNAPS_HEADER_PRIORITY"},
        {118, "4", "CNAPS_HEADER_PRIORITY"},
        {119, "u", "CNAPS_HEADER_DIRECTION"},
        {129, " ", "CNAPS_HEADER_END"},
        {130, "\n\n", "CNAPS_HEADER_END"},
        {131, "\r", "CNAPS_HEADER_END"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char b[CNAPS_HEADER_BYTES];
        memcpy(b, VECTOR, sizeof(b));
        memcpy(b + wrong[i].at, wrong[i].bytes, strlen(wrong[i].bytes));
        expect((struct str){b, sizeof(b)}, wrong[i].name);
    }
}

static void test_length_131_and_133(void **state)
{
    (void)state;
    expect((struct str){VECTOR, 131}, "CNAPS_HEADER_LENGTH");
    expect(STR(VECTOR " "), "CNAPS_HEADER_LENGTH");
    expect((struct str){"", 0}, "CNAPS_HEADER_LENGTH");
}

/* 29 February exists in 2028. */
static void test_leap_day(void **state)
{
    char b[CNAPS_HEADER_BYTES];
    struct cnaps_header h;
    struct err e;
    (void)state;
    memcpy(b, VECTOR, sizeof(b));
    memcpy(b + 41, "20280229", 8);
    assert_ok(cnaps_header_parse((struct str){b, sizeof(b)}, &h, &e), &e);
}

static void test_print_refuses_what_parse_refuses(void **state)
{
    struct cnaps_header good, h;
    struct err e;
    char out[CNAPS_HEADER_BYTES];
    (void)state;
    assert_ok(cnaps_header_parse(STR(VECTOR), &good, &e), &e);
    h = good;
    h.day.yyyymmdd = 20260229;
    assert_int_equal(cnaps_header_print(&h, out, &e), ERR_INPUT);
    h = good;
    h.hhmmss = 1090203;
    assert_int_equal(cnaps_header_print(&h, out, &e), ERR_INPUT);
    h = good;
    h.priority = 0;
    assert_int_equal(cnaps_header_print(&h, out, &e), ERR_INPUT);
    h = good;
    h.sender[3] = ' ';
    assert_int_equal(cnaps_header_print(&h, out, &e), ERR_INPUT);
    h = good;
    h.id[0] = 0;
    assert_int_equal(cnaps_header_print(&h, out, &e), ERR_INPUT);
}

static void expect_type(const char *type, const char *name)
{
    struct err e = {.name = NULL};
    assert_int_equal(cnaps_type_check(str_of(type), NULL, &e), ERR_INPUT);
    assert_string_equal(e.name, name);
}

static void test_types_spoken_and_not(void **state)
{
    bool must_sign = true;
    struct err e;
    size_t n = 0;
    (void)state;
    while (cnaps_type_at(n)) {
        assert_ok(cnaps_type_check(str_of(cnaps_type_at(n)), &must_sign, &e), &e);
        assert_int_equal(must_sign, strcmp(cnaps_type_at(n), "ccms.990.001.02") != 0);
        n++;
    }
    assert_int_equal(n, 25);
    static const char *const closed[] = {"beps.133.001.01", "beps.134.001.01", "ccms.316.001.01",
                                         "ccms.317.001.02", "ccms.318.001.01", "ccms.319.001.01",
                                         "beps.390.001.01", "beps.391.001.01", "beps.394.001.01",
                                         "beps.399.001.01", "beps.411.001.01", "beps.412.001.01"};
    for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
        expect_type(closed[i], "CNAPS_TYPE_PRIVATE");
    }
    expect_type("beps.380.001.02", "CNAPS_TYPE_UNKNOWN");
    expect_type("hvps.111.001.01", "CNAPS_TYPE_UNKNOWN");
    expect_type("", "CNAPS_TYPE_UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vector_both_ways),
        cmocka_unit_test(test_reserved_is_kept),
        cmocka_unit_test(test_malformed_by_name),
        cmocka_unit_test(test_length_131_and_133),
        cmocka_unit_test(test_leap_day),
        cmocka_unit_test(test_print_refuses_what_parse_refuses),
        cmocka_unit_test(test_types_spoken_and_not),
    };
    return cmocka_run_group_tests_name("partner/cnaps/header", tests, NULL, NULL);
}
