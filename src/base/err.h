/* err.h - the world's trouble: a code the caller can act on, a stable name, a sentence.
 *
 * Laws
 *  1. A function that can fail returns enum err_code (0 is well) and takes `struct err *e` last.
 *  2. Outputs are untouched on failure.
 *  3. Each level may put its context in front (fail_in); nobody logs and returns.
 *  4. The sentence names the place (file:line:column, field, slot) and the remedy.
 */
#ifndef SK_BASE_ERR_H
#define SK_BASE_ERR_H
#include <stddef.h>

#define SK_MUST_USE __attribute__((warn_unused_result))

enum err_code {
    OK = 0,
    ERR_INPUT,     /* what was given is wrong: correct it                                */
    ERR_NOT_FOUND, /* no such thing, or not in the caller's scope                        */
    ERR_RULE,      /* refused by a rule of the business: a state, a second person        */
    ERR_CONFLICT,  /* somebody else was first, or the same key came with other content   */
    ERR_GAP,       /* readings or prices are missing: get them, or estimate              */
    ERR_WEIGHT,    /* a split that nobody can bear                                       */
    ERR_LIMIT,     /* larger than a stated maximum                                       */
    ERR_RETRY,     /* busy or serialization failure: do the whole transaction again      */
    ERR_UNKNOWN,   /* the outcome is not known: look up by key, never just repeat        */
    ERR_IO,        /* file, socket or store failed                                       */
    ERR_FULL,      /* no space left                                                      */
    ERR_READ_ONLY, /* the place cannot be written                                        */
    ERR_CORRUPT,   /* stored bytes do not agree with their checksum or their law         */
};

struct err {
    enum err_code code;
    const char *name; /* stable, shown by the API as `code`: "ALLOC_WEIGHT"; may be NULL */
    char text[512];   /* "settle order 81: reading: point 7: none at 2026-03-02 10:15"   */
};

/* Both return the code, so that `return fail(e, ...)` is one line. `e` may be NULL. */
__attribute__((format(printf, 3, 4))) enum err_code fail(struct err *e, enum err_code code,
                                                         const char *fmt, ...);
/* Puts context in front of the sentence: "settle order 81: " + what was there. */
__attribute__((format(printf, 2, 3))) enum err_code fail_in(struct err *e, const char *fmt, ...);
/* As fail(), and sets the stable name (a literal). */
__attribute__((format(printf, 4, 5))) enum err_code fail_named(struct err *e, enum err_code code,
                                                               const char *name, const char *fmt,
                                                               ...);
/* The word for a code, for logs and JSON: "not_found". */
const char *err_word(enum err_code code);
#endif
