/* meter.h - what hangs on the wall: stations, devices, meters, metering points and their ratios
 * (settlement-rules 3.1, iot.md 1-2, storage.md 6).
 *
 * A reading means nothing without the place it was taken at: which meter fed which point, with
 * which current and voltage transformers, from when until when. This room keeps those dated facts,
 * so that a wrong ratio is repaired by deriving again and never by editing readings.
 *
 * Laws
 *  1. One point = one quantity in one direction = one series, whichever meter feeds it.
 *  2. At any instant at most one binding feeds a point: bindings of a point never overlap, tested
 * in the transaction that writes them. A swap or a ratio change ends one row and begins another;
 *     what was in force is never overwritten.
 *  3. A station's shard is given once, when it is created, and never changes.
 *  4. The multiplier K = CT x PT is exact: two pairs of integers. Registers are stored as read.
 *  5. A virtual point is a sum of other points with integer coefficients; following its parts never
 *     comes back to it. Its parts belong to the same shard.
 *  6. A row outside the caller's scope is not found (the organisation is the station's).
 *
 * Units: register values and moduli are 10^-4 of the register's unit (kWh); capacities and powers
 * are 10^-4 kW. A binding holds over [valid_from, valid_until), instants; 0 as valid_until: still
 * in force.
 *
 * The caller owns the transaction (core): every function that writes needs an open one.
 */
#ifndef SK_METER_METER_H
#define SK_METER_METER_H
#include "base/base.h"
#include "store/store.h"

extern const struct store_migrations meter_migrations;

enum station_kind {
    STATION_PV = 1,
    STATION_STORAGE,
    STATION_WIND,
    STATION_PARK,
    STATION_COMPRESSOR,
    STATION_SHORE,
    STATION_CHARGING,
    STATION_BUILDING,
    STATION_CONSUMER /* a works or shop behind its own gate meter */
};
enum point_role {
    POINT_GENERATION = 1, /* 发电 */
    POINT_SELF_USE,
    POINT_EXPORT, /* 上网 */
    POINT_IMPORT, /* 下网, the gate's forward register */
    POINT_CHARGE,
    POINT_DISCHARGE,
    POINT_LESSEE,
    POINT_PUBLIC,
    POINT_FLOW,
    POINT_LOAD,
    POINT_REACTIVE,
    POINT_OTHER
};
const char *station_kind_word(enum station_kind k); /* "pv" */
bool station_kind_parse(struct str word, enum station_kind *out);
const char *point_role_word(enum point_role r); /* "generation" */
bool point_role_parse(struct str word, enum point_role *out);

/* Limits: a page of a list; parts of one formula and its nesting after flattening. */
#define METER_PAGE_MAX 1000
#define METER_PARTS_MAX 64
#define METER_SHARD_MAX 4095 /* 12 bits of the interval store's integer keys */

/* Ids: 0 on the way in lets the room make one (store_next_id) and writes it back; in bulk, rows are
 * written in the order of their ids. Text borrowed from the caller is copied by the store; text in
 * a result lives in the arena that was given. */
struct station {
    int64_t station_id, org_id;
    int32_t shard;
    enum station_kind kind;
    struct str code, name;  /* code: unique */
    int64_t capacity_kw_e4; /* 0: not stated */
};
struct device {
    int64_t device_id, station_id;
    struct str protocol, address; /* unique while in use */
    bool in_use;
};
struct meter {
    int64_t meter_id, station_id, device_id; /* device 0: read by hand or from files */
    struct str serial;                       /* asset number */
    int64_t modulus_e4;                      /* 10^digits x 10^4: where the register rolls over */
    int64_t resolution_e4;                   /* the last digit: 0.01 is 100 */
};
struct point {
    int64_t point_id, station_id;
    struct str code; /* unique in the station */
    enum point_role role;
    struct str quantity; /* "ep_imp" (iot.md 2) */
    struct str unit;     /* "kWh" */
    int16_t direction;   /* 1 import (forward), -1 export (reverse), 0 neither */
    int64_t rated_kw_e4; /* for the plausibility limit; 0: none known, no limit */
    bool is_virtual;
    int32_t shard;  /* of its station; out only */
    int64_t org_id; /* of its station; out only */
};
enum binding_reason { BINDING_FIRST = 1, BINDING_SWAP, BINDING_RATIO, BINDING_CORRECTION };
#define METER_OPEN_VALUE INT64_MIN /* last_value of a binding still in force; not known */
struct binding {
    int64_t point_id;
    struct instant valid_from, valid_until;
    int64_t meter_id;
    struct str register_code; /* "ep_exp", "ep_imp.t1" */
    int32_t ct_num, ct_den, pt_num, pt_den;
    int64_t first_value_e4, last_value_e4; /* at installation and removal; METER_OPEN_VALUE */
    enum binding_reason reason;
    struct str note, file;             /* why; the document with its photo */
    int64_t modulus_e4, resolution_e4; /* of the meter; out only */
};

/* ---- writing: in an open core write transaction ---------------------------------------------- */

