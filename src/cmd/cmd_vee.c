/* cmd_vee.c - validation and estimation at the desk: check, the work list, estimates, proposals. */
#include "cmd/desk.h"
#include "cmd/steps.h"
#include "tariff/tariff.h"

#define REGION "cn"        /* whose holidays decide what kind of day it is */
#define HOLIDAY_SPANS 200  /* of the years looked at: about 8 a year */
#define RULES_BYTES_MAX (1u << 20)

/* ---- rules and calendar -----------------------------------------------------------------------
 */

static enum err_code rules_load(struct cmd *c, const char *file, struct vee_rules *out,
                                struct err *e)
{
    struct json doc;
    if (!file) {
        return vee_rules_own(c->arena, out, e);
    }
    return json_load(c->arena, file, &doc, e) == OK ? vee_rules_read(c->arena, doc, out, e)
                                                    : e->code;
}

struct day_span {
    int32_t first, last; /* yyyymmdd */
    bool work;           /* a working day moved to a weekend */
};
struct holidays {
    struct day_span at[HOLIDAY_SPANS];
    size_t n;
};

static enum vee_day day_of(const void *ctx, struct day d)
{
    const struct holidays *h = ctx;
    for (size_t i = 0; i < h->n; i++) {
        if (d.yyyymmdd >= h->at[i].first && d.yyyymmdd <= h->at[i].last) {
            return h->at[i].work ? VEE_WORKDAY : VEE_HOLIDAY;
        }
    }
    return day_weekday(d) <= 5 ? VEE_WORKDAY : VEE_RESTDAY;
}

static enum err_code span_add(struct holidays *h, struct str first, struct str last, bool work,
                              struct err *e)
{
    struct day a, z;
    if (day_parse(first, &a, e) != OK || day_parse(last, &z, e) != OK) {
        return e->code;
    }
    if (h->n == HOLIDAY_SPANS) {
        return fail(e, ERR_LIMIT, "more than %d holidays in the years looked at", HOLIDAY_SPANS);
    }
    h->at[h->n++] = (struct day_span){ a.yyyymmdd, z.yyyymmdd, work };
    return OK;
}

static enum err_code year_add(struct cmd *c, struct db *db, int year, struct holidays *h,
                              struct err *e)
{
    struct json doc;
    struct tariff_published got;
    enum err_code code =
        tariff_stored(db, c->arena, TARIFF_HOLIDAYS,
                      str_of(arena_printf(c->arena, REGION "-%d", year)), 0, &doc, &got, e);
    if (code == ERR_NOT_FOUND) {
        return OK; /* not published: its weekdays then */
    }
    struct json days = json_get(doc, "holidays"), work = json_get(doc, "workdays");
    for (size_t i = 0; code == OK && i < json_len(days); i++) {
        struct str first, last;
        code = json_need_str(json_at(days, i), "first", &first, e) == OK &&
                       json_need_str(json_at(days, i), "last", &last, e) == OK
                   ? span_add(h, first, last, false, e)
                   : e->code;
    }
    for (size_t i = 0; code == OK && i < json_len(work); i++) {
        struct str day;
        code = json_str(json_at(work, i), &day, e) == OK ? span_add(h, day, day, true, e) : e->code;
    }
    return code;
}

/* The days of a year, and those looked back to. */
static enum err_code calendar_load(struct cmd *c, struct db *db, struct day from, struct day until,
                                   struct vee_calendar *out, struct err *e)
{
    struct holidays *h = arena_make(c->arena, struct holidays);
    for (int y = from.yyyymmdd / 10000 - 1; y <= until.yyyymmdd / 10000; y++) {
        if (year_add(c, db, y, h, e) != OK) {
            return e->code;
        }
    }
    *out = (struct vee_calendar){ day_of, h };
    return OK;
}

/* ---- check and work list ----------------------------------------------------------------------
 */

static struct str value_text(struct arena *a, const struct vee_finding *f, bool limit)
{
    int64_t v = limit ? f->limit : f->value;
    if (limit && (f->rule == VEE_ZERO || f->rule == VEE_STUCK)) {
        return str_of(arena_printf(a, "%lld intervals", (long long)v));
    }
    return energy_text(a, v);
}

