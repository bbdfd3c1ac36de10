/* draft.c - what a statement says, made from a run's result, and the bytes that stand for it.
 *
 * Two computers, engines or years must get the same bytes, so the body is written field by field in
 * one fixed order and width; parties and annex are JSON written by ourselves in one fixed form.
 */
#include "statement/draft.h"
#include "base/json.h"
#include "people/people.h"

#define TEXT_MAX (8u << 20) /* a park's lines and parties: some 10,000 of 200 bytes, with room */
#define NAME_SLOTS 1024
/* About what each takes, so that a text mostly finds its room at once; it may take more. */
#define PARTY_BYTES 112
#define ANNEX_BYTES 88
#define HEAD_BYTES 512
#define ROW_BYTES 200

struct org_entry {
    struct org_entry *next;
    int64_t org_id;
    struct str name, uscc;
};
struct org_names {
    struct arena *arena;
    struct org_entry *slots[NAME_SLOTS];
};

struct org_names *org_names_new(struct arena *a)
{
    struct org_names *n = arena_make(a, struct org_names);
    n->arena = a;
    return n;
}

static struct org_entry *org_put(struct org_names *names, int64_t org_id, struct str name,
                                 struct str uscc)
{
    struct org_entry **slot = &names->slots[(uint64_t)org_id * 2654435761u % NAME_SLOTS];
    struct org_entry *o = arena_make(names->arena, struct org_entry);
    *o = (struct org_entry){*slot, org_id, name, uscc};
    *slot = o;
    return o;
}

void org_names_keep(struct org_names *names, const struct statement_party *parties, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)org_put(names, parties[i].org_id, parties[i].name, parties[i].uscc);
    }
}

static enum err_code org_find(struct db *db, struct org_names *names, int64_t org_id,
                              const struct org_entry **out, struct err *e)
{
    const struct org_entry *head = names->slots[(uint64_t)org_id * 2654435761u % NAME_SLOTS];
    for (const struct org_entry *o = head; o; o = o->next) {
        if (o->org_id == org_id) {
            *out = o;
            return OK;
        }
    }
    struct org org;
    if (org_get(db, names->arena, scope_machine(), org_id, &org, e) != OK) {
        return e->code;
    }
    *out = org_put(names, org_id, org.name, org.uscc);
    return OK;
}

/* ---- parties, legs ----------------------------------------------------------------------------
 */

static enum err_code parties_take(struct db *db, struct arena *a, struct org_names *names,
                                  const struct contract_terms *t, struct statement *s,
                                  struct err *e)
{
    struct statement_party *p = arena_many(a, t->n_parties + 1, struct statement_party);
    for (size_t i = 0; i < t->n_parties; i++) {
        const struct org_entry *o = NULL;
        if (org_find(db, names, t->parties[i].org_id, &o, e) != OK) {
            return fail_in(e, "party " STR_FMT ": ", STR_ARG(t->parties[i].name));
        }
        p[i] = (struct statement_party){t->parties[i].name, o->name, o->uscc, o->org_id};
    }
    s->parties = p;
    s->n_parties = t->n_parties;
    return OK;
}

/* "6222021234567890" shows as "************7890": an account is never shown in full here. */
static struct str account_mask(struct arena *a, struct str account)
{
    char *m = arena_copy(a, account.at ? account.at : "", account.n);
    for (size_t i = 0; i < account.n && i + 4 < account.n; i++) {
        m[i] = '*';
    }
    for (size_t i = 0; account.n <= 4 && i < account.n; i++) {
        m[i] = '*';
    }
    return (struct str){m, account.n};
}

static int64_t org_of(const struct statement *s, struct str role)
{
    for (size_t i = 0; i < s->n_parties; i++) {
        if (str_eq(s->parties[i].role, role)) {
            return s->parties[i].org_id;
        }
    }
    return 0;
}

