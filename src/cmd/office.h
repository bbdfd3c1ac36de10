/* office.h - what the commands that write agreements share: a store open for writing, whose eyes,
 * and files in which names stand for ids.
 */
#ifndef SK_CMD_OFFICE_H
#define SK_CMD_OFFICE_H
#include "cmd/cmd.h"
#include "people/people.h"
#include "secret/secret.h"

struct office {
    struct db *db;
    struct scope scope;
    int64_t user_id;
    struct instant now;
    struct err e;
    char **words;
    int n;
};

/* Words and options taken, the store opened. `own` may be NULL: only --as. Not 0: the exit code. */
int office_open_with(struct cmd *c, int argc, char **argv, const struct option *own,
                     struct office *o, const char *what);
int office_open(struct cmd *c, int argc, char **argv, struct office *o, const char *what);
/* Ends the command: rolls back what is open, says what went wrong. */
int office_close(struct cmd *c, struct office *o, enum err_code code);
/* The audit row, then the commit. */
SK_MUST_USE enum err_code office_commit(struct office *o, const char *action, const char *object,
                                        int64_t id);

/* office_terms.c: the terms and the facts of a file, organisations and STATION/POINT as ids. */
SK_MUST_USE enum err_code office_terms(struct cmd *c, struct office *o, struct json doc,
                                       struct str *out);
SK_MUST_USE enum err_code office_facts(struct cmd *c, struct office *o, struct json doc,
                                       struct str *out);

/* cmd_account.c: the keys of a store that is open for writing; their root in the file that the
 * environment names as SK_KEY_FILE, else in the folder of an embedded store. */
SK_MUST_USE enum err_code cmd_secrets(struct db *db, struct secrets **out, struct err *e);
#endif
