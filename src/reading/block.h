/* block.h - packed intervals ("bp"): the form in which readings rest, and in which they are summed.
 *
 * A block holds one or more sections; a section is one point's values in groups of 32 (a day is 3
 * groups, a month 84 to 93). A day chunk is a block of up to 16 sections of 3 groups; a sealed
 * month is a block of one section.
 *
 *   block    offset size
 *            0      1     version, 1
 *            1      1     flags: 1 frame (registers), 2 zstd (all after the head is compressed)
 *            2      1     groups per section, 1..93
 *            3      1     sections = bits set in the mask
 *            4      2     mask: which of 16 positions have a section, lowest first
 *            6      4     CRC-32C of everything else
 *            10           sections, one after the other, nothing behind the last
 *
 *   section  1            flags: 1 base, 2 quality, 4 exceptions, 8.. (3 bits) quantum bytes - 1
 *            1            rank of most values
 *            [2]          quality bits of most values, if not 0
 *            1..8         quantum: the greatest common divisor of the values (step x ratio)
 *            [1..10]      base in quanta, zigzag varint: the least value if it is below 0, in a
 *                         frame always; so that all that is packed is >= 0
 *            groups       a width byte for each group: bits 0..4 the width (0..27 bits; 28 is 32
 *                         bits, 29 is 64), bits 5..7 which of its four octets are all zero and left
 *                         out: 0 none, 1..3 so many at the start, 4..6 so many less 3 at the end
 *                         (night: half of the groups of a PV day)
 *            [varint + n] exceptions, n bytes: runs of values with another rank or quality:
 *                         varint distance from the end of the last run, varint length - 1,
 *                         2 bytes q, 1 byte rank
 *            width bytes for each octet that is there: 8 x width bits, little endian, value i of
 *                         the octet at bit i x width
 *
 * All numbers are little endian. A missing value is 0 on the way in and on the way out.
 *
 * Laws
 *  1. Canonical: the same values, qualities and ranks give the same bytes; unpacking and packing
 *     again gives the same bytes. So a section's hash is the identity of a point-day.
 *  2. Parsing reads inside the bytes given, whatever they are; widths and lengths are checked
 *     before anything is decoded.
 *  3. Scalar and AVX2 code give the same results on every block.
 */
#ifndef SK_READING_BLOCK_H
#define SK_READING_BLOCK_H
#include "base/base.h"

#define BLOCK_VERSION 1
#define BLOCK_HEAD 10
#define BLOCK_FRAME 1
#define BLOCK_ZSTD 2
#define GROUP 32
#define DAY_GROUPS 3
#define MONTH_GROUPS_MAX 93
#define CHUNK_POINTS 16
/* The worst section: every value escapes to 64 bits and has a quality of its own. */
#define SECTION_MAX(groups) (27 + (size_t)(groups) * (1 + GROUP * 13))
#define CHUNK_MAX (BLOCK_HEAD + CHUNK_POINTS * SECTION_MAX(DAY_GROUPS))
#define MONTH_MAX (BLOCK_HEAD + SECTION_MAX(MONTH_GROUPS_MAX))
/* Decoded values stay below this, whatever the bytes say, so that sums cannot overflow. */
#define BLOCK_VALUE_MAX 200000000000000LL

/* One section, parsed: pointers into the block. */
struct section {
    const uint8_t *start, *end;  /* all of it */
    const uint8_t *widths;       /* one per group */
    const uint8_t *data, *limit; /* `limit`: how far loads may read (the end of the block) */
    const uint8_t *exceptions;
    size_t n_exceptions; /* bytes */
    int64_t quantum, base;
    uint16_t q;
    uint8_t rank, groups, code_max; /* code_max: the greatest width code */
};

struct block {
    const uint8_t *at, *end; /* what is left to parse */
    uint16_t mask;
    uint8_t groups, flags;
};

/* Packs groups x 32 values; a slot of rank 0 is empty. `frame` for registers. Returns the size;
 * `out` has room for SECTION_MAX(groups). */
size_t section_pack(uint8_t *out, const int64_t *value, const uint16_t *q, const uint8_t *rank,
                    int groups, bool frame);
/* Parses the next section at `p`; false if it is not a section. */
bool section_parse(const uint8_t *p, const uint8_t *end, int groups, struct section *out);
/* All values, qualities and ranks; q and rank may be NULL. False: a value past BLOCK_VALUE_MAX or
 * runs that do not fit. */
bool section_unpack(const struct section *s, int64_t *value, uint16_t *q, uint8_t *rank);
/* The identity of a point-day (law 1). */
uint64_t section_hash(const struct section *s, int32_t day);

/* Next run of exceptions: [*from, *from + *n). False at the end; *at starts at s->exceptions.
 * section_runs_ok() tells beforehand whether all runs are well-formed. */
bool section_run(const struct section *s, const uint8_t **at, int32_t *from, int32_t *n,
                 uint16_t *q, uint8_t *rank);
bool section_runs_ok(const struct section *s);

/* Writes the head of a block whose sections stand at block + BLOCK_HEAD up to `size`. */
void block_seal(uint8_t *block, size_t size, int groups, uint8_t flags, uint16_t mask);
/* Checks version, length and checksum. A zstd block is unpacked into `room` (MONTH_MAX bytes, may
 * be NULL if none is expected). `want_groups` 0: any. */
SK_MUST_USE enum err_code block_open(const void *bytes, size_t n, int want_groups, uint8_t *room,
                                     struct block *out, struct err *e);
/* The next section in mask order: its position; -1 after the last; -2: not a section. */
int block_next(struct block *b, struct section *s);
/* Compresses a block; false if that saves nothing. `out` has room for n. */
bool block_archive(const uint8_t *block, size_t n, uint8_t *out, size_t *out_n);

/* kernel.c: the fast inside. Adds the values in quanta above base of groups [first, first + n) to
 * acc[0..32), the next group to acc[32..) and so on, 3 groups a row; after each day `acc` moves on
 * to row[day] x 96. All widths are at most 32 and the caller has made sure that no lane overflows.
 */
void kernel_add(uint32_t *acc, const uint8_t *row, const uint8_t *widths, const uint8_t *data,
                const uint8_t *limit, int n_days);
void kernel_add_scalar(uint32_t *acc, const uint8_t *row, const uint8_t *widths,
                       const uint8_t *data, const uint8_t *limit, int n_days);
/* One group of width byte `code` to 64 bits. */
void group_unpack(uint64_t *out, const uint8_t *data, unsigned code);
#define OCTETS 4
#define OCTET 8
#define WIDTH_CODE_MAX 29
static inline unsigned code_width(unsigned code)
{
    unsigned w = code & 31;
    return w < 28 ? w : w == 28 ? 32 : 64;
}
static inline unsigned code_first(unsigned code) /* octet that is there */
{
    unsigned trim = code >> 5;
    return trim <= 3 ? trim : 0;
}
static inline unsigned code_octets(unsigned code) /* how many are there */
{
    return 0x01231234u >> (code >> 5) * 4 & 15;
}
static inline bool code_valid(unsigned code)
{
    return (code & 31) <= WIDTH_CODE_MAX && code >> 5 <= 6;
}
/* Bytes of a group by its width byte; GROUP_INVALID for one that means nothing. */
#define GROUP_INVALID 0x8000
extern const uint16_t group_bytes_of[256];
static inline size_t group_bytes(unsigned code)
{
    return group_bytes_of[code];
}
#endif
