/* secret.c - data keys out of the ring, envelopes with them, rotation.
 *
 * The ring is asked with each use (one prepared statement): a key made in a transaction that was
 * rolled back is thus never used again, and another process's rotation is seen at once. Only the
 * unwrapping is kept, for as long as the row's bytes are the same.
 */
#include "secret/secret.h"
#include "base/embed.h"
#include "secret/ring_rows.h"
#include "secret/root.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

EMBED(secret_sql, "src/secret/secret.sql");
const struct store_migrations secret_migrations = { "secret", secret_sql };

#define ENVELOPE_VERSION 1
#define CACHE_KEYS 16 /* purposes in use at a time, and their last versions */
#define FILES_FOLDER "files"
#define FILES_PURPOSE "file"
#define KEY_ID_MAX 65535

struct cached {
    int32_t key_id; /* 0: free */
    struct sha256 of;
    struct cipher_key key;
};
struct secrets {
    uint8_t root[ROOT_BYTES];
    struct cached cache[CACHE_KEYS];
    size_t next; /* of the cache, to be taken for the next key */
    char *file;
};

static struct secrets *locked_new(void)
{
    struct secrets *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(s != MAP_FAILED);
    (void)mlock(s, sizeof(*s)); /* a small limit on locked memory must not stop the house */
    (void)madvise(s, sizeof(*s), MADV_DONTDUMP);
    return s;
}

void secret_close(struct secrets *s)
{
    if (s) {
        free(s->file);
        cipher_wipe(s, sizeof(*s));
        munmap(s, sizeof(*s));
    }
}

struct str secret_folder(const struct secrets *s)
{
    const char *slash = strrchr(s->file, '/');
    return slash ? (struct str){ s->file, (size_t)(slash - s->file) } : STR(".");
}

static void kek_make(const uint8_t *root, enum cipher_alg alg, struct str purpose,
                     struct cipher_key *out)
{
    char info[SECRET_PURPOSE_MAX + 32];
    int n = snprintf(info, sizeof(info), "sunkeeper/" STR_FMT "/v1", STR_ARG(purpose));
    cipher_hkdf(alg, (struct str){ (const char *)root, ROOT_BYTES }, STR(""),
                (struct str){ info, (size_t)n }, out->b, sizeof(out->b));
}

static struct str wrap_place(struct arena *a, const struct secret_key *k)
{
    return str_of(arena_printf(a, "key_ring.wrapped|%d|" STR_FMT "|%d", k->key_id,
                               STR_ARG(k->purpose), k->version));
}

static enum err_code unwrap(const uint8_t *root, struct arena *a, const struct ring_row *row,
                            struct cipher_key *out, struct err *e)
{
    struct cipher_key kek;
    if (!cipher_known(row->key.alg)) {
        return fail(e, ERR_CORRUPT, "key %d: suite %d is not known", row->key.key_id,
                    (int)row->key.alg);
    }
    kek_make(root, row->key.alg, row->key.purpose, &kek);
    enum err_code code =
        cipher_unwrap(row->key.alg, &kek, wrap_place(a, &row->key), row->wrapped, out, e);
    cipher_wipe(&kek, sizeof(kek));
    return code == OK ? OK
                      : fail_named(e, ERR_CORRUPT, "SEC_ROOT_WRONG",
                                   "key %d of the ring: this root key does not open it: give the "
                                   "root key file of this store",
                                   row->key.key_id);
}

