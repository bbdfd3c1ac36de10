/* meter_rows.c - all SQL of the room. Scope: a row belongs to the organisation of its station. */
#include "meter/meter_rows.h"
#include "store/rows.h"

/* Parameters 1 and 2 are the scope in every statement that has it. */
#define IN_SCOPE "($1 = 1 or s.org_id in (select org_id from scope_org where scope_key = $2))"
#define STATION_COLUMNS "s.station_id, s.org_id, s.shard, s.kind, s.code, s.name, s.capacity_kw_e4"
#define POINT_COLUMNS                                                                              \
    "p.point_id, p.station_id, p.code, p.role, p.quantity, p.unit, p.direction, p.rated_kw_e4, "   \
    "p.is_virtual, s.shard, s.org_id"

static struct bulk_value value_int(int64_t v)
{
    return (struct bulk_value){ .i = v };
}

static struct bulk_value value_text(struct str s)
{
    return (struct bulk_value){ .s = s };
}

static struct bulk_value value_open(int64_t v) /* METER_OPEN_VALUE is null */
{
    return (struct bulk_value){ .i = v, .null = v == METER_OPEN_VALUE };
}

/* What store_bulk walks over. */
struct walk {
    const void *rows;
    size_t i, n;
    int64_t now;
};

static bool next_station(void *ctx, struct bulk_value *v)
{
    struct walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct station *s = (const struct station *)w->rows + w->i++;
    v[0] = value_int(s->station_id);
    v[1] = value_int(s->org_id);
    v[2] = value_int(s->shard);
    v[3] = value_int(s->kind);
    v[4] = value_text(s->code);
    v[5] = value_text(s->name);
    v[6] = value_int(s->capacity_kw_e4);
    v[7] = value_int(w->now);
    return true;
}

enum err_code rows_put_stations(struct db *db, const struct station *rows, size_t n,
                                struct instant now, struct err *e)
{
    static const struct bulk_column columns[] = {
        { "station_id", BULK_INT, true },      { "org_id", BULK_INT, false },
        { "shard", BULK_INT, false },          { "kind", BULK_INT16, false },
        { "code", BULK_TEXT, false },          { "name", BULK_TEXT, false },
        { "capacity_kw_e4", BULK_INT, false }, { "created_at", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "station", columns, 8, BULK_FAIL };
    struct walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_station, &w, NULL, e);
}

static bool next_device(void *ctx, struct bulk_value *v)
{
    struct walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct device *d = (const struct device *)w->rows + w->i++;
    v[0] = value_int(d->device_id);
    v[1] = value_int(d->station_id);
    v[2] = value_text(d->protocol);
    v[3] = value_text(d->address);
    v[4] = value_int(d->in_use);
    v[5] = value_int(w->now);
    return true;
}

enum err_code rows_put_devices(struct db *db, const struct device *rows, size_t n,
                               struct instant now, struct err *e)
{
    static const struct bulk_column columns[] = {
        { "device_id", BULK_INT, true },  { "station_id", BULK_INT, false },
        { "protocol", BULK_TEXT, false }, { "address", BULK_TEXT, false },
        { "in_use", BULK_INT16, false },  { "created_at", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "device", columns, 6, BULK_FAIL };
    struct walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_device, &w, NULL, e);
}

static bool next_meter(void *ctx, struct bulk_value *v)
{
    struct walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct meter *m = (const struct meter *)w->rows + w->i++;
    v[0] = value_int(m->meter_id);
    v[1] = value_int(m->station_id);
    v[2] = (struct bulk_value){ .i = m->device_id, .null = m->device_id == 0 };
    v[3] = value_text(m->serial);
    v[4] = value_int(m->modulus_e4);
    v[5] = value_int(m->resolution_e4);
    v[6] = value_int(w->now);
    return true;
}

enum err_code rows_put_meters(struct db *db, const struct meter *rows, size_t n, struct instant now,
                              struct err *e)
{
    static const struct bulk_column columns[] = {
        { "meter_id", BULK_INT, true },    { "station_id", BULK_INT, false },
        { "device_id", BULK_INT, false },  { "serial", BULK_TEXT, false },
        { "modulus_e4", BULK_INT, false }, { "resolution_e4", BULK_INT, false },
        { "created_at", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "meter", columns, 7, BULK_FAIL };
    struct walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_meter, &w, NULL, e);
}

