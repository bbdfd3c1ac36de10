/* meter.c - the rules around what hangs on the wall: what may be written, what never overlaps. */
#include "meter/meter.h"
#include "base/embed.h"
#include "meter/meter_rows.h"

EMBED(meter_sql, "src/meter/meter.sql");

const struct store_migrations meter_migrations = { "meter", meter_sql };

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const kind_words[] = {
    [STATION_PV] = "pv",
    [STATION_STORAGE] = "storage",
    [STATION_WIND] = "wind",
    [STATION_PARK] = "park",
    [STATION_COMPRESSOR] = "compressor",
    [STATION_SHORE] = "shore",
    [STATION_CHARGING] = "charging",
    [STATION_BUILDING] = "building",
    [STATION_CONSUMER] = "consumer",
};
static const char *const role_words[] = {
    [POINT_GENERATION] = "generation",
    [POINT_SELF_USE] = "self_use",
    [POINT_EXPORT] = "export",
    [POINT_IMPORT] = "import",
    [POINT_CHARGE] = "charge",
    [POINT_DISCHARGE] = "discharge",
    [POINT_LESSEE] = "lessee",
    [POINT_PUBLIC] = "public",
    [POINT_FLOW] = "flow",
    [POINT_LOAD] = "load",
    [POINT_REACTIVE] = "reactive",
    [POINT_OTHER] = "other",
};
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int word_index(const char *const *words, size_t n, struct str word)
{
    for (size_t i = 1; i < n; i++) {
        if (str_is(word, words[i])) {
            return (int)i;
        }
    }
    return 0;
}

const char *station_kind_word(enum station_kind k)
{
    check(k >= STATION_PV && k <= STATION_CONSUMER);
    return kind_words[k];
}

bool station_kind_parse(struct str word, enum station_kind *out)
{
    int i = word_index(kind_words, COUNT(kind_words), word);
    *out = i ? (enum station_kind)i : *out;
    return i != 0;
}

const char *point_role_word(enum point_role r)
{
    check(r >= POINT_GENERATION && r <= POINT_OTHER);
    return role_words[r];
}

bool point_role_parse(struct str word, enum point_role *out)
{
    int i = word_index(role_words, COUNT(role_words), word);
    *out = i ? (enum point_role)i : *out;
    return i != 0;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static enum err_code need_write(struct db *db)
{
    check(store_in_tx(db, STORE_CORE));
    return OK;
}

/* The station must be in the scope; neighbours in a batch mostly share it. */
static enum err_code need_station(struct db *db, struct scope scope, struct arena *a,
                                  int64_t station_id, int64_t *last, struct err *e)
{
    struct station s;
    bool found;
    if (station_id == *last) {
        return OK;
    }
    if (rows_find_station(db, scope, a, station_id, &s, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "station %lld: no such station, or not yours",
                    (long long)station_id);
    }
    *last = station_id;
    return OK;
}

#define BY_ID(type, field)                                                                         \
    static int type##_by_id(const void *a, const void *b)                                          \
    {                                                                                              \
        const struct type *x = a, *y = b;                                                          \
        return (x->field > y->field) - (x->field < y->field);                                      \
    }
BY_ID(station, station_id)
BY_ID(device, device_id)
BY_ID(meter, meter_id)
BY_ID(point, point_id)

enum err_code meter_add_stations(struct db *db, struct scope scope, struct station *rows, size_t n,
                                 struct instant now, struct err *e)
{
    need_write(db);
    for (size_t i = 0; i < n; i++) {
        struct station *s = &rows[i];
        s->station_id = s->station_id ? s->station_id : store_next_id(db, now);
        if (!scope_has(scope, s->org_id)) {
            return fail(e, ERR_NOT_FOUND, "station %.*s: its organisation is not yours",
                        STR_ARG(s->code));
        }
        if (s->shard < 0 || s->shard > METER_SHARD_MAX || s->code.n == 0 || s->kind < STATION_PV ||
            s->kind > STATION_CONSUMER) {
            return fail(e, ERR_INPUT, "station %.*s: shard %d (0..%d), kind %d or empty code",
                        STR_ARG(s->code), s->shard, METER_SHARD_MAX, s->kind);
        }
    }
    qsort(rows, n, sizeof(*rows), station_by_id);
    return rows_put_stations(db, rows, n, now, e);
}

enum err_code meter_add_devices(struct db *db, struct scope scope, struct device *rows, size_t n,
                                struct instant now, struct err *e)
{
    need_write(db);
    struct arena *a = arena_new();
    int64_t last = 0;
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        rows[i].device_id = rows[i].device_id ? rows[i].device_id : store_next_id(db, now);
        code = need_station(db, scope, a, rows[i].station_id, &last, e);
        arena_reset(a);
    }
    arena_free(a);
    if (code != OK) {
        return code;
    }
    qsort(rows, n, sizeof(*rows), device_by_id);
    return rows_put_devices(db, rows, n, now, e);
}