static struct statement_leg *leg_for(struct arena *a, const struct settle_result *r,
                                     const struct settle_line *l, struct statement *s,
                                     struct statement_leg *legs)
{
    for (size_t i = 0; i < s->n_legs; i++) {
        if (str_eq(legs[i].payer, l->payer) && str_eq(legs[i].payee, l->payee) &&
            str_eq(legs[i].settled_by, l->settled_by)) {
            return &legs[i];
        }
    }
    struct statement_leg *leg = &legs[s->n_legs++];
    *leg = (struct statement_leg){.leg = (int32_t)s->n_legs,
                                  .payer = l->payer,
                                  .payee = l->payee,
                                  .settled_by = l->settled_by,
                                  .payer_org = org_of(s, l->payer),
                                  .payee_org = org_of(s, l->payee),
                                  .payer_account = STR(""),
                                  .payee_account = STR("")};
    for (size_t i = 0; i < r->order->n_legs; i++) {
        const struct order_leg *o = &r->order->legs[i];
        if (str_eq(o->payer, l->payer) && str_eq(o->payee, l->payee)) {
            leg->payer_account = account_mask(a, o->payer_account);
            leg->payee_account = account_mask(a, o->payee_account);
        }
    }
    return leg;
}

/* Law 1: sums grow line by line, nothing is rounded. Legs in the order of their first line. */
static void lines_take(struct arena *a, const struct settle_result *r, struct statement_line *lines,
                       size_t n, struct statement *s)
{
    struct statement_leg *legs = arena_many(a, n + 1, struct statement_leg);
    for (size_t i = 0; i < n; i++) {
        struct settle_line *l = &lines[i].l;
        struct statement_leg *leg = leg_for(a, r, l, s, legs);
        l->no = (int32_t)i + 1;
        lines[i].leg = leg->leg;
        leg->fen += l->fen;
        leg->net_fen += l->net_fen;
        leg->vat_fen += l->vat_fen;
        s->fen += l->fen;
        s->net_fen += l->net_fen;
        s->vat_fen += l->vat_fen;
    }
    s->lines = lines;
    s->n_lines = n;
    s->legs = legs;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static struct str parties_json(struct arena *a, const struct statement *s)
{
    struct text t;
    struct json_out o;
    text_init(&t, a, TEXT_MAX);
    text_reserve(&t, s->n_parties * PARTY_BYTES);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '[');
    for (size_t i = 0; i < s->n_parties; i++) {
        char id[24];
        const struct statement_party *p = &s->parties[i];
        snprintf(id, sizeof(id), "%lld", (long long)p->org_id);
        json_open(&o, NULL, '{');
        json_put_str(&o, "role", p->role);
        json_put_str(&o, "org", str_of(id));
        json_put_str(&o, "name", p->name);
        json_put_str(&o, "uscc", p->uscc);
        json_close(&o, '}');
    }
    json_close(&o, ']');
    check(!t.cut);
    return text_str(&t);
}

