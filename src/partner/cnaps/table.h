/* table.h - the messages of the clearing line as forms; the rows stand in table.c. */
#ifndef SK_PARTNER_CNAPS_TABLE_H
#define SK_PARTNER_CNAPS_TABLE_H
#include "partner/cnaps/messages.h"
#include "partner/form.h"

const struct form *table_at(size_t i);           /* NULL past the last      */
const struct form *table_find(struct str type); /* NULL: no such form here */
#endif
