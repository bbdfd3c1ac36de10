/* terms.h - what terms.c gives the rest of the room beside the public parsers. */
#ifndef SK_CONTRACT_TERMS_H
#define SK_CONTRACT_TERMS_H
#include "contract/contract.h"

/* Calendar, category, dates and prices in one canonical text: bindings with equal ones share what
 * is resolved from it. */
struct str terms_tariff_key(struct arena *a, const struct contract_terms *t);
#endif
