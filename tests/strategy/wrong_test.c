/* wrong_test.c - wrong strategies and the exact messages they get, caret and fix included.
 *
 * Each tests/strategy/wrong/NAME.tally has its messages in NAME.expect; NAME.tally without one is
 * there for the others to use. A first line "# amended by: NAME" adds an amendment.
 */
#include "base/base.h"
#include "strategy/message.h"
#include "strategy/tree.h"
#include "base/test.h"
#include <dirent.h>
#include <stdio.h>

#define FOLDER "tests/strategy/wrong"
#define FILE_MAX (300u << 10)
#define PROGRAMS_MAX 1000

/* Every code a message can have: each appears in the table. */
static const char *const CODES[] = {
    "G01", "G02", "G03", "G04", "G05", "G06", "G07", "G08", "G09", "N60",
    "N61", "N62", "N63", "N64",
    "N65", "N66", "N67", "N68", "N69", "N70", "T01", "T02", "T03", "T04", "T05", "T06", "T07",
    "T08", "T09", "T10", "T11", "T12", "T13", "T14", "T15", "T16", "T17", "T18", "T19", "T20",
    "T21", "T22", "T23", "T24", "T25", "T26", "T27", "T28", "T29", "T30", "S21", "S22", "S23",
    "S24", "S25", "S26", "S27", "S28", "S29", "S30", "S31", "S32", "P31", "P32", "P33", "P34",
    "C41", "C42", "C43", "C44", "C45", "C46", "L51", "L52", "L53", "L54", "L55", "D71", "D72",
    "D73", "D74", "D75", "D76", "D77", "D78", "D79", "D80", "D81", "D82", "M81", "M82", "W91",
    "W92", "W93",
};

static bool slurp(struct arena *a, const char *path, struct str *out)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        return false;
    }
    char *bytes = arena_alloc(a, FILE_MAX);
    out->at = bytes;
    out->n = fread(bytes, 1, FILE_MAX - 1, f);
    fclose(f);
    return true;
}

struct folder {
    struct arena *arena;
    const char *path;
};

static bool find(void *ctx, struct str name, struct str *file, struct str *text)
{
    const struct folder *f = ctx;
    *file = str_of(arena_printf(f->arena, STR_FMT ".tally", STR_ARG(name)));
    return slurp(f->arena, arena_printf(f->arena, "%s/%s", f->path, file->at), text);
}

static enum err_code load(struct arena *a, const char *folder, const char *name,
                          struct tally_program **p, struct strategy_messages *m)
{
    struct folder f = { a, folder };
    struct strategy_library library = { &f, find };
    struct str file, text, amendment = { 0 };
    struct err e;
    assert_true(find(&f, str_of(name), &file, &text));
    if (str_starts(text, "# amended by: ")) {
        struct str rest = { text.at + 14, text.n - 14 };
        assert_true(str_split(&rest, '\n', &amendment));
    }
    enum err_code code = tally_load(a, file, text, &library, &amendment, amendment.n > 0, p, m, &e);
    assert_int_equal(code != OK, m->n_errors > 0);
    return code;
}

static struct str messages_text(struct arena *a, const struct strategy_messages *m)
{
    struct text t;
    text_init(&t, a, FILE_MAX);
    for (size_t i = 0; i < m->n; i++) {
        strategy_message_text(&t, &m->at[i]);
    }
    return text_str(&t);
}

static void test_law_5_each_wrong_program_gets_its_messages(void **state)
{
    (void)state;
    DIR *d = opendir(FOLDER);
    assert_non_null(d);
    int programs = 0, differ = 0;
    bool seen[sizeof CODES / sizeof CODES[0]] = { false };
    for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        struct str name = str_of(entry->d_name);
        if (!str_ends(name, ".expect")) {
            continue;
        }
        struct arena *a = arena_new();
        struct str expect;
        assert_true(slurp(a, arena_printf(a, FOLDER "/%s", entry->d_name), &expect));
        name.n -= sizeof ".expect" - 1;
        struct tally_program *p;
        struct strategy_messages m;
        load(a, FOLDER, arena_copy(a, name.at, name.n), &p, &m);
        struct str have = messages_text(a, &m);
        programs++;
        if (!str_eq(have, expect)) {
            differ++;
            print_error("%s\nexpected:\n" STR_FMT "found:\n" STR_FMT, entry->d_name,
                        STR_ARG(expect), STR_ARG(have));
        }
        for (size_t i = 0; i < m.n; i++) { /* a fix to paste, a remedy in the text, or a hint */
            const struct strategy_message *x = &m.at[i];
            bool remedy = x->fix.n || memchr(x->text.at, ';', x->text.n);
            if (!remedy && !*message_hint(x->code)) {
                fail_msg("%s: %s has no hint (hint.c)", entry->d_name, x->code);
            }
            for (size_t k = 0; k < sizeof CODES / sizeof CODES[0]; k++) {
                seen[k] = seen[k] || strcmp(CODES[k], m.at[i].code) == 0;
            }
        }
        arena_free(a);
    }
    closedir(d);
    assert_int_equal(differ, 0);
    assert_in_range(programs, 60, PROGRAMS_MAX);
    for (size_t k = 0; k < sizeof CODES / sizeof CODES[0]; k++) {
        if (!seen[k]) {
            fail_msg("no wrong program shows %s", CODES[k]);
        }
    }
}

/* Loads and plans every text of a folder. */
static void all_load(const char *folder, int least)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    int n = 0;
    for (struct dirent *entry = readdir(d); entry; entry = readdir(d)) {
        struct str name = str_of(entry->d_name);
        if (!str_ends(name, ".tally")) {
            continue;
        }
        struct arena *a = arena_new();
        struct folder f = { a, folder };
        struct strategy_library library = { &f, find };
        struct strategy *s;
        struct strategy_messages m;
        struct err e;
        struct str file, text;
        name.n -= sizeof ".tally" - 1;
        assert_true(find(&f, name, &file, &text));
        if (strategy_load(a, file, text, &library, NULL, 0, &s, &m, &e) != OK) {
            fail_msg("%s " STR_FMT, e.text, STR_ARG(messages_text(a, &m)));
        }
        arena_free(a);
        n++;
    }
    closedir(d);
    assert_in_range(n, least, PROGRAMS_MAX);
}

static void test_the_listings_of_the_language_page_load(void **state)
{
    (void)state;
    all_load("tests/strategy/listings", 9);
}

/* Sessions, fuels in their own units, matching by interval: what the listings lack. */
static void test_the_library_loads(void **state)
{
    (void)state;
    all_load("strategies", 20);
}

/* The first line of section 9's example, to the letter. */
static void test_the_example_of_the_language_page(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct tally_program *p;
    struct strategy_messages m;
    assert_int_equal(load(a, FOLDER, "pv", &p, &m), ERR_INPUT);
    assert_string_equal(
        messages_text(a, &m).at,
        "pv.tally:37:41: T12 'at' needs a printed price: at most 6 decimals, this has 12\n"
        "    line SELF.tou consumer -> investor  own at grid_price * discount  vat tax\n"
        "                                            ^^   "
        "write: own at round(grid_price * discount, 4)\n");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_5_each_wrong_program_gets_its_messages),
        cmocka_unit_test(test_the_listings_of_the_language_page_load),
        cmocka_unit_test(test_the_library_loads),
        cmocka_unit_test(test_the_example_of_the_language_page),
    };
    return cmocka_run_group_tests_name("strategy wrong", tests, NULL, NULL);
}
