/* statement_rows.c - all SQL of the room. */
#include "statement/statement_rows.h"
#include "store/rows.h"

#define IN_SCOPE                                                                                   \
    "($1 = 1 or exists (select 1 from statement_leg g where g.statement_id = s.statement_id and "  \
    "(g.payer_org in (select org_id from scope_org where scope_key = $2) or "                      \
    "g.payee_org in (select org_id from scope_org where scope_key = $2))))"
#define LEGS_MAX 20000   /* of one statement: the lessees of the largest park, both ways */
#define LINES_MAX 100000 /* 64 lines of a strategy over a park's lessees */
#define NUMBERS_MAX 200  /* years */

static struct sha256 hash_of(struct str s)
{
    struct sha256 h = {{0}};
    if (s.n == sizeof(h.b)) {
        memcpy(h.b, s.at, sizeof(h.b));
    }
    return h;
}

static void bind_hash(struct rows *r, int param, const struct sha256 *h)
{
    rows_bytes(r, param, h->b, sizeof(h->b));
}

static enum err_code one_int(struct rows *r, int64_t *out, struct err *e)
{
    int64_t v = rows_next(r, e) ? rows_get_int(r, 0) : 0;
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = v;
    return OK;
}

/* ---- writing -----------------------------------------------------------------------------------
 */

struct put_ctx {
    const struct statement *const *s;
    size_t n, at, sub;
    int64_t now, user_id;
};

static struct bulk_value of_int(int64_t v)
{
    return (struct bulk_value){.i = v};
}

static struct bulk_value of_str(struct str s)
{
    return (struct bulk_value){.s = s};
}

static struct bulk_value of_hash(const struct sha256 *h)
{
    return (struct bulk_value){.s = {(const char *)h->b, sizeof(h->b)}};
}

static struct str first_hold(const struct statement *s)
{
    for (size_t i = 0; i < s->n_flags; i++) {
        if (s->flags[i].hold) {
            return s->flags[i].code;
        }
    }
    return STR("");
}

static bool next_statement(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    if (p->at == p->n) {
        return false;
    }
    const struct statement *s = p->s[p->at++];
    const struct bulk_value row[] = {of_int(s->statement_id),
                                     of_str(s->no),
                                     of_int(s->type),
                                     of_int(s->state),
                                     of_int(s->ver),
                                     of_int(s->order_id),
                                     of_int(s->station_id),
                                     of_int(s->contract_id),
                                     of_int(s->contract_version),
                                     of_int(s->revision),
                                     of_str(s->order_no),
                                     of_str(s->contract_no),
                                     of_int(s->period.from.yyyymmdd),
                                     of_int(s->period.until.yyyymmdd),
                                     of_str(s->strategy.name),
                                     of_int(s->strategy.version),
                                     of_str(s->tariff),
                                     of_hash(&s->strategy_hash),
                                     of_hash(&s->snapshot),
                                     of_hash(&s->lines_hash),
                                     of_hash(&s->body_hash),
                                     of_hash(&s->doc_hash),
                                     of_int(s->previous_id),
                                     of_int(s->fen),
                                     of_int(s->net_fen),
                                     of_int(s->vat_fen),
                                     of_int((int64_t)s->n_lines),
                                     of_int(s->intervals),
                                     of_int(s->estimated),
                                     of_int(s->manual),
                                     of_int(s->missing),
                                     of_str(first_hold(s)),
                                     of_str(s->parties_text),
                                     of_str(s->annex_text),
                                     of_str(s->reason),
                                     of_int(0),
                                     of_int(0),
                                     of_int(0),
                                     of_int(0),
                                     of_int(0),
                                     of_int(p->now),
                                     of_int(p->now),
                                     of_int(s->reverses_id)};
    memcpy(v, row, sizeof(row));
    return true;
}

