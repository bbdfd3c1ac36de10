/* cmd_contract.c - public rules, strategies and contracts into the store, from files. */
#include "cmd/cmd.h"
#include "cmd/form.h"
#include "cmd/library.h"
#include "cmd/office.h"
#include "cmd/steps.h"
#include "contract/account.h"
#include "contract/contract.h"
#include "meter/meter.h"
#include "people/people.h"
#include "settle/settle.h"
#include "strategy/strategy.h"
#include "tariff/tariff.h"

#define MESSAGES_MAX (1u << 20)
#define OFFICE_OPTIONS_MAX 6 /* of one command, beside --as */

int office_open_with(struct cmd *c, int argc, char **argv, const struct option *own,
                     struct office *o, const char *what)
{
    const char *as = NULL;
    struct option options[OFFICE_OPTIONS_MAX + 2] = { { "--as", &as, NULL } };
    for (int i = 0; own && own[i].name; i++) {
        check(i < OFFICE_OPTIONS_MAX);
        options[i + 1] = own[i];
    }
    o->words = arena_many(c->arena, (size_t)argc + 1, char *);
    int code = cmd_options(c, argc, argv, options, o->words, &o->n);
    if (code) {
        return code;
    }
    if (!o->n) {
        return cmd_use(c, "name %s", what);
    }
    o->now = c->clock.now(c->clock.ctx);
    if (cmd_open(c, STORE_READ_WRITE, &o->db, &o->e) != OK ||
        cmd_scope(c, o->db, as, &o->scope, &o->user_id, &o->e) != OK) {
        store_close(o->db);
        return cmd_error(c, &o->e);
    }
    return 0;
}

int office_open(struct cmd *c, int argc, char **argv, struct office *o, const char *what)
{
    return office_open_with(c, argc, argv, NULL, o, what);
}

int office_close(struct cmd *c, struct office *o, enum err_code code)
{
    store_rollback(o->db, STORE_CORE);
    store_close(o->db);
    return code == OK ? EXIT_DONE : cmd_error(c, &o->e);
}

enum err_code office_commit(struct office *o, const char *action, const char *object, int64_t id)
{
    if (cmd_audit(o->db, o->user_id, 0, action, object, id, o->now, &o->e) != OK) {
        return o->e.code;
    }
    return store_commit(o->db, STORE_CORE, &o->e);
}

static int tariff_publish_command(struct cmd *c, int argc, char **argv)
{
    struct office o = { 0 };
    int code = office_open(c, argc, argv, &o, "a calendar, holidays or price book (.json)");
    if (code) {
        return code;
    }
    for (int i = 0; i < o.n; i++) {
        struct json doc;
        struct tariff_published p;
        bool fresh;
        if (json_load(c->arena, o.words[i], &doc, &o.e) != OK ||
            store_begin(o.db, STORE_CORE, STORE_WRITE, &o.e) != OK ||
            tariff_publish(o.db, c->arena, doc, o.now, &p, &fresh, &o.e) != OK ||
            office_commit(&o, "tariff.publish", tariff_kind_word(p.kind), p.version) != OK) {
            return office_close(c, &o, o.e.code);
        }
        printf(c->json ? "{\"kind\":\"%s\",\"id\":\"" STR_FMT "\",\"version\":%d}\n"
                       : "%s " STR_FMT " version %d",
               tariff_kind_word(p.kind), STR_ARG(p.id), p.version);
        if (!c->json) {
            printf("%s%s\n", fresh ? "" : ", as before", p.illustrative ? " (illustrative)" : "");
        }
    }
    return office_close(c, &o, OK);
}

/* A text after the libraries it uses; what the checker says goes to standard error. */
static enum err_code publish_text(struct cmd *c, struct office *o, const char *file, bool adopt,
                                  struct strategy_text *out, bool *fresh)
{
    struct text messages;
    text_init(&messages, c->arena, MESSAGES_MAX);
    enum err_code rc =
        adopt ? library_publish(o->db, c->arena, file, o->now, &messages, out, fresh, &o->e)
              : library_draft(o->db, c->arena, file, o->now, &messages, out, fresh, &o->e);
    if (rc != OK) {
        fprintf(stderr, STR_FMT, STR_ARG(text_str(&messages)));
    }
    return rc;
}

/* Adopting is for the library that a store begins with, by whoever sets it up: what replaces an
 * active version is released. */
