/* journal.h - the packed form of a batch in the journal; private to the room.
 *
 *   reading   1   flags: 1 same point as the one before, 2 a slot later than the one before,
 *                 4 same quality, rank and kind
 *             [varint] point id - the last, zigzag
 *             [varint] time - the last in ms, zigzag
 *             [2 1 1]  quality bits, rank, kind
 *             varint   value - the last, zigzag
 *
 * `refused` lists what was refused on arrival: varint distance to the last such index, outcome.
 * The packed bytes hold all readings, refused ones too: they are the evidence, and their SHA-256 is
 * what a repeated batch is compared with.
 */
#ifndef SK_READING_JOURNAL_H
#define SK_READING_JOURNAL_H
#include "reading/keys.h"

/* Most bytes of one packed reading: 1 + 10 + 10 + 4 + 10. */
#define PACKED_READING_MAX 35

size_t journal_pack(uint8_t *out, const struct reading *r, size_t n);
struct journal_reader {
    const uint8_t *at, *end, *refused, *refused_end;
    struct reading last;
    size_t index, n, next_refused; /* SIZE_MAX: none left */
    uint8_t outcome;
};
void journal_open(struct journal_reader *j, struct str packed, struct str refused, size_t n);
/* The next reading: 1 with its outcome on arrival (READING_TAKEN if it was journalled to be
 * folded), 0 at the end, -1 if the bytes are not what journal_pack() makes. */
int journal_next(struct journal_reader *j, struct reading *r, enum reading_outcome *outcome);
#endif
