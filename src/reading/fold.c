/* fold.c - the journal into day chunks, in steps that each are one transaction.
 *
 * A step takes some entries, sorts their readings by chunk and day, merges each chunk once, derives
 * what follows from registers, and stores how far it came together with the chunks. Killed
 * anywhere, the next fold does the same step again from the same bytes.
 */
#include "base/crash.h"
#include "reading/days.h"
#include "reading/journal.h"

#define TRIES 5              /* of a step that somebody else's transaction made fail */
#define STEP_READINGS 200000 /* about 8 MB of records; a step is also what a kill may cost */

/* key: series 1 bit, chunk 24, day 17, position 4, slot 7: sorts readings into their chunks. */
struct record {
    uint64_t key;
    int64_t value;
    uint32_t entry, index; /* where it stands in the journal */
    uint32_t at;           /* estate index */
    uint16_t q;
    uint8_t rank, kind;
};
#define KEY(series, chunk, day, position, slot)                                                    \
    ((uint64_t)(series) << 52 | (uint64_t)(chunk) << 28 | (uint64_t)(day) << 11 |                  \
     (uint64_t)(position) << 7 | (uint64_t)(slot))
#define KEY_CHUNK(k) ((k) >> 11) /* series, chunk and day: one row */

struct step {
    struct db *db;
    const struct reading_points *p;
    const struct reading_fold_sink *sink;
    struct reading_fold_report *report;
    struct instant now;
    struct arena *arena; /* of the step: sources, packed chunks */
    struct arena *work;  /* of one chunk */
    struct record *records;
    size_t n;
    struct entry_name {
        struct str source;
        int64_t batch_id;
    } * entries;
    size_t n_entries, entries_room;
    int32_t shard;
    int64_t position;
    struct blob_row *out; /* chunks to write, in key order of the records */
    size_t n_out;
    struct dirty_list dirty;
    uint64_t sealed_for; /* chunk and month of the mask below */
    uint16_t sealed;
};

/* ---- collecting ------------------------------------------------------------------------------ */

static void add_record(struct step *s, const struct reading *r, size_t index)
{
    int64_t at = points_find(s->p, r->point_id);
    check(at >= 0 && s->p->places[at].place >= 0);
    struct place place = s->p->places[at];
    struct slot slot =
        instant_slot((struct instant){ r->ts_ms + (r->kind == READING_REG ? 60000 : 0) });
    int series = r->kind == READING_REG;
    s->records[s->n++] = (struct record){
        .key = KEY(series, place_chunk(place), day_number(slot.day), place_position(place),
                   slot.index),
        .value = r->value,
        .entry = (uint32_t)(s->n_entries - 1),
        .index = (uint32_t)index,
        .at = (uint32_t)at,
        .q = r->q,
        .rank = r->rank,
        .kind = r->kind,
    };
}

static bool collect(void *ctx, const struct entry *entry, enum err_code *code, struct err *e)
{
    struct step *s = ctx;
    if (s->n + (size_t)entry->n > STEP_READINGS && s->n > 0) {
        return false;
    }
    if (entry->packed.n == 0) { /* a day taken over: its chunks were written with the entry */
        s->position = entry->key;
        s->report->batches++;
        return true;
    }
    if (s->n_entries == s->entries_room) {
        s->entries_room = s->entries_room ? s->entries_room * 2 : 64;
        s->entries = mem_grow(s->entries, s->entries_room * sizeof(*s->entries));
    }
    s->entries[s->n_entries++] =
        (struct entry_name){ str_dup(s->arena, entry->source), entry->batch_id };
    struct journal_reader j;
    struct reading r;
    enum reading_outcome o;
    int more;
    journal_open(&j, entry->packed, entry->refused, (size_t)entry->n);
    while ((more = journal_next(&j, &r, &o)) == 1) {
        if (o == READING_TAKEN && points_find(s->p, r.point_id) < 0) {
            *code =
                fail(e, ERR_NOT_FOUND,
                     "journal entry %lld: point %lld is not in this scope: fold with all points",
                     (long long)entry->key, (long long)r.point_id);
            return false;
        }
        if (o == READING_TAKEN && (r.kind == READING_INT || r.kind == READING_REG)) {
            add_record(s, &r, j.index - 1);
        } else if (o == READING_TAKEN) {
            s->report->outcomes[READING_TAKEN]++; /* momentary values stay in the journal */
        }
    }
    if (more < 0) {
        *code = fail(e, ERR_CORRUPT, "journal entry %lld does not unpack", (long long)entry->key);
        return false;
    }
    s->position = entry->key;
    s->report->batches++;
    s->report->readings += entry->n;
    return s->n < STEP_READINGS;
}

static int by_key(const void *a, const void *b)
{
    const struct record *x = a, *y = b;
    if (x->key != y->key) {
        return x->key < y->key ? -1 : 1;
    }
    if (x->entry != y->entry) {
        return x->entry < y->entry ? -1 : 1;
    }
    return (x->index > y->index) - (x->index < y->index);
}