void annex_put(struct json_out *o, const struct statement *s)
{
    json_open(o, "flags", '[');
    for (size_t i = 0; i < s->n_flags; i++) {
        json_open(o, NULL, '{');
        json_put_str(o, "code", s->flags[i].code);
        json_put_str(o, "title", s->flags[i].title);
        json_put_bool(o, "hold", s->flags[i].hold);
        json_close(o, '}');
    }
    json_close(o, ']');
    json_open(o, "printed", '[');
    for (size_t i = 0; i < s->n_printed; i++) {
        const struct settle_printed *p = &s->printed[i];
        json_open(o, NULL, '{');
        json_put_str(o, "name", p->name);
        json_put_str(o, "title", p->title);
        if (p->absent) {
            json_put_null(o, "value");
        } else {
            json_put_scaled(o, "value", p->value.units, p->value.scale);
        }
        json_put_str(o, "unit", p->unit);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static struct str annex_json(struct arena *a, const struct statement *s)
{
    struct text t;
    struct json_out o;
    text_init(&t, a, TEXT_MAX);
    text_reserve(&t, (s->n_flags + s->n_printed + 1) * ANNEX_BYTES);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    annex_put(&o, s);
    json_close(&o, '}');
    check(!t.cut);
    return text_str(&t);
}

static enum err_code party_read(struct json j, struct statement_party *p, struct err *e)
{
    struct str org;
    if (json_need_str(j, "role", &p->role, e) != OK || json_need_str(j, "org", &org, e) != OK ||
        json_need_str(j, "name", &p->name, e) != OK ||
        json_need_str(j, "uscc", &p->uscc, e) != OK) {
        return e->code;
    }
    return decimal_scaled(org, 0, &p->org_id, e);
}

static enum err_code printed_read(struct json j, struct settle_printed *p, struct err *e)
{
    struct json value = json_get(j, "value");
    struct str text;
    if (json_need_str(j, "name", &p->name, e) != OK ||
        json_need_str(j, "title", &p->title, e) != OK ||
        json_need_str(j, "unit", &p->unit, e) != OK) {
        return e->code;
    }
    p->absent = json_kind(value) == JSON_NULL;
    if (p->absent) {
        return OK;
    }
    if (json_str(value, &text, e) != OK) {
        return e->code;
    }
    return decimal_parse(text, &p->value, e);
}

enum err_code statement_texts_read(struct arena *a, struct statement *s, struct err *e)
{
    struct json parties, annex;
    if (json_parse(a, s->parties_text, "parties", &parties, e) != OK ||
        json_parse(a, s->annex_text, "annex", &annex, e) != OK) {
        return e->code;
    }
    struct json flags = json_get(annex, "flags"), printed = json_get(annex, "printed");
    struct statement_party *p = arena_many(a, json_len(parties) + 1, struct statement_party);
    struct settle_flag *f = arena_many(a, json_len(flags) + 1, struct settle_flag);
    struct settle_printed *q = arena_many(a, json_len(printed) + 1, struct settle_printed);
    for (size_t i = 0; i < json_len(parties); i++) {
        if (party_read(json_at(parties, i), &p[i], e) != OK) {
            return e->code;
        }
    }
    for (size_t i = 0; i < json_len(flags); i++) {
        struct json j = json_at(flags, i);
        if (json_need_str(j, "code", &f[i].code, e) != OK ||
            json_need_str(j, "title", &f[i].title, e) != OK ||
            json_bool(json_get(j, "hold"), &f[i].hold, e) != OK) {
            return e->code;
        }
    }
    for (size_t i = 0; i < json_len(printed); i++) {
        if (printed_read(json_at(printed, i), &q[i], e) != OK) {
            return e->code;
        }
    }
    s->parties = p;
    s->n_parties = json_len(parties);
    s->flags = f;
    s->n_flags = json_len(flags);
    s->printed = q;
    s->n_printed = json_len(printed);
    return OK;
}

/* ---- bytes --------------------------------------------------------------------------------------
 */

static void put(struct text *t, const void *p, size_t n)
{
    text_add(t, (struct str){p, n});
}

static void put_int(struct text *t, int64_t v)
{
    put(t, &v, sizeof(v));
}

static void put_str(struct text *t, struct str s)
{
    put_int(t, (int64_t)s.n);
    text_add(t, s);
}

static void put_hash(struct text *t, const struct sha256 *h)
{
    put(t, h->b, sizeof(h->b));
}

static void put_header(struct text *t, const struct statement *s)
{
    const int64_t facts[] = {s->type,
                             s->order_id,
                             s->station_id,
                             s->contract_id,
                             s->contract_version,
                             s->revision,
                             s->period.from.yyyymmdd,
                             s->period.until.yyyymmdd,
                             s->strategy.version,
                             s->previous_id,
                             s->fen,
                             s->net_fen,
                             s->vat_fen,
                             s->intervals,
                             s->estimated,
                             s->manual,
                             s->missing,
                             (int64_t)s->n_legs,
                             (int64_t)s->n_lines};
    put(t, facts, sizeof(facts));
    put_str(t, s->order_no);
    put_str(t, s->contract_no);
    put_str(t, s->strategy.name);
    put_str(t, s->tariff);
    put_hash(t, &s->strategy_hash);
    put_hash(t, &s->snapshot);
    put_hash(t, &s->lines_hash);
    put_str(t, s->parties_text);
    put_str(t, s->annex_text);
    put_str(t, s->type == STATEMENT_ADJ ? s->reason : STR(""));
    if (s->reverses_id) {
        put_int(t, s->reverses_id);
    }
}

static void put_leg(struct text *t, const struct statement_leg *l)
{
    const int64_t facts[] = {l->leg, l->payer_org, l->payee_org, l->fen, l->net_fen, l->vat_fen};
    put(t, facts, sizeof(facts));
    put_str(t, l->payer);
    put_str(t, l->payee);
    put_str(t, l->settled_by);
    put_str(t, l->payer_account);
    put_str(t, l->payee_account);
}

static void put_line(struct text *t, const struct statement_line *x)
{
    const struct settle_line *l = &x->l;
    const int64_t facts[] = {l->no,           x->leg,
                             l->has_quantity, l->has_quantity ? l->quantity_e4 : 0,
                             l->has_price,    l->has_price ? l->price_e6 : 0,
                             l->fen,          l->net_fen,
                             l->vat_fen,      l->vat_e6,
                             l->quality,      l->estimated_e6,
                             x->old_fen,      x->new_fen};
    put(t, facts, sizeof(facts));
    put_str(t, l->code);
    put_str(t, l->title);
    put_str(t, l->unit);
    put_str(t, l->price_unit);
}

struct str statement_body(struct arena *a, const struct statement *s)
{
    struct text t;
    text_init(&t, a, 4 * TEXT_MAX);
    text_reserve(&t, HEAD_BYTES + s->parties_text.n + s->annex_text.n +
                         (s->n_legs + s->n_lines) * ROW_BYTES);
    text_add(&t, STR("sunkeeper.statement/1\n"));
    put_header(&t, s);
    for (size_t i = 0; i < s->n_legs; i++) {
        put_leg(&t, &s->legs[i]);
    }
    for (size_t i = 0; i < s->n_lines; i++) {
        put_line(&t, &s->lines[i]);
    }
    check(!t.cut);
    return text_str(&t);
}

struct sha256 statement_body_hash(const struct statement *s)
{
    struct arena *a = arena_new();
    struct str body = statement_body(a, s);
    struct sha256 h = sha256_of(body.at, body.n);
    arena_free(a);
    return h;
}

struct sha256 statement_doc_hash(const struct statement *s)
{
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, TEXT_MAX);
    put_hash(&t, &s->body_hash);
    put_str(&t, s->no);
    put_int(&t, s->issued.utc_ms);
    put_int(&t, s->due.yyyymmdd);
    struct sha256 h = sha256_of(t.at, t.n);
    arena_free(a);
    return h;
}

/* ---- drafting
 * ------------------------------------------------------------------------------------ */

static enum err_code header_take(struct db *db, struct arena *a, struct org_names *names,
                                 const struct settle_result *r, struct statement *s, struct err *e)
{
    *s = (struct statement){.statement_id = r->run_id,
                            .no = STR(""),
                            .state = r->hold ? STATEMENT_HELD : STATEMENT_CHECKED,
                            .ver = 1,
                            .order_id = r->order->order_id,
                            .station_id = r->order->station_id,
                            .contract_id = r->order->contract_id,
                            .order_no = r->order->order_no,
                            .contract_no = r->order->contract_no,
                            .contract_version = r->order->contract_version,
                            .revision = r->revision,
                            .period = r->period,
                            .strategy = r->order->strategy,
                            .tariff = r->tariff,
                            .strategy_hash = r->strategy_hash,
                            .snapshot = r->snapshot,
                            .lines_hash = r->lines_hash,
                            .previous_no = STR(""),
                            .intervals = r->intervals,
                            .estimated = r->estimated,
                            .manual = r->manual,
                            .missing = r->missing,
                            .reason = STR(""),
                            .flags = r->flags,
                            .n_flags = r->n_flags,
                            .printed = r->printed,
                            .n_printed = r->n_printed};
    return parties_take(db, a, names, r->terms, s, e);
}

void draft_finish(struct arena *a, struct statement *s)
{
    s->parties_text = parties_json(a, s);
    s->annex_text = annex_json(a, s);
    s->body_hash = statement_body_hash(s);
}

enum err_code draft_of_result(struct db *db, struct arena *a, struct org_names *names,
                              const struct settle_result *r, struct statement *out, struct err *e)
{
    struct statement s;
    struct statement_line *lines = arena_many(a, r->n_lines + 1, struct statement_line);
    if (header_take(db, a, names, r, &s, e) != OK) {
        return e->code;
    }
    s.type = r->order->last   ? STATEMENT_FINAL
             : r->provisional ? STATEMENT_PROVISIONAL
                              : STATEMENT_NORMAL;
    for (size_t i = 0; i < r->n_lines; i++) {
        lines[i].l = r->lines[i];
    }
    lines_take(a, r, lines, r->n_lines, &s);
    draft_finish(a, &s);
    *out = s;
    return OK;
}

static struct statement_amount *amounts(struct arena *a, const struct settle_line *l, size_t n)
{
    struct statement_amount *out = arena_many(a, n + 1, struct statement_amount);
    for (size_t i = 0; i < n; i++) {
        out[i] = (struct statement_amount){l[i].code, l[i].payer,   l[i].payee,   l[i].settled_by,
                                           l[i].fen,  l[i].net_fen, l[i].vat_fen, l[i].vat_e6};
    }
    return out;
}

/* The line of a key with its title: of the new result, else of the old one. */
static const struct settle_line *line_like(const struct settle_line *l, size_t n, struct str code,
                                           const struct statement_amount *d)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(l[i].code, code) && str_eq(l[i].payer, d->payer) &&
            str_eq(l[i].payee, d->payee)) {
            return &l[i];
        }
    }
    return NULL;
}

