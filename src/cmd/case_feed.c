/* case_feed.c - the lists of a case as what a strategy reads: vectors, also split by sign, padded,
 * or made of kWh by period. */
#include "cmd/case_part.h"

#define VECTORS_FIRST 16 /* room at the start; it doubles */

/* ---- as readings ------------------------------------------------------------------------------
 */

int32_t case_vector_add(struct arena *a, struct case_vectors *all, struct case_vector v)
{
    if (all->n == all->room) {
        int32_t room = all->room ? 2 * all->room : VECTORS_FIRST;
        struct case_vector *at = arena_many(a, (size_t)room, struct case_vector);
        if (all->n > 0) {
            memcpy(at, all->at, (size_t)all->n * sizeof *at);
        }
        all->at = at;
        all->room = room;
    }
    all->at[all->n] = v;
    return all->n++;
}

static void see(struct strategy_seen *seen, const struct case_vector *v, int32_t i)
{
    seen->n++;
    if (v->quality[i] == QUALITY_MISSING) {
        seen->n_missing++;
        seen->first_missing = seen->first_missing < 0 ? i : seen->first_missing;
    }
}

static enum err_code vector_sums(void *ctx, int32_t source, const struct strategy_axis *axis,
                                 const struct tariff_span *span, int64_t *sums,
                                 struct strategy_seen *seen, struct err *e)
{
    const struct case_vectors *all = ctx;
    check_that(source >= 0 && source < all->n, "source %d of %d", source, all->n);
    const struct case_vector *v = &all->at[source];
    if (axis->n > v->n) {
        return fail(e, ERR_GAP, "%d values for %d intervals", v->n, axis->n);
    }
    *seen = (struct strategy_seen){ .first_missing = -1 };
    memset(sums, 0, (size_t)(span ? span->n_keys : 1) * sizeof *sums);
    for (int32_t i = 0; i < axis->n; i++) {
        struct instant t = { axis->start.utc_ms + (int64_t)i * axis->minutes * 60000 };
        sums[span ? tariff_span_key(span, t) : 0] += v->values[i];
        see(seen, v, i);
    }
    return OK;
}

static enum err_code vector_values(void *ctx, int32_t source, const struct strategy_axis *axis,
                                   int32_t first, int32_t n, int64_t *values, uint8_t *quality,
                                   struct err *e)
{
    const struct case_vectors *all = ctx;
    check_that(source >= 0 && source < all->n, "source %d of %d", source, all->n);
    const struct case_vector *v = &all->at[source];
    if (first + n > v->n || axis->n > v->n) {
        return fail(e, ERR_GAP, "%d values for %d intervals", v->n, axis->n);
    }
    memcpy(values, v->values + first, (size_t)n * sizeof *values);
    memcpy(quality, v->quality + first, (size_t)n);
    return OK;
}

bool case_is_whole(const struct case_vector *v)
{
    for (int32_t i = 0; i < v->n; i++) {
        if (v->quality[i] != QUALITY_ACTUAL) {
            return false;
        }
    }
    return true;
}

struct strategy_data case_data(const struct case_vectors *all)
{
    return (struct strategy_data){ (void *)(uintptr_t)all, vector_sums, vector_values };
}

/* ---- from the case ----------------------------------------------------------------------------
 */

struct feed_how {
    struct json path;
    struct str absent, shorter, part; /* empty: not said */
};

static enum err_code one_of(struct json j, const char *a, const char *b, struct str *out,
                            struct err *e)
{
    *out = str_of("");
    if (json_kind(j) == JSON_NONE) {
        return OK;
    }
    if (json_str(j, out, e) != OK) {
        return e->code;
    }
    return str_is(*out, a) || str_is(*out, b)
               ? OK
               : fail(e, ERR_INPUT, "%s: '" STR_FMT "'; '%s' or '%s' is needed", j.path,
                      STR_ARG(*out), a, b);
}

