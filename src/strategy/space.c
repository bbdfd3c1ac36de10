/* space.c - the keys that values vary by: members, hours, dates, tou keys, and rows of intervals.
 */
#include "strategy/bound.h"

#define HOUR_MS (3600 * 1000LL)

static int64_t floor_div(int64_t a, int64_t d)
{
    return a / d - (a % d < 0);
}

/* ---- clock axes ------------------------------------------------------------------------------ */

static int64_t instant_of(const struct strategy_axis *a, int32_t i)
{
    return a->start.utc_ms + (int64_t)i * a->minutes * 60000;
}

int32_t clock_length(const struct strategy_bound *b, int32_t axis)
{
    const struct strategy_axis *a = &b->binding.axis;
    if (axis == AXIS_TOU) {
        return b->binding.span ? b->binding.span->n_keys : 0;
    }
    if (a->n == 0) {
        return 0;
    }
    int64_t unit = axis == AXIS_HOUR ? HOUR_MS : DAY_MS;
    int64_t end = instant_of(a, a->n) - 1;
    return (int32_t)(floor_div(end + CHINA_MS, unit) -
                     floor_div(a->start.utc_ms + CHINA_MS, unit)) +
           1;
}

int32_t clock_tou_key(const struct strategy_bound *b, const struct tariff_span *s, int32_t key)
{
    const struct tariff_span *all = b->binding.span;
    if (s == all) {
        return key;
    }
    for (int32_t i = 0; i < all->n_keys; i++) {
        if (all->keys[i].version == s->keys[key].version &&
            all->keys[i].period == s->keys[key].period) {
            return i;
        }
    }
    return -1;
}

void clock_indexes(const struct strategy_bound *b, const struct bound_row *row, int32_t axis,
                   int32_t first, int32_t n, int32_t *out)
{
    const int64_t step = (int64_t)row->axis->minutes * 60000;
    int64_t local = instant_of(row->axis, first) + CHINA_MS;
    if (axis == AXIS_TOU) {
        const struct tariff_span *s = row->span;
        const int64_t start = day_number(s->first) * DAY_MS;
        const bool own = s != b->binding.span;
        for (int32_t i = 0; i < n;) { /* day by day */
            int64_t at = floor_div(local - start, DAY_MS), ms = local - start - at * DAY_MS;
            bool inside = at >= 0 && at < s->n_days;
            const uint8_t *key = inside ? s->maps[s->day_map[at]].key : NULL;
            for (; i < n && ms < DAY_MS; i++, ms += step, local += step) {
                int32_t k = key ? key[ms / SLOT_MS] : -1;
                out[i] = own && key ? clock_tou_key(b, s, k) : k;
            }
        }
        return;
    }
    const int64_t unit = axis == AXIS_HOUR ? HOUR_MS : DAY_MS;
    const int64_t base = floor_div(b->binding.axis.start.utc_ms + CHINA_MS, unit);
    const int32_t length = clock_length(b, axis);
    for (int32_t i = 0; i < n; i++, local += step) {
        int64_t k = floor_div(local, unit) - base;
        out[i] = k >= 0 && k < length ? (int32_t)k : -1;
    }
}

int32_t clock_index(const struct strategy_bound *b, const struct bound_row *row, int32_t axis,
                    int32_t i)
{
    int32_t k;
    clock_indexes(b, row, axis, i, 1, &k);
    return k;
}

uint64_t clock_tou_seen(const struct strategy_bound *b, const struct bound_row *row)
{
    uint64_t seen = 0;
    const struct strategy_axis *a = row->axis;
    const struct tariff_span *s = row->span;
    int32_t per_day = a->minutes > 0 ? 1440 / a->minutes : 1;
    uint64_t of_map[256] = { 0 }; /* keys of whole days, by map */
    bool whole = a->minutes <= SLOT_MS / 60000 && 15 % a->minutes == 0;
    for (int32_t i = 0; i < a->n;) {
        int64_t local = instant_of(a, i) + CHINA_MS;
        int64_t day = floor_div(local, DAY_MS);
        int64_t at = day - day_number(s->first);
        if (whole && local == day * DAY_MS && i + per_day <= a->n && at >= 0 && at < s->n_days) {
            uint8_t map = s->day_map[at];
            if (of_map[map] == 0) {
                for (int32_t k = 0; k < SLOTS; k++) {
                    of_map[map] |= 1ULL << s->maps[map].key[k];
                }
            }
            seen |= s == b->binding.span ? of_map[map] : 0;
            if (s == b->binding.span) {
                i += per_day;
                continue;
            }
        }
        int32_t k = clock_index(b, row, AXIS_TOU, i);
        seen |= k >= 0 ? 1ULL << k : 0;
        i++;
    }
    return seen;
}

/* ---- spaces ---------------------------------------------------------------------------------- */

