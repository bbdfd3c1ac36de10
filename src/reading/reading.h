/* reading.h - interval data: what was metered, in force, with its provenance (storage.md 6.1,
 * settlement-rules 3, iot.md 2).
 *
 * Readings arrive in batches, each batch durable before it is acknowledged (the intake journal, the
 * evidence). Registers become interval energies through the meter bindings of the `meter` room.
 * Interval energies live as packed blocks: today in memory, open months as day chunks (16 points of
 * one day), sealed months as one block per point, archive with zstd. All billing sums come from
 * here.
 *
 * Laws
 *  1. What was acknowledged is on disk and stays: the journal is append only; a value that is
 *     replaced is kept in history with who, when and why (I7).
 *  2. Each interval 0..95 of each day of a point has at most one value in force; the higher rank
 *     wins, order of arrival never matters (iot.md 2.4, I9).
 *  3. A missing value is not zero. A decrease of a register is never energy.
 *  4. Energy of a step between two good registers is exactly (b - a) x K, whatever happened to its
 *     shape; the parts of an estimated gap sum to it (R6 at 10^-4 kWh).
 *  5. Scalar and vector decoders agree on every block; a block that does not match its checksum is
 *     ERR_CORRUPT, never a sum.
 *  6. The same readings give the same blocks, whatever the batches, order and duplicates were, once
 *     the late ones are merged; sums, values and snapshots are the same before and after.
 *  7. A sealed month changes only by a new version with its reason.
 *
 * Values are energies in 10^-4 kWh (kvarh, m3 likewise) as int64, at most 10^14 either way. A
 * quality is actual, estimated, manual or missing (iot.md 2.3, last sentence). A missing value
 * shows as 0.
 *
 * How law 2 and law 6 live together: of two readings with the same rank and different values
 * neither may win by being first, so the slot is marked CONFLICT and is missing to settlement until
 * a higher rank decides. Both values are kept (the smaller in the block, the other in history), so
 * the first is never lost. The bits LATE, BACKFILL, BUFFERED and CLOCK of equal values are joined
 * by "and".
 *
 * The order of a life: reading_place() gives points their places, reading_points_load() makes the
 * picture everything else works on, reading_intake() journals, reading_fold() moves the journal
 * into day chunks (and derives intervals from registers), reading_totals() sums, reading_seal()
 * closes a month. Functions say who owns the transaction; the journal and the blocks are in the
 * series part.
 *
 * Threads: a struct reading_points and a struct reading_plan are immutable once made and may be
 * shared; each thread brings its own struct db.
 */
#ifndef SK_READING_READING_H
#define SK_READING_READING_H
#include "base/base.h"
#include "meter/meter.h"
#include "store/store.h"

extern const struct store_migrations reading_migrations;

enum reading_kind { READING_REG = 1, READING_INT = 2, READING_INST = 3, READING_STATE = 4 };
enum reading_mark { MARK_ACTUAL, MARK_ESTIMATED, MARK_MANUAL, MARK_MISSING };

/* Source ranks: the higher wins (iot.md 2.4). */
#define RANK_MANUAL 90
#define RANK_GRID_FILE 80
#define RANK_FROZEN 60
#define RANK_LIVE 50
#define RANK_DEVICE 40
#define RANK_INTEGRATED 20
#define RANK_ESTIMATE 10

/* Quality bits (iot.md 2.3). */
#define Q_INVALID 0x1
#define Q_MISSING 0x2
#define Q_EST 0x4
#define Q_LATE 0x8
#define Q_BACKFILL 0x10
#define Q_CLOCK 0x20
#define Q_RANGE 0x40
#define Q_ROLLOVER 0x80
#define Q_RESET 0x100
#define Q_CONFLICT 0x200
#define Q_MANUAL 0x400
#define Q_SUBST 0x800
#define Q_DEV 0x1000
#define Q_BUFFERED 0x2000
#define Q_SUM 0x4000

