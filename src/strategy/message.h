/* message.h - collecting what is wrong with a text: one mistake, one message.
 */
#ifndef SK_STRATEGY_MESSAGE_H
#define SK_STRATEGY_MESSAGE_H
#include "strategy/tree.h"

struct reporter {
    struct arena *arena;
    const struct tally_file **files; /* for the source line; grows as libraries come in */
    int32_t n_files, room_files;
    struct strategy_message *at;
    int32_t *file_of; /* index of the file of each message, for sorting */
    size_t n, room, n_errors;
};

void reporter_init(struct reporter *r, struct arena *a);
int16_t reporter_add_file(struct reporter *r, const struct tally_file *f);
/* An error at a place, with what can be pasted (empty: nothing). `code` is a literal. */
__attribute__((format(printf, 5, 6))) void report(struct reporter *r, struct tally_place at,
                                                  const char *code, struct str fix,
                                                  const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void report_warning(struct reporter *r,
                                                          struct tally_place at, const char *code,
                                                          const char *fmt, ...);
/* In the order of files, lines and columns; twice the same counts once. */
struct strategy_messages reporter_end(struct reporter *r);
/* How a mistake of this kind is mended; "" for an unknown code (hint.c). */
const char *message_hint(const char *code);
#endif