static enum err_code read_how(struct json how, struct feed_how *out, struct err *e)
{
    static const char *const keys[] = { "path", "absent", "short", "part", NULL };
    struct feed_how h = { .path = how };
    if (json_kind(how) == JSON_OBJECT) {
        h.path = json_get(how, "path");
        if (json_only(how, keys, e) != OK ||
            one_of(json_get(how, "absent"), "missing", "zero", &h.absent, e) != OK ||
            one_of(json_get(how, "short"), "missing", "zero", &h.shorter, e) != OK ||
            one_of(json_get(how, "part"), "positive", "negative", &h.part, e) != OK) {
            return e->code;
        }
    }
    *out = h;
    return OK;
}

static int64_t part_of(int64_t v, struct str part)
{
    if (str_is(part, "positive")) {
        return v > 0 ? v : 0;
    }
    return str_is(part, "negative") ? (v < 0 ? -v : 0) : v;
}

static enum err_code read_value(struct json at, int digits, int64_t *value, uint8_t *quality,
                                struct err *e)
{
    if (json_kind(at) == JSON_NULL) {
        *quality = QUALITY_MISSING;
        return OK;
    }
    return json_scaled(at, digits, value, e);
}

enum err_code case_feed(const struct case_place *p, struct json how,
                        const struct strategy_axis *axis, int digits, struct case_vector *out,
                        bool *given, struct err *e)
{
    struct feed_how h = { .absent = { NULL, 0 } };
    struct json list;
    bool there;
    if (read_how(how, &h, e) != OK || case_first(p, h.path, &list, &there, e) != OK) {
        return e->code;
    }
    *given = there || h.absent.n > 0;
    if (!*given) {
        return OK;
    }
    bool single =
        axis->n == 1 && (json_kind(list) == JSON_STRING || json_kind(list) == JSON_INTEGER);
    size_t n = (size_t)axis->n, n_list = there ? single ? 1 : json_len(list) : 0;
    if (there && ((!single && json_kind(list) != JSON_ARRAY) || n_list > n ||
                  (n_list < n && h.shorter.n == 0))) {
        return fail(e, ERR_INPUT, "%s: %zu values found, one for each of %zu intervals is needed",
                    list.path, n_list, n);
    }
    struct arena *a = p->doc.arena;
    int64_t *values = arena_many(a, n + 1, int64_t);
    uint8_t *quality = arena_array(a, n + 1, 1);
    for (size_t i = 0; i < n_list; i++) {
        if (read_value(single ? list : json_at(list, i), digits, &values[i], &quality[i], e) !=
            OK) {
            return e->code;
        }
        values[i] = part_of(values[i], h.part);
    }
    bool missing = str_is(there ? h.shorter : h.absent, "missing");
    memset(quality + n_list, missing ? QUALITY_MISSING : QUALITY_ACTUAL, n - n_list);
    *out = (struct case_vector){ values, quality, axis->n };
    return OK;
}

enum err_code case_energies(const struct case_place *p, struct json how, unsigned periods,
                            int digits, struct case_vector *out, bool *given, struct err *e)
{
    struct json by;
    if (case_first(p, how, &by, given, e) != OK) {
        return e->code;
    }
    if (!*given) {
        return OK;
    }
    if (json_kind(by) != JSON_OBJECT) {
        return fail(e, ERR_INPUT, "%s: an object of energies by period is needed", by.path);
    }
    int64_t *values = arena_many(p->doc.arena, TOU_PERIODS + 1, int64_t);
    uint8_t *quality = arena_array(p->doc.arena, TOU_PERIODS + 1, 1);
    int32_t n = 0;
    for (int k = 0; k < TOU_PERIODS; k++) {
        if (!(periods >> k & 1)) {
            continue;
        }
        struct json v = json_get(by, tou_period_word((enum tou_period)k));
        if (json_kind(v) != JSON_NONE && read_value(v, digits, &values[n], &quality[n], e) != OK) {
            return e->code;
        }
        n++;
    }
    *out = (struct case_vector){ values, quality, n };
    return OK;
}