enum err_code meter_add_meters(struct db *db, struct scope scope, struct meter *rows, size_t n,
                               struct instant now, struct err *e)
{
    need_write(db);
    struct arena *a = arena_new();
    int64_t last = 0;
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        struct meter *m = &rows[i];
        m->meter_id = m->meter_id ? m->meter_id : store_next_id(db, now);
        if (m->modulus_e4 < 0 || m->modulus_e4 > ENERGY_MAX_E4 || m->resolution_e4 <= 0) {
            code = fail(e, ERR_INPUT,
                        "meter %.*s: modulus %lld (0..10^14) or resolution %lld (above 0), in "
                        "10^-4 of the unit",
                        STR_ARG(m->serial), (long long)m->modulus_e4, (long long)m->resolution_e4);
        } else {
            code = need_station(db, scope, a, m->station_id, &last, e);
        }
        arena_reset(a);
    }
    arena_free(a);
    if (code != OK) {
        return code;
    }
    qsort(rows, n, sizeof(*rows), meter_by_id);
    return rows_put_meters(db, rows, n, now, e);
}

enum err_code meter_add_points(struct db *db, struct scope scope, struct point *rows, size_t n,
                               struct instant now, struct err *e)
{
    need_write(db);
    struct arena *a = arena_new();
    int64_t last = 0;
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        struct point *p = &rows[i];
        p->point_id = p->point_id ? p->point_id : store_next_id(db, now);
        if (p->code.n == 0 || p->role < POINT_GENERATION || p->role > POINT_OTHER ||
            p->rated_kw_e4 < 0) {
            code = fail(e, ERR_INPUT, "point %.*s: empty code, role %d or rated power %lld",
                        STR_ARG(p->code), p->role, (long long)p->rated_kw_e4);
        } else {
            code = need_station(db, scope, a, p->station_id, &last, e);
        }
        arena_reset(a);
    }
    arena_free(a);
    if (code != OK) {
        return code;
    }
    qsort(rows, n, sizeof(*rows), point_by_id);
    return rows_put_points(db, rows, n, now, e);
}

/* ---- bindings -------------------------------------------------------------------------------- */

static int binding_by_key(const void *a, const void *b)
{
    const struct binding *x = a, *y = b;
    if (x->point_id != y->point_id) {
        return x->point_id < y->point_id ? -1 : 1;
    }
    return (x->valid_from.utc_ms > y->valid_from.utc_ms) -
           (x->valid_from.utc_ms < y->valid_from.utc_ms);
}

static enum err_code binding_check(const struct binding *b, struct err *e)
{
    long long id = (long long)b->point_id;
    if (b->ct_num <= 0 || b->ct_den <= 0 || b->pt_num <= 0 || b->pt_den <= 0) {
        return fail(e, ERR_INPUT, "binding of point %lld: CT %d/%d, PT %d/%d must be above 0", id,
                    b->ct_num, b->ct_den, b->pt_num, b->pt_den);
    }
    if (b->valid_until.utc_ms != 0 && b->valid_until.utc_ms <= b->valid_from.utc_ms) {
        return fail(e, ERR_INPUT, "binding of point %lld ends before it begins", id);
    }
    if (b->register_code.n == 0 || b->reason < BINDING_FIRST || b->reason > BINDING_CORRECTION) {
        return fail(e, ERR_INPUT, "binding of point %lld: register or reason is missing", id);
    }
    return OK;
}

static enum err_code overlap(const struct binding *a, const struct binding *b, struct err *e)
{
    if (a->point_id != b->point_id ||
        (a->valid_until.utc_ms != 0 && a->valid_until.utc_ms <= b->valid_from.utc_ms)) {
        return OK;
    }
    struct arena *arena = arena_new();
    struct text t;
    text_init(&t, arena, 40);
    text_instant(&t, b->valid_from);
    enum err_code code = fail_named(e, ERR_RULE, "BINDING_OVERLAP",
                                    "point %lld has a meter already at %s: end that binding first",
                                    (long long)a->point_id, t.at);
    arena_free(arena);
    return code;
}

