/* secret.h - the key ring, and envelopes in which account numbers, names and phones are stored.
 *
 * A root key lies in a file of its own, readable by the service user alone. From it come keys that
 * encrypt keys, one for each purpose; under those lie random data keys in the table key_ring; what
 * is stored is sealed by a data key and names it. A stolen database, dump or backup holds
 * envelopes only.
 *
 * Laws
 *  1. Nothing is opened but whole: ERR_CORRUPT `SEC_DECRYPT_FAILED` for what was changed, cut, or
 *     moved to another row or column.
 *  2. A row is sealed under `table.column|row_id` (secret_place), which it proves but does not
 *     hold.
 *  3. A data key is never changed nor removed; rotation makes a next version, the old one reads
 *     on, and the owner of rows seals them anew in the background.
 *  4. A new root key is made only where no ring exists: `SEC_ROOT_MISSING` otherwise.
 *  5. Root key and data keys lie in memory that is locked, left out of core dumps, and wiped.
 *
 * Envelope v1: ver(1) ‖ alg(1) ‖ key_id(2, big-endian) ‖ iv ‖ ciphertext ‖ tag.
 */
#ifndef SK_SECRET_SECRET_H
#define SK_SECRET_SECRET_H
#include "base/base.h"
#include "base/cipher.h"
#include "store/store.h"

extern const struct store_migrations secret_migrations;

#define SECRET_ROOT_FILE "root.key"  /* 64 hex digits and a newline, mode 0400 */
#define SECRET_KEYS_MAX 1024         /* of one ring: 20 purposes rotated monthly for four years */
#define SECRET_PURPOSE_MAX 64        /* bytes; a word such as "bank_account" */
#define SECRET_INDEX_BYTES 16
#define SECRET_ENVELOPE_HEAD 4
struct secrets; /* opaque: belongs to one thread; secret_close() wipes it */

/* `file` NULL: SECRET_ROOT_FILE in the directory of an embedded store (PostgreSQL: ERR_INPUT, name
 * one). Absent, it is made where `make` and no key_ring row exist. ERR_NOT_FOUND
 * `SEC_ROOT_MISSING`; ERR_RULE `SEC_ROOT_OPEN`: others may read the file, or own it; ERR_CORRUPT
 * `SEC_ROOT_WRONG`: no root key, or not the one of this ring. */
SK_MUST_USE enum err_code secret_open(struct db *db, const char *file, bool make,
                                      struct secrets **out, struct err *e);
void secret_close(struct secrets *s); /* NULL is allowed */
/* The folder of the root key: where sealed files lie too. */
struct str secret_folder(const struct secrets *s);

/* "bank_account.no_sealed|1001" */
struct str secret_place(struct arena *a, const char *table_column, int64_t row_id);
/* Seals with the active key of the purpose; makes the first in the caller's core write transaction.
 */
SK_MUST_USE enum err_code secret_seal(struct secrets *s, struct db *db, struct arena *a,
                                      const char *purpose, struct str place, struct str plain,
                                      struct instant now, struct str *envelope, struct err *e);
SK_MUST_USE enum err_code secret_unseal(struct secrets *s, struct db *db, struct arena *a,
                                        const char *purpose, struct str place,
                                        struct str envelope, struct str *plain, struct err *e);
/* For search by equality: HMAC-SM3 under the key of a purpose of its own, that never rotates. Makes
 * the key as secret_seal() does; ERR_NOT_FOUND outside a write transaction when there is none. */
SK_MUST_USE enum err_code secret_index(struct secrets *s, struct db *db, const char *purpose,
                                       struct str plain, struct instant now,
                                       uint8_t out[SECRET_INDEX_BYTES], struct err *e);

/* A next version of the purpose's key, of that suite; core write transaction. */
SK_MUST_USE enum err_code secret_rotate(struct secrets *s, struct db *db, const char *purpose,
                                        enum cipher_alg alg, struct instant now, int32_t *key_id,
                                        struct err *e);
/* The key an envelope names; 0 for what is none. Rows of another than the active key are sealed
 * anew by their owner. */
int32_t secret_key_of(struct str envelope);
SK_MUST_USE enum err_code secret_active(struct secrets *s, struct db *db, const char *purpose,
                                        int32_t *key_id, struct err *e);
/* Wraps every data key anew under the root key of another file (made there), in the caller's core
 * write transaction; the caller opens with that file after the commit. `*n` keys. */
SK_MUST_USE enum err_code secret_rewrap(struct secrets *s, struct db *db, const char *new_file,
                                        struct instant now, size_t *n, struct err *e);

/* Files below the folder of the root key, sealed, named by the SHA-256 of what they hold. Written
 * and synced before the row that names them commits; the same content again is no error. */
SK_MUST_USE enum err_code secret_file_put(struct secrets *s, struct db *db, struct str content,
                                          struct instant now, struct sha256 *hash, struct err *e);
SK_MUST_USE enum err_code secret_file_get(struct secrets *s, struct db *db, struct arena *a,
                                          struct sha256 hash, struct str *content, struct err *e);

struct secret_key {
    int32_t key_id, version;
    struct str purpose;
    enum cipher_alg alg;
    bool active;
    struct instant created;
};
/* By key id; at most SECRET_KEYS_MAX. */
SK_MUST_USE enum err_code secret_keys(struct db *db, struct arena *a, const struct secret_key **out,
                                      size_t *n, struct err *e);
#endif
