/* cmd.h - what the commands of the one program share: options, output, exit codes, the real clock.
 *
 * A command is a row of a table (struct command) and a function; main.c finds it by its words. The
 * only room that prints and that asks the system for the time.
 *
 * Laws
 *  1. Exit code 0 done, 1 refused by rule, 2 wrong use, 3 I/O or store failure, 4 partly done
 *     (product.md section 4).
 *  2. Tables for people, --json for programs; the same facts in both.
 *  3. Progress and messages go to standard error, results to standard output. Bars only on a
 *     terminal.
 */
#ifndef SK_CMD_CMD_H
#define SK_CMD_CMD_H
#include "base/base.h"
#include "base/json.h"
#include "store/store.h"
#include <stdio.h>

enum exit_code { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USE = 2, EXIT_STORE = 3, EXIT_PARTLY = 4 };

/* What every command gets. */
struct cmd {
    struct arena *arena;
    const char *store; /* --store; "./var" by default */
    bool json;         /* --json */
    bool quiet;        /* --quiet: no progress */
    struct clock clock;
    const char *command; /* "strategy check", for messages */
};

struct command {
    const char *name;                                 /* "strategy check" */
    const char *use;                                  /* "FILE.tally..." */
    const char *help;                                 /* one line */
    const char *examples;                             /* lines for --help; may be NULL */
    int (*run)(struct cmd *c, int argc, char **argv); /* argv[0] is the first word after the name */
};
/* One NULL-ended table per file of commands; main.c lists the tables. */
extern const struct command strategy_commands[];
extern const struct command form_commands[];
extern const struct command release_commands[];
extern const struct command store_commands[];
extern const struct command people_commands[];
extern const struct command reading_commands[];
extern const struct command vee_commands[];
extern const struct command settle_commands[];
extern const struct command statement_commands[];
extern const struct command sim_commands[];
extern const struct command estate_commands[];
extern const struct command contract_commands[];
extern const struct command facts_commands[];
extern const struct command demo_commands[];
extern const struct command ledger_commands[];
extern const struct command account_commands[];

/* ---- options: --name VALUE, --name=VALUE, --flag ---- */
struct option {
    const char *name;   /* "--order"; a NULL name ends the list */
    const char **value; /* where the word goes; NULL for a flag */
    bool *flag;         /* where a flag goes */
};
/* Takes the options out of argv and leaves the other words (room for argc), counted in *n;
 * `words` NULL: the command takes none. The common options (--store, --json, --quiet) are always
 * known. EXIT_USE and a message for an unknown option (naming the nearest), a missing value or an
 * unexpected word; 0 otherwise. */
int cmd_options(struct cmd *c, int argc, char **argv, const struct option *options, char **words,
                int *n);
/* Says what is wrong with the use and how to get help; returns EXIT_USE. */
__attribute__((format(printf, 2, 3))) int cmd_use(struct cmd *c, const char *fmt, ...);
/* Prints an error; returns the exit code that fits it. */
int cmd_error(struct cmd *c, const struct err *e);
int cmd_exit_code(enum err_code code);
/* Opens c->store and migrates every room (CREATE, READ_WRITE) or opens for reading. */
SK_MUST_USE enum err_code cmd_open(struct cmd *c, enum store_mode mode, struct db **out,
                                   struct err *e);
/* Every room's migrations, on a store that is open for writing. */
SK_MUST_USE enum err_code cmd_migrate(struct cmd *c, struct db *db, struct err *e);
/* Whose eyes: --as LOGIN gives that user's scope, nothing gives the machine's (the operator's own
 * administrator at the server). ERR_NOT_FOUND for an unknown login. */
SK_MUST_USE enum err_code cmd_scope(struct cmd *c, struct db *db, const char *login,
                                    struct scope *out, int64_t *user_id, struct err *e);
/* A whole file, at most `max` bytes. */
SK_MUST_USE enum err_code cmd_read_file(struct arena *a, const char *path, size_t max,
                                        struct str *out, struct err *e);

/* ---- output ---- */
struct table; /* rows of text cells, aligned by display width */
/* One letter per column in `align`: l or r; n is right-aligned and a bare number in JSON. */
struct table *table_new(struct arena *a, const char *align, const char *const *titles,
                        const char *const *keys);
void table_cell(struct table *t, struct str cell); /* fills row by row */
__attribute__((format(printf, 2, 3))) void table_cellf(struct table *t, const char *fmt, ...);
void table_print(const struct table *t, const struct cmd *c, FILE *out);
size_t table_rows(const struct table *t);

/* 1234567 -> "12,345.67" */
struct str money_text(struct arena *a, int64_t fen);
/* 10^-4 kWh to "1,234.56" (two decimals; half away from zero, for showing only) */
struct str energy_text(struct arena *a, int64_t kwh_e4);
/* A right-aligned bar with percentage and rate on a terminal, one line per 10 % otherwise. */
struct progress {
    const char *what, *unit;
    int64_t total, shown;
    struct instant started;
    const struct cmd *cmd;
    int last_tenth;
};
void progress_start(struct progress *p, const struct cmd *c, const char *what, const char *unit,
                    int64_t total);
void progress_step(struct progress *p, int64_t done);
void progress_end(struct progress *p);
#endif
