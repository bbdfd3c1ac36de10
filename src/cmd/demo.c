/* demo.c - a province in small: 60 PV stations, 6 storage sites and 4 wind turbines, from a seed,
 * and one of each other scenario (demo_new.c).
 *
 * First the sites as the sim room sees them (pure: the same for the same seed and month), then the
 * estate in the store (organisations, stations, meters, points, contracts, orders; once), then the
 * month of readings through the intake, as gateways would send them. What happened to some meters
 * is listed at EVENTS; it is what a settlement must survive or hold.
 */
#include "cmd/demo.h"

#include "base/json.h"
#include "base/rand.h"
#include "cmd/demo_new.h"

#define N_SELF_USE 40
#define N_FEED_IN 12
#define N_MARKET 8
#define N_PV (N_SELF_USE + N_FEED_IN + N_MARKET)
#define N_STORAGE 6
#define N_WIND 4
#define N_SITES (N_PV + N_STORAGE + N_WIND)
#define N_INVESTORS 8
#define N_CONSUMERS 30
#define SITE_EVENTS_MAX 2
#define HOLIDAYS_MAX 64   /* of a year; there are about 30 */

struct demo_site {
    struct sim_site sim;
    char code[16];
    const char *name;
    int consumer, investor; /* numbers; consumer -1: none */
    int32_t ct, pt;
    struct sim_event events[SITE_EVENTS_MAX];
    size_t n_events;
    int number; /* in the world */
    int64_t station_id, meter_id;
    int64_t point_id[SIM_REGISTERS];
};
struct demo {
    struct build *build;
    const struct demo_options *o;
    struct demo_result *out;
    struct sim_world *world;
    struct demo_site sites[N_SITES];
    int64_t operator_id, grid_id, market_station_id, spot_point_id;
    int64_t investors[N_INVESTORS], consumers[N_CONSUMERS];
    char prefix[16];
    struct demo_new *more; /* NULL: an estate of before it was shown */
};

static const struct {
    const char *code, *word, *quantity;
    enum point_role role;
    int direction;
} REGISTERS[SIM_REGISTERS] = {
    [SIM_GENERATION] = { "gen", "ep_gen", "ep_gen", POINT_GENERATION, 0 },
    [SIM_EXPORT] = { "export", "ep_exp", "ep_exp", POINT_EXPORT, -1 },
    [SIM_IMPORT] = { "import", "ep_imp", "ep_imp", POINT_IMPORT, 1 },
    [SIM_CHARGE] = { "charge", "ep_chg", "ep_chg", POINT_CHARGE, 1 },
    [SIM_DISCHARGE] = { "discharge", "ep_dis", "ep_dis", POINT_DISCHARGE, -1 },
};
static const char *const TOWNS[] = {
    "湖州", "嘉兴", "绍兴", "宁波", "台州", "金华", "衢州", "丽水"
};
static const char *const TRADES[] = { "纺织", "精密机械", "食品", "冷链", "电子",
                                      "化工", "家具",     "印染", "汽配", "医药" };
static const enum sim_load LOADS[] = { SIM_TWO_SHIFT, SIM_TWO_SHIFT,  SIM_TWO_SHIFT, SIM_COLD_STORE,
                                       SIM_OFFICE,    SIM_CONTINUOUS, SIM_TWO_SHIFT, SIM_CONTINUOUS,
                                       SIM_OFFICE,    SIM_SCHOOL };

/* What happens to whom: day and slot within the month. */
static const struct {
    int site; /* number in its kind's order of sites */
    enum sim_event_kind kind;
    enum sim_register reg;
    int day, slot, until_day, until_slot;
    int64_t value_e4;
    const char *note;
} EVENTS[] = {
    { 6, SIM_SWAP, SIM_GENERATION, 13, 44, 0, 0, 120000,
      "PV07 的发电表在 14 日 11:00 更换：旧表止码与新表起码成对，电量不丢" },
    { 11, SIM_RATIO, SIM_EXPORT, 17, 36, 0, 0, 0, "PV12 的上网互感器在 18 日 09:00 换成更大变比" },
    { 18, SIM_GAP, SIM_GENERATION, 8, 40, 8, 43, 0,
      "PV19 的发电表 9 日上午缺 3 个冻结点：电量已知，曲线估算" },
    { 22, SIM_GAP, SIM_GENERATION, 20, 0, 60, 0, 0,
      "PV23 的发电表 21 日起无数据：月末没有止码，本月不能结算（MISSING）" },
    { 30, SIM_LATE, SIM_REGISTERS, 10, 0, 14, 32, 0, "PV31 的网关离线两天半，数据在 15 日补传" },
    { 43, SIM_FROZEN, SIM_EXPORT, 15, 40, 15, 56, 0,
      "PV44 的上网示数停走 4 小时后跳变：电量无法归属，本月不能结算（MISSING）" },
    { 51, SIM_GAP, SIM_EXPORT, 4, 0, 6, 48, 0, "PV52 缺两天半数据：估算电量超过 5%，结算单挂起" },
};

