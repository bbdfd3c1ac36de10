/* arena.c - blocks that are zero when they are handed out, so that arena_alloc only moves a mark.
 *
 * calloc gives zeroed blocks; arena_reset clears what was used of the block it keeps. An allocation
 * too large for the usual block gets one of its own, behind the current one.
 */
#include "base/arena.h"
#include "base/check.h"
#include <stdarg.h>
#include <stdint.h>

#define ALIGN 32u
#define BLOCK_FIRST ((size_t)16 << 10) /* a small request needs no more                     */
#define BLOCK_MAX ((size_t)1 << 20)    /* growth stops here: at most 1 MiB is left unused   */

struct block {
    struct block *next;
    size_t size; /* usable bytes */
    size_t used;
    char *start; /* aligned */
};

struct arena {
    struct block *now; /* the one that is filled, newest first through `next` */
    size_t held;
};

void *mem_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    check_that(p, "out of memory: %zu bytes asked", size);
    return p;
}

void *mem_grow(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    check_that(q, "out of memory: %zu bytes asked", size);
    return q;
}

static struct block *block_new(struct arena *a, size_t size)
{
    check_that(size < SIZE_MAX / 2, "size %zu", size);
    struct block *b = mem_alloc(sizeof(*b) + ALIGN + size);
    uintptr_t at = (uintptr_t)(b + 1);
    b->start = (char *)(b + 1) + ((ALIGN - (at & (ALIGN - 1))) & (ALIGN - 1));
    b->size = size;
    a->held += size;
    return b;
}

struct arena *arena_new(void)
{
    struct arena *a = mem_alloc(sizeof(*a));
    a->now = block_new(a, BLOCK_FIRST);
    return a;
}

static void blocks_free(struct block *b)
{
    while (b) {
        struct block *next = b->next;
        free(b);
        b = next;
    }
}

void arena_free(struct arena *a)
{
    if (a) {
        blocks_free(a->now);
        free(a);
    }
}

/* The newest usual block is the largest: a loop whose jobs are alike soon fits into it, and then
 * neither asks for memory nor has any cleared that it does not use. */
void arena_reset(struct arena *a)
{
    blocks_free(a->now->next);
    a->now->next = NULL;
    memset(a->now->start, 0, a->now->used);
    a->now->used = 0;
    a->held = a->now->size;
}

static void *alloc_slow(struct arena *a, size_t need)
{
    size_t usual = a->now->size * 2 > BLOCK_MAX ? BLOCK_MAX : a->now->size * 2;
    if (need > usual / 4) { /* its own block, so that the rest of the current one stays in use */
        struct block *own = block_new(a, need);
        own->used = need;
        own->next = a->now->next;
        a->now->next = own;
        return own->start;
    }
    struct block *b = block_new(a, usual);
    b->next = a->now;
    b->used = need;
    a->now = b;
    return b->start;
}

void *arena_alloc(struct arena *a, size_t size)
{
    check_that(size < SIZE_MAX / 2, "size %zu", size);
    size_t need = (size + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    need = need ? need : ALIGN;
    struct block *b = a->now;
    if (__builtin_expect(need <= b->size - b->used, 1)) {
        void *p = b->start + b->used;
        b->used += need;
        return p;
    }
    return alloc_slow(a, need);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    size_t bytes;
    check_that(!__builtin_mul_overflow(n, size, &bytes), "%zu x %zu", n, size);
    return arena_alloc(a, bytes);
}

char *arena_copy(struct arena *a, const void *bytes, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    if (n) {
        memcpy(p, bytes, n);
    }
    return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    char small[256];
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(small, sizeof(small), fmt, ap);
    va_end(ap);
    check_that(n >= 0, "format %s", fmt);
    char *p = arena_alloc(a, (size_t)n + 1);
    if ((size_t)n < sizeof(small)) {
        memcpy(p, small, (size_t)n);
    } else {
        vsnprintf(p, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    return p;
}

size_t arena_size(const struct arena *a)
{
    return a->held;
}
