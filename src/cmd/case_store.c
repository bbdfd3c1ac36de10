/* case_store.c - a case through the whole house: a store is made for it, with organisations, a
 * station, points, readings, tariff, strategy text, contract and order; settle does the rest.
 *
 * Readings are kept by whole days of quarter-hours, so what lies outside the case's period reads
 * zero, which no line shows.
 */
#include "cmd/case_part.h"
#include "cmd/library.h"
#include "contract/contract.h"
#include "meter/meter.h"
#include "people/people.h"
#include "reading/reading.h"
#include "settle/settle.h"
#include <ftw.h>
#include <unistd.h>

#define TERMS_MAX (1u << 20) /* more than contract takes: it says so */
#define MESSAGES_MAX (1u << 16) /* what the checker says of a strategy */
#define PARTIES_MAX 64
#define POINTS_MAX 16

/* ---- does it fit ------------------------------------------------------------------------------
 */

static struct instant axis_end(const struct strategy_axis *axis)
{
    return (struct instant){ axis->start.utc_ms + (int64_t)axis->n * axis->minutes * 60000 };
}

/* Intervals on slot edges, all actual; every listed price version in force on some day. An interval
 * of several slots is kept in its first one, unless the strategy looks at power (`own_intervals`).
 */
static bool fits(const struct case_settled *s, const struct case_prices *p, bool own_intervals)
{
    if (!s->plain || s->axis.n == 0 || s->axis.start.utc_ms % SLOT_MS != 0 ||
        s->axis.minutes % 15 != 0 || (own_intervals && s->axis.minutes != 15)) {
        return false;
    }
    for (size_t f = 0; f < s->part->n_feeds; f++) {
        const struct case_vector *v = &s->vectors[s->part->feeds[f].source];
        for (int32_t i = 0; i < v->n; i++) {
            if (v->quality[i] != QUALITY_ACTUAL) {
                return false;
            }
        }
    }
    int64_t first = day_start(instant_day(s->axis.start)).utc_ms;
    struct day last = instant_day((struct instant){ axis_end(&s->axis).utc_ms - 1 });
    int64_t until = day_start(day_add(last, 1)).utc_ms;
    for (size_t i = 1; i < p->n; i++) {
        if (p->from[i].utc_ms <= first || p->from[i].utc_ms >= until) {
            return false;
        }
    }
    return p->n == 0 || p->from[0].utc_ms <= first;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static void put_book(struct json_out *o, const struct case_prices *p)
{
    json_open(o, NULL, '{');
    json_put_str(o, "schema", STR("sunkeeper.prices/1"));
    json_put_str(o, "id", STR("case"));
    json_put_str(o, "title", STR("case"));
    json_put_str(o, "unit", STR("yuan/kWh"));
    json_put_bool(o, "illustrative", true);
    json_open(o, "versions", '[');
    for (size_t i = 0; i < p->n; i++) {
        struct text from, until;
        text_init(&from, o->t->arena, 64);
        text_init(&until, o->t->arena, 64);
        text_instant(&from, p->from[i]);
        json_open(o, NULL, '{');
        json_put_str(o, "from", text_str(&from));
        if (i + 1 < p->n) {
            text_instant(&until, p->from[i + 1]);
            json_put_str(o, "until", text_str(&until));
        }
        json_put_str(o, "doc", STR("case"));
        json_open(o, "prices", '{');
        for (int k = 0; k < TOU_PERIODS; k++) {
            if (p->yuan_e6[i][k] != TARIFF_NO_PRICE) {
                json_put_scaled(o, tou_period_word((enum tou_period)k), p->yuan_e6[i][k], 6);
            }
        }
        json_close(o, '}');
        json_close(o, '}');
    }
    json_close(o, ']');
    json_close(o, '}');
}

static void put_rows(struct json_out *o, const char *name, const struct strategy_setting *s)
{
    json_open(o, name, '[');
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct strategy_row *r = &s->rows[i];
        json_open(o, NULL, '[');
        if (r->rest) {
            json_put_null(o, NULL);
        } else {
            json_put_scaled(o, NULL, r->bound.units, r->bound.scale);
        }
        if (r->blank) {
            json_put_null(o, NULL);
        } else {
            json_put_scaled(o, NULL, r->value.units, r->value.scale);
        }
        json_close(o, ']');
    }
    json_close(o, ']');
}

static void put_setting(struct json_out *o, const struct strategy_setting *s)
{
    const char *name = arena_copy(o->t->arena, s->name.at, s->name.n);
    if (s->absent) {
        json_put_null(o, name);
        return;
    }
    switch (s->type) {
    case STRATEGY_NUMBER:
        json_put_scaled(o, name, s->number.units, s->number.scale);
        break;
    case STRATEGY_CHOICE:
        json_put_str(o, name, s->choice);
        break;
    case STRATEGY_YES_NO:
        json_put_bool(o, name, s->yes);
        break;
    case STRATEGY_TABLE:
        put_rows(o, name, s);
        break;
    }
}

