/* secret_test.c - the laws of secret.h on both engines. */
#include "secret/secret.h"
#include "base/test.h"
#include "support/pg.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOW ((struct instant){ 1772417700000LL }) /* 2026-03-02 10:15 in China */
#define ACCOUNT STR("6200000000000000001")

static bool postgres;

struct fixture {
    char where[600], file[700];
    struct db *db;
    struct secrets *s;
    struct arena *a;
    struct err e;
};

static void begin(struct fixture *f)
{
    assert_ok(store_begin(f->db, STORE_CORE, STORE_WRITE, &f->e), &f->e);
}

static void commit(struct fixture *f)
{
    assert_ok(store_commit(f->db, STORE_CORE, &f->e), &f->e);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    char folder[600];
    temp_dir(folder, sizeof(folder));
    snprintf(f->file, sizeof(f->file), "%s/root.key", folder);
    if (postgres) {
        pg_new_url(f->where, sizeof(f->where));
    } else {
        temp_dir(f->where, sizeof(f->where));
    }
    f->a = arena_new();
    assert_ok(store_open(f->where, STORE_CREATE, &f->db, &f->e), &f->e);
    assert_ok(store_migrate(f->db, &secret_migrations, 1, NOW, &f->e), &f->e);
    assert_ok(secret_open(f->db, f->file, true, &f->s, &f->e), &f->e);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    secret_close(f->s);
    store_close(f->db);
    arena_free(f->a);
    free(f);
    return 0;
}

static struct str place(struct fixture *f, int64_t id)
{
    return secret_place(f->a, "bank_account.no_sealed", id);
}

static struct str seal(struct fixture *f, int64_t id, struct str plain)
{
    struct str out;
    begin(f);
    assert_ok(secret_seal(f->s, f->db, f->a, "bank", place(f, id), plain, NOW, &out, &f->e), &f->e);
    commit(f);
    return out;
}

static enum err_code unseal(struct fixture *f, int64_t id, struct str envelope, struct str *out)
{
    return secret_unseal(f->s, f->db, f->a, "bank", place(f, id), envelope, out, &f->e);
}

static void assert_opens(struct fixture *f, int64_t id, struct str envelope, struct str want)
{
    struct str out;
    assert_ok(unseal(f, id, envelope, &out), &f->e);
    assert_true(str_eq(out, want));
}

static void assert_refused(struct fixture *f, int64_t id, struct str envelope)
{
    struct str out = STR("untouched");
    assert_int_equal(unseal(f, id, envelope, &out), ERR_CORRUPT);
    assert_string_equal(f->e.name, "SEC_DECRYPT_FAILED");
    assert_true(str_is(out, "untouched"));
}

static void test_form_of_an_envelope(void **state)
{
    struct fixture *f = *state;
    int32_t id;
    struct str v = seal(f, 1001, ACCOUNT);
    assert_int_equal(v.n, 4 + 12 + 19 + 16);
    assert_memory_equal(v.at, "\x01\x01\x00\x01", 4);
    assert_opens(f, 1001, v, ACCOUNT);
    begin(f);
    assert_ok(secret_rotate(f->s, f->db, "bank", CIPHER_SM4_SM3, NOW, &id, &f->e), &f->e);
    commit(f);
    struct str w = seal(f, 1001, ACCOUNT);
    assert_int_equal(w.n, 4 + 16 + 19 + 32);
    assert_memory_equal(w.at, "\x01\x02\x00\x02", 4);
    assert_opens(f, 1001, w, ACCOUNT);
    assert_opens(f, 1001, v, ACCOUNT); /* law 3 */
    assert_int_equal(secret_key_of(v), 1);
    assert_ok(secret_active(f->s, f->db, "bank", &id, &f->e), &f->e);
    assert_int_equal(id, 2);
}

/* Each bit of each byte, each length, another row, column, purpose; in both suites. */
static void test_laws_1_and_2(void **state)
{
    struct fixture *f = *state;
    int32_t id;
    for (int alg = 1; alg <= 2; alg++) {
        begin(f);
        assert_ok(secret_rotate(f->s, f->db, "bank", (enum cipher_alg)alg, NOW, &id, &f->e), &f->e);
        commit(f);
        struct str v = seal(f, 1001, ACCOUNT), out;
        for (size_t i = 0; i < v.n * 8; i++) {
            char *bad = arena_copy(f->a, v.at, v.n);
            bad[i / 8] = (char)(bad[i / 8] ^ (1 << i % 8));
            assert_refused(f, 1001, (struct str){ bad, v.n });
        }
        for (size_t n = 0; n < v.n; n++) {
            assert_refused(f, 1001, (struct str){ v.at, n });
        }
        assert_refused(f, 1002, v);
        assert_int_equal(secret_unseal(f->s, f->db, f->a, "bank",
                                       secret_place(f->a, "bank_account.name_sealed", 1001), v,
                                       &out, &f->e),
                         ERR_CORRUPT);
        assert_int_equal(
            secret_unseal(f->s, f->db, f->a, "phone", place(f, 1001), v, &out, &f->e), ERR_CORRUPT);
    }
}

