/* err_test.c - codes, names and sentences; check() ends the process with its place. */
#include "base/check.h"
#include "base/err.h"
#include "base/test.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static enum err_code inner(struct err *e)
{
    return fail_named(e, ERR_GAP, "READING_GAP", "point %d: none at %s", 7, "2026-03-02 10:15");
}

static void test_law_3_context_goes_in_front(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(inner(&e), ERR_GAP);
    assert_int_equal(fail_in(&e, "settle order %d: ", 81), ERR_GAP);
    assert_string_equal(e.text, "settle order 81: point 7: none at 2026-03-02 10:15");
    assert_string_equal(e.name, "READING_GAP");
    assert_int_equal(fail(&e, ERR_IO, "again: %s", e.text), ERR_IO); /* its own text as argument */
    assert_string_equal(e.text, "again: settle order 81: point 7: none at 2026-03-02 10:15");
    assert_null(e.name);
    assert_int_equal(fail(NULL, ERR_FULL, "no place for it"), ERR_FULL);
}

static void test_a_cut_sentence_ends_in_a_whole_character(void **state)
{
    (void)state;
    struct err e;
    char many[1200];
    for (size_t i = 0; i + 3 < sizeof(many); i += 3) { /* the character for 'electricity' */
        memcpy(many + i, "\xE7\x94\xB5", 3);
        many[i + 3] = 0;
    }
    fail(&e, ERR_INPUT, "%s", many);
    assert_int_equal(strlen(e.text), 510); /* 170 characters of 3 bytes; 511 would cut one */
    fail_in(&e, "ab");
    assert_int_equal(strlen(e.text), 509); /* 2 + 169 x 3 */
}

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(err_word(OK), "ok");
    assert_string_equal(err_word(ERR_NOT_FOUND), "not_found");
    assert_string_equal(err_word(ERR_CORRUPT), "corrupt");
}

static void test_a_failed_check_names_place_and_values(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        int n = 5, max = 4;
        check_that(n <= max, "n %d, max %d", n, max);
        _exit(0);
    }
    close(ends[1]);
    char said[512] = { 0 };
    assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_non_null(strstr(said, "err_test.c:"));
    assert_non_null(strstr(said, "check failed: n <= max: n 5, max 4\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_law_3_context_goes_in_front),
        cmocka_unit_test(test_a_cut_sentence_ends_in_a_whole_character),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_a_failed_check_names_place_and_values),
    };
    return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
