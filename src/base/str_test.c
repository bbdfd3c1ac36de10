/* str_test.c - looking at text, and building it within its maximum. */
#include "base/str.h"
#include "base/test.h"

static void test_split_gives_each_part_once(void **state)
{
    (void)state;
    struct str rest = STR("a,,b,"), part;
    const char *want[] = { "a", "", "b", "" };
    for (int i = 0; i < 4; i++) {
        assert_true(str_split(&rest, ',', &part));
        assert_true(str_is(part, want[i]));
    }
    assert_false(str_split(&rest, ',', &part));
    rest = STR("");
    assert_true(str_split(&rest, ',', &part)); /* an empty line has one empty field */
    assert_int_equal(part.n, 0);
    assert_false(str_split(&rest, ',', &part));
}

static void test_small_questions(void **state)
{
    (void)state;
    assert_true(str_starts(STR("sealed"), "sea") && !str_starts(STR("se"), "sea"));
    assert_true(str_ends(STR("x.csv.gz"), ".gz") && !str_ends(STR("z"), ".gz"));
    assert_true(str_is(str_trim(STR(" \t a b\r\n")), "a b"));
    assert_int_equal(str_trim(STR("  ")).n, 0);
    assert_true(str_cmp(STR("a"), STR("ab")) < 0 && str_cmp(STR("b"), STR("ab")) > 0);
    assert_int_equal(str_cmp(STR("ab"), STR("ab")), 0);
    assert_int_equal(str_of(NULL).n, 0);
}

static void test_utf8_is_checked_by_the_standard(void **state)
{
    (void)state;
    assert_true(str_utf8(STR("")));
    assert_true(str_utf8(STR("plain text, longer than eight")));
    assert_true(str_utf8(STR("12345678\xE7\xBB\x93\xE7\xAE\x97\xE5\x8D\x95")));
    assert_true(str_utf8(STR("\xF0\x9F\x8C\x9E")));
    assert_false(str_utf8(STR("1234567\0 nul")));
    assert_false(str_utf8(STR("\xC0\x80")));         /* overlong */
    assert_false(str_utf8(STR("\xE0\x9F\xBF")));     /* overlong */
    assert_false(str_utf8(STR("\xED\xA0\x80")));     /* a surrogate */
    assert_false(str_utf8(STR("\xF4\x90\x80\x80"))); /* past U+10FFFF */
    assert_false(str_utf8(STR("\xE7\xBB")));         /* ends too early */
    assert_false(str_utf8(STR("\xB5\xE7")));         /* GB18030 bytes */
}

static void test_width_on_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(str_width(STR("kWh")), 3);
    assert_int_equal(str_width(STR("\xE7\xBB\x93\xE7\xAE\x97")), 4); /* two Chinese characters */
    assert_int_equal(str_width(STR("\xEF\xBC\x8C")), 2);             /* full-width comma */
    assert_int_equal(str_width(STR("e\xCC\x81")), 1);                /* e and a combining accent */
}

static void test_text_grows_to_its_maximum_and_says_cut(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 10);
    assert_int_equal(text_str(&t).n, 0);
    text_add_c(&t, "abcdef");
    text_addf(&t, "%d", 12);
    text_byte(&t, '!');
    assert_string_equal(t.at, "abcdef12!");
    assert_false(t.cut);
    text_add_c(&t, "\xE7\xBB\x93"); /* does not fit whole: nothing of it is kept */
    assert_true(t.cut);
    assert_string_equal(t.at, "abcdef12!");
    text_init(&t, a, 1 << 20);
    for (int i = 0; i < 100000; i++) {
        text_byte(&t, (char)('a' + i % 26));
    }
    assert_int_equal(t.n, 100000);
    assert_int_equal(t.at[99999], 'a' + 99999 % 26);
    text_init(&t, a, 2000);
    text_addf(&t, "%1500d", 3);
    assert_int_equal(t.n, 1500);
    arena_free(a);
}

/* Plain text is looked at by eights: a byte that is not plain is seen wherever it stands. */
static void test_utf8_at_every_place(void **state)
{
    (void)state;
    for (int place = 0; place < 20; place++) {
        for (int byte = 0; byte < 256; byte++) {
            char text[20];
            memset(text, 'a', sizeof text);
            text[place] = (char)byte;
            assert_int_equal(str_utf8((struct str){ text, sizeof text }), byte > 0 && byte < 0x80);
        }
        char han[23];
        memset(han, 'a', sizeof han);
        memcpy(han + place, "\xe7\x94\xb5", 3);
        assert_true(str_utf8((struct str){ han, sizeof han }));
        assert_false(str_utf8((struct str){ han, (size_t)place + 2 })); /* cut inside of it */
        han[place + 2] = 'x';
        assert_false(str_utf8((struct str){ han, sizeof han }));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_gives_each_part_once),
        cmocka_unit_test(test_small_questions),
        cmocka_unit_test(test_utf8_is_checked_by_the_standard),
        cmocka_unit_test(test_utf8_at_every_place),
        cmocka_unit_test(test_width_on_a_terminal),
        cmocka_unit_test(test_text_grows_to_its_maximum_and_says_cut),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
