/* generate.h - random well-typed strategies, with parameters, members, calendar and readings.
 *
 * Why: cases that people choose find the mistakes people expect. A seed makes one case, the same
 * on every machine, so that a difference between engine and reference can be replayed.
 */
#ifndef SK_TESTS_GENERATE_H
#define SK_TESTS_GENERATE_H
#include "base/rand.h"
#include "strategy/tree.h"

struct generated_source { /* what a meter or series measured */
    int64_t *values;
    uint8_t *quality;
    int32_t n, digits;
};
#define GENERATED_SOURCES_MAX 512

struct generated {
    struct str text;      /* the strategy */
    struct str library;   /* what it uses under the name "shared"; empty if nothing */
    struct str amendment; /* an amendment called "later"; empty if none */
    struct strategy_binding binding;
    struct generated_source sources[GENERATED_SOURCES_MAX];
    int32_t n_sources;
    bool all_actual; /* neither estimated nor manual nor missing readings */
    struct strategy_data data;
};
/* The texts, in the arena. */
void generate(struct arena *a, uint64_t seed, struct generated *out);
/* Readings, calendar, prices and members for a strategy that is already loaded: every decl gets a
 * random value that it accepts. data.ctx points to *out, which must stay where it is. */
void generate_binding(struct arena *a, uint64_t seed, const struct tally_program *p,
                      struct generated *out);
/* How to find the library and the amendment. */
struct strategy_library generated_library(const struct generated *g);
/* The binding in words, for a report. */
void generated_describe(const struct generated *g, struct text *t);
#endif
