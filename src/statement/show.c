/* show.c - a statement shown: canonical JSON, computed again and compared, explained. */
#include "base/json.h"
#include "statement/draft.h"
#include "statement/statement_rows.h"

#define QUALITY_WORDS "AEM-"

static void put_id(struct json_out *o, const char *key, int64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)id);
    json_put_str(o, key,
                 str_of(text)); /* a JSON number loses digits in JavaScript (storage.md 3) */
}

static void put_hex(struct json_out *o, const char *key, const struct sha256 *h)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * sizeof(h->b)];
    for (size_t i = 0; i < sizeof(h->b); i++) {
        text[2 * i] = digits[h->b[i] >> 4];
        text[2 * i + 1] = digits[h->b[i] & 15];
    }
    json_put_str(o, key, (struct str){text, sizeof(text)});
}

static void put_day(struct json_out *o, const char *key, struct day d)
{
    char text[16];
    snprintf(text, sizeof(text), "%04d-%02d-%02d", d.yyyymmdd / 10000, d.yyyymmdd / 100 % 100,
             d.yyyymmdd % 100);
    json_put_str(o, key, d.yyyymmdd ? str_of(text) : STR(""));
}

static void put_header(struct json_out *o, const struct statement *s)
{
    json_put_str(o, "schema", STR("sunkeeper.statement/1"));
    put_id(o, "id", s->statement_id);
    json_put_str(o, "no", s->no);
    json_put_str(o, "type", str_of(statement_type_word(s->type)));
    json_put_str(o, "state", str_of(statement_state_word(s->state)));
    json_put_str(o, "order", s->order_no);
    json_put_str(o, "contract", s->contract_no);
    json_put_int(o, "contract_version", s->contract_version);
    json_put_int(o, "revision", s->revision);
    put_id(o, "station", s->station_id);
    put_day(o, "from", s->period.from);
    put_day(o, "until", s->period.until);
    json_put_str(o, "currency", STR("CNY"));
    json_put_str(o, "strategy", s->strategy.name);
    json_put_int(o, "strategy_version", s->strategy.version);
    put_hex(o, "strategy_hash", &s->strategy_hash);
    json_put_str(o, "tariff", s->tariff);
    put_hex(o, "snapshot", &s->snapshot);
    put_hex(o, "lines_hash", &s->lines_hash);
    put_hex(o, "body_hash", &s->body_hash);
    put_hex(o, "doc_hash", &s->doc_hash);
    json_put_str(o, "previous", s->previous_no);
    if (s->reverses_id) {
        json_put_str(o, "reverses", s->reverses_no);
    }
    json_put_str(o, "reason", s->reason);
    put_day(o, "issued", s->issued.utc_ms ? instant_day(s->issued) : (struct day){0});
    put_day(o, "confirmed", s->confirmed.utc_ms ? instant_day(s->confirmed) : (struct day){0});
    put_day(o, "due", s->due);
    json_put_int(o, "total_fen", s->fen);
    json_put_int(o, "net_fen", s->net_fen);
    json_put_int(o, "vat_fen", s->vat_fen);
    json_put_int(o, "intervals", s->intervals);
    json_put_int(o, "estimated", s->estimated);
    json_put_int(o, "manual", s->manual);
    json_put_int(o, "missing", s->missing);
}

static void put_leg(struct json_out *o, const struct statement_leg *l)
{
    json_open(o, NULL, '{');
    json_put_int(o, "leg", l->leg);
    json_put_str(o, "payer", l->payer);
    json_put_str(o, "payee", l->payee);
    if (l->settled_by.n > 0) {
        json_put_str(o, "settled_by", l->settled_by);
    }
    json_put_str(o, "payer_account", l->payer_account);
    json_put_str(o, "payee_account", l->payee_account);
    json_put_int(o, "fen", l->fen);
    json_put_int(o, "net_fen", l->net_fen);
    json_put_int(o, "vat_fen", l->vat_fen);
    json_close(o, '}');
}

/* "780.00 kWh x 0.4000 yuan/kWh = 312.00 yuan" */
static struct str formula(struct arena *a, const struct settle_line *l)
{
    struct text t;
    text_init(&t, a, 512);
    if (l->has_quantity) {
        text_decimal(&t, l->quantity_e4, 4, 2);
        text_addf(&t, " " STR_FMT, STR_ARG(l->unit));
    }
    if (l->has_price) {
        text_add_c(&t, l->has_quantity ? " x " : "");
        text_decimal(&t, l->price_e6, 6, 4);
        text_addf(&t, " " STR_FMT, STR_ARG(l->price_unit));
    }
    text_add_c(&t, t.n ? " = " : "");
    text_scaled(&t, l->fen, 2);
    text_add_c(&t, " yuan");
    return text_str(&t);
}

