/* names.c - one space of names: statements of strategy, libraries and amendments in one order, what
 * each name means, and in which order definitions can be worked out.
 */
#include "base/hash.h"
#include "strategy/check.h"

static const struct str NO_FIX = { 0 };

/* ---- collecting statements -------------------------------------------------------------- */

static void flat_add(struct checker *c, struct flat f)
{
    if (c->n_flat == c->room_flat) {
        int32_t room = c->room_flat ? 2 * c->room_flat : 128;
        struct flat *more = arena_many(c->arena, (size_t)room, struct flat);
        if (c->n_flat) {
            memcpy(more, c->flat, (size_t)c->n_flat * sizeof *more);
        }
        c->flat = more;
        c->room_flat = room;
    }
    f.definition = f.line = -1;
    c->flat[c->n_flat++] = f;
}

static void collect(struct checker *c, struct statement *first, int depth);

/* Parses a text of the library; NULL after a message. */
static struct parsed *fetch(struct checker *c, struct name_at name, const char *what)
{
    struct str file, text;
    if (c->n_files == CHECK_FILES_MAX) {
        report(c->report, name.at, "G05", NO_FIX, "a strategy has at most %d files",
               CHECK_FILES_MAX);
        return NULL;
    }
    if (!c->library || !c->library->find(c->library->ctx, name.name, &file, &text)) {
        report(c->report, name.at, "N65", NO_FIX, "there is no %s '" STR_FMT "'", what,
               STR_ARG(name.name));
        return NULL;
    }
    struct parsed *parsed = parse_file(&c->nodes, c->report, file, text);
    c->files[c->n_files++] = parsed;
    c->open_names = c->open_names || parsed->lost;
    return parsed;
}

static void collect_library(struct checker *c, struct statement *s, int depth)
{
    for (int32_t i = 0; i < c->n_files; i++) {
        if (str_eq(c->files[i]->name.name, s->name.name)) {
            report(c->report, s->name.at, "N66", NO_FIX,
                   "'" STR_FMT "' is already part of this strategy; a library is used once",
                   STR_ARG(s->name.name));
            return;
        }
    }
    struct parsed *parsed = depth < TALLY_NESTING_MAX ? fetch(c, s->name, "library") : NULL;
    if (!parsed) {
        c->open_names = true;
        return;
    }
    if (parsed->kind != FILE_LIBRARY || !str_eq(parsed->name.name, s->name.name)) {
        if (parsed->name.name.n) {
            report(c->report, s->name.at, "N65", NO_FIX,
                   STR_FMT " is not the library '" STR_FMT "'", STR_ARG(parsed->file->name),
                   STR_ARG(s->name.name));
        }
        c->open_names = true;
        return;
    }
    collect(c, parsed->first, depth + 1);
}

static void collect(struct checker *c, struct statement *first, int depth)
{
    for (struct statement *s = first; s; s = s->next) {
        if (s->kind == STATEMENT_USE) {
            collect_library(c, s, depth);
            continue;
        }
        flat_add(c, (struct flat){ .s = s });
        if (s->kind == STATEMENT_EACH) {
            collect(c, s->first, depth);
            flat_add(c, (struct flat){ .s = s, .each_close = true });
        }
    }
}

void names_collect(struct checker *c, struct parsed *main, const struct str *amendments,
                   size_t n_amendments)
{
    c->files[c->n_files++] = main;
    c->program_name = main->name.name;
    c->open_names = main->lost || main->kind == FILE_LIBRARY;
    if (main->kind == FILE_AMENDMENT) {
        report(c->report, main->name.at, "N67", NO_FIX,
               "an amendment is checked with the strategy that it amends");
        c->open_names = true;
    }
    collect(c, main->first, 0);
    for (size_t i = 0; i < n_amendments; i++) {
        struct tally_place at = { .file = main->index, .line = 1, .column = 1, .n = 1 };
        struct parsed *parsed = fetch(c, (struct name_at){ amendments[i], at }, "amendment");
        if (!parsed) {
            c->open_names = true;
            continue;
        }
        if (parsed->kind != FILE_AMENDMENT || !str_eq(parsed->of.name, main->name.name)) {
            if (parsed->name.name.n) {
                report(c->report, parsed->name.at, "N67", NO_FIX,
                       "this is no amendment of '" STR_FMT "'", STR_ARG(main->name.name));
            }
            continue;
        }
        collect(c, parsed->first, 0);
    }
}

