/* draft.h - from a run's result to a statement in memory, and the bytes that are hashed. Private.
 */
#ifndef SK_STATEMENT_DRAFT_H
#define SK_STATEMENT_DRAFT_H
#include "base/json.h"
#include "statement/statement.h"

/* Organisations by id, looked up once per batch. */
struct org_names;
struct org_names *org_names_new(struct arena *a);
/* A statement that is made again keeps the names and tax numbers of its first making. */
void org_names_keep(struct org_names *names, const struct statement_party *parties, size_t n);

/* A statement NORMAL, PROVISIONAL or FINAL from a result that was written, CHECKED or HELD. Lives
 * in `a` and points into the result. */
enum err_code draft_of_result(struct db *db, struct arena *a, struct org_names *names,
                              const struct settle_result *r, struct statement *out, struct err *e);
/* A statement ADJ: what differs between `old` lines and the result. n_lines 0: nothing. */
enum err_code draft_of_difference(struct db *db, struct arena *a, struct org_names *names,
                                  const struct settle_result *r, const struct settle_line *old,
                                  size_t n_old, int64_t previous_id, struct str reason,
                                  struct statement *out, struct err *e);
/* The counter-entry of `adj`: its lines and legs negated; what it says of readings and versions is
 * that of `holds`, the statement whose result is in force again. The caller gives it its id and
 * revision, then draft_finish() makes the stored texts and the hash. */
void draft_of_counter(struct arena *a, const struct statement *adj, const struct statement *holds,
                      int64_t previous_id, struct str reason, struct statement *out);
void draft_finish(struct arena *a, struct statement *s);
/* The bytes a statement stands for, without state, number and times; and their hash. */
struct str statement_body(struct arena *a, const struct statement *s);
struct sha256 statement_body_hash(const struct statement *s);
/* Body, number, time of issue, due day. */
struct sha256 statement_doc_hash(const struct statement *s);
/* Members "flags" and "printed" of the open object. */
void annex_put(struct json_out *o, const struct statement *s);
/* Flags and printed quantities from annex_text, parties from parties_text. */
enum err_code statement_texts_read(struct arena *a, struct statement *s, struct err *e);
#endif
