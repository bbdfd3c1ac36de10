/* demo_real.c - the measured PV stations and the measured steel works, settled.
 *
 * Nothing measured is altered. What is added, and is said to the reader:
 *  - SITE1..3: the three stations as they are, full feed-in, in 2019.
 *  - ROOF1..3: the same stations scaled to roofs of 300 kW and laid over 2018 (the mappings
 *    pv_cn_*_roof.json), each alone behind the steel works' gate. What a roof gives to the grid was
 *    never measured: it is what its generation exceeds the works' load by in each quarter of an
 * hour.
 *  - WORKS: the steel works, supplied by the grid, January to June 2018. Its clock is Korean, so
 * its half year ends at 23:00 of June 30 in China; the last hour is estimated and marked so.
 * Calendar and prices are those of data/.../demo.json, valid nowhere. Terms: feed-in 0.4153
 * yuan/kWh, platform fee 2 % on the stations; discount 0.85 on the roofs; funds 0.0290 yuan/kWh at
 * the works.
 */
#include "cmd/demo.h"

#include "cmd/demo_build.h"
#include "ingest/ingest.h"

#include <unistd.h>

#define N_STATIONS 3
#define N_ROOFS N_STATIONS
#define WORKS_HOUR_MISSING 4 /* slots: China's 23:00 to 24:00 is the next day in Korea */

/* A file of whole months; the first that is there is taken. */
struct source {
    const char *file;
    struct month from;
    int months;
};
static const struct source STATION_FILES[N_STATIONS][2] = {
    { { "pv_cn/pv_site1_50MW_2019.csv.gz", { 201901 }, 12 },
      { "pv_cn/pv_site1_50MW_2019-06.csv", { 201906 }, 1 } },
    { { "pv_cn/pv_site2_130MW_2019.csv.gz", { 201901 }, 12 },
      { "pv_cn/pv_site2_130MW_2019-06.csv", { 201906 }, 1 } },
    { { "pv_cn/pv_site3_30MW_2019.csv.gz", { 201901 }, 12 },
      { "pv_cn/pv_site3_30MW_2019-06.csv", { 201906 }, 1 } },
};
static const struct source WORKS_FILES[2] = {
    { "industry_kr/steel_2018-01_to_06.csv.gz", { 201801 }, 6 },
    { "industry_kr/steel_2018-03.csv", { 201803 }, 1 },
};
static const int RATED_MW[N_STATIONS] = { 50, 130, 30 };
static const bool OWN_USE[N_STATIONS] = { false, true, true };

enum place_kind { PLACE_STATION, PLACE_ROOF, PLACE_WORKS };
struct place {
    enum place_kind kind;
    char code[16];
    const char *file, *mapping;
    struct month from; /* contract and periods */
    int months;
    int64_t station_id;
    const char *names[3]; /* of its imported points */
    int64_t point_id[3];
    size_t n_points;
    int64_t export_id; /* roofs */
};
struct real {
    struct build *build;
    const struct demo_options *o;
    struct demo_result *out;
    struct place places[2 * N_STATIONS + 1];
    size_t n;
    struct place *works; /* NULL: its file is not there */
};

static const struct source *source_there(struct real *r, const struct source *list,
                                         const char **path)
{
    for (int i = 0; i < 2; i++) {
        *path = arena_printf(r->build->arena, "%s/%s", r->o->real, list[i].file);
        if (access(*path, R_OK) == 0) {
            return &list[i];
        }
    }
    return NULL;
}

static struct place *place_new(struct real *r, enum place_kind kind, const char *file,
                               const char *mapping)
{
    struct place *p = &r->places[r->n++];
    p->kind = kind;
    p->file = file;
    p->mapping = arena_printf(r->build->arena, "%s/mappings/%s.json", r->o->data, mapping);
    return p;
}

/* The months in which both the works and the roof (a year earlier than measured) have data. */
static void place_common(struct place *p, const struct place *works, const struct source *s)
{
    struct month from = month_add(s->from, -12), until = month_add(from, s->months);
    struct month works_until = month_add(works->from, works->months);
    from = from.yyyymm > works->from.yyyymm ? from : works->from;
    until = until.yyyymm < works_until.yyyymm ? until : works_until;
    p->from = from;
    p->months = 0;
    while (month_add(from, p->months).yyyymm < until.yyyymm) {
        p->months++;
    }
}

