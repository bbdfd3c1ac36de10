/* wrong_test.c - every wrong calendar, holiday list and price book is refused with its exact
 * message.
 *
 * tests/tariff/wrong/NAME.json with NAME.expect; the first letters say what the file wants to be.
 */
#include "tariff/tariff.h"
#include "base/test.h"
#include <dirent.h>

#define DIR_WRONG "tests/tariff/wrong"
#define WRONG_LEAST 50 /* files that must be there: an empty folder proves nothing */

static enum err_code read_any(struct arena *a, const char *name, struct json doc, struct err *e)
{
    if (str_starts(str_of(name), "hol_")) {
        struct tariff_holidays *h = NULL;
        return tariff_holidays_add(a, doc, &h, e);
    }
    if (str_starts(str_of(name), "book_")) {
        struct tariff_book *b;
        return tariff_book_read(a, doc, &b, e);
    }
    struct tariff_calendar *c;
    return tariff_calendar_read(a, doc, &c, e);
}

static bool one(struct arena *a, const char *name)
{
    struct err e = {0};
    struct json doc;
    char *file = arena_printf(a, DIR_WRONG "/%s.json", name);
    char *expect = arena_printf(a, DIR_WRONG "/%s.expect", name);
    char want[1024] = "";
    FILE *f = fopen(expect, "re");
    if (f) {
        size_t n = fread(want, 1, sizeof want - 1, f);
        fclose(f);
        want[n && want[n - 1] == '\n' ? n - 1 : n] = '\0';
    }
    enum err_code code = json_load(a, file, &doc, &e);
    code = code == OK ? read_any(a, name, doc, &e) : code;
    if (code != OK && strcmp(e.text, want) == 0) {
        return true;
    }
    print_error("%s\n  got      %s\n  expected %s\n", file, code == OK ? "no refusal" : e.text,
                want);
    return false;
}

static void test_law_6_each_wrong_file_has_its_message(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    DIR *d = opendir(DIR_WRONG);
    assert_non_null(d);
    int n = 0, bad = 0;
    for (struct dirent *x = readdir(d); x; x = readdir(d)) {
        struct str name = str_of(x->d_name);
        if (str_ends(name, ".json")) {
            n++;
            bad += !one(a, arena_copy(a, name.at, name.n - 5));
        }
    }
    closedir(d);
    arena_free(a);
    assert_int_equal(bad, 0);
    assert_true(n >= WRONG_LEAST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_6_each_wrong_file_has_its_message),
    };
    return cmocka_run_group_tests_name("tariff_wrong", tests, NULL, NULL);
}
