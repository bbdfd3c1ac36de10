/* totals.c - the settlement kernel: totals of many points over a plan, straight from packed blocks.
 *
 * Points are visited in place order. Of each month, sealed points come from one scan over their
 * blocks; the others from one scan per day over the chunks of a window of points, so that both
 * tables are read in key order and a row is decoded while it is at hand. Nothing is kept but 96
 * lanes a point and map. A day of which some readings came late (late.h) is packed again with them,
 * so that it adds up, and is known, as the same day will once they are merged.
 */
#include "reading/late.h"
#include "reading/plan.h"

/* Places that are not asked for are cheaper skipped in a scan than searched for, up to this many.
 * */
#define GAP_PLACES 64
#define GAP_CHUNKS 6
#define WINDOW_POINTS 1024     /* their lanes stay in the second-level cache... */
#define WINDOW_LANES (4 << 20) /* ...of 32 bits; less points when a plan has many day maps */
#define WINDOW_POINTS_MIN 16

struct item {
    struct place place;
    uint32_t at;
    int32_t next_day;
    bool sealed; /* in the month at hand */
    struct reading_total *out;
};
struct sweep {
    struct db *db;
    const struct reading_plan *plan;
    struct item *items;
    size_t n;
    struct tally *tally; /* window_max */
    size_t window_max;
    uint8_t *room; /* an archived month unpacked */
    /* the month, or the day, and the items of the scan at hand */
    struct month month;
    int32_t day, n_days, first;
    struct item **window;
    size_t from, until, next;
    struct arena *arena;   /* of the call */
    struct late_list late; /* of the month and shard at hand */
    size_t next_late;
};

static int by_place(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->place.shard != y->place.shard) {
        return x->place.shard < y->place.shard ? -1 : 1;
    }
    return (x->place.place > y->place.place) - (x->place.place < y->place.place);
}

/* ---- sealed months --------------------------------------------------------------------------- */

/* The snapshot of some days of a month; of all of them it stands beside the block. */
static bool part_snapshot(const struct sweep *s, const struct section *section, uint64_t *out)
{
    int64_t value[MONTH_GROUPS_MAX * GROUP];
    uint16_t q[MONTH_GROUPS_MAX * GROUP];
    uint8_t rank[MONTH_GROUPS_MAX * GROUP];
    if (!section_unpack(section, value, q, rank)) {
        return false;
    }
    for (int32_t d = s->first; d < s->first + s->n_days; d++) {
        struct day_slots one;
        memcpy(one.value, value + d * SLOTS, sizeof(one.value));
        memcpy(one.q, q + d * SLOTS, sizeof(one.q));
        memcpy(one.rank, rank + d * SLOTS, sizeof(one.rank));
        *out += day_snapshot(&one, day_add(month_first(s->month), d));
    }
    return true;
}

static bool block_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                          enum err_code *code, struct err *e)
{
    struct sweep *s = ctx;
    int32_t place = block_key_place(key);
    while (s->next < s->until && s->items[s->next].place.place < place) {
        s->next++;
    }
    if (s->next == s->until) {
        return false;
    }
    struct item *it = &s->items[s->next];
    if (it->place.place != place || it->sealed) {
        return true; /* nobody asked; or an older version */
    }
    struct block b;
    struct section section;
    int days = month_days(s->month);
    *code = block_open(data.at, data.n, days * DAY_GROUPS, s->room, &b, e);
    struct tally *t = &s->tally[0];
    t->out = it->out;
    t->next_day = &it->next_day;
    uint64_t part = 0;
    if (*code != OK) {
        return false;
    }
    if (block_next(&b, &section) < 0 ||
        !tally_add(t, s->plan, &section, s->first, s->day, s->n_days) ||
        (s->n_days != days && !part_snapshot(s, &section, &part))) {
        *code = fail(e, ERR_CORRUPT, "sealed month: its section does not unpack");
        return false;
    }
    tally_flush(t, s->plan);
    it->sealed = true;
    it->out->snapshot += s->n_days == days ? (uint64_t)snapshot : part;
    return true;
}

