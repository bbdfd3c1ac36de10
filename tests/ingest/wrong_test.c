/* wrong_test.c - every wrong mapping and file of tests/ingest/wrong, and the exact words about it.
 *
 * mNN: the mapping is refused. fNN: the file is refused, nothing is written. rNN: good rows are
 * kept and the report lists the others. NAME.txt is what must be said.
 */
#include "ingest/ingest.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/test.h"

#define TEXT_MAX 65536
#define WRONG_LEAST 30 /* of them are promised */

static int64_t n_taken;
static char report_file[160];

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    (void)ctx;
    if (str_is(name, "generation") || str_is(name, "own_use") || str_is(name, "M1")) {
        *id = 1;
        return OK;
    }
    return fail(e, ERR_NOT_FOUND, "there is no point \"" STR_FMT "\"", STR_ARG(name));
}

static enum err_code take(void *ctx, struct str source, int64_t id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    (void)ctx, (void)source, (void)id, (void)r, (void)e;
    memset(outcome, READING_TAKEN, n);
    *known = false;
    n_taken += (int64_t)n;
    return OK;
}

static size_t slurp(const char *file, char *to)
{
    int fd = open(file, O_RDONLY);
    ssize_t n = fd < 0 ? 0 : read(fd, to, TEXT_MAX - 1);
    if (fd >= 0) {
        close(fd);
    }
    to[n < 0 ? 0 : n] = '\0';
    return n < 0 ? 0 : (size_t)n;
}

/* What is said about one case: the error, or the report. */
static void said(struct arena *a, const char *name, struct text *out)
{
    struct mapping *m;
    struct err e;
    struct ingest_result r;
    const char *csv = arena_printf(a, "%s.csv", name);
    n_taken = 0;
    if (mapping_load(a, arena_printf(a, "%s.json", name), &m, &e) != OK) {
        text_addf(out, "%s\n", e.text);
        return;
    }
    struct ingest_job job = { .file = csv,
                              .mapping = m,
                              .points = { find, NULL },
                              .sink = { take, NULL },
                              .now = day_start((struct day){ 20260102 }),
                              .report = report_file };
    if (ingest_file(a, &job, &r, &e) != OK) {
        text_addf(out, "%s%s\n", e.text, n_taken == 0 ? "" : " BUT SOMETHING WAS WRITTEN");
        return;
    }
    char *report = arena_alloc(a, TEXT_MAX);
    slurp(report_file, report);
    text_addf(out, "%lld taken, %lld refused%s%s\n%s", (long long)n_taken, (long long)r.refused,
              r.broken ? "; " : "", r.why, report);
}

static void test_wrong_files_and_their_words(void **state)
{
    (void)state;
    const char *write = getenv("SK_WRITE_EXPECTED");
    struct dirent **names;
    int n = scandir("tests/ingest/wrong", &names, NULL, alphasort), cases = 0, bad = 0;
    assert_true(n > 0);
    assert_int_equal(chdir("tests/ingest/wrong"), 0);
    for (int i = 0; i < n; i++) {
        struct str file = str_of(names[i]->d_name);
        if (str_ends(file, ".json")) {
            struct arena *a = arena_new();
            const char *name = arena_printf(a, STR_FMT, (int)file.n - 5, file.at);
            const char *txt = arena_printf(a, "%s.txt", name);
            char *expected = arena_alloc(a, TEXT_MAX);
            struct text out;
            text_init(&out, a, TEXT_MAX);
            said(a, name, &out);
            if (write != NULL) {
                int fd = open(txt, O_WRONLY | O_CREAT | O_TRUNC, 0644);
                assert_int_equal((size_t)(dprintf(fd, "%s", out.at)), out.n);
                close(fd);
            }
            slurp(txt, expected);
            if (strcmp(expected, out.at) != 0) {
                print_error("%s\n  expected %s\n  said     %s\n", name, expected, out.at);
                bad++;
            }
            cases++;
            arena_free(a);
        }
        free(names[i]);
    }
    free(names);
    unlink(report_file);
    assert_int_equal(bad, 0);
    assert_true(cases >= WRONG_LEAST);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(report_file, sizeof report_file, "%s/wrong-report-%d.csv", tmp != NULL ? tmp : "/tmp",
             (int)getpid());
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_wrong_files_and_their_words) };
    return cmocka_run_group_tests_name("wrong files", tests, NULL, NULL);
}
