/* place_test.c - the place of a store is full, or cannot be written: every command says so in a
 * sentence and ends with exit code 3, nothing is half-written, and once there is room the same
 * commands go on to the end of an undisturbed month (D2; product.md, exit codes).
 *
 * Full and read-only places are mounted in a mount namespace of this process; where that is not
 * allowed a limit on the size of files stands for the full disk, and the read-only half is left
 * out.
 */
#include "base/test.h"
#include "crash/child.h"
#include "crash/village.h"
#include "support/pg.h"
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_STORE 3
#define WORDS_MAX 12
#define OUTPUT_MAX 8192
#define FILES 4     /* of a month, eight days each */
#define STAGES 7    /* four imports, settle, issue, seal */
#define STEPS 10    /* sizes of a full disk, between the empty store and the whole month */
#define SPARE_KB 16 /* what a file system needs for itself */
#define ROOM_KB 64000
static const struct village_plan PLAN = {
    .orders = 6, .only_self = true, .from = { 20260701 }, .days = 31, .registers = true
};

/* ---- running the program
 * --------------------------------------------------------------------------------- */

struct said {
    int code; /* -1: died by a signal */
    char text[OUTPUT_MAX];
};
static char program[600];
static bool own_mounts;

static void limit_files(rlim_t bytes)
{
    const struct rlimit limit = { bytes, bytes };
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* `words` are parted by blanks; --store is added. max_bytes 0: files of any size. */
static void command(const char *store, const char *words, rlim_t max_bytes, struct said *out)
{
    char copy[1000], *argv[WORDS_MAX + 4], *at = copy;
    int ends[2], status, n = 0;
    assert_true(strlen(words) < sizeof(copy));
    memcpy(copy, words, strlen(words) + 1);
    argv[n++] = program;
    for (char *word; n < WORDS_MAX && (word = strsep(&at, " ")) != NULL;) {
        argv[n++] = word;
    }
    char flag[] = "--store", where[600];
    snprintf(where, sizeof(where), "%s", store);
    argv[n++] = flag;
    argv[n++] = where;
    argv[n] = NULL;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], 1);
        dup2(ends[1], 2);
        close(ends[0]);
        if (max_bytes > 0) {
            limit_files(max_bytes);
        }
        execv(program, argv);
        _exit(127);
    }
    close(ends[1]);
    size_t got = 0;
    for (ssize_t k; (k = read(ends[0], out->text + got, sizeof(out->text) - 1 - got)) > 0;) {
        got += (size_t)k;
    }
    out->text[got] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    out->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void assert_command(const char *store, const char *words, struct said *out)
{
    command(store, words, 0, out);
    if (out->code != 0) {
        fail_msg("%s: exit %d: %s", words, out->code, out->text);
    }
}

/* ---- places
 * ------------------------------------------------------------------------------------- */

static bool write_word(const char *path, const char *word)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, word, strlen(word)) == (ssize_t)strlen(word);
    close(fd);
    return good;
}

/* Mounts of this process and its children only, gone with them; one who is not root becomes it in a
 * user namespace of his own. */
static bool unshare_mounts(void)
{
    char users[40], groups[40];
    snprintf(users, sizeof(users), "0 %d 1", (int)getuid());
    snprintf(groups, sizeof(groups), "0 %d 1", (int)getgid());
    if (unshare(CLONE_NEWNS) != 0 &&
        (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0 || !write_word("/proc/self/uid_map", users) ||
         !write_word("/proc/self/setgroups", "deny") ||
         !write_word("/proc/self/gid_map", groups))) {
        return false;
    }
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

static void mount_small(const char *at, long kilobytes, bool again)
{
    char options[60];
    snprintf(options, sizeof(options), "size=%ldk", kilobytes);
    assert_int_equal(mount("none", at, "tmpfs", again ? MS_REMOUNT : 0, options), 0);
}

static long kilobytes_of(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    long pages = 0;
    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        char path[900];
        struct stat st;
        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            pages += (long)((st.st_size + 4095) / 4096);
        }
    }
    closedir(d);
    return pages * 4;
}

/* A digest of every file of a directory; wants them few and small. */
static uint64_t files_hash(const char *dir)
{
    static char bytes[8 << 20];
    DIR *d = opendir(dir);
    struct dirent *entry;
    uint64_t sum = 0;
    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        char path[900];
        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        FILE *f = entry->d_name[0] == '.' ? NULL : fopen(path, "rb");
        if (f) {
            size_t n = fread(bytes, 1, sizeof(bytes), f);
            sum += hash64(bytes, n, hash64(path, strlen(path), 0));
            fclose(f);
        }
    }
    closedir(d);
    return sum;
}

/* ---- a month in commands
 * --------------------------------------------------------------------------------- */

struct month_work {
    char template[600], whole[600], place[600], files[600];
    char stages[STAGES][900];
    char figures[OUTPUT_MAX]; /* of `check` on the whole month */
};

/* Only the digest of `check` and its counts, which are the same however often a stage was tried. */
static void assert_whole(struct month_work *m, const char *store)
{
    struct said out;
    assert_command(store, "check --deep --json", &out);
    if (m->figures[0] == 0) {
        memcpy(m->figures, out.text, sizeof(m->figures));
        assert_non_null(strstr(out.text, "\"numbers\":6,"));
    }
    assert_string_equal(out.text, m->figures);
}

