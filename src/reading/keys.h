/* keys.h - how the integer keys of the interval store are made, and where a point stands in them.
 *
 *   chunk_key   day number << 36 | shard << 24 | chunk              day first: order of arrival
 *   block_key   month number << 48 | shard << 36 | place << 8 | 255 - version
 *   entry_key   shard << 48 | sequence from 1
 */
#ifndef SK_READING_KEYS_H
#define SK_READING_KEYS_H
#include "reading/block.h"
#include "reading/reading.h"

#define PLACE_MAX ((1 << 28) - 1) /* 28 bits of the block key */
#define VERSION_MAX 255           /* versions of one point-month */

struct place {
    int32_t shard, place;
};
static inline int32_t place_chunk(struct place p)
{
    return p.place / CHUNK_POINTS;
}
static inline int place_position(struct place p)
{
    return p.place % CHUNK_POINTS;
}
static inline int64_t chunk_key(int32_t day_no, int32_t shard, int32_t chunk)
{
    return (int64_t)day_no << 36 | (int64_t)shard << 24 | chunk;
}
static inline int32_t chunk_key_chunk(int64_t key)
{
    return (int32_t)(key & 0xffffff);
}
static inline int32_t month_number(struct month m)
{
    return (m.yyyymm / 100 - 1970) * 12 + m.yyyymm % 100 - 1;
}
/* Version 0 is the end of a place's keys: block_key(.., place, 0) > every version of the place. */
static inline int64_t block_key(struct month m, struct place p, int version)
{
    return (int64_t)month_number(m) << 48 | (int64_t)p.shard << 36 | (int64_t)p.place << 8 |
           (VERSION_MAX - version);
}
static inline int32_t block_key_place(int64_t key)
{
    return (int32_t)(key >> 8 & PLACE_MAX);
}
static inline int block_key_version(int64_t key)
{
    return VERSION_MAX - (int)(key & 255);
}
static inline int64_t entry_key(int32_t shard, int64_t sequence)
{
    return (int64_t)shard << 48 | sequence;
}

/* ---- points.c -------------------------------------------------------------------------------- */

struct reading_points {
    struct meter_estate estate;
    struct scope scope;
    struct place *places; /* by estate index; place -1: none */
    uint32_t *order;      /* by estate index: rank in (shard, place); UINT32_MAX without place */
    uint32_t *by_order;   /* estate index by rank */
    size_t n_placed;
    uint32_t *slots; /* hash of point ids: estate index + 1 */
    uint32_t hash_mask;
};
/* Estate index, or -1. */
int64_t points_find(const struct reading_points *p, int64_t point_id);
/* Estate index of a point that must be known; -1 after fail(). `need_place`: and be real and
 * placed. */
int64_t points_get(const struct reading_points *p, int64_t point_id, bool need_place,
                   struct err *e);
/* The point at a place, or -1. */
int64_t points_at(const struct reading_points *p, struct place at);
#endif
