/* radix.c - sorting by one integer (radix.h).
 *
 * Readings come nearly sorted or in a fixed pattern, and few bits of their keys differ: a digit in
 * which no two keys differ is passed over, so that a batch of a gateway takes two or three passes.
 */
#include "reading/radix.h"
#include <stdbool.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS ((64 + DIGIT_BITS - 1) / DIGIT_BITS)
#define DIGIT_MASK ((1u << DIGIT_BITS) - 1)
#define FEW 48 /* so few are inserted one by one: counting digits costs more */

static void insert_each(struct ranked *r, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct ranked x = r[i];
        size_t j = i;
        for (; j > 0 && r[j - 1].key > x.key; j--) {
            r[j] = r[j - 1];
        }
        r[j] = x;
    }
}

static void pass(const struct ranked *from, struct ranked *to, size_t n, int shift)
{
    uint32_t first[1u << DIGIT_BITS] = { 0 }, sum = 0;
    for (size_t i = 0; i < n; i++) {
        first[from[i].key >> shift & DIGIT_MASK]++;
    }
    for (size_t d = 0; d <= DIGIT_MASK; d++) {
        uint32_t count = first[d];
        first[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++) {
        to[first[from[i].key >> shift & DIGIT_MASK]++] = from[i];
    }
}

void ranked_sort(struct ranked *r, struct ranked *room, size_t n)
{
    uint64_t any = 0, all = UINT64_MAX;
    bool sorted = true;
    for (size_t i = 0; i < n; i++) {
        any |= r[i].key;
        all &= r[i].key;
        sorted = sorted && (i == 0 || r[i - 1].key <= r[i].key);
    }
    if (sorted) {
        return;
    }
    if (n <= FEW) {
        insert_each(r, n);
        return;
    }
    struct ranked *from = r, *to = room;
    for (int d = 0; d < DIGITS; d++) {
        if (((any ^ all) >> d * DIGIT_BITS & DIGIT_MASK) != 0) {
            pass(from, to, n, d * DIGIT_BITS);
            struct ranked *t = from;
            from = to;
            to = t;
        }
    }
    if (from != r) {
        memcpy(r, from, n * sizeof(*r));
    }
}
