/* office.c - the empty store of the tests of settle, and what they ask of it (office.h). */
#include "settle/office.h"
#include "base/json.h"
#include "base/test.h"
#include "meter/meter.h"
#include "tariff/tariff.h"

#define TEXT_MAX (16u << 20)
#define FILE_MAX (256 << 10)

static void begin(struct office *o, enum store_part part)
{
    assert_ok(store_begin(o->db, part, STORE_WRITE, &o->e), &o->e);
}

static void commit(struct office *o, enum store_part part)
{
    assert_ok(store_commit(o->db, part, &o->e), &o->e);
}

struct str office_file(struct office *o, const char *path)
{
    FILE *f = fopen(path, "rb");
    char *at = arena_alloc(o->a, FILE_MAX);
    if (!f) {
        fail_msg("%s is not there", path);
    }
    size_t n = fread(at, 1, FILE_MAX - 1, f);
    fclose(f);
    return (struct str){at, n};
}

static void fill_people(struct office *o)
{
    struct org orgs[] = {{.kind = ORG_OPERATOR, .name = STR("运营公司")},
                         {.kind = ORG_INVESTOR, .name = STR("投资公司")},
                         {.kind = ORG_CONSUMER, .name = STR("用电公司")},
                         {.kind = ORG_GRID, .name = STR("电网公司")}};
    for (int64_t i = 0; i < 4; i++) {
        orgs[i].org_id = 11 + i;
    }
    begin(o, STORE_CORE);
    assert_ok(org_add(o->db, scope_machine(), orgs, 4, o->now, &o->e), &o->e);
    commit(o, STORE_CORE);
}

static void fill_tariff(struct office *o)
{
    static const char *const files[] = {"data/calendars/zhejiang.json", "data/prices/zhejiang.json",
                                        "data/holidays/cn-2026.json"};
    begin(o, STORE_CORE);
    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        struct json doc;
        struct tariff_published out;
        bool fresh;
        assert_ok(json_load(o->a, files[i], &doc, &o->e), &o->e);
        assert_ok(tariff_publish(o->db, o->a, doc, o->now, &out, &fresh, &o->e), &o->e);
    }
    commit(o, STORE_CORE);
}

static void fill_points(struct office *o)
{
    struct station station = {.station_id = OFFICE_STATION,
                              .org_id = 11,
                              .kind = STATION_PV,
                              .code = STR("S1"),
                              .name = STR("station")};
    struct point points[OFFICE_POINTS];
    int64_t ids[OFFICE_POINTS];
    struct meter_estate estate;
    for (int i = 0; i < OFFICE_POINTS; i++) {
        ids[i] = OFFICE_POINT(i);
        points[i] = (struct point){.point_id = ids[i],
                                   .station_id = OFFICE_STATION,
                                   .code = str_of(arena_printf(o->a, "p%d", i)),
                                   .role = POINT_GENERATION,
                                   .quantity = STR("ep_imp"),
                                   .unit = STR("kWh"),
                                   .direction = 1};
    }
    begin(o, STORE_CORE);
    assert_ok(meter_add_stations(o->db, scope_machine(), &station, 1, o->now, &o->e), &o->e);
    assert_ok(meter_add_points(o->db, scope_machine(), points, OFFICE_POINTS, o->now, &o->e),
              &o->e);
    commit(o, STORE_CORE);
    assert_ok(meter_load_estate(o->db, scope_machine(), o->a, &estate, &o->e), &o->e);
    begin(o, STORE_SERIES);
    assert_ok(reading_place(o->db, &estate, ids, OFFICE_POINTS, o->now, &o->e), &o->e);
    commit(o, STORE_SERIES);
}

void office_open(struct office *o, const char *where)
{
    const struct store_migrations rooms[] = {
        people_migrations,   meter_migrations,  reading_migrations,  tariff_migrations,
        contract_migrations, settle_migrations, statement_migrations};
    *o = (struct office){.now = OFFICE_NOW, .a = arena_new()};
    assert_ok(store_open(where, STORE_CREATE, &o->db, &o->e), &o->e);
    assert_ok(store_migrate(o->db, rooms, sizeof(rooms) / sizeof(*rooms), o->now, &o->e), &o->e);
    fill_people(o);
    fill_tariff(o);
    fill_points(o);
}

void office_close(struct office *o)
{
    store_close(o->db);
    arena_free(o->a);
}

static void publish(struct office *o, const char *name, struct str text, const char *const *uses,
                    size_t n_uses)
{
    struct strategy_ref refs[8];
    struct strategy_text out;
    bool fresh;
    for (size_t i = 0; i < n_uses; i++) {
        refs[i] = (struct strategy_ref){str_of(uses[i]), 1};
    }
    begin(o, STORE_CORE);
    assert_ok(contract_strategy_publish(o->db, o->a, str_of(name), str_of(name), text, refs, n_uses,
                                        o->now, &out, &fresh, &o->e),
              &o->e);
    commit(o, STORE_CORE);
}

void office_strategy(struct office *o, const char *folder, const char *name,
                     const char *const *uses, size_t n_uses)
{
    publish(o, name, office_file(o, arena_printf(o->a, "%s/%s.tally", folder, name)), uses, n_uses);
}

void office_text(struct office *o, const char *name, const char *text)
{
    publish(o, name, str_of(text), NULL, 0);
}

