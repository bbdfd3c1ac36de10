/* again.c - one order computed by hand: tried, computed again as a stored run was, corrected, and
 * explained down to the intervals.
 */
#include "settle/single.h"
#include "reading/vee.h"
#include "settle/settle_rows.h"
#include <stdarg.h>

#define SOURCES_MAX 256       /* of one line: 64 names over a few members */
#define REGISTER_DIGITS_MIN 2 /* shown of a register: meters of this kind show a hundredth */

static enum err_code single_compute(struct single *s, const struct prep_wish *wish,
                                    const struct str *state_in, struct err *e)
{
    struct prep *prep = prep_new(s->desk.db, s->desk.arena);
    struct reading_points *points;
    s->desk.prep = prep;
    s->desk.wish = *wish;
    if (prep_kind(prep, &s->binding, wish, &s->kind, e) != OK ||
        reading_points_load(s->desk.db, scope_machine(), s->desk.arena, &points, e) != OK) {
        return e->code;
    }
    s->desk.points = points;
    if (work_open(&s->desk, &s->binding, &s->kind, state_in, &s->work, e) != OK ||
        work_read(&s->desk, &s->work, 1, e) != OK) {
        return e->code;
    }
    return work_run(&s->desk, &s->work, &s->result, &s->bound, &s->ran, e);
}

struct single *single_new(struct db *db, struct arena *a)
{
    struct single *s = arena_make(a, struct single);
    s->desk = (struct desk){.db = db, .arena = a, .registers = true, .scratch = a};
    return s;
}

enum err_code settle_try(struct db *db, struct arena *a, struct scope scope,
                         const struct settle_try *t, const struct settle_result **out,
                         struct err *e)
{
    struct single *s = single_new(db, a);
    const struct prep_wish wish = {.strategy_text = t->strategy_text};
    if (contract_load_one(db, a, scope, t->order_id, t->period.from, t->period.until, 0,
                          &s->binding, e) != OK ||
        single_compute(s, &wish, NULL, e) != OK) {
        return e->code;
    }
    *out = &s->result;
    return OK;
}

enum err_code run_find(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                       struct run_row *run, struct err *e)
{
    struct order order;
    bool found;
    if (rows_get_run(db, a, scope_machine(), run_id, run, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "run %lld: not there", (long long)run_id);
    }
    return scope.all ? OK : order_get(db, a, scope, run->order_id, &order, e);
}

enum err_code run_inputs(struct single *s, const struct run_row *run, struct err *e)
{
    struct contract_binding *b = &s->binding;
    struct str rest = run->inputs, word;
    struct order_facts f;
    int64_t version;
    b->inputs = STR("");
    b->facts_version = 0;
    s->events = STR("");
    s->desk.events = &s->events;
    if (rest.n == 0) {
        return OK;
    }
    if (rest.at[0] == '{') { /* written before facts had versions: settings alone */
        b->inputs =
            str_of(arena_printf(s->desk.arena, "{\"settings\":" STR_FMT "}", STR_ARG(rest)));
        return OK;
    }
    if (!str_split(&rest, ' ', &word) || word.n < 2 || word.at[0] != '@' ||
        decimal_scaled((struct str){word.at + 1, word.n - 1}, 0, &version, e) != OK) {
        return fail(e, ERR_CORRUPT, "run %lld: its facts cannot be read: '" STR_FMT "'",
                    (long long)run->run_id, STR_ARG(run->inputs));
    }
    if (order_facts_get(s->desk.db, s->desk.arena, scope_machine(), run->order_id, run->period.from,
                        (int32_t)version, &f, e) != OK) {
        return e->code;
    }
    b->inputs = f.text;
    b->facts_version = f.version;
    s->events = rest;
    return OK;
}

enum err_code run_compute(struct single *s, const struct run_row *run, bool now, struct err *e)
{
    const struct prep_wish wish = {.tariff = run->tariff};
    struct arena *a = s->desk.arena;
    if (contract_load_one(s->desk.db, a, scope_machine(), run->order_id, run->period.from,
                          run->period.until, run->contract_version, &s->binding, e) != OK) {
        return e->code;
    }
    if (!now && run_inputs(s, run, e) != OK) {
        return e->code;
    }
    if (single_compute(s, &wish, &run->state_in, e) != OK) {
        return e->code;
    }
    s->result.run_id = run->run_id;
    s->result.revision = run->revision;
    return OK;
}

