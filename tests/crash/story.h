/* story.h - a small day from end to end: readings journalled and folded, settled, sealed, issued,
 * one corrected. Played again after a crash or a failed write it goes on where it stopped.
 */
#ifndef SK_TESTS_CRASH_STORY_H
#define SK_TESTS_CRASH_STORY_H
#include "crash/village.h"

/* A store with the village of the plan, and no readings. */
SK_MUST_USE enum err_code story_prepare(const struct village_plan *plan, const char *dir,
                                        struct err *e);
SK_MUST_USE enum err_code story_play(const struct village_plan *plan, const char *dir,
                                     struct err *e);

/* What the store holds, after all its invariants were checked (ERR_CORRUPT with the finding). */
struct story_end {
    uint64_t readings, papers; /* of values in force; of the statements' canonical JSON */
    struct sha256 digest;      /* statement_check's */
    int64_t statements, numbers;
};
SK_MUST_USE enum err_code story_look(const struct village_plan *plan, const char *dir, bool deep,
                                     struct story_end *out, struct err *e);
bool story_same(const struct story_end *a, const struct story_end *b);
#endif