struct reading {
    int64_t point_id;
    int64_t ts_ms; /* UTC; INT: the start of the interval; REG: the boundary */
    int64_t value; /* INT: 10^-4 kWh; REG: raw register, 10^-4 of its unit, before CT x PT */
    uint16_t q;
    uint8_t kind;
    uint8_t rank;
};

/* What happened to each reading of a batch (iot.md 2.4); the first three are success. */
enum reading_outcome {
    READING_TAKEN,
    READING_DUP,
    READING_DUP_LOWER,
    READING_CONFLICT,
    READING_LOCKED,
    READING_TIME_FUTURE,
    READING_TIME_OLD,
    READING_TIME, /* not on a boundary it could belong to */
    READING_POINT_UNKNOWN,
    READING_RANGE,
    READING_OUTCOMES
};
const char *reading_outcome_word(enum reading_outcome o); /* "E_CONFLICT", "DUP": iot.md 2.4, 2.5 */
enum reading_mark reading_mark_of(uint16_t q);            /* iot.md 2.3, last sentence */

/* One batch is one row of the journal: large enough that the row costs nothing per reading, small
 * enough to be unpacked on a stack of arenas. */
#define READING_BATCH_MAX 20000
/* iot.md 2.1: later than now + 5 min is E_TIME_FUTURE, older than `old_days` is E_TIME_OLD. */
#define READING_FUTURE_MS (300 * 1000LL)
#define READING_OLD_DAYS 400
#define READING_VALUE_MAX ENERGY_MAX_E4

/* ---- points and their places ------------------------------------------------------------------
 */

/* A place is a number in a shard: 16 neighbours share a day chunk. Points that are settled together
 * should be placed together: give them here in the order of the contracts. Points that have a place
 * keep it. Needs an open series write transaction. */
SK_MUST_USE enum err_code reading_place(struct db *db, const struct meter_estate *estate,
                                        const int64_t *point_ids, size_t n, struct instant now,
                                        struct err *e);

/* All points in the scope with their places, bindings and formulas, immutable; a point outside is
 * unknown to every function below (law 6 of the meter room). */
struct reading_points;
SK_MUST_USE enum err_code reading_points_load(struct db *db, struct scope scope, struct arena *a,
                                              struct reading_points **out, struct err *e);
const struct meter_estate *reading_points_estate(const struct reading_points *p);
/* Sorts ids by place, so that neighbours are read together. Unknown ones go last. */
void reading_points_sort(const struct reading_points *p, int64_t *ids, size_t n);
/* The point's rank in place order, for sorting what hangs on points; -1 if unknown or without one.
 */
int64_t reading_points_order(const struct reading_points *p, int64_t point_id);

/* ---- intake: durable, then acknowledged (I7) --------------------------------------------------
 */

enum batch_result {
    BATCH_TAKEN,
    BATCH_AGAIN,    /* the same key and content were there: nothing done; outcomes as then */
    BATCH_DIFFERENT /* the same key with other content: refused whole; outcomes untouched */
};
struct reading_batch {
    struct str source; /* "gw:GW3301...", "file:<hash>"; with batch_id the idempotency key */
    int64_t batch_id;
    const struct reading *readings;
    size_t n;          /* 1..READING_BATCH_MAX */
    uint8_t *outcomes; /* n of enum reading_outcome, filled; may be NULL */
    int32_t old_days;  /* 0: READING_OLD_DAYS; a file of history may set more */
    /* out */
    enum batch_result result;
    size_t n_taken;
};
/* Journals `n` batches in one durable transaction of its own (group commit). Outcomes here are
 * TAKEN, or the refusals that need no neighbour (time, point, range); what the journalled ones meet
 * in the store (dup, lower, conflict, locked) is decided by the fold. All points of a call live in
 * the shard of its first known point; ERR_INPUT names a batch that mixes shards. */
SK_MUST_USE enum err_code reading_intake(struct db *db, const struct reading_points *p,
                                         struct reading_batch *batches, size_t n,
                                         struct instant now, struct err *e);

