/* demo_build.c - see demo_build.h. */
#include "cmd/demo_build.h"

#include "cmd/cmd.h"
#include "cmd/library.h"
#include "cmd/office.h"
#include "contract/account.h"
#include "settle/settle.h"

struct build *build_new(struct db *db, struct arena *a, const struct demo_options *o)
{
    struct build *b = arena_make(a, struct build);
    b->db = db;
    b->arena = a;
    b->options = o;
    return b;
}

static int64_t build_id(struct build *b)
{
    return store_next_id(b->db, b->options->now);
}

static struct str text_of(struct build *b, const char *c)
{
    return str_dup(b->arena, str_of(c));
}

int64_t build_org(struct build *b, enum org_kind kind, const char *name)
{
    check(b->n_orgs < BUILD_ORGS_MAX);
    /* Numbers that belong to nobody: registered in Hangzhou, counted. */
    char *uscc = arena_printf(b->arena, "91330100MAD%06zu?", b->n_orgs + 1);
    uscc[17] = uscc_digit((struct str){ uscc, 17 });
    b->orgs[b->n_orgs] = (struct org){ .org_id = build_id(b),
                                       /* The operator comes first; whom it serves stands below
                                        * it, so that its staff see their rows. */
                                       .parent_id = b->n_orgs ? b->orgs[0].org_id : 0,
                                       .kind = kind,
                                       .status = ORG_ACTIVE,
                                       .uscc = str_of(uscc),
                                       .name = text_of(b, name) };
    return b->orgs[b->n_orgs++].org_id;
}

int64_t build_station(struct build *b, int64_t org_id, enum station_kind kind, const char *code,
                      const char *name, int64_t capacity_kw)
{
    check(b->n_stations < BUILD_STATIONS_MAX);
    b->stations[b->n_stations] = (struct station){ .station_id = build_id(b),
                                                   .org_id = org_id,
                                                   .kind = kind,
                                                   .code = text_of(b, code),
                                                   .name = text_of(b, name),
                                                   .capacity_kw_e4 = capacity_kw * 10000 };
    return b->stations[b->n_stations++].station_id;
}

int64_t build_meter(struct build *b, int64_t station_id, const char *serial)
{
    check(b->n_meters < BUILD_POINTS_MAX);
    b->meters[b->n_meters] = (struct meter){ .meter_id = build_id(b),
                                             .station_id = station_id,
                                             .serial = text_of(b, serial),
                                             .modulus_e4 = 1000000LL * 10000,
                                             .resolution_e4 = 100 };
    return b->meters[b->n_meters++].meter_id;
}

int64_t build_point(struct build *b, int64_t station_id, const char *code, enum point_role role,
                    const char *quantity, const char *unit, int direction, int64_t rated_kw)
{
    check(b->n_points < BUILD_POINTS_MAX);
    b->points[b->n_points] = (struct point){ .point_id = build_id(b),
                                             .station_id = station_id,
                                             .code = text_of(b, code),
                                             .role = role,
                                             .quantity = text_of(b, quantity),
                                             .unit = text_of(b, unit),
                                             .direction = (int16_t)direction,
                                             .rated_kw_e4 = rated_kw * 10000 };
    return b->points[b->n_points++].point_id;
}

void build_bind(struct build *b, int64_t point_id, int64_t meter_id, const char *code,
                struct instant at, int64_t first_e4, int32_t ct_primary, int32_t pt)
{
    check(b->n_bindings < BUILD_POINTS_MAX);
    b->bindings[b->n_bindings++] = (struct binding){ .point_id = point_id,
                                                     .valid_from = at,
                                                     .meter_id = meter_id,
                                                     .register_code = text_of(b, code),
                                                     .ct_num = ct_primary,
                                                     .ct_den = 5,
                                                     .pt_num = pt,
                                                     .pt_den = 1,
                                                     .first_value_e4 = first_e4,
                                                     .last_value_e4 = METER_OPEN_VALUE,
                                                     .reason = BINDING_FIRST };
}

