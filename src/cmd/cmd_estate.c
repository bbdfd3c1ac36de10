/* cmd_estate.c - what hangs on the wall, by hand: stations, points, meters, swaps, ratios. */
#include "cmd/cmd.h"
#include "cmd/steps.h"
#include "meter/meter.h"
#include "people/people.h"
#include "reading/reading.h"

struct yard { /* the options of these commands, and the store */
    struct db *db;
    struct scope scope;
    int64_t user_id;
    struct instant now;
    struct err e;
    const char *as, *org, *kind, *name, *capacity, *station, *point, *role, *unit, *rated;
    const char *reg, *ct, *pt, *first, *last, *at, *digits, *note;
    char **words;
    int n;
};

static int yard_open(struct cmd *c, int argc, char **argv, struct yard *y, enum store_mode mode,
                     int words, const char *use)
{
    struct option options[] = { { "--as", &y->as, NULL },
                                { "--org", &y->org, NULL },
                                { "--kind", &y->kind, NULL },
                                { "--name", &y->name, NULL },
                                { "--capacity", &y->capacity, NULL },
                                { "--station", &y->station, NULL },
                                { "--point", &y->point, NULL },
                                { "--role", &y->role, NULL },
                                { "--unit", &y->unit, NULL },
                                { "--rated", &y->rated, NULL },
                                { "--register", &y->reg, NULL },
                                { "--ct", &y->ct, NULL },
                                { "--pt", &y->pt, NULL },
                                { "--first", &y->first, NULL },
                                { "--last", &y->last, NULL },
                                { "--at", &y->at, NULL },
                                { "--digits", &y->digits, NULL },
                                { "--note", &y->note, NULL },
                                { 0 } };
    y->words = arena_many(c->arena, (size_t)argc + 1, char *);
    int code = cmd_options(c, argc, argv, options, y->words, &y->n);
    if (code) {
        return code;
    }
    if (y->n != words) {
        return cmd_use(c, "write %s", use);
    }
    y->now = c->clock.now(c->clock.ctx);
    if (cmd_open(c, mode, &y->db, &y->e) != OK ||
        cmd_scope(c, y->db, y->as, &y->scope, &y->user_id, &y->e) != OK) {
        store_close(y->db);
        return cmd_error(c, &y->e);
    }
    return 0;
}

static int yard_close(struct cmd *c, struct yard *y, enum err_code code)
{
    store_rollback(y->db, STORE_CORE);
    store_close(y->db);
    return code == OK ? EXIT_DONE : cmd_error(c, &y->e);
}

static enum err_code yard_commit(struct yard *y, const char *action, const char *object, int64_t id,
                                 int64_t org_id)
{
    if (cmd_audit(y->db, y->user_id, org_id, action, object, id, y->now, &y->e) != OK) {
        return y->e.code;
    }
    return store_commit(y->db, STORE_CORE, &y->e);
}

