/* estimate.c - fair guesses for what nobody measured: planned, then put in force or proposed. */
#include "reading/estimate.h"

/* How far back a shape may be taken: five weeks ago is still the same season. */
#define PROFILE_WEEKS_MAX 5
#define SOURCES_BYTES_MAX 1800 /* kept with a proposal: a month names its days, not more */

static const char *const method_words[] = { "profile", "linear",   "equal", "same-day",
                                            "similar", "register", "auto" };

const char *estimate_method_word(enum estimate_method m)
{
    return method_words[m];
}

bool estimate_method_parse(struct str word, enum estimate_method *out)
{
    for (size_t i = 0; i < sizeof(method_words) / sizeof(*method_words); i++) {
        if (str_is(word, method_words[i])) {
            *out = (enum estimate_method)i;
            return true;
        }
    }
    return false;
}

enum estimate_method estimate_suggest(const struct reading_points *p, const struct reading_gap *g)
{
    int64_t at = points_find(p, g->point_id);
    bool bound = at >= 0 && p->estate.first_binding[at] < p->estate.first_binding[at + 1];
    return g->n_slots <= ESTIMATE_LINEAR_MAX ? ESTIMATE_LINEAR
           : bound                           ? ESTIMATE_REGISTER
                                             : ESTIMATE_SAME_DAY;
}

/* ---- methods that go gap by gap ----------------------------------------------------------------
 */

/* That of the same weekday a week before, or, where there is none, of the latest week before that
 * has one. Estimates are entered as they are made: later weeks may take their shape from them. */
static enum err_code run_profile(struct span *s, int32_t k, int32_t n, struct err *e)
{
    struct day_slots *earlier = arena_many(s->a, PROFILE_WEEKS_MAX + 1, struct day_slots);
    struct day loaded[PROFILE_WEEKS_MAX + 1] = { { 0 } };
    for (int32_t i = k; i < k + n; i++) {
        struct day_slots *mine = &s->days[i / SLOTS];
        int at = i % SLOTS;
        const struct day_slots *d = NULL;
        bool found = false;
        for (int w = 1; w <= PROFILE_WEEKS_MAX && !found; w++) {
            struct day before = day_add(s->first, i / SLOTS - 7 * w);
            d = i / SLOTS >= 7 * w ? mine - 7 * w : &earlier[w];
            if (d == &earlier[w] && before.yyyymmdd != loaded[w].yyyymmdd) {
                if (days_load(s->db, s->p, s->at, before, 1, &earlier[w], NULL, e) != OK) {
                    return e->code;
                }
                loaded[w] = before;
            }
            found = reading_mark_of(d->q[at]) != MARK_MISSING;
        }
        if (!found) {
            return fail(e, ERR_GAP,
                        "estimate: none of the %d weeks before %d has a value at slot %d to take "
                        "the shape from",
                        PROFILE_WEEKS_MAX, day_add(s->first, i / SLOTS).yyyymmdd, at);
        }
        s->out[i] = d->value[at];
        mine->value[at] = d->value[at];
        mine->q[at] = Q_EST;
    }
    return OK;
}

static enum err_code run_linear(struct span *s, int32_t k, int32_t n, struct err *e)
{
    struct slot from = span_slot(s, k), after = slot_after(from, n);
    struct slot before = slot_after((struct slot){ day_add(from.day, -1), from.index }, SLOTS - 1);
    struct day_slots b, c;
    if (days_load(s->db, s->p, s->at, before.day, 1, &b, NULL, e) != OK ||
        days_load(s->db, s->p, s->at, after.day, 1, &c, NULL, e) != OK) {
        return e->code;
    }
    if (reading_mark_of(b.q[before.index]) == MARK_MISSING ||
        reading_mark_of(c.q[after.index]) == MARK_MISSING) {
        return fail(e, ERR_GAP, "estimate: a gap at %d slot %d has no neighbour on one side",
                    from.day.yyyymmdd, from.index);
    }
    int64_t lo = b.value[before.index], hi = c.value[after.index];
    for (int32_t i = 0; i < n; i++) {
        s->out[k + i] = lo + (int64_t)div_half_away((__int128)(hi - lo) * (i + 1), n + 1);
    }
    return OK;
}