static enum err_code finding_row(struct cmd *c, struct desk *d, struct table *t,
                                 const struct vee_finding *f)
{
    struct str name;
    if (desk_point_name(c, d, f->point_id, &name) != OK) {
        return d->e.code;
    }
    table_cellf(t, "%lld", (long long)f->finding_id);
    table_cell(t, name);
    table_cell(t, desk_slot_text(c->arena, f->from));
    table_cellf(t, "%d", f->n_slots);
    table_cell(t, str_of(vee_rule_word(f->rule)));
    table_cell(t, value_text(c->arena, f, false));
    table_cell(t, value_text(c->arena, f, true));
    table_cell(t, str_of(finding_state_word(f->state)));
    table_cellf(t, "%lld", (long long)f->user_id);
    table_cell(t, f->reason);
    return OK;
}

static struct table *findings_table(struct cmd *c)
{
    static const char *const titles[] = { "finding", "point", "from",  "slots", "rule",
                                          "value",   "limit", "state", "by",    "reason" };
    static const char *const keys[] = { "finding", "point", "from",  "slots", "rule",
                                        "value",   "limit", "state", "by",    "reason" };
    return table_new(c->arena, "lllnlrrlll", titles, keys);
}

/* Findings of a span (from 0: all) and a state (0: all). */
static enum err_code findings_print(struct cmd *c, struct desk *d, enum finding_state state,
                                    struct day from, struct day until)
{
    struct table *t = findings_table(c);
    struct vee_finding *f;
    size_t got = METER_PAGE_MAX;
    int64_t after = 0;
    while (got == METER_PAGE_MAX) {
        if (vee_findings(d->db, d->points, c->arena, state, after, METER_PAGE_MAX, &f, &got,
                         &d->e) != OK) {
            return d->e.code;
        }
        for (size_t i = 0; i < got; i++) {
            after = f[i].finding_id;
            if (from.yyyymmdd && (f[i].from.day.yyyymmdd < from.yyyymmdd ||
                                  f[i].from.day.yyyymmdd >= until.yyyymmdd)) {
                continue;
            }
            if (finding_row(c, d, t, &f[i]) != OK) {
                return d->e.code;
            }
        }
    }
    table_print(t, c, stdout);
    return OK;
}