static enum err_code real_places(struct real *r, struct err *e)
{
    const char *path;
    const struct source *s = source_there(r, WORKS_FILES, &path);
    if (s != NULL) {
        struct place *p = place_new(r, PLACE_WORKS, path, "steel_kr");
        memcpy(p->code, "WORKS", 6);
        p->from = s->from;
        p->months = s->months;
        p->names[0] = "import";
        p->names[1] = "reactive_lagging";
        p->names[2] = "reactive_leading";
        p->n_points = 3;
        r->works = p;
    }
    for (int i = 0; i < N_STATIONS; i++) {
        s = source_there(r, STATION_FILES[i], &path);
        for (int roof = 0; s != NULL && roof <= (r->works != NULL); roof++) {
            struct place *p = place_new(
                r, roof ? PLACE_ROOF : PLACE_STATION, path,
                arena_printf(r->build->arena, "pv_cn_site%d%s", i + 1, roof ? "_roof" : ""));
            snprintf(p->code, sizeof p->code, "%s%d", roof ? "ROOF" : "SITE", i + 1);
            p->from = s->from;
            p->months = s->months;
            p->names[0] = "generation";
            p->names[1] = "own_use";
            p->n_points = OWN_USE[i] ? 2 : 1;
            if (roof) {
                place_common(p, r->works, s);
                r->n -= p->months == 0;
            }
        }
    }
    return r->n > 0
               ? OK
               : fail(e, ERR_NOT_FOUND,
                      "%s: neither pv_cn/pv_site*_2019*.csv* nor industry_kr/steel_2018*.csv* is "
                      "there: name the folder that holds pv_cn and industry_kr",
                      r->o->real);
}

/* ---- the estate ---- */

struct parties {
    int64_t operator_id, grid_id, investor_id, owner_id, works_id;
};

static void terms_ids(struct json_out *j, struct arena *a, const char *key,
                      const char *const *names, const int64_t *ids, size_t n)
{
    json_open(j, key, '{');
    for (size_t i = 0; i < n; i++) {
        json_put_str(j, names[i], str_of(arena_printf(a, "%lld", (long long)ids[i])));
    }
    json_close(j, '}');
}

static void terms_settings(struct json_out *j, const char *const *pairs)
{
    json_open(j, "settings", '{');
    for (; *pairs != NULL; pairs += 2) {
        json_put_str(j, pairs[0], str_of(pairs[1]));
    }
    json_close(j, '}');
}

static void contract_add(struct real *r, const struct place *p, const char *title,
                         const char *strategy, const struct build_leg *legs, size_t n,
                         struct json_out *j, struct text *terms)
{
    json_close(j, '}');
    build_contract(r->build, "REAL", p->code, title, strategy, p->station_id, month_first(p->from),
                   month_first(month_add(p->from, p->months)), legs, n, text_str(terms));
}

static void terms_open(struct real *r, struct json_out *j, struct text *t, bool prices)
{
    text_init(t, r->build->arena, CONTRACT_TERMS_MAX);
    json_out_init(j, t, false);
    json_open(j, NULL, '{');
    json_put_str(j, "calendar", STR("demo"));
    if (prices) {
        json_open(j, "prices", '{');
        json_put_str(j, "grid_price", STR("demo"));
        json_close(j, '}');
    }
}

static void contract_station(struct real *r, const struct place *p, const struct parties *who)
{
    static const struct build_leg legs[] = { { "grid", "investor" }, { "investor", "platform" } };
    static const char *const names[] = { "investor", "grid", "roof_owner", "platform" };
    static const char *const meters[] = { "export" };
    static const char *const settings[] = { "feed_in", "0.4153", "fee_rate", "0.02", NULL };
    const int64_t ids[] = { who->investor_id, who->grid_id, who->owner_id, who->operator_id };
    struct text t;
    struct json_out j;
    terms_open(r, &j, &t, false);
    terms_ids(&j, r->build->arena, "parties", names, ids, 4);
    terms_ids(&j, r->build->arena, "meters", meters, p->point_id, 1);
    terms_settings(&j, settings);
    contract_add(r, p, "实测光伏电站全额上网", "pv_full_feed_in", legs, 2, &j, &t);
}

static void contract_roof(struct real *r, const struct place *p, const struct parties *who)
{
    static const struct build_leg legs[] = { { "consumer", "investor" }, { "grid", "investor" } };
    static const char *const names[] = { "consumer", "investor", "grid", "platform" };
    static const char *const meters[] = { "gen", "export" };
    static const char *const settings[] = { "discount", "0.85", "feed_in", "0.4153", NULL };
    const int64_t ids[] = { who->works_id, who->investor_id, who->grid_id, who->operator_id };
    const int64_t points[] = { p->point_id[0], p->export_id };
    struct text t;
    struct json_out j;
    terms_open(r, &j, &t, true);
    terms_ids(&j, r->build->arena, "parties", names, ids, 4);
    terms_ids(&j, r->build->arena, "meters", meters, points, 2);
    terms_settings(&j, settings);
    contract_add(r, p, "实测曲线缩放屋顶光伏自发自用", "pv_selfuse", legs, 2, &j, &t);
}

