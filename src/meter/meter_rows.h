/* meter_rows.h - what meter_rows.c answers; private to the room. */
#ifndef SK_METER_METER_ROWS_H
#define SK_METER_METER_ROWS_H
#include "meter/meter.h"

/* Rows sorted by key and checked; all in one go. */
enum err_code rows_put_stations(struct db *db, const struct station *rows, size_t n,
                                struct instant now, struct err *e);
enum err_code rows_put_devices(struct db *db, const struct device *rows, size_t n,
                               struct instant now, struct err *e);
enum err_code rows_put_meters(struct db *db, const struct meter *rows, size_t n, struct instant now,
                              struct err *e);
enum err_code rows_put_points(struct db *db, const struct point *rows, size_t n, struct instant now,
                              struct err *e);
enum err_code rows_put_bindings(struct db *db, const struct binding *rows, size_t n,
                                struct instant now, struct err *e);
enum err_code rows_end_binding(struct db *db, int64_t point_id, struct instant valid_from,
                               struct instant until, int64_t last_value_e4, struct instant now,
                               struct err *e);
enum err_code rows_clear_parts(struct db *db, int64_t point_id, struct err *e);
enum err_code rows_put_part(struct db *db, int64_t point_id, struct formula_part part,
                            struct err *e);

/* One row, or *found false: not there or not in the scope. */
enum err_code rows_find_station(struct db *db, struct scope scope, struct arena *a,
                                int64_t station_id, struct station *out, bool *found,
                                struct err *e);
enum err_code rows_find_point(struct db *db, struct scope scope, struct arena *a, int64_t point_id,
                              struct point *out, bool *found, struct err *e);
enum err_code rows_find_point_by_code(struct db *db, struct scope scope, struct arena *a,
                                      struct str station_code, struct str point_code,
                                      struct point *out, bool *found, struct err *e);
enum err_code rows_find_meter(struct db *db, struct scope scope, struct arena *a, int64_t meter_id,
                              struct meter *out, bool *found, struct err *e);
enum err_code rows_find_fed_point(struct db *db, struct scope scope, struct str protocol,
                                  struct str address, struct str register_code, struct instant at,
                                  int64_t *point_id, bool *found, struct err *e);

/* Pages in key order: up to `max` rows behind the key given. */
enum err_code rows_page_stations(struct db *db, struct scope scope, struct arena *a, int64_t after,
                                 size_t max, struct station *out, size_t *n, struct err *e);
enum err_code rows_page_points(struct db *db, struct scope scope, struct arena *a,
                               int64_t station_id, int64_t after, size_t max, struct point *out,
                               size_t *n, struct err *e);
enum err_code rows_page_bindings(struct db *db, struct scope scope, struct arena *a,
                                 int64_t after_point, int64_t after_from, int64_t until_point,
                                 size_t max, struct binding *out, size_t *n, struct err *e);
struct part_row {
    int64_t point_id;
    struct formula_part part;
};
enum err_code rows_page_parts(struct db *db, struct scope scope, int64_t after_point,
                              int64_t after_part, size_t max, struct part_row *out, size_t *n,
                              struct err *e);
#endif