/* ---- fold: journal -> day chunks ----------------------------------------------------------------
 */

struct reading_fold_report {
    int64_t batches, readings;
    int64_t outcomes[READING_OUTCOMES]; /* of the journalled readings */
    int64_t derived_days;               /* point-days derived from registers */
    int64_t chunks;                     /* written */
    int64_t late; /* readings kept beside their chunks, for a later merge to write */
};
/* The outcome of each journalled reading, in journal order; may be NULL. Called before the commit
 * of its step. */
struct reading_fold_sink {
    void (*outcome)(void *ctx, struct str source, int64_t batch_id, size_t index,
                    const struct reading *r, enum reading_outcome o);
    void *ctx;
};
/* Folds everything journalled so far, in steps of one transaction each; a step stores its position
 * with its chunks, so that a kill anywhere loses and doubles nothing (law 6). */
SK_MUST_USE enum err_code reading_fold(struct db *db, const struct reading_points *p,
                                       const struct reading_fold_sink *sink, struct instant now,
                                       struct reading_fold_report *report, struct err *e);
/* Writes late readings, which the fold keeps beside the chunks they belong to, into these chunks;
 * *n (may be NULL) says how many. All functions here see them either way: this makes room and
 * saves every reader a look. The fold does it by itself when there are many, sealing always. Own
 * transactions, one for each shard and month. */
SK_MUST_USE enum err_code reading_merge_late(struct db *db, int64_t *n, struct err *e);
/* Derives the intervals of register points again over [from, until), after a binding was corrected
 * or added. Sealed months are not touched: ERR_RULE names the first. Own transaction. */
SK_MUST_USE enum err_code reading_rederive(struct db *db, const struct reading_points *p,
                                           const int64_t *point_ids, size_t n, struct day from,
                                           struct day until, struct instant now, struct err *e);
/* Takes over whole days of interval energies (an installation's history, a generated fleet): values
 * of point i are values[i x 96 ..], all with this rank and actual. Points in place order. Written
 * straight as chunks, merged like any reading; the journal keeps one entry with the hash as
 * evidence of origin. In an open series write transaction, so that many days share a commit. */
SK_MUST_USE enum err_code reading_load_day(struct db *db, const struct reading_points *p,
                                           struct str source, struct day day,
                                           const int64_t *point_ids, size_t n,
                                           const int64_t *values, uint8_t rank, struct instant now,
                                           struct err *e);

/* Today in memory: the day's intervals of every point, from chunks and the unfolded journal; then
 * kept current by reading_today_add(). For monitoring: never settled on. */
struct reading_today;
SK_MUST_USE enum err_code reading_today_open(struct db *db, const struct reading_points *p,
                                             struct arena *a, struct day day,
                                             struct reading_today **out, struct err *e);
void reading_today_add(struct reading_today *t, const struct reading_batch *batch);

/* Values of one point over whole days, in force now. */
struct reading_day {
    struct day day;
    int64_t value[SLOTS];
    uint8_t mark[SLOTS]; /* enum reading_mark */
    uint16_t q[SLOTS];   /* quality bits behind the mark */
    uint8_t rank[SLOTS]; /* 0: nothing there */
};
/* False if the point is unknown or not of this shard's memory. */
bool reading_today_get(const struct reading_today *t, int64_t point_id, struct reading_day *out);

/* ---- values and sums ----------------------------------------------------------------------------
 */

/* `n_days` days from `from` of a real or virtual point, filled into out[0..n_days). A virtual value
 * is missing where a part is, else as weak as its weakest part. ERR_NOT_FOUND, ERR_CORRUPT. */
SK_MUST_USE enum err_code reading_values(struct db *db, const struct reading_points *p,
                                         int64_t point_id, struct day from, int32_t n_days,
                                         struct reading_day *out, struct err *e);

