/* report.c - see report.h. */
#include "ingest/report.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum err_code report_failed(const struct report *r, struct err *e)
{
    enum err_code code = errno == ENOSPC || errno == EDQUOT  ? ERR_FULL
                         : errno == EROFS || errno == EACCES ? ERR_READ_ONLY
                                                             : ERR_IO;
    return fail(e, code, "report %s: cannot be written: %s; name another place for it", r->file,
                strerror(errno));
}

enum err_code report_init(struct report *r, const char *file, struct err *e)
{
    r->file = file;
    r->fd = -1;
    r->n = 0;
    if (file != NULL && unlink(file) != 0 && errno != ENOENT) {
        return report_failed(r, e);
    }
    return OK;
}

static enum err_code report_flush(struct report *r, struct err *e)
{
    for (size_t at = 0; at < r->n;) {
        ssize_t n = write(r->fd, r->bytes + at, r->n - at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            r->n = 0;
            return report_failed(r, e);
        }
        at += (size_t)n;
    }
    r->n = 0;
    return OK;
}

static void put(struct report *r, char c)
{
    if (r->n < sizeof r->bytes) {
        r->bytes[r->n++] = c;
    }
}

/* A quoted cell; bytes that would upset a reader are shown as \xNN. */
static void put_cell(struct report *r, struct str s)
{
    static const char hex[] = "0123456789abcdef";
    bool text = str_utf8(s);
    put(r, '"');
    for (size_t i = 0; i < s.n && i < REPORT_CELL_MAX; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (c < 0x20 || c == 0x7f || (c >= 0x80 && !text)) {
            put(r, '\\');
            put(r, 'x');
            put(r, hex[c >> 4]);
            put(r, hex[c & 15]);
        } else {
            if (c == '"') {
                put(r, '"');
            }
            put(r, (char)c);
        }
    }
    put(r, '"');
}

static void put_text(struct report *r, const char *s)
{
    for (; *s != '\0'; s++) {
        put(r, *s);
    }
}

/* An end of REPORT_RAW_MAX bytes that does not cut a character. */
static struct str shortened(struct str s)
{
    if (s.n > REPORT_RAW_MAX) {
        s.n = REPORT_RAW_MAX;
        while (s.n > 0 && ((unsigned char)s.at[s.n] & 0xc0) == 0x80) {
            s.n--;
        }
    }
    return s;
}

enum err_code report_add(struct report *r, int64_t line, int column, const char *code,
                         const char *text, struct str raw, struct err *e)
{
    char place[48];
    if (r->file == NULL) {
        return OK;
    }
    if (r->fd < 0) {
        r->fd = open(r->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
        if (r->fd < 0) {
            return report_failed(r, e);
        }
        put_text(r, "line,column,code,text,raw\n");
    }
    snprintf(place, sizeof place, "%lld,%d,", (long long)line, column);
    put_text(r, place);
    put_text(r, code);
    put(r, ',');
    put_cell(r, str_of(text));
    put(r, ',');
    put_cell(r, shortened(raw));
    put(r, '\n');
    /* An entry is at most 4 x 200 + 2 x 256 bytes and some. */
    return r->n > sizeof r->bytes - 2048 ? report_flush(r, e) : OK;
}

enum err_code report_close(struct report *r, struct err *e)
{
    if (r->fd < 0) {
        return OK;
    }
    enum err_code code = report_flush(r, e);
    if (close(r->fd) != 0 && code == OK) {
        code = report_failed(r, e);
    }
    r->fd = -1;
    return code;
}
