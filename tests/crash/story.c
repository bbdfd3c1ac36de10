/* story.c - plays the small day (story.h). Every step may have been done before. */
#include "crash/story.h"
#include "base/check.h"

static struct settle_period period_of(const struct village_plan *plan)
{
    return (struct settle_period){ plan->from, day_add(plan->from, plan->days) };
}

enum err_code story_prepare(const struct village_plan *plan, const char *dir, struct err *e)
{
    struct village t;
    if (village_open(&t, plan, dir, STORE_CREATE, e) != OK) {
        return e->code;
    }
    enum err_code code = village_build(&t, e);
    if (code == OK) {
        code = village_inputs(&t, plan->from, e);
    }
    village_close(&t);
    return code;
}

static enum err_code seal(struct village *t, struct err *e)
{
    struct month first = day_month(t->plan.from);
    struct month last = day_month(day_add(t->plan.from, t->plan.days - 1));
    enum err_code code = OK;
    for (struct month m = first; code == OK && m.yyyymm <= last.yyyymm; m = month_add(m, 1)) {
        int64_t sealed;
        code = reading_seal(t->db, t->points, t->ids, t->n_ids, m, VILLAGE_NOW, &sealed, e);
    }
    return code;
}

static enum err_code correct(struct village *t, struct err *e)
{
    struct statement_act act = village_act(t, "reading corrected");
    const struct statement_row *rows;
    struct statement_query q = { .period = period_of(&t->plan) };
    size_t n;
    int64_t adj, issued;
    if (village_edit(t, 0, e) != OK ||
        statement_list(t->db, t->a, scope_machine(), &q, &rows, &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (rows[i].type == STATEMENT_ADJ || rows[i].state != STATEMENT_ISSUED) {
            continue;
        }
        enum err_code code = statement_adjust(t->db, &act, rows[i].statement_id, true, &adj, e);
        if (code == ERR_RULE && e->name &&
            (strcmp(e->name, "ADJ_NONE") == 0 || strcmp(e->name, "ADJ_OPEN") == 0)) {
            continue;
        }
        if (code != OK) {
            return code;
        }
    }
    return statement_issue_all(t->db, &act, q.period, &issued, e);
}

static enum err_code play(struct village *t, struct err *e)
{
    struct statement_act act = village_act(t, "");
    struct settle_progress progress;
    struct settle_period p = period_of(&t->plan);
    int64_t issued;
    if (village_points(t, e) != OK || village_intake(t, e) != OK) {
        return e->code;
    }
    act = village_act(t, "");
    if (village_settle(t, p, 2, &progress, e) != OK || seal(t, e) != OK ||
        statement_issue_all(t->db, &act, p, &issued, e) != OK) {
        return e->code;
    }
    return correct(t, e);
}

enum err_code story_play(const struct village_plan *plan, const char *dir, struct err *e)
{
    struct village t;
    if (village_open(&t, plan, dir, STORE_READ_WRITE, e) != OK) {
        return e->code;
    }
    enum err_code code = play(&t, e);
    village_close(&t);
    return code;
}

static enum err_code look(struct village *t, bool deep, struct story_end *out, struct err *e)
{
    struct statement_checked checked;
    struct story_end end = { 0 };
    struct str json;
    if (village_points(t, e) != OK || village_check(t, deep ? 1 : 0, deep, &checked, e) != OK ||
        village_snapshot(t, &end.readings, e) != OK ||
        village_json(t, period_of(&t->plan), &json, e) != OK) {
        return e->code;
    }
    end.papers = hash64(json.at, json.n, 0);
    end.digest = checked.digest;
    end.statements = checked.statements;
    end.numbers = checked.numbers;
    *out = end;
    return OK;
}

enum err_code story_look(const struct village_plan *plan, const char *dir, bool deep,
                         struct story_end *out, struct err *e)
{
    struct village t;
    if (village_open(&t, plan, dir, STORE_READ_WRITE, e) != OK) {
        return e->code;
    }
    enum err_code code = look(&t, deep, out, e);
    village_close(&t);
    return code;
}

bool story_same(const struct story_end *a, const struct story_end *b)
{
    return a->readings == b->readings && a->papers == b->papers &&
           memcmp(a->digest.b, b->digest.b, sizeof(a->digest.b)) == 0 &&
           a->statements == b->statements && a->numbers == b->numbers;
}