/* How the slots of a span of days fall into keys, prepared once and shared by all points and
 * threads: slot s of day d goes to key[day_map[d] x 96 + s] in 0..n_keys-1, or READING_NO_KEY where
 * it is outside (part days: give the first and last day maps of their own). */
#define READING_NO_KEY 255
#define READING_KEYS_MAX 250
#define READING_DAYS_MAX 800 /* 800 x 96 x 10^14 fits 63 bits */
struct reading_plan;
SK_MUST_USE enum err_code reading_plan_new(struct arena *a, struct day from, int32_t n_days,
                                           const uint8_t *day_map, int32_t n_maps,
                                           const uint8_t *key, int32_t n_keys,
                                           struct reading_plan **out, struct err *e);
/* A plan over intervals [first_slot of `from`, + n_slots) with one key, or a key per slot of day.
 */
SK_MUST_USE enum err_code reading_plan_slots(struct arena *a, struct day from, int32_t first_slot,
                                             int32_t n_slots, struct reading_plan **out,
                                             struct err *e);

struct reading_total {
    int64_t *sums; /* n_keys, given by the caller, overwritten */
    int64_t n_estimated, n_manual, n_missing;
    int64_t estimated;     /* sum of |values| marked E or M */
    int32_t first_missing; /* day offset x 96 + slot; -1 if none */
    uint64_t snapshot;     /* data snapshot id: changes with any value, mark, bit or rank inside
                              the plan's days; the same from chunks, sealed months and archive */
};
/* The settlement kernel: totals of `n` points (real or virtual) over the plan. Fastest when the ids
 * stand in place order (reading_points_sort) and many come in one call; memory is a few MB whatever
 * n. Law: the same as summing reading_values(). ERR_NOT_FOUND names an unknown point. */
SK_MUST_USE enum err_code reading_totals(struct db *db, const struct reading_points *p,
                                         const struct reading_plan *plan, const int64_t *point_ids,
                                         size_t n, struct reading_total *out, struct err *e);

/* Sums of one point over [from, from + n_days) by slot, one row per day map used (day_map[d] in
 * 0..n_maps-1 chooses the row): sums[map x 96 + slot]. For explanations and slot-wise strategies.
 */
struct reading_sums {
    int64_t *sums;
    int64_t n_estimated, n_manual, n_missing;
    int64_t estimated;     /* sum of |values| marked E or M */
    int32_t first_missing; /* day offset x 96 + slot; -1 if none */
};
SK_MUST_USE enum err_code reading_sums(struct db *db, const struct reading_points *p,
                                       int64_t point_id, struct day from, int32_t n_days,
                                       const uint8_t *day_map, int32_t n_maps,
                                       struct reading_sums *out, struct err *e);

/* Where a value came from: the registers around its slot, multiplier and meter (for explain). */
struct reading_origin {
    int64_t value;
    uint8_t mark, rank;
    uint16_t q;
    bool derived; /* from registers; the rest is set only then */
    int64_t start_e4, end_e4;
    struct instant start_at, end_at;        /* the good readings the step lies between */
    int32_t ct_num, ct_den, pt_num, pt_den; /* in force at the slot */
    int64_t meter_id;
};
SK_MUST_USE enum err_code reading_origin(struct db *db, const struct reading_points *p,
                                         int64_t point_id, struct slot slot,
                                         struct reading_origin *out, struct err *e);

/* ---- registers to intervals (settlement-rules 3.2), pure
 * ------------------------------------------ */

/* One stretch of one meter with one multiplier: n readings at consecutive boundaries give n - 1
 * intervals. No step joins two segments. */