static int32_t space_groups(struct strategy_bound *b, struct bound_space *s)
{
    int32_t n = 1;
    if (s->n_axes == 0) {
        return 1;
    }
    if (s->n_axes == 1) {
        return b->axes[s->axes[0]].n;
    }
    /* every combination whose nested members agree with their outer ones */
    int64_t most = 1;
    for (int32_t i = 0; i < s->n_axes; i++) {
        const struct bound_axis *a = &b->axes[s->axes[i]];
        int32_t outer = b->plan->program->axes[s->axes[i]].outer;
        int64_t widest = a->n;
        if (outer >= 0) {
            widest = 0;
            for (int32_t k = 0; k < b->axes[outer].n; k++) {
                int32_t c = a->start[k + 1] - a->start[k];
                widest = c > widest ? c : widest;
            }
        }
        most *= widest;
    }
    if (most > (1 << 24)) {
        return -1;
    }
    int32_t *key = arena_many(b->arena, (size_t)(most * s->n_axes) + 1, int32_t);
    int32_t at[TALLY_AXES_MAX], until[TALLY_AXES_MAX];
    int32_t of_axis[TALLY_AXES_MAX] = { 0 };
    int32_t level = 0;
    n = 0;
    bool down = true;
    while (level >= 0) {
        int32_t axis = s->axes[level];
        if (down) {
            int32_t outer = b->plan->program->axes[axis].outer;
            at[level] = outer >= 0 ? b->axes[axis].start[of_axis[outer]] : 0;
            until[level] = outer >= 0 ? b->axes[axis].start[of_axis[outer] + 1] : b->axes[axis].n;
        } else {
            at[level]++;
        }
        if (at[level] >= until[level]) {
            level--;
            down = false;
            continue;
        }
        of_axis[axis] = at[level];
        if (level + 1 < s->n_axes) {
            level++;
            down = true;
            continue;
        }
        for (int32_t i = 0; i < s->n_axes; i++) {
            key[n * s->n_axes + i] = at[i];
        }
        n++;
        down = false;
    }
    s->key = key;
    return n;
}

void space_make(struct strategy_bound *b, int32_t space)
{
    struct bound_space *s = &b->spaces[space];
    tally_shape mask = b->plan->spaces[space];
    s->n_axes = 0;
    for (int32_t i = 0; i < b->plan->n_axis_order; i++) {
        int8_t axis = b->plan->axis_order[i];
        if (axis >= AXIS_FIRST && (mask & SHAPE(axis))) {
            s->axes[s->n_axes++] = axis;
        }
    }
    s->groups = space_groups(b, s);
    s->clock = 1;
    for (int32_t axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        s->clock *= mask & SHAPE(axis) ? clock_length(b, axis) : 1;
    }
    s->n = s->groups < 0 || (int64_t)s->groups * s->clock > (1 << 24) ? -1 : s->groups * s->clock;
}

void space_index(const struct strategy_bound *b, int16_t space, int32_t key, int32_t *index)
{
    const struct bound_space *s = &b->spaces[space];
    tally_shape mask = b->plan->spaces[space];
    int32_t c = s->clock > 1 ? key % s->clock : 0;
    int32_t g = s->clock > 1 ? key / s->clock : key;
    for (int32_t axis = AXIS_TOU; axis >= AXIS_HOUR; axis--) {
        if (mask & SHAPE(axis)) {
            int32_t n = clock_length(b, axis);
            index[axis] = c % n;
            c /= n;
        }
    }
    for (int32_t i = 0; i < s->n_axes; i++) {
        index[s->axes[i]] = s->key ? s->key[g * s->n_axes + i] : g;
    }
}

static int32_t group_key(const struct bound_space *s, const int32_t *index)
{
    if (s->n_axes == 0) {
        return 0;
    }
    if (!s->key) {
        return index[s->axes[0]];
    }
    int32_t lo = 0, hi = s->groups - 1;
    while (lo <= hi) {
        int32_t mid = (lo + hi) / 2, cmp = 0;
        for (int32_t i = 0; i < s->n_axes && cmp == 0; i++) {
            int32_t have = s->key[mid * s->n_axes + i], want = index[s->axes[i]];
            cmp = (have > want) - (have < want);
        }
        if (cmp == 0) {
            return mid;
        }
        if (cmp < 0) {
            lo = mid + 1;
        } else {
            hi = mid - 1;
        }
    }
    return -1;
}

int32_t space_key(const struct strategy_bound *b, int16_t space, const int32_t *index)
{
    const struct bound_space *s = &b->spaces[space];
    tally_shape mask = b->plan->spaces[space];
    int32_t g = group_key(s, index);
    if (g < 0 || s->clock == 1) {
        return g < 0 ? -1 : g * s->clock;
    }
    int32_t c = 0;
    for (int32_t axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
        if (mask & SHAPE(axis)) {
            if (index[axis] < 0) {
                return -1;
            }
            c = c * clock_length(b, axis) + index[axis];
        }
    }
    return g * s->clock + c;
}

