/* shadow.c - a period's orders computed again by another version of their strategy, line by line
 * against what was settled. Nothing is written.
 *
 * Orders share what they have in common, as in a batch: the points once, a calendar, price book and
 * strategy once for each kind and set of tariff versions.
 */
#include "settle/single.h"

#define PAGE_ORDERS 256 /* bindings read at once; a page of them is some 100 kB */
#define MESSAGES_MAX (1u << 20)

struct shadow_kind {
    struct kind kind;
    struct str tariff; /* versions of the run it was made for */
    struct shadow_kind *next;
};

struct shadow {
    const struct settle_shadow *wish;
    struct db *db;
    struct arena *arena;   /* kinds and bindings: until the end */
    struct arena *scratch; /* one order */
    struct prep *prep;
    const struct reading_points *points;
    struct shadow_kind *kinds;
    struct hasher *hash;
    struct shadow_total total;
};

enum err_code settle_strategy_load(struct db *db, struct arena *a, struct strategy_ref ref,
                                   const struct strategy **out, struct text *messages,
                                   struct err *e)
{
    struct strategy_text t;
    if (contract_strategy_get(db, a, ref.name, ref.version, &t, e) != OK) {
        return e->code;
    }
    return prep_load_text(prep_new(db, a), ref.name, t.text, t.uses, t.n_uses, NULL, 0, out,
                          messages, e);
}

/* The kind of this binding with the tariff versions of its run. */
static enum err_code kind_for(struct shadow *w, const struct contract_binding *b, struct str tariff,
                              const struct kind **out, struct err *e)
{
    for (struct shadow_kind *k = w->kinds; k; k = k->next) {
        if (str_eq(k->tariff, tariff) && kind_is(&k->kind.like, b)) {
            *out = &k->kind;
            return OK;
        }
    }
    struct shadow_kind *k = arena_make(w->arena, struct shadow_kind);
    k->tariff = str_dup(w->arena, tariff);
    const struct prep_wish wish = { .tariff = k->tariff };
    if (prep_kind(w->prep, b, &wish, &k->kind, e) != OK) {
        return e->code;
    }
    k->next = w->kinds;
    w->kinds = k;
    *out = &k->kind;
    return OK;
}

static bool same_number(bool has_x, int64_t x, struct str unit_x, bool has_y, int64_t y,
                        struct str unit_y)
{
    return has_x == has_y && (!has_x || (x == y && str_eq(unit_x, unit_y)));
}

static unsigned line_differs(const struct settle_line *x, const struct settle_line *y)
{
    bool parties = str_eq(x->payer, y->payer) && str_eq(x->payee, y->payee) &&
                   str_eq(x->settled_by, y->settled_by);
    bool quantity = same_number(x->has_quantity, x->quantity_e4, x->unit, y->has_quantity,
                                y->quantity_e4, y->unit);
    bool price = same_number(x->has_price, x->price_e6, x->price_unit, y->has_price, y->price_e6,
                             y->price_unit);
    return (str_eq(x->title, y->title) ? 0 : SHADOW_TITLE) | (parties ? 0 : SHADOW_PARTIES) |
           (quantity ? 0 : SHADOW_QUANTITY) | (price ? 0 : SHADOW_PRICE) |
           (x->fen == y->fen ? 0 : SHADOW_GROSS) | (x->net_fen == y->net_fen ? 0 : SHADOW_NET) |
           (x->vat_e6 == y->vat_e6 ? 0 : SHADOW_VAT_RATE) |
           (x->vat_fen == y->vat_fen ? 0 : SHADOW_VAT);
}

/* Puts each new line that has no partner yet beside an old one that has none: with both parties the
 * same, or with one of them. */
static void lines_pair(struct shadow_line *list, size_t n_old, const struct settle_result *r,
                       bool *paired, bool one_party)
{
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct settle_line *y = &r->lines[i];
        for (size_t k = 0; k < n_old && !paired[i]; k++) {
            const struct settle_line *x = &list[k].old;
            bool payer = str_eq(x->payer, y->payer), payee = str_eq(x->payee, y->payee);
            if (!list[k].is && str_eq(x->code, y->code) &&
                (one_party ? payer || payee : payer && payee)) {
                list[k].is = paired[i] = true;
                list[k].now = *y;
            }
        }
    }
}

/* Lines side by side: those of the run in their order, then the ones that only the new version has.
 */
static void lines_join(struct arena *a, const struct settle_line *old, size_t n_old,
                       const struct settle_result *r, struct shadow_order *o)
{
    struct shadow_line *list = arena_many(a, n_old + r->n_lines + 1, struct shadow_line);
    bool *paired = arena_many(a, r->n_lines + 1, bool);
    size_t n = n_old;
    for (size_t i = 0; i < n_old; i++) {
        list[i] = (struct shadow_line){ .was = true, .old = old[i] };
        o->old_fen += old[i].fen;
    }
    lines_pair(list, n_old, r, paired, false);
    lines_pair(list, n_old, r, paired, true);
    for (size_t i = 0; i < r->n_lines; i++) {
        o->new_fen += r->lines[i].fen;
        if (!paired[i]) {
            list[n++] = (struct shadow_line){ .is = true, .now = r->lines[i] };
        }
    }
    for (size_t i = 0; i < n; i++) {
        bool both = list[i].was && list[i].is;
        list[i].differs = both ? line_differs(&list[i].old, &list[i].now) : SHADOW_PRESENCE;
        o->n_changed += list[i].differs != 0;
    }
    o->lines = list;
    o->n_lines = n;
}