static int set_up(void **state)
{
    static struct month_work m;
    struct err e;
    struct village t;
    struct said out;
    temp_dir(m.template, sizeof(m.template));
    temp_dir(m.whole, sizeof(m.whole));
    temp_dir(m.place, sizeof(m.place));
    temp_dir(m.files, sizeof(m.files));
    assert_ok(village_open(&t, &PLAN, m.template, STORE_CREATE, &e), &e);
    assert_ok(village_build(&t, &e), &e);
    for (int i = 0; i < FILES; i++) {
        char path[700];
        snprintf(path, sizeof(path), "%s/week%d.csv", m.files, i);
        village_csv(&t, 8 * i, 8 * i + 8, path);
        snprintf(m.stages[i], sizeof(m.stages[i]),
                 "reading import %s --mapping data/mappings/long_register.json", path);
    }
    village_close(&t);
    snprintf(m.stages[FILES], sizeof(m.stages[0]), "settle run --period 2026-07");
    snprintf(m.stages[FILES + 1], sizeof(m.stages[0]), "statement issue --period 2026-07");
    snprintf(m.stages[FILES + 2], sizeof(m.stages[0]), "reading seal --period 2026-07");
    dir_copy(m.template, m.whole);
    for (int i = 0; i < STAGES; i++) {
        assert_command(m.whole, m.stages[i], &out);
    }
    assert_whole(&m, m.whole);
    *state = &m;
    return 0;
}

/* What a person can act on: it names the store's trouble and says what to do. */
static void assert_store_failure(const struct said *out, const char *words, const char *sentence)
{
    if (out->code != EXIT_STORE) {
        fail_msg("%s: exit %d: %s", words, out->code, out->text);
    }
    if (!strstr(out->text, sentence)) {
        fail_msg("%s: looked for '%s' in: %s", words, sentence, out->text);
    }
}

static void test_a_full_disk_is_said_and_got_over(void **state)
{
    struct month_work *m = *state;
    struct said out;
    int refused = 0;
    if (!own_mounts) {
        print_message("# no right to mount a small disk\n");
        return;
    }
    long least = kilobytes_of(m->template) + SPARE_KB, most = 3 * kilobytes_of(m->whole);
    for (int step = 0; step < STEPS; step++) {
        mount_small(m->place, least + (most - least) * step * step / (STEPS * STEPS), false);
        dir_copy(m->template, m->place);
        for (int i = 0; i < STAGES; i++) {
            command(m->place, m->stages[i], 0, &out);
            if (out.code == 0) {
                continue;
            }
            assert_store_failure(&out, m->stages[i], "no space left");
            refused++;
            mount_small(m->place, ROOM_KB, true);
            assert_command(m->place, "check --deep", &out);
            i--; /* the same again, with room */
        }
        mount_small(m->place, ROOM_KB, true);
        assert_whole(m, m->place);
        assert_int_equal(umount(m->place), 0);
    }
    print_message("# %d sizes, %d of them too small for the month\n", STEPS, refused);
    assert_true(refused > STEPS / 3);
}

static void test_files_that_may_not_grow_are_a_failure_of_the_store(void **state)
{
    struct month_work *m = *state;
    struct said out;
    char store[700];
    snprintf(store, sizeof(store), "%s/limited", m->place);
    dir_copy(m->template, store);
    for (int i = 0; i < STAGES; i++) {
        command(store, m->stages[i], 4096, &out);
        assert_store_failure(&out, m->stages[i], "store");
        assert_command(store, m->stages[i], &out);
    }
    assert_whole(m, store);
    dir_remove(store);
}

static void test_a_read_only_place_is_said_and_left_alone(void **state)
{
    struct month_work *m = *state;
    struct said out;
    static const char *const readers[] = { "status", "check", "statement list --period 2026-07" };
    if (!own_mounts || mount(m->whole, m->place, NULL, MS_BIND, NULL) != 0) {
        print_message("# no right to mount a read-only place\n");
        return;
    }
    assert_int_equal(mount(NULL, m->place, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL), 0);
    uint64_t before = files_hash(m->place);
    for (int i = 0; i < STAGES; i++) {
        command(m->place, m->stages[i], 0, &out);
        assert_store_failure(&out, m->stages[i], "Read-only file system");
    }
    command(m->place, "init", 0, &out);
    assert_store_failure(&out, "init", "Read-only file system");
    for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++) {
        assert_command(m->place, readers[i], &out);
    }
    assert_true(files_hash(m->place) == before);
    assert_int_equal(umount(m->place), 0);
}

int main(void)
{
    ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 40);
    for (int up = 0; up < 3 && n > 0; up++) { /* .../tests/fault/place_test */
        *strrchr(program, '/') = 0;
    }
    snprintf(program + strlen(program), 40, "/sunkeeper");
    temp_in_memory();
    own_mounts = unshare_mounts();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_full_disk_is_said_and_got_over),
        cmocka_unit_test(test_files_that_may_not_grow_are_a_failure_of_the_store),
        cmocka_unit_test(test_a_read_only_place_is_said_and_left_alone),
    };
    return cmocka_run_group_tests_name("fault place", tests, set_up, NULL);
}
