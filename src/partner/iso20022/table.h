/* table.h - the ISO 20022 messages as forms; the rows stand in table.c. */
#ifndef SK_PARTNER_ISO20022_TABLE_H
#define SK_PARTNER_ISO20022_TABLE_H
#include "partner/form.h"
#include "partner/iso20022/iso20022.h"

const struct form *iso_table_find(const char *type); /* NULL: not one of ISO_* */
#endif
