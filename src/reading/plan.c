/* plan.c - how slots fall into keys, and the tally that turns packed sections into totals. */
#include "reading/plan.h"

static enum err_code plan_check(int32_t n_days, const uint8_t *day_map, int32_t n_maps,
                                const uint8_t *key, int32_t n_keys, struct err *e)
{
    if (n_days < 1 || n_days > READING_DAYS_MAX || n_maps < 1 || n_maps > 256 || n_keys < 1 ||
        n_keys > READING_KEYS_MAX) {
        return fail(e, ERR_LIMIT, "plan of %d days (1..%d), %d day maps (1..256), %d keys (1..%d)",
                    n_days, READING_DAYS_MAX, n_maps, n_keys, READING_KEYS_MAX);
    }
    for (int32_t d = 0; d < n_days; d++) {
        if (day_map[d] >= n_maps) {
            return fail(e, ERR_INPUT, "plan: day %d has map %d of %d", d, day_map[d], n_maps);
        }
    }
    for (int32_t i = 0; i < n_maps * SLOTS; i++) {
        if (key[i] != READING_NO_KEY && key[i] >= n_keys) {
            return fail(e, ERR_INPUT, "plan: map %d, slot %d has key %d of %d", i / SLOTS,
                        i % SLOTS, key[i], n_keys);
        }
    }
    return OK;
}

enum err_code reading_plan_new(struct arena *a, struct day from, int32_t n_days,
                               const uint8_t *day_map, int32_t n_maps, const uint8_t *key,
                               int32_t n_keys, struct reading_plan **out, struct err *e)
{
    enum err_code code = plan_check(n_days, day_map, n_maps, key, n_keys, e);
    if (code != OK) {
        return code;
    }
    struct plan_run *runs = arena_many(a, (size_t)n_maps * SLOTS, struct plan_run);
    uint32_t *first_run = arena_many(a, (size_t)n_maps + 1, uint32_t), n = 0;
    int32_t *slots = arena_many(a, (size_t)n_maps, int32_t);
    int32_t *first = arena_many(a, (size_t)n_maps, int32_t);
    for (int32_t m = 0; m < n_maps; m++) {
        first_run[m] = n;
        for (int s = 0; s < SLOTS;) {
            const uint8_t *k = key + m * SLOTS;
            int end = s + 1;
            while (end < SLOTS && k[end] == k[s]) {
                end++;
            }
            if (k[s] != READING_NO_KEY) {
                first[m] = slots[m] == 0 ? s : first[m];
                slots[m] += end - s;
                runs[n++] = (struct plan_run){ (uint8_t)s, (uint8_t)(end - s), k[s] };
            }
            s = end;
        }
    }
    first_run[n_maps] = n;
    struct reading_plan *p = arena_make(a, struct reading_plan);
    *p = (struct reading_plan){
        .from = from,
        .n_days = n_days,
        .n_maps = n_maps,
        .n_keys = n_keys,
        .row = (const uint8_t *)arena_copy(a, day_map, (size_t)n_days),
        .key = (const uint8_t *)arena_copy(a, key, (size_t)n_maps * SLOTS),
        .runs = runs,
        .first_run = first_run,
        .map_slots = slots,
        .map_first = first,
    };
    *out = p;
    return OK;
}

