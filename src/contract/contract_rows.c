/* contract_rows.c - all SQL of the room. Scope: a row is visible to the parties of its contract. */
#include "contract/contract_rows.h"
#include "store/rows.h"

/* Parameters 1 and 2 are the scope in every statement that has it. */
#define IN_SCOPE                                                                                   \
    "($1 = 1 or exists (select 1 from contract_party p where p.contract_id = c.contract_id "       \
    "and p.version = c.version and p.org_id in "                                                   \
    "(select org_id from scope_org where scope_key = $2)))"
#define ORDER_IN_SCOPE                                                                             \
    "($1 = 1 or exists (select 1 from contract_party p where p.contract_id = o.contract_id "       \
    "and p.org_id in (select org_id from scope_org where scope_key = $2)))"
/* The first day on which order and contract version are both in force within the period. */
#define CLIPPED_FROM                                                                               \
    "(case when o.valid_from >= c.valid_from and o.valid_from >= $3 then o.valid_from "            \
    "when c.valid_from >= $3 then c.valid_from else $3 end)"
#define CLIPPED_UNTIL                                                                              \
    "(case when o.valid_until <= c.valid_until and o.valid_until <= $4 then o.valid_until "        \
    "when c.valid_until <= $4 then c.valid_until else $4 end)"
#define BOUND                                                                                      \
    " from sales_order o join contract c on c.contract_id = o.contract_id "                        \
    "and c.valid_from < $4 and c.valid_until > $3 "                                                \
    "and c.valid_from < o.valid_until and c.valid_until > o.valid_from and c.state = 2 "
/* The facts of the binding's first day, their last version. */
#define FACTS_READ "coalesce(i.facts, ''), o.serial, coalesce(i.version, 0)"
#define FACTS_IN_FORCE                                                                             \
    "left join order_fact i on i.order_id = o.order_id and i.period_from = " CLIPPED_FROM          \
    " and not exists (select 1 from order_fact l where l.order_id = i.order_id "                   \
    "and l.period_from = i.period_from and l.version > i.version)"
#define BOUND_WHERE " where o.state = 1 and o.valid_from < $4 and o.valid_until > $3 and " IN_SCOPE

struct str hash_hex(struct arena *a, struct sha256 h)
{
    struct text t;
    text_init(&t, a, 65);
    text_hex(&t, h.b, sizeof(h.b));
    return text_str(&t);
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 0;
}

struct sha256 hash_of_hex(struct str s)
{
    struct sha256 h = {{0}};
    for (size_t i = 0; i < sizeof(h.b) && 2 * i + 1 < s.n; i++) {
        h.b[i] = (uint8_t)(nibble(s.at[2 * i]) << 4 | nibble(s.at[2 * i + 1]));
    }
    return h;
}

/* Ends a query that should have at most one row. */
static enum err_code one_int(struct rows *r, int64_t *out, bool *found, struct err *e)
{
    bool hit = rows_next(r, e);
    int64_t v = hit ? rows_get_int(r, 0) : 0;
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = v;
    }
    return OK;
}

enum err_code rows_put_strategy(struct db *db, const struct strategy_text *t, struct str uses,
                                struct err *e)
{
    static const char sql[] =
        "insert into strategy_version (name, version, title, body, hash, uses, created_at) "
        "values ($1, $2, $3, $4, $5, $6, $7)";
    struct rows *r;
    struct arena *a = arena_new();
    enum err_code rc = rows_open(db, STORE_CORE, sql, &r, e);
    if (rc == OK) {
        rows_str(r, 1, t->ref.name);
        rows_int(r, 2, t->ref.version);
        rows_str(r, 3, t->title);
        rows_str(r, 4, t->text);
        rows_str(r, 5, hash_hex(a, t->hash));
        rows_str(r, 6, uses);
        rows_int(r, 7, t->published.utc_ms);
        rc = rows_run(r, NULL, e);
    }
    arena_free(a);
    return rc;
}