static enum err_code adopt(struct cmd *c, struct office *o, const char *file,
                           struct strategy_text *out, bool *fresh)
{
    const char *slash = strrchr(file, '/');
    struct str name = str_of(slash ? slash + 1 : file);
    struct strategy_ref ref = { 0 };
    name.n -= str_ends(name, ".tally") ? 6 : 0;
    if (o->user_id) {
        return fail(&o->e, ERR_RULE, "--adopt is for the server's own administrator, without --as");
    }
    enum err_code rc = contract_life_on(o->db, c->arena, name, instant_day(o->now), &ref, &o->e);
    if (rc != OK && rc != ERR_NOT_FOUND) {
        return rc;
    }
    if (publish_text(c, o, file, true, out, fresh) != OK) {
        return o->e.code;
    }
    return ref.version == 0 || !*fresh
               ? OK
               : fail_named(&o->e, ERR_RULE, "LIFE_STATE",
                            "strategy " STR_FMT ": version %d is active; publish this text without "
                            "--adopt, then 'strategy release' it",
                            STR_ARG(name), ref.version);
}

static int strategy_publish_command(struct cmd *c, int argc, char **argv)
{
    struct office o = { 0 };
    bool adopted = false;
    const struct option options[] = { { "--adopt", NULL, &adopted }, { 0 } };
    int code = office_open_with(c, argc, argv, options, &o, "a file.tally");
    if (code) {
        return code;
    }
    for (int i = 0; i < o.n; i++) {
        struct strategy_text out;
        struct strategy_life life = { 0 };
        bool fresh = false;
        if (store_begin(o.db, STORE_CORE, STORE_WRITE, &o.e) != OK ||
            (adopted ? adopt(c, &o, o.words[i], &out, &fresh)
                     : publish_text(c, &o, o.words[i], false, &out, &fresh)) != OK ||
            contract_life_get(o.db, c->arena, out.ref, instant_day(o.now), &life, &o.e) != OK ||
            office_commit(&o, "strategy.publish", o.words[i], out.ref.version) != OK) {
            return office_close(c, &o, o.e.code);
        }
        printf(c->json ? "{\"name\":\"" STR_FMT "\",\"version\":%d,\"state\":\"%s\"}\n"
                       : "strategy " STR_FMT " version %d, %s\n",
               STR_ARG(out.ref.name), out.ref.version, LIFE_WORDS[life.state]);
    }
    return office_close(c, &o, OK);
}

/* ---- contract add: names in the file, ids in the terms ------------------------------------------
 */

static enum err_code legs_read(struct cmd *c, struct office *o, struct json list,
                               struct order *order)
{
    size_t n = json_len(list);
    struct order_leg *legs = arena_many(c->arena, n + 1, struct order_leg);
    for (size_t i = 0; i < n; i++) {
        struct json leg = json_at(list, i);
        if (json_need_str(leg, "payer", &legs[i].payer, &o->e) != OK ||
            json_need_str(leg, "payee", &legs[i].payee, &o->e) != OK ||
            json_need_str(leg, "payer_account", &legs[i].payer_account, &o->e) != OK ||
            json_need_str(leg, "payee_account", &legs[i].payee_account, &o->e) != OK) {
            return o->e.code;
        }
    }
    order->legs = legs;
    order->n_legs = n;
    return OK;
}

static enum err_code day_read(struct json doc, const char *key, bool needed, struct day *out,
                              struct err *e)
{
    struct str word;
    if (json_kind(json_get(doc, key)) == JSON_NONE && !needed) {
        *out = (struct day){ 0 };
        return OK;
    }
    if (json_need_str(doc, key, &word, e) != OK) {
        return e->code;
    }
    return day_parse(word, out, e) == OK ? OK : fail_in(e, "%s.%s: ", doc.path, key);
}

