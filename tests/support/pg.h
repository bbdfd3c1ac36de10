/* pg.h - a PostgreSQL for tests: started on a private socket, gone with the test program. */
#ifndef SK_TESTS_SUPPORT_PG_H
#define SK_TESTS_SUPPORT_PG_H
#include <stdbool.h>
#include <stddef.h>

/* True when PostgreSQL is installed here. Tests are skipped only when it is not. */
bool pg_installed(void);
/* Before the start: 512 MB of shared buffers, so that a bench's table is at hand. */
void pg_more_memory(void);
/* Starts a server, once in a program; stops the program with a message when that fails. It ends
 * with pg_stop(), at exit, and also when this process is killed. */
void pg_start(void);
void pg_stop(void);
/* The address of a database that is not there yet: a new one with each call, started if need be. */
void pg_new_url(char *out, size_t size);
/* Kills all connections to the databases of pg_new_url(), as a restart of the server would. */
void pg_kill_connections(void);

/* A new empty directory for a store or files, below $TMPDIR or /tmp; removed at exit. */
void temp_dir(char *out, size_t size);
#endif
