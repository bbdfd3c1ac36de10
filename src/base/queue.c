/* queue.c - the threads of the house: a bounded queue and a parallel loop. */
#include "base/queue.h"
#include "base/arena.h"
#include "base/check.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define WORKERS_MAX 256 /* more cores than any machine we run on */

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t not_full, not_empty;
    size_t max, n, head;
    bool closed;
    void *items[];
};

struct queue *queue_new(size_t max)
{
    check_that(max > 0 && max <= (1u << 24), "max %zu", max);
    struct queue *q = mem_alloc(sizeof(*q) + max * sizeof(q->items[0]));
    q->max = max;
    check(pthread_mutex_init(&q->lock, NULL) == 0);
    check(pthread_cond_init(&q->not_full, NULL) == 0);
    check(pthread_cond_init(&q->not_empty, NULL) == 0);
    return q;
}

void queue_free(struct queue *q)
{
    if (q) {
        pthread_cond_destroy(&q->not_empty);
        pthread_cond_destroy(&q->not_full);
        pthread_mutex_destroy(&q->lock);
        free(q);
    }
}

bool queue_put(struct queue *q, void *item)
{
    pthread_mutex_lock(&q->lock);
    while (q->n == q->max && !q->closed) {
        pthread_cond_wait(&q->not_full, &q->lock);
    }
    bool open = !q->closed;
    if (open) {
        q->items[(q->head + q->n++) % q->max] = item;
        pthread_cond_signal(&q->not_empty);
    }
    pthread_mutex_unlock(&q->lock);
    return open;
}

bool queue_take(struct queue *q, void **item)
{
    pthread_mutex_lock(&q->lock);
    while (q->n == 0 && !q->closed) {
        pthread_cond_wait(&q->not_empty, &q->lock);
    }
    bool got = q->n > 0;
    if (got) {
        *item = q->items[q->head];
        q->head = (q->head + 1) % q->max;
        q->n--;
        pthread_cond_signal(&q->not_full);
    }
    pthread_mutex_unlock(&q->lock);
    return got;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->not_full);
    pthread_cond_broadcast(&q->not_empty);
    pthread_mutex_unlock(&q->lock);
}

struct loop {
    atomic_size_t next;
    size_t n;
    void (*work)(void *ctx, int worker, size_t index);
    void *ctx;
};
struct loop_worker {
    struct loop *loop;
    int worker;
    pthread_t thread;
};

static void *loop_run(void *arg)
{
    struct loop_worker *w = arg;
    size_t i;
    while ((i = atomic_fetch_add(&w->loop->next, 1)) < w->loop->n) {
        w->loop->work(w->loop->ctx, w->worker, i);
    }
    return NULL;
}

void parallel_for(int workers, size_t n, void (*work)(void *ctx, int worker, size_t index),
                  void *ctx)
{
    check_that(workers >= 1 && workers <= WORKERS_MAX, "workers %d", workers);
    if (workers == 1 || n <= 1) {
        for (size_t i = 0; i < n; i++) {
            work(ctx, 0, i);
        }
        return;
    }
    struct loop loop = { .n = n, .work = work, .ctx = ctx };
    struct loop_worker team[WORKERS_MAX];
    for (int k = 0; k < workers; k++) { /* this thread is worker 0 */
        team[k] = (struct loop_worker){ .loop = &loop, .worker = k };
        if (k > 0) {
            check(pthread_create(&team[k].thread, NULL, loop_run, &team[k]) == 0);
        }
    }
    loop_run(&team[0]);
    for (int k = 1; k < workers; k++) {
        check(pthread_join(team[k].thread, NULL) == 0);
    }
}

int cpu_count(void)
{
    cpu_set_t set;
    int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
    return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : n;
}
