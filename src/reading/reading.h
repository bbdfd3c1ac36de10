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
 *  6. The same readings give the same blocks, whatever the batches, order and duplicates were.
 *  7. A sealed month changes only by a new version with its reason.
 *
 * Values are energies in 10^-4 kWh (kvarh, m3 likewise) as int64. A quality is actual, estimated,
 * manual or missing (iot.md 2.3, last sentence).
 */
#ifndef SK_READING_READING_H
#define SK_READING_READING_H
#include "base/base.h"
#include "store/store.h"

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
    READING_POINT_UNKNOWN,
    READING_RANGE,
    READING_OUTCOMES
};
#define READING_BATCH_MAX 20000

/* Values of one point over whole days, in force now. */
struct reading_day {
    struct day day;
    int64_t value[SLOTS];
    uint8_t mark[SLOTS]; /* enum reading_mark */
};

/* Sums of one point over [from, from + n_days) by slot, one row per day map used (day_map[d] in
 * 0..n_maps-1 chooses the row): sums[map x 96 + slot]. The settlement kernel. */
struct reading_sums {
    int64_t *sums;
    int64_t n_estimated, n_manual, n_missing;
    int64_t estimated;     /* sum of |values| marked E or M */
    int32_t first_missing; /* day offset x 96 + slot; -1 if none */
};
#endif
