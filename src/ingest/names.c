/* names.c - see names.h. Open addressing; grows by two up to INGEST_POINTS_MAX names. */
#include "ingest/names.h"

#include "ingest/encoding.h"

#define NAMES_FIRST_ROOM 256u
#define NAMES_SEED 0x73756e6b65657031u /* any; it only spreads */

void names_init(struct names *t, struct arena *a, const struct ingest_points *points,
                const struct map_value *value)
{
    *t = (struct names){ .arena = a, .points = points, .value = value };
    t->room = NAMES_FIRST_ROOM;
    t->slots = arena_many(a, t->room, struct place);
}

static size_t names_slot(const struct names *t, struct str name, uint64_t hash)
{
    size_t i = hash & (t->room - 1);
    while (t->slots[i].name.at != NULL &&
           (t->slots[i].hash != hash || !str_eq(t->slots[i].name, name))) {
        i = (i + 1) & (t->room - 1);
    }
    return i;
}

static void names_grow(struct names *t)
{
    struct place *old = t->slots;
    size_t n = t->room;
    t->room *= 2;
    t->slots = arena_many(t->arena, t->room, struct place);
    for (size_t i = 0; i < n; i++) {
        if (old[i].name.at != NULL) {
            t->slots[names_slot(t, old[i].name, old[i].hash)] = old[i];
        }
    }
}

static enum err_code find_one(struct names *t, struct str name, int64_t *point_id,
                              enum ingest_code *refusal, struct err *e)
{
    enum err_code code = t->points->find(t->points->ctx, name, point_id, e);
    if (code == ERR_NOT_FOUND) {
        *refusal = E_POINT_UNKNOWN;
        return OK;
    }
    return code;
}

/* The series beside the own one is called "name/to". */
static enum err_code find_beside(struct names *t, struct str name, struct str to, int64_t *point_id,
                                 enum ingest_code *refusal, struct err *e)
{
    const char *full = arena_printf(t->arena, STR_FMT "/" STR_FMT, STR_ARG(name), STR_ARG(to));
    return find_one(t, str_of(full), point_id, refusal, e);
}

enum err_code names_get(struct names *t, struct str name, struct place **out, struct err *e)
{
    if (t->n > 0 && str_eq(t->slots[t->last].name, name)) {
        *out = &t->slots[t->last];
        return OK;
    }
    uint64_t hash = hash64(name.at, name.n, NAMES_SEED);
    size_t i = names_slot(t, name, hash);
    if (t->slots[i].name.at == NULL) {
        struct place p = { .hash = hash, .code = E_NONE, .last_ms = INT64_MIN };
        if (t->n >= INGEST_POINTS_MAX) {
            return fail_named(e, ERR_LIMIT, "E_OVERSIZE",
                              "more than %u different points in one file: split the file",
                              INGEST_POINTS_MAX);
        }
        struct str told;
        p.name = str_dup(t->arena, name);
        enum err_code code = OK;
        if (encoding_utf8(t->arena, p.name, &told)) {
            code = find_one(t, told, &p.point_id[0], &p.code, e);
        } else {
            p.code = E_POINT_UNKNOWN;
        }
        if (code == OK && p.code == E_NONE && t->value->negative == NEGATIVE_TO) {
            code = find_beside(t, told, t->value->negative_to, &p.point_id[1], &p.code, e);
        }
        if (code == OK && p.code == E_NONE && t->value->idle) {
            code = find_beside(t, told, t->value->idle_to, &p.point_id[2], &p.code, e);
        }
        if (code != OK) {
            return code;
        }
        if (2 * ++t->n > t->room) {
            names_grow(t);
            i = names_slot(t, name, hash);
        }
        t->slots[i] = p;
    }
    t->last = i;
    *out = &t->slots[i];
    return OK;
}
