/* estate.h - a small estate for the tests of settlement: stations, contracts and two months of
 * readings whose every number follows from a formula, so that expect.py can know the answers. */
#ifndef SK_TESTS_PARITY_ESTATE_H
#define SK_TESTS_PARITY_ESTATE_H
#include "contract/contract.h"
#include "people/people.h"
#include "reading/reading.h"
#include "settle/settle.h"
#include "statement/statement.h"
#include "store/store.h"

#define ESTATE_PV 24
#define ESTATE_FEED 4
#define ESTATE_STORAGE 2
#define ESTATE_NOW ((struct instant){1788192000000LL}) /* 2026-09-01 00:00 */

struct estate {
    struct db *db;
    struct arena *a;
    struct err e;
    struct instant now;
    int64_t platform, investor, consumer, grid; /* organisations */
    int64_t maker, checker;                     /* users of the platform */
    int64_t gen[ESTATE_PV], export[ESTATE_PV];  /* points */
    int64_t feed[ESTATE_FEED], charge[ESTATE_STORAGE], discharge[ESTATE_STORAGE];
    int64_t pv_order[ESTATE_PV], storage_order[ESTATE_STORAGE];
};

/* Opens the store at `where` (made if absent) with every table. */
void estate_open(struct estate *s, const char *where);
void estate_close(struct estate *s);
/* Fills an empty store: everything above, and the readings of July and August 2026. */
void estate_fill(struct estate *s);
/* `only` stations of pv_selfuse and no others: for runs that shall be short or large. */
void estate_fill_pv(struct estate *s, int only);

extern const struct settle_period JULY, AUGUST;
/* Settles a period into statements. */
struct settle_progress estate_run(struct estate *s, struct settle_period p, int workers);
/* Every line of every statement of a period that is not void, one per row of text, by order number:
 * "PV-00 SELF.sharp consumer investor 12.3400 0.950000 1172 1037 135". */
struct str estate_lines(struct estate *s, struct settle_period p);
/* All statements of a period as canonical JSON, one per row, by order number. */
struct str estate_json(struct estate *s, struct settle_period p);
int64_t estate_statement(struct estate *s, const char *order_no, struct settle_period p);
struct statement_act estate_act(const struct estate *s, const char *reason);
/* A manual value for one slot, asked by the maker and decided by the checker. */
void estate_edit(struct estate *s, int64_t point, struct slot slot, int64_t value);
#endif
