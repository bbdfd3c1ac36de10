/* password.c - passwords: what is allowed, and argon2id (integrations.md 8).
 *
 * Secrets are the one thing whose randomness is not passed in: salts come from getrandom.
 */
#include "people/password.h"
#include "people/people.h"
#include <argon2.h>
#include <sys/random.h>

#define MEMORY_KIB 65536
#define PASSES 3
#define LANES 1
#define TAG_BYTES 32
#define DIFFERENT_MIN 5 /* fewer different characters can be read off a keyboard at a glance */

static const char parameters[] = "$argon2id$v=19$m=65536,t=3,p=1$";

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.at[i] & 0xC0) != 0x80;
    }
    return n;
}

static int different_bytes(struct str s)
{
    bool seen[256] = { 0 };
    int n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.at[i];
        n += !seen[c];
        seen[c] = true;
    }
    return n;
}

/* Each character one more (or one less) than the one before: 123456789012, abcdefghijkl. */
static bool is_staircase(struct str s)
{
    size_t up = 0, down = 0;
    for (size_t i = 1; i < s.n; i++) {
        up += s.at[i] - s.at[i - 1] == 1;
        down += s.at[i - 1] - s.at[i] == 1;
    }
    return up + 3 > s.n || down + 3 > s.n;
}

enum err_code password_allowed(struct str password, struct str login, struct err *e)
{
    if (!str_utf8(password) || password.n > PASSWORD_BYTES_MAX) {
        return fail(e, ERR_INPUT, "the password is not text of at most %d bytes",
                    PASSWORD_BYTES_MAX);
    }
    if (characters(password) < PASSWORD_CHARS_MIN) {
        return fail(e, ERR_INPUT, "the password is too short: at least %d characters",
                    PASSWORD_CHARS_MIN);
    }
    if (different_bytes(password) < DIFFERENT_MIN || is_staircase(password)) {
        return fail(e, ERR_INPUT, "the password is too plain: take a few unrelated words");
    }
    if (login.n && memmem(password.at, password.n, login.at, login.n)) {
        return fail(e, ERR_INPUT, "the password holds the login: take another");
    }
    return OK;
}

void password_salt(unsigned char salt[PASSWORD_SALT_BYTES])
{
    check(getrandom(salt, PASSWORD_SALT_BYTES, 0) == PASSWORD_SALT_BYTES);
}

struct str password_hash(struct arena *a, struct str password,
                         const unsigned char salt[PASSWORD_SALT_BYTES])
{
    size_t n =
        argon2_encodedlen(PASSES, MEMORY_KIB, LANES, PASSWORD_SALT_BYTES, TAG_BYTES, Argon2_id);
    char *out = arena_alloc(a, n);
    int rc = argon2id_hash_encoded(PASSES, MEMORY_KIB, LANES, password.at, password.n, salt,
                                   PASSWORD_SALT_BYTES, TAG_BYTES, out, n);
    check_that(rc == ARGON2_OK, "%s", argon2_error_message(rc));
    return str_of(out);
}

bool password_agrees(struct arena *a, struct str hash, struct str password)
{
    if (hash.n == 0) {
        static const unsigned char salt[PASSWORD_SALT_BYTES] = { 0 };
        password_hash(a, password, salt); /* so that the time does not tell who exists */
        return false;
    }
    return argon2id_verify(str_dup(a, hash).at, password.at, password.n) == ARGON2_OK;
}

bool password_is_old(struct str hash)
{
    return !str_starts(hash, parameters);
}
