/* base.h - the words all rooms speak, in one include for those who use most of them.
 *
 * Each word has its own header; include those alone where a file needs one or two.
 */
#ifndef SK_BASE_BASE_H
#define SK_BASE_BASE_H
#include "base/arena.h"
#include "base/check.h"
#include "base/decimal.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"
#endif
