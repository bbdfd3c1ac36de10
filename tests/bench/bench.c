/* bench.c - clocks, the table and processes of the performance bench (bench.h). */
#include "bench/bench.h"
#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES_MAX 100
#define CELLS 8

static struct {
    char cell[CELLS][160];
    bool note;
} lines[LINES_MAX];
static int n_lines;

static int64_t clock_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

struct cost cost_now(void)
{
    return (struct cost){ clock_us(CLOCK_PROCESS_CPUTIME_ID), clock_us(CLOCK_MONOTONIC) };
}

struct cost cost_since(struct cost start)
{
    struct cost now = cost_now();
    return (struct cost){ now.cpu_us - start.cpu_us, now.wall_us - start.wall_us };
}

void cost_best(struct cost *best, struct cost c)
{
    if (best->cpu_us < 0 || c.cpu_us < best->cpu_us) {
        *best = c;
    }
}

/* ---- the table ------------------------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static void cell(int i, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(lines[n_lines].cell[i], sizeof(lines[0].cell[0]), fmt, ap);
    va_end(ap);
}

static void cell_seconds(int i, int64_t us)
{
    if (us >= 0) {
        cell(i, "%lld.%04lld", (long long)(us / 1000000), (long long)(us % 1000000 / 100));
    } else {
        cell(i, "-");
    }
}

static void line_end(void)
{
    printf("  %s: %s%s %s\n", lines[n_lines].cell[0], lines[n_lines].cell[5],
           lines[n_lines].cell[6][0] ? ", goal" : "", lines[n_lines].cell[6]);
    fflush(stdout);
    n_lines += n_lines + 1 < LINES_MAX;
}

static void line_costs(const char *work, struct cost ours, const char *peer, int64_t peer_us)
{
    cell(0, "%s", work);
    cell_seconds(1, ours.cpu_us);
    cell_seconds(2, ours.wall_us);
    cell(3, "%s", peer);
    cell_seconds(4, peer_us);
}

static void line_goal(int64_t reached_e2, int64_t goal_e2, bool at_most)
{
    cell(5, "%lld.%02lld x", (long long)(reached_e2 / 100), (long long)(reached_e2 % 100));
    if (goal_e2 > 0) {
        cell(6, "%s %lld.%lld x", at_most ? "<=" : ">=", (long long)(goal_e2 / 100),
             (long long)(goal_e2 % 100 / 10));
        cell(7, "%s", (at_most ? reached_e2 <= goal_e2 : reached_e2 >= goal_e2) ? "met" : "MISSED");
    }
}

void line_ratio(const char *work, struct cost ours, const char *peer, int64_t peer_us,
                int64_t goal_e2)
{
    line_costs(work, ours, peer, peer_us);
    line_goal(peer_us * 100 / (ours.cpu_us + !ours.cpu_us), goal_e2, false);
    line_end();
}

void line_ratio_at_most(const char *work, struct cost ours, const char *peer, int64_t peer_us,
                        int64_t goal_e2)
{
    line_costs(work, ours, peer, peer_us);
    line_goal(ours.cpu_us * 100 / (peer_us + !peer_us), goal_e2, true);
    line_end();
}

void line_figure(const char *work, int64_t reached_e3, const char *unit, int64_t goal_e3,
                 bool at_most)
{
    line_costs(work, NO_COST, "-", -1);
    cell(5, "%lld.%03lld %s", (long long)(reached_e3 / 1000), (long long)(reached_e3 % 1000), unit);
    if (goal_e3 > 0) {
        cell(6, "%s %lld.%02lld", at_most ? "<=" : ">=", (long long)(goal_e3 / 1000),
             (long long)(goal_e3 % 1000 / 10));
        cell(7, "%s", (at_most ? reached_e3 <= goal_e3 : reached_e3 >= goal_e3) ? "met" : "MISSED");
    }
    line_end();
}

void line_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(lines[n_lines].cell[0], sizeof(lines[0].cell[0]), fmt, ap);
    va_end(ap);
    printf("  %s\n", lines[n_lines].cell[0]);
    fflush(stdout);
    lines[n_lines].note = true;
    n_lines += n_lines + 1 < LINES_MAX;
}

void lines_print(void)
{
    static const char *const head[CELLS] = { "workload", "CPU s",   "wall s", "peer",
                                             "CPU s",    "reached", "goal",   "" };
    int width[CELLS];
    for (int c = 0; c < CELLS; c++) {
        width[c] = (int)strlen(head[c]);
        for (int i = 0; i < n_lines; i++) {
            int w = (int)strlen(lines[i].cell[c]);
            width[c] = !lines[i].note && w > width[c] ? w : width[c];
        }
    }
    printf("\n");
    for (int i = -1; i < n_lines; i++) {
        for (int c = 0; c < CELLS; c++) {
            const char *t = i < 0 ? head[c] : lines[i].cell[c];
            bool left = c == 0 || c == 3 || c >= 6;
            printf(left ? "%-*s  " : "%*s  ", width[c], t);
            if (i >= 0 && lines[i].note) {
                break;
            }
        }
        printf("\n");
    }
    fflush(stdout);
}

/* ---- processes and folders ------------------------------------------------------------------- */

bool run_program(char *const argv[], char *out, size_t size)
{
    int end[2], status = -1;
    size_t n = 0;
    check(pipe(end) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        dup2(end[1], STDOUT_FILENO);
        close(end[0]);
        close(end[1]);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(end[1]);
    for (ssize_t got; n + 1 < size && (got = read(end[0], out + n, size - 1 - n)) > 0;) {
        n += (size_t)got;
    }
    out[n] = '\0';
    close(end[0]);
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int64_t field(const char *text, const char *key)
{
    char want[64];
    snprintf(want, sizeof(want), "%s=", key);
    const char *at = strstr(text, want);
    check_that(at != NULL, "no %s in: %s", key, text);
    return strtoll(at + strlen(want), NULL, 10);
}

void copy_dir(const char *from, const char *to)
{
    char out[1024];
    char *argv[] = { "cp", "-r", (char *)(uintptr_t)from, (char *)(uintptr_t)to, NULL };
    check_that(run_program(argv, out, sizeof(out)), "cp %s %s failed", from, to);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

void remove_dir(const char *dir)
{
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