struct derive_segment {
    struct str meter;        /* for flags */
    const int64_t *index_e4; /* n readings */
    const bool *has;         /* n; false: missing */
    const uint8_t *rank;     /* n, or NULL: an interval takes the lower of its two */
    const uint16_t *q;       /* n, or NULL: CLOCK, DEV, ... of the end readings go over */
    size_t n;
    int64_t k_num, k_den;   /* K = CT x PT */
    int64_t modulus_e4;     /* 0: never rolls over */
    int64_t limit;          /* most energy of one interval, 10^-4 kWh; 0: none */
    const int64_t *profile; /* n - 1 weights >= 0 for gaps; NULL or all zero over a gap: equal */
};
enum derive_kind { DERIVE_ROLLOVER, DERIVE_BACKWARD, DERIVE_JUMP, DERIVE_GAP, DERIVE_OPEN };
struct derive_flag {
    enum derive_kind kind;
    int32_t segment;
    int32_t at;      /* reading index as settlement-rules 9.1 has it */
    int32_t missing; /* GAP: how many readings */
};
struct derive_interval {
    int64_t value;
    uint16_t q; /* MARK_MISSING of it: null */
    uint8_t rank;
};
struct derive_result {
    struct derive_interval *intervals; /* of all segments in order: sum of (n - 1) */
    size_t n;
    struct derive_flag *flags;
    size_t n_flags;
    __int128 total; /* of the known ones */
};
/* K that does not divide evenly: each boundary is rounded once (half away), so that intervals sum
 * to the rounded whole. ERR_INPUT: a segment without readings, den 0, value outside the modulus. */
SK_MUST_USE enum err_code reading_derive(struct arena *a, const struct derive_segment *segments,
                                         size_t n, struct derive_result *out, struct err *e);
/* "M-old:ROLLOVER@2", "M-old:GAP2@3". */
void text_derive_flag(struct text *t, struct str meter, const struct derive_flag *f);

/* ---- gaps, estimates, edits, control
 * ------------------------------------------------------------- */

struct reading_gap {
    int64_t point_id;
    struct slot from;
    int32_t n_slots;
    uint16_t q; /* why: 0 nothing arrived, RANGE, RESET, CONFLICT, INVALID */
};
#define READING_GAPS_MAX 10000 /* of one answer */
SK_MUST_USE enum err_code reading_gaps(struct db *db, const struct reading_points *p,
                                       struct arena *a, const int64_t *point_ids, size_t n,
                                       struct day from, int32_t n_days, struct reading_gap **out,
                                       size_t *n_gaps, struct err *e);

enum estimate_method {
    ESTIMATE_PROFILE, /* the same weekday a week before, estimated by this call or not, else of the
                         latest of five weeks; with a total: split by its shape */
    ESTIMATE_LINEAR,  /* between the neighbours of the gap */
    ESTIMATE_EQUAL,   /* the total in equal parts (R6) */
    ESTIMATE_SAME_DAY, /* these four: vee.h */
    ESTIMATE_SIMILAR,
    ESTIMATE_REGISTER,
    ESTIMATE_AUTO
};
#define ESTIMATE_NO_TOTAL INT64_MIN
/* Fills the missing slots of [from, from + n_slots) with rank 10, quality E; slots that have a
 * value stay. ERR_GAP: no profile, no neighbour, or no total where the method needs one. Own
 * transaction. */
SK_MUST_USE enum err_code reading_estimate(struct db *db, const struct reading_points *p,
                                           int64_t point_id, struct slot from, int32_t n_slots,
                                           enum estimate_method method, int64_t total,
                                           struct str reason, int64_t user_id, struct instant now,
                                           int32_t *n_filled, struct err *e);

/* A change that needs a decision: a manual edit, or a reading that met a sealed month. */
enum change_kind { CHANGE_EDIT = 1, CHANGE_LATE, CHANGE_ESTIMATE };
enum change_state { CHANGE_PROPOSED = 1, CHANGE_APPLIED, CHANGE_REFUSED };
struct reading_change {
    int64_t change_id, point_id;
    struct slot slot;
    int64_t old_value, new_value;
    uint16_t old_q, new_q;
    uint8_t old_rank, new_rank;
    enum change_kind kind;
    enum change_state state;
    struct str reason;
    int64_t user_id, approver_id; /* who asked, who decided */
    int64_t proposal_id;          /* 0: a late reading (vee.h) */
};
/* Proposes manual values (rank 90, quality M) for consecutive slots; `reason` must say why. Nothing
 * changes until reading_decide(). Own transaction; `*first_id` names the first of n changes. */
