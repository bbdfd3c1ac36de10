/* reading_rows.h - what the *_rows.c files answer; private to the room. Blobs handed out live until
 * the next row is asked for. Rows are found by place: only points in the caller's scope have one in
 * its struct reading_points, so no statement here can reach another's. */
#ifndef SK_READING_READING_ROWS_H
#define SK_READING_READING_ROWS_H
#include "reading/keys.h"
#include "reading/vee.h"

/* The tables of packed days; late readings (late.h) rest in rows of the same shape. */
enum series { SERIES_INTERVALS, SERIES_REGISTERS, SERIES_LATE };

/* places */
struct place_row {
    int32_t shard;
    int64_t point_id;
    int32_t place;
};
enum err_code rows_page_places(struct db *db, int32_t after_shard, int64_t after_point, size_t max,
                               struct place_row *out, size_t *n, struct err *e);
enum err_code rows_find_place(struct db *db, int32_t shard, int64_t point_id, int32_t *place,
                              bool *found, struct err *e);
enum err_code rows_last_place(struct db *db, int32_t shard, int32_t *place, struct err *e);
enum err_code rows_put_places(struct db *db, const struct place_row *rows, size_t n,
                              struct instant now, struct err *e);

/* journal */
struct entry {
    int64_t key;
    int32_t shard;
    struct str source;
    int64_t batch_id, n;
    struct sha256 hash;
    struct str refused, packed;
    struct instant received_at;
};
enum err_code rows_last_entry(struct db *db, int32_t shard, int64_t *key, struct err *e);
enum err_code rows_put_entry(struct db *db, const struct entry *entry, struct err *e);
enum err_code rows_find_batch(struct db *db, struct arena *a, int32_t shard, struct str source,
                              int64_t batch_id, struct entry *out, bool *found, struct err *e);
/* Entries of a shard after `after`, in order, until `visit` answers false (or fails: *code). */
typedef bool entry_visit(void *ctx, const struct entry *entry, enum err_code *code, struct err *e);
enum err_code rows_each_entry(struct db *db, int32_t shard, int64_t after, entry_visit *visit,
                              void *ctx, struct err *e);
enum err_code rows_fold_position(struct db *db, int32_t shard, int64_t *key, struct err *e);
/* For who only reads: without the lock, which a read-only store refuses. */
enum err_code rows_see_fold_position(struct db *db, int32_t shard, int64_t *key, struct err *e);
enum err_code rows_put_fold_position(struct db *db, int32_t shard, int64_t key, struct instant now,
                                     struct err *e);
/* Shards that have a journal, in order, at most `max`. */
enum err_code rows_journal_shards(struct db *db, int32_t *shards, size_t max, size_t *n,
                                  struct err *e);

/* blobs: keys in [from, until) in order, until `visit` answers false. */
typedef bool blob_visit(void *ctx, int64_t key, int64_t snapshot, struct str data,
                        enum err_code *code, struct err *e);
enum err_code rows_each_chunk(struct db *db, enum series series, int64_t from, int64_t until,
                              blob_visit *visit, void *ctx, struct err *e);
enum err_code rows_each_block(struct db *db, int64_t from, int64_t until, blob_visit *visit,
                              void *ctx, struct err *e);
/* A copy in the arena; n = 0: not there. */
enum err_code rows_get_chunk(struct db *db, enum series series, int64_t key, struct arena *a,
                             struct str *data, struct err *e);
enum err_code rows_put_chunk(struct db *db, enum series series, int64_t key, int32_t shard,
                             struct str data, struct err *e);
enum err_code rows_drop_chunk(struct db *db, enum series series, int64_t key, struct err *e);
enum err_code rows_drop_late(struct db *db, int64_t from, int64_t until, struct err *e);
/* The first row of late readings past `after`; *found false if there is none. */
enum err_code rows_next_late(struct db *db, int64_t after, int64_t *key, bool *found,
                             struct err *e);