static void contract_works(struct real *r, const struct place *p, const struct parties *who)
{
    static const struct build_leg legs[] = { { "consumer", "grid" } };
    static const char *const names[] = { "consumer", "grid" };
    static const char *const meters[] = { "active", "reactive_import", "reactive_export" };
    static const char *const settings[] = { "funds", "0.0290", NULL };
    const int64_t ids[] = { who->works_id, who->grid_id };
    struct text t;
    struct json_out j;
    terms_open(r, &j, &t, true);
    terms_ids(&j, r->build->arena, "parties", names, ids, 2);
    terms_ids(&j, r->build->arena, "meters", meters, p->point_id, 3);
    terms_settings(&j, settings);
    contract_add(r, p, "实测钢厂电网购电", "grid_supply", legs, 1, &j, &t);
}

static void estate_pv(struct real *r, struct place *p, const struct parties *who)
{
    struct build *b = r->build;
    int site = p->code[4] - '0';
    bool roof = p->kind == PLACE_ROOF;
    int64_t kw = roof ? 300 : RATED_MW[site - 1] * 1000;
    p->station_id = build_station(
        b, who->investor_id, STATION_PV, p->code,
        arena_printf(b->arena, roof ? "实测电站%d缩放为300kW屋顶" : "实测光伏电站%d", site), kw);
    p->point_id[0] =
        build_point(b, p->station_id, p->names[0], POINT_GENERATION, "ep_gen", "kWh", 0, kw);
    if (roof) {
        p->export_id =
            build_point(b, p->station_id, "export", POINT_EXPORT, "ep_exp", "kWh", -1, kw);
    }
    if (p->n_points == 2) {
        p->point_id[1] =
            build_point(b, p->station_id, p->names[1], POINT_IMPORT, "ep_imp", "kWh", 1, kw);
    }
    if (roof) {
        contract_roof(r, p, who);
    } else {
        contract_station(r, p, who);
    }
}

static void estate_works(struct real *r, struct place *p, const struct parties *who)
{
    static const char *const quantities[] = { "ep_imp", "eq_lag", "eq_lead" };
    struct build *b = r->build;
    p->station_id = build_station(b, who->works_id, STATION_CONSUMER, p->code,
                                  "实测钢厂（2018年上半年）", 1000);
    for (int i = 0; i < 3; i++) {
        p->point_id[i] =
            build_point(b, p->station_id, p->names[i], i == 0 ? POINT_LOAD : POINT_REACTIVE,
                        quantities[i], i == 0 ? "kWh" : "kvarh", 1, 0);
    }
    contract_works(r, p, who);
}

static enum err_code real_estate(struct real *r, struct err *e)
{
    static const char *const tariffs[] = { "holidays/cn-2018.json", "holidays/cn-2019.json",
                                           "calendars/demo.json", "prices/demo.json", NULL };
    struct build *b = r->build;
    struct parties who;
    who.operator_id = build_org(b, ORG_OPERATOR, "晴川能源运营有限公司（演示）");
    who.grid_id = build_org(b, ORG_GRID, "省电网公司（演示）");
    who.investor_id = build_org(b, ORG_INVESTOR, "晴川新能源投资有限公司（演示）");
    who.owner_id = build_org(b, ORG_CONSUMER, "电站场地方（演示）");
    who.works_id = build_org(b, ORG_CONSUMER, "实测钢厂（演示）");
    for (size_t i = 0; i < r->n; i++) {
        if (r->places[i].kind == PLACE_WORKS) {
            estate_works(r, &r->places[i], &who);
        } else {
            estate_pv(r, &r->places[i], &who);
        }
    }
    return build_write(b, tariffs, e);
}

static enum err_code real_ids(struct real *r, struct err *e)
{
    struct arena *a = r->build->arena;
    for (size_t i = 0; i < r->n; i++) {
        struct place *p = &r->places[i];
        for (size_t k = 0; k < p->n_points + (p->kind == PLACE_ROOF); k++) {
            bool sold = k == p->n_points;
            struct point found;
            enum err_code code =
                meter_get_point_by_code(r->build->db, scope_machine(), a, str_of(p->code),
                                        str_of(sold ? "export" : p->names[k]), &found, e);
            if (code != OK) {
                return code;
            }
            *(sold ? &p->export_id : &p->point_id[k]) = found.point_id;
        }
    }
    return OK;
}