static void put_line(struct json_out *o, struct arena *a, const struct statement_line *x, bool adj)
{
    const struct settle_line *l = &x->l;
    json_open(o, NULL, '{');
    json_put_int(o, "seq", l->no);
    json_put_str(o, "code", l->code);
    json_put_str(o, "name", l->title);
    json_put_str(o, "payer", l->payer);
    json_put_str(o, "payee", l->payee);
    if (l->has_quantity) {
        json_put_scaled(o, "quantity", l->quantity_e4, 4);
        json_put_str(o, "unit", l->unit);
    }
    if (l->has_price) {
        json_put_scaled(o, "price", l->price_e6, 6);
        json_put_str(o, "price_unit", l->price_unit);
    }
    if (adj) {
        json_put_int(o, "old_fen", x->old_fen);
        json_put_int(o, "new_fen", x->new_fen);
    }
    json_put_int(o, "fen", l->fen);
    if (l->vat_e6 >= 0) {
        json_put_scaled(o, "vat_rate", l->vat_e6, 6);
        json_put_int(o, "net_fen", l->net_fen);
        json_put_int(o, "vat_fen", l->vat_fen);
    }
    if (l->settled_by.n > 0) {
        json_put_str(o, "settled_by", l->settled_by);
    }
    json_put_str(o, "quality", (struct str){&QUALITY_WORDS[l->quality & 3], 1});
    if (l->estimated_e6 > 0) {
        json_put_scaled(o, "estimated", l->estimated_e6, 6);
    }
    json_put_str(o, "explanation", formula(a, l));
    json_close(o, '}');
}

static void put_chain(struct json_out *o, const struct statement *s)
{
    if (s->n_chain < 2) {
        return; /* never corrected */
    }
    json_open(o, "chain", '[');
    for (size_t i = 0; i < s->n_chain; i++) {
        const struct statement_link *l = &s->chain[i];
        json_open(o, NULL, '{');
        put_id(o, "id", l->statement_id);
        json_put_str(o, "no", l->no);
        json_put_str(o, "type", str_of(statement_type_word(l->type)));
        json_put_str(o, "state", str_of(statement_state_word(l->state)));
        put_id(o, "previous", l->previous_id);
        put_id(o, "reverses", l->reverses_id);
        json_put_int(o, "fen", l->fen);
        json_put_int(o, "result_fen", l->result_fen);
        json_put_bool(o, "in_force", l->in_force);
        json_put_str(o, "reason", l->reason);
        json_close(o, '}');
    }
    json_close(o, ']');
}