static struct instant at(const struct demo *d, int day, int slot)
{
    struct instant t = day_start(day_add(month_first(d->o->month), day));
    return (struct instant){ t.utc_ms + slot * SLOT_MS };
}

static int32_t ct_for(int64_t rated_kw, int32_t volts)
{
    static const int32_t sizes[] = { 50,  100,  150,  200,  300,  400, 600,
                                     800, 1000, 1500, 2000, 3000, 4000 };
    int64_t ampere = rated_kw * 1000 * 10 / (volts * 17);
    size_t i = 0;
    while (i + 1 < sizeof sizes / sizeof sizes[0] && sizes[i] < ampere * 6 / 5) {
        i++;
    }
    return sizes[i];
}

static void site_meter(struct demo_site *s, enum sim_register reg, struct rng *r)
{
    s->sim.meters[reg] = (struct sim_meter){ .used = true,
                                             .modulus_e4 = 1000000LL * 10000,
                                             .step_e4 = 100,
                                             .first_e4 = rng_between(r, 100, 90000) * 100000,
                                             .multiplier = s->ct / 5 * s->pt };
}

static void site_place(struct demo_site *s, struct rng *r, int i)
{
    s->sim.latitude_e2 = 2780 + (int32_t)rng_below(r, 300);
    s->sim.longitude_e2 = 11850 + (int32_t)rng_below(r, 350);
    s->sim.region = i % (int)(sizeof TOWNS / sizeof TOWNS[0]);
    s->investor = (int)rng_below(r, N_INVESTORS);
}

static void define_pv(struct demo *d, struct demo_site *s, int i, struct rng *r)
{
    struct arena *a = d->build->arena;
    int64_t kw = 100 + (int64_t)rng_below(r, 38) * 50;
    bool self_use = i < N_SELF_USE;
    snprintf(s->code, sizeof s->code, "PV%02d", i + 1);
    site_place(s, r, i);
    s->consumer = self_use ? i % N_CONSUMERS : -1;
    s->sim.kind = SIM_PV;
    s->sim.rated_w = (int32_t)kw * 1000;
    s->ct = ct_for(kw, 400);
    s->pt = 1;
    s->name = arena_printf(a, "%s%s屋顶光伏%d号", TOWNS[s->sim.region],
                           TRADES[(i / 3) % (int)(sizeof TRADES / sizeof TRADES[0])], i + 1);
    s->sim.load = self_use ? LOADS[i % (int)(sizeof LOADS / sizeof LOADS[0])] : SIM_LOAD_NONE;
    s->sim.load_w = (int32_t)(kw * 1000 / 10 * (3 + (int64_t)rng_below(r, 10)));
    site_meter(s, SIM_GENERATION, r);
    site_meter(s, SIM_EXPORT, r);
    if (self_use) {
        site_meter(s, SIM_IMPORT, r);
    }
}

/* Charge in the valleys, discharge in the peaks of the schedule in force (settlement-rules 2.1). */
static const char *dispatch(struct month m)
{
    return m.yyyymm < 202607 ? "cccc----dddccdddd-------" : "cccc-------ccc--ddddddd-";
}

static void define_storage(struct demo *d, struct demo_site *s, int i, struct rng *r)
{
    int64_t kw = 250 + (int64_t)rng_below(r, 6) * 250;
    snprintf(s->code, sizeof s->code, "ES%02d", i + 1);
    site_place(s, r, i);
    s->consumer = 2 + 4 * i;
    s->sim.kind = SIM_STORAGE;
    s->sim.rated_w = (int32_t)kw * 1000;
    s->sim.capacity_wh = s->sim.rated_w * 2;
    s->sim.efficiency_e4 = 8500 + (int32_t)rng_below(r, 400);
    s->sim.dispatch = dispatch(d->o->month);
    s->sim.load = SIM_CONTINUOUS;
    s->sim.load_w = (int32_t)kw * 1500;
    s->ct = ct_for(kw * 3, 400);
    s->pt = 1;
    s->name = arena_printf(d->build->arena, "%s用户侧储能%d号", TOWNS[s->sim.region], i + 1);
    site_meter(s, SIM_CHARGE, r);
    site_meter(s, SIM_DISCHARGE, r);
    site_meter(s, SIM_IMPORT, r);
}