SK_MUST_USE enum err_code reading_edit(struct db *db, const struct reading_points *p,
                                       int64_t point_id, struct slot from, const int64_t *values,
                                       int32_t n, struct str reason, int64_t user_id,
                                       struct instant now, int64_t *first_id, struct err *e);
/* Applies or refuses changes (of edits and estimates: by another person than the one who asked,
 * ERR_RULE
 * "SELF_APPROVAL"; the approval itself is `people`'s). In an open month the value goes into force,
 * the old one to history; a sealed month gets a new version with the reason (law 7). Own
 * transaction. */
SK_MUST_USE enum err_code reading_decide(struct db *db, const struct reading_points *p,
                                         const int64_t *change_ids, size_t n, bool apply,
                                         struct str reason, int64_t approver_id, struct instant now,
                                         struct err *e);
/* Pages in id order after `after`; state 0: all; at most METER_PAGE_MAX. */
SK_MUST_USE enum err_code reading_list_changes(struct db *db, const struct reading_points *p,
                                               struct arena *a, enum change_state state,
                                               int64_t after, size_t max,
                                               struct reading_change **out, size_t *n,
                                               struct err *e);
/* What was in force once, or arrived and lost: of one slot, highest rank first. */
struct reading_past {
    int64_t value;
    uint16_t q;
    uint8_t rank;
    struct instant filed_at;
};
SK_MUST_USE enum err_code reading_history(struct db *db, const struct reading_points *p,
                                          struct arena *a, int64_t point_id, struct slot slot,
                                          struct reading_past **out, size_t *n, struct err *e);

/* Control total over whole days (settlement-rules 3.2): the register difference against the sum of
 * the intervals; ERR_GAP when there is no register reading at either end. */
struct reading_control {
    int64_t intervals, registers;
    int64_t allowed; /* max(K x resolution x 2, 0.1 %) */
    bool mismatch;   /* REGISTER_MISMATCH: hold */
};
SK_MUST_USE enum err_code reading_control(struct db *db, const struct reading_points *p,
                                          int64_t point_id, struct day from, struct day until,
                                          struct reading_control *out, struct err *e);
/* Whether any point has a register reading on [from, until]: if not, there is nothing to compare
 * intervals with, and a settlement need not ask point by point. */
SK_MUST_USE enum err_code reading_has_registers(struct db *db, struct day from, struct day until,
                                                bool *out, struct err *e);

/* ---- months
 * -------------------------------------------------------------------------------------- */

/* Seals a month of points: from then on late data become proposals. Points already sealed stay as
 * they are. Day chunks of which every point is sealed are dropped. Own transactions, of a few
 * thousand points each: killed and called again it goes on. */
SK_MUST_USE enum err_code reading_seal(struct db *db, const struct reading_points *p,
                                       const int64_t *point_ids, size_t n, struct month month,
                                       struct instant now, int64_t *n_sealed, struct err *e);
/* Packs sealed months before `before` with zstd, at most `max` blocks; *n says how many. */
SK_MUST_USE enum err_code reading_archive(struct db *db, struct month before, int64_t max,
                                          int64_t *n, struct err *e);

/* ---- the room's part of `sunkeeper check` (I7, I9)
 * ------------------------------------------------ */

struct reading_check_report {
    int64_t batches, readings, chunks, months, changes;
    int64_t late; /* readings that wait to be merged into their chunks */
    int64_t faults;
    struct str first_fault; /* in the arena given */
};
/* Every journal entry matches its hash, every block its checksum and its canonical form, and every
 * folded reading is in force, in history or a change. `deep` false: hashes and checksums only. */
SK_MUST_USE enum err_code reading_check(struct db *db, const struct reading_points *p,
                                        struct arena *a, bool deep,
                                        struct reading_check_report *out, struct err *e);
#endif
