/* manual_test.c - the manual of the language runs: every example of docs/tally.md and
 * docs/tally.zh-CN.md goes through the real parser, checker, planner and runner, and must give what
 * the page shows. Both pages hold the same examples, byte for byte.
 *
 * The blocks of a page, by the word after the fence (the page says so too):
 *   tally     a strategy, library or amendment; it stands until the next one
 *   run       its readings and parameters, `name = value`
 *   result    lines, flags and states of that run, and values asked for by `value NAME = ..`
 *   explain X the explanation of line X of that run
 *   message   what the checker says about the program
 *   values    `EXPRESSION => VALUES` each, over the names of the program above; `=> refused CODE`
 *             at load, `=> fails NAME` at run
 */
#include "base/test.h"
#include "strategy/world.h"
#include <stdio.h>

#define PAGE_MAX (400u << 10)
#define BLOCKS_MAX 400
#define PROGRAMS_MAX 100

struct block {
    struct str word, argument, body;
    int line;
};
struct program {
    struct str name, text;
    bool used, warned; /* warned: the page shows its messages */
};
struct manual {
    struct arena *arena;
    const char *path;
    struct block blocks[BLOCKS_MAX];
    size_t n;
    struct program programs[PROGRAMS_MAX];
    size_t n_programs;
    struct str current, run;
    int shown, wrong; /* results compared, and how many differ */
};

/* ---- the page -------------------------------------------------------------------------------- */

static struct str slurp(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        fail_msg("%s cannot be read; run from the top of the repository", path);
    }
    char *bytes = arena_alloc(a, PAGE_MAX);
    size_t n = fread(bytes, 1, PAGE_MAX, f);
    fclose(f);
    assert_in_range(n, 1, PAGE_MAX - 1);
    return (struct str){ bytes, n };
}

static void cut(struct str s, char at, struct str *left, struct str *right)
{
    *right = s;
    if (!str_split(right, at, left)) {
        *left = s;
    }
    *left = str_trim(*left);
    *right = str_trim(*right);
}

static void read_blocks(struct manual *m)
{
    struct str rest = slurp(m->arena, m->path), line;
    struct block *open = NULL;
    for (int at = 1; str_split(&rest, '\n', &line); at++) {
        if (!str_starts(line, "```")) {
            if (open) {
                open->body.n = (size_t)(line.at + line.n + 1 - open->body.at);
            }
            continue;
        }
        if (open) {
            open = NULL;
            continue;
        }
        assert_in_range(m->n, 0, BLOCKS_MAX - 1);
        open = &m->blocks[m->n++];
        open->line = at;
        open->body = (struct str){ line.at + line.n + 1, 0 };
        cut((struct str){ line.at + 3, line.n - 3 }, ' ', &open->word, &open->argument);
    }
    assert_null(open);
}

/* Runs of blanks count as one, blank lines as none. */
static struct str squeezed(struct arena *a, struct str s)
{
    struct text t;
    text_init(&t, a, PAGE_MAX);
    struct str line;
    while (str_split(&s, '\n', &line)) {
        line = str_trim(line);
        for (size_t i = 0; i < line.n; i++) {
            if (line.at[i] != ' ' || line.at[i - 1] != ' ') {
                text_byte(&t, line.at[i]);
            }
        }
        text_add_c(&t, line.n ? "\n" : "");
    }
    return text_str(&t);
}

static void compare(struct manual *m, const struct block *b, struct str want, struct str have)
{
    m->shown++;
    if (!str_eq(squeezed(m->arena, want), squeezed(m->arena, have))) {
        m->wrong++;
        print_error("%s:%d shows\n" STR_FMT "and it gives\n" STR_FMT "\n", m->path, b->line,
                    STR_ARG(want), STR_ARG(have));
    }
}

/* ---- programs -------------------------------------------------------------------------------- */

static struct program *program_find(struct manual *m, struct str name)
{
    for (size_t i = m->n_programs; i-- > 0;) {
        if (str_eq(m->programs[i].name, name)) {
            m->programs[i].used = true;
            return &m->programs[i];
        }
    }
    return NULL;
}

static bool find(void *ctx, struct str name, struct str *file, struct str *text)
{
    struct manual *m = ctx;
    const struct program *p = program_find(m, name);
    if (p) {
        *file = str_of(arena_printf(m->arena, STR_FMT ".tally", STR_ARG(name)));
        *text = p->text;
    }
    return p != NULL;
}

