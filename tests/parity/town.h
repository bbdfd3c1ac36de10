/* town.h - a small estate for the tests of settlement: stations, contracts and two months of
 * readings whose every number follows from a formula, so that expect.py can know the answers. */
#ifndef SK_TESTS_PARITY_TOWN_H
#define SK_TESTS_PARITY_TOWN_H
#include "contract/contract.h"
#include "people/people.h"
#include "reading/reading.h"
#include "settle/settle.h"
#include "statement/statement.h"
#include "store/store.h"

#define TOWN_PV 24
#define TOWN_FEED 4
#define TOWN_STORAGE 2
#define TOWN_NOW ((struct instant){1788192000000LL}) /* 2026-09-01 00:00 */

struct town {
    struct db *db;
    struct arena *a;
    struct err e;
    struct instant now;
    int64_t platform, investor, consumer, grid; /* organisations */
    int64_t maker, checker;                     /* users of the platform */
    int64_t gen[TOWN_PV], export[TOWN_PV];      /* points */
    int64_t feed[TOWN_FEED], charge[TOWN_STORAGE], discharge[TOWN_STORAGE];
    int64_t pv_order[TOWN_PV], storage_order[TOWN_STORAGE];
};

/* Opens the store at `where` (made if absent) with every table. */
void town_open(struct town *s, const char *where);
void town_close(struct town *s);
/* Fills an empty store: everything above, and the readings of July and August 2026. */
void town_fill(struct town *s);
/* `only` stations of pv_selfuse and no others: for runs that shall be short or large. */
void town_fill_pv(struct town *s, int only);

extern const struct settle_period JULY, AUGUST;
/* Settles a period into statements. */
struct settle_progress town_run(struct town *s, struct settle_period p, int workers);
/* Every line of every statement of a period that is not void, one per row of text, by order number:
 * "PV-00 SELF.sharp consumer investor 12.3400 0.950000 1172 1037 135". */
struct str town_lines(struct town *s, struct settle_period p);
/* All statements of a period as canonical JSON, one per row, by order number. */
struct str town_json(struct town *s, struct settle_period p);
int64_t town_statement(struct town *s, const char *order_no, struct settle_period p);
struct statement_act town_act(const struct town *s, const char *reason);
/* A manual value for one slot, asked by the maker and decided by the checker. */
void town_edit(struct town *s, int64_t point, struct slot slot, int64_t value);
#endif
