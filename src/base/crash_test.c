/* crash_test.c - a named place ends the process at the pass asked for, and lists what it saw. */
#include "base/crash.h"
#include "base/log.h"
#include "base/test.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* The program runs itself: SK_CRASH is read before main. */
static int run_self(const char *crash, const char *list)
{
    pid_t child = fork();
    if (child == 0) {
        setenv("SK_CRASH", crash, 1);
        setenv("SK_CRASH_LIST", list, 1);
        execl("/proc/self/exe", "crash_test", "--pass", (char *)NULL);
        _exit(99);
    }
    int status;
    waitpid(child, &status, 0);
    return status;
}

static void test_the_third_pass_kills(void **state)
{
    (void)state;
    char dir[] = "/tmp/sk-crash-XXXXXX", list[64], got[200] = { 0 };
    assert_non_null(mkdtemp(dir));
    snprintf(list, sizeof(list), "%s/list", dir);
    int status = run_self("second:3", list);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    FILE *f = fopen(list, "r");
    assert_non_null(f);
    assert_true(fread(got, 1, sizeof(got) - 1, f) > 0);
    fclose(f);
    assert_string_equal(got, "first\nsecond\nfirst\nsecond\nfirst\nsecond\n");
    status = run_self("second:6", list);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0); /* only 5 passes */
    unlink(list);
    rmdir(dir);
}

static void test_a_log_line_is_one_line(void **state)
{
    (void)state;
    int ends[2], old = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    dup2(ends[1], STDERR_FILENO);
    log_event(LOG_LEVEL_INFO, "settle", "run finished", "orders=%d note=%s", 3, "a\nb");
    log_event(LOG_LEVEL_DEBUG, "settle", "not shown", "x=%d", 1);
    dup2(old, STDERR_FILENO);
    char got[200] = { 0 };
    assert_true(read(ends[0], got, sizeof(got) - 1) > 0);
    assert_string_equal(got, "level=info room=settle event=\"run finished\" orders=3 note=a b\n");
    close(old);
    close(ends[0]);
    close(ends[1]);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--pass") == 0) {
        for (int i = 0; i < 5; i++) {
            crash_point("first");
            crash_point("second");
        }
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_third_pass_kills),
        cmocka_unit_test(test_a_log_line_is_one_line),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