enum err_code rows_find_strategy(struct db *db, struct arena *a, struct str name, int32_t version,
                                 struct strategy_text *out, struct str *uses, bool *found,
                                 struct err *e)
{
    static const char sql[] =
        "select version, title, body, hash, uses, created_at from strategy_version "
        "where name = $1 and ($2 = 0 or version = $2) order by version desc limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, name);
    rows_int(r, 2, version);
    struct strategy_text t = {0};
    struct str u = {0};
    bool hit = rows_next(r, e);
    if (hit) {
        t.ref = (struct strategy_ref){str_dup(a, name), (int32_t)rows_get_int(r, 0)};
        t.title = str_dup(a, rows_get_str(r, 1));
        t.text = str_dup(a, rows_get_str(r, 2));
        t.hash = hash_of_hex(rows_get_str(r, 3));
        u = str_dup(a, rows_get_str(r, 4));
        t.published.utc_ms = rows_get_int(r, 5);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = t;
        *uses = u;
    }
    return OK;
}

enum err_code rows_find_strategy_hash(struct db *db, struct str name, struct sha256 hash,
                                      int32_t *version, struct err *e)
{
    static const char sql[] =
        "select version from strategy_version where name = $1 and hash = $2 order by version "
        "limit 1";
    struct rows *r;
    struct arena *a = arena_new();
    int64_t v = 0;
    bool found;
    enum err_code rc = rows_open(db, STORE_CORE, sql, &r, e);
    if (rc == OK) {
        rows_str(r, 1, name);
        rows_str(r, 2, hash_hex(a, hash));
        rc = one_int(r, &v, &found, e);
    }
    arena_free(a);
    if (rc == OK) {
        *version = (int32_t)v;
    }
    return rc;
}

enum err_code rows_list_strategies(struct db *db, struct arena *a, const struct strategy_ref *after,
                                   const struct strategy_text **out, size_t *n, struct err *e)
{
    static const char sql[] = "select name, version, title, hash, created_at from strategy_version "
                              "where (name, version) > ($1, $2) order by name, version limit $3";
    struct rows *r;
    struct strategy_text *list = arena_many(a, CONTRACT_LIST_MAX, struct strategy_text);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_str(r, 1, after ? after->name : STR(""));
    rows_int(r, 2, after ? after->version : 0);
    rows_int(r, 3, CONTRACT_LIST_MAX);
    while (rows_next(r, e)) {
        struct strategy_text *t = &list[count++];
        t->ref.name = str_dup(a, rows_get_str(r, 0));
        t->ref.version = (int32_t)rows_get_int(r, 1);
        t->title = str_dup(a, rows_get_str(r, 2));
        t->hash = hash_of_hex(rows_get_str(r, 3));
        t->published.utc_ms = rows_get_int(r, 4);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

/* ---- bulk writing: each table walks the same contracts in order --------------------------------
 */

struct put_ctx {
    struct arena *arena;
    const struct contract_full *c;
    const struct order *o;
    size_t n, at, sub;
    int64_t now;
};

static struct bulk_value of_int(int64_t v)
{
    return (struct bulk_value){.i = v};
}

static struct bulk_value of_str(struct str s)
{
    return (struct bulk_value){.s = s};
}

static int32_t open_end(struct day until)
{
    return until.yyyymmdd ? until.yyyymmdd : DAY_OPEN;
}

static bool next_contract(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    if (p->at == p->n) {
        return false;
    }
    const struct contract_full *f = &p->c[p->at++];
    const struct contract *c = f->c;
    arena_reset(p->arena);
    v[0] = of_int(c->contract_id);
    v[1] = of_int(c->version);
    v[2] = of_str(c->no);
    v[3] = of_str(c->title);
    v[4] = of_int(c->state);
    v[5] = of_int(c->from.yyyymmdd);
    v[6] = of_int(open_end(c->until));
    v[7] = of_int(f->successor);
    v[8] = of_str(c->strategy.name);
    v[9] = of_int(c->strategy.version);
    v[10] = of_str(f->amendments);
    v[11] = of_str(f->tariff_key);
    v[12] = of_str(c->terms);
    v[13] = of_str(hash_hex(p->arena, c->hash));
    v[14] = of_int(p->now);
    v[15] = of_int(p->now);
    return true;
}

static bool next_party(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->c[p->at].n_parties) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    const struct contract_full *f = &p->c[p->at];
    const struct contract_party *party = &f->parties[p->sub++];
    v[0] = of_int(f->c->contract_id);
    v[1] = of_int(f->c->version);
    v[2] = of_str(party->name);
    v[3] = of_int(party->org_id);
    return true;
}

static bool next_station(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->c[p->at].c->n_stations) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    const struct contract *c = p->c[p->at].c;
    v[0] = of_int(c->contract_id);
    v[1] = of_int(c->version);
    v[2] = of_int(c->stations[p->sub++]);
    v[3] = of_int(c->from.yyyymmdd);
    v[4] = of_int(open_end(c->until));
    return true;
}

