/* fold.c - the journal into day chunks, in steps that each are one transaction.
 *
 * A step takes some entries, sorts their readings by day and chunk, merges each chunk once, derives
 * what follows from registers, and stores how far it came together with the chunks. Where a chunk
 * that is there gets a few readings only, these are kept beside it (late.h). Killed anywhere, the
 * next fold does the same step again from the same bytes.
 */
#include "base/crash.h"
#include "reading/days.h"
#include "reading/journal.h"
#include "reading/late.h"
#include "reading/radix.h"

#define TRIES 5              /* of a step that somebody else's transaction made fail */
#define STEP_READINGS 200000 /* about 8 MB of records; a step is also what a kill may cost */
#define CHUNKS_AT_ONCE 128   /* chunks in memory at a time: they stay in the second-level cache */
#define ASKED_BITS 65536     /* 8 KB: a step of late readings has some thousand point-days */
#define MONTHS_MAX 64        /* of one step that may have late readings; others are written */

/* key: series 1 bit, then slot_key(): sorts readings into their chunks, in the order of rows. */
struct record {
    uint64_t key;
    int64_t value;
    uint32_t entry, index; /* where it stands in the journal */
    uint32_t at;           /* estate index */
    uint16_t q;
    uint8_t rank, kind;
};
#define KEY(series, day, place, slot) ((uint64_t)(series) << 52 | slot_key(day, place, slot))
#define KEY_SERIES(k) ((k) >> 52 ? SERIES_REGISTERS : SERIES_INTERVALS)
#define KEY_CHUNK(k) ((k) >> 11) /* series, day and chunk: one row */

/* The months of a step, with what is known of each. */
struct step_month {
    struct month month;
    int32_t from, until; /* day numbers */
    bool any_sealed;
    struct late_size size;
};

struct step {
    struct db *db;
    const struct reading_points *p;
    const struct reading_fold_sink *sink;
    struct reading_fold_report *report;
    struct instant now;
    struct arena *arena;             /* of the step: sources, packed chunks */
    struct arena *work;              /* of one chunk */
    struct record *records, *sorted; /* room for as many in each, twice as many in ranked */
    struct ranked *ranked;
    size_t n, room;
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
    struct step_month month[MONTHS_MAX];
    size_t n_months;
    struct late_list late; /* what was there, of the chunks at hand */
    struct late *fresh;    /* what this step adds */
    size_t n_fresh, fresh_room;
    uint64_t sealed_for; /* chunk and month of the mask below */
    uint16_t sealed;
    bool full; /* the journal may hold more */
    uint64_t
        asked[ASKED_BITS / 64]; /* point-days of the step, hashed: most others are told by a bit */
};

/* ---- collecting ------------------------------------------------------------------------------ */

/* Most folds are small: memory that none of them needs would have to be cleared each time. */
static void records_grow(struct step *s)
{
    s->room = s->room ? s->room * 2 : 4096;
    s->records = mem_grow(s->records, s->room * sizeof(*s->records));
    s->sorted = mem_grow(s->sorted, s->room * sizeof(*s->sorted));
    s->ranked = mem_grow(s->ranked, 2 * s->room * sizeof(*s->ranked));
}

