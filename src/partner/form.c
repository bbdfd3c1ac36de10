/* form.c - what a leaf may hold: amounts, digits, codes, dates, and text counted in characters. */
#include "partner/form.h"
#include "base/check.h"

#define AMOUNT_DIGITS 16 /* before the point: 10^16 yuan are 10^18 fen, which 64 bits hold */

enum err_code wire_amount_parse(struct str s, struct money *out, struct err *e)
{
    int64_t fen = 0;
    size_t i = 0, decimals = 0;
    while (i < s.n && s.at[i] >= '0' && s.at[i] <= '9') {
        if (i == AMOUNT_DIGITS) {
            return fail_named(e, ERR_INPUT, "WIRE_AMOUNT", "an amount has more than %d digits",
                              AMOUNT_DIGITS);
        }
        fen = fen * 10 + (s.at[i++] - '0');
    }
    const size_t whole = i;
    if (i < s.n && s.at[i] == '.') {
        for (i++; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++, decimals++) {
            if (decimals < 2) {
                fen = fen * 10 + (s.at[i] - '0');
            } else if (s.at[i] != '0') {
                return fail_named(e, ERR_INPUT, "WIRE_AMOUNT",
                                  "an amount has more than two decimals: it is not rounded");
            }
        }
    }
    if (i < s.n || (whole == 0 && decimals == 0) || (i > whole && decimals == 0)) {
        return fail_named(e, ERR_INPUT, "WIRE_AMOUNT",
                          "an amount is digits, perhaps a point and two decimals, nothing else");
    }
    for (; decimals < 2; decimals++) {
        fen *= 10;
    }
    out->fen = fen;
    return OK;
}

void text_wire_amount(struct text *t, struct money m)
{
    check(m.fen >= 0);
    text_addf(t, "%lld.%02lld", (long long)(m.fen / 100), (long long)(m.fen % 100));
}

enum err_code wire_sum(struct money a, struct money b, struct money *out, struct err *e)
{
    int64_t sum;
    if (__builtin_add_overflow(a.fen, b.fen, &sum)) {
        return fail_named(e, ERR_LIMIT, "WIRE_SUM", "a sum of amounts is beyond 64 bits");
    }
    out->fen = sum;
    return OK;
}

size_t form_end(const struct form *f, size_t i)
{
    const uint8_t depth = f->nodes[i].depth;
    do {
        i++;
    } while (i < f->n && f->nodes[i].depth > depth);
    return i;
}

size_t form_chars(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.at[i] & 0xc0) != 0x80;
    }
    return n;
}

static bool all_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
    }
    return s.n > 0;
}

static bool code_known(const char *codes, struct str s)
{
    struct str rest = str_of(codes), part;
    while (str_split(&rest, ' ', &part)) {
        if (str_eq(part, s)) {
            return true;
        }
    }
    return false;
}

static enum err_code date_check(const char *name, struct str s, struct err *e)
{
    struct day d;
    if (s.n != 10 || s.at[4] != '-' || s.at[7] != '-' || day_parse(s, &d, NULL) != OK) {
        return fail_named(e, ERR_INPUT, "XML_DATE", "%s: not a day like 2026-07-01", name);
    }
    return OK;
}

static bool two_digits(const char *at, int limit)
{
    return at[0] >= '0' && at[0] <= '9' && at[1] >= '0' && at[1] <= '9' &&
           (at[0] - '0') * 10 + (at[1] - '0') <= limit;
}

/* After the seconds: nothing, or .digits, then nothing, Z, +08:00 or -08:00. */
static bool time_tail(struct str s)
{
    size_t i = 0;
    if (i < s.n && s.at[i] == '.') {
        for (i++; i < s.n && s.at[i] >= '0' && s.at[i] <= '9'; i++) {
        }
        if (i == 1) {
            return false;
        }
    }
    if (i == s.n || (i + 1 == s.n && s.at[i] == 'Z')) {
        return true;
    }
    return s.n - i == 6 && (s.at[i] == '+' || s.at[i] == '-') && two_digits(s.at + i + 1, 13) &&
           s.at[i + 3] == ':' && two_digits(s.at + i + 4, 59);
}

static enum err_code time_check(const char *name, struct str s, struct err *e)
{
    if (s.n < 19 || date_check(name, (struct str){s.at, 10}, NULL) != OK || s.at[10] != 'T' ||
        !two_digits(s.at + 11, 23) || s.at[13] != ':' || !two_digits(s.at + 14, 59) ||
        s.at[16] != ':' || !two_digits(s.at + 17, 59) ||
        !time_tail((struct str){s.at + 19, s.n - 19})) {
        return fail_named(e, ERR_INPUT, "XML_DATE", "%s: not a time like 2026-07-01T09:02:03",
                          name);
    }
    return OK;
}

static enum err_code text_check(const struct form *f, const struct form_node *n, struct str s,
                                struct err *e)
{
    if (!str_utf8(s)) {
        return fail_named(e, ERR_INPUT, "XML_ENCODING", "%s: not UTF-8", n->name);
    }
    for (size_t i = 0; i < s.n; i++) {
        const unsigned char c = (unsigned char)s.at[i];
        const bool blank = c == '\t' || c == '\n' || c == '\r';
        if (c == 0x7f || (c < 0x20 && !(f->lenient && blank))) {
            return fail_named(e, ERR_INPUT, "XML_TEXT", "%s: holds a control character", n->name);
        }
        /* U+FFFE and U+FFFF are UTF-8 but no characters of XML. */
        if (c == 0xef && i + 2 < s.n && (unsigned char)s.at[i + 1] == 0xbf &&
            (unsigned char)s.at[i + 2] >= 0xbe) {
            return fail_named(e, ERR_INPUT, "XML_TEXT", "%s: holds what XML cannot", n->name);
        }
    }
    return OK;
}