static enum err_code sweep_blocks(struct sweep *s, struct err *e)
{
    for (size_t i = 0; i < s->n;) {
        size_t j = i + 1;
        while (j < s->n && s->items[j].place.shard == s->items[i].place.shard &&
               s->items[j].place.place - s->items[j - 1].place.place <= GAP_PLACES) {
            j++;
        }
        s->from = s->next = i;
        s->until = j;
        struct place low = s->items[i].place, high = s->items[j - 1].place;
        if (rows_each_block(s->db, block_key(s->month, low, VERSION_MAX),
                            block_key(s->month, high, 0), block_visited, s, e) != OK) {
            return fail_in(e, "month %d, shard %d: ", s->month.yyyymm, low.shard);
        }
        i = j;
    }
    return OK;
}

/* ---- open days ------------------------------------------------------------------------------- */

/* A day of the i-th item of the window, from a section of its chunk (NULL: there is none) and what
 * came late. */
static bool add_late(struct sweep *s, size_t i, int32_t day_no, const struct section *section)
{
    struct item *it = s->window[i];
    uint8_t bytes[SECTION_MAX(DAY_GROUPS)];
    struct day_slots d;
    struct section packed;
    day_clear(&d);
    if (section && !section_unpack(section, d.value, d.q, d.rank)) {
        return false;
    }
    late_join(&s->late, day_no, it->place.place, &d);
    if (day_is_empty(&d)) {
        return true;
    }
    size_t n = section_pack(bytes, d.value, d.q, d.rank, DAY_GROUPS, false);
    check(section_parse(bytes, bytes + n, DAY_GROUPS, &packed));
    it->out->snapshot += section_hash(&packed, day_no);
    return tally_add(&s->tally[i - s->from], s->plan, &packed, 0, s->day, 1);
}

/* The section of the window's item at s->next. Sections and late readings ascend both. */
static bool add_day(struct sweep *s, int32_t day_no, const struct section *section)
{
    struct item *it = s->window[s->next];
    const struct late_list *l = &s->late;
    uint64_t where = slot_key(day_no, it->place.place, 0) >> 7;
    while (s->next_late < l->n && l->at[s->next_late].key >> 7 < where) {
        s->next_late++;
    }
    if (s->next_late < l->n && l->at[s->next_late].key >> 7 == where) {
        return add_late(s, s->next, day_no, section);
    }
    it->out->snapshot += section_hash(section, day_no);
    return tally_add(&s->tally[s->next - s->from], s->plan, section, 0, s->day, 1);
}

/* Days of which everything came late: they have no section yet. */
static bool add_late_alone(struct sweep *s, int32_t day_no)
{
    const struct late_list *l = &s->late;
    size_t w = s->from, i = late_first(l, slot_key(day_no, s->window[w]->place.place, 0));
    for (; i < l->n && slot_key_day(l->at[i].key) == day_no; i++) {
        int32_t place = slot_key_place(l->at[i].key);
        while (w < s->until && s->window[w]->place.place < place) {
            w++;
        }
        if (w == s->until) {
            break;
        }
        if (s->window[w]->place.place == place && s->window[w]->next_day <= s->day &&
            !add_late(s, w, day_no, NULL)) {
            return false;
        }
    }
    return true;
}

static bool chunk_visited(void *ctx, int64_t key, int64_t snapshot, struct str data,
                          enum err_code *code, struct err *e)
{
    struct sweep *s = ctx;
    int32_t chunk = chunk_key_chunk(key);
    (void)snapshot;
    while (s->next < s->until && place_chunk(s->window[s->next]->place) < chunk) {
        s->next++;
    }
    if (s->next == s->until) {
        return false;
    }
    if (place_chunk(s->window[s->next]->place) != chunk) {
        return true;
    }
    struct block b;
    struct section section;
    int position;
    *code = block_open(data.at, data.n, DAY_GROUPS, NULL, &b, e);
    if (*code != OK) {
        return false;
    }
    while ((position = block_next(&b, &section)) >= 0) {
        int32_t place = chunk * CHUNK_POINTS + position;
        while (s->next < s->until && s->window[s->next]->place.place < place) {
            s->next++;
        }
        if (s->next == s->until || s->window[s->next]->place.place != place) {
            continue;
        }
        if (!add_day(s, (int32_t)(key >> 36), &section)) {
            position = -2;
            break;
        }
    }
    if (position != -1) {
        *code = fail(e, ERR_CORRUPT, "chunk %d: a section does not unpack", chunk);
        return false;
    }
    return true;
}