enum err_code settle_again(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                           const struct settle_result **out, struct err *e)
{
    struct single *s = single_new(db, a);
    struct run_row run;
    if (run_find(db, a, scope, run_id, &run, e) != OK || run_compute(s, &run, false, e) != OK) {
        return e->code;
    }
    *out = &s->result;
    return OK;
}

enum err_code settle_correct(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                             const struct settle_result **out, struct err *e)
{
    struct single *s = single_new(db, a);
    struct run_row run, last;
    int64_t in_force = 0;
    int32_t revision;
    if (run_find(db, a, scope, run_id, &run, e) != OK ||
        rows_run_in_force(db, scope_machine(), run.order_id, run.period.from.yyyymmdd, &in_force,
                          e) != OK) {
        return e->code;
    }
    if (in_force == 0) {
        return fail(e, ERR_RULE, "run %lld: its order and period have no run in force",
                    (long long)run_id);
    }
    if (run_find(db, a, scope, in_force, &last, e) != OK || run_compute(s, &last, true, e) != OK ||
        rows_last_revision(db, scope_machine(), run.order_id, run.period.from.yyyymmdd, &revision,
                           e) != OK) {
        return e->code;
    }
    s->result.revision = revision + 1;
    s->result.previous_run_id = in_force;
    s->result.run_id = run_id_of(&s->binding, revision + 1, &s->result.input_hash);
    *out = &s->result;
    return OK;
}

/* The lines of `from` under a new revision of its order and period. */
static enum err_code restore_result(struct single *s, const struct run_row *from, struct err *e)
{
    struct settle_result *r = &s->result;
    struct settle_line *lines;
    if (rows_lines(s->desk.db, s->desk.arena, scope_machine(), from->station_id, from->run_id,
                   &lines, &r->n_lines, e) != OK) {
        return e->code;
    }
    s->binding.inputs = from->inputs;
    r->outcome = SETTLE_WRITTEN;
    r->order = &s->binding;
    r->period = from->period;
    r->input_hash = from->input_hash;
    r->strategy_hash = from->strategy_hash;
    r->snapshot = from->snapshot;
    r->lines_hash = from->lines_hash;
    r->tariff = from->tariff;
    r->state_in = from->state_in;
    r->state_out = from->state_out;
    r->lines = lines;
    r->hold = from->held;
    struct sha256 h = settle_lines_hash(lines, r->n_lines);
    return memcmp(h.b, from->lines_hash.b, sizeof(h.b)) == 0
               ? OK
               : fail(e, ERR_CORRUPT, "run %lld: its lines in series are not those of its row",
                      (long long)from->run_id);
}

enum err_code settle_restore(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                             const struct settle_result **out, struct err *e)
{
    struct single *s = single_new(db, a);
    struct run_row from;
    int64_t in_force = 0;
    int32_t revision;
    if (run_find(db, a, scope, run_id, &from, e) != OK ||
        rows_run_in_force(db, scope_machine(), from.order_id, from.period.from.yyyymmdd, &in_force,
                          e) != OK ||
        rows_last_revision(db, scope_machine(), from.order_id, from.period.from.yyyymmdd, &revision,
                           e) != OK) {
        return e->code;
    }
    if (in_force == 0 || in_force == run_id || !from.locked) {
        return fail(e, ERR_RULE, "run %lld: only an issued result that is not in force is restored",
                    (long long)run_id);
    }
    if (contract_load_one(db, a, scope_machine(), from.order_id, from.period.from,
                          from.period.until, from.contract_version, &s->binding, e) != OK ||
        restore_result(s, &from, e) != OK) {
        return e->code;
    }
    s->result.revision = revision + 1;
    s->result.previous_run_id = in_force;
    s->result.run_id = run_id_of(&s->binding, revision + 1, &from.input_hash);
    *out = &s->result;
    return OK;
}

