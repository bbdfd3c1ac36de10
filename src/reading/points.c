/* points.c - the picture of all points and their places that everything else works on. */
#include "base/embed.h"
#include "reading/keys.h"
#include "reading/reading_rows.h"

EMBED(reading_sql, "src/reading/reading.sql");

#define PAGE 4096 /* places of one query while loading */

const struct store_migrations reading_migrations = { "reading", reading_sql };

const char *reading_outcome_word(enum reading_outcome o)
{
    static const char *const words[READING_OUTCOMES] = {
        "OK",         "DUP",    "DUP_LOWER",       "E_CONFLICT", "E_LOCKED", "E_TIME_FUTURE",
        "E_TIME_OLD", "E_TIME", "E_POINT_UNKNOWN", "E_RANGE",
    };
    check(o < READING_OUTCOMES);
    return words[o];
}

enum reading_mark reading_mark_of(uint16_t q)
{
    if (q & (Q_INVALID | Q_MISSING | Q_RANGE | Q_RESET | Q_CONFLICT)) {
        return MARK_MISSING;
    }
    return q & (Q_MANUAL | Q_SUBST) ? MARK_MANUAL : q & Q_EST ? MARK_ESTIMATED : MARK_ACTUAL;
}

/* ---- places ---------------------------------------------------------------------------------- */

static int place_by_key(const void *a, const void *b)
{
    const struct place_row *x = a, *y = b;
    if (x->shard != y->shard) {
        return x->shard < y->shard ? -1 : 1;
    }
    return (x->point_id > y->point_id) - (x->point_id < y->point_id);
}

enum err_code reading_place(struct db *db, const struct meter_estate *estate,
                            const int64_t *point_ids, size_t n, struct instant now, struct err *e)
{
    check(store_in_tx(db, STORE_SERIES));
    struct arena *a = arena_new();
    struct place_row *rows = arena_many(a, n + 1, struct place_row);
    int32_t last_shard = -1, next = 0;
    size_t n_new = 0;
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        int64_t at = meter_estate_find(estate, point_ids[i]);
        int32_t shard = at < 0 ? 0 : estate->points[at].shard, place;
        bool found = false;
        if (at < 0) {
            code = fail(e, ERR_NOT_FOUND, "no point %lld, or not yours", (long long)point_ids[i]);
        } else if (estate->points[at].is_virtual) {
            continue; /* it has no readings of its own */
        } else {
            code = rows_find_place(db, shard, point_ids[i], &place, &found, e);
        }
        if (code == OK && !found && shard != last_shard) {
            /* Shards come in long runs; what this call gave out in an earlier run counts, too. */
            code = rows_last_place(db, shard, &next, e);
            next++;
            for (size_t k = 0; k < n_new; k++) {
                next = rows[k].shard == shard && rows[k].place >= next ? rows[k].place + 1 : next;
            }
            last_shard = shard;
        }
        if (code == OK && !found && next > PLACE_MAX) {
            code = fail(e, ERR_LIMIT, "shard %d is full: give new stations another", shard);
        } else if (code == OK && !found) {
            rows[n_new++] = (struct place_row){ shard, point_ids[i], next++ };
        }
    }
    if (code == OK) {
        qsort(rows, n_new, sizeof(*rows), place_by_key);
        size_t kept = 0;
        for (size_t i = 0; i < n_new; i++) { /* a point named twice keeps its first place */
            if (kept == 0 || place_by_key(&rows[kept - 1], &rows[i]) != 0) {
                rows[kept++] = rows[i];
            }
        }
        code = kept ? rows_put_places(db, rows, kept, now, e) : OK;
    }
    arena_free(a);
    return code;
}

/* ---- the picture ----------------------------------------------------------------------------- */

static uint32_t id_hash(int64_t id)
{
    return (uint32_t)((uint64_t)id * 0x9e3779b97f4a7c15u >> 32);
}

int64_t points_find(const struct reading_points *p, int64_t point_id)
{
    for (uint32_t h = id_hash(point_id);; h++) {
        uint32_t at = p->slots[h & p->hash_mask];
        if (at == 0) {
            return -1;
        }
        if (p->estate.points[at - 1].point_id == point_id) {
            return at - 1;
        }
    }
}

int64_t points_get(const struct reading_points *p, int64_t point_id, bool need_place, struct err *e)
{
    int64_t at = points_find(p, point_id);
    if (at < 0) {
        fail(e, ERR_NOT_FOUND, "no point %lld, or not yours", (long long)point_id);
    } else if (need_place && p->places[at].place < 0) {
        bool is_virtual = p->estate.points[at].is_virtual;
        fail(e, is_virtual ? ERR_RULE : ERR_NOT_FOUND,
             is_virtual ? "point %lld is virtual: change its parts"
                        : "point %lld has no place in the interval store yet",
             (long long)point_id);
        at = -1;
    }
    return at;
}

