/* child.c - processes made to be killed, and the files they leave (child.h). */
#include "crash/child.h"
#include "base/check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAY_FD 3 /* where a child finds the pipe */

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

_Noreturn static void become(const char *const argv[], const char *const settings[], int pipe)
{
    if (pipe == SAY_FD) {
        check(fcntl(pipe, F_SETFD, 0) == 0);
    } else {
        check(dup2(pipe, SAY_FD) == SAY_FD);
    }
    for (; settings && *settings; settings++) {
        char name[64];
        const char *eq = strchr(*settings, '=');
        check(eq && (size_t)(eq - *settings) < sizeof(name));
        snprintf(name, sizeof(name), "%.*s", (int)(eq - *settings), *settings);
        setenv(name, eq + 1, 1);
    }
    execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* False once the other end is closed, which is when the child is dead. */
static bool hear(int fd, struct child_end *out, size_t *bytes)
{
    ssize_t got = read(fd, (char *)out->said + *bytes, sizeof(out->said) - *bytes);
    check(got >= 0 || errno == EINTR);
    *bytes += got > 0 ? (size_t)got : 0;
    check(*bytes < sizeof(out->said));
    return got != 0;
}

void child_run(const char *const argv[], const char *const settings[], int64_t kill_us,
               struct child_end *out)
{
    int ends[2], status;
    size_t bytes = 0;
    bool open = true;
    check(pipe2(ends, O_CLOEXEC) == 0);
    int64_t start = now_us();
    pid_t pid = fork();
    check(pid >= 0);
    if (pid == 0) {
        become(argv, settings, ends[1]);
    }
    close(ends[1]);
    while (open) {
        struct pollfd p = { .fd = ends[0], .events = POLLIN };
        int64_t left = start + kill_us - now_us();
        struct timespec wait = { left / 1000000, left % 1000000 * 1000 };
        if (kill_us != CHILD_NEVER && left <= 0) {
            kill(pid, SIGKILL);
            while (hear(ends[0], out, &bytes)) {
            }
            open = false;
        } else if (ppoll(&p, 1, kill_us == CHILD_NEVER ? NULL : &wait, NULL) > 0) {
            open = hear(ends[0], out, &bytes);
        }
    }
    check(waitpid(pid, &status, 0) == pid);
    close(ends[0]);
    out->lived_us = now_us() - start;
    out->n_said = bytes / sizeof(out->said[0]);
    out->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out->killed = out->signal == SIGKILL;
    out->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void child_say(int64_t word)
{
    check(write(SAY_FD, &word, sizeof(word)) == sizeof(word));
}

size_t crash_places(const char *list, struct crash_place out[CRASH_PLACES_MAX])
{
    FILE *f = fopen(list, "rb");
    char line[128];
    size_t n = 0;
    check_that(f, "no list at %s", list);
    while (fgets(line, sizeof(line), f)) {
        size_t i = 0;
        line[strcspn(line, "\n")] = 0;
        while (i < n && strcmp(out[i].name, line) != 0) {
            i++;
        }
        check(i < CRASH_PLACES_MAX && strlen(line) < sizeof(out[0].name));
        if (i == n) {
            memcpy(out[n].name, line, strlen(line) + 1);
            out[n++].passes = 0;
        }
        out[i].passes++;
    }
    fclose(f);
    return n;
}

#define MEMORY_DIR "/dev/shm"
#define MEMORY_MIN (256u << 20) /* the largest store of these tests, three times */

void temp_in_memory(void)
{
    struct statvfs v;
    if (!getenv("TMPDIR") && access(MEMORY_DIR, W_OK) == 0 && statvfs(MEMORY_DIR, &v) == 0 &&
        (uint64_t)v.f_bavail * v.f_bsize >= MEMORY_MIN) {
        setenv("TMPDIR", MEMORY_DIR, 1);
    }
}

static void path_join(char out[static 512], const char *dir, const char *name)
{
    check(snprintf(out, 512, "%s/%s", dir, name) < 512);
}

void dir_copy(const char *from, const char *to)
{
    static char block[1 << 20];
    DIR *d = opendir(from);
    struct dirent *entry;
    check(d && (mkdir(to, 0777) == 0 || errno == EEXIST));
    while ((entry = readdir(d)) != NULL) {
        char source[512], target[512];
        struct stat st;
        path_join(source, from, entry->d_name);
        path_join(target, to, entry->d_name);
        if (stat(source, &st) != 0 || !S_ISREG(st.st_mode)) {
            continue;
        }
        int in = open(source, O_RDONLY | O_CLOEXEC);
        int copy = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        check(in >= 0 && copy >= 0);
        for (ssize_t got; (got = read(in, block, sizeof(block))) != 0;) {
            check(got > 0 && write(copy, block, (size_t)got) == got);
        }
        close(in);
        close(copy);
    }
    closedir(d);
}

void dir_remove(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    check(d);
    while ((entry = readdir(d)) != NULL) {
        char path[512];
        path_join(path, dir, entry->d_name);
        unlink(path);
    }
    closedir(d);
    check(rmdir(dir) == 0);
}

int64_t env_number(const char *name, int64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoll(text, NULL, 10) : otherwise;
}

bool sanitized_run(void)
{
    return env_number("SK_SAN", 0) != 0;
}