static void put_id(struct json_out *o, const char *name, int64_t id)
{
    json_put_str(o, name, str_of(arena_printf(o->t->arena, "%lld", (long long)id)));
}

/* ---- the store --------------------------------------------------------------------------------
 */

struct maker {
    struct case_world *w;
    struct json doc;
    const struct case_settled *s;
    const struct case_prices *prices;
    struct tariff_dates dates;
    struct cmd cmd; /* as ours, but with the store of the case */
    struct db *db;
    struct instant now;
    struct org orgs[PARTIES_MAX];
    const struct str *parties;
    size_t n_parties;
    struct station station;
    struct point points[POINTS_MAX];
    int64_t order_id;
};

static enum err_code publish(struct maker *m, struct text *t, struct err *e)
{
    struct json doc;
    struct tariff_published p;
    bool fresh;
    if (json_parse(m->w->arena, text_str(t), "tariff", &doc, e) != OK) {
        return e->code;
    }
    return tariff_publish(m->db, m->w->arena, doc, m->now, &p, &fresh, e);
}

static enum err_code make_tariff(struct maker *m, struct err *e)
{
    struct text t;
    if (!m->s->span) {
        return OK;
    }
    text_init(&t, m->w->arena, TERMS_MAX);
    if (case_calendar_text(m->w, m->doc, case_range_of(&m->s->axis), &t, e) != OK ||
        publish(m, &t, e) != OK) {
        return e->code;
    }
    if (m->prices->n == 0) {
        return OK;
    }
    struct json_out o;
    text_init(&t, m->w->arena, TERMS_MAX);
    json_out_init(&o, &t, false);
    put_book(&o, m->prices);
    return publish(m, &t, e);
}