enum err_code settle_in_force(struct db *db, struct arena *a, int64_t order_id, struct day from,
                              int64_t *run_id, int64_t *fen, struct err *e)
{
    struct run_row run;
    int64_t id = 0;
    if (rows_run_in_force(db, scope_machine(), order_id, from.yyyymmdd, &id, e) != OK ||
        (id && run_find(db, a, scope_machine(), id, &run, e) != OK)) {
        return e->code;
    }
    *run_id = id;
    *fen = id ? run.fen : 0;
    return OK;
}

/* ---- explaining
 * ------------------------------------------------------------------------------------ */

static const char *mark_word(int mark)
{
    static const char *const words[] = {"A", "E", "M", "-"};
    return words[mark & 3];
}

/* The meter of an interval; `m` keeps the last one asked for. */
static enum err_code meter_of(struct single *s, int64_t meter_id, struct meter *m, struct err *e)
{
    return m->meter_id == meter_id
               ? OK
               : meter_get_meter(s->desk.db, scope_machine(), s->desk.arena, meter_id, m, e);
}

/* A meter as people know it: by its asset number. */
static void text_meter(struct text *t, const struct meter *m)
{
    if (m->serial.n > 0) {
        text_addf(t, "meter " STR_FMT, STR_ARG(m->serial));
    } else {
        text_addf(t, "meter %lld", (long long)m->meter_id);
    }
}

/* A register with the digits its meter shows, at least two. */
static void text_register(struct text *t, int64_t index_e4, const struct meter *m)
{
    int digits = REGISTER_DIGITS_MIN;
    while (digits < 4 && m->resolution_e4 % DECIMAL_POW10[4 - digits] != 0) {
        digits++;
    }
    text_decimal(t, index_e4, 4, digits);
}

/* How a value that was not measured was made, and who agreed. */
static void text_provenance(struct text *t, const struct reading_provenance *p)
{
    if (p->kind == CHANGE_ESTIMATE) {
        text_addf(t, "  estimated (%s): " STR_FMT, estimate_method_word(p->method),
                  STR_ARG(p->sources));
    } else if (p->kind == CHANGE_EDIT) {
        text_addf(t, "  by hand: " STR_FMT, STR_ARG(p->reason));
    }
    if (p->kind && p->user_id) {
        text_addf(t, ", asked by user %lld", (long long)p->user_id);
    }
    if (p->kind && p->approver_id) {
        text_addf(t, ", decided by user %lld", (long long)p->approver_id);
    }
}

/* Where one interval came from. */
static enum err_code interval_explain(struct single *s, int64_t point_id, struct slot slot,
                                      const struct reading_provenance *how, struct meter *m,
                                      struct text *t, struct err *e)
{
    struct reading_origin o;
    if (reading_origin(s->desk.db, s->desk.points, point_id, slot, &o, e) != OK ||
        (o.derived && meter_of(s, o.meter_id, m, e) != OK)) {
        return e->code;
    }
    text_addf(t, "      %02d:%02d  ", slot.index / 4, slot.index % 4 * 15);
    text_scaled(t, o.value, 4);
    text_addf(t, " %s", mark_word(o.mark));
    if (o.derived) {
        text_add_c(t, "  = (");
        text_register(t, o.end_e4, m);
        text_add_c(t, " - ");
        text_register(t, o.start_e4, m);
        text_addf(t, ") x %d/%d x %d/%d, ", o.ct_num, o.ct_den, o.pt_num, o.pt_den);
        text_meter(t, m);
    }
    text_provenance(t, how);
    text_byte(t, '\n');
    return OK;
}

#define MARK_NONE 255 /* in what is shown: not of the source */

