/* partner.h - bytes out: what the codecs of all partners share.
 *
 * A partner is whoever the house exchanges messages with: the clearing line (cnaps/cnaps.h), banks
 * that speak ISO 20022 (iso20022/iso20022.h). A codec turns typed values into bytes and back; it
 * has no store, no network, no clock.
 *
 * Laws
 *  1. What a codec writes, it reads back to the same values; what it cannot write by the rules of
 *     the message it refuses, and writes nothing.
 *  2. Money is int64 fen; the decimal text of a message is kept beside it as it was written: that
 *     text is what is signed. An amount is never rounded.
 *  3. No error sentence repeats a name, an account or an amount: it names the element and the line.
 *  4. XML is UTF-8, at most WIRE_XML_MAX bytes and WIRE_DEPTH_MAX deep, without DTD, entities of
 *     its own or processing instructions; nothing is ever fetched.
 */
#ifndef SK_PARTNER_PARTNER_H
#define SK_PARTNER_PARTNER_H
#include "base/err.h"
#include "base/money.h"
#include "base/str.h"
#include "base/time.h"

#define WIRE_XML_MAX (16u << 20) /* bytes of a message, the line's own order of size (E20) */
#define WIRE_DEPTH_MAX 32        /* the deepest message known here has 12 levels            */
#define WIRE_CURRENCY "CNY"

/* Fen, and the decimal text it came from. Filled by hand: `value` alone, the rest zero, gives
 * "1234.56" in CNY. `inexact`: a bank wrote more than two decimals (or another figure that no fen
 * can hold); `value` is then 0 and the entry belongs on the exception list. */
struct wire_amount {
    struct money value;
    struct str text;
    struct str currency; /* empty is WIRE_CURRENCY */
    bool inexact;
};

/* A repeated element: how many, and where. */
#define WIRE_LIST(type)                                                                            \
    struct {                                                                                       \
        size_t n;                                                                                  \
        type *at;                                                                                  \
    }

/* Up to 16 integer digits, then perhaps a point and decimals, of which the first two count and any
 * more must be zeros. No sign, exponent or blank. ERR_INPUT `WIRE_AMOUNT`. */
SK_MUST_USE enum err_code wire_amount_parse(struct str s, struct money *out, struct err *e);
void text_wire_amount(struct text *t, struct money m); /* 1234.56; m is not negative */
/* a + b; ERR_LIMIT `WIRE_SUM` when it leaves 64 bits. */
SK_MUST_USE enum err_code wire_sum(struct money a, struct money b, struct money *out,
                                   struct err *e);
#endif
