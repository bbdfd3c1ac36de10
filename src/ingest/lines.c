/* lines.c - see lines.h. */
#include "ingest/lines.h"

void lines_init(struct lines *l, struct feed *f, char *bytes)
{
    *l = (struct lines){ .feed = f, .state = FEED_MORE, .bytes = bytes };
}

/* Moves what is left to the front and reads more behind it. */
static enum err_code lines_more(struct lines *l, struct err *e)
{
    size_t got;
    memmove(l->bytes, l->bytes + l->at, l->n - l->at);
    l->n -= l->at;
    l->at = 0;
    enum err_code code =
        feed_read(l->feed, l->bytes + l->n, LINES_BYTES - l->n, &got, &l->state, e);
    if (code == OK) {
        l->n += got;
    }
    return code;
}

enum err_code lines_peek(struct lines *l, struct str *bytes, struct err *e)
{
    enum err_code code = OK;
    while (code == OK && l->n < 4096 && l->state == FEED_MORE) {
        code = lines_more(l, e);
    }
    *bytes = (struct str){ l->bytes, l->n < 4096 ? l->n : 4096 };
    return code;
}

void lines_skip(struct lines *l, size_t n)
{
    l->at += n;
}

static struct str without_cr(const char *at, size_t n)
{
    return (struct str){ at, n > 0 && at[n - 1] == '\r' ? n - 1 : n };
}

/* Drops bytes up to the end of a line that was too long. */
static enum err_code lines_skip_rest(struct lines *l, struct err *e)
{
    while (l->skipping) {
        char *end = memchr(l->bytes + l->at, '\n', l->n - l->at);
        if (end != NULL) {
            l->at = (size_t)(end - l->bytes) + 1;
            l->skipping = false;
            break;
        }
        l->at = l->n;
        if (l->state != FEED_MORE) {
            l->skipping = false;
            break;
        }
        enum err_code code = lines_more(l, e);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}

enum err_code lines_next(struct lines *l, struct str *line, enum line_kind *kind, struct err *e)
{
    enum err_code code = lines_skip_rest(l, e);
    if (code != OK) {
        return code;
    }
    for (;;) {
        size_t left = l->n - l->at;
        const char *from = l->bytes + l->at;
        const char *end = left == 0 ? NULL : memchr(from, '\n', left);
        size_t n = end != NULL ? (size_t)(end - from) : left;
        if (n > INGEST_LINE_MAX) {
            *line = (struct str){ from, INGEST_LINE_MAX };
            *kind = LINE_LONG;
            l->at += INGEST_LINE_MAX;
            l->skipping = true;
        } else if (end != NULL) {
            *line = without_cr(from, n);
            *kind = LINE_GOOD;
            l->at += n + 1;
        } else if (l->state == FEED_MORE) {
            if ((code = lines_more(l, e)) != OK) {
                return code;
            }
            continue;
        } else if (left == 0) {
            *kind = LINE_NONE;
            return OK;
        } else {
            *line = without_cr(from, n);
            *kind = l->state == FEED_END ? LINE_GOOD : LINE_OPEN;
            l->at = l->n;
        }
        l->number++;
        return OK;
    }
}

static struct str trim(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t')) {
        at++;
    }
    while (at < end && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    return (struct str){ at, (size_t)(end - at) };
}

/* RFC 4180: "a ""quoted"" cell". `*p` stands behind the opening quote, and behind the closing one
 * after. */
static bool unquote(const char **p, const char *end, char **room, struct str *cell)
{
    char *from = *room;
    const char *q = *p;
    for (;; q++) {
        if (q == end) {
            return false;
        }
        if (*q == '"') {
            if (q + 1 == end || q[1] != '"') {
                break;
            }
            q++;
        }
        *(*room)++ = *q;
    }
    *p = q + 1;
    *cell = trim(from, *room);
    return true;
}

static int quoted_cells(struct str line, char delimiter, struct str *cells, int max, char *room)
{
    const char *p = line.at, *end = line.at + line.n;
    int n = 0;
    for (;; p++) {
        struct str cell;
        while (p < end && *p == ' ') {
            p++;
        }
        if (p < end && *p == '"') {
            p++;
            if (!unquote(&p, end, &room, &cell)) {
                return -1;
            }
            while (p < end && *p == ' ') {
                p++;
            }
            if (p < end && *p != delimiter) {
                return -1;
            }
        } else {
            const char *from = p;
            while (p < end && *p != delimiter) {
                if (*p++ == '"') {
                    return -1;
                }
            }
            cell = trim(from, p);
        }
        if (n < max) {
            cells[n] = cell;
        }
        n++;
        if (p == end) {
            return n;
        }
    }
}

int line_cells(struct str line, char delimiter, struct str *cells, int max, char *room)
{
    if (line.n > 0 && memchr(line.at, '"', line.n) != NULL) {
        return quoted_cells(line, delimiter, cells, max, room);
    }
    const char *from = line.at, *end = line.at + line.n;
    int n = 0;
    for (;;) {
        const char *p = from;
        while (p < end && *p != delimiter) {
            p++;
        }
        if (n < max) {
            cells[n] = trim(from, p);
        }
        n++;
        if (p == end) {
            return n;
        }
        from = p + 1;
    }
}
