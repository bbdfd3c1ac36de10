/* changes.c - what people decide about readings: edits, late data of sealed months, estimates.
 *
 * A change is proposed with its reason by one person and decided by another. In force it has the
 * rank it was proposed with; a later decision replaces an earlier one of the same rank, since
 * people decide in order while readings arrive in none.
 */
#include "reading/days.h"

#define EDIT_SLOTS_MAX ESTIMATE_SLOTS_MAX

/* ---- putting a value in force ---- */

/* Sets one slot of a day, whatever was there: the old value goes to history. */
static enum err_code force(struct db *db, const struct reading_points *p, int64_t at,
                           struct day_slots *d, struct slot slot, struct slot_value v,
                           struct instant now, struct err *e)
{
    int s = slot.index;
    struct slot_value was = { d->value[s], d->q[s], d->rank[s] };
    struct losers l = { .n = 0 };
    if (was.rank != 0 && !(was.q & (Q_DERIVED | Q_CONFLICT))) {
        l.at[l.n++] = was;
    }
    d->value[s] = v.value;
    d->q[s] = v.q;
    d->rank[s] = v.rank;
    return losers_file(db, p, at, slot.day, s, SERIES_INTERVALS, &l, now, e);
}

/* What changed may be the shape of a gap a week later. */
static enum err_code reshape(struct db *db, const struct reading_points *p, int64_t at,
                             struct day day, struct instant now, struct err *e)
{
    struct dirty_list l = { 0 };
    int64_t n_days = 0;
    dirty_week_later(&l, p, at, day);
    enum err_code code = registers_derive(db, p, &l, now, &n_days, e);
    dirty_free(&l);
    return code;
}

/* All changes of one point in one month: a day's chunk or a new version of the sealed month. */
static enum err_code apply_month(struct db *db, const struct reading_points *p, int64_t at,
                                 struct reading_change *c, size_t n, struct str reason,
                                 struct instant now, struct err *e)
{
    struct month month = day_month(c[0].slot.day);
    int32_t first = day_number(month_first(month)), n_days = month_days(month);
    struct arena *a = arena_new();
    struct day_slots *days = arena_many(a, MONTH_DAYS_MAX, struct day_slots);
    enum day_state state[MONTH_DAYS_MAX];
    bool touched[MONTH_DAYS_MAX] = { false };
    enum err_code code = days_load(db, p, at, month_first(month), n_days, days, state, e);
    bool sealed = code == OK && state[0] == DAY_SEALED;
    for (size_t i = 0; i < n && code == OK; i++) {
        int32_t d = day_number(c[i].slot.day) - first;
        int s = c[i].slot.index;
        c[i].old_value = days[d].value[s];
        c[i].old_q = (uint16_t)(days[d].q[s] & ~Q_DERIVED);
        c[i].old_rank = days[d].rank[s];
        if (c[i].kind == CHANGE_ESTIMATE && c[i].new_rank == RANK_ESTIMATE &&
            reading_mark_of(days[d].q[s]) != MARK_MISSING &&
            reading_mark_of(days[d].q[s]) != MARK_ESTIMATED) {
            c[i].state = CHANGE_REFUSED; /* measured since it was proposed (law 2 of vee.h) */
            continue;
        }
        touched[d] = true;
        struct slot_value v = { c[i].new_value, c[i].new_q, c[i].new_rank };
        code = force(db, p, at, &days[d], c[i].slot, v, now, e);
    }
    if (code == OK && sealed) {
        code = month_revise(db, p->places[at], month, days, reason, now, e);
    }
    for (int32_t d = 0; d < n_days && code == OK; d++) {
        struct day day = day_add(month_first(month), d);
        if (touched[d] && !sealed) {
            code = day_store(db, p, at, day, SERIES_INTERVALS, state[d], &days[d], e);
        }
        if (touched[d] && code == OK) {
            code = reshape(db, p, at, day, now, e);
        }
    }
    arena_free(a);
    return code;
}

static int change_by_point(const void *a, const void *b)
{
    const struct reading_change *x = a, *y = b;
    int32_t mx = day_month(x->slot.day).yyyymm, my = day_month(y->slot.day).yyyymm;
    if (x->point_id != y->point_id) {
        return x->point_id < y->point_id ? -1 : 1;
    }
    if (mx != my) {
        return mx < my ? -1 : 1;
    }
    return (x->change_id > y->change_id) - (x->change_id < y->change_id);
}