static enum err_code put(struct db *db, const struct bulk_table *t,
                         bool (*next)(void *, struct bulk_value *), struct put_ctx ctx,
                         struct err *e)
{
    ctx.arena = arena_new();
    enum err_code rc = store_bulk(db, t, next, &ctx, NULL, e);
    arena_free(ctx.arena);
    return rc;
}

enum err_code rows_put_contracts(struct db *db, struct scope s, const struct contract_full *c,
                                 size_t n, struct instant now, struct err *e)
{
    static const struct bulk_column contract[] = {
        {"contract_id", BULK_INT, true},  {"version", BULK_INT, true},
        {"no", BULK_TEXT, false},         {"title", BULK_TEXT, false},
        {"state", BULK_INT16, false},     {"valid_from", BULK_INT, false},
        {"valid_until", BULK_INT, false}, {"successor", BULK_INT16, false},
        {"strategy", BULK_TEXT, false},   {"strategy_version", BULK_INT, false},
        {"amendments", BULK_TEXT, false}, {"tariff_key", BULK_TEXT, false},
        {"terms", BULK_TEXT, false},      {"hash", BULK_TEXT, false},
        {"created_at", BULK_INT, false},  {"updated_at", BULK_INT, false},
    };
    static const struct bulk_column party[] = {
        {"contract_id", BULK_INT, true},
        {"version", BULK_INT, true},
        {"name", BULK_TEXT, true},
        {"org_id", BULK_INT, false},
    };
    static const struct bulk_column station[] = {
        {"contract_id", BULK_INT, true},  {"version", BULK_INT, true},
        {"station_id", BULK_INT, true},   {"valid_from", BULK_INT, false},
        {"valid_until", BULK_INT, false},
    };
    static const struct bulk_table tables[] = {
        {STORE_CORE, "contract", contract, sizeof(contract) / sizeof(*contract), BULK_FAIL},
        {STORE_CORE, "contract_party", party, sizeof(party) / sizeof(*party), BULK_FAIL},
        {STORE_CORE, "contract_station", station, sizeof(station) / sizeof(*station), BULK_FAIL},
    };
    (void)s; /* contract.c has seen that the caller is a party */
    struct put_ctx ctx = {.c = c, .n = n, .now = now.utc_ms};
    if (put(db, &tables[0], next_contract, ctx, e) != OK ||
        put(db, &tables[1], next_party, ctx, e) != OK) {
        return e->code;
    }
    return put(db, &tables[2], next_station, ctx, e);
}

static bool next_order(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    if (p->at == p->n) {
        return false;
    }
    const struct order *o = &p->o[p->at++];
    v[0] = of_int(o->order_id);
    v[1] = of_int(o->serial);
    v[2] = of_int(o->contract_id);
    v[3] = of_str(o->no);
    v[4] = of_int(o->station_id);
    v[5] = of_int(o->from.yyyymmdd);
    v[6] = of_int(open_end(o->until));
    v[7] = of_int(o->state);
    v[8] = of_int(p->now);
    v[9] = of_int(p->now);
    v[10] = of_int(1);
    return true;
}

static bool next_order_station(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->o[p->at].n_stations) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    v[0] = of_int(p->o[p->at].order_id);
    v[1] = of_int((int64_t)p->sub + 1);
    v[2] = of_int(p->o[p->at].stations[p->sub++]);
    return true;
}

static bool next_leg(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->o[p->at].n_legs) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    const struct order_leg *l = &p->o[p->at].legs[p->sub++];
    v[0] = of_int(p->o[p->at].order_id);
    v[1] = of_int((int64_t)p->sub);
    v[2] = of_str(l->payer);
    v[3] = of_str(l->payee);
    v[4] = of_str(l->payer_account);
    v[5] = of_str(l->payee_account);
    v[6] = of_int(l->payer_account_id);
    v[7] = of_int(l->payee_account_id);
    return true;
}

