/* box.c - what leaves the house and what comes in (work.h, laws 1, 2, 5, 6).
 *
 * The bytes stand in the transaction that causes them; a sender takes them from there. Between
 * handing over and noting it a crash may fall: then the same bytes go again, and the other side
 * knows them by their id.
 */
#include "base/crash.h"
#include "work/limits.h"
#include "work/work_rows.h"

/* ---- outbox -----------------------------------------------------------------------------------
 */

enum err_code outbox_put(struct db *db, const struct out_message *m, struct instant now,
                         bool *fresh, struct err *e)
{
    struct err own;
    struct out_row row = { .m = *m };
    struct sha256 there = { { 0 } };
    int64_t id = 0;
    e = e ? e : &own;
    if (limit_text(m->channel, 1, WORK_WORD_MAX, "message: channel", e) != OK ||
        limit_text(m->id, 1, WORK_KEY_MAX, "message: id", e) != OK ||
        limit_text(m->ref, 0, WORK_KEY_MAX, "message: ref", e) != OK) {
        return e->code;
    }
    if (m->body.n > WORK_BODY_MAX) {
        return fail(e, ERR_LIMIT, "message " STR_FMT ": %zu bytes; at most %u", STR_ARG(m->id),
                    m->body.n, WORK_BODY_MAX);
    }
    row.hash = sha256_of(m->body.at, m->body.n);
    if (rows_find_out(db, scope_machine(), m->channel, m->id, &id, &there, e) != OK) {
        return e->code;
    }
    if (id && memcmp(&there, &row.hash, sizeof there) != 0) {
        return fail_named(e, ERR_CONFLICT, "OUTBOX_ID",
                          "message " STR_FMT " of " STR_FMT " is there with other bytes",
                          STR_ARG(m->id), STR_ARG(m->channel));
    }
    if (!id) {
        row.m.message_id = store_next_id(db, now);
        row.m.next_at = m->next_at.utc_ms ? m->next_at : now;
        if (rows_insert_out(db, scope_machine(), &row, now, e) != OK) {
            return e->code;
        }
    }
    *fresh = !id;
    return OK;
}

struct noting {
    struct out_message m;
    struct instant now;
};

static enum err_code note_body(struct db *db, void *ctx, struct err *e)
{
    struct noting *x = ctx;
    int64_t changed = 0;
    enum err_code code = rows_update_out(db, scope_machine(), &x->m, x->now, &changed, e);
    return code != OK || changed == 1 ? code : fail(e, ERR_CORRUPT, "outbox: the message is gone");
}

/* What the message is after one try. */
static void judge(struct out_message *m, enum err_code sent, int32_t tries_max, struct instant now,
                  const char *said)
{
    bool again = sent == ERR_RETRY || sent == ERR_UNKNOWN || sent == ERR_IO;
    m->tries++;
    m->said = sent == OK ? STR("") : str_of(said);
    m->state = sent == OK ? OUT_SENT : again && m->tries < tries_max ? OUT_READY : OUT_DEAD;
    if (sent == OK) {
        m->sent_at = now;
    } else {
        m->next_at = limit_pause(now, m->tries);
    }
}

static enum err_code send_channel(struct db *db, const struct out_channel *c, struct arena *a,
                                  struct instant now, int64_t *n_sent, struct err *e)
{
    for (;;) {
        struct noting x = { .now = now };
        bool found = false;
        struct err said = { 0 };
        arena_reset(a);
        if (rows_first_out(db, a, scope_machine(), str_of(c->name), &x.m, &found, e) != OK) {
            return e->code;
        }
        if (!found || x.m.next_at.utc_ms > now.utc_ms) {
            return OK;
        }
        enum err_code sent = c->send(c->ctx, &x.m, &said);
        crash_point("outbox.sent");
        judge(&x.m, sent, c->tries_max ? c->tries_max : WORK_TRIES_MAX, now, said.text);
        if (store_write(db, STORE_CORE, note_body, &x, e) != OK) {
            return e->code;
        }
        *n_sent += sent == OK;
    }
}