static bool next_point(void *ctx, struct bulk_value *v)
{
    struct walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct point *p = (const struct point *)w->rows + w->i++;
    v[0] = value_int(p->point_id);
    v[1] = value_int(p->station_id);
    v[2] = value_text(p->code);
    v[3] = value_int(p->role);
    v[4] = value_text(p->quantity);
    v[5] = value_text(p->unit);
    v[6] = value_int(p->direction);
    v[7] = value_int(p->rated_kw_e4);
    v[8] = value_int(p->is_virtual);
    v[9] = value_int(w->now);
    return true;
}

enum err_code rows_put_points(struct db *db, const struct point *rows, size_t n, struct instant now,
                              struct err *e)
{
    static const struct bulk_column columns[] = {
        { "point_id", BULK_INT, true },      { "station_id", BULK_INT, false },
        { "code", BULK_TEXT, false },        { "role", BULK_INT16, false },
        { "quantity", BULK_TEXT, false },    { "unit", BULK_TEXT, false },
        { "direction", BULK_INT16, false },  { "rated_kw_e4", BULK_INT, false },
        { "is_virtual", BULK_INT16, false }, { "created_at", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "point", columns, 10, BULK_FAIL };
    struct walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_point, &w, NULL, e);
}

static bool next_binding(void *ctx, struct bulk_value *v)
{
    struct walk *w = ctx;
    if (w->i == w->n) {
        return false;
    }
    const struct binding *b = (const struct binding *)w->rows + w->i++;
    v[0] = value_int(b->point_id);
    v[1] = value_int(b->valid_from.utc_ms);
    v[2] = value_int(b->valid_until.utc_ms);
    v[3] = value_int(b->meter_id);
    v[4] = value_text(b->register_code);
    v[5] = value_int(b->ct_num);
    v[6] = value_int(b->ct_den);
    v[7] = value_int(b->pt_num);
    v[8] = value_int(b->pt_den);
    v[9] = value_open(b->first_value_e4);
    v[10] = value_open(b->last_value_e4);
    v[11] = value_int(b->reason);
    v[12] = value_text(b->note);
    v[13] = value_text(b->file);
    v[14] = value_int(w->now);
    v[15] = value_int(w->now);
    return true;
}

enum err_code rows_put_bindings(struct db *db, const struct binding *rows, size_t n,
                                struct instant now, struct err *e)
{
    static const struct bulk_column columns[] = {
        { "point_id", BULK_INT, true },        { "valid_from", BULK_INT, true },
        { "valid_until", BULK_INT, false },    { "meter_id", BULK_INT, false },
        { "register_code", BULK_TEXT, false }, { "ct_num", BULK_INT, false },
        { "ct_den", BULK_INT, false },         { "pt_num", BULK_INT, false },
        { "pt_den", BULK_INT, false },         { "first_value_e4", BULK_INT, false },
        { "last_value_e4", BULK_INT, false },  { "reason", BULK_INT16, false },
        { "note", BULK_TEXT, false },          { "file", BULK_TEXT, false },
        { "created_at", BULK_INT, false },     { "updated_at", BULK_INT, false },
    };
    static const struct bulk_table table = { STORE_CORE, "meter_binding", columns, 16, BULK_FAIL };
    struct walk w = { rows, 0, n, now.utc_ms };
    return store_bulk(db, &table, next_binding, &w, NULL, e);
}

enum err_code rows_end_binding(struct db *db, int64_t point_id, struct instant valid_from,
                               struct instant until, int64_t last_value_e4, struct instant now,
                               struct err *e)
{
    static const char sql[] = "update meter_binding set valid_until = $3, last_value_e4 = $4, "
                              "updated_at = $5 where point_id = $1 and valid_from = $2 and "
                              "(valid_until = 0 or valid_until > $3)";
    struct rows *r;
    int64_t changed;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, point_id);
    rows_int(r, 2, valid_from.utc_ms);
    rows_int(r, 3, until.utc_ms);
    if (last_value_e4 == METER_OPEN_VALUE) {
        rows_null(r, 4);
    } else {
        rows_int(r, 4, last_value_e4);
    }
    rows_int(r, 5, now.utc_ms);
    if (rows_run(r, &changed, e) != OK) {
        return e->code;
    }
    return changed == 1 ? OK : fail(e, ERR_CONFLICT, "the binding was ended by somebody else");
}

enum err_code rows_clear_parts(struct db *db, int64_t point_id, struct err *e)
{
    static const char sql[] = "delete from point_part where point_id = $1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, point_id);
    return rows_run(r, NULL, e);
}

enum err_code rows_put_part(struct db *db, int64_t point_id, struct formula_part part,
                            struct err *e)
{
    static const char sql[] =
        "insert into point_part (point_id, part_id, coefficient) values ($1, $2, $3)";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_int(r, 1, point_id);
    rows_int(r, 2, part.point_id);
    rows_int(r, 3, part.coefficient);
    return rows_run(r, NULL, e);
}

