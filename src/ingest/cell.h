/* cell.h - the number in a cell, exactly: digits and a count of decimals, and its way to 10^-4 kWh.
 * Private to ingest.
 *
 * base/decimal.h needs the scale beforehand; here a source may write "18.432798" or
 * "15.581067000000001" MW, and only the product with unit and duration must be whole.
 */
#ifndef SK_INGEST_CELL_H
#define SK_INGEST_CELL_H
#include "ingest/ingest.h"

#define NUMBER_DIGITS_MAX 18 /* fit 63 bits; the publishers' own double artefacts have 17 */

struct number {
    int64_t digits;   /* signed */
    int32_t decimals; /* value = digits / 10^decimals; 0..NUMBER_DIGITS_MAX */
};

/* E_NONE, E_NAN (words that mean "not a number"), E_RANGE (too many digits), E_TYPE (no number). */
enum ingest_code number_parse(struct str cell, char decimal_mark, struct number *out);
bool number_equal(struct number a, struct number b);

/* value x num / den, for each count of decimals with common factors taken out beforehand. */
struct conversion {
    int64_t mul[NUMBER_DIGITS_MAX + 1];
    __int128 div[NUMBER_DIGITS_MAX + 1];
};
void conversion_init(struct conversion *c, int64_t num, int64_t den);
/* E_NONE or E_RANGE: beyond ENERGY_MAX_E4, or not whole and `round` is false. */
enum ingest_code conversion_apply(const struct conversion *c, struct number n, bool round,
                                  int64_t *out);
#endif