/* ---- symbols ---------------------------------------------------------------------------- */

static uint32_t slot_of(const struct checker *c, int32_t axis, struct str name)
{
    return (uint32_t)hash64(name.at, name.n, (uint64_t)(uint32_t)axis + 1) &
           (uint32_t)(c->n_slots - 1);
}

static void slot_put(struct checker *c, int32_t symbol)
{
    const struct tally_symbol *s = &c->p->symbols[symbol];
    uint32_t i = slot_of(c, s->axis, s->name);
    while (c->slots[i] >= 0) {
        i = (i + 1) & (uint32_t)(c->n_slots - 1);
    }
    c->slots[i] = symbol;
}

static void slots_grow(struct checker *c)
{
    c->n_slots = c->n_slots ? 2 * c->n_slots : 256;
    c->slots = arena_many(c->arena, (size_t)c->n_slots, int32_t);
    for (int32_t i = 0; i < c->n_slots; i++) {
        c->slots[i] = -1;
    }
    for (int32_t i = 0; i < c->p->n_symbols; i++) {
        slot_put(c, i);
    }
}

int32_t names_find(const struct checker *c, int32_t axis, struct str name)
{
    uint32_t i = slot_of(c, axis, name);
    for (; c->slots[i] >= 0; i = (i + 1) & (uint32_t)(c->n_slots - 1)) {
        const struct tally_symbol *s = &c->p->symbols[c->slots[i]];
        if (s->axis == axis && str_eq(s->name, name)) {
            return c->slots[i];
        }
    }
    return -1;
}

static int32_t symbol_put(struct checker *c, struct tally_symbol s)
{
    struct tally_program *p = c->p;
    if (p->n_symbols == c->room_symbols) {
        int32_t room = c->room_symbols ? 2 * c->room_symbols : 128;
        struct tally_symbol *more = arena_many(c->arena, (size_t)room, struct tally_symbol);
        if (p->n_symbols) {
            memcpy(more, p->symbols, (size_t)p->n_symbols * sizeof *more);
        }
        p->symbols = more;
        c->room_symbols = room;
    }
    p->symbols[p->n_symbols] = s;
    int32_t id = p->n_symbols++;
    if (2 * p->n_symbols > c->n_slots) {
        slots_grow(c);
    } else {
        slot_put(c, id);
    }
    return id;
}

/* Capitals are for codes: so a name and a code cannot be taken for each other. */
static bool has_capitals(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        if (name.at[i] >= 'A' && name.at[i] <= 'Z') {
            return true;
        }
    }
    return false;
}

int32_t names_add_symbol(struct checker *c, enum tally_symbol_kind kind, int32_t axis,
                         struct name_at name, int32_t index)
{
    int32_t old = names_find(c, axis, name.name);
    if (kind != SYMBOL_LINE && has_capitals(name.name)) {
        report(c->report, name.at, "N70", NO_FIX,
               "'" STR_FMT "' has capitals; those are for codes, a name is in lower case",
               STR_ARG(name.name));
    }
    if (old >= 0) {
        const struct tally_symbol *s = &c->p->symbols[old];
        if (s->at.line == 0) {
            report(c->report, name.at, "N62", NO_FIX,
                   "'" STR_FMT "' is an axis of the language; choose another name",
                   STR_ARG(name.name));
        } else {
            bool amends =
                c->files[name.at.file]->kind == FILE_AMENDMENT && s->kind == SYMBOL_DEFINITION;
            report(c->report, name.at, "N62", NO_FIX,
                   "'" STR_FMT "' is already defined at " STR_FMT ":%d%s", STR_ARG(name.name),
                   STR_ARG(c->report->files[s->at.file]->name), (int)s->at.line,
                   amends ? "; an amendment writes 'except .. when'" : "");
        }
        return -1;
    }
    return symbol_put(
        c, (struct tally_symbol){
               .kind = kind, .name = name.name, .axis = axis, .index = index, .at = name.at });
}

void names_init_symbols(struct checker *c)
{
    slots_grow(c);
}

