/* strategy.c - loading: a checked program, its hash, what it asks for, and its plan. */
#include "strategy/strategy.h"
#include "strategy/tree.h"

/* Part of every hash: a change of the language's meaning gets a new number. */
#define LANGUAGE_VERSION "tally 1\n"

static struct sha256 program_hash(struct arena *arena, const struct tally_program *p)
{
    struct str text = tally_canonical(arena, p);
    struct hasher *h = hasher_new(arena);
    hasher_add(h, LANGUAGE_VERSION, sizeof LANGUAGE_VERSION - 1);
    hasher_add(h, text.at, text.n);
    return hasher_end(h);
}

enum err_code strategy_load(struct arena *arena, struct str file, struct str text,
                            const struct strategy_library *library, const struct str *amendments,
                            size_t n_amendments, struct strategy **out,
                            struct strategy_messages *messages, struct err *e)
{
    struct tally_program *p;
    enum err_code code =
        tally_load(arena, file, text, library, amendments, n_amendments, &p, messages, e);
    if (code != OK) {
        return code;
    }
    struct strategy *s = arena_make(arena, struct strategy);
    s->program = p;
    s->hash = program_hash(arena, p);
    strategy_describe(arena, s);
    if (!p->library) {
        code = strategy_plan_make(arena, p, &s->plan, e);
        if (code != OK) {
            return code;
        }
    }
    *out = s;
    return OK;
}

struct str strategy_name(const struct strategy *s)
{
    return s->program->name;
}

struct str strategy_title(const struct strategy *s)
{
    return s->program->title;
}

struct str strategy_about(const struct strategy *s)
{
    return s->program->about;
}

struct sha256 strategy_hash(const struct strategy *s)
{
    return s->hash;
}