/* ---- readings ---- */

static enum err_code find_point(void *ctx, struct str name, int64_t *id, struct err *e)
{
    const struct place *p = ctx;
    for (size_t i = 0; i < p->n_points; i++) {
        if (str_is(name, p->names[i])) {
            *id = p->point_id[i];
            return OK;
        }
    }
    return fail(e, ERR_NOT_FOUND, "%s has no point of this name", p->code);
}

static enum err_code import_place(struct real *r, const struct reading_points *points,
                                  struct place *p, struct err *e)
{
    struct arena *a = arena_new();
    struct ingest_store store = { r->build->db, points, r->o->now, true };
    struct ingest_result result;
    struct mapping *m;
    enum err_code code = mapping_load(a, p->mapping, &m, e);
    if (code == OK) {
        struct ingest_job job = { .file = p->file,
                                  .mapping = m,
                                  .points = { find_point, p },
                                  .sink = ingest_store_sink(&store),
                                  .now = r->o->now };
        code = ingest_file(a, &job, &result, e);
    }
    if (code == OK) {
        r->out->readings += result.taken;
        r->out->refused += result.refused;
    }
    arena_free(a);
    return code;
}

/* What a roof sells: its generation beyond the works' load. Without generation nothing is sold,
 * whatever the load; with an unknown load it is not known. */
static size_t sold_day(const struct reading_day *gen, const struct reading_day *load,
                       int64_t point_id, struct reading *out)
{
    size_t n = 0;
    for (int i = 0; i < SLOTS; i++) {
        if (gen->mark[i] == MARK_MISSING || (gen->value[i] > 0 && load->mark[i] == MARK_MISSING)) {
            continue;
        }
        int64_t over = gen->value[i] == 0 ? 0 : gen->value[i] - load->value[i];
        out[n] =
            (struct reading){ .point_id = point_id, .kind = READING_INT, .rank = RANK_INTEGRATED };
        out[n].ts_ms = slot_start((struct slot){ gen->day, i }).utc_ms;
        out[n++].value = over > 0 ? over : 0;
    }
    return n;
}

static enum err_code sold_month(struct real *r, const struct reading_points *points,
                                const struct place *p, struct month month, struct err *e)
{
    struct arena *a = arena_new();
    int days = month_days(month);
    struct reading_day *gen = arena_many(a, (size_t)days, struct reading_day);
    struct reading_day *load = arena_many(a, (size_t)days, struct reading_day);
    struct reading *list = arena_many(a, (size_t)days * SLOTS, struct reading);
    struct reading_batch batch = {
        .source = str_of(arena_printf(a, "demo:sold:%s", p->code)),
        .batch_id = month.yyyymm,
        .readings = list,
        .old_days = 36500,
    };
    struct db *db = r->build->db;
    struct day from = month_first(month);
    enum err_code code = reading_values(db, points, p->point_id[0], from, days, gen, e);
    if (code == OK) {
        code = reading_values(db, points, r->works->point_id[0], from, days, load, e);
    }
    for (int d = 0; d < days && code == OK; d++) {
        batch.n += sold_day(&gen[d], &load[d], p->export_id, list + batch.n);
    }
    if (code == OK && batch.n > 0) {
        code = reading_intake(db, points, &batch, 1, r->o->now, e);
        r->out->readings += code == OK && batch.result == BATCH_TAKEN ? (int64_t)batch.n_taken : 0;
    }
    arena_free(a);
    return code;
}

