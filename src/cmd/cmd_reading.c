/* cmd_reading.c - readings at the desk: import files, see gaps, estimate, edit, seal. */
#include "cmd/desk.h"
#include "cmd/steps.h"
#include "ingest/ingest.h"

enum err_code desk_open(struct cmd *c, struct desk *d, enum store_mode mode, const char *as)
{
    d->now = c->clock.now(c->clock.ctx);
    if (cmd_open(c, mode, &d->db, &d->e) != OK ||
        cmd_scope(c, d->db, as, &d->scope, &d->user_id, &d->e) != OK) {
        return d->e.code;
    }
    return reading_points_load(d->db, d->scope, c->arena, &d->points, &d->e);
}

int desk_close(struct cmd *c, struct desk *d, enum err_code code)
{
    store_close(d->db);
    return code == OK ? EXIT_DONE : cmd_error(c, &d->e);
}

/* ---- import: names of points are codes of one station's points, or STATION/POINT ---------------
 */

#define DECIDE_PERM "reading:change:decide"

struct import {
    struct cmd *cmd;
    struct desk desk;
    const char *station; /* NULL: names carry it */
    struct progress bar;
};

static enum err_code import_find(void *ctx, struct str name, int64_t *point_id, struct err *e)
{
    struct import *m = ctx;
    struct point p;
    struct str station = str_of(m->station), code = name;
    const char *slash = memchr(name.at, '/', name.n);
    if (slash) {
        station = (struct str){ name.at, (size_t)(slash - name.at) };
        code = (struct str){ slash + 1, name.n - station.n - 1 };
    } else if (!m->station) {
        return fail(e, ERR_NOT_FOUND,
                    "point " STR_FMT ": give --station CODE, or write STATION/POINT",
                    STR_ARG(name));
    }
    if (meter_get_point_by_code(m->desk.db, m->desk.scope, m->cmd->arena, station, code, &p, e) !=
        OK) {
        return e->code;
    }
    *point_id = p.point_id;
    return OK;
}

static void import_progress(void *ctx, int64_t done, int64_t total)
{
    struct import *m = ctx;
    m->bar.total = total > 0 ? total : 1;
    progress_step(&m->bar, done);
}

static void import_print(struct cmd *c, const char *file, const struct ingest_result *r,
                         const char *report)
{
    if (c->json) {
        printf("{\"file\":\"%s\",\"rows\":%lld,\"values\":%lld,\"taken\":%lld,\"duplicates\":%lld,"
               "\"missing\":%lld,\"refused\":%lld,\"unchanged\":%s,\"broken\":%s}\n",
               file, (long long)r->rows, (long long)r->values, (long long)r->taken,
               (long long)(r->dup + r->dup_lower), (long long)r->missing, (long long)r->refused,
               r->unchanged ? "true" : "false", r->broken ? "true" : "false");
        return;
    }
    if (r->unchanged) {
        printf("%s: imported before, nothing changed\n", file);
        return;
    }
    printf("%s: %lld rows; values: %lld taken, %lld there already, %lld missing markers, %lld "
           "refused\n",
           file, (long long)r->rows, (long long)r->taken, (long long)(r->dup + r->dup_lower),
           (long long)r->missing, (long long)r->refused);
    for (int i = 1; i < INGEST_CODES; i++) {
        if (r->by_code[i]) {
            printf("  %-18s %lld\n", ingest_code_word(i), (long long)r->by_code[i]);
        }
    }
    if (r->broken) {
        printf("  the file is broken: %s; what was good is kept\n", r->why);
    }
    if (r->refused) {
        printf("  every refusal with line, column and reason: %s\n", report);
    }
}

