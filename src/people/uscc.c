/* uscc.c - the check character of the unified social credit code (统一社会信用代码, GB 32100). */
#include "people/people.h"

#define USCC_CHARS 18

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* 31: no I O S V Z */

static int value_of(char c)
{
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

char uscc_digit(struct str first17)
{
    int sum = 0, weight = 1; /* 3^i mod 31 */
    if (first17.n != USCC_CHARS - 1) {
        return 0;
    }
    for (size_t i = 0; i < first17.n; i++) {
        int v = value_of(first17.at[i]);
        if (v < 0) {
            return 0;
        }
        sum = (sum + v * weight) % 31;
        weight = weight * 3 % 31;
    }
    return alphabet[(31 - sum) % 31];
}

static bool all_digits(struct str s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') {
            return false;
        }
    }
    return true;
}

enum err_code uscc_check(struct str uscc, bool *legacy, struct err *e)
{
    bool is_legacy = false;
    if (uscc.n == 15 || uscc.n == 20) { /* tax ids of before 2015 end in digits or an X */
        is_legacy =
            all_digits(uscc, uscc.n - 1) &&
            (all_digits((struct str){ uscc.at + uscc.n - 1, 1 }, 1) || uscc.at[uscc.n - 1] == 'X');
        if (!is_legacy) {
            return fail(e, ERR_INPUT, "'" STR_FMT "' is no tax id of %zu digits", STR_ARG(uscc),
                        uscc.n);
        }
    } else if (uscc.n != USCC_CHARS || !str_utf8(uscc)) {
        return fail(e, ERR_INPUT, "a unified social credit code has 18 characters, this has %zu",
                    uscc.n);
    } else {
        for (size_t i = 0; i < uscc.n; i++) {
            if (value_of(uscc.at[i]) < 0) {
                return fail(e, ERR_INPUT,
                            "'" STR_FMT "': character %zu is not one of 0-9, A-Z without I O S V Z",
                            STR_ARG(uscc), i + 1);
            }
        }
        if (uscc_digit((struct str){ uscc.at, USCC_CHARS - 1 }) != uscc.at[USCC_CHARS - 1]) {
            return fail(e, ERR_INPUT,
                        "'" STR_FMT "': the check character is wrong: look for a typo",
                        STR_ARG(uscc));
        }
    }
    if (legacy) {
        *legacy = is_legacy;
    }
    return OK;
}