static bool next_leg(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->s[p->at]->n_legs) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    const struct statement_leg *l = &p->s[p->at]->legs[p->sub++];
    const struct bulk_value row[] = {of_int(p->s[p->at]->statement_id),
                                     of_int(l->leg),
                                     of_str(l->payer),
                                     of_str(l->payee),
                                     of_str(l->settled_by),
                                     of_int(l->payer_org),
                                     of_int(l->payee_org),
                                     of_str(l->payer_account),
                                     of_str(l->payee_account),
                                     of_int(l->fen),
                                     of_int(l->net_fen),
                                     of_int(l->vat_fen)};
    memcpy(v, row, sizeof(row));
    return true;
}

static bool next_line(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    while (p->at < p->n && p->sub == p->s[p->at]->n_lines) {
        p->at++;
        p->sub = 0;
    }
    if (p->at == p->n) {
        return false;
    }
    const struct statement_line *x = &p->s[p->at]->lines[p->sub++];
    const struct settle_line *l = &x->l;
    const struct bulk_value row[] = {of_int(p->s[p->at]->statement_id),
                                     of_int(l->no),
                                     of_int(x->leg),
                                     of_str(l->code),
                                     of_str(l->title),
                                     {.i = l->quantity_e4, .null = !l->has_quantity},
                                     of_str(l->unit),
                                     {.i = l->price_e6, .null = !l->has_price},
                                     of_str(l->price_unit),
                                     of_int(l->fen),
                                     of_int(l->net_fen),
                                     of_int(l->vat_fen),
                                     of_int(l->vat_e6),
                                     of_int(l->quality),
                                     of_int(l->estimated_e6),
                                     of_int(x->old_fen),
                                     of_int(x->new_fen)};
    memcpy(v, row, sizeof(row));
    return true;
}

static bool next_event(void *ctx, struct bulk_value *v)
{
    struct put_ctx *p = ctx;
    if (p->at == p->n) {
        return false;
    }
    const struct statement *s = p->s[p->at++];
    const struct bulk_value row[] = {
        of_int(s->statement_id), of_int(1),          of_int(STATEMENT_DRAFT), of_int(s->state),
        of_int(p->now),          of_int(p->user_id), of_str(s->reason)};
    memcpy(v, row, sizeof(row));
    return true;
}

#define I(name)                                                                                    \
    {                                                                                              \
        name, BULK_INT, false                                                                      \
    }
#define K(name)                                                                                    \
    {                                                                                              \
        name, BULK_INT, true                                                                       \
    }
#define S(name)                                                                                    \
    {                                                                                              \
        name, BULK_INT16, false                                                                    \
    }
#define T(name)                                                                                    \
    {                                                                                              \
        name, BULK_TEXT, false                                                                     \
    }
#define B(name)                                                                                    \
    {                                                                                              \
        name, BULK_BYTES, false                                                                    \
    }
static const struct bulk_column statement_columns[] = {K("statement_id"),
                                                       T("no"),
                                                       S("type"),
                                                       S("state"),
                                                       I("ver"),
                                                       I("order_id"),
                                                       I("station_id"),
                                                       I("contract_id"),
                                                       I("contract_version"),
                                                       I("revision"),
                                                       T("order_no"),
                                                       T("contract_no"),
                                                       I("period_from"),
                                                       I("period_until"),
                                                       T("strategy"),
                                                       I("strategy_version"),
                                                       T("tariff"),
                                                       B("strategy_hash"),
                                                       B("snapshot"),
                                                       B("lines_hash"),
                                                       B("body_hash"),
                                                       B("doc_hash"),
                                                       I("previous_id"),
                                                       I("fen"),
                                                       I("net_fen"),
                                                       I("vat_fen"),
                                                       I("n_lines"),
                                                       I("intervals"),
                                                       I("estimated"),
                                                       I("manual"),
                                                       I("missing"),
                                                       T("hold"),
                                                       T("parties"),
                                                       T("annex"),
                                                       T("reason"),
                                                       I("issued_at"),
                                                       I("issued_by"),
                                                       I("confirmed_at"),
                                                       I("confirmed_by"),
                                                       I("due"),
                                                       I("created_at"),
                                                       I("updated_at"),
                                                       I("reverses_id")};