int build_contract(struct build *b, const char *prefix, const char *no, const char *title,
                   const char *strategy, int64_t station_id, struct day from, struct day until,
                   const struct build_leg *legs, size_t n_legs, struct str terms)
{
    check(b->n_contracts < BUILD_CONTRACTS_MAX);
    size_t i = b->n_contracts++;
    int64_t *station = arena_make(b->arena, int64_t);
    struct order_leg *order_legs = arena_many(b->arena, n_legs, struct order_leg);
    *station = station_id;
    for (size_t k = 0; k < n_legs; k++) {
        order_legs[k] = (struct order_leg){
            .payer = str_of(legs[k].payer),
            .payee = str_of(legs[k].payee),
            .payer_account =
                str_of(arena_printf(b->arena, "62220000%04zu%s%02zu", i + 1, "0001", k)),
            .payee_account =
                str_of(arena_printf(b->arena, "62220000%04zu%s%02zu", i + 1, "0002", k)),
        };
    }
    b->contracts[i] =
        (struct contract){ .no = str_of(arena_printf(b->arena, "%s-C-%s", prefix, no)),
                           .title = text_of(b, title),
                           .state = CONTRACT_EFFECTIVE,
                           .from = from,
                           .until = until,
                           .strategy = { str_of(strategy), 0 },
                           .stations = station,
                           .n_stations = 1,
                           .terms = terms };
    b->orders[i] = (struct order){ .no = str_of(arena_printf(b->arena, "%s-O-%s", prefix, no)),
                                   .station_id = station_id,
                                   .legs = order_legs,
                                   .n_legs = n_legs,
                                   .from = from,
                                   .until = until,
                                   .state = ORDER_ACTIVE };
    return (int)i;
}

void build_input(struct build *b, int contract, struct month month, const char *settings)
{
    check(b->n_inputs < BUILD_INPUTS_MAX);
    b->inputs[b->n_inputs++] = (struct build_input){ contract, month, text_of(b, settings) };
}

void build_change(struct build *b, int64_t point_id, int64_t meter_id, struct instant at,
                  int64_t last_e4, int64_t first_e4, int32_t ct_primary, const char *note)
{
    const struct binding *old = NULL;
    for (size_t i = 0; i < b->n_bindings; i++) {
        old = b->bindings[i].point_id == point_id ? &b->bindings[i] : old;
    }
    check(old != NULL && b->n_changes < BUILD_CHANGES_MAX);
    struct build_change *c = &b->changes[b->n_changes++];
    c->next = *old;
    c->next.valid_from = at;
    c->next.meter_id = meter_id;
    c->next.ct_num = ct_primary;
    c->next.first_value_e4 = first_e4;
    c->next.reason = meter_id == old->meter_id ? BINDING_RATIO : BINDING_SWAP;
    c->next.note = text_of(b, note);
    c->last_e4 = last_e4;
    c->ratio = meter_id == old->meter_id;
}

/* ---- writing ---- */

static enum err_code publish_strategy(struct build *b, struct strategy_ref *ref, struct err *e)
{
    const char *file =
        arena_printf(b->arena, "%s/" STR_FMT ".tally", b->options->strategies, STR_ARG(ref->name));
    struct text messages;
    struct strategy_text published;
    bool fresh;
    text_init(&messages, b->arena, 65536);
    enum err_code code = library_publish(b->db, b->arena, file, b->options->now, &messages,
                                         &published, &fresh, e);
    if (code == OK) {
        ref->version = published.ref.version;
    }
    return code;
}

