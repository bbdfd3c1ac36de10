/* audit.c - the room's part of `sunkeeper check`: what was acknowledged is there (I7), each
 * interval has one value with its provenance (I9), and every block is what it says.
 */
#include "reading/days.h"
#include "reading/journal.h"
#include "reading/late.h"
#include <stdarg.h>

struct audit {
    struct db *db;
    const struct reading_points *p;
    struct arena *arena;
    struct reading_check_report *out;
    bool deep;
    int64_t folded; /* position of the shard at hand */
    /* a page of journal entries to be looked up (deep) */
    struct reading *page;
    size_t n_page;
    int64_t last;
    /* the point-day looked at last */
    struct day_slots day;
    int64_t day_at;
    struct day day_of;
    enum series day_series;
};
#define AUDIT_PAGE 100000 /* readings held while looking them up */

__attribute__((format(printf, 2, 3))) static void fault(struct audit *v, const char *fmt, ...)
{
    if (v->out->faults++ == 0) {
        char text[300];
        va_list ap;
        va_start(ap, fmt);
        vsnprintf(text, sizeof(text), fmt, ap);
        va_end(ap);
        v->out->first_fault = str_dup(v->arena, str_of(text));
    }
}

static bool audit_entry(void *ctx, const struct entry *entry, enum err_code *code, struct err *e)
{
    struct audit *v = ctx;
    struct journal_reader j;
    struct reading r;
    enum reading_outcome o;
    int more = 0;
    (void)code, (void)e;
    v->last = entry->key;
    v->out->batches++;
    if (entry->packed.n == 0) {
        return true;
    }
    struct sha256 h = sha256_of(entry->packed.at, entry->packed.n);
    if (memcmp(h.b, entry->hash.b, sizeof(h.b)) != 0) {
        fault(v, "journal entry %lld does not match its hash", (long long)entry->key);
        return true;
    }
    journal_open(&j, entry->packed, entry->refused, (size_t)entry->n);
    while ((more = journal_next(&j, &r, &o)) == 1) {
        v->out->readings += o == READING_TAKEN;
        if (v->deep && o == READING_TAKEN && entry->key <= v->folded &&
            (r.kind == READING_INT || r.kind == READING_REG) && r.rank != 0) {
            v->page[v->n_page++] = r;
        }
    }
    if (more < 0) {
        fault(v, "journal entry %lld does not unpack", (long long)entry->key);
    }
    return v->n_page + READING_BATCH_MAX <= AUDIT_PAGE;
}

static enum err_code audit_day(struct audit *v, int64_t at, struct day day, enum series series,
                               struct err *e)
{
    if (v->day_at == at && v->day_of.yyyymmdd == day.yyyymmdd && v->day_series == series) {
        return OK;
    }
    enum err_code code = series == SERIES_REGISTERS
                             ? registers_load(v->db, v->p, at, day, 1, &v->day, e)
                             : days_load(v->db, v->p, at, day, 1, &v->day, NULL, e);
    v->day_at = code == OK ? at : -1;
    v->day_of = day;
    v->day_series = series;
    return code;
}

static int by_point_and_time(const void *a, const void *b)
{
    const struct reading *x = a, *y = b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    if (x->point_id != y->point_id) {
        return x->point_id < y->point_id ? -1 : 1;
    }
    return (x->ts_ms > y->ts_ms) - (x->ts_ms < y->ts_ms);
}