static void program_add(struct manual *m, struct str text)
{
    struct str rest = text, word;
    assert_true(str_split(&rest, ' ', &word));
    struct str line = rest;
    assert_true(str_split(&line, '\n', &word));
    line = word;
    assert_true(str_split(&line, ' ', &word));
    assert_in_range(m->n_programs, 0, PROGRAMS_MAX - 1);
    m->programs[m->n_programs++] = (struct program){ .name = str_trim(word), .text = text };
    m->current = m->programs[m->n_programs - 1].name;
    m->run = STR("");
}

/* ---- the run block --------------------------------------------------------------------------- */

/* The value of `key`, or "" where the block does not say it. */
static struct str said(struct str run, const char *key)
{
    struct str line, left, right;
    while (str_split(&run, '\n', &line)) {
        cut(line, '=', &left, &right);
        if (str_is(left, key)) {
            return right;
        }
    }
    return STR("");
}

static struct strategy_axis axis_of(struct arena *a, struct str s)
{
    char start[64];
    int minutes, n;
    if (sscanf(arena_copy(a, s.at, s.n), "%60s %d min x %d", start, &minutes, &n) != 3) {
        fail_msg("'" STR_FMT "': write START MINUTES min x COUNT", STR_ARG(s));
    }
    return world_axis(start, minutes, n);
}

static struct strategy_members *group_in(struct world_part *p, struct str name)
{
    for (size_t i = 0; i < p->part.n_groups; i++) {
        if (str_eq(p->groups[i].group, name)) {
            return &p->groups[i];
        }
    }
    return NULL;
}

/* Where a name such as resource.R1.day.d1.load leads. */
struct path {
    struct world_part *part;
    struct strategy_member *member; /* whose part it is; NULL at the top */
    struct str name, group;         /* the last word; the group it stands in, "" at the top */
};

static struct path walk(struct world *w, struct str s)
{
    struct path p = { .part = &w->top };
    while (str_split(&s, '.', &p.name)) {
        struct strategy_members *g = group_in(p.part, p.name);
        struct str member;
        if (!g || !str_split(&s, '.', &member)) {
            break;
        }
        size_t at = (size_t)(g - p.part->groups);
        p.member = NULL;
        for (size_t i = 0; i < g->n; i++) {
            if (str_eq(g->at[i].name, member)) {
                p.member = &p.part->members[at][i];
                p.part = &p.part->parts[at][i];
                break;
            }
        }
        if (!p.member) {
            fail_msg("no member " STR_FMT, STR_ARG(member));
        }
        p.group = g->group;
        p.name = STR("");
    }
    return p;
}

static struct decimal number_of(struct str s)
{
    struct decimal d;
    bool percent = str_ends(s, "%");
    s.n -= percent;
    if (decimal_parse(s, &d, NULL) != OK) {
        fail_msg("'" STR_FMT "' is no number", STR_ARG(s));
    }
    d.scale = (int8_t)(d.scale + (percent ? 2 : 0));
    return d;
}

/* "0: 0, 0.8: 1, rest: 1.2"; a row without a value is blank. */
static void set_table(struct world *w, struct world_part *p, const char *name, struct str value)
{
    struct strategy_row *rows = arena_many(w->arena, WORLD_ITEMS, struct strategy_row);
    size_t n = 0;
    struct str row, bound, to;
    while (str_split(&value, ',', &row)) {
        cut(row, ':', &bound, &to);
        rows[n] = (struct strategy_row){ .rest = str_is(bound, "rest"), .blank = to.n == 0 };
        rows[n].bound = rows[n].rest ? (struct decimal){ 0 } : number_of(bound);
        rows[n].value = to.n ? number_of(to) : (struct decimal){ 0 };
        n++;
    }
    world_table_in(p, name, rows, n);
}

static void set_number(struct world_part *p, const char *name, const char *value)
{
    struct str v = str_of(value);
    world_set_in(p, name, value);
    if (str_ends(v, "%")) {
        struct strategy_setting *s = &p->settings[p->part.n_settings - 1];
        *s = (struct strategy_setting){ .name = s->name, .type = STRATEGY_NUMBER };
        s->number = number_of(v);
    }
}

static void set_decl(struct world *w, const struct path *p, const struct strategy_decl *d,
                     const char *name, const char *value)
{
    const struct strategy_axis *axis = &w->binding.axis;
    if (p->member && p->member->own_axis) {
        axis = &p->member->axis;
    }
    for (size_t i = 0; i < w->binding.n_windows; i++) {
        axis = str_eq(w->windows[i].name, d->window) ? &w->windows[i].axis : axis;
    }
    if (d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES) {
        world_feed_on(w, p->part, name, d->kind == STRATEGY_METER ? 4 : 6, value, axis);
    } else if (d->kind == STRATEGY_PRICE) {
        world_price(w, name, value);
    } else if (d->type == STRATEGY_TABLE) {
        set_table(w, p->part, name, str_of(value));
    } else {
        set_number(p->part, name, value);
    }
}