static void define_wind(struct demo *d, struct demo_site *s, int i, struct rng *r)
{
    snprintf(s->code, sizeof s->code, "WT%02d", i + 1);
    site_place(s, r, 20 + i / 2);
    s->sim.region = 20 + i / 2;
    s->consumer = -1;
    s->sim.kind = SIM_WIND;
    s->sim.rated_w = i % 2 == 0 ? 2500000 : 3300000;
    s->ct = ct_for(s->sim.rated_w / 1000, 10000);
    s->pt = 100;
    s->name = arena_printf(d->build->arena, "舟山分散式风电%d号", i + 1);
    site_meter(s, SIM_GENERATION, r);
}

static void define_events(struct demo *d)
{
    int days = month_days(d->o->month);
    for (size_t i = 0; i < sizeof EVENTS / sizeof EVENTS[0]; i++) {
        struct demo_site *s = &d->sites[EVENTS[i].site];
        struct sim_event *ev = &s->events[s->n_events++];
        *ev = (struct sim_event){ .kind = EVENTS[i].kind,
                                  .reg = EVENTS[i].reg,
                                  .from = at(d, EVENTS[i].day, EVENTS[i].slot),
                                  .until = at(d, EVENTS[i].until_day, EVENTS[i].until_slot),
                                  .value_e4 = EVENTS[i].value_e4 };
        if (ev->kind == SIM_RATIO) {
            ev->value_e4 = 2 * s->sim.meters[ev->reg].multiplier;
        }
        check(EVENTS[i].day < days);
        build_note(d->out, EVENTS[i].note);
    }
    /* One register rolls over within the month. */
    d->sites[37].sim.meters[SIM_GENERATION].first_e4 = 1000000LL * 10000 - 300000;
    build_note(d->out, "PV38 的发电示数月内翻转（999999.99 之后从 0 起），电量照常");
}

/* The days of the year's holidays file: offices rest. */
static enum err_code world_holidays(struct demo *d, struct err *e)
{
    struct arena *a = d->build->arena;
    struct json doc;
    struct day days[HOLIDAYS_MAX];
    size_t n = 0;
    enum err_code code = json_load(
        a, arena_printf(a, "%s/holidays/cn-%d.json", d->o->data, d->o->month.yyyymm / 100), &doc,
        e);
    struct json list = json_get(doc, "holidays");
    for (size_t i = 0; code == OK && i < json_len(list); i++) {
        struct str text;
        struct day first, last;
        if ((code = json_need_str(json_at(list, i), "first", &text, e)) != OK ||
            (code = day_parse(text, &first, e)) != OK ||
            (code = json_need_str(json_at(list, i), "last", &text, e)) != OK ||
            (code = day_parse(text, &last, e)) != OK) {
            break;
        }
        for (; n < HOLIDAYS_MAX && first.yyyymmdd <= last.yyyymmdd; first = day_add(first, 1)) {
            days[n++] = first;
        }
    }
    if (code == OK) {
        sim_world_holidays(d->world, days, n);
    }
    return code;
}

/* The world as it truly is. */
static enum err_code demo_world(struct demo *d, struct err *e)
{
    struct rng r;
    rng_init(&r, d->o->seed);
    for (int i = 0; i < N_SITES; i++) {
        struct demo_site *s = &d->sites[i];
        if (i < N_PV) {
            define_pv(d, s, i, &r);
        } else if (i < N_PV + N_STORAGE) {
            define_storage(d, s, i - N_PV, &r);
        } else {
            define_wind(d, s, i - N_PV - N_STORAGE, &r);
        }
        s->sim.name = s->code;
    }
    define_events(d);
    d->world = sim_world_new(d->build->arena, d->o->seed, month_first(d->o->month),
                             month_days(d->o->month));
    enum err_code code = world_holidays(d, e);
    for (int i = 0; i < N_SITES && code == OK; i++) {
        struct demo_site *s = &d->sites[i];
        code = sim_world_add(d->world, &s->sim, s->events, s->n_events, &s->number, e);
    }
    return code;
}

/* ---- the estate ---- */

