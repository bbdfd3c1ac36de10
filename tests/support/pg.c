/* pg.c - initdb, postgres and temporary directories for tests.
 *
 * postgres refuses to run as root, so a root test becomes the user postgres in the child. The
 * server asks the kernel to be killed with its parent: a test that crashes leaves no process
 * behind.
 */
#include "support/pg.h"
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define DIRS_MAX 64
#define WAIT_MS 60000 /* a busy machine starts it in a few seconds */

static char server_dir[256];
static pid_t server;
static pid_t owner; /* children of a test must not clean up for it */
static int databases;
static const char *buffers = "shared_buffers=32MB";
static char dirs[DIRS_MAX][256];
static int n_dirs;

static void give_up(const char *what)
{
    fprintf(stderr, "test support: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_dirs(void)
{
    if (getpid() != owner) {
        return;
    }
    pg_stop();
    for (int i = 0; i < n_dirs; i++) {
        nftw(dirs[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
    }
    n_dirs = 0;
}

void temp_dir(char *out, size_t size)
{
    const char *base = getenv("TMPDIR");
    if (owner == 0) {
        owner = getpid();
        atexit(remove_dirs);
    }
    snprintf(out, size, "%s/sk-test-XXXXXX", base && strlen(base) < 60 ? base : "/tmp");
    if (!mkdtemp(out) || n_dirs == DIRS_MAX) {
        give_up(out);
    }
    snprintf(dirs[n_dirs++], sizeof(dirs[0]), "%s", out);
}

/* The newest bin directory of Debian's packages. */
static bool find_bin(char *out, size_t size)
{
    int best = 0;
    DIR *d = opendir("/usr/lib/postgresql");
    struct dirent *entry;
    while (d && (entry = readdir(d)) != NULL) {
        char path[512];
        int version = (int)strtol(entry->d_name, NULL, 10);
        snprintf(path, sizeof(path), "/usr/lib/postgresql/%d/bin", version);
        char program[560];
        snprintf(program, sizeof(program), "%s/postgres", path);
        if (version > best && access(program, X_OK) == 0) {
            best = version;
            snprintf(out, size, "%s", path);
        }
    }
    if (d) {
        closedir(d);
    }
    return best > 0;
}

bool pg_installed(void)
{
    char bin[512];
    return find_bin(bin, sizeof(bin));
}

static void become_postgres(void)
{
    struct passwd *pw = getuid() == 0 ? getpwnam("postgres") : NULL;
    if (getuid() == 0 && (!pw || initgroups("postgres", pw->pw_gid) != 0 ||
                          setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)) {
        _exit(90);
    }
    if (chdir(server_dir) != 0) {
        _exit(91);
    }
}

static pid_t run(char *const argv[], bool lives_with_us)
{
    pid_t child = fork();
    if (child == 0) {
        become_postgres();
        if (lives_with_us) {
            prctl(PR_SET_PDEATHSIG, SIGQUIT);
        }
        setenv("LC_ALL", "C", 1);
        if (!freopen("log", "a", stdout) || !freopen("log", "a", stderr)) {
            _exit(92);
        }
        execv(argv[0], argv);
        _exit(93);
    }
    return child;
}

static void server_url(char *out, size_t size, const char *database)
{
    snprintf(out, size, "postgresql://postgres@/%s?host=%s", database, server_dir);
}

void pg_more_memory(void)
{
    buffers = "shared_buffers=512MB";
}

void pg_start(void)
{
    if (server) {
        return;
    }
    char bin[512], initdb[560], postgres[560], url[600];
    temp_dir(server_dir, sizeof(server_dir));
    struct passwd *pw = getpwnam("postgres");
    if (!find_bin(bin, sizeof(bin)) || chmod(server_dir, 0755) != 0 ||
        (getuid() == 0 && (!pw || chown(server_dir, pw->pw_uid, pw->pw_gid) != 0))) {
        give_up("PostgreSQL cannot be prepared");
    }
    snprintf(initdb, sizeof(initdb), "%s/initdb", bin);
    snprintf(postgres, sizeof(postgres), "%s/postgres", bin);
    char *init[] = { initdb,      "-D",       "data", "-A",   "trust",
                     "-U",        "postgres", "-E",   "UTF8", "--locale=C.UTF-8",
                     "--no-sync", NULL };
    int status;
    if (waitpid(run(init, false), &status, 0) < 0 || status != 0) {
        give_up("initdb failed");
    }
    char *serve[] = { postgres,
                      "-D",
                      "data",
                      "-k",
                      server_dir,
                      "-h",
                      "",
                      "-c",
                      "fsync=off",
                      "-c",
                      (char *)(uintptr_t)buffers,
                      "-c",
                      "max_connections=60",
                      NULL };
    server = run(serve, true);
    server_url(url, sizeof(url), "postgres");
    for (int waited = 0; PQping(url) != PQPING_OK; waited += 20) {
        if (waited > WAIT_MS || waitpid(server, &status, WNOHANG) == server) {
            server = 0;
            give_up("PostgreSQL did not start");
        }
        usleep(20000);
    }
}

void pg_stop(void)
{
    if (server && getpid() == owner) {
        kill(server, SIGQUIT);
        waitpid(server, NULL, 0);
        server = 0;
    }
}

void pg_new_url(char *out, size_t size)
{
    char name[32];
    pg_start();
    snprintf(name, sizeof(name), "t%d", ++databases);
    server_url(out, size, name);
}

void pg_kill_connections(void)
{
    char url[600];
    server_url(url, sizeof(url), "postgres");
    PGconn *pg = PQconnectdb(url);
    PQclear(PQexec(pg, "select pg_terminate_backend(pid) from pg_stat_activity "
                       "where datname like 't%' and pid <> pg_backend_pid()"));
    PQfinish(pg);
    usleep(50000); /* until they have ended */
}
