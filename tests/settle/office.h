/* office.h - one contract at a time for the tests of what a period can be: an empty store with its
 * people and rules, points with readings by a formula, a contract from a text, its statement. */
#ifndef SK_TESTS_SETTLE_OFFICE_H
#define SK_TESTS_SETTLE_OFFICE_H
#include "contract/contract.h"
#include "people/people.h"
#include "reading/reading.h"
#include "settle/settle.h"
#include "statement/statement.h"
#include "store/store.h"

#define OFFICE_NOW ((struct instant){1788192000000LL}) /* 2026-09-01 00:00 */
#define OFFICE_POINTS 8
#define OFFICE_POINT(i) (5000 + (i))
#define OFFICE_STATION 1000

/* Energy of one interval, 10^-4 kWh; -1: none. `day` counts from the first day loaded. */
typedef int64_t office_value(int point, int day, int slot);

struct office {
    struct db *db;
    struct arena *a;
    struct err e;
    struct instant now;
    int64_t contract_id, order_id;
    int n_orders;
};

/* An empty store at `where` with people, calendar, holidays, prices and the points of a station. */
void office_open(struct office *o, const char *where);
void office_close(struct office *o);
/* Publishes FOLDER/NAME.tally with the libraries `uses` names, or a text of its own. */
void office_strategy(struct office *o, const char *folder, const char *name,
                     const char *const *uses, size_t n_uses);
void office_text(struct office *o, const char *name, const char *text);
struct str office_file(struct office *o, const char *path);
/* Whole days of interval energies for all points. */
void office_readings(struct office *o, struct day from, int days, office_value *value);
/* The contract C1 from 2026-01-01 with its order O1; `no` of both follow. Parties: consumer 13,
 * investor 12, operator 11, grid 14. */
enum err_code office_contract(struct office *o, const char *strategy, struct day from,
                              const char *terms);
enum err_code office_facts(struct office *o, struct day period, const char *facts);
/* The order computed as it would be now; lines as text "CODE payer payee quantity price fen". */
enum err_code office_try(struct office *o, struct settle_period p,
                         const struct settle_result **out);
const char *office_lines(struct office *o, const struct settle_result *r);
/* Settled into statements; then the one statement of the order and period. */
struct settle_progress office_run(struct office *o, struct settle_period p);
const struct statement *office_statement(struct office *o, struct settle_period p);
/* Recomputes to the same bytes, explains every line, gives its annex. */
void office_prove(struct office *o, const struct statement *s);
/* The failure of the order in a period, "" if none. */
const char *office_failure(struct office *o, struct settle_period p);
#endif