enum err_code rows_last_serial(struct db *db, struct scope s, int64_t *out, struct err *e)
{
    static const char sql[] = "select coalesce(max(serial), 0) from sales_order";
    struct rows *r;
    bool found;
    (void)s; /* a count, not a row: it tells nothing of anybody's order */
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    return one_int(r, out, &found, e);
}

enum err_code rows_put_orders(struct db *db, struct scope s, const struct order *o, size_t n,
                              struct instant now, struct err *e)
{
    static const struct bulk_column order[] = {
        {"order_id", BULK_INT, true},     {"serial", BULK_INT, false},
        {"contract_id", BULK_INT, false}, {"no", BULK_TEXT, false},
        {"station_id", BULK_INT, false},  {"valid_from", BULK_INT, false},
        {"valid_until", BULK_INT, false}, {"state", BULK_INT16, false},
        {"created_at", BULK_INT, false},  {"updated_at", BULK_INT, false},
        {"ver", BULK_INT, false},
    };
    static const struct bulk_column station[] = {
        {"order_id", BULK_INT, true},
        {"seq", BULK_INT, true},
        {"station_id", BULK_INT, false},
    };
    static const struct bulk_column leg[] = {
        {"order_id", BULK_INT, true},        {"seq", BULK_INT, true},
        {"payer", BULK_TEXT, false},         {"payee", BULK_TEXT, false},
        {"payer_account", BULK_TEXT, false}, {"payee_account", BULK_TEXT, false},
        {"payer_account_id", BULK_INT, false}, {"payee_account_id", BULK_INT, false},
    };
    static const struct bulk_table tables[] = {
        {STORE_CORE, "sales_order", order, sizeof(order) / sizeof(*order), BULK_FAIL},
        {STORE_CORE, "order_station", station, sizeof(station) / sizeof(*station), BULK_FAIL},
        {STORE_CORE, "order_leg", leg, sizeof(leg) / sizeof(*leg), BULK_FAIL},
    };
    (void)s; /* as above */
    struct put_ctx ctx = {.o = o, .n = n, .now = now.utc_ms};
    if (put(db, &tables[0], next_order, ctx, e) != OK ||
        put(db, &tables[1], next_order_station, ctx, e) != OK) {
        return e->code;
    }
    return put(db, &tables[2], next_leg, ctx, e);
}

/* ---- single rows
 * ---------------------------------------------------------------------------------- */

enum err_code rows_end_contract(struct db *db, struct scope s, int64_t contract_id, int32_t version,
                                struct day on, struct instant now, struct err *e)
{
    static const char end[] =
        "update contract set valid_until = $5, successor = 1, updated_at = $6 "
        "where contract_id = $3 and version = $4 and valid_until > $5 and exists "
        "(select 1 from contract c where c.contract_id = $3 and c.version = $4 and " IN_SCOPE ")";
    static const char stations[] =
        "update contract_station set valid_until = $5 where contract_id = $3 and version = $4 "
        "and exists (select 1 from contract c where c.contract_id = $3 and c.version = $4 "
        "and " IN_SCOPE ")";
    const char *const sql[] = {end, stations};
    for (int i = 0; i < 2; i++) {
        struct rows *r;
        int64_t changed;
        if (rows_open(db, STORE_CORE, sql[i], &r, e) != OK) {
            return e->code;
        }
        rows_scope(r, 1, s);
        rows_int(r, 3, contract_id);
        rows_int(r, 4, version);
        rows_int(r, 5, on.yyyymmdd);
        if (i == 0) {
            rows_int(r, 6, now.utc_ms);
        }
        if (rows_run(r, &changed, e) != OK) {
            return e->code;
        }
        if (i == 0 && changed != 1) {
            return fail(e, ERR_CONFLICT, "contract version %d does not reach to %d any more",
                        version, on.yyyymmdd);
        }
    }
    return OK;
}

