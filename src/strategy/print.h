/* print.h - tokens back to text: whole files in canonical layout, parts of them on one line. */
#ifndef SK_STRATEGY_PRINT_H
#define SK_STRATEGY_PRINT_H
#include "strategy/parse.h"

void print_file(struct text *out, struct arena *a, const struct tally_file *f);
/* Tokens [first, last] on one line, without comments: for fixes and explanations. */
struct str print_tokens(struct arena *a, const struct tally_file *f, int32_t first, int32_t last);
#endif
