/* work.h - things to do later, once in effect: jobs, timers, what leaves the house and what comes
 * in.
 *
 * Whatever must happen after a transaction (a month to settle, a batch to send, a reminder in a
 * week) is written down in that transaction as a row; a worker does it, as often as it takes, and
 * the effect happens once. Nothing is sent from inside a transaction, nothing is remembered in
 * memory.
 *
 * Laws
 *  1. A job or message put in a transaction exists if and only if that transaction was committed.
 *  2. One key, one job; one (channel, id), one message: the same content again changes nothing,
 *     another content is refused.
 *  3. A job is leased to one worker at a time. Whoever acts for it calls job_fence() in the
 *     transaction of its effect: a worker whose lease ran out (stopped, asleep, slow) is refused
 *     there, so that each effect is written once, whoever else has taken the job over.
 *  4. A failure is tried again after a growing pause, at most `tries_max` times, then the job is
 * dead and stays to be seen; a dead one is put back by hand.
 *  5. What leaves the house is stored as bytes before it is sent, and a resend sends the same
 * bytes. Sent is not delivered: only an answer says so, else the outcome is unknown, and asked for.
 *  6. What comes in is stored as it came, once; the same again is known, the same id with other
 *     bytes is kept apart and told.
 *
 *               lease            done
 *   READY ----------------> LEASED ---> DONE
 *     ^  \                   |  |
 *     |   \   lease runs out |  | failed, tries left: READY again, later
 *     |    <-----------------+  +------> DEAD (tries used up, or told so)
 *     +---------- put back by hand ---------+
 *
 * Times are passed in. Functions that write run in the caller's core transaction unless they say
 * otherwise. On SQLite workers are threads of the one process that writes; on PostgreSQL they may
 * be many processes.
 */
#ifndef SK_WORK_WORK_H
#define SK_WORK_WORK_H
#include "base/base.h"
#include "store/store.h"

extern const struct store_migrations work_migrations;

#define WORK_WORD_MAX 64             /* bytes of a kind, a channel, an owner */
#define WORK_KEY_MAX 200             /* bytes of a key or a message id */
#define WORK_ARGS_MAX (64u << 10)    /* bytes of a job's arguments and result (JSON) */
#define WORK_BODY_MAX (16u << 20)    /* bytes of a message: payments.md E20 */
#define WORK_LEASE_MS 30000          /* renewed by whoever works longer */
#define WORK_TRIES_MAX 20            /* 2 to the 19 seconds is six days */
#define WORK_PAUSE_MS 1000           /* before the second try; then doubled */
#define WORK_PAUSE_MS_MAX 21600000LL /* six hours */

/* ---- jobs -------------------------------------------------------------------------------------
 */

enum job_state { JOB_READY = 1, JOB_LEASED, JOB_DONE, JOB_DEAD };
struct job_spec {
    struct str kind;       /* "settle.month": who can do it */
    struct str key;        /* "settle:2026-06" (law 2); empty: none */
    struct str args;       /* JSON, or empty */
    struct instant run_at; /* not before; 0: now */
    int32_t tries_max;     /* 0: 5 */
    struct str cron;       /* "30 10,15 * * 1-5": comes back by itself; empty: once */
    int64_t org_id;        /* whose it is; 0: the operator's */
};
struct job {
    int64_t job_id;
    struct job_spec spec;
    enum job_state state;
    int32_t tries; /* leases so far */
    struct str owner;
    int64_t fence; /* rises with each lease */
    struct instant lease_until, created_at, updated_at;
    int64_t done, total; /* progress */
    struct str result;   /* JSON of the last end, or what went wrong */
};
/* `*fresh` false: a job with that key is there (law 2); with a cron it may be of any state.
 * ERR_INPUT, ERR_CONFLICT `JOB_KEY`: with other kind, args or cron. */
SK_MUST_USE enum err_code job_put(struct db *db, const struct job_spec *spec, struct instant now,
                                  int64_t *job_id, bool *fresh, struct err *e);
/* The first of these kinds whose time has come, in a transaction of its own; leases that ran out
 * count as ready (or dead, when their tries are used up). `*found` false: nothing to do now. */
SK_MUST_USE enum err_code job_lease(struct db *db, struct arena *a, const struct str *kinds,
                                    size_t n_kinds, struct str owner, struct instant now,
                                    struct job *out, bool *found, struct err *e);
/* Law 3, in the transaction of an effect. ERR_CONFLICT `LEASE_LOST`. */
SK_MUST_USE enum err_code job_fence(struct db *db, const struct job *j, struct instant now,
                                    struct err *e);
/* Lengthens the lease and shows how far it is, in a transaction of its own. ERR_CONFLICT
 * `LEASE_LOST`: stop working. */
SK_MUST_USE enum err_code job_renew(struct db *db, struct job *j, int64_t done, int64_t total,
                                    struct instant now, struct err *e);
/* The end of a try. done: DONE, or READY at its next time when it has a cron. failed: READY after a
 * pause, DEAD without a try left or with `for_good` (a cron goes on at its next time and keeps what
 * was said). Fenced (law 3). */
SK_MUST_USE enum err_code job_done(struct db *db, const struct job *j, struct str result,
                                   struct instant now, struct err *e);
