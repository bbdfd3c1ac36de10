/* formula.c - virtual points, and the picture of all points that `reading` works on.
 *
 * A formula may use other virtual points. Nobody follows that at settlement: the estate holds each
 * formula flattened to real points, like terms joined, and a cycle is refused when it is written.
 */
#include "meter/meter.h"
#include "meter/meter_rows.h"

#define PAGE 4096 /* rows of one query while loading; nothing but memory of a page depends on it */
#define DEPTH_MAX 16   /* formulas inside formulas */
#define STEPS_MAX 4096 /* terms met while flattening one: a wide cycle must end soon, too */

/* All formulas of the scope, sorted by (point, part). */
struct formulas {
    struct part_row *rows;
    size_t n;
};

static enum err_code load_formulas(struct db *db, struct scope scope, struct arena *a,
                                   struct formulas *out, struct err *e)
{
    size_t room = PAGE, n = 0, got = PAGE;
    struct part_row *rows = arena_many(a, room, struct part_row);
    while (got == PAGE) {
        if (n + PAGE > room) {
            struct part_row *more = arena_many(a, room * 2, struct part_row);
            memcpy(more, rows, n * sizeof(*rows));
            rows = more;
            room *= 2;
        }
        int64_t point = n ? rows[n - 1].point_id : INT64_MIN;
        int64_t part = n ? rows[n - 1].part.point_id : INT64_MIN;
        if (rows_page_parts(db, scope, point, part, PAGE, rows + n, &got, e) != OK) {
            return e->code;
        }
        n += got;
    }
    *out = (struct formulas){ rows, n };
    return OK;
}

