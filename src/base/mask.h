/* mask.h - what may be shown of a name, a number or a place: one function for screens, exports,
 * logs, errors and statements.
 *
 * Characters are code points, not bytes. What is shorter than its rule becomes stars whole.
 */
#ifndef SK_BASE_MASK_H
#define SK_BASE_MASK_H
#include "base/str.h"

enum mask_kind {
    MASK_PERSON = 1,    /* 张三 -> 张*; 欧阳小明 -> 欧阳** */
    MASK_COMPANY,       /* first 4 and last 4, where a company name is to be masked at all */
    MASK_MOBILE,        /* 138****8000 */
    MASK_PHONE,         /* 0571-******12 */
    MASK_ACCOUNT,       /* 620000*********0001; below 14 digits the last 4 */
    MASK_IDENTITY_CARD, /* 3****************X */
    MASK_USCC,          /* 9133**********001F */
    MASK_EMAIL,         /* a***@example.com */
    MASK_ADDRESS,       /* 浙江省杭州市萧山区*** */
};
struct str mask(struct arena *a, enum mask_kind kind, struct str value);
#endif
