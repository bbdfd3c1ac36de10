/* method.c - estimates from other days, another point, or the registers around a gap. */
#include "reading/estimate.h"

static bool known(const struct day_slots *d, int s)
{
    enum reading_mark m = reading_mark_of(d->q[s]);
    return m == MARK_ACTUAL || m == MARK_MANUAL;
}

static bool day_known(const struct day_slots *d)
{
    for (int s = 0; s < SLOTS; s++) {
        if (!known(d, s)) {
            return false;
        }
    }
    return true;
}

enum err_code span_share(struct span *s, int64_t total, struct err *e)
{
    int64_t *weights = arena_many(s->a, (size_t)s->n_targets + 1, int64_t);
    struct money *parts = arena_many(s->a, (size_t)s->n_targets + 1, struct money);
    size_t n = 0;
    bool any = false;
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        if (s->target[k]) {
            weights[n] = s->out[k] > 0 ? s->out[k] : 0;
            any |= weights[n++] > 0;
        }
    }
    for (size_t i = 0; i < n && !any; i++) {
        weights[i] = 1;
    }
    if (money_allocate((struct money){ total }, weights, n, parts, e) != OK) {
        return e->code;
    }
    n = 0;
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        if (s->target[k]) {
            s->out[k] = parts[n++].fen;
        }
    }
    return OK;
}

/* ---- days of the same type -------------------------------------------------------------------
 */

struct days_back { /* LOOK_BACK_DAYS before the span, then the span itself */
    struct day first;
    struct day_slots *days;
};

static bool has_target(const struct span *s, int32_t d)
{
    for (int i = 0; i < SLOTS; i++) {
        if (s->target[d * SLOTS + i]) {
            return true;
        }
    }
    return false;
}

/* Whether a day knows all that day d of the span lacks. */
static bool day_serves(const struct span *s, int32_t d, const struct day_slots *other)
{
    for (int i = 0; i < SLOTS; i++) {
        if (s->target[d * SLOTS + i] && !known(other, i)) {
            return false;
        }
    }
    return true;
}

/* The last days before day d of the span that serve it; a holiday takes days of rest where holidays
 * are too few. */
static int32_t good_days(const struct span *s, const struct days_back *b, int32_t d, int32_t most,
                         int32_t least, int32_t *found, enum vee_day *type)
{
    int32_t n = 0;
    *type = vee_day_of(&s->job->calendar, day_add(s->first, d));
    for (int round = 0; round < 2 && n < least; round++) {
        n = 0;
        if (round == 1 && *type != VEE_HOLIDAY) {
            break;
        }
        for (int32_t i = d + LOOK_BACK_DAYS - 1; i >= d && n < most; i--) {
            enum vee_day t = vee_day_of(&s->job->calendar, day_add(b->first, i));
            bool fits = t == *type || (round == 1 && t == VEE_RESTDAY);
            if (fits && day_serves(s, d, &b->days[i])) {
                found[n++] = i;
            }
        }
    }
    return n;
}

static void say_days(struct span *s, const struct days_back *b, int32_t d, enum vee_day type,
                     const int32_t *found, int32_t n)
{
    if (s->from.n) {
        text_add_c(&s->from, "; ");
    }
    text_day(&s->from, day_add(s->first, d));
    text_addf(&s->from, " (%s): mean of", vee_day_word(type));
    for (int32_t i = 0; i < n; i++) {
        text_byte(&s->from, ' ');
        text_day(&s->from, day_add(b->first, found[i]));
    }
}