/* What belongs to a member itself: its own stretch of time, its party, its unit. */
static bool set_member(struct world *w, const struct path *p, const char *value)
{
    const struct strategy_group *groups;
    size_t n = strategy_groups(w->strategy, &groups);
    if (p->member && p->name.n == 0) {
        p->member->own_axis = true;
        p->member->axis = axis_of(w->arena, str_of(value));
        return true;
    }
    for (size_t i = 0; i < n && p->member; i++) {
        if (!str_eq(groups[i].name, p->group)) {
            continue;
        }
        if (str_eq(groups[i].party_name, p->name)) {
            p->member->party = str_of(value);
            return true;
        }
        if (str_eq(groups[i].unit, p->name)) {
            p->part->part.units = p->part->units;
            p->part->units[p->part->part.n_units++] =
                (struct strategy_unit){ p->name, str_of(value), 2 };
            return true;
        }
    }
    return false;
}

static void set(struct world *w, struct str key, struct str to)
{
    struct path p = walk(w, key);
    const char *value = arena_copy(w->arena, to.at, to.n);
    const char *name = arena_copy(w->arena, p.name.at, p.name.n);
    const struct strategy_group *groups;
    for (size_t i = strategy_groups(w->strategy, &groups); i-- > 0;) {
        if (str_eq(groups[i].name, p.name)) {
            world_group(w, p.part, name, value);
            return;
        }
    }
    const struct str *windows;
    for (size_t i = strategy_windows(w->strategy, &windows); i-- > 0;) {
        if (str_eq(windows[i], p.name)) {
            w->windows[w->binding.n_windows++] =
                (struct strategy_window){ p.name, axis_of(w->arena, to) };
            return;
        }
    }
    const struct strategy_decl *decls;
    for (size_t i = strategy_decls(w->strategy, &decls); i-- > 0;) {
        const char *in = arena_copy(w->arena, p.group.at, p.group.n);
        bool here = p.group.n ? str_ends(decls[i].group, in) : decls[i].group.n == 0;
        if (here && str_eq(decls[i].name, p.name)) {
            set_decl(w, &p, &decls[i], name, value);
            return;
        }
    }
    if (!set_member(w, &p, value)) {
        fail_msg("a run block sets '" STR_FMT "', which the program does not have", STR_ARG(key));
    }
}

static const char DEFAULT_PERIOD[] = "2025-07-10T08:00:00+08:00 60 min x 4";
static const char DEFAULT_HOURS[] = "vvvvvvvvpssvvffssppppppf";

static bool is_frame(struct str key)
{
    return str_is(key, "period") || str_is(key, "hours") || str_is(key, "strategy") ||
           str_is(key, "amendment");
}

/* The program loaded, bound and run as the block says. */
static enum err_code run_block(struct manual *m, struct str text, struct str run,
                               struct world **out)
{
    static const int32_t first[] = { 0 };
    struct str period = said(run, "period"), hours = said(run, "hours");
    struct str amendment = said(run, "amendment");
    struct strategy_axis axis = axis_of(m->arena, period.n ? period : str_of(DEFAULT_PERIOD));
    struct world *w = arena_make(m->arena, struct world);
    *out = w;
    w->arena = m->arena;
    w->binding = (struct strategy_binding){ .axis = axis, .order_no = STR("T-1") };
    w->binding.prices = w->prices;
    w->binding.windows = w->windows;
    w->library = (struct strategy_library){ m, find };
    int32_t days = (int32_t)((int64_t)axis.n * axis.minutes / 1440 + 2);
    world_tou(w, days, hours.n ? arena_copy(m->arena, hours.at, hours.n) : DEFAULT_HOURS, 1, first);
    struct str file = str_of(arena_printf(m->arena, STR_FMT ".tally", STR_ARG(m->current)));
    enum err_code code = strategy_load(m->arena, file, text, &w->library, &amendment,
                                       amendment.n > 0, &w->strategy, &w->messages, &w->err);
    if (code != OK) {
        return code;
    }
    struct str line, left, right;
    while (str_split(&run, '\n', &line)) {
        cut(line, '=', &left, &right);
        if (left.n && !is_frame(left)) {
            set(w, left, right);
        }
    }
    return world_run(w);
}

