/* crash.c - counting the passes of named places, and dying at one of them when told to.
 *
 * The environment is read once, before main; the only state is that reading and a counter.
 */
#include "base/crash.h"
#include "base/check.h"
#include "base/str.h"
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

static bool watched; /* SK_CRASH or SK_CRASH_LIST is set */
static struct {
    const char *name; /* die here ... */
    size_t name_n;
    const char *list; /* append the names passed to this file */
} setting;
static atomic_int passes_left; /* ... at this pass */

__attribute__((constructor)) static void crash_init(void)
{
    const char *at = getenv("SK_CRASH");
    setting.list = getenv("SK_CRASH_LIST");
    watched = at || setting.list;
    if (at) {
        const char *colon = strrchr(at, ':');
        setting.name = at;
        setting.name_n = colon ? (size_t)(colon - at) : strlen(at);
        atomic_store(&passes_left, colon ? (int)strtol(colon + 1, NULL, 10) : 1);
    }
}

static void passed(const char *name)
{
    if (setting.list) {
        char line[128];
        int n = snprintf(line, sizeof(line), "%s\n", name);
        check_that(n > 0 && n < (int)sizeof(line), "name %s", name);
        int fd = open(setting.list, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
        check_that(fd >= 0 && write(fd, line, (size_t)n) == n, "cannot write %s", setting.list);
        close(fd);
    }
    if (setting.name && strlen(name) == setting.name_n &&
        memcmp(name, setting.name, setting.name_n) == 0 &&
        atomic_fetch_sub(&passes_left, 1) == 1) {
        kill(getpid(), SIGKILL);
        pause();
    }
}

void crash_point(const char *name)
{
    if (__builtin_expect(watched, 0)) {
        passed(name);
    }
}
