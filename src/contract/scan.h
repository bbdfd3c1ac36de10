/* scan.h - the JSON scanner that terms and facts share, and how a part of them is read. Private. */
#ifndef SK_CONTRACT_SCAN_H
#define SK_CONTRACT_SCAN_H
#include "contract/contract.h"

#define PATH_MAX_KEYS                                                                              \
    48 /* CONTRACT_DEPTH_MAX groups take four places each, and some at the top                     \
        */

struct place {
    struct str key;
    int32_t index; /* -1: a key */
};

/* Grows in the arena; `size` bytes an item. */
struct list {
    char *at;
    size_t n, room, size;
};

struct scan {
    const char *at, *end, *start;
    struct arena *arena;
    struct err *e;
    int depth, groups;
    struct place path[PATH_MAX_KEYS];
    struct list *parties; /* all, the members' too */
    bool facts;           /* of a period: sessions may stand here, effective dates may not */
    struct day on;        /* the day whose values are taken; 0: the first of each */
    struct list *changes; /* effective dates as they come */
};

typedef enum err_code scan_fn(struct scan *s, struct str key, void *ctx);

struct scan scan_of(struct arena *a, struct str text, struct err *e);
/* A zeroed item. */
void *list_add(struct scan *s, struct list *l);
/* ERR_INPUT with path and byte. */
enum err_code scan_refuse(struct scan *s, const char *what);
bool scan_next_is(struct scan *s, char c);
bool scan_took(struct scan *s, char c);
bool scan_word(struct scan *s, const char *word);
enum err_code scan_string(struct scan *s, struct str *out);
/* { }: fn for each key; [ ]: fn for each item; the whole text as an object. */
enum err_code scan_members(struct scan *s, scan_fn *fn, void *ctx);
enum err_code scan_items(struct scan *s, scan_fn *fn, void *ctx, int32_t max);
enum err_code scan_text(struct scan *s, scan_fn *fn, void *ctx);
/* A whole number, as a string or plain. */
enum err_code scan_whole(struct scan *s, int64_t min, int64_t max, int64_t *out);
/* The first member of every item is its name: no two alike. */
enum err_code scan_name_new(struct scan *s, const struct list *l, struct str key);

/* ---- a part: settings, feeds, units, groups (part.c) ------------------------------------------
 */

#define ROWS_MAX 1000 /* of one table parameter; a tariff of tiers has about ten */

struct part_lists {
    struct list settings, feeds, units, groups;
};
void part_init(struct part_lists *l);
struct term_part part_of(const struct part_lists *l);
scan_fn part_setting;
/* What the top and a member share; `*known` says whether the key was one of these. */
enum err_code part_key(struct scan *s, struct str key, struct part_lists *l, bool *known);
/* "2026-07-16T14:00", on a quarter of an hour. */
enum err_code part_time(struct scan *s, struct instant *out);
#endif