enum err_code draft_of_difference(struct db *db, struct arena *a, struct org_names *names,
                                  const struct settle_result *r, const struct settle_line *old,
                                  size_t n_old, int64_t previous_id, struct str reason,
                                  struct statement *out, struct err *e)
{
    struct statement s;
    const struct statement_difference *d;
    size_t n = statement_diff(a, amounts(a, old, n_old), n_old, amounts(a, r->lines, r->n_lines),
                              r->n_lines, &d);
    struct statement_line *lines = arena_many(a, n + 1, struct statement_line);
    if (header_take(db, a, names, r, &s, e) != OK) {
        return e->code;
    }
    s.type = STATEMENT_ADJ;
    s.previous_id = previous_id;
    s.reason = reason;
    for (size_t i = 0; i < n; i++) {
        struct str code = {d[i].d.code.at + 4, d[i].d.code.n - 4}; /* without "ADJ." */
        const struct settle_line *like = line_like(r->lines, r->n_lines, code, &d[i].d);
        like = like ? like : line_like(old, n_old, code, &d[i].d);
        lines[i].l = (struct settle_line){.code = d[i].d.code,
                                          .title = like->title,
                                          .payer = d[i].d.payer,
                                          .payee = d[i].d.payee,
                                          .settled_by = d[i].d.settled_by,
                                          .unit = STR(""),
                                          .price_unit = STR(""),
                                          .fen = d[i].d.fen,
                                          .net_fen = d[i].d.net_fen,
                                          .vat_fen = d[i].d.vat_fen,
                                          .vat_e6 = d[i].d.vat_e6,
                                          .quality = like->quality,
                                          .estimated_e6 = like->estimated_e6};
        lines[i].old_fen = d[i].old_fen;
        lines[i].new_fen = d[i].new_fen;
    }
    lines_take(a, r, lines, n, &s);
    draft_finish(a, &s);
    *out = s;
    return OK;
}

