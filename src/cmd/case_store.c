/* case_store.c - a case through the whole house: a store is made for it, with organisations, a
 * station, points, readings, tariff, strategy text, contract, order and the facts of the period
 * (case_house.c says which); settle does the rest.
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

#define TERMS_MAX (1u << 20)    /* more than contract takes: it says so */
#define MESSAGES_MAX (1u << 16) /* what the checker says of a strategy */

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

/* ---- the store --------------------------------------------------------------------------------
 */

struct maker {
    const struct case_house *h;
    struct arena *arena;
    struct cmd cmd; /* as ours, but with the store of the case */
    struct db *db;
    struct instant now;
    struct org *orgs;
    struct station station;
    int64_t *point_ids;
    int64_t order_id;
    struct settle_period period;
};

static enum err_code publish(struct maker *m, struct str text, struct err *e)
{
    struct json doc;
    struct tariff_published p;
    bool fresh;
    if (json_parse(m->arena, text, "tariff", &doc, e) != OK) {
        return e->code;
    }
    return tariff_publish(m->db, m->arena, doc, m->now, &p, &fresh, e);
}

static enum err_code make_tariff(struct maker *m, struct err *e)
{
    const struct case_house *h = m->h;
    struct text t;
    if (!h->calendar) {
        return OK;
    }
    text_init(&t, m->arena, TERMS_MAX);
    if (!h->own_calendar && case_calendar_text(h->w, h->doc, h->s->range, &t, e) != OK) {
        return e->code;
    }
    if (publish(m, h->own_calendar ? case_house_calendar(h) : text_str(&t), e) != OK) {
        return e->code;
    }
    if (h->prices.n == 0) {
        return OK;
    }
    struct json_out o;
    text_init(&t, m->arena, TERMS_MAX);
    json_out_init(&o, &t, false);
    put_book(&o, &h->prices);
    return publish(m, text_str(&t), e);
}

static enum err_code make_orgs(struct maker *m, struct err *e)
{
    const struct case_house *h = m->h;
    m->orgs = arena_many(m->arena, h->n_parties + 1, struct org);
    for (size_t i = 0; i < h->n_parties; i++) {
        m->orgs[i] = (struct org){ .kind = ORG_INVESTOR, .name = h->parties[i] };
    }
    return org_add(m->db, scope_machine(), m->orgs, h->n_parties, m->now, e);
}

