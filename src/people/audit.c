/* audit.c - a trail that cannot be changed unseen (law 4, reliability.md 4.6).
 *
 *   hash(n) = SHA-256( hash(n-1) | canonical row n ),   hash(0) = 32 zero bytes
 *
 * The canonical row is "sunkeeper audit 1" and the fields stream, seq, at, user, org, action,
 * object, result, detail, each as its length in bytes, a colon, the bytes and a new line: no two
 * rows have the same text. The last hash stands in audit_head. Whoever may change every table could
 * write the whole chain anew, so heads are also noted in another stream and outside of the store
 * (anchors).
 */
#include "base/json.h"
#include "people/audit_rows.h"
#include <stdarg.h>

#define STREAMS_MAX 1000 /* we have three; later ones are one for each shard */
#define PAGE 1000        /* rows read at once while verifying */
#define STREAM_MAX 64
#define WORD_MAX 200
#define ANCHOR "anchor"

static void add_field(struct text *t, struct str v)
{
    text_scaled(t, (__int128)v.n, 0);
    text_byte(t, ':');
    text_add(t, v);
    text_byte(t, '\n');
}

static void add_number(struct text *t, int64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof(digits), "%lld", (long long)v);
    add_field(t, (struct str){ digits, (size_t)n });
}

static struct sha256 row_hash(struct arena *a, struct str stream, const struct audit_stored *row)
{
    struct text t;
    text_init(&t, a, 2 * AUDIT_TEXT_MAX + 4000);
    text_add(&t, (struct str){ (const char *)row->prev.b, sizeof(row->prev.b) });
    text_add_c(&t, "sunkeeper audit 1\n");
    add_field(&t, stream);
    add_number(&t, row->seq);
    add_number(&t, row->event.at.utc_ms);
    add_number(&t, row->event.user_id);
    add_number(&t, row->event.org_id);
    add_field(&t, row->event.action);
    add_field(&t, row->event.object);
    add_field(&t, row->event.result);
    add_field(&t, row->event.detail);
    return sha256_of(t.at, t.n);
}