enum err_code reading_plan_slots(struct arena *a, struct day from, int32_t first_slot,
                                 int32_t n_slots, struct reading_plan **out, struct err *e)
{
    if (first_slot < 0 || first_slot >= SLOTS || n_slots < 1) {
        return fail(e, ERR_INPUT, "plan of %d slots from slot %d", n_slots, first_slot);
    }
    int32_t end = first_slot + n_slots, n_days = (end + SLOTS - 1) / SLOTS;
    uint8_t key[3 * SLOTS], row[READING_DAYS_MAX];
    if (n_days > READING_DAYS_MAX) {
        return fail(e, ERR_LIMIT, "plan of %d days, at most %d", n_days, READING_DAYS_MAX);
    }
    for (int s = 0; s < SLOTS; s++) { /* a whole day, the first and the last */
        key[s] = 0;
        key[SLOTS + s] = s >= first_slot && s < end ? 0 : READING_NO_KEY;
        key[2 * SLOTS + s] = s < end - (n_days - 1) * SLOTS ? 0 : READING_NO_KEY;
    }
    memset(row, 0, sizeof(row));
    row[n_days - 1] = 2;
    row[0] = 1;
    return reading_plan_new(a, from, n_days, row, 3, key, 1, out, e);
}

/* ---- tally ----------------------------------------------------------------------------------- */

void total_clear(struct reading_total *t, const struct reading_plan *plan)
{
    int64_t *sums = t->sums;
    memset(sums, 0, (size_t)plan->n_keys * sizeof(*sums));
    *t = (struct reading_total){ .sums = sums, .first_missing = -1 };
}

void tally_init(struct tally *t, const struct reading_plan *plan, struct arena *a)
{
    *t = (struct tally){ .acc = arena_many(a, (size_t)plan->n_maps * SLOTS, uint32_t),
                         .base = arena_many(a, (size_t)plan->n_maps, int64_t) };
}

/* Wraps where only forged blocks could go: readings are far below. */
static int64_t add_wrap(int64_t a, uint64_t b)
{
    return (int64_t)((uint64_t)a + b);
}

void tally_flush(struct tally *t, const struct reading_plan *plan)
{
    if (!t->used) {
        return;
    }
    for (int32_t m = 0; m < plan->n_maps; m++) {
        const uint32_t *acc = t->acc + m * SLOTS;
        for (uint32_t i = plan->first_run[m]; i < plan->first_run[m + 1]; i++) {
            const struct plan_run *r = &plan->runs[i];
            uint64_t sum = (uint64_t)t->base[m] * r->n;
            for (int s = 0; s < r->n; s++) {
                sum += acc[r->from + s];
            }
            t->out->sums[r->key] = add_wrap(t->out->sums[r->key], sum * (uint64_t)t->quantum);
        }
        t->base[m] = 0;
    }
    memset(t->acc, 0, (size_t)plan->n_maps * SLOTS * sizeof(*t->acc));
    t->used = false;
    t->bound = 0;
    t->quantum = 0;
}

void tally_missing(struct tally *t, const struct reading_plan *plan, int32_t day)
{
    for (int32_t d = *t->next_day; d < day; d++) {
        int32_t m = plan->row[d];
        if (plan->map_slots[m] > 0 && t->out->first_missing < 0) {
            t->out->first_missing = d * SLOTS + plan->map_first[m];
        }
        t->out->n_missing += plan->map_slots[m];
    }
    *t->next_day = day > *t->next_day ? day : *t->next_day;
}

/* Counts the mark of plan slot (d, slot); `v` is its value. */
static void add_mark(struct reading_total *out, enum reading_mark mark, int32_t d, int slot,
                     int64_t v)
{
    if (mark == MARK_MISSING) {
        out->n_missing++;
        out->first_missing = out->first_missing < 0 ? d * SLOTS + slot : out->first_missing;
    } else if (mark != MARK_ACTUAL) {
        out->n_estimated += mark == MARK_ESTIMATED;
        out->n_manual += mark == MARK_MANUAL;
        out->estimated = add_wrap(out->estimated, (uint64_t)(v < 0 ? -v : v));
    }
}