static void estate_orgs(struct demo *d)
{
    static const char *const investors[N_INVESTORS] = { "晴川新能源投资", "东海绿能",
                                                        "山越电力投资",   "恒岳能源",
                                                        "浙南光电",       "远帆储能",
                                                        "九曜新能源",     "拓朴能源资产" };
    struct build *b = d->build;
    d->operator_id = build_org(b, ORG_OPERATOR, "晴川能源运营有限公司（演示）");
    d->grid_id = build_org(b, ORG_GRID, "省电网公司（演示）");
    for (int i = 0; i < N_INVESTORS; i++) {
        d->investors[i] =
            build_org(b, ORG_INVESTOR, arena_printf(b->arena, "%s有限公司（演示）", investors[i]));
    }
    for (int i = 0; i < N_CONSUMERS; i++) {
        d->consumers[i] =
            build_org(b, ORG_CONSUMER,
                      arena_printf(b->arena, "%s%s%d厂（演示）",
                                   TOWNS[i % (int)(sizeof TOWNS / sizeof TOWNS[0])],
                                   TRADES[i % (int)(sizeof TRADES / sizeof TRADES[0])], i + 1));
    }
}

static void estate_site(struct demo *d, struct demo_site *s)
{
    static const enum station_kind kinds[] = {
        [SIM_PV] = STATION_PV, [SIM_STORAGE] = STATION_STORAGE, [SIM_WIND] = STATION_WIND
    };
    struct build *b = d->build;
    struct instant from = day_start(month_first(d->o->month));
    int64_t kw = s->sim.rated_w / 1000;
    s->station_id =
        build_station(b, d->investors[s->investor], kinds[s->sim.kind], s->code, s->name, kw);
    s->meter_id = build_meter(b, s->station_id, arena_printf(b->arena, "DEMO-%s-1", s->code));
    for (int reg = 0; reg < SIM_REGISTERS; reg++) {
        if (!s->sim.meters[reg].used) {
            continue;
        }
        /* The gate may draw the load's peak and what the battery takes. */
        int64_t most = reg == SIM_IMPORT ? s->sim.load_w * 5LL / 2000 + kw : kw;
        s->point_id[reg] =
            build_point(b, s->station_id, REGISTERS[reg].code, REGISTERS[reg].role,
                        REGISTERS[reg].quantity, "kWh", REGISTERS[reg].direction, most);
        build_bind(b, s->point_id[reg], s->meter_id, REGISTERS[reg].word, from,
                   s->sim.meters[reg].first_e4, s->ct, s->pt);
    }
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *ev = &s->events[i];
        if (ev->kind == SIM_SWAP) {
            int64_t next =
                build_meter(b, s->station_id, arena_printf(b->arena, "DEMO-%s-2", s->code));
            build_change(b, s->point_id[ev->reg], next, ev->from, ev->last_e4, ev->value_e4, s->ct,
                         "换表：旧表显示屏损坏");
        } else if (ev->kind == SIM_RATIO) {
            build_change(b, s->point_id[ev->reg], s->meter_id, ev->from, ev->last_e4, ev->last_e4,
                         2 * s->ct, "更换电流互感器");
        }
    }
}

/* ---- contracts ---- */

static const char *id_text(struct demo *d, int64_t id)
{
    return arena_printf(d->build->arena, "%lld", (long long)id);
}

static struct json_out *terms_begin(struct demo *d, struct json_out *j, struct text *t)
{
    text_init(t, d->build->arena, CONTRACT_TERMS_MAX);
    json_out_init(j, t, false);
    json_open(j, NULL, '{');
    return j;
}

static void terms_id(struct demo *d, struct json_out *j, const char *key, int64_t id)
{
    json_put_str(j, key, str_of(id_text(d, id)));
}

static void terms_set(struct json_out *j, const char *key, const char *value)
{
    json_put_str(j, key, str_of(value));
}

/* Series of prices: 10^-6 yuan in each interval. */
static void terms_spot(struct demo *d, struct json_out *j)
{
    json_open(j, "series", '{');
    json_open(j, "spot", '{');
    terms_id(d, j, "point", d->spot_point_id);
    json_put_int(j, "digits", 6);
    json_close(j, '}');
    json_close(j, '}');
}

/* Sets of terms as contracts of the trade have them (settlement-rules 5.1). */
static void settings_self_use(struct json_out *j, int i)
{
    static const char *const discounts[] = { "0.85", "0.88", "0.90", "0.80", "0.83", "0.86" };
    terms_set(j, "feed_in", "0.4153");
    terms_set(j, "discount", discounts[i % 6]);
    switch (i % 8) {
    case 1:
        terms_set(j, "floor", "0.35");
        break;
    case 2:
        terms_set(j, "price_mode", "fixed");
        terms_set(j, "fixed_price", "0.62");
        break;
    case 3:
        terms_set(j, "excluded", "0.0290");
        terms_set(j, "cap", "0.95");
        break;
    case 4:
        terms_set(j, "roof_fee", "0.02");
        break;
    case 5:
        terms_set(j, "free_quota", "2000");
        break;
    case 6:
        terms_set(j, "fee_rate", "0.03");
        break;
    case 7:
        terms_set(j, "energy_digits", "0");
        terms_set(j, "price_digits", "6");
        break;
    default:
        break;
    }
}