/* Files of one point come sorted already. */
static void sort_records(struct record *r, size_t n)
{
    size_t i = 1;
    while (i < n && by_key(&r[i - 1], &r[i]) < 0) {
        i++;
    }
    if (i < n) {
        qsort(r, n, sizeof(*r), by_key);
    }
}

/* ---- merging --------------------------------------------------------------------------------- */

static void tell(struct step *s, const struct record *r, struct slot slot, enum reading_outcome o)
{
    s->report->outcomes[o]++;
    if (!s->sink || !s->sink->outcome) {
        return;
    }
    struct reading back = { .point_id = s->p->estate.points[r->at].point_id,
                            .ts_ms = slot_start(slot).utc_ms,
                            .value = r->value,
                            .q = r->q,
                            .kind = r->kind,
                            .rank = r->rank };
    struct entry_name *n = &s->entries[r->entry];
    s->sink->outcome(s->sink->ctx, n->source, n->batch_id, r->index, &back, o);
}

/* A reading that met a sealed month: nothing, history, or a proposal (iot.md 2.4). */
static enum err_code locked(struct step *s, const struct record *r, struct slot slot,
                            struct day_slots *d, enum reading_outcome *o, struct err *e)
{
    int i = slot.index;
    struct slot_value in = slot_normal(r->value, r->q, r->rank);
    struct slot_value was = { d->value[i], d->q[i], d->rank[i] };
    struct losers losers;
    *o = slot_merge(d, i, in, &losers);
    d->value[i] = was.value;
    d->q[i] = was.q;
    d->rank[i] = was.rank;
    if (*o == READING_DUP) {
        return OK;
    }
    if (*o == READING_DUP_LOWER) {
        return losers_file(s->db, s->p, r->at, slot.day, i, SERIES_INTERVALS, &losers, s->now, e);
    }
    *o = READING_LOCKED;
    return change_propose(s->db, s->p, r->at, slot, was, in,
                          STR("arrived after the month was sealed"), s->now, e);
}

/* The readings of one point and day. */
static enum err_code merge_point(struct step *s, enum series series, struct day day, size_t from,
                                 size_t until, struct day_slots *d, bool sealed, struct err *e)
{
    const struct record *r = s->records;
    int64_t at = r[from].at;
    int first = -1, last = -1;
    for (size_t i = from; i < until; i++) {
        int slot = (int)(r[i].key & 127);
        struct slot where = { day, slot };
        enum reading_outcome o;
        struct losers losers = { .n = 0 };
        if (sealed) {
            if (locked(s, &r[i], where, d, &o, e) != OK) {
                return e->code;
            }
        } else {
            struct slot_value was = { d->value[slot], d->q[slot], d->rank[slot] };
            o = slot_merge(d, slot, slot_normal(r[i].value, r[i].q, r[i].rank), &losers);
            if (losers_file(s->db, s->p, at, day, slot, series, &losers, s->now, e) != OK) {
                return e->code;
            }
            if (was.value != d->value[slot] || was.q != d->q[slot] || was.rank != d->rank[slot]) {
                first = first < 0 ? slot : first;
                last = slot;
            }
        }
        tell(s, &r[i], where, o);
    }
    if (first >= 0 && series == SERIES_REGISTERS) {
        dirty_add(&s->dirty, (struct dirty){ at, { day, first }, { day, last }, false });
    } else if (first >= 0) {
        dirty_week_later(&s->dirty, s->p, at, day);
    }
    return OK;
}

static enum err_code find_sealed(struct step *s, int32_t chunk, struct day day, struct err *e)
{
    struct month m = day_month(day);
    uint64_t key = (uint64_t)chunk << 32 | (uint64_t)m.yyyymm;
    if (s->sealed_for == key) {
        return OK;
    }
    s->sealed_for = key;
    return sealed_mask(s->db, s->shard, chunk, m, &s->sealed, e);
}

/* All readings of one chunk row. */
static enum err_code merge_chunk(struct step *s, size_t from, size_t until, struct err *e)
{
    const struct record *r = s->records;
    uint64_t key = KEY_CHUNK(r[from].key);
    enum series series = key >> 41 ? SERIES_REGISTERS : SERIES_INTERVALS;
    int32_t chunk = (int32_t)(key >> 17 & 0xffffff), day_no = (int32_t)(key & 0x1ffff);
    struct day day = day_of_number(day_no);
    int64_t row_key = chunk_key(day_no, s->shard, chunk);
    struct str data;
    struct chunk c;
    if (rows_get_chunk(s->db, series, row_key, s->work, &data, e) != OK ||
        chunk_parse(data, series == SERIES_REGISTERS, &c, e) != OK) {
        return fail_in(e, "day %d, shard %d, chunk %d: ", day.yyyymmdd, s->shard, chunk);
    }
    if (series == SERIES_INTERVALS && find_sealed(s, chunk, day, e) != OK) {
        return e->code;
    }
    for (size_t i = from; i < until;) {
        size_t j = i + 1;
        while (j < until && r[j].key >> 7 == r[i].key >> 7) {
            j++;
        }
        int position = (int)(r[i].key >> 7 & 15);
        bool sealed = series == SERIES_INTERVALS && (s->sealed >> position & 1);
        struct day_slots d;
        enum err_code code = sealed ? days_load(s->db, s->p, r[i].at, day, 1, &d, NULL, e)
                                    : chunk_get(&c, position, &d, e);
        if (code != OK || merge_point(s, series, day, i, j, &d, sealed, e) != OK) {
            return e->code;
        }
        if (!sealed) {
            chunk_set(&c, position, &d, s->work);
        }
        i = j;
    }
    struct str bytes = chunk_bytes(&c, s->arena);
    if (bytes.n > 0 && !str_eq(bytes, data)) {
        s->out[s->n_out++] = (struct blob_row){ .key = row_key, .shard = s->shard, .data = bytes };
    }
    arena_reset(s->work);
    return OK;
}

