/* late.h - readings that came late, kept beside the chunks they belong to; private to the room.
 *
 * A late reading changes one slot of one chunk among thousands. Decoding and packing it is cheap,
 * but a page of the store is written for it. So where few readings of a step meet a chunk that is
 * there already, the fold adds them to a list, one for each shard and month, and the list is merged
 * into its chunks when it is long: then every page is written once for many of them.
 *
 *   row       offset size
 *             0      1     version, 1
 *             1      3     0
 *             4      4     CRC-32C of the records
 *             8            records
 *   record    0      8     day of the month from 0 (5 bits), chunk (24), position (4), slot (7),
 *                          quality bits (16), rank (8): from the highest bit down
 *             8      8     value
 *   late_key  month number << 48 | shard << 36 | sequence from 1
 *
 * All numbers are little endian.
 *
 * Laws
 *  1. In force is the chunk joined with its late readings (slot_merge). The join does not care for
 *     order or repetition: a reading that is met here and in the chunk as well does no harm.
 *  2. Readers ask for late readings first and for chunks afterwards: what is merged in between is
 *     seen twice, never missed.
 *  3. Only the fold adds. Whatever changes days otherwise than by joining (day_store, sealing,
 *     taking over) merges first, in its own transaction. A sealed month has no late readings.
 *  4. Merging writes the chunks and deletes the rows in one transaction, with the shard's fold
 *     position locked.
 *  5. Outcomes are told and losers filed when a reading is folded, not when it is merged.
 */
#ifndef SK_READING_LATE_H
#define SK_READING_LATE_H
#include "reading/merge.h"
#include "reading/reading_rows.h"

/* Readings of one chunk in one step: more of them are worth writing the chunk. */
#define LATE_FEW 4
/* A list that is longer is merged. Who asks for one point passes over all of it: 0.1 ms. */
#define LATE_MAX 32768
/* The last row grows up to so many records before another is begun: folds of a reading or two do
 * not leave thousands of rows. */
#define LATE_ROW 1024

/* The place and slot of a reading, so that ascending keys are ascending chunk keys of a shard. */
static inline uint64_t slot_key(int32_t day_no, int32_t place, int slot)
{
    return (uint64_t)day_no << 35 | (uint64_t)place << 7 | (uint64_t)slot;
}
static inline int32_t slot_key_day(uint64_t key)
{
    return (int32_t)(key >> 35 & 0x1ffff);
}
static inline int32_t slot_key_place(uint64_t key)
{
    return (int32_t)(key >> 7 & PLACE_MAX);
}

static inline struct month late_key_month(int64_t key)
{
    int32_t number = (int32_t)(key >> 48);
    return (struct month){ (1970 + number / 12) * 100 + number % 12 + 1 };
}

struct late {
    uint64_t key; /* slot_key() */
    int64_t value;
    uint16_t q;
    uint8_t rank;
};
/* Sorted by key. Starts as { 0 }; lives in the arena it was loaded into. */
struct late_list {
    struct late *at;
    size_t n, room;
};
/* What a shard and month hold. */
struct late_size {
    int64_t last_key; /* of the last row; 0: none */
    size_t last_n, n; /* records of the last row, and of all */
};

/* Whether a record is asked for. */
typedef bool late_want(const void *ctx, uint64_t key);
/* Adds the records of a shard and month to the list. `size` may be NULL. */
enum err_code late_load(struct db *db, int32_t shard, struct month month, late_want *want,
                        const void *ctx, struct arena *a, struct late_list *out,
                        struct late_size *size, struct err *e);
/* The same for one place on [from, from + n_days) of a month. */
enum err_code late_load_place(struct db *db, struct place at, struct month month, struct day from,
                              int32_t n_days, struct arena *a, struct late_list *out,
                              struct err *e);
/* Index of the first record at or past a key. */
size_t late_first(const struct late_list *l, uint64_t key);
/* Joins what the list has of a day and place to it; true if there was any. */
bool late_join(const struct late_list *l, int32_t day_no, int32_t place, struct day_slots *d);
/* Writes n records of one shard and month behind the others, in any order; merges all when there
 * are too many. `size` as late_load() gave it in this transaction. */
enum err_code late_add(struct db *db, int32_t shard, struct month month, const struct late *at,
                       size_t n, const struct late_size *size, struct arena *a, struct err *e);
/* Merges what a shard and month hold into the chunks. In an open write transaction. *n (may be
 * NULL): how many. */
enum err_code late_merge(struct db *db, int32_t shard, struct month month, int64_t *n,
                         struct err *e);
/* False if the bytes are no row of records; *n says how many it has. For the check. */
bool late_row_ok(struct str data, struct month month, size_t *n);
#endif
