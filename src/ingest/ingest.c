/* ingest.c - the story of an import: survey the file, read its header, take row by row, hand full
 * batches to the sink, report what was refused.
 */
#include "base/crash.h"
#include "ingest/import.h"

#include <stdarg.h>

#define BATCH_SEED 0x73756e6b65657062u /* of the batch names; changing it forgets old imports */

enum err_code import_refuse(struct import *im, int64_t line, int column, enum ingest_code code,
                            struct str raw, struct err *e, const char *fmt, ...)
{
    char text[256];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    im->out->refused++;
    im->out->by_code[code]++;
    return report_add(&im->report, line, column + 1, ingest_code_word(code), text, raw, e);
}

void import_add(struct import *im, const struct reading *r, int column)
{
    check(im->n < READING_BATCH_MAX);
    im->batch[im->n] = *r;
    im->batch_line[im->n] = im->lines.number;
    im->batch_column[im->n] = column;
    im->n++;
}

/* What the store refused, in the words of the report. */
static enum err_code import_outcome(struct import *im, size_t i, struct err *e)
{
    static const struct {
        enum ingest_code code;
        const char *text;
    } told[READING_OUTCOMES] = {
        [READING_CONFLICT] = { E_CONFLICT,
                               "another value of the same rank stands there: neither is "
                               "settled until `reading edit` decides" },
        [READING_LOCKED] = { E_LOCKED, "the period is settled: filed as a proposed correction" },
        [READING_TIME_FUTURE] = { E_TIME_FUTURE, "lies in the future: check date, zone and clock" },
        [READING_TIME_OLD] = { E_TIME_OLD, "lies too far back" },
        [READING_POINT_UNKNOWN] = { E_POINT_UNKNOWN, "no such point: add it, then import again" },
        [READING_RANGE] = { E_RANGE, "not plausible for this point" },
    };
    char raw[64];
    switch ((enum reading_outcome)im->outcome[i]) {
    case READING_TAKEN:
        im->out->taken++;
        return OK;
    case READING_DUP:
        im->out->dup++;
        return OK;
    case READING_DUP_LOWER:
        im->out->dup_lower++;
        return OK;
    default:
        check(im->outcome[i] < READING_OUTCOMES);
        snprintf(raw, sizeof raw, "%lld e-4", (long long)im->batch[i].value);
        return import_refuse(im, im->batch_line[i], im->batch_column[i], told[im->outcome[i]].code,
                             str_of(raw), e, "%s", told[im->outcome[i]].text);
    }
}

/* By fields, because the padding of a struct is nobody's content. */
static uint64_t import_batch_hash(const struct import *im)
{
    uint64_t hash = hash64(&im->out->batches, sizeof im->out->batches, BATCH_SEED);
    for (size_t i = 0; i < im->n; i++) {
        const struct reading *r = &im->batch[i];
        int64_t fields[4] = { r->point_id, r->ts_ms, r->value,
                              r->q | r->kind << 16 | r->rank << 24 };
        hash = hash64(fields, sizeof fields, hash);
    }
    return hash;
}

/* Law 5: the name of a batch is its file, its place and its content. */
static enum err_code import_flush(struct import *im, struct err *e)
{
    char source[64];
    bool known = false;
    if (im->n == 0) {
        return OK;
    }
    snprintf(source, sizeof source, "file:%.32s", im->out->file_sha256);
    int64_t id = (int64_t)(import_batch_hash(im) & INT64_MAX);
    crash_point("ingest.before_batch");
    enum err_code code = im->job->sink.take(im->job->sink.ctx, str_of(source), id, im->batch, im->n,
                                            im->outcome, &known, e);
    crash_point("ingest.after_batch");
    if (code != OK) {
        return code;
    }
    im->out->batches++;
    im->out->batches_known += known;
    im->out->values += (int64_t)im->n;
    for (size_t i = 0; i < im->n && code == OK && !known; i++) {
        code = import_outcome(im, i, e);
    }
    im->n = 0;
    return code;
}

enum err_code import_room(struct import *im, struct err *e)
{
    return im->n + CELL_READINGS_MAX > READING_BATCH_MAX ? import_flush(im, e) : OK;
}

static void import_progress(struct import *im, int64_t *told)
{
    int64_t done = feed_raw_done(im->lines.feed);
    if (im->job->progress != NULL && done - *told >= (1 << 20)) {
        *told = done;
        im->job->progress(im->job->progress_ctx, done, feed_raw_total(im->lines.feed));
    }
}

static enum err_code import_line(struct import *im, enum line_kind kind, struct err *e)
{
    if (kind == LINE_LONG) {
        return import_refuse(im, im->lines.number, NO_COLUMN, E_OVERSIZE, im->line, e,
                             "the line is longer than %u bytes: is a line end missing?",
                             INGEST_LINE_MAX);
    }
    if (kind == LINE_OPEN) {
        return import_refuse(im, im->lines.number, NO_COLUMN, E_TRUNC, im->line, e,
                             "the file is cut off within this line: fetch it again");
    }
    if (memchr(im->line.at, 0, im->line.n) != NULL) {
        return import_refuse(im, im->lines.number, NO_COLUMN, E_SCHEMA, im->line, e,
                             "the line holds bytes that are not text");
    }
    return row_read(im, e);
}