static enum err_code make_meters(struct maker *m, struct err *e)
{
    const struct case_house *h = m->h;
    struct point *points = arena_many(m->arena, h->n_points + 1, struct point);
    m->point_ids = arena_many(m->arena, h->n_points + 1, int64_t);
    m->station = (struct station){ .org_id = m->orgs[0].org_id,
                                   .shard = 0,
                                   .kind = STATION_PV,
                                   .code = STR("case"),
                                   .name = STR("case") };
    if (meter_add_stations(m->db, scope_machine(), &m->station, 1, m->now, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < h->n_points; i++) {
        m->point_ids[i] = store_next_id(m->db, m->now);
        points[i] = (struct point){ .point_id = m->point_ids[i],
                                    .station_id = m->station.station_id,
                                    .code = h->codes[i],
                                    .role = POINT_OTHER,
                                    .quantity = STR("ep_imp"),
                                    .unit = STR("kWh"),
                                    .direction = 1 };
    }
    return h->n_points == 0
               ? OK
               : meter_add_points(m->db, scope_machine(), points, h->n_points, m->now, e);
}

static struct str terms_of(struct maker *m, const struct tariff_dates *dates, struct str *facts)
{
    struct case_house h = *m->h;
    int64_t *org_ids = arena_many(m->arena, h.n_parties + 1, int64_t);
    for (size_t i = 0; i < h.n_parties; i++) {
        org_ids[i] = m->orgs[i].org_id;
    }
    h.org_ids = org_ids;
    h.point_ids = m->point_ids;
    *facts = case_house_facts(&h);
    return case_house_terms(&h, dates);
}

static enum err_code make_contract(struct maker *m, struct err *e)
{
    const struct case_house *h = m->h;
    struct text messages;
    struct arena *a = m->arena;
    struct strategy_text published;
    struct tariff_dates dates;
    struct str facts;
    bool fresh;
    const char *path = arena_printf(a, "%s/" STR_FMT ".tally", h->w->strategies,
                                    STR_ARG(strategy_name(h->s->strategy)));
    text_init(&messages, a, MESSAGES_MAX);
    if (case_dates(h->w, h->doc, &dates, e) != OK ||
        library_publish(m->db, a, path, m->now, &messages, &published, &fresh, e) != OK) {
        return e->code;
    }
    struct contract c = { .no = STR("case"),
                          .title = STR("case"),
                          .state = CONTRACT_EFFECTIVE,
                          .from = h->from,
                          .until = h->until,
                          .strategy = published.ref,
                          .stations = &m->station.station_id,
                          .n_stations = 1,
                          .terms = terms_of(m, &dates, &facts) };
    if (contract_create(m->db, scope_machine(), &c, m->now, e) != OK) {
        return e->code;
    }
    struct order o = { .contract_id = c.contract_id,
                       .no = STR("case"),
                       .station_id = m->station.station_id,
                       .from = h->from,
                       .until = h->until,
                       .state = ORDER_ACTIVE };
    if (order_create(m->db, scope_machine(), &o, m->now, e) != OK) {
        return e->code;
    }
    m->order_id = o.order_id;
    return facts.n == 0 ? OK
                        : order_facts_put(m->db, scope_machine(), o.order_id, h->from, facts,
                                          m->now, NULL, NULL, e);
}

/* ---- readings ---------------------------------------------------------------------------------
 */

/* The pieces of one point, one after another in the list of all. */
struct pieces {
    const struct case_piece *const *at;
    size_t n;
};

/* Fills one day of a point; false: it has no reading on this day. */
static bool fill_day(const struct pieces *p, bool listed_only, struct day day, int64_t *values)
{
    int64_t start = day_start(day).utc_ms;
    bool read = !listed_only;
    memset(values, 0, SLOTS * sizeof *values);
    for (size_t i = 0; i < p->n; i++) {
        const struct case_piece *x = p->at[i];
        int64_t each = x->minutes * 60000LL, n = x->v->n;
        int64_t end = x->start.utc_ms + (n ? n * each : SLOT_MS);
        if (x->start.utc_ms >= start + DAY_MS || end <= start) {
            continue;
        }
        if (!case_is_whole(x->v)) {
            return false;
        }
        read = true;
        for (int64_t k = 0; k < n; k++) {
            int64_t at = x->start.utc_ms + k * each - start;
            if (at >= 0 && at < DAY_MS) {
                values[at / SLOT_MS] = x->v->values[k];
            }
        }
    }
    return read;
}

static struct pieces *pieces_by_point(struct maker *m)
{
    const struct case_house *h = m->h;
    struct pieces *p = arena_many(m->arena, h->n_points + 1, struct pieces);
    const struct case_piece **all =
        arena_many(m->arena, h->n_pieces + 1, const struct case_piece *);
    for (size_t i = 0; i < h->n_pieces; i++) {
        p[h->pieces[i].point].n++;
    }
    size_t from = 0;
    for (size_t i = 0; i < h->n_points; i++) {
        p[i].at = all + from;
        from += p[i].n;
        p[i].n = 0;
    }
    for (size_t i = 0; i < h->n_pieces; i++) {
        struct pieces *of = &p[h->pieces[i].point];
        all[(size_t)(of->at - (const struct case_piece *const *)all) + of->n++] = &h->pieces[i];
    }
    return p;
}

static enum err_code make_readings(struct maker *m, struct err *e)
{
    const struct case_house *h = m->h;
    struct arena *a = m->arena;
    struct reading_points *points;
    struct meter_estate estate;
    size_t n = h->n_points;
    if (n == 0) {
        return OK;
    }
    int64_t *ids = arena_many(a, n, int64_t), *some = arena_many(a, n, int64_t);
    memcpy(ids, m->point_ids, n * sizeof *ids);
    if (meter_load_estate(m->db, scope_machine(), a, &estate, e) != OK ||
        reading_place(m->db, &estate, ids, n, m->now, e) != OK ||
        reading_points_load(m->db, scope_machine(), a, &points, e) != OK) {
        return e->code;
    }
    reading_points_sort(points, ids, n);
    const struct pieces *pieces = pieces_by_point(m);
    int64_t *values = arena_many(a, n * SLOTS, int64_t);
    for (struct day d = h->first; d.yyyymmdd <= h->last.yyyymmdd; d = day_add(d, 1)) {
        size_t n_some = 0;
        for (size_t k = 0; k < n; k++) {
            size_t at = 0;
            while (m->point_ids[at] != ids[k]) {
                at++;
            }
            some[n_some] = ids[k];
            n_some += fill_day(&pieces[at], h->days[at], d, values + n_some * SLOTS);
        }
        if (n_some > 0 && reading_load_day(m->db, points, STR("case"), d, some, n_some, values,
                                           RANK_LIVE, m->now, e) != OK) {
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
static enum err_code make_store(struct maker *m, struct err *e)
{
    if (cmd_open(&m->cmd, STORE_CREATE, &m->db, e) != OK ||
        store_begin(m->db, STORE_CORE, STORE_WRITE, e) != OK) {
        return e->code;
    }
    if (make_tariff(m, e) != OK || make_orgs(m, e) != OK || make_meters(m, e) != OK ||
        make_contract(m, e) != OK || store_commit(m->db, STORE_CORE, e) != OK) {
        return e->code;
    }
    if (store_begin(m->db, STORE_SERIES, STORE_WRITE, e) != OK || make_readings(m, e) != OK) {
        return e->code;
    }
    return store_commit(m->db, STORE_SERIES, e);
}

/* ---- what came out ----------------------------------------------------------------------------
 */

static enum err_code put_line(struct json_out *o, const struct case_settled *s,
                              const struct settle_line *l, struct err *e)
{
    struct str unit = l->unit;
    if (l->has_quantity && case_unit(s, &unit, e) != OK) {
        return e->code;
    }
    json_open(o, NULL, '{');
    json_put_str(o, "code", l->code);
    json_put_str(o, "payer", l->payer);
    json_put_str(o, "payee", l->payee);
    if (l->has_quantity) {
        json_put_scaled(o, "quantity", l->quantity_e4, 4);
        json_put_str(o, "unit", unit);
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
    return OK;
}

static enum err_code settle_order(struct maker *m, struct json_out *o, struct err *e)
{
    const struct settle_result *r;
    struct settle_try t = {
        .order_id = m->order_id, .period = m->period, .strategy_text = STR(""), .now = m->now
    };
    if (settle_try(m->db, m->arena, scope_machine(), &t, &r, e) != OK) {
        return e->code;
    }
    if (r->outcome == SETTLE_REFUSED) {
        return fail(e, ERR_RULE, "settle: %s: " STR_FMT, r->failure_name, STR_ARG(r->failure));
    }
    json_open(o, "lines", '[');
    for (size_t i = 0; i < r->n_lines; i++) {
        if (put_line(o, m->h->s, &r->lines[i], e) != OK) {
            return e->code;
        }
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
    struct case_house *h;
    if (case_house_make(w, doc, s, &h, done, e) != OK) {
        return e->code;
    }
    if (!*done) {
        return OK;
    }
    struct maker *m = arena_make(w->arena, struct maker);
    *m = (struct maker){ .h = h,
                         .arena = w->arena,
                         .cmd = { .arena = w->arena, .quiet = true },
                         .now = day_start(h->until),
                         .period = { h->from, h->until } };
    const char *tmp =
        getenv("TMPDIR"); /* in memory where there is such a place: it lasts a second */
    tmp = tmp ? tmp : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    char *folder = arena_printf(w->arena, "%s/sunkeeper-case-XXXXXX", tmp);
    if (!mkdtemp(folder)) {
        return fail(e, ERR_IO, "%s: no folder for a case's store can be made here", folder);
    }
    m->cmd.store = folder;
    m->cmd.clock = (struct clock){ fixed_now, &m->now };
    struct err why = { 0 };
    enum err_code code = make_store(m, &why);
    code = code == OK ? settle_order(m, o, &why) : code;
    store_close(m->db);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    if (code == ERR_INPUT || code == ERR_LIMIT || code == ERR_RULE || code == ERR_CONFLICT) {
        w->refused = arena_printf(w->arena, "%s", why.text);
        *done = false;
        return OK;
    }
    return code == OK ? OK : fail(e, code, "%s", why.text);
}