/* Gap by gap; `run` NULL: nothing to compute, the total makes the values. */
static enum err_code method_runs(struct span *s,
                                 enum err_code (*run)(struct span *, int32_t, int32_t,
                                                      struct err *),
                                 const char *what, struct err *e)
{
    for (int32_t k = s->k0; k < s->k0 + s->n_slots;) {
        int32_t n = 0;
        while (k + n < s->k0 + s->n_slots && s->target[k + n]) {
            n++;
        }
        if (n > 0 && run && run(s, k, n, e) != OK) {
            return e->code;
        }
        k += n + 1;
    }
    text_add_c(&s->from, what);
    return OK;
}

static int32_t gaps_of(const struct span *s)
{
    int32_t gaps = 0;
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        gaps += s->target[k] && (k == s->k0 || !s->target[k - 1]);
    }
    return gaps;
}

/* ---- one method, or the first that can --------------------------------------------------------
 */

static enum err_code method_one(struct span *s, enum estimate_method m, struct err *e)
{
    switch (m) {
    case ESTIMATE_LINEAR:
        return method_runs(s, run_linear, "a line between the neighbours", e);
    case ESTIMATE_SAME_DAY:
        return method_same_day(s, e);
    case ESTIMATE_SIMILAR:
        return method_similar(s, e);
    case ESTIMATE_REGISTER:
        return method_register(s, e);
    case ESTIMATE_EQUAL:
        return method_runs(s, NULL, "equal parts of the total", e);
    default:
        return method_runs(s, run_profile, "the same weekday of the weeks before", e);
    }
}

static enum err_code method_with_total(struct span *s, enum estimate_method m, struct err *e)
{
    const int64_t total = s->job->total;
    if (total != ESTIMATE_NO_TOTAL && m == ESTIMATE_REGISTER) {
        return fail(e, ERR_INPUT, "register: the registers say the total: leave --total out");
    }
    if (total != ESTIMATE_NO_TOTAL && gaps_of(s) > 1) { /* nobody said how it falls to several */
        return fail(e, ERR_GAP,
                    "estimate: one total for several gaps: estimate them one by one");
    }
    if (m == ESTIMATE_EQUAL && total == ESTIMATE_NO_TOTAL) {
        return fail(e, ERR_GAP, "estimate: equal parts need the total of the gap");
    }
    if (method_one(s, m, e) != OK) {
        return e->code;
    }
    if (total == ESTIMATE_NO_TOTAL) {
        return OK;
    }
    text_add_c(&s->from, ", scaled to the total given");
    return span_share(s, total, e);
}

static int32_t longest_gap(const struct span *s)
{
    int32_t longest = 0, n = 0;
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        n = s->target[k] ? n + 1 : 0;
        longest = n > longest ? n : longest;
    }
    return longest;
}

static enum err_code method_auto(struct span *s, enum estimate_method *used, struct text *tried,
                                 struct err *e)
{
    static const enum estimate_method order[] = { ESTIMATE_LINEAR, ESTIMATE_REGISTER,
                                                  ESTIMATE_SAME_DAY, ESTIMATE_SIMILAR,
                                                  ESTIMATE_PROFILE };
    for (size_t i = 0; i < sizeof(order) / sizeof(*order); i++) {
        if ((order[i] == ESTIMATE_LINEAR && longest_gap(s) > ESTIMATE_LINEAR_MAX) ||
            (order[i] == ESTIMATE_SIMILAR && s->job->like_id == 0) ||
            (order[i] == ESTIMATE_REGISTER && s->job->total != ESTIMATE_NO_TOTAL)) {
            continue;
        }
        s->from.n = 0;
        enum err_code code = method_with_total(s, order[i], e);
        *used = order[i];
        if (code != ERR_GAP) {
            return code;
        }
        text_addf(tried, "%s%s", tried->n ? "; " : "", e->text);
    }
    return fail(e, ERR_GAP, "auto: no method can: %.400s", tried->n ? tried->at : "");
}

/* ---- planning ---------------------------------------------------------------------------------
 */

/* What is to be estimated: what is missing; what is there as well when it shall be replaced; for
 * registers also what was estimated before, since they know better. */
static void targets_mark(struct span *s, enum estimate_method m)
{
    s->n_targets = 0;
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        struct day_slots *d = &s->days[k / SLOTS];
        enum reading_mark mark = reading_mark_of(d->q[k % SLOTS]);
        s->target[k] = mark == MARK_MISSING || s->job->replace ||
                       (m == ESTIMATE_REGISTER && mark == MARK_ESTIMATED);
        if (s->target[k]) {
            s->n_targets++;
            d->value[k % SLOTS] = 0;
            d->q[k % SLOTS] = Q_MISSING;
        }
    }
}