/* What is stored of one point, merged with the new rows of that point, must not overlap (law 2). */
static enum err_code overlap_stored(struct db *db, struct scope scope, const struct binding *rows,
                                    size_t n, struct err *e)
{
    struct arena *a = arena_new();
    struct binding *all = NULL;
    size_t n_old = 0;
    int64_t id = rows[0].point_id;
    struct binding first; /* most points have none yet: do not make room for a page of them */
    enum err_code code = rows_page_bindings(db, scope, a, id, INT64_MIN, id, 1, &first, &n_old, e);
    if (code == OK && n_old > 0) {
        code = meter_list_bindings(db, scope, a, id, &all, &n_old, e);
    }
    if (code == OK && n_old > 0) {
        struct binding *both = arena_many(a, n_old + n, struct binding);
        memcpy(both, all, n_old * sizeof(*both));
        memcpy(both + n_old, rows, n * sizeof(*both));
        qsort(both, n_old + n, sizeof(*both), binding_by_key);
        for (size_t i = 1; i < n_old + n && code == OK; i++) {
            code = overlap(&both[i - 1], &both[i], e);
        }
    }
    arena_free(a);
    return code;
}

enum err_code meter_bind(struct db *db, struct scope scope, struct binding *rows, size_t n,
                         struct instant now, struct err *e)
{
    need_write(db);
    qsort(rows, n, sizeof(*rows), binding_by_key);
    struct arena *a = arena_new();
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        struct point p;
        struct meter m;
        bool found = false;
        code = binding_check(&rows[i], e);
        if (code == OK && i > 0) {
            code = overlap(&rows[i - 1], &rows[i], e);
        }
        if (code == OK) {
            code = meter_get_point(db, scope, a, rows[i].point_id, &p, e);
        }
        if (code == OK) {
            code = rows_find_meter(db, scope, a, rows[i].meter_id, &m, &found, e);
        }
        if (code == OK && (!found || p.is_virtual)) {
            code = fail(e, found ? ERR_RULE : ERR_NOT_FOUND,
                        found ? "point %lld is virtual: it has a formula, not a meter (%lld)"
                              : "point %lld: no meter %lld, or not yours",
                        (long long)rows[i].point_id, (long long)rows[i].meter_id);
        }
        arena_reset(a);
    }
    arena_free(a);
    for (size_t i = 0; i < n && code == OK;) {
        size_t j = i + 1;
        while (j < n && rows[j].point_id == rows[i].point_id) {
            j++;
        }
        code = overlap_stored(db, scope, rows + i, j - i, e);
        i = j;
    }
    return code != OK ? code : rows_put_bindings(db, rows, n, now, e);
}

