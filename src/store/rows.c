/* rows.c - statements as they are used: prepared once, bound by number, stepped, closed.
 *
 * The cache finds a text by its address and then compares its bytes, so that a text on the stack is
 * merely slower, never wrong. A text that is in use when it is opened again gets a second
 * statement.
 */
#include "store/driver.h"

#define SQL_MAX ((size_t)1 << 20)

struct rows {
    struct part *part;
    const struct driver *drv;
    struct stmt *stmt;
    uint64_t key; /* the address of the text it was opened with, or a hash of it */
    char *text;   /* as written */
    char *sql;    /* with its tokens replaced */
    struct rows *next;
    bool busy, writes, started, ended;
    int n_params;
    unsigned char *bound; /* one for each parameter */
    enum err_code code;
    struct err err;
};

static void rows_free(struct rows *r)
{
    if (r->stmt) {
        r->drv->finish(r->stmt);
    }
    free(r->text);
    free(r->sql);
    free(r->bound);
    free(r);
}

void part_free_rows(struct part *p)
{
    for (size_t i = 0; i < ROWS_BUCKETS; i++) {
        while (p->buckets[i]) {
            struct rows *r = p->buckets[i];
            p->buckets[i] = r->next;
            rows_free(r);
        }
    }
}

static bool begins_with_any(const char *sql, const char *const *words)
{
    while (*sql == ' ' || *sql == '\n') {
        sql++;
    }
    for (; *words; words++) {
        if (strncmp(sql, *words, strlen(*words)) == 0) {
            return true;
        }
    }
    return false;
}

static char *copied(struct str s)
{
    char *p = mem_alloc(s.n + 1);
    memcpy(p, s.at, s.n);
    return p;
}

static enum err_code rows_make(struct part *p, uint64_t key, const char *text, struct rows **out,
                               struct err *e)
{
    static const char *const reading[] = { "select", "with", "values", "explain", NULL };
    struct rows *r = mem_alloc(sizeof(*r));
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, SQL_MAX);
    r->part = p;
    r->drv = p->db->drv;
    r->key = key;
    r->text = copied(str_of(text));
    r->writes = !begins_with_any(text, reading);
    enum err_code code = tokens_replace(&t, r->drv->engine, str_of(text), e);
    if (code == OK) {
        r->sql = copied(text_str(&t));
        code = r->drv->prepare(p->link, r->sql, &r->stmt, &r->n_params, e);
    }
    arena_free(a);
    if (code != OK) {
        rows_free(r);
        return fail_in(e, "%s: ", part_word(p->part));
    }
    r->bound = mem_alloc((size_t)r->n_params + 1);
    *out = r;
    return OK;
}

static struct rows **bucket_of(struct part *p, uint64_t key)
{
    uint64_t h = key * 0x9E3779B97F4A7C15u;
    return &p->buckets[(h >> 40) % ROWS_BUCKETS];
}

static struct rows *find_free(struct rows **at, uint64_t key, const char *text)
{
    while (*at) {
        struct rows *r = *at;
        if (r->key == key && !r->busy) {
            if (strcmp(r->text, text) == 0) {
                return r;
            }
            *at = r->next; /* another text came to stand under this key */
            rows_free(r);
            continue;
        }
        at = &r->next;
    }
    return NULL;
}

enum err_code rows_open_as(struct db *db, enum store_part part, uint64_t key, const char *sql,
                           struct rows **out, struct err *e)
{
    struct part *p = &db->parts[part];
    struct err own;
    e = e ? e : &own;
    if (__builtin_expect(p->failed, 0)) {
        return fail(e, ERR_RULE, "%s: a statement of this transaction failed; roll it back",
                    part_word(part));
    }
    struct rows **bucket = bucket_of(p, key);
    struct rows *r = find_free(bucket, key, sql);
    if (!r) {
        enum err_code code = rows_make(p, key, sql, &r, e);
        if (code != OK) {
            p->failed = p->in_tx;
            return code;
        }
        r->next = *bucket;
        *bucket = r;
    }
    r->busy = true;
    r->started = r->ended = false;
    r->code = OK;
    memset(r->bound, 0, (size_t)r->n_params);
    *out = r;
    return OK;
}

enum err_code rows_open(struct db *db, enum store_part part, const char *sql, struct rows **out,
                        struct err *e)
{
    return rows_open_as(db, part, (uint64_t)(uintptr_t)sql, sql, out, e);
}

static void binding(struct rows *r, int param)
{
    check_that(param >= 1 && param <= r->n_params && !r->started, "$%d of %d in: %s", param,
               r->n_params, r->text);
    r->bound[param - 1] = 1;
}

void rows_int(struct rows *r, int param, int64_t v)
{
    binding(r, param);
    r->drv->bind_int(r->stmt, param, v);
}

void rows_str(struct rows *r, int param, struct str v)
{
    binding(r, param);
    if (r->code == OK && !str_utf8(v)) {
        r->code = fail(&r->err, ERR_INPUT, "$%d: not valid UTF-8 text without NUL, in: %.100s",
                       param, r->text);
    }
    r->drv->bind_str(r->stmt, param, v);
}

void rows_lend(struct rows *r, int param, struct str v, bool is_text)
{
    if (!r->drv->lend) {
        is_text ? rows_str(r, param, v) : rows_bytes(r, param, v.at, v.n);
        return;
    }
    binding(r, param);
    if (is_text && r->code == OK && !str_utf8(v)) {
        r->code = fail(&r->err, ERR_INPUT, "$%d: not valid UTF-8 text without NUL, in: %.100s",
                       param, r->text);
        v = STR("");
    }
    r->drv->lend(r->stmt, param, v, is_text);
}