void statement_export(const struct statement *s, struct text *t, bool pretty)
{
    struct arena *a = arena_new();
    struct json_out o;
    json_out_init(&o, t, pretty);
    json_open(&o, NULL, '{');
    put_header(&o, s);
    json_open(&o, "parties", '[');
    for (size_t i = 0; i < s->n_parties; i++) {
        json_open(&o, NULL, '{');
        json_put_str(&o, "role", s->parties[i].role);
        put_id(&o, "org", s->parties[i].org_id);
        json_put_str(&o, "name", s->parties[i].name);
        json_put_str(&o, "uscc", s->parties[i].uscc);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_open(&o, "legs", '[');
    for (size_t i = 0; i < s->n_legs; i++) {
        put_leg(&o, &s->legs[i]);
    }
    json_close(&o, ']');
    json_open(&o, "lines", '[');
    for (size_t i = 0; i < s->n_lines; i++) {
        put_line(&o, a, &s->lines[i], s->type == STATEMENT_ADJ);
    }
    json_close(&o, ']');
    annex_put(&o, s);
    put_chain(&o, s);
    json_close(&o, '}');
    arena_free(a);
}

/* ---- computed again
 * --------------------------------------------------------------------------------- */

static enum err_code draft_again(struct db *db, struct arena *a, const struct statement *stored,
                                 const struct settle_result *r, struct statement *out,
                                 struct err *e)
{
    struct org_names *names = org_names_new(a);
    const struct settle_line *old;
    size_t n_old;
    org_names_keep(names, stored->parties, stored->n_parties);
    if (stored->type != STATEMENT_ADJ) {
        return draft_of_result(db, a, names, r, out, e);
    }
    if (settle_lines(db, a, scope_machine(), stored->station_id, stored->previous_id, &old, &n_old,
                     e) != OK) {
        return e->code;
    }
    return draft_of_difference(db, a, names, r, old, n_old, stored->previous_id, stored->reason,
                               out, e);
}

static void line_show(struct text *t, const char *sign, const struct statement_line *x,
                      struct arena *a)
{
    static const char *const marks[] = { "actual", "estimated", "manual", "missing" };
    text_addf(t, "%s %d " STR_FMT " " STR_FMT " -> " STR_FMT "  " STR_FMT "  (%s", sign, x->l.no,
              STR_ARG(x->l.code), STR_ARG(x->l.payer), STR_ARG(x->l.payee),
              STR_ARG(formula(a, &x->l)), marks[x->l.quality]);
    if (x->l.estimated_e6) {
        text_add_c(t, " ");
        text_decimal(t, x->l.estimated_e6, 4, 2);
        text_add_c(t, " %");
    }
    text_add_c(t, ")\n");
}

static bool line_same(const struct statement_line *x, const struct statement_line *y)
{
    return str_eq(x->l.code, y->l.code) && str_eq(x->l.payer, y->l.payer) &&
           str_eq(x->l.payee, y->l.payee) && x->l.fen == y->l.fen && x->l.net_fen == y->l.net_fen &&
           x->l.has_quantity == y->l.has_quantity &&
           (!x->l.has_quantity || x->l.quantity_e4 == y->l.quantity_e4) &&
           x->l.has_price == y->l.has_price &&
           (!x->l.has_price || x->l.price_e6 == y->l.price_e6) && x->l.quality == y->l.quality &&
           x->l.estimated_e6 == y->l.estimated_e6;
}

static void bodies_differ(struct arena *a, const struct statement *old, const struct statement *now,
                          struct text *t)
{
    size_t n = old->n_lines > now->n_lines ? old->n_lines : now->n_lines;
    size_t before = t->n;
    if (memcmp(old->snapshot.b, now->snapshot.b, sizeof(now->snapshot.b)) != 0) {
        text_add_c(t, "the readings are not those of the statement any more\n");
    }
    if (memcmp(old->strategy_hash.b, now->strategy_hash.b, sizeof(now->strategy_hash.b)) != 0) {
        text_add_c(t, "the strategy is not that of the statement\n");
    }
    for (size_t i = 0; i < n; i++) {
        const struct statement_line *x = i < old->n_lines ? &old->lines[i] : NULL;
        const struct statement_line *y = i < now->n_lines ? &now->lines[i] : NULL;
        if (x && y && line_same(x, y)) {
            continue;
        }
        if (x) {
            line_show(t, "-", x, a);
        }
        if (y) {
            line_show(t, "+", y, a);
        }
    }
    if (!str_eq(old->parties_text, now->parties_text)) {
        text_add_c(t, "the parties are not those of the statement\n");
    }
    if (!str_eq(old->annex_text, now->annex_text)) {
        text_add_c(t, "flags or printed quantities differ\n");
    }
    if (t->n == before) {
        text_add_c(t, "header or accounts differ\n");
    }
}

/* A counter-entry follows from the adjustment it takes back, not from readings. */
static enum err_code counter_again(struct db *db, struct arena *a, const struct statement *stored,
                                   struct statement *out, struct err *e)
{
    const struct statement *adj, *holds;
    if (statement_get(db, a, scope_machine(), stored->reverses_id, &adj, e) != OK ||
        statement_get(db, a, scope_machine(), adj->previous_id, &holds, e) != OK) {
        return e->code;
    }
    draft_of_counter(a, adj, holds, stored->previous_id, stored->reason, out);
    out->statement_id = stored->statement_id;
    out->revision = stored->revision;
    draft_finish(a, out);
    return OK;
}

enum err_code statement_recompute(struct db *db, struct scope s, int64_t id, bool *same,
                                  struct text *diff, struct err *e)
{
    struct arena *a = arena_new();
    const struct statement *visible, *stored;
    const struct settle_result *r = NULL;
    struct statement now;
    enum err_code rc = statement_get(db, a, s, id, &visible, e);
    if (rc == OK) {
        rc = statement_get(db, a, scope_machine(), id, &stored, e);
    }
    if (rc == OK && !stored->reverses_id) {
        rc = settle_again(db, a, scope_machine(), id, &r, e);
    }
    if (rc == OK && r && r->outcome != SETTLE_WRITTEN) {
        text_addf(diff, "the order fails now: " STR_FMT "\n", STR_ARG(r->failure));
        *same = false;
        arena_free(a);
        return OK;
    }
    if (rc == OK) {
        rc = r ? draft_again(db, a, stored, r, &now, e) : counter_again(db, a, stored, &now, e);
    }
    if (rc == OK) {
        struct str x = statement_body(a, stored), y = statement_body(a, &now);
        struct sha256 h = sha256_of(y.at, y.n);
        *same = str_eq(x, y) && memcmp(h.b, stored->body_hash.b, sizeof(h.b)) == 0;
        if (!*same && s.all) {
            bodies_differ(a, stored, &now, diff);
        } else if (!*same) {
            text_add_c(diff, "it is not the same any more; the operator can see what differs\n");
        }
    }
    arena_free(a);
    return rc;
}

/* ---- explained
 * ---------------------------------------------------------------------------------------- */

static void header_show(const struct statement *s, struct text *t)
{
    text_add_c(t, "statement ");
    if (s->no.n > 0) {
        text_add(t, s->no);
    } else {
        text_addf(t, "%lld", (long long)s->statement_id);
    }
    text_addf(t, " (%s, %s)  order " STR_FMT ", contract " STR_FMT " version %d\n",
              statement_type_word(s->type), statement_state_word(s->state), STR_ARG(s->order_no),
              STR_ARG(s->contract_no), s->contract_version);
    text_add_c(t, "period ");
    text_day(t, s->period.from);
    text_add_c(t, " until ");
    text_day(t, s->period.until);
    text_addf(t, "  strategy " STR_FMT "@%d  " STR_FMT "\n", STR_ARG(s->strategy.name),
              s->strategy.version, STR_ARG(s->tariff));
    for (size_t i = 0; i < s->n_legs; i++) {
        text_addf(t, "  " STR_FMT " -> " STR_FMT "  ", STR_ARG(s->legs[i].payer),
                  STR_ARG(s->legs[i].payee));
        text_scaled(t, s->legs[i].fen, 2);
        text_addf(t, " yuan%s" STR_FMT "\n", s->legs[i].settled_by.n ? ", settled by " : "",
                  STR_ARG(s->legs[i].settled_by));
    }
    for (size_t i = 0; i < s->n_flags; i++) {
        text_addf(t, "  flag " STR_FMT " " STR_FMT "%s\n", STR_ARG(s->flags[i].code),
                  STR_ARG(s->flags[i].title), s->flags[i].hold ? " (holds)" : "");
    }
    text_byte(t, '\n');
}

/* A party asks about its own lines only. */
static enum err_code line_show_one(struct db *db, struct arena *a, const struct statement *s,
                                   const struct statement_line *x, struct day day, struct text *t,
                                   struct err *e)
{
    struct str code = x->l.code;
    if (s->type == STATEMENT_ADJ) {
        text_addf(t, STR_FMT " " STR_FMT "  ", STR_ARG(x->l.code), STR_ARG(x->l.title));
        text_scaled(t, x->new_fen, 2);
        text_add_c(t, " - ");
        text_scaled(t, x->old_fen, 2);
        text_add_c(t, " = ");
        text_scaled(t, x->l.fen, 2);
        text_addf(t, " yuan, against " STR_FMT "\n",
                  STR_ARG(s->previous_no.n ? s->previous_no : STR("the last result")));
        if (s->reverses_id) {
            text_addf(t, "  taken back: what statement " STR_FMT " changed\n",
                      STR_ARG(s->reverses_no));
            return OK; /* the readings say what they say: nothing is computed from them */
        }
        if (x->new_fen == 0) {
            return OK; /* the line is gone: there is nothing to explain but the old statement */
        }
        code = (struct str){code.at + 4, code.n - 4};
    }
    return settle_explain(db, a, scope_machine(), s->statement_id, code, day, t, e);
}

static enum err_code lines_show(struct db *db, struct arena *a, const struct statement *s,
                                struct scope scope, struct str code, struct day day, struct text *t,
                                struct err *e)
{
    bool shown = false;
    if (code.n == 0 && scope.all && s->type != STATEMENT_ADJ) {
        return settle_explain(db, a, scope, s->statement_id, code, day, t, e);
    }
    for (size_t i = 0; i < s->n_lines; i++) {
        bool again = i > 0 && str_eq(s->lines[i].l.code, s->lines[i - 1].l.code);
        if ((code.n > 0 && !str_eq(code, s->lines[i].l.code)) || again) {
            continue;
        }
        shown = true;
        if (line_show_one(db, a, s, &s->lines[i], day, t, e) != OK) {
            return e->code;
        }
    }
    return shown ? OK
                 : fail(e, ERR_NOT_FOUND, "statement of run %lld has no line " STR_FMT,
                        (long long)s->statement_id, STR_ARG(code));
}

enum err_code statement_explain(struct db *db, struct scope s, int64_t id, struct str code,
                                struct day day, struct text *t, struct err *e)
{
    struct arena *a = arena_new();
    const struct statement *st;
    enum err_code rc = statement_get(db, a, s, id, &st, e);
    if (rc == OK) {
        header_show(st, t);
        rc = lines_show(db, a, st, s, code, day, t, e);
    }
    arena_free(a);
    return rc;
}