static int by_row_key(const void *a, const void *b)
{
    const struct blob_row *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

static enum err_code write_chunks(struct step *s, enum series series, struct err *e)
{
    s->report->chunks += (int64_t)s->n_out;
    qsort(s->out, s->n_out, sizeof(*s->out), by_row_key);
    enum err_code code = s->n_out ? rows_put_chunks(s->db, series, s->out, s->n_out, e) : OK;
    s->n_out = 0;
    return code;
}

/* One transaction's work. *more: the journal may hold more. */
static enum err_code fold_step(struct step *s, bool *more, struct err *e)
{
    int64_t position;
    if (rows_fold_position(s->db, s->shard, &position, e) != OK) {
        return e->code;
    }
    s->position = position;
    if (rows_each_entry(s->db, s->shard, position, collect, s, e) != OK) {
        return e->code;
    }
    *more = s->position != position;
    if (!*more) {
        return OK;
    }
    sort_records(s->records, s->n);
    enum series series = SERIES_INTERVALS;
    s->out = arena_many(s->arena, s->n + 1, struct blob_row);
    for (size_t i = 0; i < s->n;) {
        size_t j = i + 1;
        while (j < s->n && KEY_CHUNK(s->records[j].key) == KEY_CHUNK(s->records[i].key)) {
            j++;
        }
        if (series == SERIES_INTERVALS && s->records[i].key >> 52) {
            if (write_chunks(s, series, e) != OK) {
                return e->code;
            }
            series = SERIES_REGISTERS;
        }
        if (merge_chunk(s, i, j, e) != OK) {
            return e->code;
        }
        i = j;
    }
    if (write_chunks(s, series, e) != OK ||
        registers_derive(s->db, s->p, &s->dirty, s->now, &s->report->derived_days, e) != OK) {
        return e->code;
    }
    return rows_put_fold_position(s->db, s->shard, s->position, s->now, e);
}

static enum err_code fold_shard(struct step *s, struct err *e)
{
    bool more = true;
    int tries = 0;
    while (more) {
        struct reading_fold_report before = *s->report;
        s->n = s->n_entries = s->n_out = s->dirty.n = 0;
        s->sealed_for = UINT64_MAX;
        arena_reset(s->arena);
        if (store_begin(s->db, STORE_SERIES, STORE_WRITE, e) != OK) {
            return e->code;
        }
        enum err_code code = fold_step(s, &more, e);
        if (code != OK || !more) {
            store_rollback(s->db, STORE_SERIES);
        }
        crash_point("fold_before_commit");
        code = code == OK && more ? store_commit(s->db, STORE_SERIES, e) : code;
        crash_point("fold_after_commit");
        if (code != OK) {
            *s->report = before;
            more = true;
        }
        if (code != OK && (code != ERR_RETRY || ++tries > TRIES)) {
            return code;
        }
        tries = code == OK ? 0 : tries;
    }
    return OK;
}

enum err_code reading_fold(struct db *db, const struct reading_points *p,
                           const struct reading_fold_sink *sink, struct instant now,
                           struct reading_fold_report *report, struct err *e)
{
    struct reading_fold_report own = { 0 };
    struct step s = { .db = db, .p = p, .sink = sink, .report = &own, .now = now };
    int32_t *shards = mem_alloc((METER_SHARD_MAX + 1) * sizeof(*shards));
    size_t n_shards = 0;
    s.arena = arena_new();
    s.work = arena_new();
    s.records = mem_alloc((STEP_READINGS + READING_BATCH_MAX) * sizeof(*s.records));
    enum err_code code = rows_journal_shards(db, shards, METER_SHARD_MAX + 1, &n_shards, e);
    for (size_t i = 0; i < n_shards && code == OK; i++) {
        s.shard = shards[i];
        code = fold_shard(&s, e);
    }
    dirty_free(&s.dirty);
    free(s.records);
    free(s.entries);
    free(shards);
    arena_free(s.work);
    arena_free(s.arena);
    if (code == OK && report) {
        *report = own;
    }
    return code == OK ? OK : fail_in(e, "fold: ");
}