static void contract_add(struct demo *d, const struct demo_site *s, const char *what,
                         const char *strategy, const struct build_leg *legs, size_t n,
                         struct text *terms)
{
    struct day from = { d->o->month.yyyymm / 100 * 10000 + 101 };
    build_contract(d->build, d->prefix, s->code,
                   arena_printf(d->build->arena, "%s%s", s->name, what), strategy, s->station_id,
                   from, (struct day){ 0 }, legs, n, text_str(terms));
}

static void contract_self_use(struct demo *d, const struct demo_site *s, int i)
{
    static const struct build_leg legs[] = { { "consumer", "investor" },
                                             { "grid", "investor" },
                                             { "investor", "consumer" },
                                             { "investor", "platform" } };
    struct text t;
    struct json_out out, *j = terms_begin(d, &out, &t);
    json_open(j, "parties", '{');
    terms_id(d, j, "consumer", d->consumers[s->consumer]);
    terms_id(d, j, "investor", d->investors[s->investor]);
    terms_id(d, j, "grid", d->grid_id);
    terms_id(d, j, "platform", d->operator_id);
    json_close(j, '}');
    json_put_str(j, "calendar", STR("zhejiang"));
    json_open(j, "prices", '{');
    terms_set(j, "grid_price", "zhejiang");
    json_close(j, '}');
    json_open(j, "meters", '{');
    terms_id(d, j, "gen", s->point_id[SIM_GENERATION]);
    terms_id(d, j, "export", s->point_id[SIM_EXPORT]);
    json_close(j, '}');
    json_open(j, "settings", '{');
    settings_self_use(j, i);
    json_close(j, '}');
    json_close(j, '}');
    contract_add(d, s, "自发自用合同", "pv_selfuse", legs, 4, &t);
}

static void parties_grid(struct demo *d, const struct demo_site *s, struct json_out *j,
                         const char *host)
{
    json_open(j, "parties", '{');
    terms_id(d, j, "investor", d->investors[s->investor]);
    terms_id(d, j, "grid", d->grid_id);
    terms_id(d, j, host, d->consumers[(s->sim.region * 3 + s->investor) % N_CONSUMERS]);
    if (s->sim.kind == SIM_PV) {
        terms_id(d, j, "platform", d->operator_id);
    }
    json_close(j, '}');
}

static void contract_feed_in(struct demo *d, const struct demo_site *s, int i, bool market)
{
    static const struct build_leg legs[] = { { "grid", "investor" },
                                             { "investor", "roof_owner" },
                                             { "investor", "platform" } };
    struct text t;
    struct json_out out, *j = terms_begin(d, &out, &t);
    parties_grid(d, s, j, "roof_owner");
    json_put_str(j, "calendar", STR("zhejiang"));
    json_open(j, "meters", '{');
    terms_id(d, j, "export", s->point_id[SIM_EXPORT]);
    json_close(j, '}');
    if (market) {
        terms_spot(d, j);
    }
    json_open(j, "settings", '{');
    terms_set(j, "roof_share", i % 3 == 0 ? "0.08" : "0.05");
    terms_set(j, "fee_rate", "0.02");
    if (!market) {
        terms_set(j, "feed_in", "0.4153");
        if (i % 4 == 0) {
            terms_set(j, "subsidy", "0.03");
        }
    } else if (i % 2 == 0) {
        terms_set(j, "mech_ratio", "0.80");
        terms_set(j, "mech_price", "0.3930");
        terms_set(j, "market_avg", "0.3512");
    }
    json_close(j, '}');
    json_close(j, '}');
    contract_add(d, s, market ? "市场化上网合同" : "全额上网合同",
                 market ? "pv_market" : "pv_full_feed_in", legs, 3, &t);
}

static void contract_wind(struct demo *d, const struct demo_site *s, int i)
{
    static const struct build_leg legs[] = { { "grid", "investor" },
                                             { "investor", "host" },
                                             { "investor", "grid" } };
    struct text t;
    struct json_out out, *j = terms_begin(d, &out, &t);
    parties_grid(d, s, j, "host");
    json_put_str(j, "calendar", STR("zhejiang"));
    json_open(j, "meters", '{');
    terms_id(d, j, "gen", s->point_id[SIM_GENERATION]);
    json_close(j, '}');
    terms_spot(d, j);
    json_open(j, "settings", '{');
    terms_set(j, "land_share", i % 2 == 0 ? "0.03" : "0.025");
    json_close(j, '}');
    json_close(j, '}');
    contract_add(d, s, "结算合同", "wind", legs, 3, &t);
}

