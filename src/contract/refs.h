/* refs.h - lists of texts as they are stored: "name@3 other@1". Private. */
#ifndef SK_CONTRACT_REFS_H
#define SK_CONTRACT_REFS_H
#include "contract/contract.h"

struct str refs_text(struct arena *a, const struct strategy_ref *refs, size_t n);
enum err_code refs_parse(struct arena *a, struct str text, const struct strategy_ref **out,
                         size_t *n, struct err *e);
#endif