void draft_of_counter(struct arena *a, const struct statement *adj, const struct statement *holds,
                      int64_t previous_id, struct str reason, struct statement *out)
{
    struct statement s = *holds;
    struct statement_leg *legs = arena_many(a, adj->n_legs + 1, struct statement_leg);
    struct statement_line *lines = arena_many(a, adj->n_lines + 1, struct statement_line);
    for (size_t i = 0; i < adj->n_legs; i++) {
        legs[i] = adj->legs[i];
        legs[i].fen = -adj->legs[i].fen;
        legs[i].net_fen = -adj->legs[i].net_fen;
        legs[i].vat_fen = -adj->legs[i].vat_fen;
    }
    for (size_t i = 0; i < adj->n_lines; i++) {
        lines[i] = adj->lines[i];
        lines[i].l.fen = -adj->lines[i].l.fen;
        lines[i].l.net_fen = -adj->lines[i].l.net_fen;
        lines[i].l.vat_fen = -adj->lines[i].l.vat_fen;
        lines[i].old_fen = adj->lines[i].new_fen;
        lines[i].new_fen = adj->lines[i].old_fen;
    }
    s.type = STATEMENT_ADJ;
    s.state = STATEMENT_CHECKED;
    s.ver = 1;
    s.no = s.previous_no = s.reverses_no = STR("");
    s.previous_id = previous_id;
    s.reverses_id = adj->statement_id;
    s.reason = reason;
    s.issued = s.confirmed = s.created = (struct instant){0};
    s.issued_by = s.confirmed_by = 0;
    s.due = (struct day){0};
    s.doc_hash = (struct sha256){{0}};
    s.fen = -adj->fen;
    s.net_fen = -adj->net_fen;
    s.vat_fen = -adj->vat_fen;
    s.parties = adj->parties;
    s.n_parties = adj->n_parties;
    s.legs = legs;
    s.n_legs = adj->n_legs;
    s.lines = lines;
    s.n_lines = adj->n_lines;
    *out = s;
}

