/* child.h - this test program again as another process, which may be killed at any moment.
 *
 * The child runs main() with the arguments given; what it says through child_say() is read by the
 * parent, also when the child is dead: a pipe keeps what was written before a kill.
 */
#ifndef SK_TESTS_CRASH_CHILD_H
#define SK_TESTS_CRASH_CHILD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHILD_WORDS_MAX 4096
#define CHILD_NEVER (-1)

struct child_end {
    bool killed; /* by SIGKILL, from outside or at a crash point */
    int code;    /* exit code; -1 when it died by a signal */
    int signal;
    int64_t said[CHILD_WORDS_MAX];
    size_t n_said;
    int64_t lived_us;
};
/* Runs /proc/self/exe with argv (NULL-terminated, argv[0] included) and the settings "NAME=value"
 * (NULL-terminated, may be NULL) beside the environment; kills it after `kill_us` microseconds
 * (CHILD_NEVER: waits). Anything else than exit 0 or a kill is the caller's to judge. */
void child_run(const char *const argv[], const char *const settings[], int64_t kill_us,
               struct child_end *out);
/* In the child. */
void child_say(int64_t word);

/* The places in a file that SK_CRASH_LIST made (base/crash.h), each once. */
#define CRASH_PLACES_MAX 64
struct crash_place {
    char name[64];
    int passes;
};
size_t crash_places(const char *list, struct crash_place out[CRASH_PLACES_MAX]);

/* Where a kill is all that happens, files may lie in memory: what a process wrote stays with the
 * kernel when it is killed, and nothing waits for a disk. Call it first in main(); a TMPDIR that is
 * set stays. */
void temp_in_memory(void);
/* Copies the files of a directory (not its sub-directories) into another, which is made. */
void dir_copy(const char *from, const char *to);
/* Removes a directory of files. */
void dir_remove(const char *dir);
/* A number from the environment, or what stands for it. */
int64_t env_number(const char *name, int64_t otherwise);
/* A run under sanitizers is ten times slower: it gets a tenth of the rounds. */
bool sanitized_run(void);
#endif
