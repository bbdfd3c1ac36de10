/* order.c - from an order's terms to its lines (order.h).
 *
 * The readings of many orders are summed in one call, because their blocks lie next to each other;
 * the strategy then only multiplies a handful of sums. Intervals are unpacked only for strategies
 * that look at them.
 */
#include "settle/order.h"
#include "base/json.h"
#include "settle/settle_rows.h"

#define STATE_TEXT_MAX 65536 /* JSON of what a strategy leaves behind: 256 definitions at most */
#define QUANTITY_DIGITS 4    /* columns qty_e4 and price_e6 */
#define PRICE_DIGITS 6
#define KEPT_TEXTS 1024 /* some ten words a line, of a handful of strategies; a clash only copies */

bool store_trouble(enum err_code c)
{
    return c == ERR_IO || c == ERR_FULL || c == ERR_READ_ONLY || c == ERR_RETRY || c == ERR_UNKNOWN;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void setting_json(struct json_out *o, const struct strategy_setting *s)
{
    char name[256];
    size_t n = s->name.n < sizeof(name) ? s->name.n : sizeof(name) - 1;
    memcpy(name, s->name.at, n);
    name[n] = '\0';
    if (s->absent) {
        json_put_null(o, name);
    } else if (s->type == STRATEGY_NUMBER) {
        json_put_scaled(o, name, s->number.units, s->number.scale);
    } else if (s->type == STRATEGY_CHOICE) {
        json_put_str(o, name, s->choice);
    } else if (s->type == STRATEGY_YES_NO) {
        json_put_bool(o, name, s->yes);
    }
}

static struct str settings_json(struct arena *a, const struct strategy_setting *s, size_t n)
{
    struct text t;
    struct json_out o;
    if (n == 0) {
        return STR("");
    }
    text_init(&t, a, STATE_TEXT_MAX);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    for (size_t i = 0; i < n; i++) {
        setting_json(&o, &s[i]);
    }
    json_close(&o, '}');
    check(!t.cut);
    return text_str(&t);
}

static enum err_code setting_take(struct arena *a, const struct term_setting *t,
                                  struct strategy_setting *out, struct err *e);

/* States `per year` go back to their start when a year has turned. */
static enum err_code state_carry(struct desk *d, const struct contract_binding *b,
                                 const struct kind *k, struct str *out, struct err *e)
{
    struct str text;
    int32_t until;
    const struct term_setting *s;
    size_t n, kept = 0;
    if (rows_state_before(d->db, d->arena, scope_machine(), b->order_id, b->from.yyyymmdd, &text,
                          &until, e) != OK) {
        return e->code;
    }
    if (text.n == 0) {
        *out = STR("");
        return OK;
    }
    if (contract_settings_parse(d->arena, text, &s, &n, e) != OK) {
        return e->code;
    }
    bool turned = day_add((struct day){until}, -1).yyyymmdd / 10000 != b->from.yyyymmdd / 10000;
    struct strategy_setting *keep = arena_many(d->arena, n + 1, struct strategy_setting);
    for (size_t i = 0; i < n; i++) {
        bool yearly = false;
        for (size_t j = 0; j < k->n_states; j++) {
            yearly = yearly || (k->states[j].per_year && str_eq(k->states[j].name, s[i].name));
        }
        if (!(yearly && turned) && setting_take(d->arena, &s[i], &keep[kept++], e) != OK) {
            return e->code;
        }
    }
    *out = settings_json(d->arena, keep, kept);
    return OK;
}

enum err_code work_open(struct desk *d, const struct contract_binding *b, const struct kind *k,
                        const struct str *state_in, struct work *w, struct err *e)
{
    *w = (struct work){.b = b, .kind = k, .state_in = STR("")};
    if (!k) {
        (void)fail(&w->failure, ERR_CONFLICT,
                   "its contract came while the run was under way; settle again");
        return OK;
    }
    if (k->failure.code != OK) {
        w->failure = k->failure;
        return OK;
    }
    if (period_open(d, w, e) != OK) {
        return e->code;
    }
    if (w->failure.code != OK) {
        return OK;
    }
    period_sources(d, w);
    if (state_in) {
        w->state_in = *state_in;
    } else if (k->n_states > 0) {
        return state_carry(d, b, k, &w->state_in, e);
    }
    return OK;
}

/* ---- reading sums
 * -------------------------------------------------------------------------------- */

struct place { /* a source on its way to the kernel */
    const struct reading_plan *plan;
    int64_t order, point_id;
    struct source *source;
    struct work *work;
};

static int place_order(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->plan != y->plan) {
        return x->plan < y->plan ? -1 : 1;
    }
    return x->order < y->order ? -1 : x->order > y->order;
}