static void settings_arbitrage(struct json_out *j, int i)
{
    terms_set(j, "investor_share", i % 2 == 0 ? "0.90" : "0.85");
    if (i == 1) {
        terms_set(j, "demand", "reconstructed");
        terms_set(j, "demand_price", "48");
        terms_set(j, "demand_share", "0.5");
    } else if (i == 2) {
        terms_set(j, "rte_min", "0.86");
        terms_set(j, "rte_price", "0.65");
    }
}

static void contract_storage(struct demo *d, const struct demo_site *s, int i)
{
    static const struct build_leg legs[] = { { "consumer", "investor" },
                                             { "investor", "consumer" } };
    bool lease = i >= 4;
    struct text t;
    struct json_out out, *j = terms_begin(d, &out, &t);
    json_open(j, "parties", '{');
    terms_id(d, j, "consumer", d->consumers[s->consumer]);
    terms_id(d, j, "investor", d->investors[s->investor]);
    json_close(j, '}');
    json_put_str(j, "calendar", STR("zhejiang"));
    if (!lease) {
        json_open(j, "prices", '{');
        terms_set(j, "grid_price", "zhejiang");
        json_close(j, '}');
        json_open(j, "meters", '{');
        terms_id(d, j, "charge", s->point_id[SIM_CHARGE]);
        terms_id(d, j, "discharge", s->point_id[SIM_DISCHARGE]);
        terms_id(d, j, "grid_import", s->point_id[SIM_IMPORT]);
        json_close(j, '}');
    }
    json_open(j, "settings", '{');
    if (lease) {
        terms_set(j, "capacity", arena_printf(d->build->arena, "%d", s->sim.capacity_wh / 1000));
        terms_set(j, "rate", "18.5");
        json_open(j, "tiers", '[');
        static const char *const tiers[][2] = { { "0", NULL }, { "0.90", "0.9" }, { "0.95", "1" } };
        for (size_t k = 0; k < 3; k++) {
            json_open(j, NULL, '[');
            json_put_str(j, NULL, str_of(tiers[k][0]));
            if (tiers[k][1] != NULL) {
                json_put_str(j, NULL, str_of(tiers[k][1]));
            } else {
                json_put_null(j, NULL);
            }
            json_close(j, ']');
        }
        json_close(j, ']');
    } else {
        settings_arbitrage(j, i);
    }
    json_close(j, '}');
    json_close(j, '}');
    contract_add(d, s, lease ? "容量租赁合同" : "峰谷套利合同",
                 lease ? "storage_capacity_lease" : "storage_arbitrage", legs, 2, &t);
    if (lease) {
        int days = month_days(d->o->month);
        build_input(d->build, (int)d->build->n_contracts - 1, d->o->month,
                    arena_printf(d->build->arena,
                                 "{\"days_in_month\":\"%d\",\"days_in_service\":\"%d\","
                                 "\"available\":\"%d\",\"total\":\"%d\"}",
                                 days, days, i == 4 ? days * SLOTS - 12 : days * SLOTS - 200,
                                 days * SLOTS));
    }
}

static enum err_code demo_estate(struct demo *d, struct err *e)
{
    struct build *b = d->build;
    int year = d->o->month.yyyymm / 100;
    const char *tariffs[] = { arena_printf(b->arena, "holidays/cn-%d.json", year),
                              "calendars/zhejiang.json", "prices/zhejiang.json", NULL };
    estate_orgs(d);
    d->market_station_id =
        build_station(b, d->operator_id, STATION_BUILDING, "MARKET", "电力现货市场（价格曲线）", 0);
    d->spot_point_id =
        build_point(b, d->market_station_id, "spot", POINT_OTHER, "price", "yuan/kWh", 0, 0);
    for (int i = 0; i < N_SITES; i++) {
        struct demo_site *s = &d->sites[i];
        estate_site(d, s);
        if (i < N_SELF_USE) {
            contract_self_use(d, s, i);
        } else if (i < N_PV) {
            contract_feed_in(d, s, i, i >= N_SELF_USE + N_FEED_IN);
        } else if (i < N_PV + N_STORAGE) {
            contract_storage(d, s, i - N_PV);
        } else {
            contract_wind(d, s, i - N_PV - N_STORAGE);
        }
    }
    const struct sim_mix_terms who = { .platform_org = d->operator_id,
                                       .grid_org = d->grid_id,
                                       .investors = d->investors,
                                       .consumers = d->consumers,
                                       .n_investors = N_INVESTORS,
                                       .n_consumers = N_CONSUMERS };
    demo_new_add(d->more, b, &who);
    return build_write(b, tariffs, e);
}