static bool same_hash(const struct sha256 *a, const struct sha256 *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

static enum err_code check_event(struct str stream, const struct audit_event *ev, struct err *e)
{
    if (stream.n == 0 || stream.n > STREAM_MAX || ev->action.n == 0 || ev->action.n > WORD_MAX ||
        ev->object.n > WORD_MAX || ev->result.n > WORD_MAX || ev->detail.n > AUDIT_TEXT_MAX) {
        return fail(e, ERR_INPUT,
                    "audit row " STR_FMT ": a text is missing or too long (%d bytes, detail %d)",
                    STR_ARG(ev->action), WORD_MAX, AUDIT_TEXT_MAX);
    }
    return OK;
}

/* The rows that follow `head`, which moves along. */
static enum err_code chain(struct audit_head *head, const struct audit_event *events, size_t n,
                           struct audit_stored *out, struct err *e)
{
    struct arena *scratch = arena_new();
    enum err_code code = OK;
    for (size_t i = 0; i < n && code == OK; i++) {
        code = check_event(head->stream, &events[i], e);
        if (code == OK) {
            out[i] = (struct audit_stored){ head->seq + 1, events[i], head->hash, { { 0 } } };
            out[i].hash = row_hash(scratch, head->stream, &out[i]);
            head->seq++;
            head->hash = out[i].hash;
            arena_reset(scratch);
        }
    }
    arena_free(scratch);
    return code;
}

static enum err_code move_head(struct db *db, const struct audit_head *head, int64_t old_seq,
                               bool is_new, struct err *e)
{
    if (is_new) {
        enum err_code code = rows_insert_head(db, scope_machine(), head, e);
        return code == ERR_CONFLICT ? fail(e, ERR_RETRY, "audit: another began the stream") : code;
    }
    int64_t changed = 0;
    enum err_code code = rows_move_head(db, scope_machine(), head, old_seq, &changed, e);
    return code != OK || changed == 1 ? code
                                      : fail(e, ERR_RETRY, "audit: another wrote to the stream");
}

enum err_code audit_append(struct db *db, struct str stream, const struct audit_event *events,
                           size_t n, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    if (n == 0) {
        return OK;
    }
    struct arena *a = arena_new();
    struct audit_head head;
    bool found = false;
    struct audit_stored *rows = arena_many(a, n, struct audit_stored);
    enum err_code code = rows_find_head(db, a, scope_machine(), stream, &head, &found, e);
    int64_t old_seq = code == OK ? head.seq : 0;
    if (code == OK) {
        code = chain(&head, events, n, rows, e);
    }
    if (code == OK) {
        code = move_head(db, &head, old_seq, !found, e);
    }
    if (code == OK) {
        code = rows_insert_audit(db, scope_machine(), stream, rows, n, e);
    }
    arena_free(a);
    return code;
}

enum err_code audit_heads(struct db *db, struct arena *a, const struct audit_head **out, size_t *n,
                          struct err *e)
{
    struct err own;
    return rows_list_heads(db, a, scope_machine(), STREAMS_MAX, out, n, e ? e : &own);
}

static struct str anchor_detail(struct arena *a, const struct audit_head *head)
{
    struct text t, hex;
    struct json_out o;
    text_init(&hex, a, 64);
    text_hex(&hex, head->hash.b, sizeof(head->hash.b));
    text_init(&t, a, 200);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_int(&o, "seq", head->seq);
    json_put_str(&o, "hash", text_str(&hex));
    json_close(&o, '}');
    return text_str(&t);
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool read_anchor(struct arena *a, const struct audit_event *ev, struct audit_head *out)
{
    struct json j;
    struct str hex;
    struct audit_head head = { .stream = ev->object };
    if (json_parse(a, ev->detail, ANCHOR, &j, NULL) != OK ||
        json_need_int(j, "seq", &head.seq, NULL) != OK ||
        json_need_str(j, "hash", &hex, NULL) != OK || hex.n != 2 * sizeof(head.hash.b)) {
        return false;
    }
    for (size_t i = 0; i < sizeof(head.hash.b); i++) {
        int hi = nibble(hex.at[2 * i]), lo = nibble(hex.at[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        head.hash.b[i] = (uint8_t)(hi << 4 | lo);
    }
    *out = head;
    return true;
}

/* Whether the stream has moved since it was anchored last. */
static enum err_code has_moved(struct db *db, struct arena *a, const struct audit_head *head,
                               bool *out, struct err *e)
{
    const struct audit_stored *rows;
    size_t n;
    struct audit_head last;
    enum err_code code = rows_list_trail(db, a, scope_machine(), STR(ANCHOR), head->stream, 0, true,
                                         1, &rows, &n, e);
    if (code == OK) {
        *out = n == 0 || !read_anchor(a, &rows[0].event, &last) || last.seq != head->seq;
    }
    return code;
}

enum err_code audit_anchor(struct db *db, struct instant now, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct arena *a = arena_new();
    const struct audit_head *heads;
    size_t n = 0, k = 0;
    enum err_code code = audit_heads(db, a, &heads, &n, e);
    struct audit_event *events = arena_many(a, n, struct audit_event);
    for (size_t i = 0; i < n && code == OK; i++) {
        bool moved = false;
        if (!str_is(heads[i].stream, ANCHOR)) {
            code = has_moved(db, a, &heads[i], &moved, e);
        }
        if (moved) {
            events[k++] = (struct audit_event){
                .at = now,
                .action = STR("audit.anchor"),
                .object = heads[i].stream,
                .result = STR("ok"),
                .detail = anchor_detail(a, &heads[i]),
            };
        }
    }
    if (code == OK) {
        code = audit_append(db, STR(ANCHOR), events, k, e);
    }
    arena_free(a);
    return code;
}

/* ---- verifying --------------------------------------------------------------------------------
 */

struct walk {
    struct db *db;
    struct arena *arena;         /* of the caller: what must last */
    struct audit_head *expected; /* heads, anchors and what was noted elsewhere, by seq */
    size_t n_expected, room;
    size_t at, until; /* those of the stream that is walked */
    struct audit_report *out;
};

static void expect(struct walk *w, struct audit_head head)
{
    if (w->n_expected == w->room) {
        size_t room = w->room ? w->room * 2 : 64;
        struct audit_head *more = arena_many(w->arena, room, struct audit_head);
        if (w->n_expected) {
            memcpy(more, w->expected, w->n_expected * sizeof(*more));
        }
        w->expected = more;
        w->room = room;
    }
    w->expected[w->n_expected++] = head;
}

__attribute__((format(printf, 4, 5))) static void bad(struct walk *w, struct str stream,
                                                      int64_t seq, const char *fmt, ...)
{
    if (!w->out->good) {
        return; /* the first one is named */
    }
    char what[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    w->out->good = false;
    w->out->stream = str_dup(w->arena, stream);
    w->out->seq = seq;
    w->out->what =
        str_of(arena_printf(w->arena, STR_FMT " %lld: %s", STR_ARG(stream), (long long)seq, what));
}

/* One row after `last`: false when it is bad. */
static bool row_good(struct walk *w, struct arena *scratch, const struct audit_head *last,
                     const struct audit_stored *row)
{
    if (row->seq != last->seq + 1) {
        bad(w, last->stream, last->seq + 1, "missing: the next row is %lld", (long long)row->seq);
        return false;
    }
    struct sha256 h = row_hash(scratch, last->stream, row);
    if (!same_hash(&h, &row->hash)) {
        bad(w, last->stream, row->seq, "changed after it was written");
        return false;
    }
    if (!same_hash(&row->prev, &last->hash)) { /* sound in itself: the one before is not */
        bad(w, last->stream, last->seq > 0 ? last->seq : row->seq,
            "not the row that %lld was chained to: changed or inserted, and hashed anew",
            (long long)row->seq);
        return false;
    }
    return true;
}

static int expected_order(const void *pa, const void *pb)
{
    const struct audit_head *a = pa, *b = pb;
    int c = str_cmp(a->stream, b->stream);
    return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

/* Turns to what is expected of one stream; rows then come by rising number. */
static void expect_stream(struct walk *w, struct str stream)
{
    if (w->n_expected > 1) {
        qsort(w->expected, w->n_expected, sizeof(*w->expected), expected_order);
    }
    w->at = 0;
    while (w->at < w->n_expected && !str_eq(w->expected[w->at].stream, stream)) {
        w->at++;
    }
    w->until = w->at;
    while (w->until < w->n_expected && str_eq(w->expected[w->until].stream, stream)) {
        w->until++;
    }
}

static bool as_expected(struct walk *w, const struct audit_head *last)
{
    for (; w->at < w->until && w->expected[w->at].seq <= last->seq; w->at++) {
        const struct audit_head *x = &w->expected[w->at];
        if (x->seq == last->seq && !same_hash(&x->hash, &last->hash)) {
            bad(w, last->stream, last->seq, "not the row that its head or an anchor noted");
            return false;
        }
    }
    return true;
}

static void check_end(struct walk *w, const struct audit_head *last)
{
    if (w->at < w->until) {
        bad(w, last->stream, last->seq + 1, "missing: a head or anchor noted row %lld",
            (long long)w->expected[w->at].seq);
    }
}

/* The head must stand at the last row: rows behind it were added by another hand. */
static void check_head(struct walk *w, const struct audit_head *heads, size_t n_heads,
                       const struct audit_head *last)
{
    for (size_t i = 0; i < n_heads; i++) {
        if (str_eq(heads[i].stream, last->stream)) {
            if (heads[i].seq < last->seq) {
                bad(w, last->stream, heads[i].seq + 1, "inserted: the head stands at %lld",
                    (long long)heads[i].seq);
            }
            return;
        }
    }
    bad(w, last->stream, last->seq, "the head of the stream is missing");
}

static enum err_code walk_stream(struct walk *w, struct str stream, const struct audit_head *heads,
                                 size_t n_heads, struct err *e)
{
    struct arena *page = arena_new(), *scratch = arena_new();
    struct audit_head last = { .stream = stream };
    enum err_code code = OK;
    expect_stream(w, stream);
    size_t n = PAGE;
    bool sound = true;
    while (code == OK && sound && n == PAGE) {
        const struct audit_stored *rows;
        arena_reset(page);
        code = rows_list_audit(w->db, page, scope_machine(), stream, last.seq, PAGE, &rows, &n, e);
        for (size_t i = 0; code == OK && sound && i < n; i++) {
            w->out->rows++;
            sound = row_good(w, scratch, &last, &rows[i]);
            last.seq = rows[i].seq;
            last.hash = rows[i].hash;
            sound = sound && as_expected(w, &last);
            struct audit_head anchor;
            if (sound && str_is(stream, ANCHOR) && read_anchor(scratch, &rows[i].event, &anchor)) {
                anchor.stream = str_dup(w->arena, anchor.stream);
                expect(w, anchor);
            }
            arena_reset(scratch);
        }
    }
    if (code == OK && sound) {
        check_end(w, &last);
        check_head(w, heads, n_heads, &last);
    }
    w->out->streams++;
    arena_free(scratch);
    arena_free(page);
    return code;
}

static enum err_code verify_all(struct walk *w, struct err *e)
{
    const struct audit_head *heads;
    const struct str *streams;
    size_t n_heads, n;
    enum err_code code = audit_heads(w->db, w->arena, &heads, &n_heads, e);
    if (code == OK) {
        code = rows_list_streams(w->db, w->arena, scope_machine(), STREAMS_MAX, &streams, &n, e);
    }
    if (code != OK) {
        return code;
    }
    for (size_t i = 0; i < n_heads; i++) {
        expect(w, heads[i]);
    }
    for (int round = 0; round < 2; round++) { /* the anchors first: they say what to expect */
        for (size_t i = 0; i < n && code == OK; i++) {
            if (str_is(streams[i], ANCHOR) == (round == 0)) {
                code = walk_stream(w, streams[i], heads, n_heads, e);
            }
        }
    }
    for (size_t i = 0; i < w->n_expected && code == OK;
         i++) { /* a stream that is gone altogether */
        size_t k = 0;
        while (k < n && !str_eq(streams[k], w->expected[i].stream)) {
            k++;
        }
        if (k == n && w->expected[i].seq > 0) {
            bad(w, w->expected[i].stream, 1, "missing: the whole stream is gone");
        }
    }
    return code;
}

enum err_code audit_verify(struct db *db, struct arena *a, const struct audit_head *known,
                           size_t n_known, struct audit_report *out, struct err *e)
{
    struct err own;
    e = e ? e : &own;
    struct audit_report report = { .good = true, .stream = STR(""), .what = STR("") };
    struct walk w = { .db = db, .arena = a, .out = &report };
    for (size_t i = 0; i < n_known; i++) {
        expect(&w, known[i]);
    }
    enum err_code code = store_begin(db, STORE_CORE, STORE_READ, e);
    if (code != OK) {
        return code;
    }
    code = verify_all(&w, e);
    store_rollback(db, STORE_CORE);
    if (code == OK) {
        *out = report;
    }
    return code;
}

enum err_code audit_trail(struct db *db, struct arena *a, struct scope s, struct str stream,
                          struct str object, int64_t after, const struct audit_row **out, size_t *n,
                          struct err *e)
{
    struct err own;
    e = e ? e : &own;
    const struct audit_stored *rows;
    size_t k;
    enum err_code code =
        rows_list_trail(db, a, s, stream, object, after, false, PEOPLE_PAGE_MAX, &rows, &k, e);
    if (code != OK) {
        return code;
    }
    struct audit_row *list = arena_many(a, k, struct audit_row);
    for (size_t i = 0; i < k; i++) {
        list[i] =
            (struct audit_row){ str_dup(a, stream), rows[i].seq, rows[i].event, rows[i].hash };
    }
    *out = list;
    *n = k;
    return OK;
}