void rows_bytes(struct rows *r, int param, const void *p, size_t n)
{
    binding(r, param);
    r->drv->bind_bytes(r->stmt, param, p, n);
}

void rows_null(struct rows *r, int param)
{
    binding(r, param);
    r->drv->bind_null(r->stmt, param);
}

void rows_ids8(struct rows *r, int param, const int64_t *ids, size_t n)
{
    check_that(n <= 8, "%zu ids", n);
    for (size_t i = 0; i < 8; i++) { /* no id is 0 */
        rows_int(r, param + (int)i, n == 0 ? 0 : ids[i < n ? i : n - 1]);
    }
}

static enum err_code scope_write(struct part *p, int key, struct scope s, struct err *e)
{
    struct arena *a = arena_new();
    struct text t;
    enum err_code code = OK;
    for (size_t from = 0; from < s.n && code == OK; from += 500) { /* rows for each statement */
        text_init(&t, a, 64 + 500 * 40);
        text_add_c(&t, "insert into scope_org (scope_key, org_id) values ");
        for (size_t i = from; i < s.n && i < from + 500; i++) {
            text_addf(&t, "%s(%d,%lld)", i > from ? "," : "", key, (long long)s.orgs[i]);
        }
        text_add_c(&t, " on conflict do nothing");
        code = p->db->drv->exec(p->link, t.at, e);
    }
    arena_free(a);
    return code;
}

/* The key of a set of organisations in scope_org, which this loads when it is not there. */
static enum err_code scope_key(struct part *p, struct scope s, int *key, struct err *e)
{
    for (int i = 0; i < p->n_sets; i++) {
        if (p->sets[i].n == s.n && memcmp(p->sets[i].orgs, s.orgs, s.n * sizeof(*s.orgs)) == 0) {
            *key = i + 1;
            return OK;
        }
    }
    enum err_code code = OK;
    if (p->n_sets == SCOPE_SETS) {
        part_forget_scopes(p);
    }
    int new_key = p->n_sets + 1;
    char clear[64]; /* a forgotten set may have left rows under this key */
    snprintf(clear, sizeof(clear), "delete from scope_org where scope_key = %d", new_key);
    code = p->db->drv->exec(p->link, clear, e);
    if (code == OK) {
        code = scope_write(p, new_key, s, e);
    }
    if (code != OK) {
        return code;
    }
    struct scope_set *set = &p->sets[p->n_sets++];
    set->n = s.n;
    set->orgs = mem_alloc(s.n * sizeof(*s.orgs));
    memcpy(set->orgs, s.orgs, s.n * sizeof(*s.orgs));
    *key = new_key;
    return OK;
}

void rows_scope(struct rows *r, int param, struct scope s)
{
    int key = 0; /* no set has it: sees nothing */
    if (!s.all && s.n > 0 && r->code == OK) {
        r->code = scope_key(r->part, s, &key, &r->err);
    }
    rows_int(r, param, s.all);
    rows_int(r, param + 1, key);
}

/* What must hold before a statement runs for the first time in this use. */
static void rows_start(struct rows *r)
{
    r->started = true;
    const unsigned char *gap = memchr(r->bound, 0, (size_t)r->n_params);
    check_that(!gap, "$%d is not bound in: %s", (int)(gap - r->bound) + 1, r->text);
    struct part *p = r->part;
    if (r->code == OK && r->writes && !(p->in_tx && p->tx == STORE_WRITE)) {
        r->code = fail(&r->err, ERR_RULE, "%s: written outside a write transaction: %.100s",
                       part_word(p->part), r->text);
    }
    if (r->code == OK && p->failed) {
        r->code =
            fail(&r->err, ERR_RULE, "%s: a statement of this transaction failed; roll it back",
                 part_word(p->part));
    }
    if (r->writes) {
        store_count();
    }
}

static void give_error(struct rows *r, struct err *e)
{
    r->part->failed = r->part->in_tx;
    if (e) {
        *e = r->err;
    }
}

bool rows_next(struct rows *r, struct err *e)
{
    if (!r->started) {
        rows_start(r);
    }
    if (r->ended) {
        return false;
    }
    if (r->code == OK) {
        enum step step = r->drv->step(r->stmt, &r->err);
        r->ended = step != STEP_ROW;
        if (step != STEP_FAILED) {
            return step == STEP_ROW;
        }
        r->code = fail_in(&r->err, "%s: ", part_word(r->part->part));
    }
    give_error(r, e);
    return false;
}

int64_t rows_get_int(struct rows *r, int col)
{
    return r->drv->get_int(r->stmt, col);
}

struct str rows_get_str(struct rows *r, int col)
{
    return r->drv->get_str(r->stmt, col);
}

struct str rows_get_bytes(struct rows *r, int col)
{
    return r->drv->get_bytes(r->stmt, col);
}

bool rows_is_null(struct rows *r, int col)
{
    return r->drv->is_null(r->stmt, col);
}

enum err_code rows_close(struct rows *r, struct err *e)
{
    check_that(r->busy, "closed twice: %s", r->text);
    r->drv->reset(r->stmt);
    r->busy = false;
    if (r->code != OK) {
        give_error(r, e);
    }
    return r->code;
}

enum err_code rows_run(struct rows *r, int64_t *changed, struct err *e)
{
    while (rows_next(r, e)) {
    }
    if (r->code == OK && changed) {
        *changed = r->drv->changed(r->stmt);
    }
    return rows_close(r, e);
}

enum err_code rows_run_on(struct rows *r, int64_t *changed, struct err *e)
{
    while (rows_next(r, e)) {
    }
    if (r->code == OK) {
        *changed = r->drv->changed(r->stmt);
        r->drv->reset(r->stmt);
        r->started = r->ended = false;
        memset(r->bound, 0, (size_t)r->n_params);
    }
    return r->code;
}