static void get_station(struct rows *r, struct arena *a, struct station *s)
{
    *s = (struct station){
        .station_id = rows_get_int(r, 0),
        .org_id = rows_get_int(r, 1),
        .shard = (int32_t)rows_get_int(r, 2),
        .kind = (enum station_kind)rows_get_int(r, 3),
        .code = str_dup(a, rows_get_str(r, 4)),
        .name = str_dup(a, rows_get_str(r, 5)),
        .capacity_kw_e4 = rows_get_int(r, 6),
    };
}

static void get_point(struct rows *r, struct arena *a, struct point *p)
{
    *p = (struct point){
        .point_id = rows_get_int(r, 0),
        .station_id = rows_get_int(r, 1),
        .code = str_dup(a, rows_get_str(r, 2)),
        .role = (enum point_role)rows_get_int(r, 3),
        .quantity = str_dup(a, rows_get_str(r, 4)),
        .unit = str_dup(a, rows_get_str(r, 5)),
        .direction = (int16_t)rows_get_int(r, 6),
        .rated_kw_e4 = rows_get_int(r, 7),
        .is_virtual = rows_get_int(r, 8) != 0,
        .shard = (int32_t)rows_get_int(r, 9),
        .org_id = rows_get_int(r, 10),
    };
}

enum err_code rows_find_station(struct db *db, struct scope scope, struct arena *a,
                                int64_t station_id, struct station *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " STATION_COLUMNS " from station s where s.station_id = $3 and " IN_SCOPE;
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, station_id);
    *found = rows_next(r, e);
    if (*found) {
        get_station(r, a, out);
    }
    return rows_close(r, e);
}

enum err_code rows_find_point(struct db *db, struct scope scope, struct arena *a, int64_t point_id,
                              struct point *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " POINT_COLUMNS " from point p join station s on s.station_id = p.station_id "
        "where p.point_id = $3 and " IN_SCOPE;
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, point_id);
    *found = rows_next(r, e);
    if (*found) {
        get_point(r, a, out);
    }
    return rows_close(r, e);
}

enum err_code rows_find_point_by_code(struct db *db, struct scope scope, struct arena *a,
                                      struct str station_code, struct str point_code,
                                      struct point *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select " POINT_COLUMNS " from station s join point p on p.station_id = s.station_id "
        "where s.code = $3 and p.code = $4 and " IN_SCOPE;
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_str(r, 3, station_code);
    rows_str(r, 4, point_code);
    *found = rows_next(r, e);
    if (*found) {
        get_point(r, a, out);
    }
    return rows_close(r, e);
}

enum err_code rows_find_meter(struct db *db, struct scope scope, struct arena *a, int64_t meter_id,
                              struct meter *out, bool *found, struct err *e)
{
    static const char sql[] =
        "select m.meter_id, m.station_id, m.device_id, m.serial, m.modulus_e4, m.resolution_e4 "
        "from meter m join station s on s.station_id = m.station_id "
        "where m.meter_id = $3 and " IN_SCOPE;
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, meter_id);
    *found = rows_next(r, e);
    if (*found) {
        *out = (struct meter){ .meter_id = rows_get_int(r, 0),
                               .station_id = rows_get_int(r, 1),
                               .device_id = rows_get_int(r, 2),
                               .serial = str_dup(a, rows_get_str(r, 3)),
                               .modulus_e4 = rows_get_int(r, 4),
                               .resolution_e4 = rows_get_int(r, 5) };
    }
    return rows_close(r, e);
}

enum err_code rows_find_fed_point(struct db *db, struct scope scope, struct str protocol,
                                  struct str address, struct str register_code, struct instant at,
                                  int64_t *point_id, bool *found, struct err *e)
{
    static const char sql[] =
        "select b.point_id from device d join station s on s.station_id = d.station_id "
        "join meter m on m.device_id = d.device_id "
        "join meter_binding b on b.meter_id = m.meter_id and b.register_code = $5 "
        "where d.protocol = $3 and d.address = $4 and d.in_use = 1 and b.valid_from <= $6 and "
        "(b.valid_until = 0 or b.valid_until > $6) and " IN_SCOPE " order by b.point_id limit 1";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_str(r, 3, protocol);
    rows_str(r, 4, address);
    rows_str(r, 5, register_code);
    rows_int(r, 6, at.utc_ms);
    *found = rows_next(r, e);
    if (*found) {
        *point_id = rows_get_int(r, 0);
    }
    return rows_close(r, e);
}

