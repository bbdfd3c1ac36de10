/* radix.h - sorting by one integer, stable: the order of arrival decides among equals; private. */
#ifndef SK_READING_RADIX_H
#define SK_READING_RADIX_H
#include <stddef.h>
#include <stdint.h>

struct ranked {
    uint64_t key;
    uint32_t at; /* where it stood: for whoever moves what is sorted */
};
/* Sorts by key; `room` has space for n as well. */
void ranked_sort(struct ranked *r, struct ranked *room, size_t n);
#endif