/* The estate stands: the ids of its points. */
static enum err_code demo_ids(struct demo *d, struct err *e)
{
    struct point p;
    struct scope all = scope_machine();
    struct arena *a = d->build->arena;
    enum err_code code =
        meter_get_point_by_code(d->build->db, all, a, STR("MARKET"), STR("spot"), &p, e);
    d->spot_point_id = code == OK ? p.point_id : 0;
    for (int i = 0; i < N_SITES && code == OK; i++) {
        struct demo_site *s = &d->sites[i];
        for (int reg = 0; reg < SIM_REGISTERS && code == OK; reg++) {
            if (s->sim.meters[reg].used) {
                code = meter_get_point_by_code(d->build->db, all, a, str_of(s->code),
                                               str_of(REGISTERS[reg].code), &p, e);
                s->point_id[reg] = code == OK ? p.point_id : 0;
            }
        }
    }
    if (code != OK) {
        return code;
    }
    code = demo_new_find(d->more, d->build, e);
    d->more = code == OK ? d->more : NULL;
    return code == ERR_NOT_FOUND ? OK : code;
}

static enum err_code demo_stands(struct demo *d, bool *stands, struct err *e)
{
    struct arena *a = d->build->arena;
    struct scope all = scope_machine();
    struct err none;
    struct point p;
    int64_t id;
    enum err_code code = contract_find_no(
        d->build->db, a, all, str_of(arena_printf(a, "%s-C-PV01", d->prefix)), &id, &none);
    *stands = code == OK;
    if (code != ERR_NOT_FOUND) {
        return code == OK ? OK : fail(e, code, "%s", none.text);
    }
    code = meter_get_point_by_code(d->build->db, all, a, STR("PV01"), STR("gen"), &p, &none);
    if (code == OK) {
        return fail(e, ERR_RULE,
                    "this store holds the demo of another month: name an empty one with --store");
    }
    return code == ERR_NOT_FOUND ? OK : fail(e, code, "%s", none.text);
}

/* ---- readings ---- */

struct playing {
    struct demo *d;
    const struct demo_site *site;
    struct arena *arena;
    struct str source;
    struct reading_batch batches[SIM_EVENTS_MAX + 40];
    size_t n;
    int64_t readings;
};

static enum err_code play_take(void *ctx, const struct sim_batch *b, struct err *e)
{
    struct playing *p = ctx;
    struct reading *r = arena_many(p->arena, b->n, struct reading);
    if (p->n == sizeof p->batches / sizeof p->batches[0]) {
        return fail(e, ERR_LIMIT, "site %s sends more batches than a month has", p->site->code);
    }
    for (size_t i = 0; i < b->n; i++) {
        const struct sim_sample *s = &b->samples[i];
        r[i].point_id = p->site->point_id[s->reg];
        r[i].ts_ms = s->at.utc_ms;
        r[i].value = s->value_e4;
        r[i].q = s->buffered ? Q_BUFFERED : 0;
        r[i].kind = READING_REG;
        r[i].rank = RANK_LIVE;
    }
    p->batches[p->n++] = (struct reading_batch){
        .source = p->source,
        .batch_id = b->seq,
        .readings = r,
        .n = b->n,
        .old_days = DEMO_HISTORY_DAYS
    };
    p->readings += (int64_t)b->n;
    return OK;
}

static enum err_code play_site(struct demo *d, const struct reading_points *points,
                               const struct demo_site *s, struct err *e)
{
    struct arena *a = arena_new();
    struct playing *p = arena_make(a, struct playing);
    p->d = d;
    p->site = s;
    p->arena = a;
    p->source = str_of(arena_printf(a, "gw:%s-%s", d->prefix, s->code));
    enum err_code code = sim_play(d->world, s->number, play_take, p, e);
    if (code == OK) {
        code = reading_intake(d->build->db, points, p->batches, p->n, d->o->now, e);
    }
    for (size_t i = 0; i < p->n && code == OK; i++) {
        if (p->batches[i].result == BATCH_TAKEN) {
            d->out->readings += (int64_t)p->batches[i].n_taken;
        } else if (p->batches[i].result == BATCH_DIFFERENT) {
            code = fail(e, ERR_CONFLICT, "%s: the store holds another world: was the seed changed?",
                        s->code);
        }
    }
    arena_free(a);
    return code;
}