static void hash_str(struct hasher *h, struct str s)
{
    uint64_t n = s.n;
    hasher_add(h, &n, sizeof(n));
    hasher_add(h, s.at, s.n);
}

static void hash_line(struct hasher *h, const struct settle_line *l)
{
    const int64_t facts[] = { l->has_quantity, l->quantity_e4, l->has_price, l->price_e6,
                              l->fen,          l->net_fen,     l->vat_fen,   l->vat_e6 };
    const struct str words[] = { l->code,       l->title, l->payer,     l->payee,
                                 l->settled_by, l->unit,  l->price_unit };
    hasher_add(h, facts, sizeof(facts));
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        hash_str(h, words[i]);
    }
}

static void order_count(struct shadow *w, const struct shadow_order *o)
{
    struct shadow_total *t = &w->total;
    t->orders++;
    t->lines += (int64_t)o->n_lines;
    t->lines_changed += (int64_t)o->n_changed;
    t->failed += o->failed;
    t->same += !o->failed && o->n_changed == 0;
    t->changed += !o->failed && o->n_changed > 0;
    if (!o->failed) {
        t->old_fen += o->old_fen;
        t->new_fen += o->new_fen;
    }
    hash_str(w->hash, o->order_no);
    hash_str(w->hash, o->failure);
    hasher_add(w->hash, &o->period.from.yyyymmdd, sizeof(o->period.from.yyyymmdd));
    for (size_t i = 0; i < o->n_lines; i++) {
        const struct shadow_line *l = &o->lines[i];
        const int64_t sides[] = { l->was, l->is };
        hasher_add(w->hash, sides, sizeof(sides));
        hash_line(w->hash, &l->old);
        hash_line(w->hash, &l->now);
    }
    if (w->wish->order) {
        w->wish->order(w->wish->ctx, o);
    }
}

static enum err_code order_compute(struct shadow *w, const struct contract_binding *b,
                                   const struct run_row *run, struct settle_result *out,
                                   struct err *e)
{
    struct single *s = single_new(w->db, w->scratch);
    const struct kind *kind = NULL;
    s->binding = *b;
    s->binding.strategy = w->wish->version;
    s->desk.points = w->points;
    s->desk.prep = w->prep;
    s->desk.wish.tariff = run->tariff;
    if (run_inputs(s, run, e) != OK || kind_for(w, &s->binding, run->tariff, &kind, e) != OK ||
        work_open(&s->desk, &s->binding, kind, &run->state_in, &s->work, e) != OK ||
        work_read(&s->desk, &s->work, 1, e) != OK) {
        return e->code;
    }
    return work_run(&s->desk, &s->work, out, NULL, NULL, e);
}

static enum err_code order_shadow(struct shadow *w, const struct contract_binding *b, struct err *e)
{
    struct run_row run;
    int64_t run_id = 0;
    struct settle_line *old = NULL;
    size_t n_old = 0;
    struct settle_result r = { 0 };
    arena_reset(w->scratch);
    if (rows_run_in_force(w->db, scope_machine(), b->order_id, b->from.yyyymmdd, &run_id, e) !=
        OK) {
        return e->code;
    }
    if (run_id == 0) {
        w->total.unsettled++;
        return OK;
    }
    if (run_find(w->db, w->scratch, scope_machine(), run_id, &run, e) != OK ||
        rows_lines(w->db, w->scratch, scope_machine(), run.station_id, run_id, &old, &n_old, e) !=
            OK ||
        order_compute(w, b, &run, &r, e) != OK) {
        return e->code;
    }
    struct shadow_order o = { .order_id = b->order_id,
                              .run_id = run_id,
                              .order_no = b->order_no,
                              .period = run.period,
                              .failed = r.outcome == SETTLE_REFUSED,
                              .failure = r.failure };
    lines_join(w->scratch, old, n_old, &r, &o);
    order_count(w, &o);
    return OK;
}

static enum err_code orders_walk(struct shadow *w, struct scope s, struct err *e)
{
    const struct settle_period p = w->wish->period;
    struct contract_mark mark = { 0 };
    for (size_t n = PAGE_ORDERS; n == PAGE_ORDERS;) {
        const struct contract_binding *b;
        if (contract_load(w->db, w->arena, s, p.from, p.until, mark.order_id ? &mark : NULL,
                          PAGE_ORDERS, &b, &n, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < n; i++) {
            if (str_eq(b[i].strategy.name, w->wish->version.name) &&
                order_shadow(w, &b[i], e) != OK) {
                return e->code;
            }
            mark = (struct contract_mark){ b[i].order_id, b[i].contract_version };
        }
    }
    return OK;
}

enum err_code settle_shadow(struct db *db, struct arena *a, struct scope s,
                            const struct settle_shadow *wish, struct shadow_total *out,
                            struct err *e)
{
    struct shadow w = { .wish = wish, .db = db, .arena = arena_new(), .scratch = arena_new() };
    struct text messages;
    struct reading_points *points;
    const struct strategy *loaded;
    text_init(&messages, w.arena, MESSAGES_MAX);
    w.prep = prep_new(db, w.arena);
    w.hash = hasher_new(a);
    enum err_code rc = settle_strategy_load(db, w.arena, wish->version, &loaded, &messages, e);
    if (rc == OK) {
        rc = reading_points_load(db, scope_machine(), w.arena, &points, e);
    }
    if (rc == OK) {
        w.points = points;
        rc = orders_walk(&w, s, e);
    }
    w.total.hash = hasher_end(w.hash);
    if (rc == OK) {
        *out = w.total;
    }
    arena_free(w.scratch);
    arena_free(w.arena);
    return rc;
}
