/* journal.c - intake: a batch is packed, hashed and committed, and then it may be acknowledged. */
#include "reading/journal.h"
#include "base/crash.h"
#include "reading/reading_rows.h"

#define SAME_POINT 1
#define NEXT_SLOT 2
#define SAME_KIND 4
#define TRIES 5 /* another writer took our place in the journal: find a new one */
/* iot.md 2.1: a register read within a minute of a boundary is the register at the boundary. */
#define BOUNDARY_MS (60 * 1000)

/* ---- packing --------------------------------------------------------------------------------- */

static uint8_t *put(uint8_t *p, int64_t delta)
{
    uint64_t v = (uint64_t)delta << 1 ^ (uint64_t)(delta >> 63);
    while (v >= 128) {
        *p++ = (uint8_t)(v | 128);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static bool get(const uint8_t **p, const uint8_t *end, int64_t *delta)
{
    uint64_t v = 0;
    for (int shift = 0; shift < 64 && *p < end; shift += 7) {
        uint8_t b = *(*p)++;
        v |= (uint64_t)(b & 127) << shift;
        if (b < 128) {
            *delta = (int64_t)(v >> 1 ^ (0 - (v & 1)));
            return true;
        }
    }
    return false;
}

static int64_t minus(int64_t a, int64_t b) /* wraps, as packing and unpacking agree */
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

size_t journal_pack(uint8_t *out, const struct reading *r, size_t n)
{
    uint8_t *p = out;
    struct reading last = { 0 };
    for (size_t i = 0; i < n; last = r[i], i++) {
        bool point = r[i].point_id == last.point_id, kind = r[i].q == last.q;
        bool slot = minus(r[i].ts_ms, last.ts_ms) == SLOT_MS;
        kind = kind && r[i].rank == last.rank && r[i].kind == last.kind;
        *p++ =
            (uint8_t)((point ? SAME_POINT : 0) | (slot ? NEXT_SLOT : 0) | (kind ? SAME_KIND : 0));
        p = point ? p : put(p, minus(r[i].point_id, last.point_id));
        p = slot ? p : put(p, minus(r[i].ts_ms, last.ts_ms));
        if (!kind) {
            *p++ = (uint8_t)r[i].q;
            *p++ = (uint8_t)(r[i].q >> 8);
            *p++ = r[i].rank;
            *p++ = r[i].kind;
        }
        p = put(p, minus(r[i].value, last.value));
    }
    return (size_t)(p - out);
}

static void next_refused(struct journal_reader *j)
{
    int64_t skip;
    if (get(&j->refused, j->refused_end, &skip) && j->refused < j->refused_end && skip >= 0) {
        j->next_refused = (j->next_refused == SIZE_MAX ? 0 : j->next_refused) + (size_t)skip;
        j->outcome = *j->refused++;
    } else {
        j->next_refused = SIZE_MAX;
    }
}

void journal_open(struct journal_reader *j, struct str packed, struct str refused, size_t n)
{
    *j = (struct journal_reader){
        .at = (const uint8_t *)packed.at,
        .end = (const uint8_t *)packed.at + packed.n,
        .refused = (const uint8_t *)refused.at,
        .refused_end = (const uint8_t *)refused.at + refused.n,
        .n = n,
        .next_refused = SIZE_MAX,
    };
    if (refused.n) {
        next_refused(j);
    }
}

int journal_next(struct journal_reader *j, struct reading *r, enum reading_outcome *outcome)
{
    int64_t point = 0, ts = SLOT_MS, value;
    if (j->index == j->n) {
        return j->at == j->end ? 0 : -1;
    }
    if (j->at == j->end) {
        return -1;
    }
    uint8_t flags = *j->at++;
    if ((!(flags & SAME_POINT) && !get(&j->at, j->end, &point)) ||
        (!(flags & NEXT_SLOT) && !get(&j->at, j->end, &ts))) {
        return -1;
    }
    struct reading *last = &j->last;
    if (!(flags & SAME_KIND)) {
        if (j->end - j->at < 4) {
            return -1;
        }
        last->q = (uint16_t)(j->at[0] | j->at[1] << 8);
        last->rank = j->at[2];
        last->kind = j->at[3];
        j->at += 4;
    }
    if (!get(&j->at, j->end, &value)) {
        return -1;
    }
    last->point_id = plus(last->point_id, point);
    last->ts_ms = plus(last->ts_ms, ts);
    last->value = plus(last->value, value);
    *r = *last;
    *outcome = READING_TAKEN;
    if (j->index == j->next_refused) {
        *outcome = j->outcome < READING_OUTCOMES ? j->outcome : READING_RANGE;
        next_refused(j);
    }
    j->index++;
    return 1;
}

/* ---- intake ---------------------------------------------------------------------------------- */

/* What can be said of a reading without looking at its neighbours. */
static enum reading_outcome first_look(const struct reading *r, int64_t now_ms, int64_t oldest_ms)
{
    if (r->ts_ms > now_ms + READING_FUTURE_MS) {
        return READING_TIME_FUTURE;
    }
    if (r->ts_ms < oldest_ms) {
        return READING_TIME_OLD;
    }
    if (r->kind < READING_REG || r->kind > READING_STATE || r->rank == 0 || r->rank > 99 ||
        r->value > READING_VALUE_MAX || r->value < -READING_VALUE_MAX ||
        (r->kind == READING_REG && r->value < 0)) {
        return READING_RANGE;
    }
    if (r->kind == READING_INT && r->ts_ms % SLOT_MS != 0) {
        return READING_TIME;
    }
    if (r->kind == READING_REG && (r->ts_ms + BOUNDARY_MS) % SLOT_MS > 2 * BOUNDARY_MS) {
        return READING_TIME;
    }
    return READING_TAKEN;
}

/* Outcomes on arrival, the list of refused ones, and the shard. */
static enum err_code look(const struct reading_points *p, struct reading_batch *b,
                          struct instant now, uint8_t *outcomes, uint8_t *refused,
                          size_t *refused_n, int32_t *shard, struct err *e)
{
    int64_t last_id = 0, at = -1;
    int64_t days = b->old_days ? b->old_days : READING_OLD_DAYS;
    int64_t oldest = now.utc_ms - days * DAY_MS;
    size_t last_refused = 0, taken = 0;
    uint8_t *out = refused;
    *shard = -1;
    for (size_t i = 0; i < b->n; i++) {
        const struct reading *r = &b->readings[i];
        if (i == 0 || r->point_id != last_id) {
            last_id = r->point_id;
            at = points_find(p, last_id);
            at = at >= 0 && p->places[at].place < 0 ? -1 : at;
        }
        enum reading_outcome o = at < 0 ? READING_POINT_UNKNOWN : first_look(r, now.utc_ms, oldest);
        outcomes[i] = (uint8_t)o;
        if (o != READING_TAKEN) {
            out = put(out, (int64_t)(i - last_refused));
            *out++ = (uint8_t)o;
            last_refused = i;
            continue;
        }
        taken++;
        if (*shard >= 0 && p->places[at].shard != *shard) {
            return fail(e, ERR_INPUT,
                        "batch %.*s %lld: points of shards %d and %d: send a batch for each",
                        STR_ARG(b->source), (long long)b->batch_id, *shard, p->places[at].shard);
        }
        *shard = p->places[at].shard;
    }
    *refused_n = (size_t)(out - refused);
    b->n_taken = taken;
    return OK;
}

static void fill_again(struct reading_batch *b, const struct entry *was)
{
    struct journal_reader j;
    struct str nothing = { "", 0 };
    journal_open(&j, nothing, was->refused, b->n);
    b->n_taken = b->n;
    for (size_t i = 0; i < b->n; i++) {
        bool bad = i == j.next_refused;
        if (b->outcomes) {
            b->outcomes[i] = bad ? j.outcome : READING_TAKEN;
        }
        if (bad) {
            b->n_taken--;
            next_refused(&j);
        }
    }
}

/* One batch inside the transaction. */
static enum err_code put_batch(struct db *db, const struct reading_points *p, struct arena *a,
                               struct reading_batch *b, struct instant now, struct err *e)
{
    check_that(b->n >= 1 && b->n <= READING_BATCH_MAX, "batch of %zu readings", b->n);
    uint8_t *packed = arena_alloc(a, b->n * PACKED_READING_MAX);
    uint8_t *refused = arena_alloc(a, b->n * 4 + 16), *outcomes = arena_alloc(a, b->n);
    struct entry entry = {
        .source = b->source, .batch_id = b->batch_id, .n = (int64_t)b->n, .received_at = now
    };
    entry.packed = (struct str){ (const char *)packed, journal_pack(packed, b->readings, b->n) };
    entry.hash = sha256_of(packed, entry.packed.n);
    size_t refused_n = 0;
    if (look(p, b, now, outcomes, refused, &refused_n, &entry.shard, e) != OK) {
        return e->code;
    }
    entry.refused = (struct str){ (const char *)refused, refused_n };
    entry.shard = entry.shard < 0 ? 0 : entry.shard; /* nothing was known: kept as evidence */
    struct entry was;
    bool found;
    if (rows_find_batch(db, a, entry.shard, b->source, b->batch_id, &was, &found, e) != OK) {
        return e->code;
    }
    if (found) {
        bool same = memcmp(was.hash.b, entry.hash.b, sizeof(was.hash.b)) == 0;
        b->result = same ? BATCH_AGAIN : BATCH_DIFFERENT;
        b->n_taken = 0;
        if (same) {
            fill_again(b, &was);
        }
        return OK;
    }
    if (rows_last_entry(db, entry.shard, &entry.key, e) != OK) {
        return e->code;
    }
    entry.key++;
    if (rows_put_entry(db, &entry, e) != OK) {
        return e->code;
    }
    b->result = BATCH_TAKEN;
    if (b->outcomes) {
        memcpy(b->outcomes, outcomes, b->n);
    }
    return OK;
}

static enum err_code put_batches(struct db *db, const struct reading_points *p, struct arena *a,
                                 struct reading_batch *batches, size_t n, struct instant now,
                                 struct err *e)
{
    if (store_begin(db, STORE_SERIES, STORE_WRITE, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (put_batch(db, p, a, &batches[i], now, e) != OK) {
            store_rollback(db, STORE_SERIES);
            return e->code;
        }
    }
    crash_point("intake_before_commit");
    enum err_code code = store_commit(db, STORE_SERIES, e);
    crash_point("intake_after_commit");
    return code;
}

enum err_code reading_intake(struct db *db, const struct reading_points *p,
                             struct reading_batch *batches, size_t n, struct instant now,
                             struct err *e)
{
    struct arena *a = arena_new();
    enum err_code code = ERR_RETRY;
    for (int i = 0; i < TRIES && (code == ERR_RETRY || code == ERR_CONFLICT); i++) {
        code = put_batches(db, p, a, batches, n, now, e);
        arena_reset(a);
    }
    arena_free(a);
    return code == OK ? OK : fail_in(e, "intake: ");
}