static int check_command(struct cmd *c, int argc, char **argv)
{
    const char *period = NULL, *station = NULL, *point = NULL, *file = NULL;
    struct option options[] = { { "--period", &period, NULL },
                                { "--station", &station, NULL },
                                { "--point", &point, NULL },
                                { "--rules", &file, NULL },
                                { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct settle_period p;
    struct vee_rules rules;
    struct vee_calendar calendar;
    struct vee_counts n;
    if (cmd_period(period, &p, &d.e) != OK || rules_load(c, file, &rules, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    int64_t *ids;
    size_t n_ids;
    int32_t n_days = day_number(p.until) - day_number(p.from);
    if (desk_open(c, &d, STORE_READ_WRITE, NULL) != OK ||
        desk_points(c, &d, station, point, &ids, &n_ids) != OK ||
        calendar_load(c, d.db, p.from, p.until, &calendar, &d.e) != OK ||
        vee_check(d.db, d.points, &rules, &calendar, ids, n_ids, p.from, n_days, d.now, &n,
                  &d.e) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    if (!c->json) {
        printf("%lld points looked at: %lld findings, %lld of them new; %lld are no more\n",
               (long long)n.points, (long long)n.found, (long long)n.fresh, (long long)n.cleared);
    }
    return desk_close(c, &d, findings_print(c, &d, FINDING_OPEN, p.from, p.until));
}

static int findings_command(struct cmd *c, int argc, char **argv)
{
    const char *state_word = NULL, *period = NULL;
    struct option options[] = {
        { "--state", &state_word, NULL }, { "--period", &period, NULL }, { 0 }
    };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct settle_period p = { 0 };
    enum finding_state state = 0;
    for (int s = FINDING_OPEN; state_word && s <= FINDING_CLEARED; s++) {
        state = str_is(str_of(state_word), finding_state_word((enum finding_state)s))
                    ? (enum finding_state)s
                    : state;
    }
    if (state_word && !state) {
        return cmd_use(c, "--state: '%s' is none of open accepted estimated edited cleared",
                       state_word);
    }
    if (period && cmd_period(period, &p, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    if (desk_open(c, &d, STORE_READ_ONLY, NULL) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    return desk_close(c, &d, findings_print(c, &d, state, p.from, p.until));
}

static int accept_command(struct cmd *c, int argc, char **argv)
{
    const char *as = NULL, *reason = NULL;
    struct option options[] = { { "--as", &as, NULL }, { "--reason", &reason, NULL }, { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    int64_t id = 0;
    struct vee_finding f;
    if (n != 1 || !as || !reason) {
        return cmd_use(c, "write FINDING --as LOGIN --reason TEXT: why the value is right");
    }
    if (decimal_scaled(str_of(words[0]), 0, &id, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    if (desk_open(c, &d, STORE_READ_WRITE, as) != OK ||
        vee_finding_get(d.db, d.points, c->arena, id, &f, &d.e) != OK ||
        desk_audit(&d, f.point_id, "reading.accept", "finding", id) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    if (vee_accept(d.db, d.points, id, str_of(reason), d.user_id, d.now, &d.e) != OK) {
        return desk_close(
            c, &d, desk_not_done(&d, f.point_id, "reading.accept.failed", "finding", id));
    }
    printf(c->json ? "{\"finding\":\"%s\",\"state\":\"accepted\"}\n" : "finding %s: accepted\n",
           words[0]);
    return desk_close(c, &d, OK);
}

/* ---- estimates --------------------------------------------------------------------------------
 */

struct guess { /* the words of one `reading estimate` */
    const char *station, *point, *from, *slots, *method, *like, *total, *reason, *as, *rules,
        *finding;
    bool dry, replace;
};

static int guess_words(struct cmd *c, int argc, char **argv, struct guess *g)
{
    struct option options[] = { { "--station", &g->station, NULL },
                                { "--point", &g->point, NULL },
                                { "--from", &g->from, NULL },
                                { "--slots", &g->slots, NULL },
                                { "--method", &g->method, NULL },
                                { "--like", &g->like, NULL },
                                { "--total", &g->total, NULL },
                                { "--reason", &g->reason, NULL },
                                { "--as", &g->as, NULL },
                                { "--rules", &g->rules, NULL },
                                { "--finding", &g->finding, NULL },
                                { "--dry-run", NULL, &g->dry },
                                { "--replace", NULL, &g->replace },
                                { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    if (!g->finding && (!g->station || !g->point || !g->from)) {
        return cmd_use(c, "write --station, --point and --from 2026-10-05T10:15, or --finding N");
    }
    if (g->finding && (g->point || g->from || g->slots)) {
        return cmd_use(c, "--finding says point and intervals: leave --point, --from and --slots "
                          "out");
    }
    if (!g->reason && !g->dry) {
        return cmd_use(c, "--reason is missing: an estimate says why (--dry-run needs none)");
    }
    return 0;
}

/* What the words say by themselves; other than 0: answered already. */
static int guess_parse(struct cmd *c, const struct guess *g, struct estimate_job *j, struct err *e)
{
    int64_t n = 1;
    int code = g->from ? desk_slot(c, g->from, &j->from) : 0;
    if (code) {
        return code;
    }
    if (g->slots && (decimal_scaled(str_of(g->slots), 0, &n, e) != OK || n < 1 ||
                     n > ESTIMATE_SLOTS_MAX)) {
        return cmd_use(c, "--slots: 1 to %d", ESTIMATE_SLOTS_MAX);
    }
    j->n_slots = (int32_t)n;
    j->method = ESTIMATE_AUTO;
    if (g->method && !estimate_method_parse(str_of(g->method), &j->method)) {
        return cmd_use(c, "--method: '%s' is none of auto same-day similar linear register profile "
                          "equal",
                       g->method);
    }
    j->total = ESTIMATE_NO_TOTAL;
    if (g->total && decimal_scaled(str_of(g->total), 4, &j->total, e) != OK) {
        return cmd_use(c, "--total: %s", e->text);
    }
    j->replace = g->replace || g->finding;
    j->reason = str_of(g->reason);
    return 0;
}

/* A point written POINT (of the same station) or STATION/POINT. */
static enum err_code like_find(struct cmd *c, struct desk *d, const char *station,
                               const char *word, int64_t *id)
{
    struct point p;
    const char *slash = strchr(word, '/');
    struct str st = slash ? (struct str){ word, (size_t)(slash - word) } : str_of(station);
    if (meter_get_point_by_code(d->db, d->scope, c->arena, st, str_of(slash ? slash + 1 : word),
                                &p, &d->e) != OK) {
        return fail_in(&d->e, "--like: ");
    }
    *id = p.point_id;
    return OK;
}

static enum err_code guess_find(struct cmd *c, struct desk *d, struct guess *g,
                                struct estimate_job *j)
{
    int64_t *ids, id = 0;
    size_t n;
    struct vee_finding f;
    struct str name;
    if (g->finding) {
        if (decimal_scaled(str_of(g->finding), 0, &id, &d->e) != OK ||
            vee_finding_get(d->db, d->points, c->arena, id, &f, &d->e) != OK ||
            desk_point_name(c, d, f.point_id, &name) != OK) {
            return d->e.code;
        }
        if (f.state != FINDING_OPEN) {
            return fail(&d->e, ERR_RULE, "finding %s is %s already", g->finding,
                        finding_state_word(f.state));
        }
        j->point_id = f.point_id;
        j->from = f.from;
        j->n_slots = f.n_slots;
        g->station = arena_printf(c->arena, "%.*s",
                                  (int)(strchr(name.at, '/') - name.at), name.at);
    } else if (desk_points(c, d, g->station, g->point, &ids, &n) != OK) {
        return d->e.code;
    } else {
        j->point_id = ids[0];
    }
    return g->like ? like_find(c, d, g->station, g->like, &j->like_id) : OK;
}

static void guess_print(struct cmd *c, const struct estimate *x, bool dry)
{
    static const char *const titles[] = { "interval", "kWh now", "estimate" };
    static const char *const keys[] = { "from", "now", "kwh" };
    if (dry) {
        struct table *t = table_new(c->arena, "lrr", titles, keys);
        for (size_t i = 0; i < x->n; i++) {
            table_cell(t, desk_slot_text(c->arena, x->values[i].slot));
            table_cell(t, x->values[i].old_mark == MARK_MISSING
                              ? STR("-")
                              : energy_text(c->arena, x->values[i].old_value));
            table_cell(t, energy_text(c->arena, x->values[i].value));
        }
        table_print(t, c, stdout);
    }
    if (c->json) {
        if (!dry) {
            printf("{\"filled\":%zu,\"method\":\"%s\",\"proposal\":\"%lld\",\"waits\":%s}\n", x->n,
                   estimate_method_word(x->method), (long long)x->proposal_id,
                   x->second_person ? "true" : "false");
        }
        return;
    }
    printf("%zu intervals %s", x->n,
           dry ? "would be estimated" : x->second_person ? "proposed" : "estimated");
    if (x->n) {
        struct str total = energy_text(c->arena, x->total);
        printf(": %s, " STR_FMT " kWh in all (" STR_FMT ")", estimate_method_word(x->method),
               STR_ARG(total), STR_ARG(x->sources));
    }
    printf("\n");
    if (x->tried.n) {
        printf("before that: " STR_FMT "\n", STR_ARG(x->tried));
    }
    if (x->second_person) {
        if (dry) {
            printf("a second person would have to agree\n");
        } else {
            printf("a second person decides: sunkeeper reading decide --proposal %lld\n",
                   (long long)x->proposal_id);
        }
    }
}

static int estimate_command(struct cmd *c, int argc, char **argv)
{
    struct guess g = { 0 };
    struct desk d = { 0 };
    struct estimate_job j = { 0 };
    struct estimate x;
    struct vee_rules rules;
    int code = guess_words(c, argc, argv, &g);
    code = code ? code : guess_parse(c, &g, &j, &d.e);
    if (code) {
        return code;
    }
    if (rules_load(c, g.rules, &rules, &d.e) != OK) {
        return cmd_use(c, "%s", d.e.text);
    }
    if (desk_open(c, &d, g.dry ? STORE_READ_ONLY : STORE_READ_WRITE, g.as) != OK ||
        guess_find(c, &d, &g, &j) != OK ||
        calendar_load(c, d.db, j.from.day, day_add(j.from.day, 31), &j.calendar, &d.e) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    j.rules = &rules;
    j.user_id = d.user_id;
    j.now = d.now;
    if ((g.dry ? estimate_plan : estimate_make)(d.db, d.points, c->arena, &j, &x, &d.e) != OK ||
        (!g.dry && x.n &&
         desk_audit(&d, j.point_id, "reading.estimate", "proposal", x.proposal_id) != OK)) {
        return desk_close(c, &d, d.e.code);
    }
    guess_print(c, &x, g.dry);
    return desk_close(c, &d, OK);
}

static int proposals_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "proposal", "point", "from",   "slots", "kWh", "kind",
                                          "how",      "state", "by", "reason" };
    static const char *const keys[] = { "proposal", "point", "from",   "slots", "kwh", "kind",
                                        "how",      "state", "by", "reason" };
    bool all = false;
    struct option options[] = { { "--all", NULL, &all }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct desk d = { 0 };
    struct reading_proposal *o;
    size_t got = METER_PAGE_MAX;
    int64_t after = 0;
    struct table *t = table_new(c->arena, "lllnrlllll", titles, keys);
    if (desk_open(c, &d, STORE_READ_ONLY, NULL) != OK) {
        return desk_close(c, &d, d.e.code);
    }
    while (got == METER_PAGE_MAX) {
        if (reading_list_proposals(d.db, d.points, c->arena, !all, after, METER_PAGE_MAX, &o, &got,
                                   &d.e) != OK) {
            return desk_close(c, &d, d.e.code);
        }
        for (size_t i = 0; i < got; i++) {
            struct str name;
            if (desk_point_name(c, &d, o[i].point_id, &name) != OK) {
                return desk_close(c, &d, d.e.code);
            }
            table_cellf(t, "%lld", (long long)o[i].proposal_id);
            table_cell(t, name);
            table_cell(t, desk_slot_text(c->arena, o[i].from));
            table_cellf(t, "%d", o[i].n_slots);
            table_cell(t, energy_text(c->arena, o[i].total));
            table_cell(t, str_of(o[i].kind == CHANGE_EDIT ? "edit" : "estimate"));
            table_cell(t, o[i].kind == CHANGE_EDIT ? STR("by hand")
                                                   : str_of(estimate_method_word(o[i].method)));
            table_cell(t, str_of(o[i].n_open      ? "waits"
                                 : o[i].n_applied ? "applied"
                                                  : "refused"));
            table_cellf(t, "%lld", (long long)o[i].user_id);
            table_cell(t, o[i].reason);
            after = o[i].proposal_id;
        }
    }
    table_print(t, c, stdout);
    return desk_close(c, &d, OK);
}

const struct command vee_commands[] = {
    { "reading check", "--period 2026-10 [--station CODE] [--point CODE] [--rules FILE.json]",
      "what looks wrong, as a work list (docs/estimation.md)",
      "  sunkeeper reading check --period 2026-10 --station PV01\n", check_command },
    { "reading findings", "[--period 2026-10] [--state open]",
      "the work list: what was found, what became of it, who decided", NULL, findings_command },
    { "reading accept", "FINDING --as LOGIN --reason TEXT", "the value is right after all", NULL,
      accept_command },
    { "reading estimate",
      "--station CODE --point CODE --from 2026-10-05T10:15 --slots N | --finding N "
      "[--method auto|same-day|similar|linear|register|profile|equal] [--like POINT] "
      "[--total KWH] [--replace] [--dry-run] --reason TEXT [--as LOGIN]",
      "fills missing intervals, marked as estimated; large ones and replacements are proposed",
      "  sunkeeper reading estimate --station PV01 --point gen --from 2026-10-05T10:15 --slots 12 "
      "--dry-run\n"
      "  sunkeeper reading estimate --station PV01 --point gen --from 2026-10-05T10:15 --slots 12 "
      "--method similar --like PV02/gen --reason 'gateway was off'\n",
      estimate_command },
    { "reading proposals", "[--all]", "edits and estimates that wait for a second person", NULL,
      proposals_command },
    { 0 },
};