const int32_t *space_project(struct frame *f, int16_t big, int16_t small)
{
    const struct strategy_bound *b = f->b;
    if (big == small) {
        return NULL;
    }
    const int32_t **memo = &f->projected[big * b->plan->n_spaces + small];
    if (*memo) {
        return *memo;
    }
    int32_t n = b->spaces[big].n;
    int32_t *to = arena_many(f->arena, (size_t)n + 1, int32_t);
    tally_shape mb = b->plan->spaces[big], ms = b->plan->spaces[small];
    if (ms == (mb & SHAPE_CLOCK)) {
        for (int32_t i = 0; i < n; i++) { /* the same clock under every member */
            to[i] = i % b->spaces[big].clock;
        }
    } else if (ms == (mb & ~SHAPE_CLOCK)) {
        for (int32_t i = 0; i < n; i++) {
            to[i] = i / b->spaces[big].clock;
        }
    } else {
        int32_t index[TALLY_AXES_MAX] = { 0 };
        for (int32_t i = 0; i < n; i++) {
            space_index(b, big, i, index);
            to[i] = space_key(b, small, index);
        }
    }
    *memo = to;
    return to;
}

/* ---- grids ----------------------------------------------------------------------------------- */

void grid_make(struct strategy_bound *b, int32_t grid)
{
    struct bound_grid *g = &b->grids[grid];
    int16_t space = b->plan->grids[grid].space;
    int32_t time = b->plan->grids[grid].time;
    const struct bound_space *s = &b->spaces[space];
    g->rows = s->n;
    g->plain = true;
    g->even = true;
    g->main = (struct bound_row){ &b->binding.axis, b->binding.span };
    for (size_t i = 0; i < b->binding.n_windows && time >= AXIS_FIRST; i++) {
        if (str_eq(b->binding.windows[i].name, b->plan->program->axes[time].name)) {
            g->main.axis = &b->binding.windows[i].axis;
        }
    }
    g->n_max = g->main.axis->n;
    const struct bound_axis *own = NULL;
    int32_t own_axis = -1;
    for (int32_t i = 0; i < s->n_axes && time == AXIS_INTERVAL; i++) {
        if (b->axes[s->axes[i]].own) {
            own = &b->axes[s->axes[i]]; /* the innermost one, it includes its outer members' */
            own_axis = s->axes[i];
        }
    }
    if (!own) {
        return;
    }
    struct bound_row *rows = arena_many(b->arena, (size_t)g->rows + 1, struct bound_row);
    g->plain = false;
    g->n_max = 0;
    for (int32_t r = 0; r < g->rows; r++) {
        int32_t index[TALLY_AXES_MAX] = { 0 };
        space_index(b, space, r, index);
        const struct strategy_axis *a = own->own[index[own_axis]];
        const struct tariff_span *span = own->span[index[own_axis]];
        rows[r] = (struct bound_row){ a ? a : g->main.axis, span ? span : g->main.span };
        g->n_max = rows[r].axis->n > g->n_max ? rows[r].axis->n : g->n_max;
    }
    for (int32_t r = 0; r < g->rows; r++) {
        /* the same intervals of the clock, though perhaps of another day */
        g->even = g->even && rows[r].axis->n == g->main.axis->n &&
                  rows[r].axis->minutes == g->main.axis->minutes &&
                  (rows[r].axis->start.utc_ms - g->main.axis->start.utc_ms) % DAY_MS == 0;
    }
    g->row = rows;
}

struct bound_row grid_row(const struct bound_grid *g, int32_t row)
{
    return g->plain ? g->main : g->row[row];
}

/* ---- words ----------------------------------------------------------------------------------- */

void text_key(struct text *t, const struct strategy_bound *b, int32_t axis, int32_t index)
{
    switch (axis) {
    case AXIS_TOU: {
        const struct tariff_span *s = b->binding.span;
        text_add_c(t, tou_period_word((enum tou_period)s->keys[index].period));
        if (s->n_versions > 1) {
            text_addf(t, "@%d", s->keys[index].version);
        }
        break;
    }
    case AXIS_DATE:
        text_day(t, day_add(instant_day(b->binding.axis.start), index));
        break;
    case AXIS_HOUR: {
        int64_t ms = (floor_div(b->binding.axis.start.utc_ms, HOUR_MS) + index) * HOUR_MS;
        text_day(t, instant_day((struct instant){ ms }));
        text_addf(t, "T%02d", (int)(floor_div(ms + CHINA_MS, HOUR_MS) % 24));
        break;
    }
    case AXIS_INTERVAL:
        text_addf(t, "%d", index);
        break;
    default:
        if (b->plan->program->axes[axis].group) {
            text_add(t, b->axes[axis].members[index]->name);
        } else {
            text_addf(t, "%d", index);
        }
        break;
    }
}