/* Every interval of a day of a point that stands in the store; a virtual one has no provenance. */
static enum err_code day_explain(struct single *s, int64_t point_id, const struct reading_day *day,
                                 bool real, struct text *t, struct err *e)
{
    struct meter m = {0};
    struct reading_provenance *how = arena_many(s->desk.arena, SLOTS, struct reading_provenance);
    if (real && reading_provenance(s->desk.db, s->desk.points, s->desk.arena, day, point_id, how,
                                   e) != OK) {
        return e->code;
    }
    for (int i = 0; i < SLOTS; i++) {
        const struct slot slot = {day->day, i};
        if (day->mark[i] != MARK_NONE &&
            interval_explain(s, point_id, slot, &how[i], &m, t, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static void day_line(const struct reading_day *d, struct text *t)
{
    int64_t sum = 0;
    int count[4] = {0};
    for (int i = 0; i < SLOTS; i++) {
        sum += d->value[i];
        if (d->mark[i] != MARK_NONE) {
            count[d->mark[i] & 3]++;
        }
    }
    text_add_c(t, "    ");
    text_day(t, d->day);
    text_add_c(t, "  ");
    text_scaled(t, sum, 4);
    text_addf(t, "  A %d", count[MARK_ACTUAL]);
    for (int m = MARK_ESTIMATED; m <= MARK_MISSING; m++) {
        if (count[m] > 0) {
            text_addf(t, "  %s %d", mark_word(m), count[m]);
        }
    }
    text_byte(t, '\n');
}

/* The registers at both ends of the period, where the intervals come from registers. */
static enum err_code registers_explain(struct single *s, int64_t point_id, struct text *t,
                                       struct err *e)
{
    const struct slot first = {s->binding.from, 0};
    const struct slot last = {day_add(s->binding.until, -1), SLOTS - 1};
    struct reading_origin a, z;
    struct meter m = {0};
    if (reading_origin(s->desk.db, s->desk.points, point_id, first, &a, e) != OK ||
        reading_origin(s->desk.db, s->desk.points, point_id, last, &z, e) != OK) {
        return e->code;
    }
    if (!a.derived || !z.derived) {
        return OK;
    }
    const struct reading_origin *const end[] = {&a, &z};
    for (int i = 0; i < 2; i++) {
        if (meter_of(s, end[i]->meter_id, &m, e) != OK) {
            return e->code;
        }
        text_addf(t, "    register %s ", i ? "at the end" : "at the start");
        text_register(t, i ? z.end_e4 : a.start_e4, &m);
        text_add_c(t, "  ");
        text_meter(t, &m);
        text_addf(t, ", CT %d/%d, PT %d/%d\n", end[i]->ct_num, end[i]->ct_den, end[i]->pt_num,
                  end[i]->pt_den);
    }
    return OK;
}

/* Of a source with intervals of its own: what of a day is among them. */
static void own_only(const struct source *s, struct reading_day *d)
{
    for (int i = 0; i < SLOTS; i++) {
        const int64_t at = day_start(d->day).utc_ms + i * SLOT_MS - s->axis.start.utc_ms;
        if (at < 0 || at >= s->axis.n * SLOT_MS) {
            d->value[i] = 0;
            d->mark[i] = MARK_NONE;
        }
    }
}

/* The days a source is of: the period's, or those its own intervals touch. */
static void source_days(const struct single *s, const struct source *src, struct day *from,
                        int32_t *n)
{
    *from = s->binding.from;
    *n = s->work.kind->n_days;
    if (src->track) {
        const struct instant last = {src->axis.start.utc_ms + src->axis.n * SLOT_MS - 1};
        *from = instant_day(src->axis.start);
        *n = day_number(instant_day(last)) - day_number(*from) + 1;
    }
}

static void source_title(const struct single *s, const struct strategy_source_use *use,
                         const struct source *src, int32_t n, struct text *t)
{
    const struct meter_estate *es = reading_points_estate(s->desk.points);
    int64_t at = meter_estate_find(es, src->point_id);
    struct str code = at < 0 ? STR("") : es->points[at].code;
    text_addf(t, "  " STR_FMT "%s" STR_FMT ": point " STR_FMT " (%lld), ", STR_ARG(use->name),
              use->member.n ? " of " : "", STR_ARG(use->member), STR_ARG(code),
              (long long)src->point_id);
    if (src->track) {
        text_addf(t, "%d intervals from ", src->axis.n);
        text_instant(t, src->axis.start);
        text_byte(t, '\n');
    } else {
        text_addf(t, "%d days\n", n);
    }
}

/* One source by day, and one of its days by interval. */
static enum err_code source_explain(struct single *s, const struct strategy_source_use *use,
                                    struct day only, struct text *t, struct err *e)
{
    const struct source *src = &s->work.sources[use->source];
    const struct meter_estate *es = reading_points_estate(s->desk.points);
    int64_t at = meter_estate_find(es, src->point_id);
    struct day from;
    int32_t n;
    source_days(s, src, &from, &n);
    struct reading_day *days = arena_many(s->desk.arena, (size_t)n, struct reading_day);
    source_title(s, use, src, n, t);
    if (at >= 0 && !src->track && !es->points[at].is_virtual &&
        registers_explain(s, src->point_id, t, e) != OK) {
        return e->code;
    }
    if (src->parts) {
        text_add_c(t, "    scaled to the register: ");
        text_scaled(t, src->registers, 4);
        text_add_c(t, " over intervals of ");
        text_scaled(t, src->raw, 4);
        text_byte(t, '\n');
    }
    if (reading_values(s->desk.db, s->desk.points, src->point_id, from, n, days, e) != OK) {
        return e->code;
    }
    for (int32_t d = 0; d < n; d++) {
        if (only.yyyymmdd && days[d].day.yyyymmdd != only.yyyymmdd) {
            continue;
        }
        if (src->track) {
            own_only(src, &days[d]);
        }
        day_line(&days[d], t);
        if (only.yyyymmdd &&
            day_explain(s, src->point_id, &days[d], at >= 0 && !es->points[at].is_virtual, t, e) !=
                OK) {
            return e->code;
        }
    }
    return OK;
}

static bool use_seen(const struct strategy_source_use *use, const int32_t *seen, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (seen[i] == use->source) {
            return true;
        }
    }
    return false;
}

enum err_code settle_explain(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                             struct str code, struct day day, struct text *t, struct err *e)
{
    struct single *s = single_new(db, a);
    struct run_row run;
    int32_t seen[SOURCES_MAX];
    size_t n_seen = 0, shown = 0;
    if (run_find(db, a, scope, run_id, &run, e) != OK || run_compute(s, &run, false, e) != OK) {
        return e->code;
    }
    if (day.yyyymmdd && s->work.n_tracks == 0 &&
        (day.yyyymmdd < run.period.from.yyyymmdd || day.yyyymmdd >= run.period.until.yyyymmdd)) {
        return fail(e, ERR_INPUT, "day %d is not in the period, %d until %d", day.yyyymmdd,
                    run.period.from.yyyymmdd, run.period.until.yyyymmdd);
    }
    if (s->result.outcome != SETTLE_WRITTEN) {
        return fail(e, ERR_RULE, "run %lld: " STR_FMT, (long long)run_id,
                    STR_ARG(s->result.failure));
    }
    if (memcmp(s->result.lines_hash.b, run.lines_hash.b, sizeof(run.lines_hash.b)) != 0) {
        text_add_c(t, "The readings have changed since: what follows is from those of now.\n");
    }
    for (size_t i = 0; i < s->ran->n_lines; i++) {
        const struct strategy_source_use *use;
        const struct strategy_line *l = &s->ran->lines[i];
        if (code.n > 0 && !str_eq(code, l->code)) {
            continue;
        }
        shown++;
        text_addf(t, STR_FMT " -> " STR_FMT "\n", STR_ARG(l->payer), STR_ARG(l->payee));
        strategy_explain(a, s->bound, s->ran, l->id, t);
        size_t n = strategy_trace(a, s->bound, s->ran, l->id, &use);
        for (size_t u = 0; u < n; u++) {
            if (use[u].source < 0 || (size_t)use[u].source >= s->work.n_sources ||
                use_seen(&use[u], seen, n_seen)) {
                continue;
            }
            if (n_seen < SOURCES_MAX) {
                seen[n_seen++] = use[u].source;
            }
            if (source_explain(s, &use[u], day, t, e) != OK) {
                return e->code;
            }
        }
    }
    if (shown == 0) {
        return fail(e, ERR_NOT_FOUND, "no line " STR_FMT " in this run", STR_ARG(code));
    }
    return OK;
}

enum err_code settle_strategy_check(struct db *db, struct arena *a, struct str name,
                                    struct str text, const struct strategy_ref *uses, size_t n_uses,
                                    struct text *messages, struct err *e)
{
    const struct strategy *s;
    return prep_load_text(prep_new(db, a), name, text, uses, n_uses, NULL, 0, &s, messages, e);
}

/* ---- the room's part of `sunkeeper check`
 * ------------------------------------------------------------- */

#define CHECK_PAGE 1000 /* runs looked at together */

__attribute__((format(printf, 3, 4))) static void finding(struct settle_checked *c,
                                                          struct text *wrong, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    c->wrong++;
    text_addf(wrong, "%s\n", line);
}

/* Core and series say the same of a run. */
static enum err_code run_check(struct db *db, struct arena *a, const struct run_row *run,
                               struct settle_checked *c, struct text *wrong, struct err *e)
{
    struct settle_line *lines;
    size_t n;
    int64_t fen = 0;
    if (rows_lines(db, a, scope_machine(), run->station_id, run->run_id, &lines, &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        fen += lines[i].fen;
        if (lines[i].net_fen + lines[i].vat_fen != lines[i].fen) {
            finding(c, wrong, "I2: run %lld line %d: net and VAT are not the amount",
                    (long long)run->run_id, lines[i].no);
        }
    }
    struct sha256 h = settle_lines_hash(lines, n);
    if ((int64_t)n != run->n_lines || fen != run->fen ||
        memcmp(h.b, run->lines_hash.b, sizeof(h.b)) != 0) {
        finding(c, wrong, "I3: run %lld: %zu lines of %lld fen in series, %lld of %lld in core",
                (long long)run->run_id, n, (long long)fen, (long long)run->n_lines,
                (long long)run->fen);
    }
    c->runs++;
    c->lines += (int64_t)n;
    return OK;
}

/* I3: the same inputs give the same lines; other inputs are no fault, but said. */
static enum err_code run_check_again(struct db *db, struct arena *a, const struct run_row *run,
                                     struct settle_checked *c, struct text *wrong, struct err *e)
{
    const struct settle_result *r;
    if (settle_again(db, a, scope_machine(), run->run_id, &r, e) != OK) {
        return e->code;
    }
    c->recomputed++;
    if (memcmp(r->input_hash.b, run->input_hash.b, sizeof(r->input_hash.b)) != 0) {
        c->changed++;
    } else if (memcmp(r->lines_hash.b, run->lines_hash.b, sizeof(r->lines_hash.b)) != 0) {
        finding(c, wrong, "I3: run %lld: the same inputs give other lines now",
                (long long)run->run_id);
    }
    return OK;
}

enum err_code settle_check(struct db *db, int64_t sample, struct settle_checked *out,
                           struct text *wrong, struct err *e)
{
    struct arena *page = arena_new(), *one = arena_new();
    struct settle_checked c = {0};
    int64_t after = 0, doubles = 0;
    size_t n = 1;
    enum err_code rc = rows_count_double(db, &doubles, e);
    if (rc == OK && doubles > 0) {
        finding(&c, wrong, "I4: %lld orders have two runs in force for one period",
                (long long)doubles);
    }
    while (rc == OK && n > 0) {
        struct run_row *runs;
        arena_reset(page);
        rc = rows_list_runs(db, page, scope_machine(), after, CHECK_PAGE, &runs, &n, e);
        for (size_t i = 0; rc == OK && i < n; i++) {
            arena_reset(one);
            rc = run_check(db, one, &runs[i], &c, wrong, e);
            if (rc == OK && sample > 0 && c.runs % sample == 0) {
                rc = run_check_again(db, one, &runs[i], &c, wrong, e);
            }
            after = runs[i].run_id;
        }
    }
    if (rc == OK) {
        *out = c;
    }
    arena_free(page);
    arena_free(one);
    return rc;
}