/* Any section, value by value: where most values are not actual, or do not fit the lanes. */
static bool add_slowly(struct tally *t, const struct reading_plan *plan, const struct section *s,
                       int first, int32_t day, int32_t n_days, bool sums)
{
    int64_t value[MONTH_GROUPS_MAX * GROUP];
    uint16_t q[MONTH_GROUPS_MAX * GROUP];
    struct reading_total *out = t->out;
    if (!section_unpack(s, value, q, NULL)) {
        return false;
    }
    for (int32_t i = 0; i < n_days * SLOTS; i++) {
        int32_t d = day + i / SLOTS, from = first * SLOTS + i;
        uint8_t key = plan->key[plan->row[d] * SLOTS + i % SLOTS];
        int64_t v = value[from];
        if (key == READING_NO_KEY) {
            continue;
        }
        if (sums) {
            out->sums[key] = add_wrap(out->sums[key], (uint64_t)v);
        }
        add_mark(out, reading_mark_of(q[from]), d, i % SLOTS, v);
    }
    return true;
}

/* The marks of a section whose values are mostly actual: only its exceptions are looked at, and
 * only the groups they stand in are unpacked. Widths are at most 32 bits here. */
static bool add_marks(struct tally *t, const struct reading_plan *plan, const struct section *s,
                      int first, int32_t day, int32_t n_days)
{
    const uint8_t *at = s->exceptions, *data = s->data;
    uint64_t u[GROUP];
    int32_t from = 0, n = 0, group = 0, unpacked = -1;
    uint16_t q;
    uint8_t rank;
    if (!section_runs_ok(s)) {
        return false;
    }
    while (section_run(s, &at, &from, &n, &q, &rank)) {
        enum reading_mark mark = reading_mark_of(q);
        int32_t low = from > first * SLOTS ? from : first * SLOTS;
        int32_t high = (first + n_days) * SLOTS;
        high = from + n < high ? from + n : high;
        for (int32_t i = low; i < high && mark != MARK_ACTUAL; i++) {
            int32_t d = day + i / SLOTS - first;
            if (plan->key[plan->row[d] * SLOTS + i % SLOTS] == READING_NO_KEY) {
                continue;
            }
            while (group < i / GROUP) {
                data += group_bytes(s->widths[group++]);
            }
            if (unpacked != group && mark != MARK_MISSING && rank != 0) {
                group_unpack(u, data, s->widths[group]);
                unpacked = group;
            }
            bool has = mark != MARK_MISSING && rank != 0;
            add_mark(t->out, mark, d, i % SLOTS,
                     has ? ((int64_t)u[i % GROUP] + s->base) * s->quantum : 0);
        }
    }
    return true;
}

bool tally_add(struct tally *t, const struct reading_plan *plan, const struct section *s, int first,
               int32_t day, int32_t n_days)
{
    tally_missing(t, plan, day);
    *t->next_day = day + n_days;
    bool mostly = reading_mark_of(s->q) == MARK_ACTUAL, actual = mostly && s->n_exceptions == 0;
    unsigned width = code_width(s->code_max);
    uint64_t most = width > 32 ? UINT64_MAX : (((uint64_t)1 << width) - 1) * (uint64_t)n_days;
    if (most > UINT32_MAX) {
        return add_slowly(t, plan, s, first, day, n_days, true);
    }
    if (!actual && !(mostly ? add_marks(t, plan, s, first, day, n_days)
                            : add_slowly(t, plan, s, first, day, n_days, false))) {
        return false;
    }
    if (s->code_max == 0 && s->base == 0) {
        return true; /* all zero: night, or no sun at all */
    }
    if (t->used && (t->quantum != s->quantum || t->bound + most > UINT32_MAX)) {
        tally_flush(t, plan);
    }
    t->used = true;
    t->quantum = s->quantum;
    t->bound += most;
    const uint8_t *data = s->data;
    for (int k = 0; k < first * DAY_GROUPS; k++) {
        data += group_bytes(s->widths[k]);
    }
    kernel_add(t->acc, plan->row + day, s->widths + first * DAY_GROUPS, data, s->limit, n_days);
    for (int32_t d = day; s->base != 0 && d < day + n_days; d++) {
        t->base[plan->row[d]] += s->base;
    }
    return true;
}
