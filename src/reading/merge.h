/* merge.h - which of two readings of a slot is in force (iot.md 2.4), and a chunk being edited. */
#ifndef SK_READING_MERGE_H
#define SK_READING_MERGE_H
#include "reading/keys.h"

/* Private bit: the value follows from registers and is derived again as a whole. */
#define Q_DERIVED 0x8000

/* The values of one point and day. Empty: rank 0 and quality MISSING. A missing value is 0. */
struct day_slots {
    int64_t value[SLOTS];
    uint16_t q[SLOTS];
    uint8_t rank[SLOTS];
};
void day_clear(struct day_slots *d);
bool day_is_empty(const struct day_slots *d);

struct slot_value {
    int64_t value;
    uint16_t q;
    uint8_t rank;
};
/* What goes to history; n 0 to 2. */
struct losers {
    struct slot_value at[2];
    int n;
};
/* Brings a reading to the form in which it is compared. */
struct slot_value slot_normal(int64_t value, uint16_t q, uint8_t rank);
/* Merges `in` into slot s of d. The result does not depend on the order of readings (law 6). */
enum reading_outcome slot_merge(struct day_slots *d, int s, struct slot_value in,
                                struct losers *losers);
/* Puts a derived value (rank 0: nothing derived) in force where it may be. True: it changed. */
bool slot_derive(struct day_slots *d, int s, struct slot_value in, struct losers *losers);

/* A chunk taken apart, so that one section can be replaced and the others copied. */
struct chunk {
    struct str section[CHUNK_POINTS]; /* n = 0: not there */
    bool frame;
};
SK_MUST_USE enum err_code chunk_parse(struct str data, bool frame, struct chunk *out,
                                      struct err *e);
SK_MUST_USE enum err_code chunk_get(const struct chunk *c, int position, struct day_slots *out,
                                    struct err *e);
/* One day straight from the bytes: for those who want few of a chunk and write none. */
SK_MUST_USE enum err_code chunk_peek(struct str data, int position, struct day_slots *out,
                                     struct err *e);
/* Packs into the arena. */
void chunk_set(struct chunk *c, int position, const struct day_slots *d, struct arena *a);
/* The bytes; n = 0 when no section is left. */
struct str chunk_bytes(const struct chunk *c, struct arena *a);
#endif