/* The data key of a row; valid until the next call. */
static enum err_code key_of(struct secrets *s, struct arena *a, const struct ring_row *row,
                            const struct cipher_key **out, struct err *e)
{
    struct sha256 of = sha256_of(row->wrapped.at, row->wrapped.n);
    for (size_t i = 0; i < CACHE_KEYS; i++) {
        struct cached *c = &s->cache[i];
        if (c->key_id == row->key.key_id && memcmp(&c->of, &of, sizeof(of)) == 0) {
            *out = &c->key;
            return OK;
        }
    }
    struct cached *c = &s->cache[s->next];
    c->key_id = 0;
    enum err_code code = unwrap(s->root, a, row, &c->key, e);
    if (code == OK) {
        c->key_id = row->key.key_id;
        c->of = of;
        s->next = (s->next + 1) % CACHE_KEYS;
        *out = &c->key;
    }
    return code;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static enum err_code root_take(struct secrets *s, struct db *db, bool make, struct err *e)
{
    struct arena *a = arena_new();
    struct ring_row *list;
    size_t n = 0;
    bool found = false;
    enum err_code code = root_read(s->file, s->root, &found, e);
    if (code == OK) {
        code = rows_list_keys(db, a, &list, &n, e);
    }
    if (code == OK && !found && (n > 0 || !make)) {
        code = fail_named(e, ERR_NOT_FOUND, "SEC_ROOT_MISSING",
                          "root key %s: not there; %s", s->file,
                          n > 0 ? "restore it, or what was sealed stays sealed"
                                : "open the store for writing to make it");
    } else if (code == OK && !found) {
        code = root_make(s->file, s->root, e);
    } else if (code == OK && n > 0) {
        const struct cipher_key *key;
        code = key_of(s, a, &list[n - 1], &key, e);
    }
    arena_free(a);
    return code;
}

static char *file_name(struct db *db, const char *file)
{
    struct arena *a = arena_new();
    const char *name =
        file ? file : arena_printf(a, "%s/%s", store_where(db), SECRET_ROOT_FILE);
    size_t n = strlen(name) + 1;
    char *own = mem_alloc(n);
    memcpy(own, name, n);
    arena_free(a);
    return own;
}

enum err_code secret_open(struct db *db, const char *file, bool make, struct secrets **out,
                          struct err *e)
{
    if (!file && store_engine(db) != STORE_SQLITE) {
        return fail(e, ERR_INPUT,
                    "a store on PostgreSQL has no folder: name the file of its root key");
    }
    struct secrets *s = locked_new();
    s->file = file_name(db, file);
    enum err_code code = root_take(s, db, make, e);
    if (code != OK) {
        secret_close(s);
        return code;
    }
    *out = s;
    return OK;
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static enum err_code purpose_check(const char *purpose, struct err *e)
{
    size_t n = strlen(purpose);
    return n > 0 && n <= SECRET_PURPOSE_MAX
               ? OK
               : fail(e, ERR_INPUT, "the purpose of a key is a word of 1 to %d bytes",
                      SECRET_PURPOSE_MAX);
}

static enum err_code key_make(struct secrets *s, struct db *db, struct arena *a,
                              const char *purpose, enum cipher_alg alg, struct instant now,
                              struct ring_row *out, struct err *e)
{
    struct ring_row *list;
    size_t n;
    struct cipher_key data, kek;
    struct ring_row row = { .key = { .key_id = 1,
                                     .version = 1,
                                     .purpose = str_of(purpose),
                                     .alg = alg,
                                     .active = true,
                                     .created = now } };
    if (!store_in_tx(db, STORE_CORE)) {
        return fail(e, ERR_NOT_FOUND, "no key for %s yet: it is made with the first writing",
                    purpose);
    }
    if (purpose_check(purpose, e) != OK || rows_list_keys(db, a, &list, &n, e) != OK) {
        return e->code;
    }
    if (n == SECRET_KEYS_MAX || (n > 0 && list[n - 1].key.key_id >= KEY_ID_MAX)) {
        return fail(e, ERR_LIMIT, "the key ring is full (%d keys)", SECRET_KEYS_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        row.key.key_id = list[i].key.key_id + 1;
        if (str_is(list[i].key.purpose, purpose)) {
            row.key.version = list[i].key.version + 1;
        }
    }
    cipher_random(&data, sizeof(data));
    kek_make(s->root, alg, row.key.purpose, &kek);
    row.wrapped = cipher_wrap(a, alg, &kek, wrap_place(a, &row.key),
                              (struct str){ (const char *)data.b, sizeof(data.b) });
    cipher_wipe(&data, sizeof(data));
    cipher_wipe(&kek, sizeof(kek));
    if (rows_retire_keys(db, purpose, now, e) != OK || rows_put_key(db, &row, e) != OK) {
        return e->code;
    }
    *out = row;
    return OK;
}

static enum err_code key_active(struct secrets *s, struct db *db, struct arena *a,
                                const char *purpose, struct instant now, struct ring_row *out,
                                struct err *e)
{
    bool found;
    if (rows_find_key(db, a, 0, purpose, out, &found, e) != OK) {
        return e->code;
    }
    return found ? OK : key_make(s, db, a, purpose, CIPHER_AES_GCM, now, out, e);
}

enum err_code secret_rotate(struct secrets *s, struct db *db, const char *purpose,
                            enum cipher_alg alg, struct instant now, int32_t *key_id,
                            struct err *e)
{
    struct arena *a = arena_new();
    struct ring_row row;
    enum err_code code = cipher_known(alg) ? key_make(s, db, a, purpose, alg, now, &row, e)
                                           : fail(e, ERR_INPUT, "suite %d: 1 or 2", (int)alg);
    if (code == OK) {
        *key_id = row.key.key_id;
    }
    arena_free(a);
    return code;
}

enum err_code secret_active(struct secrets *s, struct db *db, const char *purpose, int32_t *key_id,
                            struct err *e)
{
    struct arena *a = arena_new();
    struct ring_row row = { .key = { .key_id = 0 } };
    bool found;
    (void)s;
    enum err_code code = rows_find_key(db, a, 0, purpose, &row, &found, e);
    if (code == OK) {
        *key_id = found ? row.key.key_id : 0;
    }
    arena_free(a);
    return code;
}

enum err_code secret_rewrap(struct secrets *s, struct db *db, const char *new_file,
                            struct instant now, size_t *n, struct err *e)
{
    struct arena *a = arena_new();
    uint8_t root[ROOT_BYTES];
    struct ring_row *list = NULL;
    size_t count = 0;
    enum err_code code = rows_list_keys(db, a, &list, &count, e);
    if (code == OK) {
        code = root_make(new_file, root, e);
    }
    for (size_t i = 0; i < count && code == OK; i++) {
        struct cipher_key data, kek;
        code = unwrap(s->root, a, &list[i], &data, e);
        if (code == OK) {
            kek_make(root, list[i].key.alg, list[i].key.purpose, &kek);
            struct str wrapped =
                cipher_wrap(a, list[i].key.alg, &kek, wrap_place(a, &list[i].key),
                            (struct str){ (const char *)data.b, sizeof(data.b) });
            code = rows_wrap_key(db, list[i].key.key_id, wrapped, now, e);
            cipher_wipe(&kek, sizeof(kek));
        }
        cipher_wipe(&data, sizeof(data));
    }
    cipher_wipe(root, sizeof(root));
    arena_free(a);
    if (code == OK) {
        *n = count;
    }
    return code;
}

enum err_code secret_keys(struct db *db, struct arena *a, const struct secret_key **out, size_t *n,
                          struct err *e)
{
    struct ring_row *list;
    size_t count;
    if (rows_list_keys(db, a, &list, &count, e) != OK) {
        return e->code;
    }
    struct secret_key *keys = arena_many(a, count + 1, struct secret_key);
    for (size_t i = 0; i < count; i++) {
        keys[i] = list[i].key;
    }
    *out = keys;
    *n = count;
    return OK;
}

/* ---- envelopes --------------------------------------------------------------------------------
 */

struct str secret_place(struct arena *a, const char *table_column, int64_t row_id)
{
    return str_of(arena_printf(a, "%s|%lld", table_column, (long long)row_id));
}

/* The national suite also proves the version's byte, as its published vector has it. */
static struct str aad_of(struct arena *a, enum cipher_alg alg, struct str place)
{
    struct text t;
    text_init(&t, a, place.n + 1);
    if (alg == CIPHER_SM4_SM3) {
        text_byte(&t, ENVELOPE_VERSION);
    }
    text_add(&t, place);
    return text_str(&t);
}

enum err_code secret_seal(struct secrets *s, struct db *db, struct arena *a, const char *purpose,
                          struct str place, struct str plain, struct instant now,
                          struct str *envelope, struct err *e)
{
    struct ring_row row;
    const struct cipher_key *key;
    uint8_t iv[CIPHER_IV_BYTES_MAX];
    if (plain.n > CIPHER_PLAIN_MAX) {
        return fail(e, ERR_LIMIT, "%zu bytes to seal: more than %u", plain.n, CIPHER_PLAIN_MAX);
    }
    if (key_active(s, db, a, purpose, now, &row, e) != OK || key_of(s, a, &row, &key, e) != OK) {
        return e->code;
    }
    cipher_random(iv, sizeof(iv));
    struct str body =
        cipher_seal(a, row.key.alg, key, iv, aad_of(a, row.key.alg, place), plain);
    uint8_t *out = arena_alloc(a, SECRET_ENVELOPE_HEAD + body.n);
    out[0] = ENVELOPE_VERSION;
    out[1] = (uint8_t)row.key.alg;
    out[2] = (uint8_t)(row.key.key_id >> 8);
    out[3] = (uint8_t)row.key.key_id;
    memcpy(out + SECRET_ENVELOPE_HEAD, body.at, body.n);
    *envelope = (struct str){ (const char *)out, SECRET_ENVELOPE_HEAD + body.n };
    return OK;
}

int32_t secret_key_of(struct str envelope)
{
    const uint8_t *b = (const uint8_t *)envelope.at;
    return envelope.n > SECRET_ENVELOPE_HEAD && b[0] == ENVELOPE_VERSION ? b[2] << 8 | b[3] : 0;
}

static enum err_code no_envelope(struct err *e, const char *why)
{
    return fail_named(e, ERR_CORRUPT, "SEC_DECRYPT_FAILED",
                      "a sealed value %s: restore it from a backup", why);
}

enum err_code secret_unseal(struct secrets *s, struct db *db, struct arena *a, const char *purpose,
                            struct str place, struct str envelope, struct str *plain,
                            struct err *e)
{
    struct ring_row row;
    const struct cipher_key *key;
    bool found = false;
    int32_t key_id = secret_key_of(envelope);
    if (key_id == 0) {
        return no_envelope(e, "is cut, or of an unknown version");
    }
    if (rows_find_key(db, a, key_id, purpose, &row, &found, e) != OK) {
        return e->code;
    }
    if (!found || !str_is(row.key.purpose, purpose) ||
        (int)row.key.alg != (unsigned char)envelope.at[1]) {
        return no_envelope(e, "names a key that is not of this purpose");
    }
    if (key_of(s, a, &row, &key, e) != OK) {
        return e->code;
    }
    struct str body = { envelope.at + SECRET_ENVELOPE_HEAD, envelope.n - SECRET_ENVELOPE_HEAD };
    return cipher_open(a, row.key.alg, key, aad_of(a, row.key.alg, place), body, plain, e);
}

enum err_code secret_index(struct secrets *s, struct db *db, const char *purpose, struct str plain,
                           struct instant now, uint8_t out[SECRET_INDEX_BYTES], struct err *e)
{
    struct arena *a = arena_new();
    struct ring_row row;
    const struct cipher_key *key;
    enum err_code code = key_active(s, db, a, purpose, now, &row, e);
    if (code == OK) {
        code = key_of(s, a, &row, &key, e);
    }
    if (code == OK) {
        struct sm3 h = sm3_hmac(key->b + 16, 32, plain.at, plain.n);
        memcpy(out, h.b, SECRET_INDEX_BYTES);
    }
    arena_free(a);
    return code;
}

/* ---- files ------------------------------------------------------------------------------------
 */

static const char *content_file(struct secrets *s, struct arena *a, struct sha256 hash,
                                struct str *place)
{
    struct text hex;
    text_init(&hex, a, 64);
    text_hex(&hex, hash.b, sizeof(hash.b));
    *place = str_of(arena_printf(a, "file_obj.content|" STR_FMT, STR_ARG(text_str(&hex))));
    return arena_printf(a, STR_FMT "/%s/" STR_FMT, STR_ARG(secret_folder(s)), FILES_FOLDER,
                        STR_ARG(text_str(&hex)));
}

enum err_code secret_file_put(struct secrets *s, struct db *db, struct str content,
                              struct instant now, struct sha256 *hash, struct err *e)
{
    struct arena *a = arena_new();
    struct str place, envelope;
    struct sha256 own = sha256_of(content.at, content.n);
    const char *file = content_file(s, a, own, &place);
    const char *folder =
        arena_printf(a, STR_FMT "/%s", STR_ARG(secret_folder(s)), FILES_FOLDER);
    enum err_code code =
        mkdir(folder, 0700) == 0 || errno == EEXIST
            ? secret_seal(s, db, a, FILES_PURPOSE, place, content, now, &envelope, e)
            : fail(e, ERR_IO, "%s: %s", folder, strerror(errno));
    if (code == OK) {
        struct str old;
        struct err none;
        if (secret_file_get(s, db, a, own, &old, &none) != OK) {
            unlink(file); /* absent, or sealed by a key that was rolled back */
            code = file_write_new(file, 0400, envelope, e);
        }
    }
    if (code == OK) {
        *hash = own;
    }
    arena_free(a);
    return code;
}

enum err_code secret_file_get(struct secrets *s, struct db *db, struct arena *a,
                              struct sha256 hash, struct str *content, struct err *e)
{
    struct str place, plain;
    const char *file = content_file(s, a, hash, &place);
    FILE *in = fopen(file, "rb");
    struct stat st;
    if (!in || fstat(fileno(in), &st) != 0 || st.st_size > (off_t)CIPHER_PLAIN_MAX + 4096) {
        if (in) {
            fclose(in);
        }
        return fail(e, ERR_NOT_FOUND, "file %s: not there", file);
    }
    char *bytes = arena_alloc(a, (size_t)st.st_size + 1);
    size_t n = fread(bytes, 1, (size_t)st.st_size, in);
    fclose(in);
    if (secret_unseal(s, db, a, FILES_PURPOSE, place, (struct str){ bytes, n }, &plain, e) != OK) {
        return fail_in(e, "file %s: ", file);
    }
    struct sha256 got = sha256_of(plain.at, plain.n);
    if (memcmp(&got, &hash, sizeof(got)) != 0) {
        return fail(e, ERR_CORRUPT, "file %s: its content is another", file);
    }
    *content = plain;
    return OK;
}