/* One plan's sources in one call; when that fails, one by one, so that only the guilty fail. */
static enum err_code plan_read(struct desk *d, struct place *p, size_t n, struct err *e)
{
    int64_t *ids = arena_many(d->arena, n, int64_t);
    struct reading_total *totals = arena_many(d->arena, n, struct reading_total);
    for (size_t i = 0; i < n; i++) {
        ids[i] = p[i].point_id;
        totals[i].sums = p[i].source->total.sums;
    }
    if (reading_totals(d->db, d->points, p[0].plan, ids, n, totals, e) == OK) {
        for (size_t i = 0; i < n; i++) {
            p[i].source->total = totals[i];
        }
        return OK;
    }
    if (store_trouble(e->code)) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        enum err_code rc = reading_totals(d->db, d->points, p[i].plan, &p[i].point_id, 1,
                                          &p[i].source->total, &why);
        if (store_trouble(rc)) {
            *e = why;
            return rc;
        }
        if (rc != OK && p[i].work->failure.code == OK) {
            p[i].work->failure = why;
        }
    }
    return OK;
}

enum err_code work_read(struct desk *d, struct work *w, size_t n, struct err *e)
{
    size_t total = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        total += w[i].failure.code == OK ? w[i].n_sources : 0;
        if (w[i].failure.code == OK && w[i].n_tracks > 0 && period_read(d, &w[i], e) != OK) {
            return e->code;
        }
    }
    struct place *p = arena_many(d->arena, total + 1, struct place);
    for (size_t i = 0; i < n; i++) {
        for (size_t s = 0; w[i].failure.code == OK && s < w[i].n_sources; s++) {
            struct source *src = &w[i].sources[s];
            if (src->track) {
                continue;
            }
            p[k++] = (struct place){w[i].kind->plan, reading_points_order(d->points, src->point_id),
                                    src->point_id, src, &w[i]};
        }
    }
    qsort(p, k, sizeof(*p), place_order);
    for (size_t from = 0; from < k;) {
        size_t until = from + 1;
        while (until < k && p[until].plan == p[from].plan) {
            until++;
        }
        if (plan_read(d, p + from, until - from, e) != OK) {
            return e->code;
        }
        from = until;
    }
    for (size_t i = 0; i < n; i++) {
        if (w[i].failure.code == OK && w[i].terms.scale_to_register &&
            scale_take(d, &w[i], e) != OK) {
            return e->code;
        }
    }
    return OK;
}

/* ---- identity
 * ---------------------------------------------------------------------------------------- */

static void put(struct text *t, const void *p, size_t n)
{
    text_add(t, (struct str){p, n});
}

static void put_str(struct text *t, struct str s)
{
    uint64_t n = s.n;
    put(t, &n, sizeof(n));
    text_add(t, s);
}

#define HASHED_MAX (16u << 20) /* facts are 2 MB, state 64 KB, lines of 4,096 sessions 8 MB */

struct str work_inputs(const struct work *w, struct arena *a)
{
    if (w->b->facts_version == 0) {
        return STR("");
    }
    return str_of(arena_printf(a, "@%d%s" STR_FMT, w->b->facts_version, w->events.n ? " " : "",
                               STR_ARG(w->events)));
}