void office_readings(struct office *o, struct day from, int days, office_value *value)
{
    struct reading_points *points;
    int64_t ids[OFFICE_POINTS], values[OFFICE_POINTS * SLOTS];
    assert_ok(reading_points_load(o->db, scope_machine(), o->a, &points, &o->e), &o->e);
    begin(o, STORE_SERIES);
    for (int d = 0; d < days; d++) {
        size_t n = 0;
        for (int i = 0; i < OFFICE_POINTS; i++) {
            if (value(i, d, 0) < 0) {
                continue;
            }
            for (int k = 0; k < SLOTS; k++) {
                values[n * SLOTS + (size_t)k] = value(i, d, k);
            }
            ids[n++] = OFFICE_POINT(i);
        }
        if (n > 0) {
            assert_ok(reading_load_day(o->db, points, STR("office"), day_add(from, d), ids, n,
                                       values, RANK_LIVE, o->now, &o->e),
                      &o->e);
        }
    }
    commit(o, STORE_SERIES);
}

enum err_code office_contract(struct office *o, const char *strategy, struct day from,
                              const char *terms)
{
    static const int64_t station = OFFICE_STATION;
    const int k = ++o->n_orders;
    struct contract c = {.no = str_of(arena_printf(o->a, "C%d", k)),
                         .title = STR("合同"),
                         .from = from,
                         .strategy = {str_of(strategy), 1},
                         .stations = &station,
                         .n_stations = 1,
                         .terms = str_of(terms)};
    struct order order = {
        .no = str_of(arena_printf(o->a, "O%d", k)), .station_id = station, .from = from};
    begin(o, STORE_CORE);
    enum err_code rc = contract_create(o->db, scope_machine(), &c, o->now, &o->e);
    order.contract_id = c.contract_id;
    if (rc == OK) {
        rc = order_create(o->db, scope_machine(), &order, o->now, &o->e);
    }
    if (rc != OK) {
        store_rollback(o->db, STORE_CORE);
        return rc;
    }
    commit(o, STORE_CORE);
    o->contract_id = c.contract_id;
    o->order_id = order.order_id;
    return OK;
}

enum err_code office_facts(struct office *o, struct day period, const char *facts)
{
    begin(o, STORE_CORE);
    enum err_code rc = order_facts_put(o->db, scope_machine(), o->order_id, period, str_of(facts),
                                       o->now, NULL, NULL, &o->e);
    if (rc != OK) {
        store_rollback(o->db, STORE_CORE);
        return rc;
    }
    commit(o, STORE_CORE);
    return OK;
}

enum err_code office_try(struct office *o, struct settle_period p, const struct settle_result **out)
{
    const struct settle_try t = {.order_id = o->order_id, .period = p, .now = o->now};
    return settle_try(o->db, o->a, scope_machine(), &t, out, &o->e);
}

const char *office_lines(struct office *o, const struct settle_result *r)
{
    struct text t;
    text_init(&t, o->a, TEXT_MAX);
    text_add_c(&t, "");
    if (r->outcome == SETTLE_REFUSED) {
        text_addf(&t, "%s: " STR_FMT, r->failure_name, STR_ARG(r->failure));
    }
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct settle_line *l = &r->lines[i];
        text_addf(&t, STR_FMT " " STR_FMT " " STR_FMT " ", STR_ARG(l->code), STR_ARG(l->payer),
                  STR_ARG(l->payee));
        text_scaled(&t, l->has_quantity ? l->quantity_e4 : 0, 4);
        text_byte(&t, ' ');
        text_scaled(&t, l->has_price ? l->price_e6 : 0, 6);
        text_addf(&t, " %lld\n", (long long)l->fen);
    }
    for (size_t i = 0; i < r->n_flags; i++) {
        text_addf(&t, "flag " STR_FMT "%s\n", STR_ARG(r->flags[i].code),
                  r->flags[i].hold ? " hold" : "");
    }
    return t.at;
}

struct settle_progress office_run(struct office *o, struct settle_period p)
{
    struct settle_progress out;
    const struct statement_batch b = {.period = p, .now = o->now, .workers = 1};
    assert_ok(statement_run(o->db, &b, &out, &o->e), &o->e);
    return out;
}

const struct statement *office_statement(struct office *o, struct settle_period p)
{
    const struct statement_row *rows;
    const struct statement *s = NULL;
    struct statement_query q = {.period = p};
    size_t n;
    assert_ok(statement_list(o->db, o->a, scope_machine(), &q, &rows, &n, &o->e), &o->e);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].state != STATEMENT_VOID) {
            assert_ok(statement_get(o->db, o->a, scope_machine(), rows[i].statement_id, &s, &o->e),
                      &o->e);
        }
    }
    assert_non_null(s);
    return s;
}

void office_prove(struct office *o, const struct statement *s)
{
    struct text diff, why, annex;
    bool same = false;
    text_init(&diff, o->a, TEXT_MAX);
    text_add_c(&diff, "");
    text_init(&why, o->a, TEXT_MAX);
    text_init(&annex, o->a, TEXT_MAX);
    assert_ok(statement_recompute(o->db, scope_machine(), s->statement_id, &same, &diff, &o->e),
              &o->e);
    if (!same) {
        fail_msg("computed again: %s", diff.at);
    }
    assert_ok(settle_explain(o->db, o->a, scope_machine(), s->statement_id, STR(""),
                             (struct day){0}, &why, &o->e),
              &o->e);
    assert_ok(settle_annex(o->db, o->a, scope_machine(), s->statement_id, &annex, &o->e), &o->e);
    assert_non_null(strstr(annex.at, "\"readings\":\"same\""));
}

const char *office_failure(struct office *o, struct settle_period p)
{
    const struct settle_failure *f;
    size_t n;
    assert_ok(settle_failures(o->db, o->a, scope_machine(), p, 0, &f, &n, &o->e), &o->e);
    return n ? arena_printf(o->a, STR_FMT ": " STR_FMT, STR_ARG(f[0].name), STR_ARG(f[0].text))
             : "";
}
