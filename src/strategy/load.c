/* load.c - from a text to a checked program. */
#include "strategy/check.h"

static enum err_code refuse(const struct strategy_messages *m, struct err *e)
{
    for (size_t i = 0; i < m->n; i++) {
        if (!m->at[i].warning) {
            const struct strategy_message *first = &m->at[i];
            return fail(e, ERR_INPUT, STR_FMT ":%d:%d: %s " STR_FMT, STR_ARG(first->file),
                        (int)first->line, (int)first->column, first->code, STR_ARG(first->text));
        }
    }
    return OK;
}

enum err_code tally_load(struct arena *arena, struct str file, struct str text,
                         const struct strategy_library *library, const struct str *amendments,
                         size_t n_amendments, struct tally_program **out,
                         struct strategy_messages *messages, struct err *e)
{
    struct reporter r;
    reporter_init(&r, arena);
    struct checker c = { .arena = arena, .report = &r, .library = library };
    c.nodes.arena = arena;
    c.p = arena_make(arena, struct tally_program);
    struct parsed *main = parse_file(&c.nodes, &r, file, text);
    c.p->name = main->name.name;
    c.p->title = main->title;
    c.p->about = main->about;
    c.p->library = main->kind == FILE_LIBRARY;
    names_init_symbols(&c);
    names_collect(&c, main, amendments, n_amendments);
    declare_axes(&c);
    declare_sources(&c);
    check_statements(&c);
    if (r.n_errors == 0 && !c.p->library) {
        names_warn_unused(&c);
        check_reach(&c);
    }
    c.p->files = r.files;
    c.p->n_files = r.n_files;
    c.p->exprs = c.nodes.at;
    c.p->n_exprs = c.nodes.n;
    *messages = reporter_end(&r);
    if (messages->n_errors) {
        return refuse(messages, e);
    }
    *out = c.p;
    return OK;
}