/* A folded reading is in force (its own value, or one that beat it), in history, or a change. */
static enum err_code audit_reading(struct audit *v, const struct reading *r, struct err *e)
{
    int64_t at = points_find(v->p, r->point_id);
    if (at < 0 || v->p->places[at].place < 0) {
        return OK; /* of another scope */
    }
    enum series series = r->kind == READING_REG ? SERIES_REGISTERS : SERIES_INTERVALS;
    struct slot slot = instant_slot((struct instant){ r->ts_ms + (series ? 60000 : 0) });
    enum err_code code = audit_day(v, at, slot.day, series, e);
    if (code == ERR_CORRUPT) {
        fault(v, "point %lld, day %d: %s", (long long)r->point_id, slot.day.yyyymmdd, e->text);
        return OK;
    }
    if (code != OK) {
        return code;
    }
    int s = slot.index;
    struct slot_value in = slot_normal(r->value, r->q, r->rank);
    if (in.rank == 0 || (v->day.rank[s] == in.rank && v->day.value[s] == in.value)) {
        return OK;
    }
    struct reading_past past[64];
    size_t n = 0;
    if (rows_list_past(v->db, v->p->places[at].shard, r->point_id, slot.day, s, series, 64, past,
                       &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (past[i].rank == in.rank && past[i].value == in.value) {
            return OK;
        }
    }
    bool found = false;
    if (rows_has_change(v->db, v->p->places[at].shard, r->point_id, slot, in.value, &found, e) !=
        OK) {
        return e->code;
    }
    if (!found) {
        fault(v, "point %lld, day %d, slot %d: an acknowledged reading is not in force nor filed",
              (long long)r->point_id, slot.day.yyyymmdd, s);
    }
    return OK;
}

static enum err_code audit_journal(struct audit *v, int32_t shard, struct err *e)
{
    int64_t after = entry_key(shard, 0);
    if (rows_see_fold_position(v->db, shard, &v->folded, e) != OK) {
        return e->code;
    }
    for (;;) {
        v->n_page = 0;
        v->last = after;
        if (rows_each_entry(v->db, shard, after, audit_entry, v, e) != OK) {
            return e->code;
        }
        qsort(v->page, v->n_page, sizeof(*v->page), by_point_and_time);
        for (size_t i = 0; i < v->n_page; i++) {
            if (audit_reading(v, &v->page[i], e) != OK) {
                return e->code;
            }
        }
        if (v->last == after) {
            return OK;
        }
        after = v->last;
    }
}

/* Parses, unpacks and packs each section again: it must be the same bytes (law 1 of block.h). */
static void audit_sections(struct audit *v, struct block *b, bool frame, const char *what,
                           int64_t key)
{
    int64_t value[MONTH_GROUPS_MAX * GROUP];
    uint16_t q[MONTH_GROUPS_MAX * GROUP];
    uint8_t rank[MONTH_GROUPS_MAX * GROUP], again[SECTION_MAX(MONTH_GROUPS_MAX)];
    struct section s;
    int position;
    while ((position = block_next(b, &s)) >= 0) {
        if (!section_unpack(&s, value, q, rank)) {
            position = -2;
            break;
        }
        size_t n = section_pack(again, value, q, rank, s.groups, frame);
        if (n != (size_t)(s.end - s.start) || memcmp(again, s.start, n) != 0) {
            fault(v, "%s %lld: a section is not in its canonical form", what, (long long)key);
        }
    }
    if (position != -1) {
        fault(v, "%s %lld: a section does not unpack", what, (long long)key);
    }
}

static void audit_blob(struct audit *v, int64_t key, struct str data, int groups, const char *what)
{
    struct block b;
    struct err e;
    uint8_t *room = mem_alloc(MONTH_MAX);
    if (block_open(data.at, data.n, groups, room, &b, &e) != OK) {
        fault(v, "%s %lld: %s", what, (long long)key, e.text);
    } else if (v->deep) {
        audit_sections(v, &b, b.flags & BLOCK_FRAME, what, key);
    }
    free(room);
}

static bool audit_chunk(void *ctx, int64_t key, int64_t snapshot, struct str data,
                        enum err_code *code, struct err *e)
{
    struct audit *v = ctx;
    (void)snapshot, (void)code, (void)e;
    v->out->chunks++;
    audit_blob(v, key, data, DAY_GROUPS, "day chunk");
    return true;
}

static bool audit_month(void *ctx, int64_t key, int64_t snapshot, struct str data,
                        enum err_code *code, struct err *e)
{
    struct audit *v = ctx;
    (void)snapshot, (void)code, (void)e;
    v->out->months++;
    audit_blob(v, key, data, 0, "sealed month");
    return true;
}

static bool audit_late(void *ctx, int64_t key, int64_t snapshot, struct str data,
                       enum err_code *code, struct err *e)
{
    struct audit *v = ctx;
    size_t n;
    (void)snapshot, (void)code, (void)e;
    if (!late_row_ok(data, late_key_month(key), &n)) {
        fault(v, "late readings, row %lld: do not match their checksum, or are none",
              (long long)key);
    }
    v->out->late += (int64_t)n;
    return true;
}

enum err_code reading_check(struct db *db, const struct reading_points *p, struct arena *a,
                            bool deep, struct reading_check_report *out, struct err *e)
{
    struct reading_check_report report = { .first_fault = { "", 0 } };
    struct audit v = { .db = db, .p = p, .arena = a, .out = &report, .deep = deep, .day_at = -1 };
    int32_t *shards = mem_alloc((METER_SHARD_MAX + 1) * sizeof(*shards));
    size_t n = 0;
    v.page = mem_alloc(AUDIT_PAGE * sizeof(*v.page));
    enum err_code code = rows_journal_shards(db, shards, METER_SHARD_MAX + 1, &n, e);
    for (size_t i = 0; i < n && code == OK; i++) {
        code = audit_journal(&v, shards[i], e);
    }
    for (int k = SERIES_INTERVALS; k <= SERIES_REGISTERS && code == OK; k++) {
        code = rows_each_chunk(db, (enum series)k, 0, INT64_MAX, audit_chunk, &v, e);
    }
    code = code == OK ? rows_each_block(db, 0, INT64_MAX, audit_month, &v, e) : code;
    code = code == OK ? rows_each_chunk(db, SERIES_LATE, 0, INT64_MAX, audit_late, &v, e) : code;
    code = code == OK ? rows_count_changes(db, &report.changes, e) : code;
    free(v.page);
    free(shards);
    if (code == OK) {
        *out = report;
    }
    return code == OK ? OK : fail_in(e, "check of readings: ");
}