enum err_code rows_page_stations(struct db *db, struct scope scope, struct arena *a, int64_t after,
                                 size_t max, struct station *out, size_t *n, struct err *e)
{
    static const char sql[] = "select " STATION_COLUMNS " from station s where s.station_id > $3 "
                              "and " IN_SCOPE " order by s.station_id limit $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, after);
    rows_int(r, 4, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        get_station(r, a, &out[*n]);
    }
    return rows_close(r, e);
}

enum err_code rows_page_points(struct db *db, struct scope scope, struct arena *a,
                               int64_t station_id, int64_t after, size_t max, struct point *out,
                               size_t *n, struct err *e)
{
    static const char all[] =
        "select " POINT_COLUMNS " from point p join station s on s.station_id = p.station_id "
        "where p.point_id > $3 and " IN_SCOPE " order by p.point_id limit $4";
    static const char one[] =
        "select " POINT_COLUMNS " from point p join station s on s.station_id = p.station_id "
        "where p.station_id = $5 and p.point_id > $3 and " IN_SCOPE " order by p.point_id limit $4";
    struct rows *r;
    if (rows_open(db, STORE_CORE, station_id ? one : all, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, after);
    rows_int(r, 4, (int64_t)max);
    if (station_id) {
        rows_int(r, 5, station_id);
    }
    for (*n = 0; rows_next(r, e); (*n)++) {
        get_point(r, a, &out[*n]);
    }
    return rows_close(r, e);
}

static int64_t get_open(struct rows *r, int col)
{
    return rows_is_null(r, col) ? METER_OPEN_VALUE : rows_get_int(r, col);
}

enum err_code rows_page_bindings(struct db *db, struct scope scope, struct arena *a,
                                 int64_t after_point, int64_t after_from, int64_t until_point,
                                 size_t max, struct binding *out, size_t *n, struct err *e)
{
    static const char sql[] =
        "select b.point_id, b.valid_from, b.valid_until, b.meter_id, b.register_code, b.ct_num, "
        "b.ct_den, b.pt_num, b.pt_den, b.first_value_e4, b.last_value_e4, b.reason, b.note, "
        "b.file, m.modulus_e4, m.resolution_e4 from meter_binding b "
        "join point p on p.point_id = b.point_id join station s on s.station_id = p.station_id "
        "join meter m on m.meter_id = b.meter_id "
        "where (b.point_id, b.valid_from) > ($3, $4) and b.point_id <= $5 and " IN_SCOPE
        " order by b.point_id, b.valid_from limit $6";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, after_point);
    rows_int(r, 4, after_from);
    rows_int(r, 5, until_point);
    rows_int(r, 6, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct binding){
            .point_id = rows_get_int(r, 0),
            .valid_from = { rows_get_int(r, 1) },
            .valid_until = { rows_get_int(r, 2) },
            .meter_id = rows_get_int(r, 3),
            .register_code = str_dup(a, rows_get_str(r, 4)),
            .ct_num = (int32_t)rows_get_int(r, 5),
            .ct_den = (int32_t)rows_get_int(r, 6),
            .pt_num = (int32_t)rows_get_int(r, 7),
            .pt_den = (int32_t)rows_get_int(r, 8),
            .first_value_e4 = get_open(r, 9),
            .last_value_e4 = get_open(r, 10),
            .reason = (enum binding_reason)rows_get_int(r, 11),
            .note = str_dup(a, rows_get_str(r, 12)),
            .file = str_dup(a, rows_get_str(r, 13)),
            .modulus_e4 = rows_get_int(r, 14),
            .resolution_e4 = rows_get_int(r, 15),
        };
    }
    return rows_close(r, e);
}

enum err_code rows_page_parts(struct db *db, struct scope scope, int64_t after_point,
                              int64_t after_part, size_t max, struct part_row *out, size_t *n,
                              struct err *e)
{
    static const char sql[] =
        "select q.point_id, q.part_id, q.coefficient from point_part q "
        "join point p on p.point_id = q.point_id join station s on s.station_id = p.station_id "
        "where (q.point_id, q.part_id) > ($3, $4) and " IN_SCOPE
        " order by q.point_id, q.part_id limit $5";
    struct rows *r;
    if (rows_open(db, STORE_CORE, sql, &r, e) != OK) {
        return e->code;
    }
    rows_scope(r, 1, scope);
    rows_int(r, 3, after_point);
    rows_int(r, 4, after_part);
    rows_int(r, 5, (int64_t)max);
    for (*n = 0; rows_next(r, e); (*n)++) {
        out[*n] = (struct part_row){ rows_get_int(r, 0),
                                     { rows_get_int(r, 1), (int32_t)rows_get_int(r, 2) } };
    }
    return rows_close(r, e);
}