/* ---- what comes out -------------------------------------------------------------------------- */

static void add_line(struct text *t, const struct strategy_line *l)
{
    text_addf(t, STR_FMT " " STR_FMT " -> " STR_FMT " ", STR_ARG(l->code), STR_ARG(l->payer),
              STR_ARG(l->payee));
    if (l->has_quantity) {
        text_decimal(t, l->quantity.units, l->quantity.scale, 0);
        text_addf(t, " " STR_FMT " ", STR_ARG(l->unit));
    }
    if (l->has_price) {
        text_add_c(t, "x ");
        text_decimal(t, l->price.units, l->price.scale, 0);
        text_add_c(t, " ");
    }
    text_decimal(t, l->fen, 2, 2);
    if (l->vat != VAT_NONE) {
        text_add_c(t, " (");
        text_decimal(t, l->net_fen, 2, 2);
        text_add_c(t, " + ");
        text_decimal(t, l->vat_fen, 2, 2);
        text_add_c(t, ")");
    }
    if (l->settled_by.n) {
        text_addf(t, " by " STR_FMT, STR_ARG(l->settled_by));
    }
    if (l->quality != QUALITY_ACTUAL) {
        text_add_c(t, l->quality == QUALITY_ESTIMATED ? " estimated " : " manual ");
        text_decimal(t, l->estimated_e6, 4, 0);
        text_add_c(t, "%");
    }
    text_byte(t, '\n');
}

static void add_setting(struct text *t, const struct strategy_setting *s)
{
    text_addf(t, "next " STR_FMT " = ", STR_ARG(s->name));
    text_decimal(t, s->number.units, s->number.scale, 0);
    text_byte(t, '\n');
}

static struct str result_of(struct manual *m, struct world *w, enum err_code code, struct str want)
{
    static const char *const levels[] = { "warn", "hold", "fail" };
    struct text t;
    text_init(&t, m->arena, PAGE_MAX);
    if (code != OK) {
        const char *said_of = strstr(w->err.text, "T-1: ");
        text_addf(&t, "fails %s\n", said_of ? said_of + 5 : w->err.text);
        return text_str(&t);
    }
    for (size_t i = 0; i < w->result->n_lines; i++) {
        add_line(&t, &w->result->lines[i]);
    }
    for (size_t i = 0; i < w->result->n_flags; i++) {
        const struct strategy_flag *f = &w->result->flags[i];
        text_addf(&t, "flag " STR_FMT " %s\n", STR_ARG(f->code), levels[f->level]);
    }
    for (size_t i = 0; i < w->result->n_next; i++) {
        add_setting(&t, &w->result->next[i]);
    }
    struct str line, left, right;
    while (str_split(&want, '\n', &line)) {
        if (str_starts(line, "value ")) {
            cut((struct str){ line.at + 6, line.n - 6 }, '=', &left, &right);
            const char *name = arena_copy(m->arena, left.at, left.n);
            text_addf(&t, "value %s = %s\n", name, world_values_of(w, name));
        }
    }
    return text_str(&t);
}

static struct str messages_of(struct manual *m, const struct strategy_messages *messages)
{
    struct text t;
    text_init(&t, m->arena, PAGE_MAX);
    for (size_t i = 0; i < messages->n; i++) {
        strategy_message_text(&t, &messages->at[i]);
    }
    return text_str(&t);
}

/* One line of a `values` block: what the expression gives, in the words of the page. */
static const char *value_of(struct manual *m, struct str text, struct str x, struct str want)
{
    struct world *w;
    bool fails = str_starts(want, "fails ");
    const char *program = arena_printf(m->arena, STR_FMT "v_ = " STR_FMT " %s\n", STR_ARG(text),
                                       STR_ARG(x), fails ? "flag F_ warn when v_ > 0" : "\"v\"");
    enum err_code code = run_block(m, str_of(program), m->run, &w);
    if (code == OK) {
        return world_values_of(w, "v_");
    }
    if (w->messages.n_errors) {
        for (size_t i = 0; i < w->messages.n; i++) {
            if (!w->messages.at[i].warning) {
                return arena_printf(m->arena, "refused %s", w->messages.at[i].code);
            }
        }
    }
    return arena_printf(m->arena, "fails %s", w->err.name ? w->err.name : w->err.text);
}

