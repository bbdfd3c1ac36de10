/* days.h - days of a point in and out of the store, whether its month is open or sealed; private.
 * */
#ifndef SK_READING_DAYS_H
#define SK_READING_DAYS_H
#include "reading/merge.h"
#include "reading/reading_rows.h"

#define MONTH_DAYS_MAX 31

/* Where a day stands. */
enum day_state {
    DAY_OPEN,
    DAY_LATE, /* open, and some of it is not in its chunk yet (late.h) */
    DAY_SEALED
};
/* What is in force on n_days from `from` (estate index `at`, a placed point). `state` may be NULL.
 * */
enum err_code days_load(struct db *db, const struct reading_points *p, int64_t at, struct day from,
                        int32_t n_days, struct day_slots *out, enum day_state *state,
                        struct err *e);
enum err_code registers_load(struct db *db, const struct reading_points *p, int64_t at,
                             struct day from, int32_t n_days, struct day_slots *out, struct err *e);
/* Replaces one open day of a point in its chunk; `state` as it was loaded in this transaction. */
enum err_code day_store(struct db *db, const struct reading_points *p, int64_t at, struct day day,
                        enum series series, enum day_state state, const struct day_slots *d,
                        struct err *e);
/* The bytes of n chunks of one shard, keys ascending, copied into the arena; n = 0: not there.
 * Neighbours are read by one scan. */
enum err_code chunks_load(struct db *db, enum series series, const int64_t *keys, size_t n,
                          struct arena *a, struct str *data, struct err *e);
/* Sealed points of a chunk and month as a mask. */
enum err_code sealed_mask(struct db *db, int32_t shard, int32_t chunk, struct month month,
                          uint16_t *mask, struct err *e);
/* Packs a point's month; data in the arena. */
struct blob_row month_pack(struct arena *a, struct place at, struct month month, int version,
                           const struct day_slots *days, struct str reason);
/* The newest version of a point's month: 0 when it is open. `days` (31) may be NULL. */
enum err_code month_load(struct db *db, struct place at, struct month month, int *version,
                         struct day_slots *days, struct err *e);
/* Writes the next version of a sealed month. */
enum err_code month_revise(struct db *db, struct place at, struct month month,
                           const struct day_slots *days, struct str reason, struct instant now,
                           struct err *e);
/* The part of a snapshot that one day gives; 0 for an empty one. */
uint64_t day_snapshot(const struct day_slots *d, struct day day);
/* Files losers of a slot. */
enum err_code losers_file(struct db *db, const struct reading_points *p, int64_t at, struct day day,
                          int slot, enum series series, const struct losers *l, struct instant now,
                          struct err *e);

/* ---- changes.c: what waits for a decision ---------------------------------------------------- */

/* A value that met a sealed month: proposed instead of written (CHANGE_LATE). */
enum err_code change_propose(struct db *db, const struct reading_points *p, int64_t at,
                             struct slot slot, struct slot_value was, struct slot_value in,
                             struct str reason, struct instant now, struct err *e);

/* Puts changes in force: open days and sealed months, what was there to history; fills in what
 * they found. An estimate does not replace what was measured since. In the open write transaction.
 */
enum err_code changes_apply(struct db *db, const struct reading_points *p,
                            struct reading_change *c, size_t n, struct str reason,
                            struct instant now, struct err *e);

/* ---- finding.c ------------------------------------------------------------------------------- */

/* Open findings that applied changes have left without a measured value are estimated or edited. */
enum err_code findings_settle(struct db *db, const struct reading_points *p,
                              const struct reading_change *c, size_t n, int64_t user_id,
                              struct instant now, struct err *e);
/* `n` slots on. */
static inline struct slot slot_after(struct slot s, int32_t n)
{
    int32_t i = s.index + n;
    return (struct slot){ day_add(s.day, i / SLOTS), i % SLOTS };
}

/* ---- registers.c: what follows from changed registers, or from changed shapes ---------------- */

/* A stretch of boundaries of one point that changed: derive what touches them again. */
struct dirty {
    int64_t at;              /* estate index */
    struct slot from, until; /* the first and last boundary */
    bool shape;              /* not registers changed but the week before: only estimated gaps */
};
struct dirty_list {
    struct dirty *at;
    size_t n, room;
};
void dirty_add(struct dirty_list *l, struct dirty d);
void dirty_free(struct dirty_list *l);
/* Derives all of the list and whatever depends on it; counts point-days. In the open write
 * transaction. Values of sealed months that would change become proposals. */
enum err_code registers_derive(struct db *db, const struct reading_points *p, struct dirty_list *l,
                               struct instant now, int64_t *n_days, struct err *e);
/* The day a week later takes its shape from this one: to be looked at if it is a register point. */
void dirty_week_later(struct dirty_list *l, const struct reading_points *p, int64_t at,
                      struct day day);
/* The boundaries of a point over whole days with bindings applied, for explanations (origin.c). */
#endif