enum err_code method_same_day(struct span *s, struct err *e)
{
    const struct vee_rules *rules = s->job->rules;
    const int32_t most = rules ? rules->days : 5, least = rules ? rules->least : 2;
    const struct days_back b = { day_add(s->first, -LOOK_BACK_DAYS),
                                 arena_many(s->a, (size_t)(LOOK_BACK_DAYS + s->n_days),
                                            struct day_slots) };
    int32_t found[LOOK_BACK_DAYS];
    if (days_load(s->db, s->p, s->at, b.first, LOOK_BACK_DAYS, b.days, NULL, e) != OK) {
        return e->code;
    }
    memcpy(b.days + LOOK_BACK_DAYS, s->days, (size_t)s->n_days * sizeof(*s->days));
    for (int32_t d = 0; d < s->n_days; d++) {
        enum vee_day type;
        if (!has_target(s, d)) {
            continue;
        }
        int32_t n = good_days(s, &b, d, most, least, found, &type);
        if (n < least) {
            return fail(e, ERR_GAP,
                        "same-day: %d good %s%s in the %d days before %d, %d are needed", n,
                        vee_day_word(type), n == 1 ? "" : "s", LOOK_BACK_DAYS,
                        day_add(s->first, d).yyyymmdd, least);
        }
        for (int i = 0; i < SLOTS; i++) {
            __int128 sum = 0;
            for (int32_t k = 0; k < n; k++) {
                sum += b.days[found[k]].value[i];
            }
            if (s->target[d * SLOTS + i]) {
                s->out[d * SLOTS + i] = (int64_t)div_half_away(sum, n);
            }
        }
        say_days(s, &b, d, type, found, n);
    }
    return OK;
}

/* ---- a point like it -------------------------------------------------------------------------
 */

static __int128 day_sum(const struct day_slots *d)
{
    __int128 sum = 0;
    for (int s = 0; s < SLOTS; s++) {
        sum += d->value[s];
    }
    return sum;
}

/* The scale own : other, by the energy of the last good days of both, else by rated power. */
static enum err_code like_scale(struct span *s, int64_t like, __int128 *num, __int128 *den,
                                struct err *e)
{
    const struct point *own = &s->p->estate.points[s->at], *other = &s->p->estate.points[like];
    const int32_t most = s->job->rules ? s->job->rules->days : 5;
    struct day_slots *mine = arena_many(s->a, LOOK_BACK_DAYS, struct day_slots);
    struct day_slots *theirs = arena_many(s->a, LOOK_BACK_DAYS, struct day_slots);
    struct day first = day_add(s->first, -LOOK_BACK_DAYS);
    int32_t n = 0;
    if (days_load(s->db, s->p, s->at, first, LOOK_BACK_DAYS, mine, NULL, e) != OK ||
        days_load(s->db, s->p, like, first, LOOK_BACK_DAYS, theirs, NULL, e) != OK) {
        return e->code;
    }
    *num = *den = 0;
    for (int32_t d = LOOK_BACK_DAYS - 1; d >= 0 && n < most; d--) {
        if (day_known(&mine[d]) && day_known(&theirs[d])) {
            *num += day_sum(&mine[d]);
            *den += day_sum(&theirs[d]);
            n++;
        }
    }
    if (*num > 0 && *den > 0) {
        text_addf(&s->from, "like point " STR_FMT " by the energy of %d common days",
                  STR_ARG(other->code), n);
        return OK;
    }
    *num = own->rated_kw_e4;
    *den = other->rated_kw_e4;
    if (*num <= 0 || *den <= 0) {
        return fail(e, ERR_GAP,
                    "similar: the two points have no common good day with energy in the %d days "
                    "before, and no rated power on both: nothing to scale by",
                    LOOK_BACK_DAYS);
    }
    text_addf(&s->from, "like point " STR_FMT " by rated power ", STR_ARG(other->code));
    text_decimal(&s->from, (int64_t)*num, 4, 2);
    text_add_c(&s->from, " : ");
    text_decimal(&s->from, (int64_t)*den, 4, 2);
    text_add_c(&s->from, " kW");
    return OK;
}

enum err_code method_similar(struct span *s, struct err *e)
{
    __int128 num = 0, den = 1;
    if (s->job->like_id == 0) {
        return fail(e, ERR_GAP, "similar: say which point it is like (--like POINT)");
    }
    if (s->job->like_id == s->job->point_id) {
        return fail(e, ERR_INPUT, "similar: a point is not like itself");
    }
    int64_t like = points_get(s->p, s->job->like_id, true, e);
    struct day_slots *theirs = arena_many(s->a, (size_t)s->n_days, struct day_slots);
    if (like < 0) {
        return e->code;
    }
    if (days_load(s->db, s->p, like, s->first, s->n_days, theirs, NULL, e) != OK ||
        like_scale(s, like, &num, &den, e) != OK) {
        return e->code;
    }
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        if (!s->target[k]) {
            continue;
        }
        if (!known(&theirs[k / SLOTS], k % SLOTS)) {
            return fail(e, ERR_GAP, "similar: the other point has no good value at %d slot %d",
                        span_slot(s, k).day.yyyymmdd, k % SLOTS);
        }
        s->out[k] = (int64_t)div_half_away(theirs[k / SLOTS].value[k % SLOTS] * num, den);
    }
    return OK;
}