/* Items [from, until) of the window list: one scan for each day of the month at hand. */
static enum err_code sweep_window(struct sweep *s, int32_t day, int32_t n_days, struct err *e)
{
    struct place low = s->window[s->from]->place, high = s->window[s->until - 1]->place;
    for (size_t i = s->from; i < s->until; i++) {
        s->tally[i - s->from].out = s->window[i]->out;
        s->tally[i - s->from].next_day = &s->window[i]->next_day;
    }
    for (int32_t d = day; d < day + n_days; d++) {
        int32_t no = day_number(s->plan->from) + d;
        s->day = d;
        s->next = s->from;
        s->next_late = s->late.n ? late_first(&s->late, slot_key(no, low.place, 0)) : 0;
        if (rows_each_chunk(s->db, SERIES_INTERVALS, chunk_key(no, low.shard, place_chunk(low)),
                            chunk_key(no, low.shard, place_chunk(high)) + 1, chunk_visited, s,
                            e) != OK) {
            return fail_in(e, "day %d, shard %d: ", day_of_number(no).yyyymmdd, low.shard);
        }
        if (s->late.n > 0 && !add_late_alone(s, no)) {
            return fail(e, ERR_CORRUPT, "day %d: a late reading does not pack",
                        day_of_number(no).yyyymmdd);
        }
    }
    for (size_t i = s->from; i < s->until; i++) {
        struct tally *t = &s->tally[i - s->from];
        tally_flush(t, s->plan);
        tally_missing(t, s->plan, day + n_days);
    }
    return OK;
}

struct span {
    struct item **items;
    size_t n;
    int32_t from, until; /* day numbers */
};

static bool in_span(const void *ctx, uint64_t key)
{
    const struct span *s = ctx;
    int32_t place = slot_key_place(key), day = slot_key_day(key);
    size_t low = 0, high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->items[mid]->place.place < place) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < s->n && s->items[low]->place.place == place && day >= s->from && day < s->until;
}

/* What came late for the n unsealed items of one shard, before their chunks are read. */
static enum err_code find_late(struct sweep *s, struct item **items, size_t n, int32_t day,
                               int32_t n_days, struct err *e)
{
    int32_t from = day_number(s->plan->from) + day;
    struct span span = { items, n, from, from + n_days };
    s->late.n = 0;
    return late_load(s->db, items[0]->place.shard, s->month, in_span, &span, s->arena, &s->late,
                     NULL, e);
}

static enum err_code sweep_chunks(struct sweep *s, int32_t day, int32_t n_days, struct err *e)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!s->items[i].sealed) {
            s->window[n++] = &s->items[i];
        }
    }
    for (size_t i = 0; i < n;) {
        size_t j = i + 1;
        int32_t shard = s->window[i]->place.shard;
        if (i == 0 || s->window[i - 1]->place.shard != shard) {
            size_t end = j;
            while (end < n && s->window[end]->place.shard == shard) {
                end++;
            }
            if (find_late(s, s->window + i, end - i, day, n_days, e) != OK) {
                return e->code;
            }
        }
        while (j < n && j - i < s->window_max &&
               s->window[j]->place.shard == s->window[i]->place.shard &&
               place_chunk(s->window[j]->place) - place_chunk(s->window[j - 1]->place) <=
                   GAP_CHUNKS) {
            j++;
        }
        s->from = i;
        s->until = j;
        if (sweep_window(s, day, n_days, e) != OK) {
            return e->code;
        }
        i = j;
    }
    return OK;
}