int32_t names_look(const struct checker *c, struct str name)
{
    int32_t s = names_find(c, -1, name);
    if (s >= 0) {
        return s;
    }
    struct str rest = name, group;
    if (!name.n || !memchr(name.at, '.', name.n) || !str_split(&rest, '.', &group)) {
        return -1;
    }
    int32_t g = names_find(c, -1, group);
    if (g < 0 || c->p->symbols[g].kind != SYMBOL_AXIS) {
        return -1;
    }
    return names_find(c, c->p->symbols[g].index, rest);
}

int32_t names_axis(struct checker *c, struct name_at name)
{
    int32_t s = names_find(c, -1, name.name);
    if (s >= 0 && c->p->symbols[s].kind == SYMBOL_AXIS) {
        c->p->symbols[s].uses++;
        return c->p->symbols[s].index;
    }
    if (s >= 0 && c->p->symbols[s].poisoned) {
        return -1;
    }
    if (s >= 0 || !c->open_names) {
        report(c->report, name.at, "N61", NO_FIX, "'" STR_FMT "' is no axis", STR_ARG(name.name));
    }
    return -1;
}

/* ---- what names mean -------------------------------------------------------------------- */

/* The choice type that an expression has if it has one, found without typing it: -1. */
static int16_t choice_of(const struct checker *c, const struct tally_expr *x, int depth)
{
    if (!x || depth > TALLY_NESTING_MAX) {
        return -1;
    }
    switch (x->op) {
    case OP_NAME:
    case OP_MEMBER: {
        int32_t s = names_look(c, x->name);
        if (s < 0) {
            return -1;
        }
        const struct tally_symbol *sym = &c->p->symbols[s];
        if (sym->kind == SYMBOL_DECL) {
            const struct tally_type *t = &c->p->decls[sym->index].type;
            return t->kind == TALLY_CHOICE ? t->choice : (int16_t)-1;
        }
        if (sym->kind == SYMBOL_DEFINITION) {
            return choice_of(c, c->p->definitions[sym->index].body, depth + 1);
        }
        return -1;
    }
    case OP_IF:
    case OP_CHOOSE:
        return choice_of(c, x->args[1], depth + 1);
    case OP_ELSE:
        return choice_of(c, x->args[0], depth + 1);
    default:
        return -1;
    }
}

/* The right side of `is`, where it names a case of the choice on the left. */
static void resolve_alternative(struct checker *c, struct tally_expr *x)
{
    struct tally_expr *right = x->args[1];
    if (right->op != OP_NAME) {
        return;
    }
    int16_t choice = choice_of(c, x->args[0], 0);
    if (choice < 0) {
        return;
    }
    const struct tally_choice *of = &c->p->choices[choice];
    for (int16_t i = 0; i < of->n; i++) {
        if (str_eq(of->names[i], right->name)) {
            right->op = OP_CHOICE;
            right->alternative = i;
            right->type.choice = choice;
            return;
        }
    }
    if (names_look(c, right->name) < 0) {
        struct text t;
        text_init(&t, c->arena, STRATEGY_TEXT_MAX);
        for (int16_t i = 0; i < of->n; i++) {
            text_addf(&t, "%s" STR_FMT, i ? ", " : "", STR_ARG(of->names[i]));
        }
        report(c->report, right->at, "C42", NO_FIX,
               "'" STR_FMT "' is no case of " STR_FMT "; there are " STR_FMT, STR_ARG(right->name),
               STR_ARG(expr_text(c, x->args[0])), STR_ARG(text_str(&t)));
        right->op = OP_CHOICE;
        right->alternative = -1; /* poison */
    }
}

/* Case-blind equality of the first letters: a cheap "did you mean". */
static struct str similar(const struct checker *c, struct str name)
{
    for (int32_t i = 0; i < c->p->n_symbols; i++) {
        const struct tally_symbol *s = &c->p->symbols[i];
        if (s->poisoned || s->axis >= 0 || s->name.n + 1 < name.n || s->name.n > name.n + 1) {
            continue;
        }
        size_t head = 0, tail = 0, least = s->name.n < name.n ? s->name.n : name.n;
        while (head < least && s->name.at[head] == name.at[head]) {
            head++;
        }
        while (tail < least - head &&
               s->name.at[s->name.n - 1 - tail] == name.at[name.n - 1 - tail]) {
            tail++;
        }
        if (least > 2 && head + tail + 1 >= least && head + tail + 1 >= name.n) {
            return s->name;
        }
    }
    return (struct str){ 0 };
}