enum err_code changes_apply(struct db *db, const struct reading_points *p,
                            struct reading_change *c, size_t n, struct str reason,
                            struct instant now, struct err *e)
{
    qsort(c, n, sizeof(*c), change_by_point);
    for (size_t i = 0; i < n;) {
        size_t j = i + 1;
        while (j < n && c[j].point_id == c[i].point_id &&
               day_month(c[j].slot.day).yyyymm == day_month(c[i].slot.day).yyyymm) {
            j++;
        }
        int64_t at = points_get(p, c[i].point_id, true, e);
        if (at < 0 || apply_month(db, p, at, c + i, j - i, reason, now, e) != OK) {
            return e ? e->code : ERR_NOT_FOUND;
        }
        i = j;
    }
    return OK;
}

/* ---- edits and decisions ---- */

enum err_code reading_edit(struct db *db, const struct reading_points *p, int64_t point_id,
                           struct slot from, const int64_t *values, int32_t n, struct str reason,
                           int64_t user_id, struct instant now, int64_t *first_id, struct err *e)
{
    int64_t at = points_get(p, point_id, true, e), first = 0;
    if (at < 0) {
        return e ? e->code : ERR_NOT_FOUND;
    }
    if (str_trim(reason).n == 0 || reason.n > 500 || n < 1 || n > EDIT_SLOTS_MAX) {
        return fail(e, ERR_INPUT, "an edit names its reason (at most 500 bytes) and 1 to %d slots",
                    EDIT_SLOTS_MAX);
    }
    enum err_code code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
    if (code != OK) {
        return code;
    }
    struct reading_proposal o = { .proposal_id = store_next_id(db, now),
                                  .point_id = point_id,
                                  .from = from,
                                  .n_slots = n,
                                  .kind = CHANGE_EDIT,
                                  .sources = STR("by hand"),
                                  .reason = reason,
                                  .user_id = user_id };
    for (int32_t i = 0; i < n && code == OK; i++) {
        struct reading_change c = { .change_id = store_next_id(db, now),
                                    .proposal_id = o.proposal_id,
                                    .point_id = point_id,
                                    .slot = slot_after(from, i),
                                    .new_value = values[i],
                                    .new_q = Q_MANUAL,
                                    .new_rank = RANK_MANUAL,
                                    .kind = CHANGE_EDIT,
                                    .state = CHANGE_PROPOSED,
                                    .reason = reason,
                                    .user_id = user_id };
        struct day_slots d;
        first = i == 0 ? c.change_id : first;
        code = values[i] > READING_VALUE_MAX || values[i] < -READING_VALUE_MAX
                   ? fail(e, ERR_LIMIT, "edit: value %d is out of range", i)
                   : days_load(db, p, at, c.slot.day, 1, &d, NULL, e);
        if (code == OK) {
            c.old_value = d.value[c.slot.index];
            c.old_q = (uint16_t)(d.q[c.slot.index] & ~Q_DERIVED);
            c.old_rank = d.rank[c.slot.index];
            o.total += values[i];
            code = rows_put_change(db, p->places[at].shard, &c, now, e);
        }
    }
    code = code == OK ? rows_put_proposal(db, p->places[at].shard, &o, now, e) : code;
    if (code != OK) {
        store_rollback(db, STORE_SERIES);
        return code;
    }
    code = store_commit(db, STORE_SERIES, e);
    if (code == OK && first_id) {
        *first_id = first;
    }
    return code;
}

static enum err_code load_open(struct db *db, const struct reading_points *p, struct arena *a,
                               int64_t id, bool apply_it, int64_t approver_id,
                               struct reading_change *c, struct err *e)
{
    bool found;
    if (rows_find_change(db, a, id, c, &found, e) != OK) {
        return e->code;
    }
    if (!found || points_find(p, c->point_id) < 0) {
        return fail(e, ERR_NOT_FOUND, "no change %lld, or not yours", (long long)id);
    }
    if (c->state != CHANGE_PROPOSED) {
        return fail(e, ERR_RULE, "change %lld is decided already", (long long)id);
    }
    if (apply_it && c->user_id != 0 && c->user_id == approver_id) {
        return fail_named(e, ERR_RULE, "SELF_APPROVAL",
                          "change %lld was proposed by the same person: another must decide",
                          (long long)id);
    }
    return OK;
}