static enum err_code sweep_all(struct sweep *s, struct err *e)
{
    for (int32_t d = 0; d < s->plan->n_days;) {
        struct day day = day_add(s->plan->from, d);
        s->month = day_month(day);
        s->first = day_number(day) - day_number(month_first(s->month));
        s->n_days = month_days(s->month) - s->first;
        s->n_days = s->n_days < s->plan->n_days - d ? s->n_days : s->plan->n_days - d;
        s->day = d;
        for (size_t i = 0; i < s->n; i++) {
            s->items[i].sealed = false;
        }
        int32_t n = s->n_days;
        if (sweep_blocks(s, e) != OK || sweep_chunks(s, d, n, e) != OK) {
            return e->code;
        }
        d += n;
    }
    return OK;
}

/* ---- virtual points -------------------------------------------------------------------------- */

/* A virtual point of which every part is complete is the sum of its parts; else slot by slot. */
static enum err_code add_parts(struct db *db, const struct reading_points *p,
                               const struct reading_plan *plan, int64_t at,
                               struct reading_total **parts, struct arena *a,
                               struct reading_total *out, struct err *e)
{
    const struct meter_estate *es = &p->estate;
    const struct formula_part *part = es->parts + es->first_part[at];
    size_t n = es->first_part[at + 1] - es->first_part[at];
    bool clean = true;
    for (size_t i = 0; i < n; i++) {
        uint64_t mix[2] = { parts[i]->snapshot, (uint64_t)part[i].coefficient };
        clean = clean && parts[i]->n_missing + parts[i]->n_estimated + parts[i]->n_manual == 0;
        for (int32_t k = 0; k < plan->n_keys; k++) {
            int64_t add;
            if (__builtin_mul_overflow(parts[i]->sums[k], part[i].coefficient, &add) ||
                __builtin_add_overflow(out->sums[k], add, &out->sums[k])) {
                return fail(e, ERR_LIMIT, "virtual point %lld: its sum does not fit",
                            (long long)es->points[at].point_id);
            }
        }
        out->snapshot += hash64(mix, sizeof(mix), (uint64_t)part[i].point_id);
    }
    if (clean && n > 0) {
        return OK;
    }
    uint64_t snapshot = out->snapshot;
    total_clear(out, plan);
    out->snapshot = snapshot;
    struct reading_day *days = arena_many(a, (size_t)plan->n_days, struct reading_day);
    if (reading_values(db, p, es->points[at].point_id, plan->from, plan->n_days, days, e) != OK) {
        return e->code;
    }
    for (int32_t d = 0; d < plan->n_days; d++) {
        for (int s = 0; s < SLOTS; s++) {
            uint8_t key = plan->key[plan->row[d] * SLOTS + s], mark = days[d].mark[s];
            int64_t v = days[d].value[s];
            if (key == READING_NO_KEY) {
                continue;
            }
            out->sums[key] += v;
            out->n_missing += mark == MARK_MISSING;
            out->n_estimated += mark == MARK_ESTIMATED;
            out->n_manual += mark == MARK_MANUAL;
            if (mark == MARK_ESTIMATED || mark == MARK_MANUAL) {
                out->estimated += v < 0 ? -v : v;
            } else if (mark == MARK_MISSING && out->first_missing < 0) {
                out->first_missing = d * SLOTS + s;
            }
        }
    }
    return OK;
}

/* ---- the call -------------------------------------------------------------------------------- */

/* Lists what must be read: the points themselves and the parts of virtual ones, each once. */
static enum err_code list_items(const struct reading_points *p, const int64_t *ids, size_t n,
                                struct arena *a, struct item **out, size_t *out_n, struct err *e)
{
    const struct meter_estate *es = &p->estate;
    size_t room = 0, k = 0, kept = 0;
    int64_t *found = arena_many(a, n + 1, int64_t);
    for (size_t i = 0; i < n; i++) {
        int64_t at = found[i] = points_find(p, ids[i]);
        room += at < 0 ? 1 : 1 + es->first_part[at + 1] - es->first_part[at];
    }
    struct item *items = arena_many(a, room + 1, struct item);
    for (size_t i = 0; i < n; i++) {
        int64_t at = found[i];
        bool is_virtual = at >= 0 && es->points[at].is_virtual;
        if (at >= 0 && !is_virtual && p->places[at].place >= 0) {
            items[k++] = (struct item){ .place = p->places[at], .at = (uint32_t)at };
            continue;
        }
        size_t from = is_virtual ? es->first_part[at] : 0;
        size_t until = is_virtual ? es->first_part[at + 1] : 1;
        for (size_t j = from; j < until; j++) {
            int64_t real = points_get(p, is_virtual ? es->parts[j].point_id : ids[i], true, e);
            if (real < 0) {
                return e ? e->code : ERR_NOT_FOUND;
            }
            items[k++] = (struct item){ .place = p->places[real], .at = (uint32_t)real };
        }
    }
    bool sorted = true;
    for (size_t i = 1; i < k && sorted; i++) {
        sorted = by_place(&items[i - 1], &items[i]) < 0;
    }
    if (!sorted) {
        qsort(items, k, sizeof(*items), by_place);
    }
    for (size_t i = 0; i < k; i++) {
        if (kept == 0 || by_place(&items[kept - 1], &items[i]) != 0) {
            items[kept++] = items[i];
        }
    }
    *out = items;
    *out_n = kept;
    return OK;
}