SK_MUST_USE enum err_code job_failed(struct db *db, const struct job *j, struct str why,
                                     bool for_good, struct instant now, struct err *e);
/* By hand: a dead job is put back with its tries from 0; a ready one is dropped (dead). ERR_RULE:
 * it is in another state. */
SK_MUST_USE enum err_code job_again(struct db *db, struct scope s, int64_t job_id,
                                    struct instant now, struct err *e);
SK_MUST_USE enum err_code job_drop(struct db *db, struct scope s, int64_t job_id, struct str why,
                                   struct instant now, struct err *e);
SK_MUST_USE enum err_code job_get(struct db *db, struct arena *a, struct scope s, int64_t job_id,
                                  struct job *out, struct err *e);
/* By id, after `after`; state 0: every one. */
#define WORK_PAGE_MAX 200
SK_MUST_USE enum err_code job_list(struct db *db, struct arena *a, struct scope s,
                                   enum job_state state, int64_t after, const struct job **out,
                                   size_t *n, struct err *e);

/* Five fields: minute hour day month weekday (1 Monday .. 7 Sunday, 0 too), in China time; `*`,
 * lists, ranges, `/step`. Day and weekday both said: either (as cron has it). The first minute
 * after `after`; ERR_INPUT names the field. A cron that never comes (31 February) is ERR_INPUT. */
SK_MUST_USE enum err_code cron_next(struct str cron, struct instant after, struct instant *out,
                                    struct err *e);

/* What a kind does. Called outside of a transaction; it makes its own and fences them. OK: done
 * with *result; ERR_RETRY, ERR_UNKNOWN, ERR_IO, ERR_FULL: tried again; other codes: dead. */
struct job_kind {
    const char *name;
    enum err_code (*run)(void *ctx, struct db *db, struct job *j, struct str *result,
                         struct err *e);
    void *ctx;
};
/* Works off what is ready, until nothing is. `*n_done` counts the tries. */
SK_MUST_USE enum err_code job_work(struct db *db, const struct job_kind *kinds, size_t n_kinds,
                                   struct str owner, struct clock clock, int64_t *n_done,
                                   struct err *e);

/* ---- outbox -----------------------------------------------------------------------------------
 */

enum out_state {
    OUT_READY = 1, /* to be sent, again perhaps */
    OUT_SENT,      /* handed over; what became of it comes in by itself */
    OUT_DEAD,      /* refused, or not handed over in all its tries */
};
struct out_message {
    struct str channel; /* "cnaps", "sms": who sends it */
    struct str id;      /* unique in the channel for ever (law 2) */
    struct str ref;     /* what it belongs to: "batch:81" */
    struct str body;    /* the bytes that are sent */
    int64_t message_id;
    enum out_state state;
    int32_t tries;
    struct instant next_at, sent_at;
    struct str said; /* by the last try */
};
SK_MUST_USE enum err_code outbox_put(struct db *db, const struct out_message *m, struct instant now,
                                     bool *fresh, struct err *e);
/* How a channel hands bytes over. OK: it has them. ERR_RETRY, ERR_IO, ERR_UNKNOWN: again, the same
 * bytes. Other codes: refused for good. */
struct out_channel {
    const char *name;
    enum err_code (*send)(void *ctx, const struct out_message *m, struct err *e);
    void *ctx;
    int32_t tries_max; /* 0: WORK_TRIES_MAX */
};
/* Sends what is due, oldest first in each channel, in transactions of its own: one message after
 * the other, its state committed before the next. A channel whose first message must wait is left
 * alone until then, so that the order is kept. */
SK_MUST_USE enum err_code outbox_send(struct db *db, const struct out_channel *channels, size_t n,
                                      struct instant now, int64_t *n_sent, struct err *e);
/* By hand: sends a dead or sent one again (the same bytes). */
SK_MUST_USE enum err_code outbox_again(struct db *db, int64_t message_id, struct instant now,
                                       struct err *e);
/* By id after `after`; empty channel or state 0: every one. Bodies are left out. */
SK_MUST_USE enum err_code outbox_list(struct db *db, struct arena *a, struct str channel,
                                      enum out_state state, int64_t after,
                                      const struct out_message **out, size_t *n, struct err *e);
/* When the next message is due; 0: none waits. */
SK_MUST_USE enum err_code outbox_next(struct db *db, struct instant *out, struct err *e);

/* ---- inbox ------------------------------------------------------------------------------------
 */

enum in_seen {
    IN_FRESH = 1, /* stored: act on it in this transaction */
    IN_AGAIN,     /* the same bytes were here before: nothing to do */
    IN_OTHER,     /* the same id with other bytes: stored apart, to be told (law 6) */
};
struct in_message {
    struct str channel, sender, type, id;
    struct str body;
    int64_t message_id; /* out: of this one; of the first one when IN_AGAIN */
};
SK_MUST_USE enum err_code inbox_take(struct db *db, struct in_message *m, struct instant now,
                                     enum in_seen *seen, struct err *e);
SK_MUST_USE enum err_code inbox_get(struct db *db, struct arena *a, int64_t message_id,
                                    struct in_message *out, struct err *e);
#endif