enum err_code outbox_send(struct db *db, const struct out_channel *channels, size_t n,
                          struct instant now, int64_t *n_sent, struct err *e)
{
    struct err own;
    struct arena *a = arena_new();
    enum err_code code = OK;
    int64_t sent = 0;
    for (size_t i = 0; i < n && code == OK; i++) {
        code = send_channel(db, &channels[i], a, now, &sent, e ? e : &own);
    }
    arena_free(a);
    *n_sent = sent;
    return code;
}

enum err_code outbox_again(struct db *db, int64_t message_id, struct instant now, struct err *e)
{
    struct err own;
    struct arena *a = arena_new();
    const struct out_message *list;
    size_t n = 0;
    int64_t changed = 0;
    e = e ? e : &own;
    enum err_code code =
        rows_list_out(db, a, scope_machine(), STR(""), 0, message_id - 1, 1, &list, &n, e);
    if (code == OK && (n == 0 || list[0].message_id != message_id)) {
        code = fail(e, ERR_NOT_FOUND, "no message %lld in the outbox", (long long)message_id);
    }
    if (code == OK && list[0].state == OUT_READY) {
        code = fail(e, ERR_RULE, "message %lld waits to be sent", (long long)message_id);
    }
    if (code == OK) {
        struct out_message m = list[0];
        m.state = OUT_READY;
        m.tries = 0;
        m.next_at = now;
        code = rows_update_out(db, scope_machine(), &m, now, &changed, e);
    }
    arena_free(a);
    return code;
}

enum err_code outbox_list(struct db *db, struct arena *a, struct str channel, enum out_state state,
                          int64_t after, const struct out_message **out, size_t *n, struct err *e)
{
    struct err own;
    return rows_list_out(db, a, scope_machine(), channel, state, after, WORK_PAGE_MAX, out, n,
                         e ? e : &own);
}

enum err_code outbox_next(struct db *db, struct instant *out, struct err *e)
{
    struct err own;
    return rows_next_out(db, scope_machine(), out, e ? e : &own);
}

/* ---- inbox ------------------------------------------------------------------------------------
 */

enum err_code inbox_take(struct db *db, struct in_message *m, struct instant now,
                         enum in_seen *seen, struct err *e)
{
    struct err own;
    int64_t n, same, first;
    e = e ? e : &own;
    if (limit_text(m->channel, 1, WORK_WORD_MAX, "message: channel", e) != OK ||
        limit_text(m->sender, 0, WORK_WORD_MAX, "message: sender", e) != OK ||
        limit_text(m->type, 1, WORK_WORD_MAX, "message: type", e) != OK ||
        limit_text(m->id, 1, WORK_KEY_MAX, "message: id", e) != OK) {
        return e->code;
    }
    if (m->body.n > WORK_BODY_MAX) {
        return fail(e, ERR_LIMIT, "message " STR_FMT ": %zu bytes; at most %u", STR_ARG(m->id),
                    m->body.n, WORK_BODY_MAX);
    }
    struct sha256 hash = sha256_of(m->body.at, m->body.n);
    if (rows_find_in(db, scope_machine(), m, &hash, &n, &same, &first, e) != OK) {
        return e->code;
    }
    if (same) {
        m->message_id = same;
        *seen = IN_AGAIN;
        return OK;
    }
    if (n >= VARIANTS_MAX) {
        return fail(e, ERR_LIMIT, "message " STR_FMT " came with %d different bodies",
                    STR_ARG(m->id), VARIANTS_MAX);
    }
    struct in_message row = *m;
    row.message_id = store_next_id(db, now);
    enum err_code code = rows_insert_in(db, scope_machine(), &row, &hash, n, now, e);
    if (code == OK) {
        m->message_id = row.message_id;
        *seen = n ? IN_OTHER : IN_FRESH;
    }
    return code == ERR_CONFLICT ? fail(e, ERR_RETRY, "inbox: the same message comes twice at once")
                                : code;
}

enum err_code inbox_get(struct db *db, struct arena *a, int64_t message_id, struct in_message *out,
                        struct err *e)
{
    struct err own;
    bool found = false;
    struct in_message m;
    e = e ? e : &own;
    if (rows_get_in(db, a, scope_machine(), message_id, &m, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "no message %lld in the inbox", (long long)message_id);
    }
    *out = m;
    return OK;
}
