/* life_rows.h - SQL of the life of strategy versions; used by life.c and contract.c. Private. */
#ifndef SK_CONTRACT_LIFE_ROWS_H
#define SK_CONTRACT_LIFE_ROWS_H
#include "contract/contract.h"

/* A version as its row has it: `until` DAY_OPEN where the next one is not known. Of a requested one
 * `from` is the day that was asked for. */
struct life_row {
    struct strategy_ref ref;
    enum life_state state;
    int32_t from, until;
    int64_t approval_id;
    struct instant changed;
};
enum err_code rows_put_life(struct db *db, const struct life_row *l, struct err *e);
enum err_code rows_set_life(struct db *db, const struct life_row *l, struct err *e);
/* life.c: law 9, asked before a contract names the version. ERR_RULE `LIFE_STATE`. */
enum err_code life_named(struct db *db, struct arena *a, struct strategy_ref ref, struct err *e);
/* Newest version first; `only` 0: all of the name. */
enum err_code rows_list_life(struct db *db, struct arena *a, struct str name, int32_t only,
                             struct life_row **out, size_t *n, struct err *e);

/* `*seq` is its place, 0 if there is none. */
enum err_code rows_last_evidence(struct db *db, struct arena *a, struct strategy_ref ref,
                                 enum evidence_kind kind, struct strategy_evidence *out,
                                 int64_t *seq, struct err *e);
enum err_code rows_put_evidence(struct db *db, struct strategy_ref ref,
                                const struct strategy_evidence *v, struct err *e);

struct follower_row {
    struct follower f;
    int32_t until; /* of the contract: the end of its last version */
};
enum err_code rows_followers(struct db *db, struct arena *a, struct scope s,
                             struct strategy_ref ref, int32_t from, int64_t after,
                             struct follower_row **out, size_t *n, struct err *e);
enum err_code rows_put_fixed(struct db *db, struct scope s, int64_t contract_id,
                             struct instant now, struct err *e);
enum err_code rows_delete_fixed(struct db *db, struct scope s, int64_t contract_id, struct err *e);
#endif