/* Spot price: low at noon when the sun shines, high in the evening. */
static enum err_code play_spot(struct demo *d, const struct reading_points *points, struct err *e)
{
    static const int32_t hour[24] = { 310, 300, 295, 290, 295, 310, 340, 370, 360, 320, 270, 220,
                                      200, 210, 240, 290, 350, 430, 480, 490, 460, 410, 370, 330 };
    struct arena *a = arena_new();
    struct rng r;
    int days = month_days(d->o->month);
    struct reading *list = arena_many(a, (size_t)days * SLOTS, struct reading);
    struct reading_batch batch = { .source = STR("market:spot"),
                                   .batch_id = d->o->month.yyyymm,
                                   .readings = list,
                                   .n = (size_t)days * SLOTS,
                                   .old_days = DEMO_HISTORY_DAYS };
    rng_init(&r, d->o->seed + 1);
    for (int i = 0; i < days * SLOTS; i++) {
        list[i].point_id = d->spot_point_id;
        list[i].ts_ms = at(d, 0, i).utc_ms;
        list[i].value = hour[i % SLOTS / 4] * 1000LL + rng_between(&r, -400, 400) * 100;
        list[i].kind = READING_INT;
        list[i].rank = RANK_GRID_FILE;
    }
    enum err_code code = reading_intake(d->build->db, points, &batch, 1, d->o->now, e);
    if (code == OK && batch.result == BATCH_TAKEN) {
        d->out->readings += (int64_t)batch.n_taken;
    }
    arena_free(a);
    return code;
}

static enum err_code demo_readings(struct demo *d, struct err *e)
{
    struct arena *a = arena_new();
    struct reading_points *points;
    struct reading_fold_report folded;
    enum err_code code = reading_points_load(d->build->db, scope_machine(), a, &points, e);
    if (code == OK) {
        code = play_spot(d, points, e);
    }
    for (int i = 0; i < N_SITES && code == OK; i++) {
        build_progress(d->o, "readings", i, N_SITES);
        code = play_site(d, points, &d->sites[i], e);
    }
    if (code == OK && d->more) {
        code = demo_new_play(d->more, d->build, points, &d->out->readings, e);
    }
    if (code == OK) {
        build_progress(d->o, "readings", N_SITES, N_SITES);
        code = reading_fold(d->build->db, points, NULL, d->o->now, &folded, e);
    }
    arena_free(a);
    return code;
}

enum err_code demo_make(struct db *db, struct arena *a, const struct demo_options *o,
                        struct demo_result *out, struct err *e)
{
    struct demo *d = arena_make(a, struct demo);
    struct demo_result result = {
        .show = { o->month }, .n_show = 1, .periods = { o->month }, .n_periods = 1
    };
    bool stands;
    /* A world in a box has its own time: its month is over, whatever the machine's clock says. */
    struct demo_options *world = arena_make(a, struct demo_options);
    int64_t over_ms = day_start(day_add(month_end(o->month), 1)).utc_ms;
    *world = *o;
    world->now.utc_ms = o->now.utc_ms > over_ms ? o->now.utc_ms : over_ms;
    d->build = build_new(db, a, world);
    d->o = world;
    d->out = &result;
    snprintf(d->prefix, sizeof d->prefix, "DEMO%06d", o->month.yyyymm);
    d->more = demo_new_begin(d->build, o->month, d->prefix);
    build_progress(o, "estate", 0, 1);
    enum err_code code = demo_world(d, e);
    if (code != OK || (code = demo_stands(d, &stands, e)) != OK ||
        (code = stands ? demo_ids(d, e) : demo_estate(d, e)) != OK ||
        (code = build_places(d->build, e)) != OK) {
        return code;
    }
    result.reused = stands;
    result.orgs = 2 + N_INVESTORS + N_CONSUMERS;
    result.stations = N_SITES + 1;
    result.points = 1 + 3 * N_SELF_USE + 2 * (N_PV - N_SELF_USE) + 3 * N_STORAGE + N_WIND;
    result.contracts = N_SITES;
    if (d->more) {
        struct sim_mix_counts more = demo_new_counts(d->more);
        result.orgs += 3;
        result.stations += more.stations;
        result.points += more.points;
        result.contracts += more.orders;
    }
    build_progress(o, "estate", 1, 1);
    if ((code = demo_readings(d, e)) != OK) {
        return code;
    }
    *out = result;
    return OK;
}