/* The hour that Korea counts to July: like the same hour a week before, and marked as estimated. */
static enum err_code works_last_hour(struct real *r, const struct reading_points *points,
                                     struct err *e)
{
    struct day last = day_add(month_first(month_add(r->works->from, r->works->months)), -1);
    struct slot from = { last, SLOTS - WORKS_HOUR_MISSING };
    for (int i = 0; i < 3; i++) {
        int32_t filled;
        enum err_code code = reading_estimate(
            r->build->db, points, r->works->point_id[i], from, WORKS_HOUR_MISSING, ESTIMATE_PROFILE,
            ESTIMATE_NO_TOTAL, STR("源数据按韩国时间记日，北京时间最后一小时在文件之外"), 0,
            r->o->now, &filled, e);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

static enum err_code real_readings(struct real *r, struct err *e)
{
    struct arena *a = arena_new();
    struct reading_points *points;
    struct reading_fold_report folded;
    enum err_code code = reading_points_load(r->build->db, scope_machine(), a, &points, e);
    for (size_t i = 0; i < r->n && code == OK; i++) {
        build_progress(r->o, "import", (int64_t)i, (int64_t)r->n);
        code = import_place(r, points, &r->places[i], e);
    }
    if (code == OK && r->works != NULL) {
        code = works_last_hour(r, points, e);
    }
    for (size_t i = 0; i < r->n && code == OK; i++) {
        const struct place *p = &r->places[i];
        for (int k = 0; p->kind == PLACE_ROOF && k < p->months && code == OK; k++) {
            code = sold_month(r, points, p, month_add(p->from, k), e);
        }
    }
    if (code == OK) {
        build_progress(r->o, "import", (int64_t)r->n, (int64_t)r->n);
        code = reading_fold(r->build->db, points, NULL, r->o->now, &folded, e);
    }
    arena_free(a);
    return code;
}

/* ---- what to tell ---- */

static void real_periods(struct real *r)
{
    struct demo_result *out = r->out;
    for (struct month m = { 201801 }; m.yyyymm <= 201912; m = month_add(m, 1)) {
        bool any = false;
        for (size_t i = 0; i < r->n; i++) {
            const struct place *p = &r->places[i];
            any = any ||
                  (m.yyyymm >= p->from.yyyymm && m.yyyymm < month_add(p->from, p->months).yyyymm);
        }
        if (any) {
            out->periods[out->n_periods++] = m;
        }
    }
    /* The month before July of either year: stations as they are, then roofs behind the works. */
    for (size_t i = 0; i < r->n; i++) {
        const struct place *p = &r->places[i];
        struct month last = month_add(p->from, p->months - 1);
        struct month june = { p->from.yyyymm / 100 * 100 + 6 };
        struct month m = last.yyyymm < june.yyyymm ? last : june;
        if (out->n_show == 0 || (out->n_show == 1 && out->show[0].yyyymm != m.yyyymm)) {
            out->show[out->n_show++] = m;
        }
    }
}

static void real_notes(struct real *r)
{
    static const char *const notes[] = {
        "SITE1..3 是实测电站（2019 年，15 分钟平均功率），按全额上网结算",
        "SITE2、SITE3 的夜间功率是站用电，单独成为下网曲线，不与发电相抵",
        "ROOF1..3 是同一实测曲线缩放为 300 kW 屋顶（x 3/500、3/1300、1/100），并整体提前 365 天到 "
        "2018 年",
        "ROOF1..3 各自单独接在钢厂关口之后；上网电量不是实测，而是每 15 分钟发电超出钢厂负荷的部分",
        "WORKS 是实测钢厂（2018 年 1-6 "
        "月，韩国时间、区间末标注）；北京时间最后一小时用上周同期估算并标记",
        "日历与电价为演示数据（data/calendars/demo.json、data/prices/"
        "demo.json），不是任何地方的执行电价",
    };
    for (size_t i = 0; i < sizeof notes / sizeof notes[0]; i++) {
        build_note(r->out, notes[i]);
    }
}

enum err_code demo_real(struct db *db, struct arena *a, const struct demo_options *o,
                        struct demo_result *out, struct err *e)
{
    struct real *r = arena_make(a, struct real);
    struct demo_result result = { .orgs = 5 };
    struct err none;
    int64_t id;
    r->build = build_new(db, a, o);
    r->o = o;
    r->out = &result;
    enum err_code code = real_places(r, e);
    if (code != OK) {
        return code;
    }
    const char *first = arena_printf(a, "REAL-C-%s", r->places[0].code);
    code = contract_find_no(db, a, scope_machine(), str_of(first), &id, &none);
    result.reused = code == OK;
    if (code != OK && code != ERR_NOT_FOUND) {
        return fail(e, code, "%s", none.text);
    }
    code = result.reused ? real_ids(r, e) : real_estate(r, e);
    if (code != OK || (code = build_places(r->build, e)) != OK ||
        (code = real_readings(r, e)) != OK) {
        return code;
    }
    for (size_t i = 0; i < r->n; i++) {
        result.points += (int64_t)r->places[i].n_points + (r->places[i].kind == PLACE_ROOF);
    }
    result.stations = result.contracts = (int64_t)r->n;
    real_periods(r);
    real_notes(r);
    *out = result;
    return OK;
}