enum err_code rows_find_overlap(struct db *db, struct scope s, const int64_t *stations, size_t n,
                                int64_t contract_id, int32_t from, int32_t until, struct arena *a,
                                struct str *no, struct err *e)
{
    /* Whoever binds the station: a foreign contract is in the way as well, so no scope filter; only
     * its number is said, and only to a caller that sees everything. */
    static const char sql[] =
        "select c.no from contract_station t join contract c on c.contract_id = t.contract_id "
        "and c.version = t.version where t.station_id in ($1, $2, $3, $4, $5, $6, $7, $8) "
        "and t.contract_id <> $9 and t.valid_from < $11 and t.valid_until > $10 "
        "order by c.no limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_ids8(r, 1, stations, n);
    rows_int(r, 9, contract_id);
    rows_int(r, 10, from);
    rows_int(r, 11, until);
    struct str hit = {0};
    if (rows_next(r, e)) {
        hit = s.all ? str_dup(a, rows_get_str(r, 0)) : STR("(another)");
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *no = hit;
    return OK;
}

enum err_code rows_find_order_twin(struct db *db, struct scope s, int64_t contract_id,
                                   int64_t station_id, int32_t from, int32_t until, struct arena *a,
                                   struct str *no, struct err *e)
{
    static const char sql[] =
        "select o.no from sales_order o where o.contract_id = $3 and o.station_id = $4 "
        "and o.state <> 3 and o.valid_from < $6 and o.valid_until > $5 and " ORDER_IN_SCOPE
        " order by o.no limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, contract_id);
    rows_int(r, 4, station_id);
    rows_int(r, 5, from);
    rows_int(r, 6, until);
    struct str hit = {0};
    if (rows_next(r, e)) {
        hit = str_dup(a, rows_get_str(r, 0));
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *no = hit;
    return OK;
}

static struct day day_or_open(int64_t v)
{
    return (struct day){v == DAY_OPEN ? 0 : (int32_t)v};
}

enum err_code rows_find_contract(struct db *db, struct arena *a, struct scope s,
                                 int64_t contract_id, int32_t on, int32_t version,
                                 struct contract *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select c.version, c.no, c.title, c.state, c.valid_from, c.valid_until, c.strategy, "
        "c.strategy_version, c.terms, c.hash from contract c where c.contract_id = $3 "
        "and c.state <> 4 "
        "and ($5 > 0 or (c.valid_from <= $4 and c.valid_until > $4)) "
        "and ($5 = 0 or c.version = $5) and " IN_SCOPE " order by c.version desc limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, contract_id);
    rows_int(r, 4, on);
    rows_int(r, 5, version);
    struct contract c = {.contract_id = contract_id};
    bool hit = rows_next(r, e);
    if (hit) {
        c.version = (int32_t)rows_get_int(r, 0);
        c.no = str_dup(a, rows_get_str(r, 1));
        c.title = str_dup(a, rows_get_str(r, 2));
        c.state = (enum contract_state)rows_get_int(r, 3);
        c.from.yyyymmdd = (int32_t)rows_get_int(r, 4);
        c.until = day_or_open(rows_get_int(r, 5));
        c.strategy.name = str_dup(a, rows_get_str(r, 6));
        c.strategy.version = (int32_t)rows_get_int(r, 7);
        c.terms = str_dup(a, rows_get_str(r, 8));
        c.hash = hash_of_hex(rows_get_str(r, 9));
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = c;
    }
    return OK;
}

/* Station ids, up to the limit of a contract. */
static enum err_code stations_of(struct rows *r, struct arena *a, const int64_t **out, size_t *n,
                                 struct err *e)
{
    int64_t *list = arena_many(a, CONTRACT_STATIONS_MAX, int64_t);
    size_t count = 0;
    while (rows_next(r, e)) {
        list[count++] = rows_get_int(r, 0);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_contract_stations(struct db *db, struct arena *a, struct scope s,
                                     int64_t contract_id, int32_t version, const int64_t **out,
                                     size_t *n, struct err *e)
{
    static const char sql[] =
        "select t.station_id from contract_station t join contract c on c.contract_id = "
        "t.contract_id and c.version = t.version where t.contract_id = $3 and t.version = $4 "
        "and " IN_SCOPE " order by t.station_id limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, contract_id);
    rows_int(r, 4, version);
    rows_int(r, 5, CONTRACT_STATIONS_MAX);
    return stations_of(r, a, out, n, e);
}

enum err_code rows_find_contract_no(struct db *db, struct scope s, struct str no, int64_t *id,
                                    struct err *e)
{
    static const char sql[] = "select c.contract_id from contract c where c.no = $3 and " IN_SCOPE
                              " order by c.version desc limit 1";
    struct rows *r;
    bool found;
    int64_t v = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, no);
    if (one_int(r, &v, &found, e) != OK) {
        return e->code;
    }
    *id = v;
    return OK;
}

enum err_code rows_find_order(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              struct order *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select o.contract_id, o.no, o.station_id, o.valid_from, o.valid_until, o.state, o.serial "
        "from sales_order o where o.order_id = $3 and " ORDER_IN_SCOPE
        " order by o.order_id limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    struct order o = {.order_id = order_id};
    bool hit = rows_next(r, e);
    if (hit) {
        o.contract_id = rows_get_int(r, 0);
        o.no = str_dup(a, rows_get_str(r, 1));
        o.station_id = rows_get_int(r, 2);
        o.from.yyyymmdd = (int32_t)rows_get_int(r, 3);
        o.until = day_or_open(rows_get_int(r, 4));
        o.state = (enum order_state)rows_get_int(r, 5);
        o.serial = (int32_t)rows_get_int(r, 6);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = o;
    }
    return OK;
}

enum err_code rows_find_order_no(struct db *db, struct scope s, struct str no, int64_t *id,
                                 struct err *e)
{
    static const char sql[] = "select o.order_id from sales_order o where o.no = $3 "
                              "and " ORDER_IN_SCOPE " order by o.order_id limit 1";
    struct rows *r;
    bool found;
    int64_t v = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, no);
    if (one_int(r, &v, &found, e) != OK) {
        return e->code;
    }
    *id = v;
    return OK;
}

enum err_code rows_order_stations(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                                  const int64_t **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select t.station_id from order_station t join sales_order o on o.order_id = t.order_id "
        "where t.order_id = $3 and " ORDER_IN_SCOPE " order by t.seq limit $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, CONTRACT_STATIONS_MAX);
    return stations_of(r, a, out, n, e);
}

/* ---- bindings ---------------------------------------------------------------------------------
 */

static void binding_read(struct rows *r, struct arena *a, struct binding_row *out)
{
    struct contract_binding *b = &out->b;
    b->order_id = rows_get_int(r, 0);
    b->station_id = rows_get_int(r, 1);
    b->order_no = str_dup(a, rows_get_str(r, 2));
    b->contract_id = rows_get_int(r, 3);
    b->contract_version = (int32_t)rows_get_int(r, 4);
    b->contract_no = str_dup(a, rows_get_str(r, 5));
    b->strategy.name = str_dup(a, rows_get_str(r, 6));
    b->strategy.version = (int32_t)rows_get_int(r, 7);
    out->amendments = str_dup(a, rows_get_str(r, 8));
    b->tariff_key = str_dup(a, rows_get_str(r, 9));
    b->terms = str_dup(a, rows_get_str(r, 10));
    b->contract_hash = hash_of_hex(rows_get_str(r, 11));
    b->from.yyyymmdd = (int32_t)rows_get_int(r, 12);
    b->until.yyyymmdd = (int32_t)rows_get_int(r, 13);
    b->last = rows_get_int(r, 14) == 1;
    b->inputs = str_dup(a, rows_get_str(r, 15));
    b->order_serial = (int32_t)rows_get_int(r, 16);
    b->facts_version = (int32_t)rows_get_int(r, 17);
}

enum err_code rows_bindings(struct db *db, struct arena *a, struct scope s,
                            const struct binding_query *q, struct binding_row **out, size_t *n,
                            struct err *e)
{
    static const char sql[] =
        "select o.order_id, o.station_id, o.no, c.contract_id, c.version, c.no, c.strategy, "
        "c.strategy_version, c.amendments, c.tariff_key, c.terms, c.hash, " CLIPPED_FROM
        ", " CLIPPED_UNTIL ", case when o.valid_until = " CLIPPED_UNTIL
        " or (c.successor = 0 and c.valid_until = " CLIPPED_UNTIL
        ") then 1 else 0 end, " FACTS_READ BOUND FACTS_IN_FORCE BOUND_WHERE
        " and (o.order_id, c.version) > ($5, $6) order by o.order_id, c.version "
        "limit $7";
    static const char one[] =
        "select o.order_id, o.station_id, o.no, c.contract_id, c.version, c.no, c.strategy, "
        "c.strategy_version, c.amendments, c.tariff_key, c.terms, c.hash, " CLIPPED_FROM
        ", " CLIPPED_UNTIL ", case when o.valid_until = " CLIPPED_UNTIL
        " or (c.successor = 0 and c.valid_until = " CLIPPED_UNTIL
        ") then 1 else 0 end, " FACTS_READ BOUND FACTS_IN_FORCE BOUND_WHERE
        " and o.order_id = $5 and ($6 = 0 or c.version = $6) "
        "order by o.order_id, c.version limit $7";
    struct rows *r;
    struct binding_row *list = arena_many(a, q->limit, struct binding_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, q->only_order ? one : sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, q->from);
    rows_int(r, 4, q->until);
    rows_int(r, 5, q->only_order ? q->only_order : q->after_order);
    rows_int(r, 6, q->only_order ? q->only_version : q->after_version);
    rows_int(r, 7, (int64_t)q->limit);
    while (rows_next(r, e)) {
        binding_read(r, a, &list[count++]);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_count_bindings(struct db *db, struct scope s, int32_t from, int32_t until,
                                  int64_t *out, struct err *e)
{
    static const char sql[] = "select count(*)" BOUND BOUND_WHERE;
    struct rows *r;
    bool found;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, from);
    rows_int(r, 4, until);
    return one_int(r, out, &found, e);
}

enum err_code rows_marks(struct db *db, struct arena *a, struct scope s, int32_t from,
                         int32_t until, size_t every, size_t max, const struct contract_mark **out,
                         size_t *n, struct err *e)
{
    static const char sql[] =
        "select k.order_id, k.version from (select o.order_id as order_id, c.version as version, "
        "row_number() over (order by o.order_id, c.version) as place" BOUND BOUND_WHERE
        ") k where k.place % $5 = 0 order by k.order_id, k.version limit $6";
    struct rows *r;
    struct contract_mark *list = arena_many(a, max, struct contract_mark);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, from);
    rows_int(r, 4, until);
    rows_int(r, 5, (int64_t)every);
    rows_int(r, 6, (int64_t)max);
    while (rows_next(r, e)) {
        list[count++] = (struct contract_mark){rows_get_int(r, 0), (int32_t)rows_get_int(r, 1)};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_kinds(struct db *db, struct arena *a, struct scope s, int32_t from,
                         int32_t until, struct kind_row **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select min(o.order_id), " CLIPPED_FROM BOUND BOUND_WHERE
        " group by c.strategy, c.strategy_version, c.amendments, c.tariff_key, " CLIPPED_FROM
        ", " CLIPPED_UNTIL " order by 1, 2 limit $5";
    struct rows *r;
    struct kind_row *list = arena_many(a, CONTRACT_KINDS_MAX + 1, struct kind_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, from);
    rows_int(r, 4, until);
    rows_int(r, 5, CONTRACT_KINDS_MAX + 1);
    while (rows_next(r, e)) {
        list[count++] = (struct kind_row){rows_get_int(r, 0), (int32_t)rows_get_int(r, 1)};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_legs(struct db *db, struct arena *a, struct scope s, int64_t first, int64_t last,
                        struct leg_row **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select l.order_id, l.payer, l.payee, l.payer_account, l.payee_account, "
        "l.payer_account_id, l.payee_account_id from order_leg l "
        "join sales_order o on o.order_id = l.order_id where l.order_id >= $3 and l.order_id <= $4 "
        "and " ORDER_IN_SCOPE " order by l.order_id, l.seq limit $5";
    const int64_t max = CONTRACT_LOAD_MAX * 64; /* legs of a page: far more than any has */
    struct rows *r;
    size_t room = 64, count = 0;
    struct leg_row *list = arena_many(a, room, struct leg_row);
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, first);
    rows_int(r, 4, last);
    rows_int(r, 5, max);
    while (rows_next(r, e)) {
        if (count == room) {
            struct leg_row *more = arena_many(a, room * 2, struct leg_row);
            memcpy(more, list, room * sizeof(*list));
            list = more;
            room *= 2;
        }
        list[count++] =
            (struct leg_row){rows_get_int(r, 0),
                             {str_dup(a, rows_get_str(r, 1)), str_dup(a, rows_get_str(r, 2)),
                              str_dup(a, rows_get_str(r, 3)), str_dup(a, rows_get_str(r, 4)),
                              rows_get_int(r, 5), rows_get_int(r, 6)}};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}