enum err_code form_leaf_check(const struct form *f, const struct form_node *n, struct str s,
                              struct err *e)
{
    switch ((enum form_kind)n->kind) {
    case FORM_DATE:
        return date_check(n->name, s, e);
    case FORM_TIME:
        return time_check(n->name, s, e);
    case FORM_CODE:
        return code_known(n->codes, s) ? OK
                                       : fail_named(e, ERR_INPUT, "XML_CODE", "%s: not one of %s",
                                                    n->name, n->codes);
    case FORM_FIXED:
        return str_is(s, n->codes) ? OK
                                   : fail_named(e, ERR_INPUT, "XML_CODE", "%s: not %s", n->name,
                                                n->codes);
    case FORM_EXACT:
        if (s.n != n->max) {
            return fail_named(e, ERR_INPUT, "XML_LENGTH", "%s: exactly %d digits", n->name,
                              n->max);
        }
        if (!all_digits(s)) {
            return fail_named(e, ERR_INPUT, "XML_DIGITS", "%s: digits only", n->name);
        }
        break;
    case FORM_DIGITS:
        if (!all_digits(s)) {
            return fail_named(e, ERR_INPUT, "XML_DIGITS", "%s: digits only", n->name);
        }
        break;
    case FORM_TEXT:
        if (text_check(f, n, s, e) != OK) {
            return ERR_INPUT;
        }
        break;
    case FORM_AMOUNT:
    case FORM_DECIMAL:
        return OK; /* checked where their value is made */
    case FORM_ANY:
        return form_any_check(f, s, e);
    case FORM_GROUP:
    case FORM_LIST:
        check(false); /* no leaf */
    }
    const size_t chars = form_chars(s);
    if (chars == 0 || chars > n->max) {
        return fail_named(e, ERR_INPUT, "XML_LENGTH", "%s: %zu characters, 1 to %d are allowed",
                          n->name, chars, n->max);
    }
    return OK;
}

/* Amount text as given, if it says what the value says; else made from the value. */
static enum err_code amount_text(const struct form_node *n, const struct wire_amount *w,
                                 struct text *scratch, struct str *out, struct err *e)
{
    struct money m;
    if (w->inexact || w->value.fen < 0) {
        return fail_named(e, ERR_INPUT, "WIRE_AMOUNT", "%s: negative, or not in whole fen",
                          n->name);
    }
    if (w->text.n) {
        if (wire_amount_parse(w->text, &m, e) != OK) {
            return fail_in(e, "%s: ", n->name);
        }
        if (m.fen != w->value.fen) {
            return fail_named(e, ERR_INPUT, "WIRE_AMOUNT", "%s: its text says another amount",
                              n->name);
        }
        *out = w->text;
        return OK;
    }
    if (w->value.fen == 0 && (n->flags & FORM_OPT)) {
        *out = (struct str){"", 0};
        return OK;
    }
    scratch->n = 0;
    text_wire_amount(scratch, w->value);
    *out = text_str(scratch);
    return OK;
}

static enum err_code currency_of(const struct form *f, const struct form_node *n,
                                 const struct wire_amount *w, struct str *out, struct err *e)
{
    const struct str c = w->currency.n ? w->currency : STR(WIRE_CURRENCY);
    if (c.n != 3 || (!f->lenient && !str_is(c, WIRE_CURRENCY))) {
        return fail_named(e, ERR_INPUT, "XML_CURRENCY", "%s: the currency is not %s", n->name,
                          WIRE_CURRENCY);
    }
    for (size_t i = 0; i < c.n; i++) {
        if (c.at[i] < 'A' || c.at[i] > 'Z') {
            return fail_named(e, ERR_INPUT, "XML_CURRENCY", "%s: a currency is three letters",
                              n->name);
        }
    }
    *out = c;
    return OK;
}

enum err_code form_leaf_text(const struct form *f, const struct form_node *n, const char *record,
                             struct text *scratch, struct str *out, struct str *currency,
                             struct err *e)
{
    const void *at = record + n->at;
    struct str s = {"", 0}, c = {"", 0};
    if (n->kind == FORM_AMOUNT || n->kind == FORM_DECIMAL) {
        if (amount_text(n, at, scratch, &s, e) != OK ||
            (n->kind == FORM_AMOUNT && currency_of(f, n, at, &c, e) != OK)) {
            return ERR_INPUT;
        }
    } else if (n->kind == FORM_FIXED) {
        s = str_of(n->codes);
    } else if (n->kind == FORM_DATE) {
        const struct day d = *(const struct day *)at;
        if (d.yyyymmdd != 0 && !day_valid(d)) {
            return fail_named(e, ERR_INPUT, "XML_DATE", "%s: no such day", n->name);
        }
        if (d.yyyymmdd != 0) {
            scratch->n = 0;
            text_day(scratch, d);
            s = text_str(scratch);
        }
    } else {
        s = *(const struct str *)at;
        if (s.n && form_leaf_check(f, n, s, e) != OK) {
            return ERR_INPUT;
        }
    }
    *out = s;
    *currency = c;
    return OK;
}