static enum err_code make_meters(struct maker *m, struct err *e)
{
    m->n_parties = strategy_parties(m->s->strategy, &m->parties);
    size_t n_points = m->s->part->n_feeds;
    check_that(m->n_parties > 0 && m->n_parties <= PARTIES_MAX && n_points <= POINTS_MAX,
               "%zu parties, %zu points", m->n_parties, n_points);
    for (size_t i = 0; i < m->n_parties; i++) {
        m->orgs[i] = (struct org){ .kind = ORG_INVESTOR, .name = m->parties[i] };
    }
    if (org_add(m->db, scope_machine(), m->orgs, m->n_parties, m->now, e) != OK) {
        return e->code;
    }
    m->station = (struct station){ .org_id = m->orgs[0].org_id,
                                   .shard = 0,
                                   .kind = STATION_PV,
                                   .code = STR("case"),
                                   .name = STR("case") };
    if (meter_add_stations(m->db, scope_machine(), &m->station, 1, m->now, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n_points; i++) {
        m->points[i] = (struct point){ .point_id = store_next_id(m->db, m->now),
                                       .station_id = m->station.station_id,
                                       .code = m->s->part->feeds[i].name,
                                       .role = POINT_OTHER,
                                       .quantity = STR("ep_imp"),
                                       .unit = STR("kWh"),
                                       .direction = 1 };
    }
    return n_points == 0 ? OK
                         : meter_add_points(m->db, scope_machine(), m->points, n_points, m->now, e);
}

static void put_dates(struct json_out *o, const struct tariff_dates *dates)
{
    json_open(o, "dates", '{');
    json_open(o, arena_copy(o->t->arena, dates->name.at, dates->name.n), '[');
    for (size_t i = 0; i < dates->n; i++) {
        struct text t;
        text_init(&t, o->t->arena, 16);
        text_day(&t, dates->days[i]);
        json_put_str(o, NULL, text_str(&t));
    }
    json_close(o, ']');
    json_close(o, '}');
}

static struct str terms_of(struct maker *m)
{
    struct text *t = arena_make(m->w->arena, struct text);
    struct json_out o;
    const struct strategy_part *p = m->s->part;
    text_init(t, m->w->arena, TERMS_MAX);
    json_out_init(&o, t, false);
    json_open(&o, NULL, '{');
    json_open(&o, "parties", '{');
    for (size_t i = 0; i < m->n_parties; i++) {
        put_id(&o, arena_copy(m->w->arena, m->parties[i].at, m->parties[i].n), m->orgs[i].org_id);
    }
    json_close(&o, '}');
    if (m->s->span) {
        json_put_str(&o, "calendar", STR("case"));
        put_dates(&o, &m->dates);
    }
    const struct strategy_decl *decls;
    size_t n = strategy_decls(m->s->strategy, &decls);
    json_open(&o, "prices", '{');
    for (size_t i = 0; i < n && m->prices->n > 0; i++) {
        if (decls[i].kind == STRATEGY_PRICE) {
            json_put_str(&o, arena_copy(m->w->arena, decls[i].name.at, decls[i].name.n),
                         STR("case"));
        }
    }
    json_close(&o, '}');
    json_open(&o, "series", '{');
    for (size_t i = 0; i < p->n_feeds; i++) {
        json_open(&o, arena_copy(m->w->arena, p->feeds[i].name.at, p->feeds[i].name.n), '{');
        put_id(&o, "point", m->points[i].point_id);
        json_put_int(&o, "digits", p->feeds[i].digits);
        json_close(&o, '}');
    }
    json_close(&o, '}');
    json_open(&o, "settings", '{');
    for (size_t i = 0; i < p->n_settings; i++) {
        put_setting(&o, &p->settings[i]);
    }
    json_close(&o, '}');
    json_close(&o, '}');
    return text_str(t);
}

static enum err_code make_contract(struct maker *m, struct settle_period period, struct err *e)
{
    struct arena *a = m->w->arena;
    struct text messages;
    struct strategy_text published;
    bool fresh;
    const char *path = arena_printf(a, "%s/" STR_FMT ".tally", m->w->strategies,
                                    STR_ARG(strategy_name(m->s->strategy)));
    text_init(&messages, a, MESSAGES_MAX);
    if (library_publish(m->db, a, path, m->now, &messages, &published, &fresh, e) != OK) {
        return e->code;
    }
    struct contract c = { .no = STR("case"),
                          .title = STR("case"),
                          .state = CONTRACT_EFFECTIVE,
                          .from = period.from,
                          .until = period.until,
                          .strategy = published.ref,
                          .stations = &m->station.station_id,
                          .n_stations = 1,
                          .terms = terms_of(m) };
    if (contract_create(m->db, scope_machine(), &c, m->now, e) != OK) {
        return e->code;
    }
    struct order o = { .contract_id = c.contract_id,
                       .no = STR("case"),
                       .station_id = m->station.station_id,
                       .from = period.from,
                       .until = period.until,
                       .state = ORDER_ACTIVE };
    if (order_create(m->db, scope_machine(), &o, m->now, e) != OK) {
        return e->code;
    }
    m->order_id = o.order_id;
    return OK;
}

/* The case's value of a feed in a slot; zero outside its period. */
static int64_t value_at(const struct case_settled *s, const struct case_vector *v, struct instant t)
{
    int64_t ms = t.utc_ms - s->axis.start.utc_ms, each = s->axis.minutes * 60000LL;
    return ms < 0 || ms % each != 0 || ms / each >= v->n ? 0 : v->values[ms / each];
}

static enum err_code make_readings(struct maker *m, struct settle_period period, struct err *e)
{
    struct arena *a = m->w->arena;
    struct reading_points *points;
    struct meter_estate estate;
    int64_t ids[POINTS_MAX];
    size_t n = m->s->part->n_feeds;
    for (size_t i = 0; i < n; i++) {
        ids[i] = m->points[i].point_id;
    }
    if (n == 0) {
        return OK;
    }
    if (meter_load_estate(m->db, scope_machine(), a, &estate, e) != OK ||
        reading_place(m->db, &estate, ids, n, m->now, e) != OK ||
        reading_points_load(m->db, scope_machine(), a, &points, e) != OK) {
        return e->code;
    }
    reading_points_sort(points, ids, n);
    int64_t *values = arena_many(a, n * SLOTS, int64_t);
    for (struct day d = period.from; d.yyyymmdd < period.until.yyyymmdd; d = day_add(d, 1)) {
        for (size_t k = 0; k < n; k++) {
            size_t f = 0;
            while (m->points[f].point_id != ids[k]) {
                f++;
            }
            const struct case_vector *v = &m->s->vectors[m->s->part->feeds[f].source];
            for (int slot = 0; slot < SLOTS; slot++) {
                values[k * SLOTS + (size_t)slot] =
                    value_at(m->s, v, slot_start((struct slot){ d, slot }));
            }
        }
        if (reading_load_day(m->db, points, STR("case"), d, ids, n, values, RANK_LIVE, m->now, e) !=
            OK) {
            return e->code;
        }
    }
    return OK;
}

/* A case's store knows one time: the end of its period. */
static struct instant fixed_now(void *ctx)
{
    return *(const struct instant *)ctx;
}

/* Core first, then series: no transaction crosses the two. */
static enum err_code make_store(struct maker *m, struct settle_period period, struct err *e)
{
    if (cmd_open(&m->cmd, STORE_CREATE, &m->db, e) != OK ||
        store_begin(m->db, STORE_CORE, STORE_WRITE, e) != OK) {
        return e->code;
    }
    if (make_tariff(m, e) != OK || make_meters(m, e) != OK || make_contract(m, period, e) != OK ||
        store_commit(m->db, STORE_CORE, e) != OK) {
        return e->code;
    }
    if (store_begin(m->db, STORE_SERIES, STORE_WRITE, e) != OK ||
        make_readings(m, period, e) != OK) {
        return e->code;
    }
    return store_commit(m->db, STORE_SERIES, e);
}

/* ---- what came out ----------------------------------------------------------------------------
 */

static void put_line(struct json_out *o, const struct settle_line *l)
{
    json_open(o, NULL, '{');
    json_put_str(o, "code", l->code);
    json_put_str(o, "payer", l->payer);
    json_put_str(o, "payee", l->payee);
    if (l->has_quantity) {
        json_put_scaled(o, "quantity", l->quantity_e4, 4);
        json_put_str(o, "unit", l->unit);
    } else {
        json_put_null(o, "quantity");
        json_put_null(o, "unit");
    }
    if (l->has_price) {
        json_put_scaled(o, "price", l->price_e6, 6);
    } else {
        json_put_null(o, "price");
    }
    json_put_int(o, "amount_fen", l->fen);
    if (l->vat_e6 >= 0) {
        json_put_scaled(o, "vat_rate", l->vat_e6, 6);
        json_put_int(o, "net_fen", l->net_fen);
        json_put_int(o, "vat_fen", l->vat_fen);
    }
    if (l->settled_by.n > 0) {
        json_put_str(o, "settled_by", l->settled_by);
    }
    json_close(o, '}');
}

static enum err_code settle_order(struct maker *m, struct settle_period period, struct json_out *o,
                                  struct err *e)
{
    const struct settle_result *r;
    struct settle_try t = {
        .order_id = m->order_id, .period = period, .strategy_text = STR(""), .now = m->now
    };
    if (settle_try(m->db, m->w->arena, scope_machine(), &t, &r, e) != OK) {
        return e->code;
    }
    if (r->outcome == SETTLE_REFUSED) {
        return fail(e, ERR_RULE, "settle: %s: " STR_FMT, r->failure_name, STR_ARG(r->failure));
    }
    json_open(o, "lines", '[');
    for (size_t i = 0; i < r->n_lines; i++) {
        put_line(o, &r->lines[i]);
    }
    json_close(o, ']');
    return OK;
}

/* ---- the story --------------------------------------------------------------------------------
 */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
    (void)st, (void)type, (void)f;
    return remove(path);
}