/* ---- registers around it ---------------------------------------------------------------------
 */

/* The nearest midnights with a register reading on both sides of the targets. */
static enum err_code control_ends(struct span *s, struct day *from, struct day *until,
                                  struct err *e)
{
    const int32_t n = s->n_days + 2 * CONTROL_DAYS;
    struct day first = day_add(s->first, -CONTROL_DAYS);
    struct day_slots *r = arena_many(s->a, (size_t)n, struct day_slots);
    int32_t a = CONTROL_DAYS, z = CONTROL_DAYS + (s->k0 + s->n_slots + SLOTS - 1) / SLOTS;
    if (registers_load(s->db, s->p, s->at, first, n, r, e) != OK) {
        return e->code;
    }
    while (a >= 0 && (r[a].rank[0] == 0 || reading_mark_of(r[a].q[0]) == MARK_MISSING)) {
        a--;
    }
    while (z < n && (r[z].rank[0] == 0 || reading_mark_of(r[z].q[0]) == MARK_MISSING)) {
        z++;
    }
    if (a < 0 || z == n) {
        return fail(e, ERR_GAP, "register: no register reading at a midnight within %d days %s",
                    CONTROL_DAYS, a < 0 ? "before the gap" : "after the gap");
    }
    *from = day_add(first, a);
    *until = day_add(first, z);
    return OK;
}

/* What is known between the two ends; nothing but the targets may be missing there. */
static enum err_code control_rest(struct span *s, struct day from, struct day until, int64_t *rest,
                                  struct err *e)
{
    const int32_t n = day_number(until) - day_number(from);
    const int32_t shift = day_number(s->first) - day_number(from);
    struct day_slots *d = arena_many(s->a, (size_t)n, struct day_slots);
    if (days_load(s->db, s->p, s->at, from, n, d, NULL, e) != OK) {
        return e->code;
    }
    *rest = 0;
    for (int32_t k = 0; k < n * SLOTS; k++) {
        int32_t own = k - shift * SLOTS;
        if (own >= s->k0 && own < s->k0 + s->n_slots && s->target[own]) {
            continue;
        }
        if (reading_mark_of(d[k / SLOTS].q[k % SLOTS]) == MARK_MISSING) {
            return fail(e, ERR_GAP,
                        "register: another value is missing between the registers, at %d slot %d: "
                        "estimate both gaps in one call",
                        day_add(from, k / SLOTS).yyyymmdd, k % SLOTS);
        }
        *rest += d[k / SLOTS].value[k % SLOTS];
    }
    return OK;
}

enum err_code method_register(struct span *s, struct err *e)
{
    struct day from, until;
    struct reading_control c;
    struct err why;
    int64_t rest = 0;
    if (control_ends(s, &from, &until, e) != OK ||
        reading_control(s->db, s->p, s->job->point_id, from, until, &c, e) != OK ||
        control_rest(s, from, until, &rest, e) != OK) {
        return e->code;
    }
    if (c.registers < rest) {
        return fail(e, ERR_GAP,
                    "register: the registers of %d and %d say less than the known intervals "
                    "between them: check those first",
                    from.yyyymmdd, until.yyyymmdd);
    }
    text_add_c(&s->from, "registers ");
    text_day(&s->from, from);
    text_add_c(&s->from, " and ");
    text_day(&s->from, until);
    text_add_c(&s->from, ": ");
    text_decimal(&s->from, c.registers, 4, 2);
    text_addf(&s->from, " " STR_FMT ", known ", STR_ARG(s->p->estate.points[s->at].unit));
    text_decimal(&s->from, rest, 4, 2);
    text_add_c(&s->from, "; shape: ");
    struct text before = s->from;
    enum err_code code = method_same_day(s, &why);
    if (code == ERR_GAP) { /* no shape to be had: equal parts */
        s->from = before;
        text_add_c(&s->from, "equal parts");
        memset(s->out, 0, (size_t)s->n_days * SLOTS * sizeof(*s->out));
    } else if (code != OK) {
        *e = why;
        return code;
    }
    return span_share(s, c.registers - rest, e);
}
