/* order_facts.c - facts of an order's periods: put as versions, read back, sessions added. */
#include "contract/contract_rows.h"
#include "contract/terms.h"

static enum err_code period_check(struct day period_from, struct err *e)
{
    return day_valid(period_from)
               ? OK
               : fail_named(e, ERR_INPUT, "FACTS", "facts: period from %d is none",
                            period_from.yyyymmdd);
}

static enum err_code facts_now(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                               struct day period_from, struct order_facts *out, struct err *e)
{
    bool found;
    *out = (struct order_facts){.period_from = period_from, .text = STR("")};
    return rows_find_facts(db, a, s, order_id, period_from.yyyymmdd, 0, out, &found, e);
}

/* The next version, unless it says what the one in force does. */
static enum err_code facts_append(struct db *db, struct scope s, int64_t order_id,
                                  const struct order_facts *last, struct str text,
                                  struct instant now, int32_t *version, bool *fresh, struct err *e)
{
    const bool same = last->version > 0 && str_eq(text, last->text);
    const int32_t next = last->version + (same ? 0 : 1);
    if (text.n > CONTRACT_FACTS_MAX) {
        return fail_named(e, ERR_LIMIT, "FACTS",
                          "facts: %zu bytes; at most %u are taken: settle in shorter periods",
                          text.n, CONTRACT_FACTS_MAX);
    }
    if (!same &&
        rows_put_facts(db, s, order_id, last->period_from.yyyymmdd, next, text, now, e) != OK) {
        return e->code;
    }
    if (version) {
        *version = next;
    }
    if (fresh) {
        *fresh = !same;
    }
    return OK;
}

enum err_code order_facts_put(struct db *db, struct scope s, int64_t order_id,
                              struct day period_from, struct str facts, struct instant now,
                              int32_t *version, bool *fresh, struct err *e)
{
    struct arena *a = arena_new();
    struct contract_facts parsed;
    struct order_facts last;
    enum err_code rc = period_check(period_from, e);
    if (rc == OK && !str_utf8(facts)) {
        rc = fail_named(e, ERR_INPUT, "FACTS", "facts: not UTF-8");
    }
    if (rc == OK) {
        rc = contract_facts_parse(a, facts, &parsed, e);
    }
    if (rc == OK) {
        rc = facts_now(db, a, s, order_id, period_from, &last, e);
    }
    if (rc == OK) {
        rc = facts_append(db, s, order_id, &last, contract_facts_text(a, &parsed), now, version,
                          fresh, e);
    }
    arena_free(a);
    return rc;
}

enum err_code order_input_put(struct db *db, struct scope s, int64_t order_id,
                              struct day period_from, struct str settings, struct instant now,
                              struct err *e)
{
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, CONTRACT_FACTS_MAX);
    text_add_c(&t, "{\"settings\":");
    text_add(&t, settings);
    text_byte(&t, '}');
    enum err_code rc =
        t.cut ? fail_named(e, ERR_LIMIT, "FACTS", "facts: %zu bytes of settings; at most %u",
                           settings.n, CONTRACT_FACTS_MAX)
              : order_facts_put(db, s, order_id, period_from, text_str(&t), now, NULL, NULL, e);
    arena_free(a);
    return rc;
}

enum err_code order_facts_get(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              struct day period_from, int32_t version, struct order_facts *out,
                              struct err *e)
{
    bool found;
    struct order_facts f;
    if (rows_find_facts(db, a, s, order_id, period_from.yyyymmdd, version, &f, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "order %lld: no facts%s of the period from %d",
                    (long long)order_id, version ? " of that version" : "", period_from.yyyymmdd);
    }
    *out = f;
    return OK;
}

enum err_code order_facts_list(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                               struct day from, struct day until, const struct order_facts **out,
                               size_t *n, struct err *e)
{
    struct order_facts *list;
    if (rows_list_facts(db, a, s, order_id, from.yyyymmdd, until.yyyymmdd, &list, n, e) != OK) {
        return e->code;
    }
    *out = list;
    return OK;
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

/* A member as text of its own: equal members, equal bytes. */
static struct str member_text(struct arena *a, struct str group, const struct term_member *m)
{
    const struct term_group g = {.name = group, .members = m, .n = 1};
    const struct contract_facts f = {.top = {.groups = &g, .n_groups = 1}};
    return contract_facts_text(a, &f);
}

static int session_order(const void *a, const void *b)
{
    const struct term_member *x = a, *y = b;
    if (x->until.utc_ms != y->until.utc_ms) {
        return x->until.utc_ms < y->until.utc_ms ? -1 : 1;
    }
    if (x->from.utc_ms != y->from.utc_ms) {
        return x->from.utc_ms < y->from.utc_ms ? -1 : 1;
    }
    return str_cmp(x->name, y->name);
}

static enum err_code sessions_join(struct arena *a, const struct term_group *there,
                                   struct str group, const struct term_member *sessions, size_t n,
                                   struct term_group *out, size_t *n_new, struct err *e)
{
    size_t kept = there ? there->n : 0, fresh = 0;
    struct term_member *m = arena_many(a, kept + n + 1, struct term_member);
    if (kept > 0) {
        memcpy(m, there->members, kept * sizeof(*m));
    }
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < kept && !str_eq(m[k].name, sessions[i].name)) {
            k++;
        }
        if (k == kept) {
            m[kept++] = sessions[i];
            fresh++;
        } else if (!str_eq(member_text(a, group, &m[k]), member_text(a, group, &sessions[i]))) {
            return fail_named(e, ERR_CONFLICT, "FACTS",
                              "session " STR_FMT
                              ": stands in the facts with other content; correct "
                              "it there (order facts)",
                              STR_ARG(sessions[i].name));
        }
    }
    qsort(m, kept, sizeof(*m), session_order);
    *out = (struct term_group){.name = group, .members = m, .n = kept};
    *n_new = fresh;
    return OK;
}

enum err_code order_sessions_add(struct db *db, struct scope s, int64_t order_id,
                                 struct day period_from, struct str group,
                                 const struct term_member *sessions, size_t n, struct instant now,
                                 size_t *n_new, struct err *e)
{
    struct arena *a = arena_new();
    struct order_facts last;
    struct contract_facts f;
    size_t fresh = 0, at = 0;
    enum err_code rc = period_check(period_from, e);
    if (rc == OK) {
        rc = facts_now(db, a, s, order_id, period_from, &last, e);
    }
    if (rc == OK) {
        rc = contract_facts_parse(a, last.text, &f, e);
    }
    if (rc == OK) {
        struct term_group *g = arena_many(a, f.top.n_groups + 1, struct term_group);
        for (size_t i = 0; i < f.top.n_groups; i++) {
            g[i] = f.top.groups[i];
        }
        while (at < f.top.n_groups && !str_eq(g[at].name, group)) {
            at++;
        }
        rc = sessions_join(a, at < f.top.n_groups ? &g[at] : NULL, group, sessions, n, &g[at],
                           &fresh, e);
        f.top.groups = g;
        f.top.n_groups += at == f.top.n_groups;
    }
    if (rc == OK && fresh > 0) {
        rc = facts_append(db, s, order_id, &last, contract_facts_text(a, &f), now, NULL, NULL, e);
    }
    if (rc == OK) {
        *n_new = fresh;
    }
    arena_free(a);
    return rc;
}