enum err_code case_put_stored(struct case_world *w, struct json doc, const struct case_settled *s,
                              struct json_out *o, bool *done, struct err *e)
{
    struct case_prices prices = { NULL, NULL, 0 };
    if (case_prices(w, doc, case_range_of(&s->axis), &prices, e) != OK) {
        return e->code;
    }
    bool own = false;
    struct json cond = json_get(s->bind, "own_intervals");
    if (json_kind(cond) != JSON_NONE &&
        case_holds(w, s->runs, &s->runs->place, cond, &own, e) != OK) {
        return e->code;
    }
    *done = fits(s, &prices, own);
    if (!*done) {
        return OK;
    }
    struct day last = instant_day((struct instant){ axis_end(&s->axis).utc_ms - 1 });
    struct settle_period period = { instant_day(s->axis.start), day_add(last, 1) };
    struct maker *m = arena_make(w->arena, struct maker);
    *m = (struct maker){ .w = w,
                         .doc = doc,
                         .s = s,
                         .prices = &prices,
                         .cmd = { .arena = w->arena, .quiet = true },
                         .now = day_start(period.until) };
    if (case_dates(w, doc, &m->dates, e) != OK) {
        return e->code;
    }
    const char *tmp =
        getenv("TMPDIR"); /* in memory where there is such a place: it lasts a second */
    tmp = tmp ? tmp : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char *folder = arena_printf(w->arena, "%s/sunkeeper-case-XXXXXX", tmp);
    if (!mkdtemp(folder)) {
        return fail(e, ERR_IO, "%s: no folder for a case's store can be made here", folder);
    }
    m->cmd.store = folder;
    m->cmd.clock = (struct clock){ fixed_now, &m->now };
    enum err_code code = make_store(m, period, e);
    code = code == OK ? settle_order(m, period, o, e) : code;
    store_close(m->db);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return code;
}