static enum err_code span_open(struct span *s, bool *sealed, struct day_slots **was, struct err *e)
{
    const struct estimate_job *j = s->job;
    s->at = points_get(s->p, j->point_id, true, e);
    if (s->at < 0) {
        return e->code;
    }
    s->first = j->from.day;
    s->k0 = j->from.index;
    s->n_slots = j->n_slots;
    s->n_days = (j->from.index + j->n_slots + SLOTS - 1) / SLOTS;
    s->days = arena_many(s->a, (size_t)s->n_days, struct day_slots);
    *was = arena_many(s->a, (size_t)s->n_days, struct day_slots);
    s->target = arena_many(s->a, (size_t)s->n_days * SLOTS, bool);
    s->out = arena_many(s->a, (size_t)s->n_days * SLOTS, int64_t);
    text_init(&s->from, s->a, SOURCES_BYTES_MAX);
    enum day_state *state = arena_many(s->a, (size_t)s->n_days, enum day_state);
    if (days_load(s->db, s->p, s->at, s->first, s->n_days, s->days, state, e) != OK) {
        return e->code;
    }
    memcpy(*was, s->days, (size_t)s->n_days * sizeof(*s->days));
    *sealed = false;
    for (int32_t d = 0; d < s->n_days; d++) {
        *sealed |= state[d] == DAY_SEALED;
    }
    return OK;
}

static void plan_list(const struct span *s, const struct day_slots *was, struct estimate *out)
{
    struct estimate_value *v = arena_many(s->a, (size_t)s->n_targets + 1, struct estimate_value);
    for (int32_t k = s->k0; k < s->k0 + s->n_slots; k++) {
        if (s->target[k]) {
            const struct day_slots *d = &was[k / SLOTS];
            enum reading_mark mark = reading_mark_of(d->q[k % SLOTS]);
            v[out->n++] = (struct estimate_value){ span_slot(s, k), s->out[k],
                                                   mark == MARK_MISSING ? 0 : d->value[k % SLOTS],
                                                   (uint8_t)mark };
            out->total += s->out[k];
        }
    }
    out->values = v;
    out->sources = s->from.n ? text_str(&s->from) : STR("");
}

static bool needs_second(const struct estimate_job *j, const struct estimate *out, bool sealed)
{
    int64_t all = 0;
    for (size_t i = 0; i < out->n; i++) {
        all += out->values[i].value < 0 ? -out->values[i].value : out->values[i].value;
    }
    return j->replace || sealed ||
           (j->rules && ((int64_t)out->n > j->rules->approve_slots || all > j->rules->approve_e4));
}