static enum err_code decide(struct db *db, const struct reading_points *p, const int64_t *ids,
                            size_t n, bool apply_it, struct str reason, int64_t approver_id,
                            struct instant now, struct arena *a, struct err *e)
{
    struct reading_change *c = arena_many(a, n + 1, struct reading_change);
    for (size_t i = 0; i < n; i++) {
        if (load_open(db, p, a, ids[i], apply_it, approver_id, &c[i], e) != OK) {
            return e->code;
        }
    }
    if (apply_it && changes_apply(db, p, c, n, reason, now, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (c[i].state == CHANGE_PROPOSED) {
            c[i].state = apply_it ? CHANGE_APPLIED : CHANGE_REFUSED;
        }
        c[i].approver_id = approver_id;
        if (rows_decide_change(db, &c[i], now, e) != OK) {
            return e->code;
        }
    }
    return apply_it ? findings_settle(db, p, c, n, approver_id, now, e) : OK;
}

enum err_code reading_decide(struct db *db, const struct reading_points *p,
                             const int64_t *change_ids, size_t n, bool apply_it, struct str reason,
                             int64_t approver_id, struct instant now, struct err *e)
{
    if (str_trim(reason).n == 0 || reason.n > 500) {
        return fail(e, ERR_INPUT, "a decision names its reason (at most 500 bytes)");
    }
    enum err_code code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
    if (code != OK) {
        return code;
    }
    struct arena *a = arena_new();
    code = decide(db, p, change_ids, n, apply_it, reason, approver_id, now, a, e);
    arena_free(a);
    if (code != OK) {
        store_rollback(db, STORE_SERIES);
        return code;
    }
    return store_commit(db, STORE_SERIES, e);
}

enum err_code reading_list_changes(struct db *db, const struct reading_points *p, struct arena *a,
                                   enum change_state state, int64_t after, size_t max,
                                   struct reading_change **out, size_t *n, struct err *e)
{
    max = max < METER_PAGE_MAX ? max : METER_PAGE_MAX;
    struct reading_change *page = arena_many(a, max + 1, struct reading_change);
    struct reading_change *kept = arena_many(a, max + 1, struct reading_change);
    size_t got = max, n_kept = 0;
    while (got == max && n_kept < max) { /* what belongs to others is passed over */
        if (rows_page_changes(db, a, (int)state, after, max, page, &got, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < got && n_kept < max; i++) {
            after = page[i].change_id;
            if (points_find(p, page[i].point_id) >= 0) {
                kept[n_kept++] = page[i];
            }
        }
    }
    *out = kept;
    *n = n_kept;
    return OK;
}

enum err_code reading_history(struct db *db, const struct reading_points *p, struct arena *a,
                              int64_t point_id, struct slot slot, struct reading_past **out,
                              size_t *n, struct err *e)
{
    int64_t at = points_get(p, point_id, true, e);
    if (at < 0) {
        return e ? e->code : ERR_NOT_FOUND;
    }
    struct reading_past *page = arena_many(a, METER_PAGE_MAX, struct reading_past);
    size_t got = 0;
    if (rows_list_past(db, p->places[at].shard, point_id, slot.day, slot.index, SERIES_INTERVALS,
                       METER_PAGE_MAX, page, &got, e) != OK) {
        return e->code;
    }
    *out = page;
    *n = got;
    return OK;
}

enum err_code change_propose(struct db *db, const struct reading_points *p, int64_t at,
                             struct slot slot, struct slot_value was, struct slot_value in,
                             struct str reason, struct instant now, struct err *e)
{
    const struct reading_change c = {
        .change_id = store_next_id(db, now),
        .point_id = p->estate.points[at].point_id,
        .slot = slot,
        .old_value = was.value,
        .new_value = in.value,
        .old_q = (uint16_t)(was.q & ~Q_DERIVED),
        .new_q = in.q,
        .old_rank = was.rank,
        .new_rank = in.rank,
        .kind = CHANGE_LATE,
        .state = CHANGE_PROPOSED,
        .reason = reason,
    };
    return rows_put_change(db, p->places[at].shard, &c, now, e);
}