/* The first row of a point's formula; f->n if it has none. */
static size_t find_formula(const struct formulas *f, int64_t point_id)
{
    size_t lo = 0, hi = f->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (f->rows[mid].point_id < point_id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < f->n && f->rows[lo].point_id == point_id ? lo : f->n;
}

/* Adds coefficient x (point, or what it is made of) to parts. */
static enum err_code flatten(const struct formulas *f, int64_t point_id, int64_t coefficient,
                             int depth, struct formula_part *parts, size_t *n, int *steps,
                             struct err *e)
{
    size_t at = find_formula(f, point_id);
    if (depth > DEPTH_MAX || ++*steps > STEPS_MAX) {
        return fail_named(e, ERR_RULE, "FORMULA_CYCLE",
                          "point %lld: its formula comes back to itself, or is nested deeper than "
                          "%d: name the real points instead",
                          (long long)point_id, DEPTH_MAX);
    }
    if (at < f->n) {
        for (size_t i = at; i < f->n && f->rows[i].point_id == point_id; i++) {
            int64_t c = coefficient * f->rows[i].part.coefficient;
            if (flatten(f, f->rows[i].part.point_id, c, depth + 1, parts, n, steps, e) != OK) {
                return e->code;
            }
        }
        return OK;
    }
    size_t i = 0;
    while (i < *n && parts[i].point_id != point_id) {
        i++;
    }
    int64_t sum = (i < *n ? parts[i].coefficient : 0) + coefficient;
    if (i >= METER_PARTS_MAX || sum > INT32_MAX || sum < INT32_MIN) {
        return fail(e, ERR_LIMIT, "point %lld: more than %d parts, or a coefficient too large",
                    (long long)point_id, METER_PARTS_MAX);
    }
    parts[i] = (struct formula_part){ point_id, (int32_t)sum };
    *n = i == *n ? *n + 1 : *n;
    return OK;
}

static int part_by_id(const void *a, const void *b)
{
    const struct formula_part *x = a, *y = b;
    return (x->point_id > y->point_id) - (x->point_id < y->point_id);
}

/* The parts of a virtual point as they will be used: real, sorted, without those that cancel. */
static enum err_code flat_parts(const struct formulas *f, int64_t point_id,
                                struct formula_part *parts, size_t *n, struct err *e)
{
    size_t raw = 0, kept = 0;
    int steps = 0;
    if (flatten(f, point_id, 1, 0, parts, &raw, &steps, e) != OK) {
        return e->code;
    }
    qsort(parts, raw, sizeof(*parts), part_by_id);
    for (size_t i = 0; i < raw; i++) {
        if (parts[i].coefficient != 0) {
            parts[kept++] = parts[i];
        }
    }
    *n = kept;
    return OK;
}

enum err_code meter_set_formula(struct db *db, struct scope scope, int64_t point_id,
                                const struct formula_part *parts, size_t n, struct instant now,
                                struct err *e)
{
    (void)now;
    check(store_in_tx(db, STORE_CORE));
    struct arena *a = arena_new();
    struct point p, q;
    enum err_code code = meter_get_point(db, scope, a, point_id, &p, e);
    if (code == OK && (!p.is_virtual || n == 0 || n > METER_PARTS_MAX)) {
        code = fail(e, p.is_virtual ? ERR_LIMIT : ERR_RULE,
                    p.is_virtual ? "point %lld: a formula has 1 to 64 parts"
                                 : "point %lld is metered: only a virtual point has a formula",
                    (long long)point_id);
    }
    code = code == OK ? rows_clear_parts(db, point_id, e) : code;
    for (size_t i = 0; i < n && code == OK; i++) {
        code = meter_get_point(db, scope, a, parts[i].point_id, &q, e);
        if (code == OK && q.shard != p.shard) {
            code = fail_named(e, ERR_RULE, "FORMULA_SHARD",
                              "point %lld lives in shard %d, its part %lld in %d: a formula stays "
                              "inside one shard",
                              (long long)point_id, p.shard, (long long)q.point_id, q.shard);
        }
        if (code == OK && parts[i].coefficient == 0) {
            code = fail(e, ERR_INPUT, "point %lld: part %lld has coefficient 0",
                        (long long)point_id, (long long)parts[i].point_id);
        }
        code = code == OK ? rows_put_part(db, point_id, parts[i], e) : code;
    }
    struct formulas f;
    code = code == OK ? load_formulas(db, scope, a, &f, e) : code;
    if (code == OK) {
        struct formula_part flat[METER_PARTS_MAX];
        size_t n_flat;
        code = flat_parts(&f, point_id, flat, &n_flat, e);
    }
    arena_free(a);
    return code;
}

/* ---- the estate ------------------------------------------------------------------------------ */

static enum err_code load_points(struct db *db, struct scope scope, struct arena *a,
                                 struct point **out, size_t *out_n, struct err *e)
{
    size_t room = PAGE, n = 0, got = PAGE;
    struct point *points = arena_many(a, room, struct point);
    while (got == PAGE) {
        if (n + PAGE > room) {
            struct point *more = arena_many(a, room * 2, struct point);
            memcpy(more, points, n * sizeof(*points));
            points = more;
            room *= 2;
        }
        int64_t after = n ? points[n - 1].point_id : INT64_MIN;
        if (rows_page_points(db, scope, a, 0, after, PAGE, points + n, &got, e) != OK) {
            return e->code;
        }
        n += got;
    }
    *out = points;
    *out_n = n;
    return OK;
}

static enum err_code load_bindings(struct db *db, struct scope scope, struct arena *a,
                                   struct binding **out, size_t *out_n, struct err *e)
{
    size_t room = PAGE, n = 0, got = PAGE;
    struct binding *rows = arena_many(a, room, struct binding);
    while (got == PAGE) {
        if (n + PAGE > room) {
            struct binding *more = arena_many(a, room * 2, struct binding);
            memcpy(more, rows, n * sizeof(*rows));
            rows = more;
            room *= 2;
        }
        int64_t point = n ? rows[n - 1].point_id : INT64_MIN;
        int64_t from = n ? rows[n - 1].valid_from.utc_ms : INT64_MIN;
        if (rows_page_bindings(db, scope, a, point, from, INT64_MAX, PAGE, rows + n, &got, e) !=
            OK) {
            return e->code;
        }
        n += got;
    }
    *out = rows;
    *out_n = n;
    return OK;
}

int64_t meter_estate_find(const struct meter_estate *es, int64_t point_id)
{
    size_t lo = 0, hi = es->n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (es->points[mid].point_id < point_id) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < es->n && es->points[lo].point_id == point_id ? (int64_t)lo : -1;
}

enum err_code meter_load_estate(struct db *db, struct scope scope, struct arena *a,
                                struct meter_estate *out, struct err *e)
{
    struct point *points = NULL;
    struct binding *bindings = NULL;
    struct formulas f = { 0 };
    size_t n = 0, n_bindings = 0, n_parts = 0, n_virtual = 0;
    if (load_points(db, scope, a, &points, &n, e) != OK ||
        load_bindings(db, scope, a, &bindings, &n_bindings, e) != OK ||
        load_formulas(db, scope, a, &f, e) != OK) {
        return fail_in(e, "meters: ");
    }
    for (size_t i = 0; i < n; i++) {
        n_virtual += points[i].is_virtual;
    }
    uint32_t *first_binding = arena_many(a, n + 1, uint32_t);
    uint32_t *first_part = arena_many(a, n + 1, uint32_t);
    struct formula_part *parts =
        arena_many(a, n_virtual * METER_PARTS_MAX + 1, struct formula_part);
    size_t b = 0;
    for (size_t i = 0; i < n; i++) {
        first_binding[i] = (uint32_t)b;
        while (b < n_bindings && bindings[b].point_id == points[i].point_id) {
            b++;
        }
        first_part[i] = (uint32_t)n_parts;
        if (points[i].is_virtual) {
            size_t got;
            if (flat_parts(&f, points[i].point_id, parts + n_parts, &got, e) != OK) {
                return e->code;
            }
            n_parts += got == 1 && parts[n_parts].point_id == points[i].point_id ? 0 : got;
        }
    }
    check(b == n_bindings);
    first_binding[n] = (uint32_t)b;
    first_part[n] = (uint32_t)n_parts;
    *out = (struct meter_estate){ points, bindings, parts, first_binding, first_part, n };
    return OK;
}
