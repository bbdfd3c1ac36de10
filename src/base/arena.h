/* arena.h - memory belongs to a job with an end, not to a pointer.
 *
 * An arena per request, per contract, per file; freed whole. It never returns NULL: sizes are
 * limited where bytes come in, and real exhaustion stops the process. Not shared between threads.
 */
#ifndef SK_BASE_ARENA_H
#define SK_BASE_ARENA_H
#include <stddef.h>

struct arena; /* opaque */

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is allowed */
/* Gives back everything but the block that is being filled, at most 1 MiB: for the next job of a
 * loop. */
void arena_reset(struct arena *a);
/* Zeroed, aligned for any type (32 bytes, so that AVX2 loads are aligned). */
__attribute__((malloc, alloc_size(2), returns_nonnull)) void *arena_alloc(struct arena *a,
                                                                          size_t size);
/* n x size, checked against overflow. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* A copy, NUL-terminated after n bytes. */
char *arena_copy(struct arena *a, const void *bytes, size_t n);
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *fmt, ...);
/* Bytes held now, for limits and tests. */
size_t arena_size(const struct arena *a);
#define arena_make(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_many(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))

/* The only heap allocation elsewhere, for what outlives every arena: stops the process when
 * exhausted. Freed with free(). */
void *mem_alloc(size_t size);
void *mem_grow(void *p, size_t size);
#endif