static void unknown_name(struct checker *c, struct tally_expr *x)
{
    if (!c->open_names) {
        struct str like = NO_FIX;
        if (c->report->n < TALLY_ERRORS_MAX) { /* nobody reads more */
            like = similar(c, x->name);
        }
        if (x->op == OP_MEMBER) {
            struct str rest = x->name, group;
            str_split(&rest, '.', &group);
            int32_t g = names_find(c, -1, group);
            if (g >= 0 && c->p->symbols[g].poisoned) {
                return;
            }
            if (g >= 0 && c->p->symbols[g].kind == SYMBOL_AXIS) {
                report(c->report, x->at, "N61", NO_FIX,
                       "the members of '" STR_FMT "' have no '" STR_FMT "'", STR_ARG(group),
                       STR_ARG(rest));
            } else {
                report(c->report, x->at, "N61", NO_FIX, "nothing is called '" STR_FMT "'",
                       STR_ARG(x->name));
            }
        } else {
            report(c->report, x->at, "N61", like, "nothing is called '" STR_FMT "'",
                   STR_ARG(x->name));
        }
    }
    struct tally_symbol s = { .kind = SYMBOL_DECL, .name = x->name, .axis = -1, .index = -1 };
    s.at = x->at;
    s.poisoned = true;
    x->symbol = symbol_put(c, s);
}

static void resolve_name(struct checker *c, struct tally_expr *x)
{
    int32_t s = names_look(c, x->name);
    if (s < 0) {
        unknown_name(c, x);
        return;
    }
    x->symbol = s;
    struct tally_symbol *sym = &c->p->symbols[s];
    sym->uses++;
    if (sym->axis >= 0) { /* a member uses its group */
        c->p->symbols[c->p->axes[sym->axis].symbol].uses++;
    }
    if (sym->shared_code && !sym->poisoned) {
        report(c->report, x->at, "N64", NO_FIX,
               "several lines have the code " STR_FMT "; give each its own to refer to it",
               STR_ARG(x->name));
        sym->poisoned = true;
    }
}

void names_resolve(struct checker *c)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int32_t k = 0; k < c->n_flat; k++) {
            const struct statement *s = c->flat[k].s;
            if (c->flat[k].each_close || s->broken || s->kind == STATEMENT_DECL ||
                s->kind == STATEMENT_GROUP || s->kind == STATEMENT_EACH) {
                continue; /* defaults are read where they stand; blocks have statements */
            }
            for (int32_t i = s->node_from; i < s->node_to; i++) {
                struct tally_expr *x = c->nodes.at[i];
                if (pass == 0 && (x->op == OP_IS || x->op == OP_IS_NOT)) {
                    resolve_alternative(c, x);
                } else if (pass == 1 &&
                           (x->op == OP_NAME || x->op == OP_MEMBER || x->op == OP_AGREED)) {
                    resolve_name(c, x);
                }
            }
        }
    }
}

/* ---- in which order --------------------------------------------------------------------- */

struct sorter {
    struct checker *c;
    uint8_t *seen; /* by definition, then by line: 0 new, 1 on the stack, 2 done */
    int32_t *stack;
    int32_t n_stack;
};

static struct str step_name(const struct checker *c, int32_t step)
{
    const struct tally_program *p = c->p;
    return step < p->n_definitions ? p->definitions[step].name
                                   : p->lines[step - p->n_definitions].code.name;
}

static int32_t step_symbol(const struct checker *c, int32_t step)
{
    const struct tally_program *p = c->p;
    return step < p->n_definitions ? p->definitions[step].symbol
                                   : p->lines[step - p->n_definitions].symbol;
}