void work_hash(const struct work *w, struct arena *a, struct sha256 *input, struct sha256 *snapshot)
{
    struct text t;
    const int64_t facts[] = {w->b->order_id, w->b->from.yyyymmdd, w->b->until.yyyymmdd,
                             w->failure.code};
    uint64_t *seen = arena_many(a, w->n_sources + 1, uint64_t);
    for (size_t i = 0; i < w->n_sources; i++) {
        seen[i] = w->sources[i].total.snapshot;
    }
    *snapshot = sha256_of(seen, w->n_sources * sizeof(*seen));
    text_init(&t, a, HASHED_MAX);
    put(&t, facts, sizeof(facts));
    put(&t, w->b->contract_hash.b, sizeof(w->b->contract_hash.b));
    put(&t, snapshot->b, sizeof(snapshot->b));
    if (w->failure.code != OK) {
        put_str(&t, str_of(w->failure.text));
    } else {
        put(&t, w->kind->strategy_hash.b, sizeof(w->kind->strategy_hash.b));
        put_str(&t, w->kind->tariff);
    }
    put_str(&t, w->b->inputs);
    put_str(&t, w->state_in);
    if (w->events.n > 0) {
        put_str(&t, w->events);
    }
    check(!t.cut);
    *input = sha256_of(t.at, t.n);
}

/* Month (12 bits, from 2000), order (31), day of the month (5), hash of revision and inputs (15):
 * runs of one month lie together in the tables, in the order in which they are written, so that a
 * chunk touches few pages. Two runs of one order and period collide once in 32,768, and the table's
 * key refuses the second. */
int64_t run_id_of(const struct contract_binding *b, int32_t revision, const struct sha256 *input)
{
    const int32_t day = b->from.yyyymmdd;
    int64_t month = (day / 10000 - 2000) * 12 + day / 100 % 100;
    uint64_t h = hash64(input->b, sizeof(input->b), (uint64_t)revision);
    month = month < 0 ? 0 : month & 0xfff;
    return month << 51 | (int64_t)b->order_serial << 20 | (int64_t)(day % 100) << 15 |
           (int64_t)(h & 0x7fff);
}

struct sha256 settle_lines_hash(const struct settle_line *lines, size_t n)
{
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, HASHED_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct settle_line *l = &lines[i];
        const int64_t facts[] = {l->no,
                                 l->has_quantity,
                                 l->has_quantity ? l->quantity_e4 : 0,
                                 l->has_price,
                                 l->has_price ? l->price_e6 : 0,
                                 l->fen,
                                 l->net_fen,
                                 l->vat_fen,
                                 l->vat_e6,
                                 l->quality,
                                 l->estimated_e6};
        put(&t, facts, sizeof(facts));
        put_str(&t, l->code);
        put_str(&t, l->payer);
        put_str(&t, l->payee);
        put_str(&t, l->settled_by);
        put_str(&t, l->unit);
    }
    check(!t.cut);
    struct sha256 h = sha256_of(t.at ? t.at : "", t.n);
    arena_free(a);
    return h;
}

/* ---- readings for the strategy
 * ------------------------------------------------------------------------ */

struct reader {
    struct desk *desk;
    struct work *work;
};

static bool whole_period(const struct work *w, const struct strategy_axis *axis)
{
    return axis->start.utc_ms == day_start(w->b->from).utc_ms && axis->minutes == 15 &&
           axis->n == w->kind->n_days * SLOTS;
}

/* The days of an axis, read once per source. */
static enum err_code days_read(struct reader *r, struct source *s, const struct strategy_axis *axis,
                               int32_t *first_slot, struct err *e)
{
    if (axis->minutes != 15) {
        return fail(e, ERR_INPUT, "readings are quarter-hourly, the strategy asks for %d minutes",
                    axis->minutes);
    }
    const struct instant start = {axis->start.utc_ms - s->days_before * DAY_MS};
    struct slot at = instant_slot(start);
    if (slot_start(at).utc_ms != start.utc_ms) {
        return fail(e, ERR_INPUT, "a window begins within a quarter of an hour");
    }
    int32_t day = day_number(at.day);
    int32_t n = (at.index + axis->n + SLOTS - 1) / SLOTS;
    if (!s->days || day < s->first_day || day + n > s->first_day + s->n_days) {
        struct reading_day *days = arena_many(r->desk->scratch, (size_t)n, struct reading_day);
        if (reading_values(r->desk->db, r->desk->points, s->point_id, at.day, n, days, e) != OK) {
            return e->code;
        }
        s->days = days;
        s->first_day = day;
        s->n_days = n;
    }
    *first_slot = (day - s->first_day) * SLOTS + at.index;
    return OK;
}