int64_t points_at(const struct reading_points *p, struct place at)
{
    size_t lo = 0, hi = p->n_placed;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        struct place m = p->places[p->by_order[mid]];
        if (m.shard < at.shard || (m.shard == at.shard && m.place < at.place)) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == p->n_placed) {
        return -1;
    }
    struct place m = p->places[p->by_order[lo]];
    return m.shard == at.shard && m.place == at.place ? (int64_t)p->by_order[lo] : -1;
}

static void fill_hash(struct reading_points *p, struct arena *a)
{
    uint32_t size = 16;
    while (size < 2 * p->estate.n) {
        size *= 2;
    }
    p->slots = arena_many(a, size, uint32_t);
    p->hash_mask = size - 1;
    for (size_t i = 0; i < p->estate.n; i++) {
        uint32_t h = id_hash(p->estate.points[i].point_id);
        while (p->slots[h & p->hash_mask] != 0) {
            h++;
        }
        p->slots[h & p->hash_mask] = (uint32_t)i + 1;
    }
}

static enum err_code load_places(struct db *db, struct reading_points *p, struct err *e)
{
    struct place_row *page = mem_alloc(PAGE * sizeof(*page));
    int32_t shard = -1;
    int64_t point = INT64_MIN;
    size_t got = PAGE;
    enum err_code code = OK;
    while (got == PAGE && code == OK) {
        code = rows_page_places(db, shard, point, PAGE, page, &got, e);
        for (size_t i = 0; i < got && code == OK; i++) {
            int64_t at = points_find(p, page[i].point_id);
            if (at >= 0 && p->estate.points[at].shard == page[i].shard) {
                p->places[at] = (struct place){ page[i].shard, page[i].place };
                p->n_placed++;
            }
        }
        if (code == OK && got) {
            shard = page[got - 1].shard;
            point = page[got - 1].point_id;
        }
    }
    free(page);
    return code;
}

struct ranked {
    struct place place;
    uint32_t at;
};

static int ranked_by_place(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->place.shard != y->place.shard) {
        return x->place.shard < y->place.shard ? -1 : 1;
    }
    return (x->place.place > y->place.place) - (x->place.place < y->place.place);
}

enum err_code reading_points_load(struct db *db, struct scope scope, struct arena *a,
                                  struct reading_points **out, struct err *e)
{
    struct reading_points *p = arena_make(a, struct reading_points);
    if (meter_load_estate(db, scope, a, &p->estate, e) != OK) {
        return e->code;
    }
    size_t n = p->estate.n;
    p->scope = scope;
    p->places = arena_many(a, n + 1, struct place);
    p->order = arena_many(a, n + 1, uint32_t);
    for (size_t i = 0; i < n; i++) {
        p->places[i].place = -1;
        p->order[i] = UINT32_MAX;
    }
    fill_hash(p, a);
    if (load_places(db, p, e) != OK) {
        return e->code;
    }
    struct ranked *ranked = mem_alloc((p->n_placed + 1) * sizeof(*ranked));
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (p->places[i].place >= 0) {
            ranked[k++] = (struct ranked){ p->places[i], (uint32_t)i };
        }
    }
    qsort(ranked, k, sizeof(*ranked), ranked_by_place);
    p->by_order = arena_many(a, k + 1, uint32_t);
    for (size_t i = 0; i < k; i++) {
        p->by_order[i] = ranked[i].at;
        p->order[ranked[i].at] = (uint32_t)i;
    }
    free(ranked);
    *out = p;
    return OK;
}

const struct meter_estate *reading_points_estate(const struct reading_points *p)
{
    return &p->estate;
}

int64_t reading_points_order(const struct reading_points *p, int64_t point_id)
{
    int64_t at = points_find(p, point_id);
    return at < 0 || p->order[at] == UINT32_MAX ? -1 : (int64_t)p->order[at];
}

struct keyed {
    uint64_t order;
    int64_t id;
};

static int keyed_by_order(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->order != y->order) {
        return x->order < y->order ? -1 : 1;
    }
    return (x->id > y->id) - (x->id < y->id);
}

void reading_points_sort(const struct reading_points *p, int64_t *ids, size_t n)
{
    struct keyed *k = mem_alloc((n + 1) * sizeof(*k));
    for (size_t i = 0; i < n; i++) {
        k[i] = (struct keyed){ (uint64_t)reading_points_order(p, ids[i]), ids[i] };
    }
    qsort(k, n, sizeof(*k), keyed_by_order);
    for (size_t i = 0; i < n; i++) {
        ids[i] = k[i].id;
    }
    free(k);
}