static void report_cycle(struct sorter *s, int32_t step, struct tally_place at)
{
    struct checker *c = s->c;
    int32_t from = s->n_stack - 1;
    while (from > 0 && s->stack[from] != step) {
        from--;
    }
    struct text t;
    text_init(&t, c->arena, STRATEGY_TEXT_MAX);
    bool silent = false;
    for (int32_t i = from; i < s->n_stack; i++) {
        int32_t symbol = step_symbol(c, s->stack[i]);
        silent = silent || symbol < 0 || c->p->symbols[symbol].poisoned;
        text_addf(&t, STR_FMT " -> ", STR_ARG(step_name(c, s->stack[i])));
        if (symbol >= 0) {
            c->p->symbols[symbol].poisoned = true;
        }
    }
    text_add(&t, step_name(c, step));
    if (!silent) {
        report(c->report, at, "N63", NO_FIX, "'" STR_FMT "' is defined by itself: " STR_FMT,
               STR_ARG(step_name(c, step)), STR_ARG(text_str(&t)));
    }
}

static void visit(struct sorter *s, int32_t step);

static void visit_nodes(struct sorter *s, int32_t from, int32_t to)
{
    const struct checker *c = s->c;
    for (int32_t i = from; i < to; i++) {
        const struct tally_expr *x = c->nodes.at[i];
        if ((x->op != OP_NAME && x->op != OP_MEMBER) || x->symbol < 0) {
            continue;
        }
        const struct tally_symbol *sym = &c->p->symbols[x->symbol];
        int32_t other = -1;
        if (sym->kind == SYMBOL_DEFINITION) {
            other = sym->index;
        } else if (sym->kind == SYMBOL_LINE) {
            other = c->p->n_definitions + sym->index;
        }
        if (other >= 0 && s->seen[other] == 1) {
            report_cycle(s, other, x->at);
        } else if (other >= 0) {
            visit(s, other);
        }
    }
}

static void visit(struct sorter *s, int32_t step)
{
    struct tally_program *p = s->c->p;
    if (s->seen[step]) {
        return;
    }
    s->seen[step] = 1;
    s->stack[s->n_stack++] = step;
    for (int32_t k = 0; k < s->c->n_flat; k++) {
        const struct flat *f = &s->c->flat[k];
        bool mine =
            step < p->n_definitions ? f->definition == step : f->line == step - p->n_definitions;
        if (mine && !f->each_close && !f->s->broken) {
            visit_nodes(s, f->s->node_from, f->s->node_to);
        }
    }
    s->n_stack--;
    s->seen[step] = 2;
    p->order[p->n_order++] =
        (struct tally_step){ .line = step >= p->n_definitions,
                             .index = step >= p->n_definitions ? step - p->n_definitions : step };
}

void names_order(struct checker *c)
{
    size_t n = (size_t)c->p->n_definitions + (size_t)c->p->n_lines;
    struct sorter s = { .c = c };
    s.seen = arena_many(c->arena, n + 1, uint8_t);
    s.stack = arena_many(c->arena, n + 1, int32_t);
    c->p->order = arena_many(c->arena, n + 1, struct tally_step);
    for (size_t i = 0; i < n; i++) {
        visit(&s, (int32_t)i);
    }
}

/* ---- what nothing uses ------------------------------------------------------------------ */

static const char *kind_word(const struct checker *c, const struct tally_symbol *s)
{
    static const char *const decls[] = { "meter", "series", "price", "param", "input", "state" };
    switch (s->kind) {
    case SYMBOL_PARTY:
    case SYMBOL_MEMBER_PARTY:
        return "party";
    case SYMBOL_AXIS:
        return c->p->axes[s->index].window ? "window" : "group";
    case SYMBOL_DECL:
        return decls[c->p->decls[s->index].kind];
    case SYMBOL_TABLE:
        return "table";
    default:
        return "definition";
    }
}

void names_warn_unused(struct checker *c)
{
    for (int32_t i = 0; i < c->p->n_symbols; i++) {
        const struct tally_symbol *s = &c->p->symbols[i];
        if (s->uses || s->poisoned || s->at.line == 0 || s->kind == SYMBOL_LINE) {
            continue;
        }
        if (s->kind == SYMBOL_DEFINITION && c->p->definitions[s->index].title.n) {
            continue; /* printed on the statement */
        }
        const char *group = s->axis >= 0 ? c->p->axes[s->axis].name.at : "";
        report_warning(c->report, s->at, "W91", "nothing uses the %s '%.*s%s" STR_FMT "'",
                       kind_word(c, s), s->axis >= 0 ? (int)c->p->axes[s->axis].name.n : 0, group,
                       s->axis >= 0 ? "." : "", STR_ARG(s->name));
    }
}