/* Intervals of the period of a source that is scaled to its register; -1: not all in it. */
static int32_t scaled_slot(const struct work *w, const struct strategy_axis *axis)
{
    const int64_t at = (axis->start.utc_ms - day_start(w->b->from).utc_ms) / SLOT_MS;
    return at >= 0 && axis->minutes == 15 && at + axis->n <= w->kind->n_days * SLOTS ? (int32_t)at
                                                                                     : -1;
}

/* Where the values of a source over an axis are: its track, scaled days, or days read for it. */
static enum err_code days_of(struct reader *r, struct source *s, const struct strategy_axis *axis,
                             int32_t *at, const struct reading_day **days, struct err *e)
{
    const struct work *w = r->work;
    *at = track_slot(s, axis);
    if (*at >= 0) {
        *days = s->track->days;
        return OK;
    }
    *at = s->parts ? scaled_slot(w, axis) : -1;
    if (*at < 0) {
        enum err_code rc = days_read(r, s, axis, at, e);
        *days = s->days;
        return rc;
    }
    if (!s->scaled) {
        const int32_t n = w->kind->n_days;
        struct reading_day *d = arena_many(r->desk->scratch, (size_t)n, struct reading_day);
        if (reading_values(r->desk->db, r->desk->points, s->point_id, w->b->from, n, d, e) != OK) {
            return e->code;
        }
        scale_days(r->desk, w, s, d);
        s->scaled = d;
    }
    *days = s->scaled;
    return OK;
}

static enum err_code give_values(void *ctx, int32_t source, const struct strategy_axis *axis,
                                 int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                                 struct err *e)
{
    struct reader *r = ctx;
    struct source *s = &r->work->sources[source];
    int32_t at = 0;
    const struct reading_day *days = NULL;
    if (days_of(r, s, axis, &at, &days, e) != OK) {
        return e->code;
    }
    _Static_assert((int)QUALITY_ESTIMATED == MARK_ESTIMATED && (int)QUALITY_MANUAL == MARK_MANUAL &&
                       (int)QUALITY_MISSING == MARK_MISSING,
                   "marks are qualities");
    for (int32_t i = 0; i < n;) {
        const struct reading_day *day = &days[(at + first + i) / SLOTS];
        int32_t slot = (at + first + i) % SLOTS;
        int32_t run = SLOTS - slot < n - i ? SLOTS - slot : n - i;
        memcpy(values + i, day->value + slot, (size_t)run * sizeof(*values));
        memcpy(quality + i, day->mark + slot, (size_t)run);
        i += run;
    }
    return OK;
}

/* Sums of an axis that is not the period: a window, a session. */
static enum err_code sum_values(struct reader *r, int32_t source, const struct strategy_axis *axis,
                                const struct tariff_span *span, int64_t *sums,
                                struct strategy_seen *seen, struct err *e)
{
    int64_t value[SLOTS];
    uint8_t mark[SLOTS];
    struct strategy_seen s = {.n = axis->n, .first_missing = -1};
    memset(sums, 0, (span ? (size_t)span->n_keys : 1) * sizeof(*sums));
    for (int32_t at = 0; at < axis->n; at += SLOTS) {
        int32_t n = axis->n - at < SLOTS ? axis->n - at : SLOTS;
        if (give_values(r, source, axis, at, n, value, mark, e) != OK) {
            return e->code;
        }
        for (int32_t i = 0; i < n; i++) {
            if (mark[i] == QUALITY_MISSING) {
                s.n_missing++;
                s.first_missing = s.first_missing < 0 ? at + i : s.first_missing;
                continue;
            }
            struct instant t = {axis->start.utc_ms + (at + i) * SLOT_MS};
            sums[span ? tariff_span_key(span, t) : 0] += value[i];
            if (mark[i] != QUALITY_ACTUAL) {
                s.n_estimated += mark[i] == QUALITY_ESTIMATED;
                s.n_manual += mark[i] == QUALITY_MANUAL;
                s.estimated += value[i] < 0 ? -value[i] : value[i];
            }
        }
    }
    *seen = s;
    return OK;
}

