/* contract_rows.h - the room's SQL, one function per statement. Private. */
#ifndef SK_CONTRACT_CONTRACT_ROWS_H
#define SK_CONTRACT_CONTRACT_ROWS_H
#include "contract/contract.h"

#define DAY_OPEN 99999999 /* stored for "no end", so that comparisons need no exception */

/* A hash as stored: 64 hexadecimal digits. */
struct str hash_hex(struct arena *a, struct sha256 h);
struct sha256 hash_of_hex(struct str s);

/* Strategy texts. */
enum err_code rows_put_strategy(struct db *db, const struct strategy_text *t, struct str uses,
                                struct err *e);
/* version 0: the newest. `*found` false and OK when there is none. */
enum err_code rows_find_strategy(struct db *db, struct arena *a, struct str name, int32_t version,
                                 struct strategy_text *out, struct str *uses, bool *found,
                                 struct err *e);
enum err_code rows_find_strategy_hash(struct db *db, struct str name, struct sha256 hash,
                                      int32_t *version, struct err *e);
enum err_code rows_list_strategies(struct db *db, struct arena *a, const struct strategy_ref *after,
                                   const struct strategy_text **out, size_t *n, struct err *e);

/* A contract as its row has it. */
struct contract_full {
    struct contract *c;
    struct str tariff_key, amendments;
    bool successor;            /* another version follows at its end */
    const struct day *changes; /* effective dates in its terms */
    size_t n_changes;
    const struct contract_party *parties;
    size_t n_parties;
};
/* Writes n contracts with their parties and stations, sorted by id within. */
enum err_code rows_put_contracts(struct db *db, struct scope s, const struct contract_full *c,
                                 size_t n, struct instant now, struct err *e);
/* The highest serial of an order, 0 if none. */
enum err_code rows_last_serial(struct db *db, struct scope s, int64_t *out, struct err *e);
enum err_code rows_put_orders(struct db *db, struct scope s, const struct order *o, size_t n,
                              struct instant now, struct err *e);
/* Ends a version (and its stations) on a day; a successor follows. */
enum err_code rows_end_contract(struct db *db, struct scope s, int64_t contract_id, int32_t version,
                                struct day on, struct instant now, struct err *e);
/* Another contract that binds one of up to 8 stations within [from, until): its number, "" if none.
 */
enum err_code rows_find_overlap(struct db *db, struct scope s, const int64_t *stations, size_t n,
                                int64_t contract_id, int32_t from, int32_t until, struct arena *a,
                                struct str *no, struct err *e);
enum err_code rows_find_order_twin(struct db *db, struct scope s, int64_t contract_id,
                                   int64_t station_id, int32_t from, int32_t until, struct arena *a,
                                   struct str *no, struct err *e);
/* The version in force on a day (version 0) or a given one. */
enum err_code rows_find_contract(struct db *db, struct arena *a, struct scope s,
                                 int64_t contract_id, int32_t on, int32_t version,
                                 struct contract *out, bool *found, struct err *e);
/* The versions of a contract, the last first; locked for the change. */
struct version_row {
    int32_t version, from, until;
    bool cancelled;
    struct str no;
};
enum err_code rows_list_versions(struct db *db, struct arena *a, struct scope s,
                                 int64_t contract_id, struct version_row **out, size_t *n,
                                 struct err *e);
/* Versions that begin on or after a day come to nothing: another one takes their time. */
enum err_code rows_cancel_versions(struct db *db, struct scope s, int64_t contract_id,
                                   struct day from, struct instant now, struct err *e);
enum err_code rows_contract_stations(struct db *db, struct arena *a, struct scope s,
                                     int64_t contract_id, int32_t version, const int64_t **out,
                                     size_t *n, struct err *e);
enum err_code rows_find_contract_no(struct db *db, struct scope s, struct str no, int64_t *id,
                                    struct err *e);
enum err_code rows_find_order(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              struct order *out, bool *found, struct err *e);
enum err_code rows_find_order_no(struct db *db, struct scope s, struct str no, int64_t *id,
                                 struct err *e);
enum err_code rows_order_stations(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                                  const int64_t **out, size_t *n, struct err *e);
/* Facts (fact_rows.c). */
enum err_code rows_put_facts(struct db *db, struct scope s, int64_t order_id, int32_t period_from,
                             int32_t version, struct str facts, struct instant now, struct err *e);
/* version 0: the one in force. `*found` false and OK when there is none. */
enum err_code rows_find_facts(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              int32_t period_from, int32_t version, struct order_facts *out,
                              bool *found, struct err *e);
enum err_code rows_list_facts(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                              int32_t from, int32_t until, struct order_facts **out, size_t *n,
                              struct err *e);

/* Bindings. `amendments` of each is its stored text; contract.c parses it. */
struct binding_row {
    struct contract_binding b;
    struct str amendments;
};
struct binding_query {
    int32_t from, until;
    int64_t after_order, after_version;
    int64_t only_order;   /* 0: all */
    int64_t only_version; /* with only_order: 0 any */
    size_t limit;
};
enum err_code rows_bindings(struct db *db, struct arena *a, struct scope s,
                            const struct binding_query *q, struct binding_row **out, size_t *n,
                            struct err *e);
enum err_code rows_count_bindings(struct db *db, struct scope s, int32_t from, int32_t until,
                                  int64_t *out, struct err *e);
/* Every `every`-th binding, at most `max`. */
enum err_code rows_marks(struct db *db, struct arena *a, struct scope s, int32_t from,
                         int32_t until, size_t every, size_t max, const struct contract_mark **out,
                         size_t *n, struct err *e);
/* One order per kind (the lowest id), with the first day of its binding. */
struct kind_row {
    int64_t order_id;
    int32_t from;
};
enum err_code rows_kinds(struct db *db, struct arena *a, struct scope s, int32_t from,
                         int32_t until, struct kind_row **out, size_t *n, struct err *e);
/* Legs of the orders first..last, in order of id and place. */
struct leg_row {
    int64_t order_id;
    struct order_leg leg;
};
enum err_code rows_legs(struct db *db, struct arena *a, struct scope s, int64_t first, int64_t last,
                        struct leg_row **out, size_t *n, struct err *e);
#endif