/* A key of a transaction that was rolled back is not used again, though its number comes back. */
static void test_rolled_back_key(void **state)
{
    struct fixture *f = *state;
    struct str lost, kept;
    begin(f);
    assert_ok(secret_seal(f->s, f->db, f->a, "bank", place(f, 1), ACCOUNT, NOW, &lost, &f->e),
              &f->e);
    store_rollback(f->db, STORE_CORE);
    kept = seal(f, 1, ACCOUNT);
    assert_int_equal(secret_key_of(lost), secret_key_of(kept));
    assert_opens(f, 1, kept, ACCOUNT);
    assert_refused(f, 1, lost);
}

static void test_index(void **state)
{
    struct fixture *f = *state;
    uint8_t one[SECRET_INDEX_BYTES], two[SECRET_INDEX_BYTES], other[SECRET_INDEX_BYTES];
    assert_int_equal(secret_index(f->s, f->db, "index", ACCOUNT, NOW, one, &f->e), ERR_NOT_FOUND);
    begin(f);
    assert_ok(secret_index(f->s, f->db, "index", ACCOUNT, NOW, one, &f->e), &f->e);
    commit(f);
    assert_ok(secret_index(f->s, f->db, "index", ACCOUNT, NOW, two, &f->e), &f->e);
    assert_ok(secret_index(f->s, f->db, "index", STR("6200000000000000002"), NOW, other, &f->e),
              &f->e);
    assert_memory_equal(one, two, sizeof(one));
    assert_memory_not_equal(one, other, sizeof(one));
}

static void test_law_4(void **state)
{
    struct fixture *f = *state;
    struct secrets *s;
    char other[800];
    struct stat st;
    assert_int_equal(stat(f->file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0400);
    assert_int_equal(st.st_size, 65);
    struct str v = seal(f, 5, ACCOUNT);
    snprintf(other, sizeof(other), "%s.other", f->file);
    assert_int_equal(secret_open(f->db, other, true, &s, &f->e), ERR_NOT_FOUND);
    assert_string_equal(f->e.name, "SEC_ROOT_MISSING");
    int fd = open(other, O_WRONLY | O_CREAT, 0400);
    assert_int_equal(
        write(fd, "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 64), 64);
    close(fd);
    assert_int_equal(secret_open(f->db, other, true, &s, &f->e), ERR_CORRUPT);
    assert_string_equal(f->e.name, "SEC_ROOT_WRONG");
    assert_int_equal(chmod(other, 0440), 0);
    assert_int_equal(secret_open(f->db, other, true, &s, &f->e), ERR_RULE);
    assert_string_equal(f->e.name, "SEC_ROOT_OPEN");
    secret_close(f->s);
    assert_ok(secret_open(f->db, f->file, false, &f->s, &f->e), &f->e);
    assert_opens(f, 5, v, ACCOUNT);
}

static void test_another_root(void **state)
{
    struct fixture *f = *state;
    char next[800];
    int32_t id;
    size_t n;
    struct str v = seal(f, 5, ACCOUNT), w;
    begin(f);
    assert_ok(secret_rotate(f->s, f->db, "bank", CIPHER_SM4_SM3, NOW, &id, &f->e), &f->e);
    commit(f);
    w = seal(f, 6, ACCOUNT);
    snprintf(next, sizeof(next), "%s.next", f->file);
    begin(f);
    assert_ok(secret_rewrap(f->s, f->db, next, NOW, &n, &f->e), &f->e);
    commit(f);
    assert_int_equal(n, 2);
    secret_close(f->s);
    f->s = NULL;
    assert_int_equal(secret_open(f->db, f->file, false, &f->s, &f->e), ERR_CORRUPT);
    assert_ok(secret_open(f->db, next, false, &f->s, &f->e), &f->e);
    assert_opens(f, 5, v, ACCOUNT);
    assert_opens(f, 6, w, ACCOUNT);
}

static void test_files(void **state)
{
    struct fixture *f = *state;
    struct sha256 h, again;
    struct str out;
    char path[900], hex[65] = { 0 };
    struct str letter = STR("账户变更函 6200000000000000001 (加盖公章)");
    begin(f);
    assert_ok(secret_file_put(f->s, f->db, letter, NOW, &h, &f->e), &f->e);
    assert_ok(secret_file_put(f->s, f->db, letter, NOW, &again, &f->e), &f->e);
    commit(f);
    assert_memory_equal(&h, &again, sizeof(h));
    assert_ok(secret_file_get(f->s, f->db, f->a, h, &out, &f->e), &f->e);
    assert_true(str_eq(out, letter));
    for (size_t i = 0; i < 32; i++) {
        snprintf(hex + 2 * i, 3, "%02x", h.b[i]);
    }
    struct str folder = secret_folder(f->s);
    snprintf(path, sizeof(path), STR_FMT "/files/%s", STR_ARG(folder), hex);
    char bytes[4096];
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t n = fread(bytes, 1, sizeof(bytes), in);
    fclose(in);
    assert_null(memmem(bytes, n, "6200000000000000001", 19));
    h.b[0] ^= 1;
    assert_int_equal(secret_file_get(f->s, f->db, f->a, h, &out, &f->e), ERR_NOT_FOUND);
}

#define EACH(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EACH(test_form_of_an_envelope), EACH(test_laws_1_and_2), EACH(test_rolled_back_key),
        EACH(test_index),               EACH(test_law_4),        EACH(test_another_root),
        EACH(test_files),
    };
    int bad = cmocka_run_group_tests_name("secret on SQLite", tests, NULL, NULL);
    if (pg_installed()) {
        postgres = true;
        bad += cmocka_run_group_tests_name("secret on PostgreSQL", tests, NULL, NULL);
    }
    return bad;
}