/* Ends the binding in force at `at` and gives it back. */
static enum err_code end_in_force(struct db *db, struct scope scope, struct arena *a,
                                  int64_t point_id, struct instant at, int64_t last_value_e4,
                                  struct instant now, struct binding *old, struct err *e)
{
    struct binding *all = NULL;
    size_t n = 0;
    if (meter_list_bindings(db, scope, a, point_id, &all, &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        if (all[i].valid_from.utc_ms < at.utc_ms &&
            (all[i].valid_until.utc_ms == 0 || all[i].valid_until.utc_ms > at.utc_ms)) {
            *old = all[i];
            return rows_end_binding(db, point_id, all[i].valid_from, at, last_value_e4, now, e);
        }
    }
    return fail(e, ERR_RULE, "point %lld has no meter in force then that could be ended",
                (long long)point_id);
}

enum err_code meter_swap(struct db *db, struct scope scope, const struct binding *next,
                         int64_t last_value_e4, struct instant now, struct err *e)
{
    need_write(db);
    struct arena *a = arena_new();
    struct binding old = { 0 }, row = *next;
    enum err_code code =
        end_in_force(db, scope, a, next->point_id, next->valid_from, last_value_e4, now, &old, e);
    if (code == OK) {
        row.reason = BINDING_SWAP;
        row.valid_until = old.valid_until;
        code = meter_bind(db, scope, &row, 1, now, e);
    }
    arena_free(a);
    return code;
}

enum err_code meter_change_ratio(struct db *db, struct scope scope, int64_t point_id,
                                 struct instant at, int64_t value_e4, int32_t ct_num,
                                 int32_t ct_den, int32_t pt_num, int32_t pt_den, struct str note,
                                 struct instant now, struct err *e)
{
    need_write(db);
    struct arena *a = arena_new();
    struct binding row = { 0 };
    enum err_code code = end_in_force(db, scope, a, point_id, at, value_e4, now, &row, e);
    if (code == OK) {
        row.valid_from = at;
        row.ct_num = ct_num;
        row.ct_den = ct_den;
        row.pt_num = pt_num;
        row.pt_den = pt_den;
        row.first_value_e4 = value_e4;
        row.last_value_e4 = METER_OPEN_VALUE;
        row.reason = BINDING_RATIO;
        row.note = note;
        code = meter_bind(db, scope, &row, 1, now, e);
    }
    arena_free(a);
    return code;
}

/* ---- reading --------------------------------------------------------------------------------- */

enum err_code meter_get_station(struct db *db, struct scope scope, struct arena *a,
                                int64_t station_id, struct station *out, struct err *e)
{
    struct station s;
    bool found;
    if (rows_find_station(db, scope, a, station_id, &s, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no station %lld, or not yours", (long long)station_id);
    }
    *out = s;
    return OK;
}

enum err_code meter_get_meter(struct db *db, struct scope scope, struct arena *a, int64_t meter_id,
                              struct meter *out, struct err *e)
{
    struct meter m;
    bool found;
    if (rows_find_meter(db, scope, a, meter_id, &m, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no meter %lld, or not yours", (long long)meter_id);
    }
    *out = m;
    return OK;
}

enum err_code meter_get_point(struct db *db, struct scope scope, struct arena *a, int64_t point_id,
                              struct point *out, struct err *e)
{
    struct point p;
    bool found;
    if (rows_find_point(db, scope, a, point_id, &p, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no point %lld, or not yours", (long long)point_id);
    }
    *out = p;
    return OK;
}

enum err_code meter_get_point_by_code(struct db *db, struct scope scope, struct arena *a,
                                      struct str station_code, struct str point_code,
                                      struct point *out, struct err *e)
{
    struct point p;
    bool found;
    if (rows_find_point_by_code(db, scope, a, station_code, point_code, &p, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no point %.*s at station %.*s, or not yours",
                    STR_ARG(point_code), STR_ARG(station_code));
    }
    *out = p;
    return OK;
}

enum err_code meter_list_stations(struct db *db, struct scope scope, struct arena *a, int64_t after,
                                  size_t max, struct station **out, size_t *n, struct err *e)
{
    max = max < METER_PAGE_MAX ? max : METER_PAGE_MAX;
    struct station *page = arena_many(a, max, struct station);
    size_t got = 0;
    if (rows_page_stations(db, scope, a, after, max, page, &got, e) != OK) {
        return e->code;
    }
    *out = page;
    *n = got;
    return OK;
}

enum err_code meter_list_points(struct db *db, struct scope scope, struct arena *a,
                                int64_t station_id, int64_t after, size_t max, struct point **out,
                                size_t *n, struct err *e)
{
    max = max < METER_PAGE_MAX ? max : METER_PAGE_MAX;
    struct point *page = arena_many(a, max, struct point);
    size_t got = 0;
    if (rows_page_points(db, scope, a, station_id, after, max, page, &got, e) != OK) {
        return e->code;
    }
    *out = page;
    *n = got;
    return OK;
}

enum err_code meter_list_bindings(struct db *db, struct scope scope, struct arena *a,
                                  int64_t point_id, struct binding **out, size_t *n, struct err *e)
{
    struct binding *page = arena_many(a, METER_PAGE_MAX, struct binding);
    size_t got = 0;
    if (rows_page_bindings(db, scope, a, point_id, INT64_MIN, point_id, METER_PAGE_MAX, page, &got,
                           e) != OK) {
        return e->code;
    }
    *out = page;
    *n = got;
    return OK;
}

enum err_code meter_find_fed_point(struct db *db, struct scope scope, struct str protocol,
                                   struct str address, struct str register_code, struct instant at,
                                   int64_t *point_id, struct err *e)
{
    int64_t id;
    bool found;
    if (rows_find_fed_point(db, scope, protocol, address, register_code, at, &id, &found, e) !=
        OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no point is fed by %.*s %.*s register %.*s then",
                    STR_ARG(protocol), STR_ARG(address), STR_ARG(register_code));
    }
    *point_id = id;
    return OK;
}
