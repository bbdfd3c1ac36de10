/* ingest.h - bytes in: files of measured values become readings.
 *
 * Every sender has his own columns, zone, label, unit and sign. A small mapping file
 * (data/mappings, JSON) describes them; nothing of a sender stands in code. The importer reads CSV
 * and .csv.gz as a stream, turns each cell into a reading and hands batches to a sink that makes
 * them durable.
 *
 * Laws
 *  1. What is wrong with the mapping, the header line or the container is found before anything is
 *     written; what is wrong with a row or a cell refuses that row or cell and nothing else.
 *  2. Everything refused stands in the report with line, column, code, sentence and raw text;
 *     nothing is dropped in silence. A missing value is not zero: it is counted, never written.
 *  3. Numbers are decimal text to integer, exactly; what would need rounding is refused, unless the
 *     mapping says "round": "half_away".
 *  4. The start of an interval names it: a source that labels the end is shifted here, once.
 *  5. A batch is named by the content of file, mapping and points and by its place in the file: the
 *     same import again, after success or after a kill, changes nothing twice and says so.
 *  6. Memory is bounded whatever the file is: longest line, columns, points and batch have limits.
 *
 * This room cannot reach money, nor SQL: points are found and readings are kept by functions that
 * are handed in. Free of globals, threads and clocks.
 */
#ifndef SK_INGEST_INGEST_H
#define SK_INGEST_INGEST_H
#include "base/base.h"
#include "reading/reading.h"

/* Codes of refusal, one enum for files and all protocols (iot.md 2.5). */
enum ingest_code {
    E_NONE,
    /* link */
    E_SHORT,
    E_START,
    E_LENGTH,
    E_END,
    E_CHECKSUM,
    E_HCS,
    E_FCS,
    E_PROTO,
    E_CTRL,
    E_ADDR,
    E_SEQ,
    E_COUNT,
    E_TYPE,
    E_TRUNC,
    E_EXTRA,
    E_DEPTH,
    E_SERVICE,
    E_COT,
    /* value */
    E_BCD,
    E_NAN,
    E_RANGE,
    E_TIME,
    E_TIME_FUTURE,
    E_TIME_OLD,
    E_CLOCK,
    E_UNIT,
    E_DI_UNKNOWN,
    /* device said no; model */
    E_DEVICE,
    E_DEVICE_UNKNOWN,
    E_POINT_UNKNOWN,
    E_AUTH,
    E_SCHEMA,
    E_CONFLICT,
    E_LOCKED,
    E_OVERSIZE,
    E_BUSY,
    INGEST_CODES
};
const char *ingest_code_word(enum ingest_code code); /* "E_TIME_FUTURE" */

/* A mapping file, checked whole. Its form is told in data/mappings/README.md. Lives in the arena.
 */
struct mapping;
SK_MUST_USE enum err_code mapping_load(struct arena *a, const char *file, struct mapping **out,
                                       struct err *e);
SK_MUST_USE enum err_code mapping_parse(struct arena *a, struct str bytes, const char *name,
                                        struct mapping **out, struct err *e);
/* The names of points a mapping of layout "columns" needs ("generation", "own_use"), each once. */
size_t mapping_point_names(const struct mapping *m, const struct str **names);

/* Which series is meant by a name: of the mapping (layout "columns"), or of a cell (long, wide).
 * ERR_NOT_FOUND refuses the row with E_POINT_UNKNOWN; any other error stops the import. */
struct ingest_points {
    enum err_code (*find)(void *ctx, struct str name, int64_t *point_id, struct err *e);
    void *ctx;
};

/* Makes a batch durable, all or nothing. `source` ("file:" and its hash) and `batch_id` name it.
 * `outcome[i]` is an enum reading_outcome for each reading; `*known` when this batch was taken
 * before (outcomes are then not looked at). */
struct ingest_sink {
    enum err_code (*take)(void *ctx, struct str source, int64_t batch_id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e);
    void *ctx;
};

/* The sink that matters: the reading room's journal, batches split by shard; with `fold` each batch
 * is folded at once, so that duplicates and conflicts stand in the report with their line. A batch
 * that was known is not told apart again.  */
struct ingest_store {
    struct db *db;
    const struct reading_points *points;
    struct instant now;
    bool fold;
};
struct ingest_sink ingest_store_sink(struct ingest_store *s);

#define INGEST_LINE_MAX 65536u     /* 96 columns of 20 digits need 2 KB; longer is not a table */
#define INGEST_COLUMNS_MAX 2048u   /* a park with 2,000 meters side by side */
#define INGEST_POINTS_MAX 1000000u /* distinct names in one long file; 40 MB at most */
#define INGEST_FUTURE_MS 300000    /* iot.md 2.1: a clock may be five minutes fast */

struct ingest_job {
    const char *file; /* .gz is recognised by its bytes, not by its name */
    const struct mapping *mapping;
    struct ingest_points points;
    struct ingest_sink sink;
    struct instant now;
    const char *report; /* CSV of what was refused, made only when there is something; NULL: none */
    /* Called about every mebibyte of the file; may be NULL. */
    void (*progress)(void *ctx, int64_t bytes_done, int64_t bytes_total);
    void *progress_ctx;
};

struct ingest_result {
    int64_t bytes, lines, rows; /* of the file; lines with the header, rows with a time */
    int64_t values;             /* readings handed to the sink */
    int64_t taken, dup, dup_lower;
    int64_t missing; /* cells with a missing marker */
    int64_t refused; /* entries of the report */
    int64_t by_code[INGEST_CODES];
    int64_t batches, batches_known;
    bool unchanged; /* every batch was known: this file was imported before */
    bool broken;    /* the file ends too early; `why` says how; what was good is kept */
    char why[256];
    char file_sha256[65];
};

/* Imports one file. OK also when rows were refused: look at `out->refused` and `out->broken`.
 * ERR_INPUT: file-level fault, nothing was written. ERR_IO, ERR_FULL and what the sink returns:
 * what was acknowledged stays, and the same call goes on where it stopped. */
SK_MUST_USE enum err_code ingest_file(struct arena *a, const struct ingest_job *job,
                                      struct ingest_result *out, struct err *e);
#endif
