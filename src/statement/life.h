/* life.h - what the steps of a statement's life share: statement.c has the table, correct.c the
 * steps of a correction. Private.
 */
#ifndef SK_STATEMENT_LIFE_H
#define SK_STATEMENT_LIFE_H
#include "statement/statement.h"

/* One statement, one act, one transaction. */
struct single_act {
    const struct statement_act *act;
    int64_t id, approval_id;
    enum statement_state to;
    struct arena *arena;
    struct str no;
};
enum err_code act_run(struct db *db, struct single_act *c,
                      enum err_code (*body)(struct db *, void *, struct err *), struct err *e);
/* ERR_INPUT when the act does not say why. */
enum err_code act_reason(const struct statement_act *act, const char *what, struct err *e);
/* The header in the scope, or ERR_NOT_FOUND. */
enum err_code statement_header(struct db *db, struct arena *a, struct scope s, int64_t id,
                               struct statement *out, struct err *e);
/* The audit row of a statement that came into its state. */
enum err_code statement_moved(struct db *db, struct arena *a, const struct statement_act *act,
                              const struct statement *s, struct err *e);
/* Whose business it is: who runs the settlement. */
int64_t statement_owner(const struct statement *s);
#endif