static enum err_code give_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                               const struct tariff_span *span, int64_t *sums,
                               struct strategy_seen *seen, struct err *e)
{
    struct reader *r = ctx;
    const struct kind *k = r->work->kind;
    const struct source *s = &r->work->sources[source];
    const struct reading_total *t = &s->total;
    if (s->track || !whole_period(r->work, axis) || (span && span != k->span)) {
        return sum_values(r, source, axis, span, sums, seen, e);
    }
    if (span) {
        memcpy(sums, t->sums, (size_t)k->n_keys * sizeof(*sums));
    } else {
        sums[0] = 0;
        for (int32_t i = 0; i < k->n_keys; i++) {
            sums[0] += t->sums[i];
        }
    }
    *seen = (struct strategy_seen){.n = axis->n,
                                   .n_estimated = t->n_estimated,
                                   .n_manual = t->n_manual,
                                   .n_missing = t->n_missing,
                                   .first_missing = t->first_missing,
                                   .estimated = t->estimated};
    return OK;
}

/* ---- binding
 * -------------------------------------------------------------------------------------------- */

static enum err_code setting_take(struct arena *a, const struct term_setting *t,
                                  struct strategy_setting *out, struct err *e)
{
    struct strategy_setting s = {.name = t->name};
    if (t->kind == TERM_ABSENT) {
        s.absent = true;
    } else if (t->kind == TERM_YES_NO) {
        s.type = STRATEGY_YES_NO;
        s.yes = t->yes;
    } else if (t->kind == TERM_TABLE) {
        struct strategy_row *rows = arena_many(a, t->n_rows + 1, struct strategy_row);
        s.type = STRATEGY_TABLE;
        for (size_t i = 0; i < t->n_rows; i++) {
            rows[i].rest = t->rows[i].bound.at == NULL;
            rows[i].blank = t->rows[i].value.at == NULL;
            if ((!rows[i].rest && decimal_parse(t->rows[i].bound, &rows[i].bound, e) != OK) ||
                (!rows[i].blank && decimal_parse(t->rows[i].value, &rows[i].value, e) != OK)) {
                return fail_in(e, "setting " STR_FMT ": row %zu: ", STR_ARG(t->name), i + 1);
            }
        }
        s.rows = rows;
        s.n_rows = t->n_rows;
    } else if (t->text.n > 0 && strchr("0123456789+-.", t->text.at[0])) {
        s.type = STRATEGY_NUMBER;
        if (decimal_parse(t->text, &s.number, e) != OK) {
            return fail_in(e, "setting " STR_FMT ": ", STR_ARG(t->name));
        }
    } else {
        s.type = STRATEGY_CHOICE;
        s.choice = t->text;
    }
    *out = s;
    return OK;
}