enum err_code estimate_plan(struct db *db, const struct reading_points *p, struct arena *a,
                            const struct estimate_job *job, struct estimate *out, struct err *e)
{
    struct err own;
    struct span s = { .db = db, .p = p, .job = job, .a = a };
    struct estimate plan = { .method = job->method, .sources = STR(""), .tried = STR("") };
    struct day_slots *was = NULL;
    struct text tried;
    bool sealed = false;
    e = e ? e : &own;
    if (job->n_slots < 1 || job->n_slots > ESTIMATE_SLOTS_MAX) {
        return fail(e, ERR_INPUT, "an estimate names its reason and 1 to %d slots",
                    ESTIMATE_SLOTS_MAX);
    }
    if (span_open(&s, &sealed, &was, e) != OK) {
        return e->code;
    }
    targets_mark(&s, job->method);
    text_init(&tried, a, SOURCES_BYTES_MAX);
    enum err_code code = OK;
    if (s.n_targets > 0) {
        code = job->method == ESTIMATE_AUTO ? method_auto(&s, &plan.method, &tried, e)
                                            : method_with_total(&s, job->method, e);
    } else if (plan.method == ESTIMATE_AUTO) {
        plan.method = ESTIMATE_SAME_DAY;
    }
    if (code != OK) {
        return code;
    }
    plan_list(&s, was, &plan);
    plan.tried = tried.n ? text_str(&tried) : STR("");
    plan.second_person = plan.n > 0 && needs_second(job, &plan, sealed);
    *out = plan;
    return OK;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static enum err_code make_write(struct db *db, const struct reading_points *p, struct arena *a,
                                const struct estimate_job *j, struct estimate *out, struct err *e)
{
    const size_t n = out->n;
    int64_t at = points_find(p, j->point_id);
    struct reading_change *c = arena_many(a, n + 1, struct reading_change);
    const struct reading_proposal o = { .proposal_id = store_next_id(db, j->now),
                                        .point_id = j->point_id,
                                        .from = out->values[0].slot,
                                        .n_slots = (int32_t)(1 + SLOTS *
                                            (day_number(out->values[n - 1].slot.day) -
                                             day_number(out->values[0].slot.day)) +
                                            out->values[n - 1].slot.index -
                                            out->values[0].slot.index),
                                        .kind = CHANGE_ESTIMATE,
                                        .method = out->method,
                                        .total = out->total,
                                        .sources = out->sources,
                                        .reason = j->reason,
                                        .user_id = j->user_id };
    for (size_t i = 0; i < n; i++) {
        c[i] = (struct reading_change){
            .change_id = store_next_id(db, j->now),
            .proposal_id = o.proposal_id,
            .point_id = j->point_id,
            .slot = out->values[i].slot,
            .old_value = out->values[i].old_value,
            .new_value = out->values[i].value,
            .new_q = j->replace ? Q_MANUAL | Q_EST : Q_EST,
            .new_rank = j->replace ? RANK_MANUAL : RANK_ESTIMATE,
            .kind = CHANGE_ESTIMATE,
            .state = CHANGE_PROPOSED,
            .reason = j->reason,
            .user_id = j->user_id,
        };
    }
    if (rows_put_proposal(db, p->places[at].shard, &o, j->now, e) != OK ||
        (!out->second_person && changes_apply(db, p, c, n, j->reason, j->now, e) != OK)) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        c[i].state = out->second_person ? CHANGE_PROPOSED : CHANGE_APPLIED;
        if (rows_put_change(db, p->places[at].shard, &c[i], j->now, e) != OK) {
            return e->code;
        }
    }
    out->proposal_id = o.proposal_id;
    return out->second_person ? OK : findings_settle(db, p, c, n, j->user_id, j->now, e);
}

static enum err_code make_checked(struct db *db, const struct reading_points *p, struct arena *a,
                                  const struct estimate_job *j, struct estimate *out,
                                  struct err *e)
{
    if (estimate_plan(db, p, a, j, out, e) != OK) {
        return e->code;
    }
    if (out->n == 0) {
        return OK;
    }
    if (out->second_person && !j->rules) { /* a caller that knows no second person */
        return fail(e, ERR_RULE, "estimate: month %d is sealed: propose an edit instead",
                    day_month(out->values[0].slot.day).yyyymm);
    }
    if (out->second_person && j->user_id == 0) {
        return fail_named(e, ERR_RULE, "SECOND_PERSON",
                          "this estimate needs a second person (%zu intervals): say who asks "
                          "(--as LOGIN)",
                          out->n);
    }
    return make_write(db, p, a, j, out, e);
}

enum err_code estimate_make(struct db *db, const struct reading_points *p, struct arena *a,
                            const struct estimate_job *job, struct estimate *out, struct err *e)
{
    struct err own;
    struct estimate made;
    e = e ? e : &own;
    if (str_trim(job->reason).n == 0 || job->reason.n > 500) {
        return fail(e, ERR_INPUT, "an estimate names its reason and 1 to %d slots",
                    ESTIMATE_SLOTS_MAX);
    }
    enum err_code code = store_begin(db, STORE_SERIES, STORE_WRITE, e);
    if (code != OK) {
        return code;
    }
    code = make_checked(db, p, a, job, &made, e);
    if (code != OK) {
        store_rollback(db, STORE_SERIES);
        return code;
    }
    code = store_commit(db, STORE_SERIES, e);
    if (code == OK) {
        *out = made;
    }
    return code;
}

enum err_code reading_estimate(struct db *db, const struct reading_points *p, int64_t point_id,
                               struct slot from, int32_t n_slots, enum estimate_method method,
                               int64_t total, struct str reason, int64_t user_id,
                               struct instant now, int32_t *n_filled, struct err *e)
{
    struct arena *a = arena_new();
    struct estimate made;
    const struct estimate_job job = { .point_id = point_id,
                                      .from = from,
                                      .n_slots = n_slots,
                                      .method = method,
                                      .total = total,
                                      .reason = reason,
                                      .user_id = user_id,
                                      .now = now };
    enum err_code code = estimate_make(db, p, a, &job, &made, e);
    if (code == OK && n_filled) {
        *n_filled = (int32_t)made.n;
    }
    arena_free(a);
    return code;
}
