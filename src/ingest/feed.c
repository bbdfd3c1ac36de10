/* feed.c - see feed.h. */
#include "ingest/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

struct feed {
    const char *file;
    int fd;
    int64_t done, total;
    bool gz, raw_end, member_open;
    z_stream z;
    struct hasher *hasher; /* only while surveying */
    size_t raw_at, raw_n;
    unsigned char raw[FEED_RAW_BYTES];
};

static enum err_code feed_fill(struct feed *f, struct err *e)
{
    ssize_t n;
    do {
        n = read(f->fd, f->raw, sizeof f->raw);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return fail(e, ERR_IO, "%s: cannot be read: %s", f->file, strerror(errno));
    }
    f->raw_at = 0;
    f->raw_n = (size_t)n;
    f->raw_end = n == 0;
    f->done += n;
    if (f->hasher != NULL) {
        hasher_add(f->hasher, f->raw, (size_t)n);
    }
    return OK;
}

enum err_code feed_open(const char *file, struct feed **out, struct err *e)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) {
        return fail(e, ERR_IO, "%s: cannot be opened: %s; check its name and rights", file,
                    strerror(errno));
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return fail(e, ERR_INPUT, "%s: is not a plain file; name a .csv or .csv.gz file", file);
    }
    struct feed *f = mem_alloc(sizeof *f);
    memset(f, 0, offsetof(struct feed, raw));
    f->file = file;
    f->fd = fd;
    f->total = st.st_size;
    enum err_code code = feed_fill(f, e);
    if (code != OK) {
        feed_close(f);
        return code;
    }
    if (f->raw_n >= 2 && f->raw[0] == 0x1f && f->raw[1] == 0x8b) {
        f->gz = true;
        check(inflateInit2(&f->z, 15 + 16) == Z_OK);
    }
    *out = f;
    return OK;
}

void feed_close(struct feed *f)
{
    if (f == NULL) {
        return;
    }
    if (f->gz) {
        inflateEnd(&f->z);
    }
    close(f->fd);
    free(f);
}

static enum err_code feed_plain(struct feed *f, char *to, size_t n, size_t *got,
                                enum feed_state *state, struct err *e)
{
    if (f->raw_at == f->raw_n && !f->raw_end) {
        enum err_code code = feed_fill(f, e);
        if (code != OK) {
            return code;
        }
    }
    size_t left = f->raw_n - f->raw_at;
    *got = left < n ? left : n;
    memcpy(to, f->raw + f->raw_at, *got);
    f->raw_at += *got;
    *state = f->raw_end ? FEED_END : FEED_MORE;
    return OK;
}

/* A gzip file may hold several members one after the other; anything else behind one is a fault. */
static enum err_code feed_next_member(struct feed *f, enum feed_state *state, struct err *e)
{
    f->member_open = false;
    if (f->raw_at == f->raw_n && !f->raw_end) {
        enum err_code code = feed_fill(f, e);
        if (code != OK) {
            return code;
        }
    }
    if (f->raw_at == f->raw_n) {
        *state = FEED_END;
    } else if (f->raw[f->raw_at] != 0x1f) {
        *state = FEED_CORRUPT;
    } else {
        check(inflateReset(&f->z) == Z_OK);
    }
    return OK;
}

static enum err_code feed_unpack(struct feed *f, char *to, size_t n, size_t *got,
                                 enum feed_state *state, struct err *e)
{
    f->z.next_out = (unsigned char *)to;
    f->z.avail_out = (unsigned)n;
    *state = FEED_MORE;
    while (f->z.avail_out > 0 && *state == FEED_MORE) {
        if (f->raw_at == f->raw_n && !f->raw_end) {
            enum err_code code = feed_fill(f, e);
            if (code != OK) {
                return code;
            }
        }
        if (f->raw_at == f->raw_n) {
            *state = FEED_TRUNCATED;
            break;
        }
        f->member_open = true;
        f->z.next_in = f->raw + f->raw_at;
        f->z.avail_in = (unsigned)(f->raw_n - f->raw_at);
        int rc = inflate(&f->z, Z_NO_FLUSH);
        f->raw_at = f->raw_n - f->z.avail_in;
        if (rc == Z_STREAM_END) {
            enum err_code code = feed_next_member(f, state, e);
            if (code != OK) {
                return code;
            }
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            *state = FEED_CORRUPT;
        }
    }
    *got = n - f->z.avail_out;
    return OK;
}

enum err_code feed_read(struct feed *f, char *to, size_t n, size_t *got, enum feed_state *state,
                        struct err *e)
{
    return f->gz ? feed_unpack(f, to, n, got, state, e) : feed_plain(f, to, n, got, state, e);
}

int64_t feed_raw_done(const struct feed *f)
{
    return f->done;
}

int64_t feed_raw_total(const struct feed *f)
{
    return f->total;
}

enum err_code feed_survey(const char *file, struct sha256 *digest, enum feed_state *state,
                          struct err *e)
{
    struct feed *f;
    enum err_code code = feed_open(file, &f, e);
    if (code != OK) {
        return code;
    }
    struct arena *a = arena_new();
    char *bytes = mem_alloc(FEED_RAW_BYTES);
    size_t got;
    f->hasher = hasher_new(a);
    hasher_add(f->hasher, f->raw, f->raw_n);
    *state = FEED_MORE;
    while (code == OK && *state == FEED_MORE) {
        code = feed_read(f, bytes, FEED_RAW_BYTES, &got, state, e);
    }
    /* After a fault in the packing the rest still belongs to the digest. */
    while (code == OK && !f->raw_end) {
        code = feed_fill(f, e);
    }
    struct sha256 sum = hasher_end(f->hasher);
    f->hasher = NULL;
    if (code == OK) {
        *digest = sum;
    }
    free(bytes);
    arena_free(a);
    feed_close(f);
    return code;
}