/* Whether anything of [from, until) is sealed: an open month is not asked chunk by chunk. */
enum err_code rows_any_block(struct db *db, int64_t from, int64_t until, bool *any, struct err *e);
/* The first and last day number that has registers, of any shard; 0 and -1 if there are none. */
enum err_code rows_register_days(struct db *db, int32_t *first, int32_t *last, struct err *e);
struct blob_row {
    int64_t key, snapshot;
    int32_t shard;
    struct str data, reason;
};
/* Sorted by key; chunks that are there are replaced. */
enum err_code rows_put_chunks(struct db *db, enum series series, const struct blob_row *rows,
                              size_t n, struct err *e);
enum err_code rows_put_blocks(struct db *db, const struct blob_row *rows, size_t n,
                              struct instant now, struct err *e);
enum err_code rows_replace_block(struct db *db, int64_t key, struct str data, struct err *e);

/* history and changes */
struct past_row {
    int32_t shard;
    int64_t point_id;
    struct day day;
    int slot;
    enum series series;
    uint8_t rank;
    int64_t value;
    uint16_t q;
};
enum err_code rows_file(struct db *db, const struct past_row *row, struct instant now,
                        struct err *e);
enum err_code rows_list_past(struct db *db, int32_t shard, int64_t point_id, struct day day,
                             int slot, enum series series, size_t max, struct reading_past *out,
                             size_t *n, struct err *e);
/* Silent when the same proposal is open already. */
enum err_code rows_put_change(struct db *db, int32_t shard, const struct reading_change *c,
                              struct instant now, struct err *e);
enum err_code rows_find_change(struct db *db, struct arena *a, int64_t change_id,
                               struct reading_change *out, bool *found, struct err *e);
enum err_code rows_decide_change(struct db *db, const struct reading_change *c, struct instant now,
                                 struct err *e);
enum err_code rows_page_changes(struct db *db, struct arena *a, int state, int64_t after,
                                size_t max, struct reading_change *out, size_t *n, struct err *e);
/* Whether a change of a slot has this new value, decided or not. */
enum err_code rows_has_change(struct db *db, int32_t shard, int64_t point_id, struct slot slot,
                              int64_t new_value, bool *found, struct err *e);
enum err_code rows_count_changes(struct db *db, int64_t *n, struct err *e);

/* vee_rows.c: proposals; the applied changes of a day, those decided last come last */
enum err_code rows_put_proposal(struct db *db, int32_t shard, const struct reading_proposal *o,
                                struct instant now, struct err *e);
enum err_code rows_page_proposals(struct db *db, struct arena *a, bool open, int64_t after,
                                  size_t max, struct reading_proposal *out, size_t *n,
                                  struct err *e);
enum err_code rows_proposal_changes(struct db *db, int64_t proposal_id, size_t max, int64_t *ids,
                                    int64_t *point_id, size_t *n, struct err *e);
struct day_change {
    int slot;
    int64_t value;
    struct reading_provenance from;
};
enum err_code rows_day_changes(struct db *db, struct arena *a, int32_t shard, int64_t point_id,
                               struct day day, struct day_change *out, size_t max, size_t *n,
                               struct err *e);
/* the work list: a new row is open; a change writes all but place, rule and time of finding */
enum err_code rows_put_finding(struct db *db, int32_t shard, const struct vee_finding *f,
                               struct instant now, struct err *e);
enum err_code rows_set_finding(struct db *db, const struct vee_finding *f, struct err *e);
enum err_code rows_get_finding(struct db *db, struct arena *a, int64_t finding_id,
                               struct vee_finding *out, bool *found, struct err *e);
enum err_code rows_page_findings(struct db *db, struct arena *a, int state, int64_t after,
                                 size_t max, struct vee_finding *out, size_t *n, struct err *e);
enum err_code rows_point_findings(struct db *db, struct arena *a, int32_t shard, int64_t point_id,
                                  struct day from, struct day until, size_t max,
                                  struct vee_finding *out, size_t *n, struct err *e);
#endif