static void show_values(struct manual *m, const struct block *b, struct str text)
{
    struct str rest = b->body, line;
    while (str_split(&rest, '\n', &line)) {
        const char *arrow = strstr(arena_copy(m->arena, line.at, line.n), " => ");
        if (!arrow) {
            continue;
        }
        struct str want = str_trim(str_of(arrow + 4));
        struct str x = { line.at, line.n - strlen(arrow) };
        const char *have = value_of(m, text, x, want);
        compare(m, b, want, str_of(have));
    }
}

static void show_explanation(struct manual *m, const struct block *b, struct world *w)
{
    struct text t;
    text_init(&t, m->arena, PAGE_MAX);
    for (size_t i = 0; i < w->result->n_lines; i++) {
        if (str_eq(w->result->lines[i].code, b->argument)) {
            strategy_explain(m->arena, w->bound, w->result, w->result->lines[i].id, &t);
        }
    }
    compare(m, b, b->body, text_str(&t));
}

static void show(struct manual *m, const struct block *b)
{
    if (str_is(b->word, "tally")) {
        program_add(m, b->body);
        return;
    }
    if (str_is(b->word, "run")) {
        m->run = b->body;
        struct str other = said(b->body, "strategy");
        m->current = other.n ? other : m->current;
        return;
    }
    struct program *p = program_find(m, m->current);
    if (!p) {
        fail_msg("%s:%d: no program '" STR_FMT "' stands above", m->path, b->line,
                 STR_ARG(m->current));
    }
    struct world *w;
    if (str_is(b->word, "values")) {
        show_values(m, b, p->text);
        return;
    }
    enum err_code code = run_block(m, p->text, m->run, &w);
    if (str_is(b->word, "message")) {
        p->warned = true;
        compare(m, b, b->body, messages_of(m, &w->messages));
        return;
    }
    if (w->messages.n_errors || (w->messages.n && !p->warned)) {
        compare(m, b, STR("\n"), messages_of(m, &w->messages));
        return;
    }
    if (str_is(b->word, "result")) {
        compare(m, b, b->body, result_of(m, w, code, b->body));
    } else {
        assert_ok(code, &w->err);
        show_explanation(m, b, w);
    }
}

static bool is_example(const struct block *b)
{
    static const char *const words[] = { "tally", "run", "result", "explain", "message", "values" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_is(b->word, words[i])) {
            return true;
        }
    }
    return false;
}

#define ENGLISH "docs/tally.md"
#define CHINESE "docs/tally.zh-CN.md"

static void read_manual(struct arena *a, const char *path, struct manual **out)
{
    *out = arena_make(a, struct manual);
    (*out)->arena = a;
    (*out)->path = path;
    read_blocks(*out);
}

/* At least so many results, or the extraction is broken. */
#define RESULTS_LEAST 120

static void test_every_example_gives_what_the_page_shows(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct manual *m;
    read_manual(a, ENGLISH, &m);
    for (size_t i = 0; i < m->n; i++) {
        if (is_example(&m->blocks[i])) {
            show(m, &m->blocks[i]);
        }
    }
    for (size_t i = 0; i < m->n_programs; i++) {
        if (!m->programs[i].used) {
            fail_msg("%s: the program '" STR_FMT "' shows no result", m->path,
                     STR_ARG(m->programs[i].name));
        }
    }
    if (m->wrong) {
        fail_msg("%d of %d results are not what the page shows", m->wrong, m->shown);
    }
    assert_in_range(m->shown, RESULTS_LEAST, INT32_MAX);
    arena_free(a);
}

/* So the examples of the other page need no second run. */
static void test_both_pages_hold_the_same_examples(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct manual *m, *other;
    read_manual(a, ENGLISH, &m);
    read_manual(a, CHINESE, &other);
    size_t k = 0;
    for (size_t i = 0; i < m->n; i++) {
        if (!is_example(&m->blocks[i])) {
            continue;
        }
        while (k < other->n && !is_example(&other->blocks[k])) {
            k++;
        }
        if (k == other->n) {
            fail_msg("%s:%d has no counterpart in %s", m->path, m->blocks[i].line, other->path);
        }
        const struct block *x = &m->blocks[i], *y = &other->blocks[k++];
        if (!str_eq(x->word, y->word) || !str_eq(x->argument, y->argument) ||
            !str_eq(x->body, y->body)) {
            fail_msg("%s:%d and %s:%d differ", m->path, x->line, other->path, y->line);
        }
    }
    for (; k < other->n; k++) {
        assert_false(is_example(&other->blocks[k]));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_example_gives_what_the_page_shows),
        cmocka_unit_test(test_both_pages_hold_the_same_examples),
    };
    return cmocka_run_group_tests_name("manual", tests, NULL, NULL);
}