static const struct bulk_column leg_columns[] = {
    K("statement_id"),  K("leg"),       T("payer"),     T("payee"),
    T("settled_by"),    I("payer_org"), I("payee_org"), T("payer_account"),
    T("payee_account"), I("fen"),       I("net_fen"),   I("vat_fen")};
static const struct bulk_column line_columns[] = {
    K("statement_id"), K("line_no"),  I("leg"),          T("code"),    T("title"),   I("qty_e4"),
    T("unit"),         I("price_e6"), T("price_unit"),   I("fen"),     I("net_fen"), I("vat_fen"),
    I("vat_e6"),       S("quality"),  I("estimated_e6"), I("old_fen"), I("new_fen")};
static const struct bulk_column event_columns[] = {K("statement_id"), K("seq"), S("from_state"),
                                                   S("to_state"),     I("at"),  I("user_id"),
                                                   T("reason")};
#undef I
#undef K
#undef S
#undef T
#undef B
#define COUNT(x) (sizeof(x) / sizeof(*(x)))

enum err_code rows_put_statements(struct db *db, const struct statement *const *s, size_t n,
                                  int64_t user_id, struct instant now, struct err *e)
{
    static const struct bulk_table tables[] = {
        {STORE_CORE, "statement", statement_columns, COUNT(statement_columns), BULK_FAIL},
        {STORE_CORE, "statement_leg", leg_columns, COUNT(leg_columns), BULK_FAIL},
        {STORE_CORE, "statement_line", line_columns, COUNT(line_columns), BULK_FAIL},
        {STORE_CORE, "statement_event", event_columns, COUNT(event_columns), BULK_FAIL}};
    static bool (*const next[])(void *, struct bulk_value *) = {next_statement, next_leg, next_line,
                                                                next_event};
    for (size_t i = 0; i < COUNT(tables); i++) {
        struct put_ctx ctx = {.s = s, .n = n, .now = now.utc_ms, .user_id = user_id};
        if (store_bulk(db, &tables[i], next[i], &ctx, NULL, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

#define HEADER                                                                                     \
    "s.statement_id, s.no, s.type, s.state, s.ver, s.order_id, s.station_id, s.contract_id, "      \
    "s.contract_version, s.revision, s.order_no, s.contract_no, s.period_from, s.period_until, "   \
    "s.strategy, s.strategy_version, s.tariff, s.strategy_hash, s.snapshot, s.lines_hash, "        \
    "s.body_hash, s.doc_hash, s.previous_id, s.fen, s.net_fen, s.vat_fen, s.n_lines, "             \
    "s.intervals, s.estimated, s.manual, s.missing, s.parties, s.annex, s.reason, s.issued_at, "   \
    "s.issued_by, s.confirmed_at, s.confirmed_by, s.due, s.created_at, "                           \
    "coalesce((select p.no from statement p where p.statement_id = s.previous_id), ''), "          \
    "s.reverses_id, "                                                                              \
    "coalesce((select p.no from statement p where p.statement_id = s.reverses_id), '')"

static void header_read(struct rows *r, struct arena *a, struct statement *s)
{
    int c = 0;
    *s = (struct statement){0};
    s->statement_id = rows_get_int(r, c++);
    s->no = str_dup(a, rows_get_str(r, c++));
    s->type = (enum statement_type)rows_get_int(r, c++);
    s->state = (enum statement_state)rows_get_int(r, c++);
    s->ver = rows_get_int(r, c++);
    s->order_id = rows_get_int(r, c++);
    s->station_id = rows_get_int(r, c++);
    s->contract_id = rows_get_int(r, c++);
    s->contract_version = (int32_t)rows_get_int(r, c++);
    s->revision = (int32_t)rows_get_int(r, c++);
    s->order_no = str_dup(a, rows_get_str(r, c++));
    s->contract_no = str_dup(a, rows_get_str(r, c++));
    s->period.from.yyyymmdd = (int32_t)rows_get_int(r, c++);
    s->period.until.yyyymmdd = (int32_t)rows_get_int(r, c++);
    s->strategy.name = str_dup(a, rows_get_str(r, c++));
    s->strategy.version = (int32_t)rows_get_int(r, c++);
    s->tariff = str_dup(a, rows_get_str(r, c++));
    s->strategy_hash = hash_of(rows_get_bytes(r, c++));
    s->snapshot = hash_of(rows_get_bytes(r, c++));
    s->lines_hash = hash_of(rows_get_bytes(r, c++));
    s->body_hash = hash_of(rows_get_bytes(r, c++));
    s->doc_hash = hash_of(rows_get_bytes(r, c++));
    s->previous_id = rows_get_int(r, c++);
    s->fen = rows_get_int(r, c++);
    s->net_fen = rows_get_int(r, c++);
    s->vat_fen = rows_get_int(r, c++);
    s->n_lines = (size_t)rows_get_int(r, c++);
    s->intervals = rows_get_int(r, c++);
    s->estimated = rows_get_int(r, c++);
    s->manual = rows_get_int(r, c++);
    s->missing = rows_get_int(r, c++);
    s->parties_text = str_dup(a, rows_get_str(r, c++));
    s->annex_text = str_dup(a, rows_get_str(r, c++));
    s->reason = str_dup(a, rows_get_str(r, c++));
    s->issued.utc_ms = rows_get_int(r, c++);
    s->issued_by = rows_get_int(r, c++);
    s->confirmed.utc_ms = rows_get_int(r, c++);
    s->confirmed_by = rows_get_int(r, c++);
    s->due.yyyymmdd = (int32_t)rows_get_int(r, c++);
    s->created.utc_ms = rows_get_int(r, c++);
    s->previous_no = str_dup(a, rows_get_str(r, c++));
    s->reverses_id = rows_get_int(r, c++);
    s->reverses_no = str_dup(a, rows_get_str(r, c++));
}

enum err_code rows_find_statement(struct db *db, struct arena *a, struct scope s, int64_t id,
                                  struct statement *out, bool *found, struct err *e)
{
    static const char sql[] = "select " HEADER " from statement s where s.statement_id = $3 "
                              "and " IN_SCOPE " order by s.statement_id limit 1";
    struct rows *r;
    struct statement row;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    bool hit = rows_next(r, e);
    if (hit) {
        header_read(r, a, &row);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *found = hit;
    if (hit) {
        *out = row;
    }
    return OK;
}

/* An arena array that grows. */
static void *grow(struct arena *a, void *at, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return at;
    }
    size_t more = *room ? *room * 2 : 16;
    void *grown = arena_array(a, more, size);
    if (n > 0) {
        memcpy(grown, at, n * size);
    }
    *room = more;
    return grown;
}

enum err_code rows_legs_of(struct db *db, struct arena *a, struct scope s, int64_t id,
                           struct statement_leg **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select g.leg, g.payer, g.payee, g.settled_by, g.payer_org, g.payee_org, g.payer_account, "
        "g.payee_account, g.fen, g.net_fen, g.vat_fen from statement_leg g "
        "where g.statement_id = $3 and ($1 = 1 or g.payer_org in (select org_id from scope_org "
        "where scope_key = $2) or g.payee_org in (select org_id from scope_org "
        "where scope_key = $2)) order by g.leg limit $4";
    struct rows *r;
    struct statement_leg *list = NULL;
    size_t count = 0, room = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_int(r, 4, LEGS_MAX);
    while (rows_next(r, e)) {
        list = grow(a, list, count, &room, sizeof(*list));
        list[count++] = (struct statement_leg){.leg = (int32_t)rows_get_int(r, 0),
                                               .payer = str_dup(a, rows_get_str(r, 1)),
                                               .payee = str_dup(a, rows_get_str(r, 2)),
                                               .settled_by = str_dup(a, rows_get_str(r, 3)),
                                               .payer_org = rows_get_int(r, 4),
                                               .payee_org = rows_get_int(r, 5),
                                               .payer_account = str_dup(a, rows_get_str(r, 6)),
                                               .payee_account = str_dup(a, rows_get_str(r, 7)),
                                               .fen = rows_get_int(r, 8),
                                               .net_fen = rows_get_int(r, 9),
                                               .vat_fen = rows_get_int(r, 10)};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_lines_of(struct db *db, struct arena *a, struct scope s, int64_t id,
                            struct statement_line **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select l.line_no, l.leg, l.code, l.title, l.qty_e4, l.unit, l.price_e6, l.price_unit, "
        "l.fen, l.net_fen, l.vat_fen, l.vat_e6, l.quality, l.estimated_e6, l.old_fen, l.new_fen, "
        "g.payer, g.payee, g.settled_by from statement_line l join statement_leg g "
        "on g.statement_id = l.statement_id and g.leg = l.leg where l.statement_id = $3 "
        "and ($1 = 1 or g.payer_org in (select org_id from scope_org where scope_key = $2) "
        "or g.payee_org in (select org_id from scope_org where scope_key = $2)) "
        "order by l.line_no limit $4";
    struct rows *r;
    struct statement_line *list = NULL;
    size_t count = 0, room = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_int(r, 4, LINES_MAX);
    while (rows_next(r, e)) {
        list = grow(a, list, count, &room, sizeof(*list));
        struct statement_line *x = &list[count++];
        *x = (struct statement_line){0};
        x->l.no = (int32_t)rows_get_int(r, 0);
        x->leg = (int32_t)rows_get_int(r, 1);
        x->l.code = str_dup(a, rows_get_str(r, 2));
        x->l.title = str_dup(a, rows_get_str(r, 3));
        x->l.has_quantity = !rows_is_null(r, 4);
        x->l.quantity_e4 = rows_get_int(r, 4);
        x->l.unit = str_dup(a, rows_get_str(r, 5));
        x->l.has_price = !rows_is_null(r, 6);
        x->l.price_e6 = rows_get_int(r, 6);
        x->l.price_unit = str_dup(a, rows_get_str(r, 7));
        x->l.fen = rows_get_int(r, 8);
        x->l.net_fen = rows_get_int(r, 9);
        x->l.vat_fen = rows_get_int(r, 10);
        x->l.vat_e6 = (int32_t)rows_get_int(r, 11);
        x->l.quality = (int32_t)rows_get_int(r, 12);
        x->l.estimated_e6 = (int32_t)rows_get_int(r, 13);
        x->old_fen = rows_get_int(r, 14);
        x->new_fen = rows_get_int(r, 15);
        x->l.payer = str_dup(a, rows_get_str(r, 16));
        x->l.payee = str_dup(a, rows_get_str(r, 17));
        x->l.settled_by = str_dup(a, rows_get_str(r, 18));
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_find_no(struct db *db, struct scope s, struct str no, int64_t *id, struct err *e)
{
    static const char sql[] = "select s.statement_id from statement s where s.no = $3 "
                              "and s.no <> '' and " IN_SCOPE " order by s.statement_id limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_str(r, 3, no);
    return one_int(r, id, e);
}

enum err_code rows_find_order_statement(struct db *db, struct scope s, int64_t order_id,
                                        int32_t from, int64_t *id, struct err *e)
{
    static const char sql[] =
        "select s.statement_id from statement s where s.order_id = $3 and s.period_from = $4 "
        "and s.type <> 3 and s.state <> 11 and " IN_SCOPE " order by s.revision desc limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, from);
    return one_int(r, id, e);
}

enum err_code rows_find_last(struct db *db, struct scope s, int64_t order_id, int32_t from,
                             int64_t but, int64_t *id, enum statement_state *state, struct err *e)
{
    static const char sql[] =
        "select s.statement_id, s.state from statement s where s.order_id = $3 "
        "and s.period_from = $4 and s.state <> 11 and s.statement_id <> $5 and " IN_SCOPE
        " order by s.revision desc limit 1";
    struct rows *r;
    int64_t v[2] = {0};
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, order_id);
    rows_int(r, 4, from);
    rows_int(r, 5, but);
    if (rows_next(r, e)) {
        v[0] = rows_get_int(r, 0);
        v[1] = rows_get_int(r, 1);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *id = v[0];
    *state = (enum statement_state)v[1];
    return OK;
}

enum err_code rows_list(struct db *db, struct arena *a, struct scope s,
                        const struct statement_query *q, struct statement_row **out, size_t *n,
                        struct err *e)
{
    static const char sql[] =
        "select s.statement_id, s.order_id, s.fen, s.n_lines, s.no, s.order_no, s.strategy, "
        "s.hold, s.type, s.state, s.period_from, s.period_until from statement s "
        "where ($3 = 0 or (s.period_from >= $3 and s.period_from < $4)) "
        "and ($5 = 0 or s.state = $5) and s.statement_id > $6 and " IN_SCOPE
        " order by s.statement_id limit $7";
    struct rows *r;
    size_t limit = q->limit && q->limit < STATEMENT_LIST_MAX ? q->limit : STATEMENT_LIST_MAX;
    struct statement_row *list = arena_many(a, limit, struct statement_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, q->period.from.yyyymmdd);
    rows_int(r, 4, q->period.until.yyyymmdd);
    rows_int(r, 5, q->state);
    rows_int(r, 6, q->after);
    rows_int(r, 7, (int64_t)limit);
    while (rows_next(r, e)) {
        list[count++] = (struct statement_row){
            .statement_id = rows_get_int(r, 0),
            .order_id = rows_get_int(r, 1),
            .fen = rows_get_int(r, 2),
            .n_lines = rows_get_int(r, 3),
            .no = str_dup(a, rows_get_str(r, 4)),
            .order_no = str_dup(a, rows_get_str(r, 5)),
            .strategy = str_dup(a, rows_get_str(r, 6)),
            .hold = str_dup(a, rows_get_str(r, 7)),
            .type = (enum statement_type)rows_get_int(r, 8),
            .state = (enum statement_state)rows_get_int(r, 9),
            .period = {{(int32_t)rows_get_int(r, 10)}, {(int32_t)rows_get_int(r, 11)}}};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_totals(struct db *db, struct scope s, struct settle_period p,
                          struct statement_total *out, struct err *e)
{
    static const char sql[] =
        "select s.state, count(*), cast(sum(s.fen) as bigint) from statement s "
        "where ($3 = 0 or (s.period_from >= $3 and s.period_from < $4)) and " IN_SCOPE
        " group by s.state order by s.state limit 20";
    struct rows *r;
    struct statement_total t[STATEMENT_VOID + 1] = {{0}};
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, p.from.yyyymmdd);
    rows_int(r, 4, p.until.yyyymmdd);
    while (rows_next(r, e)) {
        int64_t state = rows_get_int(r, 0);
        check(state >= STATEMENT_DRAFT && state <= STATEMENT_VOID);
        t[state].n = rows_get_int(r, 1);
        t[state].fen = rows_get_int(r, 2);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    for (int i = 0; i <= STATEMENT_VOID; i++) {
        out[i] = t[i];
        out[i].state = (enum statement_state)i;
    }
    return OK;
}

enum err_code rows_events(struct db *db, struct arena *a, struct scope s, int64_t id,
                          struct statement_event **out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select v.seq, v.from_state, v.to_state, v.at, v.user_id, v.reason from statement_event v "
        "join statement s on s.statement_id = v.statement_id where v.statement_id = $3 "
        "and " IN_SCOPE " order by v.seq limit $4";
    struct rows *r;
    struct statement_event *list = arena_many(a, STATEMENT_EVENTS_MAX, struct statement_event);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    rows_int(r, 4, STATEMENT_EVENTS_MAX);
    while (rows_next(r, e)) {
        list[count++] = (struct statement_event){.seq = (int32_t)rows_get_int(r, 0),
                                                 .from = (enum statement_state)rows_get_int(r, 1),
                                                 .to = (enum statement_state)rows_get_int(r, 2),
                                                 .at = {rows_get_int(r, 3)},
                                                 .user_id = rows_get_int(r, 4),
                                                 .reason = str_dup(a, rows_get_str(r, 5))};
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

/* ---- moving
 * ---------------------------------------------------------------------------------------- */

static enum err_code event_put(struct db *db, int64_t id, enum statement_state from,
                               enum statement_state to, int64_t user_id, struct str reason,
                               struct instant now, struct err *e)
{
    static const char sql[] =
        "insert into statement_event (statement_id, seq, from_state, to_state, at, user_id, "
        "reason) "
        "select $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6 from statement_event "
        "where statement_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_int(r, 2, from);
    rows_int(r, 3, to);
    rows_int(r, 4, now.utc_ms);
    rows_int(r, 5, user_id);
    rows_str(r, 6, reason);
    return rows_run(r, NULL, e);
}

enum err_code rows_move(struct db *db, struct scope scope, const struct statement *s,
                        enum statement_state from, int64_t user_id, struct str reason,
                        struct instant now, struct err *e)
{
    static const char sql[] =
        "update statement set state = $3, no = $4, doc_hash = $5, due = $6, issued_at = $7, "
        "issued_by = $8, confirmed_at = $9, confirmed_by = $10, updated_at = $11, ver = ver + 1 "
        "where statement_id = $12 and state = $13 and ver = $14 and exists "
        "(select 1 from statement s where s.statement_id = $12 and " IN_SCOPE ")";
    struct rows *r;
    int64_t changed;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, s->state);
    rows_str(r, 4, s->no);
    bind_hash(r, 5, &s->doc_hash);
    rows_int(r, 6, s->due.yyyymmdd);
    rows_int(r, 7, s->issued.utc_ms);
    rows_int(r, 8, s->issued_by);
    rows_int(r, 9, s->confirmed.utc_ms);
    rows_int(r, 10, s->confirmed_by);
    rows_int(r, 11, now.utc_ms);
    rows_int(r, 12, s->statement_id);
    rows_int(r, 13, from);
    rows_int(r, 14, s->ver);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    if (changed != 1) {
        return fail(e, ERR_CONFLICT, "statement %lld: somebody else changed it; look again",
                    (long long)s->statement_id);
    }
    return event_put(db, s->statement_id, from, s->state, user_id, reason, now, e);
}

enum err_code rows_void_draft(struct db *db, struct scope s, int64_t id, struct instant now,
                              struct err *e)
{
    static const char find[] =
        "select s.state from statement s where s.statement_id = $3 and s.state in (1, 2, 3) "
        "and " IN_SCOPE " order by s.statement_id limit 1";
    static const char sql[] = "update statement set state = 11, ver = ver + 1, updated_at = $2 "
                              "where statement_id = $1 and state in (1, 2, 3)";
    struct rows *r;
    int64_t state = 0, changed = 0;
    if (rows_open(db, STORE_CORE, find, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, id);
    if (one_int(r, &state, e) != OK) {
        return e->code;
    }
    if (state == 0) {
        return OK; /* the run before had failed: no statement came of it */
    }
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, id);
    rows_int(r, 2, now.utc_ms);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    check(changed == 1);
    return event_put(db, id, (enum statement_state)state, STATEMENT_VOID, 0,
                     STR("settled again: its inputs changed"), now, e);
}

enum err_code rows_take_numbers(struct db *db, int year, int64_t n, int64_t *first, struct err *e)
{
    static const char sql[] =
        "insert into statement_counter (year, last) values ($1, $2) on conflict (year) do update "
        "set last = statement_counter.last + excluded.last returning last";
    struct rows *r;
    int64_t last = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, year);
    rows_int(r, 2, n);
    if (one_int(r, &last, e) != OK) {
        return e->code;
    }
    *first = last - n + 1;
    return OK;
}

enum err_code rows_list_checked(struct db *db, struct arena *a, struct scope s,
                                struct settle_period p, int64_t after, size_t limit, int64_t **out,
                                size_t *n, struct err *e)
{
    static const char sql[] =
        "select s.statement_id from statement s where s.period_from >= $3 and s.period_from < $4 "
        "and s.state = 3 and s.statement_id > $5 and " IN_SCOPE " order by s.statement_id limit $6";
    struct rows *r;
    int64_t *list = arena_many(a, limit, int64_t);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, p.from.yyyymmdd);
    rows_int(r, 4, p.until.yyyymmdd);
    rows_int(r, 5, after);
    rows_int(r, 6, (int64_t)limit);
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

/* ---- for the check
 * ------------------------------------------------------------------------------------ */

enum err_code rows_page(struct db *db, struct arena *a, struct scope s,
                        const struct statement *after, size_t limit, struct statement **out,
                        size_t *n, struct err *e)
{
    static const char sql[] =
        "select " HEADER " from statement s where (s.order_id, s.period_from, "
        "s.statement_id) > ($3, $4, $5) and " IN_SCOPE
        " order by s.order_id, s.period_from, s.statement_id limit $6";
    struct rows *r;
    struct statement *list = arena_many(a, limit, struct statement);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, s);
    rows_int(r, 3, after ? after->order_id : 0);
    rows_int(r, 4, after ? after->period.from.yyyymmdd : 0);
    rows_int(r, 5, after ? after->statement_id : 0);
    rows_int(r, 6, (int64_t)limit);
    while (rows_next(r, e)) {
        header_read(r, a, &list[count++]);
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_numbers(struct db *db, struct arena *a, struct number_row **out, size_t *n,
                           struct err *e)
{
    /* A number is ST-yyyy-nnnnnnn: its digits compare as text. */
    static const char sql[] =
        "select c.year, c.last, (select count(*) from statement s where s.no >= 'ST-' || "
        "cast(c.year as {text}) || '-' and s.no < 'ST-' || cast(c.year as {text}) || '.'), "
        "coalesce((select max(substr(s.no, 9)) from statement s where s.no >= 'ST-' || "
        "cast(c.year as {text}) || '-' and s.no < 'ST-' || cast(c.year as {text}) || '.'), '0') "
        "from statement_counter c order by c.year limit $1";
    struct rows *r;
    struct number_row *list = arena_many(a, NUMBERS_MAX, struct number_row);
    size_t count = 0;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, NUMBERS_MAX);
    while (rows_next(r, e)) {
        struct number_row *v = &list[count++];
        *v = (struct number_row){rows_get_int(r, 0), rows_get_int(r, 1), rows_get_int(r, 2), 0};
        if (decimal_scaled(rows_get_str(r, 3), 0, &v->highest, NULL) != OK) {
            v->highest = -1;
        }
    }
    if (rows_close(r, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code rows_count_doubles(struct db *db, int64_t *out, struct err *e)
{
    static const char sql[] =
        "select count(*) from (select order_id from statement where state <> 11 and type <> 3 "
        "group by order_id, period_from having count(*) > 1) d";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    return one_int(r, out, e);
}