enum err_code cmd_station_find(struct cmd *c, struct db *db, struct scope s, struct str code,
                               struct station *out, struct err *e)
{
    struct station *rows;
    size_t n;
    int64_t after = 0;
    do {
        if (meter_list_stations(db, s, c->arena, after, METER_PAGE_MAX, &rows, &n, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < n; i++) {
            after = rows[i].station_id;
            if (str_eq(rows[i].code, code)) {
                *out = rows[i];
                return OK;
            }
        }
    } while (n == METER_PAGE_MAX);
    return fail(e, ERR_NOT_FOUND, "no station " STR_FMT "; sunkeeper station list shows them",
                STR_ARG(code));
}

static enum err_code scaled_or(const char *word, const char *what, int scale, int64_t otherwise,
                               int64_t *out, struct err *e)
{
    *out = otherwise;
    return !word || decimal_scaled(str_of(word), scale, out, e) == OK ? OK
                                                                      : fail_in(e, "%s: ", what);
}

static int station_add_command(struct cmd *c, int argc, char **argv)
{
    struct yard y = { 0 };
    int code = yard_open(c, argc, argv, &y, STORE_READ_WRITE, 1,
                         "CODE --org ORG --kind pv|storage|wind|park|building|consumer");
    if (code) {
        return code;
    }
    struct station s = { .code = str_of(y.words[0]), .name = str_of(y.name ? y.name : y.words[0]) };
    struct org o;
    if (!y.org || !y.kind || !station_kind_parse(str_of(y.kind), &s.kind)) {
        fail(&y.e, ERR_INPUT,
             "--org and --kind are needed; kinds are pv, storage, wind, park, "
             "compressor, shore, charging, building, consumer");
        return yard_close(c, &y, y.e.code);
    }
    if (cmd_org_named(c, y.db, y.scope, y.org, &o, &y.e) != OK ||
        scaled_or(y.capacity, "--capacity", 4, 0, &s.capacity_kw_e4, &y.e) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    s.org_id = o.org_id;
    if (store_begin(y.db, STORE_CORE, STORE_WRITE, &y.e) != OK ||
        meter_add_stations(y.db, y.scope, &s, 1, y.now, &y.e) != OK ||
        yard_commit(&y, "station.add", "station", s.station_id, s.org_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    printf(c->json ? "{\"station_id\":\"%lld\"}\n" : "station %lld\n", (long long)s.station_id);
    return yard_close(c, &y, OK);
}

static int station_list_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "station", "kind", "name", "kW", "id" };
    static const char *const keys[] = { "code", "kind", "name", "capacity_kw", "station_id" };
    struct yard y = { 0 };
    int code = yard_open(c, argc, argv, &y, STORE_READ_ONLY, 0, "no further word");
    if (code) {
        return code;
    }
    struct table *t = table_new(c->arena, "lllrl", titles, keys);
    struct station *rows;
    size_t n;
    int64_t after = 0;
    do {
        if (meter_list_stations(y.db, y.scope, c->arena, after, METER_PAGE_MAX, &rows, &n, &y.e) !=
            OK) {
            return yard_close(c, &y, y.e.code);
        }
        for (size_t i = 0; i < n; i++) {
            table_cell(t, rows[i].code);
            table_cell(t, str_of(station_kind_word(rows[i].kind)));
            table_cell(t, rows[i].name);
            table_cell(t, energy_text(c->arena, rows[i].capacity_kw_e4));
            table_cellf(t, "%lld", (long long)rows[i].station_id);
            after = rows[i].station_id;
        }
    } while (n == METER_PAGE_MAX);
    table_print(t, c, stdout);
    return yard_close(c, &y, OK);
}

static enum err_code point_place(struct yard *y, struct cmd *c, int64_t point_id)
{
    struct meter_estate estate;
    if (meter_load_estate(y->db, y->scope, c->arena, &estate, &y->e) != OK ||
        store_begin(y->db, STORE_SERIES, STORE_WRITE, &y->e) != OK) {
        return y->e.code;
    }
    if (reading_place(y->db, &estate, &point_id, 1, y->now, &y->e) != OK) {
        store_rollback(y->db, STORE_SERIES);
        return y->e.code;
    }
    return store_commit(y->db, STORE_SERIES, &y->e);
}

static int point_add_command(struct cmd *c, int argc, char **argv)
{
    struct yard y = { 0 };
    int code = yard_open(c, argc, argv, &y, STORE_READ_WRITE, 1,
                         "CODE --station STATION --role generation|export|import|charge|...");
    if (code) {
        return code;
    }
    struct station s;
    struct point p = { .code = str_of(y.words[0]),
                       .quantity = STR("ep"),
                       .unit = str_of(y.unit ? y.unit : "kWh") };
    if (!y.station || !y.role || !point_role_parse(str_of(y.role), &p.role)) {
        fail(&y.e, ERR_INPUT,
             "--station and --role are needed; roles are generation, self_use, "
             "export, import, charge, discharge, lessee, public, flow, load, "
             "reactive, other");
        return yard_close(c, &y, y.e.code);
    }
    if (cmd_station_find(c, y.db, y.scope, str_of(y.station), &s, &y.e) != OK ||
        scaled_or(y.rated, "--rated", 4, 0, &p.rated_kw_e4, &y.e) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    p.station_id = s.station_id;
    p.direction = p.role == POINT_IMPORT || p.role == POINT_CHARGE || p.role == POINT_LOAD ? 1 : -1;
    if (store_begin(y.db, STORE_CORE, STORE_WRITE, &y.e) != OK ||
        meter_add_points(y.db, y.scope, &p, 1, y.now, &y.e) != OK ||
        yard_commit(&y, "point.add", "point", p.point_id, s.org_id) != OK ||
        point_place(&y, c, p.point_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    printf(c->json ? "{\"point_id\":\"%lld\"}\n" : "point %lld\n", (long long)p.point_id);
    return yard_close(c, &y, OK);
}

static int point_list_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "point", "role", "unit", "rated kW", "id" };
    static const char *const keys[] = { "code", "role", "unit", "rated_kw", "point_id" };
    struct yard y = { 0 };
    int code = yard_open(c, argc, argv, &y, STORE_READ_ONLY, 0, "--station STATION");
    if (code) {
        return code;
    }
    struct station s;
    if (!y.station) {
        fail(&y.e, ERR_INPUT, "--station is needed");
        return yard_close(c, &y, y.e.code);
    }
    struct table *t = table_new(c->arena, "lllrl", titles, keys);
    struct point *rows;
    size_t n;
    int64_t after = 0;
    if (cmd_station_find(c, y.db, y.scope, str_of(y.station), &s, &y.e) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    do {
        if (meter_list_points(y.db, y.scope, c->arena, s.station_id, after, METER_PAGE_MAX, &rows,
                              &n, &y.e) != OK) {
            return yard_close(c, &y, y.e.code);
        }
        for (size_t i = 0; i < n; i++) {
            table_cell(t, rows[i].code);
            table_cell(t, str_of(point_role_word(rows[i].role)));
            table_cell(t, rows[i].unit);
            table_cell(t, energy_text(c->arena, rows[i].rated_kw_e4));
            table_cellf(t, "%lld", (long long)rows[i].point_id);
            after = rows[i].point_id;
        }
    } while (n == METER_PAGE_MAX);
    table_print(t, c, stdout);
    return yard_close(c, &y, OK);
}

/* "100/5" to its two numbers; nothing means 1/1. */
static enum err_code pair_parse(const char *word, const char *what, int32_t *num, int32_t *den,
                                struct err *e)
{
    *num = *den = 1;
    if (!word) {
        return OK;
    }
    struct str rest = str_of(word), a, b = STR("1");
    int64_t x, y;
    bool two = str_split(&rest, '/', &a) && rest.n > 0 && str_split(&rest, '/', &b);
    (void)two;
    if (decimal_scaled(a, 0, &x, e) != OK || decimal_scaled(b, 0, &y, e) != OK || x < 1 || y < 1 ||
        x > 1000000 || y > 1000000) {
        return fail(e, ERR_INPUT, "%s: write it as 100/5", what);
    }
    *num = (int32_t)x;
    *den = (int32_t)y;
    return OK;
}

static enum err_code binding_read(struct cmd *c, struct yard *y, struct point *p, struct binding *b)
{
    int64_t first;
    if (!y->station || !y->point || !y->at) {
        return fail(&y->e, ERR_INPUT, "--station, --point and --at 2026-10-05T10:15 are needed");
    }
    if (meter_get_point_by_code(y->db, y->scope, c->arena, str_of(y->station), str_of(y->point), p,
                                &y->e) != OK) {
        return y->e.code;
    }
    *b = (struct binding){ .point_id = p->point_id,
                           .register_code = str_of(y->reg ? y->reg : "ep"),
                           .last_value_e4 = METER_OPEN_VALUE,
                           .note = str_of(y->note) };
    if (instant_parse_local(str_of(y->at), 480, &b->valid_from, &y->e) != OK ||
        scaled_or(y->first, "--first", 4, 0, &first, &y->e) != OK ||
        pair_parse(y->ct, "--ct", &b->ct_num, &b->ct_den, &y->e) != OK ||
        pair_parse(y->pt, "--pt", &b->pt_num, &b->pt_den, &y->e) != OK) {
        return y->e.code;
    }
    b->first_value_e4 = first;
    return OK;
}

static enum err_code meter_new(struct yard *y, const struct point *p, const char *serial,
                               int64_t *meter_id)
{
    int64_t digits;
    if (scaled_or(y->digits, "--digits", 0, 6, &digits, &y->e) != OK) {
        return y->e.code;
    }
    if (digits < 3 || digits > 10) {
        return fail(&y->e, ERR_INPUT, "--digits: 3 to 10 before the point");
    }
    struct meter m = { .station_id = p->station_id,
                       .serial = str_of(serial),
                       .modulus_e4 = DECIMAL_POW10[digits + 4],
                       .resolution_e4 = 100 };
    if (meter_add_meters(y->db, y->scope, &m, 1, y->now, &y->e) != OK) {
        return y->e.code;
    }
    *meter_id = m.meter_id;
    return OK;
}

static int meter_bind_command(struct cmd *c, int argc, char **argv)
{
    struct yard y = { 0 };
    struct point p;
    struct binding b;
    int code = yard_open(c, argc, argv, &y, STORE_READ_WRITE, 1,
                         "SERIAL --station S --point P --at TIME [--first N] [--ct 100/5]");
    if (code) {
        return code;
    }
    if (binding_read(c, &y, &p, &b) != OK ||
        store_begin(y.db, STORE_CORE, STORE_WRITE, &y.e) != OK ||
        meter_new(&y, &p, y.words[0], &b.meter_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    b.reason = BINDING_FIRST;
    if (meter_bind(y.db, y.scope, &b, 1, y.now, &y.e) != OK ||
        yard_commit(&y, "meter.bind", "point", p.point_id, p.org_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    printf(c->json ? "{\"meter_id\":\"%lld\"}\n" : "meter %lld bound\n", (long long)b.meter_id);
    return yard_close(c, &y, OK);
}

static int meter_swap_command(struct cmd *c, int argc, char **argv)
{
    struct yard y = { 0 };
    struct point p;
    struct binding b;
    int64_t last;
    int code = yard_open(c, argc, argv, &y, STORE_READ_WRITE, 1,
                         "SERIAL --station S --point P --at TIME --last N --first N");
    if (code) {
        return code;
    }
    if (!y.last || !y.first || !y.note) {
        fail(&y.e, ERR_INPUT,
             "--last (removal reading), --first (installation reading) and --note "
             "are needed");
        return yard_close(c, &y, y.e.code);
    }
    if (binding_read(c, &y, &p, &b) != OK || scaled_or(y.last, "--last", 4, 0, &last, &y.e) != OK ||
        store_begin(y.db, STORE_CORE, STORE_WRITE, &y.e) != OK ||
        meter_new(&y, &p, y.words[0], &b.meter_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    b.reason = BINDING_SWAP;
    if (meter_swap(y.db, y.scope, &b, last, y.now, &y.e) != OK ||
        yard_commit(&y, "meter.swap", "point", p.point_id, p.org_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    printf(c->json ? "{\"meter_id\":\"%lld\"}\n" : "swapped; the new meter is %lld\n",
           (long long)b.meter_id);
    return yard_close(c, &y, OK);
}

static int meter_ratio_command(struct cmd *c, int argc, char **argv)
{
    struct yard y = { 0 };
    struct point p;
    struct binding b;
    int code = yard_open(c, argc, argv, &y, STORE_READ_WRITE, 0,
                         "--station S --point P --at TIME --first REGISTER --ct 200/5 --note TEXT");
    if (code) {
        return code;
    }
    if (!y.first || !y.note || (!y.ct && !y.pt)) {
        fail(&y.e, ERR_INPUT, "--first (the register then), --ct or --pt, and --note are needed");
        return yard_close(c, &y, y.e.code);
    }
    if (binding_read(c, &y, &p, &b) != OK ||
        store_begin(y.db, STORE_CORE, STORE_WRITE, &y.e) != OK ||
        meter_change_ratio(y.db, y.scope, p.point_id, b.valid_from, b.first_value_e4, b.ct_num,
                           b.ct_den, b.pt_num, b.pt_den, b.note, y.now, &y.e) != OK ||
        yard_commit(&y, "meter.ratio", "point", p.point_id, p.org_id) != OK) {
        return yard_close(c, &y, y.e.code);
    }
    printf(c->json ? "{\"point_id\":\"%lld\"}\n" : "ratio changed at point %lld\n",
           (long long)p.point_id);
    return yard_close(c, &y, OK);
}

const struct command estate_commands[] = {
    { "station add", "CODE --org ORG --kind KIND [--name NAME] [--capacity KW]", "adds a station",
      "  sunkeeper station add PV01 --org 晨光新能源 --kind pv --capacity 300\n",
      station_add_command },
    { "station list", "[--as LOGIN]", "stations the caller may see", NULL, station_list_command },
    { "point add", "CODE --station STATION --role ROLE [--rated KW] [--unit kWh]",
      "adds a metering point: one quantity in one direction",
      "  sunkeeper point add gen --station PV01 --role generation --rated 300\n",
      point_add_command },
    { "point list", "--station STATION", "points of a station", NULL, point_list_command },
    { "meter bind",
      "SERIAL --station S --point P --at 2026-10-01T00:00 [--register CODE] [--first N] "
      "[--ct 100/5] [--pt 1/1] [--digits 6]",
      "binds a meter's register to a point", NULL, meter_bind_command },
    { "meter swap",
      "SERIAL --station S --point P --at TIME --last N --first N --note TEXT [--ct 100/5]",
      "another meter from then on: removal and installation reading", NULL, meter_swap_command },
    { "meter ratio", "--station S --point P --at TIME --first REGISTER --ct 200/5 --note TEXT",
      "other transformers at the same meter from then on", NULL, meter_ratio_command },
    { 0 },
};