static void add_record(struct step *s, const struct reading *r, size_t index)
{
    if (s->n == s->room) {
        records_grow(s);
    }
    int64_t at = points_find(s->p, r->point_id);
    check(at >= 0 && s->p->places[at].place >= 0);
    struct place place = s->p->places[at];
    struct slot slot =
        instant_slot((struct instant){ r->ts_ms + (r->kind == READING_REG ? 60000 : 0) });
    int series = r->kind == READING_REG;
    s->records[s->n++] = (struct record){
        .key = KEY(series, day_number(slot.day), place.place, slot.index),
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
        s->full = true;
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
    s->full = s->n >= STEP_READINGS;
    return !s->full;
}

/* By key; the order of the journal among equals. */
static void sort_records(struct step *s)
{
    bool sorted = true;
    for (size_t i = 0; i < s->n; i++) {
        s->ranked[i] = (struct ranked){ s->records[i].key, (uint32_t)i };
        sorted = sorted && (i == 0 || s->records[i - 1].key <= s->records[i].key);
    }
    if (sorted) {
        return;
    }
    ranked_sort(s->ranked, s->ranked + s->room, s->n);
    for (size_t i = 0; i < s->n; i++) {
        s->sorted[i] = s->records[s->ranked[i].at];
    }
    struct record *t = s->records;
    s->records = s->sorted;
    s->sorted = t;
}

/* ---- months, and what came late to them ------------------------------------------------------ */

static struct step_month *find_month(struct step *s, int32_t day_no)
{
    for (size_t i = s->n_months; i-- > 0;) {
        if (day_no >= s->month[i].from && day_no < s->month[i].until) {
            return &s->month[i];
        }
    }
    return NULL;
}

static uint32_t asked_bit(uint64_t key)
{
    return (uint32_t)((key >> 7) * 0x9E3779B97F4A7C15u >> 48) % ASKED_BITS;
}

/* Whether the step has readings of a record's point and day. */
static bool in_step(const void *ctx, uint64_t key)
{
    const struct step *s = ctx;
    size_t low = 0, high = s->n;
    uint32_t bit = asked_bit(key);
    if ((s->asked[bit / 64] >> bit % 64 & 1) == 0) {
        return false;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->records[mid].key >> 7 < key >> 7) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < s->n && s->records[low].key >> 7 == key >> 7;
}

/* Asks once for each month of the step what would have to be asked for each chunk. */
static enum err_code look_at_months(struct step *s, struct err *e)
{
    int32_t until = 0; /* day number after the month looked at last */
    s->n_months = 0;
    s->late = (struct late_list){ 0 };
    memset(s->asked, 0, sizeof(s->asked));
    for (size_t i = 0; i < s->n; i++) {
        uint32_t bit = asked_bit(s->records[i].key);
        s->asked[bit / 64] |= (uint64_t)1 << bit % 64;
    }
    for (size_t i = 0; i < s->n && KEY_SERIES(s->records[i].key) == SERIES_INTERVALS; i++) {
        int32_t day_no = slot_key_day(s->records[i].key);
        if (day_no < until) {
            continue;
        }
        struct month m = day_month(day_of_number(day_no));
        struct step_month sm = { .month = m, .from = day_number(month_first(m)) };
        struct place none = { s->shard, 0 }, next = { s->shard + 1, 0 };
        until = sm.until = sm.from + month_days(m);
        if (rows_any_block(s->db, block_key(m, none, VERSION_MAX), block_key(m, next, VERSION_MAX),
                           &sm.any_sealed, e) != OK ||
            late_load(s->db, s->shard, m, in_step, s, s->arena, &s->late, &sm.size, e) != OK) {
            return e->code;
        }
        if (s->n_months < MONTHS_MAX) {
            s->month[s->n_months++] = sm;
        }
    }
    return OK;
}

static void keep_fresh(struct step *s, const struct record *r, struct slot_value in)
{
    if (s->n_fresh == s->fresh_room) {
        s->fresh_room = s->fresh_room ? s->fresh_room * 2 : 1024;
        s->fresh = mem_grow(s->fresh, s->fresh_room * sizeof(*s->fresh));
    }
    s->fresh[s->n_fresh++] =
        (struct late){ .key = r->key, .value = in.value, .q = in.q, .rank = in.rank };
    s->report->late++;
}

/* Records stand in the order of days: those of a month follow each other. */
static enum err_code write_fresh(struct step *s, struct err *e)
{
    for (size_t i = 0; i < s->n_fresh;) {
        struct step_month *m = find_month(s, slot_key_day(s->fresh[i].key));
        size_t j = i + 1;
        while (j < s->n_fresh && slot_key_day(s->fresh[j].key) < m->until) {
            j++;
        }
        if (late_add(s->db, s->shard, m->month, s->fresh + i, j - i, &m->size, s->arena, e) != OK) {
            return e->code;
        }
        i = j;
    }
    return OK;
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
                                 size_t until, struct day_slots *d, bool sealed, bool few,
                                 struct err *e)
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
            struct slot_value in = slot_normal(r[i].value, r[i].q, r[i].rank);
            o = slot_merge(d, slot, in, &losers);
            if (losers_file(s->db, s->p, at, day, slot, series, &losers, s->now, e) != OK) {
                return e->code;
            }
            if (was.value != d->value[slot] || was.q != d->q[slot] || was.rank != d->rank[slot]) {
                first = first < 0 ? slot : first;
                last = slot;
                if (few) {
                    keep_fresh(s, &r[i], in);
                }
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

static enum err_code find_sealed(struct step *s, int32_t chunk, struct day day,
                                 const struct step_month *known, struct err *e)
{
    struct month m = known ? known->month : day_month(day);
    uint64_t key = (uint64_t)chunk << 32 | (uint64_t)m.yyyymm;
    if (s->sealed_for == key) {
        return OK;
    }
    s->sealed_for = key;
    s->sealed = 0;
    return known && !known->any_sealed ? OK : sealed_mask(s->db, s->shard, chunk, m, &s->sealed, e);
}

/* A chunk being merged. Of one that is not written only the days asked for are looked at. */
struct meeting {
    enum series series;
    struct day day;
    int32_t day_no;
    bool few;
    struct str data;
    struct chunk c; /* unless few */
};

/* The readings [from, until) of one point. */
static enum err_code meet_point(struct step *s, struct meeting *m, size_t from, size_t until,
                                struct err *e)
{
    const struct record *r = &s->records[from];
    int place = slot_key_place(r->key), position = place % CHUNK_POINTS;
    bool sealed = m->series == SERIES_INTERVALS && (s->sealed >> position & 1);
    struct day_slots d;
    enum err_code code = sealed   ? days_load(s->db, s->p, r->at, m->day, 1, &d, NULL, e)
                         : m->few ? chunk_peek(m->data, position, &d, e)
                                  : chunk_get(&m->c, position, &d, e);
    if (code == OK && !sealed && m->series == SERIES_INTERVALS) {
        late_join(&s->late, m->day_no, place, &d);
    }
    if (code != OK || merge_point(s, m->series, m->day, from, until, &d, sealed, m->few, e) != OK) {
        return e->code;
    }
    if (!sealed && !m->few) {
        chunk_set(&m->c, position, &d, s->work);
    }
    return OK;
}

/* All readings of one chunk row, whose bytes are `data`. */
static enum err_code merge_chunk(struct step *s, size_t from, size_t until, struct str data,
                                 struct err *e)
{
    const struct record *r = s->records;
    uint64_t key = r[from].key;
    int32_t chunk = slot_key_place(key) / CHUNK_POINTS, day_no = slot_key_day(key);
    struct meeting m = { .series = KEY_SERIES(key), .day_no = day_no, .data = data };
    const struct step_month *known = find_month(s, day_no);
    m.day = day_of_number(day_no);
    m.few = m.series == SERIES_INTERVALS && data.n > 0 && until - from <= LATE_FEW && known;
    if (!m.few && chunk_parse(data, m.series == SERIES_REGISTERS, &m.c, e) != OK) {
        return fail_in(e, "day %d, shard %d, chunk %d: ", m.day.yyyymmdd, s->shard, chunk);
    }
    if (m.series == SERIES_INTERVALS && find_sealed(s, chunk, m.day, known, e) != OK) {
        return e->code;
    }
    for (size_t i = from; i < until;) {
        size_t j = i + 1;
        while (j < until && r[j].key >> 7 == r[i].key >> 7) {
            j++;
        }
        if (meet_point(s, &m, i, j, e) != OK) {
            return fail_in(e, "day %d, shard %d, chunk %d: ", m.day.yyyymmdd, s->shard, chunk);
        }
        i = j;
    }
    if (m.few) {
        return OK;
    }
    struct str bytes = chunk_bytes(&m.c, s->arena);
    if (bytes.n > 0 && !str_eq(bytes, data)) {
        s->out[s->n_out++] = (struct blob_row){ .key = chunk_key(day_no, s->shard, chunk),
                                                .shard = s->shard,
                                                .data = bytes };
    }
    return OK;
}

static size_t chunk_end(const struct step *s, size_t i)
{
    uint64_t row = KEY_CHUNK(s->records[i].key);
    while (i < s->n && KEY_CHUNK(s->records[i].key) == row) {
        i++;
    }
    return i;
}

/* Some chunks of one series, read together: from record `from`; *end: where to go on. */
static enum err_code merge_chunks(struct step *s, size_t from, size_t *end, struct err *e)
{
    int64_t key[CHUNKS_AT_ONCE];
    struct str data[CHUNKS_AT_ONCE];
    enum series series = KEY_SERIES(s->records[from].key);
    size_t n = 0;
    for (size_t i = from; i < s->n && n < CHUNKS_AT_ONCE; i = chunk_end(s, i)) {
        uint64_t k = s->records[i].key;
        if (KEY_SERIES(k) != series) {
            break;
        }
        key[n++] = chunk_key(slot_key_day(k), s->shard, slot_key_place(k) / CHUNK_POINTS);
    }
    if (chunks_load(s->db, series, key, n, s->work, data, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        size_t until = chunk_end(s, from);
        if (merge_chunk(s, from, until, data[i], e) != OK) {
            return e->code;
        }
        from = until;
    }
    arena_reset(s->work);
    *end = from;
    return OK;
}

static enum err_code write_chunks(struct step *s, enum series series, struct err *e)
{
    s->report->chunks += (int64_t)s->n_out;
    enum err_code code = s->n_out ? rows_put_chunks(s->db, series, s->out, s->n_out, e) : OK;
    s->n_out = 0;
    return code;
}

/* One transaction's work. *more: something was done. */
static enum err_code fold_step(struct step *s, bool *more, struct err *e)
{
    int64_t position;
    size_t rows = 0;
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
    sort_records(s);
    for (size_t i = 0; i < s->n; i = chunk_end(s, i)) {
        rows++;
    }
    s->out = arena_many(s->arena, rows + 1, struct blob_row);
    if (look_at_months(s, e) != OK) {
        return e->code;
    }
    enum series series = SERIES_INTERVALS;
    for (size_t i = 0; i < s->n;) {
        if (series == SERIES_INTERVALS && KEY_SERIES(s->records[i].key) != series) {
            if (write_chunks(s, series, e) != OK) {
                return e->code;
            }
            series = SERIES_REGISTERS;
        }
        if (merge_chunks(s, i, &i, e) != OK) {
            return e->code;
        }
    }
    if (write_chunks(s, series, e) != OK || write_fresh(s, e) != OK ||
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
        s->n = s->n_entries = s->n_out = s->dirty.n = s->n_fresh = 0;
        s->full = false;
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
        more = code != OK || (more && s->full);
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
    enum err_code code = rows_journal_shards(db, shards, METER_SHARD_MAX + 1, &n_shards, e);
    for (size_t i = 0; i < n_shards && code == OK; i++) {
        s.shard = shards[i];
        code = fold_shard(&s, e);
    }
    dirty_free(&s.dirty);
    free(s.fresh);
    free(s.ranked);
    free(s.sorted);
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
