/* estimate.h - what the methods of an estimate share; private. */
#ifndef SK_READING_ESTIMATE_H
#define SK_READING_ESTIMATE_H
#include "reading/days.h"
#include "reading/vee.h"

/* How far back good days are looked for: two months ago is another season. */
#define LOOK_BACK_DAYS 60
/* How far the registers on both sides of a gap may be: as a gap of registers is bridged. */
#define CONTROL_DAYS 62

/* A job being worked on. Slot k of the span is slot k % SLOTS of day first + k / SLOTS; the job's
 * slots are k0 .. k0 + n_slots. What is to be estimated is a target, and missing in `days`. */
struct span {
    struct db *db;
    const struct reading_points *p;
    const struct estimate_job *job;
    struct arena *a;
    int64_t at; /* estate index */
    struct day first;
    int32_t n_days, k0, n_slots, n_targets;
    struct day_slots *days;
    bool *target;     /* of all slots of the span */
    int64_t *out;     /* likewise: the estimates */
    struct text from; /* the sources, in words */
};
static inline struct slot span_slot(const struct span *s, int32_t k)
{
    return (struct slot){ day_add(s->first, k / SLOTS), k % SLOTS };
}
/* Law 5: `total` over the targets by the values in s->out as weights, equal ones if there are none.
 */
enum err_code span_share(struct span *s, int64_t total, struct err *e);
/* Each fills s->out at the targets and says in s->from what it took; ERR_GAP: it lacks something.
 */
enum err_code method_same_day(struct span *s, struct err *e);
enum err_code method_similar(struct span *s, struct err *e);
enum err_code method_register(struct span *s, struct err *e);
#endif