static struct reading_total *find_total(const struct sweep *s, struct place at)
{
    struct item want = { .place = at };
    struct item *it = bsearch(&want, s->items, s->n, sizeof(want), by_place);
    return it->out;
}

static enum err_code hand_out(struct sweep *s, const struct reading_points *p, const int64_t *ids,
                              size_t n, struct arena *a, struct reading_total *out, struct err *e)
{
    const struct meter_estate *es = &p->estate;
    size_t next = 0; /* ids mostly stand in the order of the items */
    for (size_t i = 0; i < n; i++) {
        bool here = next < s->n && es->points[s->items[next].at].point_id == ids[i];
        int64_t at = here ? (int64_t)s->items[next].at : points_find(p, ids[i]);
        if (!es->points[at].is_virtual) {
            struct reading_total *from = here ? s->items[next].out : find_total(s, p->places[at]);
            int64_t *sums = out[i].sums;
            next += here;
            out[i] = *from;
            out[i].sums = sums;
            memcpy(sums, from->sums, (size_t)s->plan->n_keys * sizeof(*sums));
            continue;
        }
        total_clear(&out[i], s->plan);
        struct reading_total *parts[METER_PARTS_MAX];
        for (size_t j = es->first_part[at]; j < es->first_part[at + 1]; j++) {
            int64_t real = points_find(p, es->parts[j].point_id);
            parts[j - es->first_part[at]] = find_total(s, p->places[real]);
        }
        if (add_parts(s->db, p, s->plan, at, parts, a, &out[i], e) != OK) {
            return e->code;
        }
    }
    return OK;
}

enum err_code reading_totals(struct db *db, const struct reading_points *p,
                             const struct reading_plan *plan, const int64_t *point_ids, size_t n,
                             struct reading_total *out, struct err *e)
{
    struct arena *a = arena_new();
    struct sweep s = { .db = db, .plan = plan, .arena = a };
    enum err_code code = list_items(p, point_ids, n, a, &s.items, &s.n, e);
    if (code == OK) {
        size_t lanes = WINDOW_LANES / ((size_t)plan->n_maps * SLOTS);
        lanes = lanes > WINDOW_POINTS ? WINDOW_POINTS : lanes;
        lanes = lanes < WINDOW_POINTS_MIN ? WINDOW_POINTS_MIN : lanes;
        s.window_max = lanes;
        lanes = s.n < lanes ? s.n + 1 : lanes;
        struct reading_total *totals = arena_many(a, s.n + 1, struct reading_total);
        s.tally = arena_many(a, lanes, struct tally);
        s.window = arena_many(a, s.n + 1, struct item *);
        s.room = arena_alloc(a, MONTH_MAX);
        for (size_t i = 0; i < lanes; i++) {
            tally_init(&s.tally[i], plan, a);
        }
        for (size_t i = 0; i < s.n; i++) {
            totals[i].sums = arena_many(a, (size_t)plan->n_keys, int64_t);
            total_clear(&totals[i], plan);
            s.items[i].out = &totals[i];
        }
        code = sweep_all(&s, e);
    }
    code = code == OK ? hand_out(&s, p, point_ids, n, a, out, e) : code;
    arena_free(a);
    return code == OK ? OK : fail_in(e, "readings: ");
}