static enum err_code contract_read(struct cmd *c, struct office *o, const char *file,
                                   struct contract *out, struct order *order)
{
    static const char *const keys[] = {
        "no",      "title",   "order",    "strategy", "station",  "from",   "until",
        "parties", "meters",  "series",   "calendar", "category", "prices", "dates",
        "axis",    "windows", "settings", "units",    "groups",   "legs",   "scale_to_register",
        NULL
    };
    struct json doc;
    struct str station_code;
    struct station station;
    int64_t *stations = arena_make(c->arena, int64_t);
    if (json_load(c->arena, file, &doc, &o->e) != OK || json_only(doc, keys, &o->e) != OK ||
        json_need_str(doc, "no", &out->no, &o->e) != OK ||
        json_need_str(doc, "title", &out->title, &o->e) != OK ||
        json_need_str(doc, "order", &order->no, &o->e) != OK ||
        json_need_str(doc, "strategy", &out->strategy.name, &o->e) != OK ||
        json_need_str(doc, "station", &station_code, &o->e) != OK ||
        day_read(doc, "from", true, &out->from, &o->e) != OK ||
        day_read(doc, "until", false, &out->until, &o->e) != OK ||
        legs_read(c, o, json_get(doc, "legs"), order) != OK ||
        cmd_station_find(c, o->db, o->scope, station_code, &station, &o->e) != OK ||
        office_terms(c, o, doc, &out->terms) != OK) {
        return o->e.code;
    }
    if (contract_life_on(o->db, c->arena, out->strategy.name, out->from, &out->strategy, &o->e) !=
        OK) {
        return fail_in(&o->e, "%s: ", file);
    }
    *stations = station.station_id;
    out->state = CONTRACT_EFFECTIVE;
    out->stations = stations;
    out->n_stations = 1;
    order->station_id = station.station_id;
    order->from = out->from;
    order->until = out->until;
    order->state = ORDER_ACTIVE;
    return OK;
}

/* The terms as a settlement will see them: against the meters of the strategy. */
static enum err_code contract_fits(struct cmd *c, struct office *o, const struct contract *contract)
{
    struct contract_terms terms;
    if (contract_terms_on(c->arena, contract->terms, contract->from, &terms, &o->e) != OK ||
        settle_terms_fit(o->db, c->arena, o->scope, contract->strategy, &terms, &o->e) != OK) {
        return fail_in(&o->e, "contract " STR_FMT ": ", STR_ARG(contract->no));
    }
    return OK;
}

/* Account numbers of the file into the store: sealed, the order bound to their ids. */
static enum err_code legs_bind(struct cmd *c, struct office *o, const struct contract *contract,
                               struct order *order)
{
    struct order_leg *legs = arena_many(c->arena, order->n_legs + 1, struct order_leg);
    struct secrets *sec = NULL;
    if (order->n_legs == 0 || cmd_secrets(o->db, &sec, &o->e) != OK) {
        return order->n_legs == 0 ? OK : o->e.code;
    }
    memcpy(legs, order->legs, order->n_legs * sizeof(*legs));
    enum err_code code = order_legs_bind(o->db, c->arena, o->scope, sec, contract->terms,
                                         contract->from, legs, order->n_legs, o->now, &o->e);
    secret_close(sec);
    order->legs = legs;
    return code;
}

static int contract_add_command(struct cmd *c, int argc, char **argv)
{
    struct office o = { 0 };
    int code = office_open(c, argc, argv, &o, "a contract.json");
    if (code) {
        return code;
    }
    for (int i = 0; i < o.n; i++) {
        struct contract contract = { 0 };
        struct order order = { 0 };
        if (contract_read(c, &o, o.words[i], &contract, &order) != OK ||
            contract_fits(c, &o, &contract) != OK ||
            store_begin(o.db, STORE_CORE, STORE_WRITE, &o.e) != OK ||
            contract_create(o.db, o.scope, &contract, o.now, &o.e) != OK) {
            return office_close(c, &o, o.e.code);
        }
        contract_remarks(c, o.db, &contract);
        order.contract_id = contract.contract_id;
        if (legs_bind(c, &o, &contract, &order) != OK ||
            order_create(o.db, o.scope, &order, o.now, &o.e) != OK ||
            office_commit(&o, "contract.add", "contract", contract.contract_id) != OK) {
            return office_close(c, &o, o.e.code);
        }
        printf(c->json ? "{\"contract_id\":\"%lld\",\"order_id\":\"%lld\"}\n"
                       : "contract %lld with order %lld\n",
               (long long)contract.contract_id, (long long)order.order_id);
    }
    return office_close(c, &o, OK);
}

const struct command contract_commands[] = {
    { "tariff publish", "FILE.json...",
      "proves and publishes calendars, holidays and price books as their next version",
      "  sunkeeper tariff publish data/calendars/zhejiang.json data/prices/zhejiang.json\n",
      tariff_publish_command },
    { "strategy publish", "[--adopt] FILE.tally...",
      "proves and publishes a strategy, with the libraries beside it, as a draft",
      "  sunkeeper strategy publish strategies/pv_selfuse.tally\n"
      "  sunkeeper strategy publish --adopt strategies/*.tally   a new store's library, active\n",
      strategy_publish_command },
    { "contract add", "CONTRACT.json...", "adds a contract with its order (docs/contract.md)",
      "  sunkeeper contract add docs/contract.example.json\n", contract_add_command },
    { 0 },
};