/* Bulk: any number, `rows` is sorted by id in place. ERR_CONFLICT: a code or address that is taken;
 * ERR_NOT_FOUND: station outside the scope; ERR_INPUT names the row and the field. */
SK_MUST_USE enum err_code meter_add_stations(struct db *db, struct scope scope,
                                             struct station *rows, size_t n, struct instant now,
                                             struct err *e);
SK_MUST_USE enum err_code meter_add_devices(struct db *db, struct scope scope, struct device *rows,
                                            size_t n, struct instant now, struct err *e);
SK_MUST_USE enum err_code meter_add_meters(struct db *db, struct scope scope, struct meter *rows,
                                           size_t n, struct instant now, struct err *e);
SK_MUST_USE enum err_code meter_add_points(struct db *db, struct scope scope, struct point *rows,
                                           size_t n, struct instant now, struct err *e);
/* First bindings and imported histories: sorted by (point, valid_from) in place; overlap among them
 * or with what is stored is ERR_RULE "BINDING_OVERLAP". */
SK_MUST_USE enum err_code meter_bind(struct db *db, struct scope scope, struct binding *rows,
                                     size_t n, struct instant now, struct err *e);
/* 换表: ends the binding in force at `next->valid_from` with the removal reading `last_value_e4`
 * and begins `next` (its first_value_e4 is the installation reading). ERR_RULE if none is in force.
 */
SK_MUST_USE enum err_code meter_swap(struct db *db, struct scope scope, const struct binding *next,
                                     int64_t last_value_e4, struct instant now, struct err *e);
/* The same meter from `at` with other transformers; `value_e4` is its register at that moment. */
SK_MUST_USE enum err_code meter_change_ratio(struct db *db, struct scope scope, int64_t point_id,
                                             struct instant at, int64_t value_e4, int32_t ct_num,
                                             int32_t ct_den, int32_t pt_num, int32_t pt_den,
                                             struct str note, struct instant now, struct err *e);

struct formula_part {
    int64_t point_id; /* of a part */
    int32_t coefficient;
};
/* Gives a virtual point its formula (replacing the old one). ERR_RULE: "FORMULA_CYCLE",
 * "FORMULA_SHARD" (parts of another shard), ERR_LIMIT past METER_PARTS_MAX. */
SK_MUST_USE enum err_code meter_set_formula(struct db *db, struct scope scope, int64_t point_id,
                                            const struct formula_part *parts, size_t n,
                                            struct instant now, struct err *e);

/* ---- reading ----------------------------------------------------------------------------------
 */

SK_MUST_USE enum err_code meter_get_station(struct db *db, struct scope scope, struct arena *a,
                                            int64_t station_id, struct station *out, struct err *e);
SK_MUST_USE enum err_code meter_get_meter(struct db *db, struct scope scope, struct arena *a,
                                          int64_t meter_id, struct meter *out, struct err *e);
SK_MUST_USE enum err_code meter_get_point(struct db *db, struct scope scope, struct arena *a,
                                          int64_t point_id, struct point *out, struct err *e);
/* By codes: "PV01", "gen". ERR_NOT_FOUND. */
SK_MUST_USE enum err_code meter_get_point_by_code(struct db *db, struct scope scope,
                                                  struct arena *a, struct str station_code,
                                                  struct str point_code, struct point *out,
                                                  struct err *e);
/* Pages in id order, after `after` (0: from the start); at most METER_PAGE_MAX. */
SK_MUST_USE enum err_code meter_list_stations(struct db *db, struct scope scope, struct arena *a,
                                              int64_t after, size_t max, struct station **out,
                                              size_t *n, struct err *e);
SK_MUST_USE enum err_code meter_list_points(struct db *db, struct scope scope, struct arena *a,
                                            int64_t station_id /* 0: all */, int64_t after,
                                            size_t max, struct point **out, size_t *n,
                                            struct err *e);
/* All bindings of a point, oldest first. */
SK_MUST_USE enum err_code meter_list_bindings(struct db *db, struct scope scope, struct arena *a,
                                              int64_t point_id, struct binding **out, size_t *n,
                                              struct err *e);
/* The meter that feeds a device's register into a point at an instant: for ingest. */
SK_MUST_USE enum err_code meter_find_fed_point(struct db *db, struct scope scope,
                                               struct str protocol, struct str address,
                                               struct str register_code, struct instant at,
                                               int64_t *point_id, struct err *e);

/* Everything about all points in the scope, in a few scans: what `reading` works on. Points ascend
 * by id; bindings of point i are bindings[first_binding[i] .. first_binding[i + 1]), oldest first;
 * parts of point i (virtual, flattened to real points, sorted by id, like terms joined) likewise.
 */
struct meter_estate {
    const struct point *points;
    const struct binding *bindings;
    const struct formula_part *parts;
    const uint32_t *first_binding, *first_part; /* n + 1 each */
    size_t n;
};
SK_MUST_USE enum err_code meter_load_estate(struct db *db, struct scope scope, struct arena *a,
                                            struct meter_estate *out, struct err *e);
/* Index of a point, or -1. */
int64_t meter_estate_find(const struct meter_estate *es, int64_t point_id);
#endif