static bool named(const struct strategy_setting *s, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* State carried in goes before the terms, which have the facts of the period. */
static enum err_code settings_join(struct arena *a, const struct work *w,
                                   const struct term_part *part, bool top,
                                   struct strategy_part *out, struct err *e)
{
    const struct term_setting *state = NULL;
    size_t n_state = 0, n = 0;
    if (top && contract_settings_parse(a, w->state_in, &state, &n_state, e) != OK) {
        return e->code;
    }
    struct strategy_setting *list =
        arena_many(a, n_state + part->n_settings + 1, struct strategy_setting);
    const struct term_setting *const from[] = {state, part->settings};
    const size_t count[] = {n_state, part->n_settings};
    for (int k = 0; k < 2; k++) {
        size_t before = n;
        for (size_t i = 0; i < count[k]; i++) {
            if (named(list, before, from[k][i].name)) {
                continue;
            }
            if (setting_take(a, &from[k][i], &list[n], e) != OK) {
                return e->code;
            }
            n++;
        }
    }
    out->settings = list;
    out->n_settings = n;
    return OK;
}

static enum err_code part_bind(struct arena *a, const struct work *w, const struct term_part *part,
                               bool top, int32_t *source, struct strategy_part *out, struct err *e)
{
    struct strategy_feed *feeds = arena_many(a, part->n_feeds + 1, struct strategy_feed);
    struct strategy_unit *units = arena_many(a, part->n_units + 1, struct strategy_unit);
    struct strategy_members *groups = arena_many(a, part->n_groups + 1, struct strategy_members);
    if (settings_join(a, w, part, top, out, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < part->n_feeds; i++) {
        feeds[i] = (struct strategy_feed){part->feeds[i].name, (*source)++, part->feeds[i].digits};
    }
    for (size_t i = 0; i < part->n_units; i++) {
        units[i] =
            (struct strategy_unit){part->units[i].name, part->units[i].unit, part->units[i].digits};
    }
    for (size_t g = 0; g < part->n_groups; g++) {
        const struct term_group *tg = &part->groups[g];
        struct strategy_member *members = arena_many(a, tg->n + 1, struct strategy_member);
        for (size_t m = 0; m < tg->n; m++) {
            const struct term_member *tm = &tg->members[m];
            members[m].name = tm->name;
            members[m].party = tm->party.n ? tm->party : tm->name;
            if (tm->until.utc_ms) {
                members[m].own_axis = true;
                members[m].axis = (struct strategy_axis){
                    tm->from, 15, (int32_t)((tm->until.utc_ms - tm->from.utc_ms) / SLOT_MS)};
            }
            if (part_bind(a, w, &tm->part, false, source, &members[m].part, e) != OK) {
                return fail_in(e, STR_FMT " " STR_FMT ": ", STR_ARG(tg->name), STR_ARG(tm->name));
            }
        }
        groups[g] = (struct strategy_members){tg->name, members, tg->n};
    }
    out->feeds = feeds;
    out->n_feeds = part->n_feeds;
    out->units = units;
    out->n_units = part->n_units;
    out->groups = groups;
    out->n_groups = part->n_groups;
    return OK;
}

static enum err_code work_bind(struct arena *a, const struct work *w, struct strategy_bound **out,
                               struct err *e)
{
    int32_t source = 0;
    struct strategy_binding b = {.axis = w->axis,
                                 .span = w->kind->span,
                                 .prices = w->kind->prices,
                                 .n_prices = w->kind->n_prices,
                                 .windows = w->windows,
                                 .n_windows = w->n_windows,
                                 .order_no = w->b->order_no};
    if (part_bind(a, w, &w->terms.top, true, &source, &b.top, e) != OK) {
        return e->code;
    }
    return strategy_bind(a, w->kind->strategy, &b, out, e);
}

/* ---- result
 * ------------------------------------------------------------------------------------------------
 */

static bool party_known(const struct contract_terms *t, struct str name)
{
    for (size_t i = 0; i < t->n_parties; i++) {
        if (str_eq(t->parties[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* A text that shall outlive the strategy's run: kept once for all orders of a chunk that have it,
 * which saves the copy and, later, the memory that writing walks through. */
static struct str keep(struct desk *d, struct str s)
{
    if (d->scratch == d->arena) {
        return s;
    }
    if (!d->kept) {
        d->kept = arena_many(d->arena, KEPT_TEXTS, struct str);
    }
    struct str *k = &d->kept[hash64(s.at, s.n, 0) % KEPT_TEXTS];
    if (!k->at || !str_eq(*k, s)) {
        *k = str_dup(d->arena, s);
    }
    return *k;
}

static enum err_code line_take(struct desk *d, const struct work *w, const struct strategy_line *l,
                               int32_t no, struct settle_line *out, struct err *e)
{
    struct settle_line s = {.no = no,
                            .code = keep(d, l->code),
                            .title = keep(d, l->title),
                            .payer = keep(d, l->payer),
                            .payee = keep(d, l->payee),
                            .settled_by = keep(d, l->settled_by),
                            .has_quantity = l->has_quantity,
                            .has_price = l->has_price,
                            .unit = keep(d, l->unit),
                            .price_unit = keep(d, l->price_unit),
                            .fen = l->fen,
                            .net_fen = l->vat == VAT_NONE ? l->fen : l->net_fen,
                            .vat_fen = l->vat == VAT_NONE ? 0 : l->vat_fen,
                            .vat_e6 = l->vat == VAT_NONE ? -1 : l->vat_e6,
                            .quality = (int32_t)l->quality,
                            .estimated_e6 = l->estimated_e6};
    if (l->has_quantity && decimal_rescale(l->quantity, QUANTITY_DIGITS, &s.quantity_e4, e) != OK) {
        return fail_in(e, "line " STR_FMT ": quantity: ", STR_ARG(l->code));
    }
    if (l->has_price && decimal_rescale(l->price, PRICE_DIGITS, &s.price_e6, e) != OK) {
        return fail_in(e, "line " STR_FMT ": price: ", STR_ARG(l->code));
    }
    check_that(s.net_fen + s.vat_fen == s.fen, "net %lld + VAT %lld = %lld", (long long)s.net_fen,
               (long long)s.vat_fen, (long long)s.fen);
    const struct str parties[] = {l->payer, l->payee};
    for (int i = 0; i < 2; i++) {
        if (!party_known(&w->terms, parties[i])) {
            return fail_named(e, ERR_INPUT, "BIND",
                              "line " STR_FMT ": the contract names no organisation for " STR_FMT,
                              STR_ARG(l->code), STR_ARG(parties[i]));
        }
    }
    *out = s;
    return OK;
}

/* A meter whose registers disagree with its intervals (settlement-rules 3.2). */
static enum err_code registers_agree(struct desk *d, const struct work *w, bool *mismatch,
                                     struct err *e)
{
    const struct meter_estate *es = reading_points_estate(d->points);
    *mismatch = false;
    for (size_t i = 0; d->registers && i < w->n_sources; i++) {
        int64_t at = meter_estate_find(es, w->sources[i].point_id);
        struct reading_control c;
        struct err why = {0};
        if (w->sources[i].track || at < 0 || es->first_binding[at] == es->first_binding[at + 1]) {
            continue; /* not over the period, virtual, or metered without registers */
        }
        enum err_code rc = reading_control(d->db, d->points, w->sources[i].point_id, w->b->from,
                                           w->b->until, &c, &why);
        if (rc == OK) {
            *mismatch = *mismatch || c.mismatch;
        } else if (rc != ERR_GAP) { /* no register at either end: nothing to compare with */
            *e = why;
            return rc;
        }
    }
    return OK;
}

static enum err_code flags_take(struct desk *d, const struct work *w,
                                const struct strategy_result *s, struct settle_result *r,
                                struct err *e)
{
    struct settle_flag *f = arena_many(d->arena, s->n_flags + 4, struct settle_flag);
    size_t n = 0;
    bool mismatch, estimated = false, no_register = false;
    for (size_t i = 0; i < s->n_flags; i++) {
        f[n++] = (struct settle_flag){keep(d, s->flags[i].code), keep(d, s->flags[i].title),
                                      s->flags[i].level == FLAG_HOLD};
    }
    for (size_t i = 0; i < w->n_sources; i++) {
        const struct source *src = &w->sources[i];
        const struct reading_total *t = &src->total;
        const int64_t intervals = src->track ? src->axis.n : w->kind->n_days * SLOTS;
        if (src->days_before > 0) {
            continue; /* a day that lacks readings is none of those chosen: the strategy's to say */
        }
        r->intervals += intervals;
        r->estimated += t->n_estimated;
        r->manual += t->n_manual;
        r->missing += t->n_missing;
        no_register = no_register || src->no_register;
        estimated = estimated || t->n_estimated * 1000000 > intervals * SETTLE_HOLD_E6;
    }
    if (registers_agree(d, w, &mismatch, e) != OK) {
        return e->code;
    }
    if (r->missing > 0) {
        f[n++] = (struct settle_flag){STR("DATA_MISSING"), STR("读数缺失"), true};
    }
    if (estimated) {
        f[n++] = (struct settle_flag){STR("DATA_ESTIMATED"), STR("估算超过5%"), true};
    }
    if (mismatch) {
        f[n++] = (struct settle_flag){STR("REGISTER_MISMATCH"), STR("示数与分时电量不符"), true};
    }
    if (no_register) {
        f[n++] =
            (struct settle_flag){STR("REGISTER_MISSING"), STR("缺少示数，不能按示数调整"), true};
    }
    r->flags = f;
    r->n_flags = n;
    for (size_t i = 0; i < n; i++) {
        r->hold = r->hold || f[i].hold;
    }
    r->provisional = r->estimated > 0;
    return OK;
}

static enum err_code result_take(struct desk *d, const struct work *w,
                                 const struct strategy_result *s, struct settle_result *r,
                                 struct err *e)
{
    struct settle_line *lines = arena_many(d->arena, s->n_lines + 1, struct settle_line);
    struct settle_printed *printed = arena_many(d->arena, s->n_printed + 1, struct settle_printed);
    for (size_t i = 0; i < s->n_lines; i++) {
        if (line_take(d, w, &s->lines[i], (int32_t)i + 1, &lines[i], e) != OK) {
            return e->code;
        }
    }
    for (size_t i = 0; i < s->n_printed; i++) {
        const struct strategy_printed *p = &s->printed[i];
        printed[i] = (struct settle_printed){keep(d, p->name), keep(d, p->title), keep(d, p->unit),
                                             p->absent, p->value};
    }
    if (flags_take(d, w, s, r, e) != OK) {
        return e->code;
    }
    r->lines = lines;
    r->n_lines = s->n_lines;
    r->printed = printed;
    r->n_printed = s->n_printed;
    r->lines_hash = settle_lines_hash(lines, s->n_lines);
    r->state_out = settings_json(d->arena, s->next, s->n_next);
    r->outcome = SETTLE_WRITTEN;
    return OK;
}

void work_refuse(const struct work *w, struct settle_result *out)
{
    out->outcome = SETTLE_REFUSED;
    out->failure_name = w->failure.name ? w->failure.name : err_word(w->failure.code);
    out->failure = str_of(w->failure.text);
    out->state_out = STR("");
    out->lines_hash = settle_lines_hash(NULL, 0);
}

enum err_code work_run(struct desk *d, struct work *w, struct settle_result *out,
                       struct strategy_bound **bound, struct strategy_result **result,
                       struct err *e)
{
    struct settle_result r = {.order = w->b,
                              .terms = &w->terms,
                              .period = {w->b->from, w->b->until},
                              .tariff = w->kind ? w->kind->tariff : STR(""),
                              .state_in = w->state_in,
                              .inputs = work_inputs(w, d->arena)};
    struct reader reader = {d, w};
    const struct strategy_data data = {&reader, give_sums, give_values};
    struct strategy_bound *b = NULL;
    struct strategy_result *s = NULL;
    work_hash(w, d->scratch, &r.input_hash, &r.snapshot);
    if (w->kind) {
        r.strategy_hash = w->kind->strategy_hash;
    }
    if (w->failure.code == OK && work_bind(d->scratch, w, &b, &w->failure) == OK &&
        strategy_run(d->scratch, b, &data, &s, &w->failure) == OK) {
        (void)result_take(d, w, s, &r, &w->failure);
    }
    if (store_trouble(w->failure.code)) {
        *e = w->failure;
        return e->code;
    }
    if (w->failure.code != OK) {
        r.n_lines = r.n_flags = r.n_printed = 0;
        r.hold = r.provisional = false;
        work_refuse(w, &r);
    }
    *out = r;
    if (bound) {
        *bound = b;
    }
    if (result) {
        *result = s;
    }
    return OK;
}