static enum err_code import_end(struct import *im, struct err *e)
{
    if (im->out->rows == 0 && im->out->refused == 0) {
        return fail_named(e, ERR_INPUT, "E_SHORT",
                          "%s:%lld: there are no rows after the header line", im->job->file,
                          (long long)im->lines.number + 1);
    }
    /* Cut off between two lines: the place of what is missing still stands in the report. */
    if (im->out->broken && im->out->by_code[E_TRUNC] == 0) {
        enum err_code code = import_refuse(im, im->lines.number + 1, NO_COLUMN, E_TRUNC, STR(""), e,
                                           "the file is cut off before this line: fetch it again");
        if (code != OK) {
            return code;
        }
    }
    return import_flush(im, e);
}

static enum err_code import_rows(struct import *im, struct err *e)
{
    enum line_kind kind;
    int64_t told = 0;
    for (;;) {
        enum err_code code = lines_next(&im->lines, &im->line, &kind, e);
        if (code != OK) {
            return code;
        }
        if (kind == LINE_NONE) {
            return import_end(im, e);
        }
        if (im->line.n == 0) {
            continue; /* a blank line, most often the last */
        }
        code = import_line(im, kind, e);
        if (code != OK) {
            return code;
        }
        import_progress(im, &told);
    }
}

/* The series of the value columns of layout "columns", found before anything is written. */
static enum err_code import_points(struct import *im, struct err *e)
{
    const struct mapping *m = im->m;
    int64_t *id = arena_many(im->arena, m->n_names + 1, int64_t);
    if (m->layout != LAYOUT_COLUMNS) {
        names_init(&im->names, im->arena, &im->job->points, &m->values[0]);
        return OK;
    }
    for (size_t i = 0; i < m->n_names; i++) {
        enum err_code code = im->job->points.find(im->job->points.ctx, m->names[i], &id[i], e);
        if (code != OK) {
            if (code == ERR_NOT_FOUND && e != NULL) {
                e->name = "E_POINT_UNKNOWN";
            }
            return fail_in(e, "%s: point \"" STR_FMT "\": ", m->file, STR_ARG(m->names[i]));
        }
    }
    im->values = arena_many(im->arena, m->n_values, struct place);
    for (size_t i = 0; i < m->n_values; i++) {
        const struct map_value *v = &m->values[i];
        im->values[i].point_id[0] = id[v->point_index];
        im->values[i].point_id[1] = id[v->negative_index];
        im->values[i].point_id[2] = id[v->idle_index];
    }
    im->last_ms = INT64_MIN;
    return OK;
}

/* Law 1: the container, before anything is written. What a cut-off file still holds is good. */
static enum err_code import_survey(struct import *im, struct err *e)
{
    struct sha256 digest;
    enum feed_state state;
    struct text hex;
    const char *file = im->job->file;
    enum err_code code = feed_survey(file, &digest, &state, e);
    if (code != OK) {
        return code;
    }
    if (state == FEED_CORRUPT) {
        return fail_named(e, ERR_INPUT, "E_CHECKSUM",
                          "%s: does not unpack, or its checksum is wrong: fetch the file again",
                          file);
    }
    if (state == FEED_TRUNCATED) {
        im->out->broken = true;
        snprintf(im->out->why, sizeof im->out->why,
                 "the gzip file stops before its end: the rows before are kept, fetch it again");
    }
    text_init(&hex, im->arena, 65);
    text_hex(&hex, digest.b, sizeof digest.b);
    memcpy(im->out->file_sha256, hex.at, 65);
    return OK;
}

static void import_memory(struct import *im)
{
    struct arena *a = im->arena;
    im->cells = arena_many(a, INGEST_COLUMNS_MAX, struct str);
    im->room = arena_many(a, INGEST_LINE_MAX, char);
    im->batch = arena_many(a, READING_BATCH_MAX, struct reading);
    im->batch_line = arena_many(a, READING_BATCH_MAX, int64_t);
    im->batch_column = arena_many(a, READING_BATCH_MAX, int32_t);
    im->outcome = arena_many(a, READING_BATCH_MAX, uint8_t);
}

static enum err_code import_run(struct import *im, struct feed *feed, struct err *e)
{
    lines_init(&im->lines, feed, arena_many(im->arena, LINES_BYTES, char));
    enum err_code code = header_read(im, e);
    if (code != OK || (code = import_points(im, e)) != OK) {
        return code;
    }
    code = import_rows(im, e);
    im->out->lines = im->lines.number;
    im->out->bytes = feed_raw_total(feed);
    im->out->unchanged = im->out->batches > 0 && im->out->batches == im->out->batches_known;
    if (im->job->progress != NULL && code == OK) {
        im->job->progress(im->job->progress_ctx, im->out->bytes, im->out->bytes);
    }
    return code;
}

enum err_code ingest_file(struct arena *a, const struct ingest_job *job, struct ingest_result *out,
                          struct err *e)
{
    struct ingest_result result = { .bytes = 0 };
    struct import *im = arena_make(a, struct import);
    struct feed *feed;
    im->arena = a;
    im->job = job;
    im->m = job->mapping;
    im->out = &result;
    im->oldest_ms = day_start((struct day){ IMPORT_OLDEST_DAY }).utc_ms;
    im->latest_ms = job->now.utc_ms + INGEST_FUTURE_MS;
    import_memory(im);
    enum err_code code = import_survey(im, e);
    if (code != OK || (code = report_init(&im->report, job->report, e)) != OK ||
        (code = feed_open(job->file, &feed, e)) != OK) {
        return code;
    }
    code = import_run(im, feed, e);
    feed_close(feed);
    struct err closing;
    enum err_code closed = report_close(&im->report, code == OK ? e : &closing);
    code = code == OK ? closed : code;
    if (code == OK) {
        *out = result;
    }
    return code;
}
