/* village_use.c - the village settled, issued, compared and proved (village.h). */
#include "crash/village.h"

#define JSON_MAX (64u << 20)
#define FINDINGS_MAX 4096
#define ROWS_MAX 100000

enum err_code village_snapshot(struct village *t, uint64_t *out, struct err *e)
{
    struct reading_plan *plan;
    struct arena *a = arena_new();
    struct reading_total *totals = arena_many(a, t->n_ids + 1, struct reading_total);
    int64_t *sums = arena_many(a, t->n_ids + 1, int64_t);
    for (size_t i = 0; i < t->n_ids; i++) {
        totals[i].sums = &sums[i];
    }
    enum err_code code =
        reading_plan_slots(a, t->plan.from, 0, t->plan.days * SLOTS, &plan, e) == OK
            ? reading_totals(t->db, t->points, plan, t->ids, t->n_ids, totals, e)
            : e->code;
    uint64_t h = 0;
    for (size_t i = 0; i < t->n_ids && code == OK; i++) {
        const int64_t facts[] = { sums[i],
                                  totals[i].n_estimated,
                                  totals[i].n_manual,
                                  totals[i].n_missing,
                                  totals[i].estimated,
                                  totals[i].first_missing,
                                  (int64_t)totals[i].snapshot };
        h = hash64(facts, sizeof(facts), h);
    }
    arena_free(a);
    if (code == OK) {
        *out = h;
    }
    return code;
}

enum err_code village_settle(struct village *t, struct settle_period p, int workers,
                             struct settle_progress *out, struct err *e)
{
    const struct statement_batch b = { .period = p, .now = VILLAGE_NOW, .workers = workers };
    return statement_run(t->db, &b, out, e);
}

#define EDIT_SLOT 43 /* 10:45: peak; the next is valley */
#define EDIT_MOVED 100000
#define CHANGES_MAX 10

/* The changes asked and not decided; *any: some were decided before. */
static enum err_code open_edits(struct village *t, int64_t ids[CHANGES_MAX], size_t *n, bool *any,
                                struct err *e)
{
    struct reading_change *c;
    size_t found;
    if (reading_list_changes(t->db, t->points, t->a, 0, 0, CHANGES_MAX, &c, &found, e) != OK) {
        return e->code;
    }
    *n = 0;
    *any = false;
    for (size_t i = 0; i < found; i++) {
        if (c[i].kind == CHANGE_EDIT && c[i].state == CHANGE_PROPOSED) {
            ids[(*n)++] = c[i].change_id;
        }
        *any = *any || c[i].kind == CHANGE_EDIT;
    }
    return OK;
}

enum err_code village_edit(struct village *t, int day, struct err *e)
{
    const int64_t values[] = { village_energy(t, VILLAGE_FIRST_POINT, day, EDIT_SLOT) + EDIT_MOVED,
                               village_energy(t, VILLAGE_FIRST_POINT, day, EDIT_SLOT + 1) -
                                   EDIT_MOVED };
    const struct slot from = { day_add(t->plan.from, day), EDIT_SLOT };
    int64_t ids[CHANGES_MAX], first;
    size_t n;
    bool any;
    if (open_edits(t, ids, &n, &any, e) != OK) {
        return e->code;
    }
    if (!any && (reading_edit(t->db, t->points, VILLAGE_FIRST_POINT, from, values, 2,
                              STR("read again by hand"), t->maker, VILLAGE_NOW, &first, e) != OK ||
                 open_edits(t, ids, &n, &any, e) != OK)) {
        return e->code;
    }
    return n == 0 ? OK
                  : reading_decide(t->db, t->points, ids, n, true, STR("photo seen"), t->checker,
                                   VILLAGE_NOW, e);
}

struct statement_act village_act(const struct village *t, const char *reason)
{
    return (struct statement_act){
        .scope = scope_machine(), .user_id = t->maker, .now = VILLAGE_NOW, .reason = str_of(reason)
    };
}

static int row_order(const void *a, const void *b)
{
    const struct statement_row *x = a, *y = b;
    int by_no = str_cmp(x->order_no, y->order_no);
    return by_no ? by_no : (int)x->type - (int)y->type;
}

static enum err_code rows_of(struct village *t, struct settle_period p, struct statement_row *all,
                             size_t *n, struct err *e)
{
    struct statement_query q = { .period = p };
    for (;;) {
        const struct statement_row *page;
        size_t got;
        if (statement_list(t->db, t->a, scope_machine(), &q, &page, &got, e) != OK) {
            return e->code;
        }
        if (got == 0) {
            return OK;
        }
        for (size_t i = 0; i < got && *n < ROWS_MAX; i++) {
            if (page[i].state != STATEMENT_VOID) {
                all[(*n)++] = page[i];
            }
        }
        q.after = page[got - 1].statement_id;
    }
}

enum err_code village_json(struct village *t, struct settle_period p, struct str *out,
                           struct err *e)
{
    struct statement_row *all = arena_many(t->a, ROWS_MAX, struct statement_row);
    struct text x;
    size_t n = 0;
    if (rows_of(t, p, all, &n, e) != OK) {
        return e->code;
    }
    qsort(all, n, sizeof(*all), row_order);
    text_init(&x, t->a, JSON_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct statement *s;
        if (statement_get(t->db, t->a, scope_machine(), all[i].statement_id, &s, e) != OK) {
            return e->code;
        }
        statement_export(s, &x, false);
        text_byte(&x, '\n');
    }
    *out = text_str(&x);
    return OK;
}

enum err_code village_check(struct village *t, int64_t sample, bool deep,
                            struct statement_checked *out, struct err *e)
{
    struct statement_checked checked;
    struct reading_check_report report = { 0 };
    struct text wrong;
    text_init(&wrong, t->a, FINDINGS_MAX);
    if (statement_check(t->db, sample, &checked, &wrong, e) != OK ||
        reading_check(t->db, t->points, t->a, deep, &report, e) != OK) {
        return e->code;
    }
    if (checked.wrong > 0) {
        return fail(e, ERR_CORRUPT, "%lld findings: %s", (long long)checked.wrong, wrong.at);
    }
    if (report.faults > 0) {
        return fail(e, ERR_CORRUPT, "%lld faults: " STR_FMT, (long long)report.faults,
                    STR_ARG(report.first_fault));
    }
    if (out) {
        *out = checked;
    }
    return OK;
}