static enum err_code import_one(struct import *m, const char *file, const struct mapping *mapping,
                                const char *report, bool *partly)
{
    struct ingest_result r = { 0 };
    struct cmd *c = m->cmd;
    struct ingest_store sink = { m->desk.db, m->desk.points, m->desk.now, true };
    progress_start(&m->bar, c, "importing", "bytes", 1);
    struct ingest_job job = { .file = file,
                              .mapping = mapping,
                              .points = { import_find, m },
                              .sink = ingest_store_sink(&sink),
                              .now = m->desk.now,
                              .report =
                                  report ? report : arena_printf(c->arena, "%s.refused.csv", file),
                              .progress = import_progress,
                              .progress_ctx = m };
    if (ingest_file(c->arena, &job, &r, &m->desk.e) != OK) {
        return m->desk.e.code;
    }
    progress_end(&m->bar);
    import_print(c, file, &r, job.report);
    *partly |= r.refused || r.broken;
    return OK;
}

static int import_command(struct cmd *c, int argc, char **argv)
{
    const char *mapping_file = NULL, *station = NULL, *report = NULL;
    struct option options[] = { { "--mapping", &mapping_file, NULL },
                                { "--station", &station, NULL },
                                { "--report", &report, NULL },
                                { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    if (!n || !mapping_file) {
        return cmd_use(c, "write FILE.csv... --mapping MAPPING.json");
    }
    struct import m = { .cmd = c, .station = station };
    struct mapping *mapping;
    if (mapping_load(c->arena, mapping_file, &mapping, &m.desk.e) != OK) {
        return cmd_error(c, &m.desk.e);
    }
    bool partly = false;
    enum err_code got = desk_open(c, &m.desk, STORE_READ_WRITE, NULL);
    for (int i = 0; got == OK && i < n; i++) {
        got = import_one(&m, words[i], mapping, report, &partly);
    }
    code = desk_close(c, &m.desk, got);
    return code ? code : partly ? EXIT_PARTLY : EXIT_DONE;
}

/* ---- looking ------------------------------------------------------------------------------------
 */

enum err_code desk_points(struct cmd *c, struct desk *d, const char *station, const char *point,
                          int64_t **ids, size_t *n)
{
    const struct meter_estate *es = reading_points_estate(d->points);
    *ids = arena_many(c->arena, es->n + 1, int64_t);
    *n = 0;
    int64_t station_id = 0;
    if (station && point) {
        struct point p;
        if (meter_get_point_by_code(d->db, d->scope, c->arena, str_of(station), str_of(point), &p,
                                    &d->e) != OK) {
            return d->e.code;
        }
        (*ids)[(*n)++] = p.point_id;
        return OK;
    }
    if (station) {
        struct station *s;
        size_t got;
        int64_t after = 0;
        do {
            if (meter_list_stations(d->db, d->scope, c->arena, after, METER_PAGE_MAX, &s, &got,
                                    &d->e) != OK) {
                return d->e.code;
            }
            for (size_t i = 0; i < got; i++) {
                station_id = str_is(s[i].code, station) ? s[i].station_id : station_id;
                after = s[i].station_id;
            }
        } while (got == METER_PAGE_MAX && !station_id);
        if (!station_id) {
            return fail(&d->e, ERR_NOT_FOUND, "no station %s", station);
        }
    }
    for (size_t i = 0; i < es->n; i++) {
        const struct point *p = &es->points[i];
        if (!p->is_virtual && (!station_id || p->station_id == station_id)) {
            (*ids)[(*n)++] = p->point_id;
        }
    }
    reading_points_sort(d->points, *ids, *n);
    return OK;
}

enum err_code desk_point_name(struct cmd *c, struct desk *d, int64_t point_id, struct str *out)
{
    struct point p;
    struct station s;
    if (meter_get_point(d->db, d->scope, c->arena, point_id, &p, &d->e) != OK ||
        meter_get_station(d->db, d->scope, c->arena, p.station_id, &s, &d->e) != OK) {
        return d->e.code;
    }
    *out = str_of(
        arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(s.code), STR_ARG(p.code)));
    return OK;
}

enum err_code desk_audit(struct desk *d, int64_t point_id, const char *action, const char *object,
                         int64_t id)
{
    const struct meter_estate *es = reading_points_estate(d->points);
    int64_t at = meter_estate_find(es, point_id);
    if (store_begin(d->db, STORE_CORE, STORE_WRITE, &d->e) != OK) {
        return d->e.code;
    }
    if (cmd_audit(d->db, d->user_id, at < 0 ? 0 : es->points[at].org_id, action, object, id,
                  d->now, &d->e) != OK) {
        store_rollback(d->db, STORE_CORE);
        return d->e.code;
    }
    return store_commit(d->db, STORE_CORE, &d->e);
}

enum err_code desk_not_done(struct desk *d, int64_t point_id, const char *action,
                            const char *object, int64_t id)
{
    struct err why = d->e, later = { 0 };
    d->e = later;
    if (desk_audit(d, point_id, action, object, id) == OK) {
        d->e = why;
    }
    return d->e.code;
}

struct str desk_slot_text(struct arena *a, struct slot s)
{
    return str_of(arena_printf(a, "%04d-%02d-%02dT%02d:%02d", s.day.yyyymmdd / 10000,
                               s.day.yyyymmdd / 100 % 100, s.day.yyyymmdd % 100, s.index / 4,
                               s.index % 4 * 15));
}

int desk_slot(struct cmd *c, const char *word, struct slot *out)
{
    struct instant at;
    struct err e;
    if (instant_parse_local(str_of(word), 480, &at, &e) != OK) {
        return cmd_use(c, "--from: %s", e.text);
    }
    *out = instant_slot(at);
    if (slot_start(*out).utc_ms != at.utc_ms) {
        return cmd_use(c, "--from: intervals begin at :00, :15, :30, :45");
    }
    return 0;
}

static const char *gap_reason(uint16_t q)
{
    return q & Q_CONFLICT  ? "conflict"
           : q & Q_RANGE   ? "jump"
           : q & Q_RESET   ? "backward"
           : q & Q_INVALID ? "invalid"
                           : "nothing arrived";
}

static int gaps_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "point", "from", "slots", "why", "age days",
                                          "suggested" };
    static const char *const keys[] = { "point", "from", "slots", "why", "age_days", "method" };
    const char *period = NULL, *station = NULL, *point = NULL;
    struct option options[] = { { "--period", &period, NULL },
                                { "--station", &station, NULL },
                                { "--point", &point, NULL },
                                { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct settle_period p;
    if (cmd_period(period, &p, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    int64_t *ids;
    size_t n_ids, n_gaps = 0;
    struct reading_gap *gaps;
    if (desk_open(c, &d, STORE_READ_ONLY, NULL) != OK ||
        desk_points(c, &d, station, point, &ids, &n_ids) != OK ||
        reading_gaps(d.db, d.points, c->arena, ids, n_ids, p.from,
                     day_number(p.until) - day_number(p.from), &gaps, &n_gaps, &d.e) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    struct table *t = table_new(c->arena, "llnlnl", titles, keys);
    for (size_t i = 0; i < n_gaps; i++) {
        struct str name;
        if (desk_point_name(c, &d, gaps[i].point_id, &name) != OK) {
            return desk_close(c, &d, d.e.code);
        }
        struct text at;
        text_init(&at, c->arena, 64);
        text_instant(&at, slot_start(gaps[i].from));
        table_cell(t, name);
        table_cell(t, text_str(&at));
        table_cellf(t, "%d", gaps[i].n_slots);
        table_cell(t, str_of(gap_reason(gaps[i].q)));
        table_cellf(t, "%d", day_number(instant_day(d.now)) - day_number(gaps[i].from.day));
        table_cell(t, str_of(estimate_method_word(estimate_suggest(d.points, &gaps[i]))));
    }
    table_print(t, c, stdout);
    return desk_close(c, &d, OK);
}

/* "same-day: 2026-10-20 (workday): mean of ...", "by hand: photo of the meter" */
static struct str how_text(struct arena *a, const struct reading_day *day,
                           const struct reading_provenance *p, int slot)
{
    if (p->kind == CHANGE_ESTIMATE) {
        return str_of(arena_printf(a, "%s: " STR_FMT, estimate_method_word(p->method),
                                   STR_ARG(p->sources)));
    }
    if (p->kind == CHANGE_EDIT) {
        return str_of(arena_printf(a, "by hand: " STR_FMT, STR_ARG(p->reason)));
    }
    return day->mark[slot] == MARK_ESTIMATED ? STR("between two registers") : STR("");
}

static int day_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "slot", "from", "kWh", "mark", "rank", "how" };
    static const char *const keys[] = { "slot", "from", "kwh", "mark", "rank", "how" };
    static const char *const marks[] = { "A", "E", "M", "-" };
    const char *station = NULL, *point = NULL, *day_word = NULL;
    struct option options[] = { { "--station", &station, NULL },
                                { "--point", &point, NULL },
                                { "--day", &day_word, NULL },
                                { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct day day;
    if (!station || !point || !day_word) {
        return cmd_use(c, "write --station CODE --point CODE --day 2026-10-05");
    }
    if (day_parse(str_of(day_word), &day, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    int64_t *ids;
    size_t n_ids;
    struct reading_day *out = arena_make(c->arena, struct reading_day);
    struct reading_provenance *how = arena_many(c->arena, SLOTS, struct reading_provenance);
    if (desk_open(c, &d, STORE_READ_ONLY, NULL) != OK ||
        desk_points(c, &d, station, point, &ids, &n_ids) != OK ||
        reading_values(d.db, d.points, ids[0], day, 1, out, &d.e) != OK ||
        reading_provenance(d.db, d.points, c->arena, out, ids[0], how, &d.e) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    struct table *t = table_new(c->arena, "nlrlnl", titles, keys);
    for (int i = 0; i < SLOTS; i++) {
        table_cellf(t, "%d", i);
        table_cellf(t, "%02d:%02d", i / 4, i % 4 * 15);
        struct text v;
        text_init(&v, c->arena, 64);
        if (out->mark[i] != MARK_MISSING) {
            text_decimal(&v, out->value[i], 4, 2);
        }
        table_cell(t, text_str(&v));
        table_cell(t, str_of(marks[out->mark[i]]));
        table_cellf(t, "%d", out->rank[i]);
        table_cell(t, how_text(c->arena, out, &how[i], i));
    }
    table_print(t, c, stdout);
    return desk_close(c, &d, OK);
}

/* ---- changing
 * ------------------------------------------------------------------------------------ */

struct slots { /* --station --point --from 2026-10-05T10:15 */
    const char *station, *point, *from, *reason, *as, *values;
    struct slot at;
};

static int slots_parse(struct cmd *c, int argc, char **argv, struct slots *s)
{
    struct option options[] = { { "--station", &s->station, NULL },
                                { "--point", &s->point, NULL },
                                { "--from", &s->from, NULL },
                                { "--reason", &s->reason, NULL },
                                { "--as", &s->as, NULL },
                                { "--values", &s->values, NULL },
                                { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    if (!s->station || !s->point || !s->from || !s->reason) {
        return cmd_use(c, "write --station, --point, --from 2026-10-05T10:15 and --reason");
    }
    if (!s->as) {
        return cmd_use(c, "--as is missing: who edits is named, since another person decides");
    }
    return desk_slot(c, s->from, &s->at);
}

static int edit_command(struct cmd *c, int argc, char **argv)
{
    struct slots s = { 0 };
    struct desk d = { 0 };
    int code = slots_parse(c, argc, argv, &s);
    if (code) {
        return code;
    }
    struct str rest = str_of(s.values), part;
    int64_t *values = arena_many(c->arena, 2976, int64_t);
    int32_t n_values = 0;
    while (rest.n && n_values < 2976 && str_split(&rest, ',', &part)) {
        if (decimal_scaled(str_trim(part), 4, &values[n_values++], &d.e) != OK) {
            return cmd_use(c, "--values: %s", d.e.text);
        }
    }
    if (!n_values) {
        return cmd_use(c, "--values: kWh per interval, with commas: --values 12.5,13.0");
    }
    int64_t *ids, first = 0;
    size_t n;
    if (desk_open(c, &d, STORE_READ_WRITE, s.as) != OK ||
        desk_points(c, &d, s.station, s.point, &ids, &n) != OK ||
        reading_edit(d.db, d.points, ids[0], s.at, values, n_values, str_of(s.reason), d.user_id,
                     d.now, &first, &d.e) != OK ||
        desk_audit(&d, ids[0], "reading.edit", "change", first) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    printf(c->json ? "{\"change\":\"%lld\",\"n\":%d}\n"
                   : "proposed: changes from %lld, %d intervals; a second person decides: "
                     "sunkeeper reading proposals shows what waits\n",
           (long long)first, n_values);
    return desk_close(c, &d, OK);
}

static int changes_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "change", "slot",  "old kWh", "new kWh",
                                          "kind",   "state", "by",      "reason" };
    static const char *const keys[] = { "change", "slot",  "old", "new",
                                        "kind",   "state", "by",  "reason" };
    static const char *const kinds[] = { "", "edit", "late", "estimate" };
    static const char *const states[] = { "", "proposed", "applied", "refused" };
    int code = cmd_options(c, argc, argv, NULL, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct reading_change *ch;
    size_t got = 0;
    int64_t after = 0;
    struct table *t = table_new(c->arena, "llrrllll", titles, keys);
    if (desk_open(c, &d, STORE_READ_ONLY, NULL) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    do {
        if (reading_list_changes(d.db, d.points, c->arena, 0, after, METER_PAGE_MAX, &ch, &got,
                                 &d.e) != OK) {
            return desk_close(c, &d, d.e.code);
        }
        for (size_t i = 0; i < got; i++) {
            struct text at;
            text_init(&at, c->arena, 64);
            text_instant(&at, slot_start(ch[i].slot));
            table_cellf(t, "%lld", (long long)ch[i].change_id);
            table_cell(t, text_str(&at));
            table_cell(t, energy_text(c->arena, ch[i].old_value));
            table_cell(t, energy_text(c->arena, ch[i].new_value));
            table_cell(t, str_of(kinds[ch[i].kind]));
            table_cell(t, str_of(states[ch[i].state]));
            table_cellf(t, "%lld", (long long)ch[i].user_id);
            table_cell(t, ch[i].reason);
            after = ch[i].change_id;
        }
    } while (got == METER_PAGE_MAX);
    table_print(t, c, stdout);
    return desk_close(c, &d, OK);
}

/* Whoever decides must be allowed to, for the station of each point. */
static enum err_code decide_allowed(struct cmd *c, struct desk *d, const int64_t *ids, size_t n)
{
    struct reading_change *page;
    size_t got = METER_PAGE_MAX;
    int64_t after = 0;
    const struct meter_estate *es = reading_points_estate(d->points);
    while (got == METER_PAGE_MAX) {
        if (reading_list_changes(d->db, d->points, c->arena, CHANGE_PROPOSED, after,
                                 METER_PAGE_MAX, &page, &got, &d->e) != OK) {
            return d->e.code;
        }
        for (size_t i = 0; i < got; i++) {
            bool may = true, asked = false;
            for (size_t k = 0; k < n && !asked; k++) {
                asked = ids[k] == page[i].change_id;
            }
            int64_t at = asked ? meter_estate_find(es, page[i].point_id) : -1;
            if (at >= 0 && people_may(d->db, d->user_id, DECIDE_PERM, es->points[at].org_id, &may,
                                      &d->e) != OK) {
                return d->e.code;
            }
            if (!may) {
                return fail_named(&d->e, ERR_RULE, "APPROVAL_RIGHT",
                                  "change %lld: whoever decides needs the permission %s",
                                  (long long)page[i].change_id, DECIDE_PERM);
            }
            after = page[i].change_id;
        }
    }
    return OK;
}

/* Core and series commit apart, so the audit row comes first: a decision in force has one whenever
 * the power fails (I11), and one that was refused has a second row that says so. */
static enum err_code decide_audited(struct desk *d, const int64_t *ids, size_t n, int64_t proposal,
                                    bool refuse, const char *reason)
{
    const char *object = proposal ? "proposal" : "change";
    int64_t id = proposal ? proposal : ids[0];
    if (desk_audit(d, 0, refuse ? "reading.refuse" : "reading.apply", object, id) != OK) {
        return d->e.code;
    }
    if (reading_decide(d->db, d->points, ids, n, !refuse, str_of(reason), d->user_id, d->now,
                       &d->e) != OK) {
        return desk_not_done(d, 0, refuse ? "reading.refuse.failed" : "reading.apply.failed",
                             object, id);
    }
    return OK;
}

static int decide_command(struct cmd *c, int argc, char **argv)
{
    const char *as = NULL, *reason = NULL, *proposal = NULL;
    bool refuse = false;
    struct option options[] = { { "--as", &as, NULL },
                                { "--reason", &reason, NULL },
                                { "--proposal", &proposal, NULL },
                                { "--refuse", NULL, &refuse },
                                { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    int64_t *ids = arena_many(c->arena, (size_t)n + 1, int64_t), proposal_id = 0;
    size_t n_ids = (size_t)n;
    for (int i = 0; i < n; i++) {
        if (decimal_scaled(str_of(words[i]), 0, &ids[i], &d.e) != OK) {
            return cmd_use(c, "%s", d.e.text);
        }
    }
    if ((!n && !proposal) || (n && proposal) || !reason || !as) {
        return cmd_use(c, "write CHANGE... or --proposal N, and --as LOGIN --reason TEXT");
    }
    if (proposal && decimal_scaled(str_of(proposal), 0, &proposal_id, &d.e) != OK) {
        return cmd_use(c, "--proposal: %s", d.e.text);
    }
    if (desk_open(c, &d, STORE_READ_WRITE, as) != OK ||
        (proposal && reading_proposal_changes(d.db, d.points, c->arena, proposal_id, &ids, &n_ids,
                                              &d.e) != OK) ||
        decide_allowed(c, &d, ids, n_ids) != OK ||
        decide_audited(&d, ids, n_ids, proposal_id, refuse, reason) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    printf(c->json ? "{\"decided\":%zu}\n" : "%zu changes decided\n", n_ids);
    return desk_close(c, &d, OK);
}

static int seal_command(struct cmd *c, int argc, char **argv)
{
    const char *period = NULL;
    struct option options[] = { { "--period", &period, NULL }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct settle_period p;
    if (cmd_period(period, &p, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    int64_t *ids, sealed = 0;
    size_t n_ids;
    if (desk_open(c, &d, STORE_READ_WRITE, NULL) != OK ||
        desk_points(c, &d, NULL, NULL, &ids, &n_ids) != OK ||
        reading_seal(d.db, d.points, ids, n_ids, day_month(p.from), d.now, &sealed, &d.e) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    printf(c->json ? "{\"sealed\":%lld}\n" : "%lld points sealed\n", (long long)sealed);
    return desk_close(c, &d, OK);
}

const struct command reading_commands[] = {
    { "reading import", "FILE.csv[.gz]... --mapping MAPPING.json [--station CODE] [--report FILE]",
      "imports measured values; refused rows go to a report, the rest is kept",
      "  sunkeeper reading import june.csv --mapping data/mappings/wide.json --station PV01\n",
      import_command },
    { "reading day", "--station CODE --point CODE --day 2026-10-05", "the 96 values of a day", NULL,
      day_command },
    { "reading gaps", "--period 2026-10 [--station CODE] [--point CODE]",
      "where values are missing, why, since when, and what could stand in", NULL, gaps_command },
    { "reading edit",
      "--station CODE --point CODE --from 2026-10-05T10:15 --values 12.5,13.0 --reason TEXT --as "
      "LOGIN",
      "proposes values by hand; a second person decides", NULL, edit_command },
    { "reading changes", "", "proposed and decided changes", NULL, changes_command },
    { "reading decide", "CHANGE... | --proposal N --as LOGIN --reason TEXT [--refuse]",
      "applies or refuses proposed changes: another person than who asked", NULL,
      decide_command },
    { "reading seal", "--period 2026-10", "seals a month: late data become proposals", NULL,
      seal_command },
    { 0 },
};
