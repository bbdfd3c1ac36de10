/* queue.h - the one home of threads and locks: a bounded queue and a parallel loop.
 *
 * A thread owns what it touches and passes values through queues; rooms of the flow have no locks.
 */
#ifndef SK_BASE_QUEUE_H
#define SK_BASE_QUEUE_H
#include <stdbool.h>
#include <stddef.h>

struct queue; /* opaque; of pointers */
struct queue *queue_new(size_t max);
void queue_free(struct queue *q);
/* Waits while full; false once closed. */
bool queue_put(struct queue *q, void *item);
/* Waits while empty; false once closed and empty. */
bool queue_take(struct queue *q, void **item);
void queue_close(struct queue *q);

/* Runs work(ctx, worker, index) for every index in [0, n) on `workers` threads (1: in this one).
 * Indices are handed out in rising order. Returns when all are done. */
void parallel_for(int workers, size_t n, void (*work)(void *ctx, int worker, size_t index),
                  void *ctx);
int cpu_count(void);
#endif