static enum err_code publish_strategies(struct build *b, struct err *e)
{
    for (size_t i = 0; i < b->n_contracts; i++) {
        struct strategy_ref *ref = &b->contracts[i].strategy;
        for (size_t k = 0; k < i && ref->version == 0; k++) {
            if (str_eq(b->contracts[k].strategy.name, ref->name)) {
                ref->version = b->contracts[k].strategy.version;
            }
        }
        enum err_code code = ref->version == 0 ? publish_strategy(b, ref, e) : OK;
        if (code != OK) {
            return code;
        }
    }
    for (size_t i = 0; i < b->n_strategies; i++) {
        if (publish_strategy(b, &b->strategies[i], e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code publish_tariffs(struct build *b, const char *const *files, struct err *e)
{
    for (; *files != NULL; files++) {
        struct json doc;
        struct tariff_published published;
        bool fresh;
        enum err_code code =
            json_load(b->arena, arena_printf(b->arena, "%s/%s", b->options->data, *files), &doc, e);
        if (code != OK || (code = tariff_publish(b->db, b->arena, doc, b->options->now, &published,
                                                 &fresh, e)) != OK) {
            return code;
        }
    }
    return OK;
}

static enum err_code write_changes(struct build *b, struct scope s, struct err *e)
{
    enum err_code code = OK;
    for (size_t i = 0; i < b->n_changes && code == OK; i++) {
        const struct build_change *c = &b->changes[i];
        const struct binding *n = &c->next;
        code = c->ratio ? meter_change_ratio(b->db, s, n->point_id, n->valid_from, c->last_e4,
                                             n->ct_num, n->ct_den, n->pt_num, n->pt_den, n->note,
                                             b->options->now, e)
                        : meter_swap(b->db, s, n, c->last_e4, b->options->now, e);
    }
    return code;
}

static enum err_code write_inputs(struct build *b, struct scope s, struct err *e)
{
    for (size_t i = 0; i < b->n_inputs; i++) {
        const struct build_input *in = &b->inputs[i];
        enum err_code code =
            order_input_put(b->db, s, b->orders[in->contract].order_id, month_first(in->month),
                            in->settings, b->options->now, e);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

struct writing {
    struct build *b;
    const char *const *tariffs;
    struct strategy_ref *strategies; /* build_basics */
    size_t n;
    const struct order_leg *const *clear; /* build_write */
};

static enum err_code write_basics(struct db *db, void *ctx, struct err *e)
{
    struct writing *w = ctx;
    enum err_code code = publish_tariffs(w->b, w->tariffs, e);
    for (size_t i = 0; i < w->n && code == OK; i++) {
        code = publish_strategy(w->b, &w->strategies[i], e);
    }
    return code != OK
               ? code
               : org_add(db, scope_machine(), w->b->orgs, w->b->n_orgs, w->b->options->now, e);
}

enum err_code build_basics(struct build *b, const char *const *tariffs,
                           struct strategy_ref *strategies, size_t n, struct err *e)
{
    struct writing w = { b, tariffs, strategies, n, NULL };
    return store_write(b->db, STORE_CORE, write_basics, &w, e);
}

/* The orders' account numbers become sealed accounts; `clear` are the legs as they were built, for
 * each time that the transaction is tried. */
static enum err_code bind_accounts(struct build *b, const struct order_leg *const *clear,
                                   struct scope s, struct err *e)
{
    struct secrets *sec = NULL;
    enum err_code code = cmd_secrets(b->db, &sec, e);
    for (size_t i = 0; i < b->n_contracts && code == OK; i++) {
        struct order *o = &b->orders[i];
        struct order_leg *legs = arena_many(b->arena, o->n_legs + 1, struct order_leg);
        memcpy(legs, clear[i], o->n_legs * sizeof(*legs));
        code = order_legs_bind(b->db, b->arena, s, sec, b->contracts[i].terms, o->from, legs,
                               o->n_legs, b->options->now, e);
        o->legs = legs;
    }
    secret_close(sec);
    return code;
}

static enum err_code write_core(struct db *db, void *ctx, struct err *e)
{
    struct writing *w = ctx;
    struct build *b = w->b;
    struct scope s = scope_machine();
    struct instant now = b->options->now;
    struct audit_event made = {
        .at = now, .action = STR("demo.make"), .object = STR("store"), .result = STR("ok")
    };
    enum err_code code = publish_tariffs(b, w->tariffs, e);
    if (code != OK || (code = publish_strategies(b, e)) != OK ||
        (code = org_add(db, s, b->orgs, b->n_orgs, now, e)) != OK ||
        (code = meter_add_stations(db, s, b->stations, b->n_stations, now, e)) != OK ||
        (code = meter_add_meters(db, s, b->meters, b->n_meters, now, e)) != OK ||
        (code = meter_add_points(db, s, b->points, b->n_points, now, e)) != OK ||
        (code = meter_bind(db, s, b->bindings, b->n_bindings, now, e)) != OK ||
        (code = write_changes(b, s, e)) != OK ||
        (code = bind_accounts(b, w->clear, s, e)) != OK ||
        (code = contract_create_bulk(db, s, b->contracts, b->orders, b->n_contracts, now, e)) !=
            OK ||
        (code = write_inputs(b, s, e)) != OK ||
        (b->more && (code = b->more(db, b->more_ctx, e)) != OK)) {
        return code;
    }
    return audit_append(db, STR(AUDIT_MAIN), &made, 1, e);
}

static enum err_code write_places(struct db *db, void *ctx, struct err *e)
{
    struct build *b = ctx;
    struct meter_estate estate;
    enum err_code code = meter_load_estate(db, scope_machine(), b->arena, &estate, e);
    if (code != OK) {
        return code;
    }
    int64_t *ids = arena_many(b->arena, estate.n, int64_t);
    for (size_t i = 0; i < estate.n; i++) {
        ids[i] = estate.points[i].point_id;
    }
    return reading_place(db, &estate, ids, estate.n, b->options->now, e);
}

enum err_code build_places(struct build *b, struct err *e)
{
    return store_write(b->db, STORE_SERIES, write_places, b, e);
}

enum err_code build_write(struct build *b, const char *const *tariffs, struct err *e)
{
    const struct order_leg **clear =
        arena_many(b->arena, b->n_contracts + 1, const struct order_leg *);
    for (size_t i = 0; i < b->n_contracts; i++) {
        clear[i] = b->orders[i].legs;
    }
    struct writing w = { b, tariffs, NULL, 0, clear };
    return store_write(b->db, STORE_CORE, write_core, &w, e);
}

void build_note(struct demo_result *out, const char *note)
{
    check(out->n_notes < DEMO_NOTES_MAX);
    out->notes[out->n_notes++] = note;
}

void build_progress(const struct demo_options *o, const char *what, int64_t done, int64_t total)
{
    if (o->progress != NULL) {
        o->progress(o->progress_ctx, what, done, total);
    }
}
