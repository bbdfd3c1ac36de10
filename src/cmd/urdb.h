/* urdb.h - public tariffs of the Utility Rate Database (URDB, OpenEI) as strategies in Tally.
 *
 * A public tariff is a matrix of month x hour for weekdays and weekends that points into priced
 * periods with tiers, plus demand, fixed and minimum charges. A rate file becomes one text that is
 * checked, released and settled like any other; no rate is ever read while money is computed.
 *
 * Laws
 *  1. Whatever bears money in the file stands in the text, or the import is refused and names its
 *     JSON path and why. What bears none is left out; a note says so where a reader could wonder.
 *     Keys that nobody knows are refused.
 *  2. Numbers are taken as written, in decimal. More than 15 digits are the print of a binary
 *     fraction: the nearest decimal of 15 digits is meant.
 *  3. The unit yuan of the text reads as the file's currency, its fen as the hundredth; the text
 *     says so on top.
 *  4. Same file, same text, in the canonical layout; what does not check soundly is never given.
 *
 * How the elements are read (the public format leaves it open; tests/urdb/calc.py says the same)
 *  a. Settled by natural months; a statement over anything else is held (NOT_A_MONTH). Times are
 *     those of the meter's clock; weekend is Saturday and Sunday, holidays are no weekends.
 *  b. Energy of a period and month is rounded to 0.01 kWh, demand to 0.01 kW (mean power of the
 *     meter's interval, or of the clock hour where `demandwindow` is 60), each line to 0.01.
 *  c. Tiers split the energy (or demand) of their own period in the month. A bound in `kWh daily`
 *     is times the days, in `kWh/kW` times the month's highest demand.
 *  d. `sell` pays what the export meter counts, by the same periods; its tiers split the export.
 *  e. A minimum compares with all charges of the month, credits for export not counted.
 *  f. Yearly amounts: one twelfth rounded, the twelfth month takes the rest. Years are contract
 *     years.
 *  g. Coincident demand is told by the utility: an input for each period. Demand that costs nothing
 *     has no line.
 *
 * Also read: the short form {"schedule": [{"effective_start", "effective_end", "dow_mask", "times",
 * "tariffs", "demand_charge"}]}, with boundaries on quarter-hours.
 */
#ifndef SK_CMD_URDB_H
#define SK_CMD_URDB_H
#include "cmd/cmd.h"
#include "strategy/strategy.h"

#define URDB_BYTES_MAX (8u << 20) /* a whole page of rates from the database is below 2 MB */
#define URDB_NOTES_MAX 32         /* notes, and refusals, of one rate */

struct urdb_request {
    int item;   /* of `items`, from 0 */
    bool first; /* short form: of entries that hold at once, the earlier one wins */
};
struct urdb_import {
    struct str name, title, currency;
    struct str text; /* the strategy */
    const char *notes[URDB_NOTES_MAX];
    size_t n_notes;
    size_t n_lines;
    bool exports; /* asks for an export meter */
};
/* ERR_INPUT: the file is wrong, or has elements that a strategy cannot say; the text names the
 * first with its path, `out->notes` then has every one of them. */
SK_MUST_USE enum err_code urdb_import(struct arena *a, struct str bytes, const char *file,
                                      const struct urdb_request *q, struct urdb_import *out,
                                      struct err *e);
/* sunkeeper strategy import-urdb */
int urdb_command(struct cmd *c, int argc, char **argv);
#endif