/* ---- the rule of a correction (settlement-rules 6.5)
 * ------------------------------------------------- */

static bool same_key(const struct statement_amount *x, const struct statement_amount *y)
{
    return str_eq(x->code, y->code) && str_eq(x->payer, y->payer) && str_eq(x->payee, y->payee);
}

/* Adds an amount to the difference of its key, which is made at the end when it is new. */
static void difference_add(struct statement_difference *d, size_t *n,
                           const struct statement_amount *x, bool is_new)
{
    size_t i = 0;
    while (i < *n && !same_key(&d[i].d, x)) {
        i++;
    }
    if (i == *n) {
        d[(*n)++] = (struct statement_difference){
            .d = {x->code, x->payer, x->payee, x->settled_by, 0, 0, 0, x->vat_e6}};
    }
    const int64_t sign = is_new ? 1 : -1;
    d[i].d.fen += sign * x->fen;
    d[i].d.net_fen += sign * x->net_fen;
    d[i].d.vat_fen += sign * x->vat_fen;
    d[i].new_fen += is_new ? x->fen : 0;
    d[i].old_fen += is_new ? 0 : x->fen;
}

size_t statement_diff(struct arena *a, const struct statement_amount *old, size_t n_old,
                      const struct statement_amount *now, size_t n_now,
                      const struct statement_difference **out)
{
    struct statement_difference *d = arena_many(a, n_old + n_now + 1, struct statement_difference);
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < n_old; i++) {
        difference_add(d, &n, &old[i], false);
    }
    for (size_t i = 0; i < n_now; i++) {
        difference_add(d, &n, &now[i], true);
    }
    for (size_t i = 0; i < n; i++) {
        if (d[i].d.fen == 0 && d[i].d.net_fen == 0) {
            continue;
        }
        d[kept] = d[i];
        d[kept].d.code = str_of(arena_printf(a, "ADJ." STR_FMT, STR_ARG(d[i].d.code)));
        kept++;
    }
    *out = d;
    return kept;
}
