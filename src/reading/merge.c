/* merge.c - which of two readings of one slot is in force, and the editing of day chunks.
 *
 * Everything here must give the same end for any order of arrival. So equal ranks are joined by
 * operations that do not care for order: equal values join their bits (those that say how a value
 * travelled by "and", those that say what it is by "or"); different values leave it in CONFLICT
 * with value 0, and every one of them goes to history.
 */
#include "reading/merge.h"

#define TRAVEL_BITS (Q_LATE | Q_BACKFILL | Q_BUFFERED | Q_CLOCK)

void day_clear(struct day_slots *d)
{
    memset(d, 0, sizeof(*d));
    for (int s = 0; s < SLOTS; s++) {
        d->q[s] = Q_MISSING;
    }
}

bool day_is_empty(const struct day_slots *d)
{
    for (int s = 0; s < SLOTS; s++) {
        if (d->rank[s] != 0 || d->q[s] != Q_MISSING) {
            return false;
        }
    }
    return true;
}

struct slot_value slot_normal(int64_t value, uint16_t q, uint8_t rank)
{
    q = (uint16_t)(q & ~Q_DERIVED);
    if (q & (Q_INVALID | Q_MISSING)) {
        return (struct slot_value){ 0, (uint16_t)(q | Q_MISSING), 0 };
    }
    bool missing = reading_mark_of(q) == MARK_MISSING;
    return (struct slot_value){ missing ? 0 : value, q, rank };
}

static uint16_t join(uint16_t a, uint16_t b)
{
    return (uint16_t)((a & b & TRAVEL_BITS) | ((a | b) & ~TRAVEL_BITS));
}

static void slot_set(struct day_slots *d, int s, struct slot_value v)
{
    d->value[s] = v.value;
    d->q[s] = v.q;
    d->rank[s] = v.rank;
}

enum reading_outcome slot_merge(struct day_slots *d, int s, struct slot_value in,
                                struct losers *losers)
{
    struct slot_value was = { d->value[s], d->q[s], d->rank[s] };
    bool derived = was.q & Q_DERIVED;
    losers->n = 0;
    if (in.rank > was.rank || (in.rank == was.rank && derived && in.rank != 0)) {
        if (was.rank != 0 && !derived && !(was.q & Q_CONFLICT)) {
            losers->at[losers->n++] = was;
        }
        slot_set(d, s, in);
        return READING_TAKEN;
    }
    if (in.rank < was.rank) {
        if (in.rank != 0) {
            losers->at[losers->n++] = in;
        }
        return READING_DUP_LOWER;
    }
    if (in.rank == 0) {
        enum reading_outcome o = (was.q | in.q) == was.q ? READING_DUP : READING_TAKEN;
        d->q[s] = was.q | in.q;
        return o;
    }
    bool same = was.value == in.value && !(was.q & Q_CONFLICT) &&
                (reading_mark_of(was.q) == MARK_MISSING) == (reading_mark_of(in.q) == MARK_MISSING);
    d->q[s] = join(was.q, in.q);
    if (same) {
        return READING_DUP;
    }
    if (!(was.q & Q_CONFLICT)) {
        losers->at[losers->n++] = was;
    }
    losers->at[losers->n++] = in;
    d->q[s] |= Q_CONFLICT;
    d->value[s] = 0;
    return READING_CONFLICT;
}

bool slot_derive(struct day_slots *d, int s, struct slot_value in, struct losers *losers)
{
    struct slot_value was = { d->value[s], d->q[s], d->rank[s] };
    bool mine = was.rank == 0 || (was.q & Q_DERIVED);
    losers->n = 0;
    if (in.rank == 0) {
        in = (struct slot_value){ 0, Q_MISSING, 0 };
        if (!(was.q & Q_DERIVED)) {
            return false;
        }
    } else {
        in.q |= Q_DERIVED;
        in.value = reading_mark_of(in.q) == MARK_MISSING ? 0 : in.value;
    }
    if (!mine && in.rank <= was.rank) {
        return false;
    }
    if (!mine && !(was.q & Q_CONFLICT)) {
        losers->at[losers->n++] = was;
    }
    slot_set(d, s, in);
    return was.value != in.value || was.q != in.q || was.rank != in.rank;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

enum err_code chunk_parse(struct str data, bool frame, struct chunk *out, struct err *e)
{
    struct block b;
    struct section s;
    memset(out, 0, sizeof(*out));
    out->frame = frame;
    if (data.n == 0) {
        return OK;
    }
    if (block_open(data.at, data.n, DAY_GROUPS, NULL, &b, e) != OK) {
        return e->code;
    }
    int position;
    while ((position = block_next(&b, &s)) >= 0) {
        out->section[position] = (struct str){ (const char *)s.start, (size_t)(s.end - s.start) };
    }
    return position == -1 ? OK : fail(e, ERR_CORRUPT, "day chunk: a section does not parse");
}

enum err_code chunk_get(const struct chunk *c, int position, struct day_slots *out, struct err *e)
{
    struct str bytes = c->section[position];
    struct section s;
    if (bytes.n == 0) {
        day_clear(out);
        return OK;
    }
    const uint8_t *p = (const uint8_t *)bytes.at;
    if (!section_parse(p, p + bytes.n, DAY_GROUPS, &s) ||
        !section_unpack(&s, out->value, out->q, out->rank)) {
        return fail(e, ERR_CORRUPT, "day chunk: section %d does not unpack", position);
    }
    return OK;
}

enum err_code chunk_peek(struct str data, int position, struct day_slots *out, struct err *e)
{
    struct block b;
    struct section s;
    int at;
    if (block_open(data.at, data.n, DAY_GROUPS, NULL, &b, e) != OK) {
        return e->code;
    }
    while ((at = block_next(&b, &s)) >= 0 && at < position) {
    }
    if (at == position && section_unpack(&s, out->value, out->q, out->rank)) {
        return OK;
    }
    if (at == -2 || at == position) {
        return fail(e, ERR_CORRUPT, "day chunk: section %d does not unpack", position);
    }
    day_clear(out);
    return OK;
}

void chunk_set(struct chunk *c, int position, const struct day_slots *d, struct arena *a)
{
    if (day_is_empty(d)) {
        c->section[position] = (struct str){ NULL, 0 };
        return;
    }
    uint8_t bytes[SECTION_MAX(DAY_GROUPS)];
    size_t n = section_pack(bytes, d->value, d->q, d->rank, DAY_GROUPS, c->frame);
    c->section[position] = (struct str){ arena_copy(a, bytes, n), n };
}

struct str chunk_bytes(const struct chunk *c, struct arena *a)
{
    size_t n = BLOCK_HEAD;
    uint16_t mask = 0;
    for (int i = 0; i < CHUNK_POINTS; i++) {
        n += c->section[i].n;
        mask = (uint16_t)(mask | (c->section[i].n ? 1 << i : 0));
    }
    if (mask == 0) {
        return (struct str){ NULL, 0 };
    }
    uint8_t *out = arena_alloc(a, n), *p = out + BLOCK_HEAD;
    for (int i = 0; i < CHUNK_POINTS; i++) {
        if (c->section[i].n) {
            memcpy(p, c->section[i].at, c->section[i].n);
            p += c->section[i].n;
        }
    }
    block_seal(out, n, DAY_GROUPS, c->frame ? BLOCK_FRAME : 0, mask);
    return (struct str){ (const char *)out, n };
}
