/* diff.c - two strategies compared part by part, and the differences said in words.
 *
 * Each side is laid out as facts: a part (a line, a parameter ..), an aspect of it (its payer, its
 * default ..) and the value as text in canonical layout. A part that only one side has was added
 * or removed; of the others the aspects are compared. So order, comments and layout make none.
 */
#include "strategy/tree.h"

#define FACT_TEXT_MAX (64u << 10) /* of one value: a table or a whole formula */

struct fact {
    enum strategy_part_kind part;
    const char *aspect; /* "" introduces the part; its value says the whole */
    struct str name;
    int32_t nth; /* two lines may share a code */
    struct str value;
    enum strategy_kind kind;          /* of a declaration */
    const struct tally_expr *formula; /* so that a change of digits is told as such */
    bool meaning;
};
struct facts {
    struct arena *arena;
    const struct strategy *s;
    struct fact *at;
    size_t n, room;
};

static void add(struct facts *f, struct fact one)
{
    if (f->n == f->room) {
        f->room = f->room ? 2 * f->room : 256;
        struct fact *more = arena_many(f->arena, f->room, struct fact);
        if (f->n) {
            memcpy(more, f->at, f->n * sizeof *more);
        }
        f->at = more;
    }
    f->at[f->n++] = one;
}

static void whole(struct facts *f, enum strategy_part_kind part, struct str name, int32_t nth,
                  struct str value)
{
    add(f, (struct fact){ .part = part,
                          .aspect = "",
                          .name = name,
                          .nth = nth,
                          .value = value,
                          .meaning = true });
}

/* Of the part that was introduced last. */
static void aspect(struct facts *f, const char *what, struct str value, bool meaning)
{
    struct fact one = f->at[f->n - 1];
    one.aspect = what;
    one.value = value;
    one.formula = NULL;
    one.meaning = meaning;
    add(f, one);
}

static void formula(struct facts *f, const char *what, const struct tally_expr *x)
{
    aspect(f, what, x ? tally_expr_text(f->arena, f->s->program, x) : STR(""), true);
    f->at[f->n - 1].formula = x;
}

/* ---- declarations ----------------------------------------------------------------------- */

static struct str range_text(struct arena *a, bool has_min, struct decimal min, bool has_max,
                             struct decimal max)
{
    struct text t;
    text_init(&t, a, 128);
    if (has_min) {
        text_decimal(&t, min.units, min.scale, 0);
    }
    text_add_c(&t, has_min || has_max ? ".." : "");
    if (has_max) {
        text_decimal(&t, max.units, max.scale, 0);
    }
    return text_str(&t);
}

static struct str type_words(struct arena *a, const struct strategy_decl *d)
{
    struct text t;
    text_init(&t, a, FACT_TEXT_MAX);
    for (size_t i = 0; i < d->n_choices; i++) {
        text_add_c(&t, i ? " | " : "");
        text_add(&t, d->choices[i]);
    }
    text_add(&t, d->type == STRATEGY_YES_NO ? STR("yes_no") : d->unit);
    if (d->type == STRATEGY_TABLE) {
        return str_of(arena_printf(a, "table " STR_FMT, STR_ARG(text_str(&t))));
    }
    return text_str(&t);
}

static void add_decl(struct facts *f, const struct strategy_decl *d)
{
    static const char *const kinds[] = { "meter", "series", "price", "param", "input", "state" };
    struct arena *a = f->arena;
    struct str name =
        d->group.n
            ? str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(d->group), STR_ARG(d->name)))
            : d->name;
    struct str type = type_words(a, d);
    const char *tail = d->optional ? " optional" : d->has_default ? " = " : "";
    struct str all = str_of(
        arena_printf(a, STR_FMT "%s" STR_FMT, STR_ARG(type), tail, STR_ARG(d->default_text)));
    whole(f, PART_DECL, name, 0, all);
    f->at[f->n - 1].kind = d->kind;
    aspect(f, "kind", str_of(kinds[d->kind]), true);
    aspect(f, "type", type, true);
    aspect(f, "digits", str_of(arena_printf(a, "%d", (int)d->scale)), true);
    aspect(f, "within", range_text(a, d->has_min, d->min, d->has_max, d->max), true);
    aspect(f, "typical", range_text(a, d->has_typical, d->low, d->has_typical, d->high), false);
    aspect(f, "default", d->default_text, true);
    aspect(f, "optional", d->optional ? STR("yes") : STR("no"), true);
    aspect(f, "per year", d->per_year ? STR("yes") : STR("no"), true);
    aspect(f, "window", d->window, true);
    aspect(f, "title", d->title, false);
}

static void add_axes(struct facts *f)
{
    const struct tally_program *p = f->s->program;
    for (int32_t i = AXIS_FIRST; i < p->n_axes; i++) {
        const struct tally_axis *x = &p->axes[i];
        whole(f, x->window ? PART_WINDOW : PART_GROUP, x->name, 0, x->title);
        aspect(f, "of", x->outer >= 0 ? p->axes[x->outer].name : STR(""), true);
        aspect(f, "party", x->party ? (x->party_name.n ? x->party_name : STR("yes")) : STR("no"),
               true);
        aspect(f, "unit", x->opaque >= 0 ? p->opaques[x->opaque] : STR(""), true);
        aspect(f, "title", x->title, false);
    }
}

static struct str rows_text(struct arena *a, const struct tally_table *table)
{
    struct text t;
    text_init(&t, a, FACT_TEXT_MAX);
    text_add_c(&t, table->upto ? "upto" : "from");
    for (int32_t i = 0; i < table->n_rows; i++) {
        const struct strategy_row *r = &table->rows[i];
        text_add_c(&t, i ? ", " : " ");
        if (r->rest) {
            text_add_c(&t, "rest");
        } else {
            text_decimal(&t, r->bound.units, r->bound.scale, 0);
        }
        text_add_c(&t, ": ");
        text_decimal(&t, r->value.units, r->value.scale, 0);
    }
    return text_str(&t);
}

/* ---- what is computed and billed -------------------------------------------------------- */

static int32_t count_before(const struct facts *f, enum strategy_part_kind part, struct str name)
{
    int32_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        n += f->at[i].part == part && f->at[i].aspect[0] == 0 && str_eq(f->at[i].name, name);
    }
    return n;
}

static void add_definitions(struct facts *f)
{
    const struct tally_program *p = f->s->program;
    for (int32_t i = 0; i < p->n_definitions; i++) {
        const struct tally_definition *d = &p->definitions[i];
        whole(f, PART_DEFINITION, d->name, 0, tally_expr_text(f->arena, p, d->body));
        formula(f, "formula", d->body);
        aspect(f, "title", d->title, false);
        aspect(f, "printed", d->title.n ? STR("yes") : STR("no"), false);
        for (int32_t k = 0; k < d->n_excepts; k++) {
            struct str when = tally_expr_text(f->arena, p, d->excepts[k].when);
            struct str name = str_of(
                arena_printf(f->arena, STR_FMT " when " STR_FMT, STR_ARG(d->name), STR_ARG(when)));
            whole(f, PART_EXCEPT, name, count_before(f, PART_EXCEPT, name),
                  tally_expr_text(f->arena, p, d->excepts[k].body));
            formula(f, "formula", d->excepts[k].body);
        }
    }
    for (int32_t i = 0; i < p->n_nexts; i++) {
        whole(f, PART_NEXT, p->decls[p->nexts[i].decl].name, 0,
              tally_expr_text(f->arena, p, p->nexts[i].body));
        formula(f, "formula", p->nexts[i].body);
    }
}

static struct str vat_text(struct facts *f, const struct tally_line *l)
{
    if (l->vat == VAT_NONE) {
        return STR("no vat");
    }
    struct str rate = tally_expr_text(f->arena, f->s->program, l->vat_rate);
    return str_of(arena_printf(f->arena, "vat " STR_FMT "%s", STR_ARG(rate),
                               l->vat == VAT_ON_TOP ? " on top" : ""));
}

static void add_lines(struct facts *f)
{
    const struct tally_program *p = f->s->program;
    for (int32_t i = 0; i < p->n_lines; i++) {
        const struct tally_line *l = &p->lines[i];
        struct str code = tally_code_text(f->arena, &l->code);
        struct str amount = tally_expr_text(f->arena, p, l->amount);
        whole(
            f, PART_LINE, code, count_before(f, PART_LINE, code),
            str_of(arena_printf(f->arena, STR_FMT " -> " STR_FMT " " STR_FMT,
                                STR_ARG(l->payer.name), STR_ARG(l->payee.name), STR_ARG(amount))));
        aspect(f, "payer", l->payer.name, true);
        aspect(f, "payee", l->payee.name, true);
        formula(f, "amount", l->amount);
        aspect(f, "vat", vat_text(f, l), true);
        formula(f, "condition", l->when);
        formula(f, "showing", l->showing);
        aspect(f, "settled by", l->settled_by.name, true);
        aspect(f, "title", l->title, false);
    }
    for (int32_t i = 0; i < p->n_flags; i++) {
        static const char *const levels[] = { "warn", "hold", "fail" };
        const struct tally_flag *l = &p->flags[i];
        struct str code = tally_code_text(f->arena, &l->code);
        whole(f, PART_FLAG, code, count_before(f, PART_FLAG, code),
              str_of(arena_printf(f->arena, "%s", levels[l->level])));
        aspect(f, "level", str_of(levels[l->level]), true);
        formula(f, "condition", l->when);
        aspect(f, "title", l->title, false);
    }
}

static struct facts facts_of(struct arena *a, const struct strategy *s)
{
    struct facts f = { .arena = a, .s = s };
    const struct tally_program *p = s->program;
    whole(&f, PART_TITLE, p->name, 0, p->title);
    aspect(&f, "title", p->title, false);
    f.at[0].name = f.at[1].name = STR("");
    whole(&f, PART_ABOUT, STR(""), 0, p->about);
    aspect(&f, "about", p->about, false);
    for (int32_t i = 0; i < p->n_parties; i++) {
        whole(&f, PART_PARTY, p->parties[i], 0, STR(""));
    }
    add_axes(&f);
    for (int32_t i = 0; i < p->n_tables; i++) {
        struct str rows = rows_text(a, &p->tables[i]);
        whole(&f, PART_TABLE, p->tables[i].name, 0, rows);
        aspect(&f, "rows", rows, true);
    }
    for (size_t i = 0; i < s->n_decls; i++) {
        add_decl(&f, &s->decls[i]);
    }
    add_definitions(&f);
    add_lines(&f);
    return f;
}

/* ---- comparing -------------------------------------------------------------------------- */

static const struct fact *counterpart(const struct facts *f, const struct fact *one)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct fact *x = &f->at[i];
        if (x->part == one->part && x->nth == one->nth && strcmp(x->aspect, one->aspect) == 0 &&
            str_eq(x->name, one->name)) {
            return x;
        }
    }
    return NULL;
}

static bool both_rounded(const struct tally_expr *x, const struct tally_expr *y)
{
    return x->op == OP_CALL && y->op == OP_CALL && x->fn == y->fn &&
           (x->fn == FN_ROUND || x->fn == FN_ROUND_DOWN) && x->n_args == 2 && y->n_args == 2 &&
           x->args[1]->op == OP_NUMBER && y->args[1]->op == OP_NUMBER;
}

/* The same but for the digits of rounding? Trees that differ otherwise print differently once the
 * digits are equal; so every other leaf is compared by its own text. */
static bool same_but_digits(const struct facts *f, const struct tally_expr *x,
                            const struct facts *g, const struct tally_expr *y)
{
    if (x->op != y->op || x->fn != y->fn || x->n_args != y->n_args || x->n_axes != y->n_axes ||
        x->by != y->by || !x->where != !y->where) {
        return false;
    }
    if (x->n_args == 0 || x->op == OP_CHOOSE || x->where) {
        return str_eq(tally_expr_text(f->arena, f->s->program, x),
                      tally_expr_text(g->arena, g->s->program, y));
    }
    for (int32_t i = 0; i < x->n_axes; i++) {
        if (!str_eq(x->axes[i], y->axes[i])) {
            return false;
        }
    }
    int32_t n = both_rounded(x, y) ? 1 : x->n_args;
    for (int32_t i = 0; i < n; i++) {
        if (!same_but_digits(f, x->args[i], g, y->args[i])) {
            return false;
        }
    }
    return true;
}

struct changes {
    struct arena *arena;
    struct strategy_change *at;
    size_t n, room;
};

static void say(struct changes *c, const struct fact *one, const char *aspect_word,
                struct str before, struct str after)
{
    if (c->n == c->room) {
        c->room = c->room ? 2 * c->room : 64;
        struct strategy_change *more = arena_many(c->arena, c->room, struct strategy_change);
        if (c->n) {
            memcpy(more, c->at, c->n * sizeof *more);
        }
        c->at = more;
    }
    c->at[c->n++] = (struct strategy_change){ .part = one->part,
                                              .kind = one->kind,
                                              .aspect = aspect_word,
                                              .name = one->name,
                                              .before = before,
                                              .after = after,
                                              .meaning = one->meaning };
}

static void compare(struct changes *c, const struct facts *f, const struct facts *g)
{
    const struct str none = { NULL, 0 };
    bool skip = false;
    for (size_t i = 0; i < g->n; i++) {
        const struct fact *y = &g->at[i];
        const struct fact *x = counterpart(f, y);
        if (y->aspect[0] == 0) {
            skip = x == NULL;
            if (skip) {
                say(c, y, "", none, y->value.at ? y->value : STR(""));
            }
        } else if (!skip && x && !str_eq(x->value, y->value)) {
            bool digits = x->formula && y->formula && same_but_digits(f, x->formula, g, y->formula);
            say(c, y, digits ? "rounding" : y->aspect, x->value.at ? x->value : STR(""),
                y->value.at ? y->value : STR(""));
        }
    }
    for (size_t i = 0; i < f->n; i++) {
        const struct fact *x = &f->at[i];
        if (x->aspect[0] == 0 && !counterpart(g, x)) {
            say(c, x, "", x->value.at ? x->value : STR(""), none);
        }
    }
}

/* Codes of lines and flags that both sides have, in the order of `f`. */
static struct str order_text(const struct facts *f, const struct facts *other)
{
    struct text t;
    text_init(&t, f->arena, FACT_TEXT_MAX);
    for (size_t i = 0; i < f->n; i++) {
        const struct fact *x = &f->at[i];
        if (x->part == PART_LINE && x->aspect[0] == 0 && counterpart(other, x)) {
            text_add_c(&t, t.n ? ", " : "");
            text_add(&t, x->name);
        }
    }
    return text_str(&t);
}

size_t strategy_diff(struct arena *a, const struct strategy *before, const struct strategy *after,
                     const struct strategy_change **out)
{
    struct facts f = facts_of(a, before), g = facts_of(a, after);
    struct changes c = { .arena = a };
    compare(&c, &f, &g);
    struct fact order = { .part = PART_ORDER, .aspect = "order" };
    struct str x = order_text(&f, &g), y = order_text(&g, &f);
    if (!str_eq(x, y)) {
        say(&c, &order, "order", x, y);
    }
    *out = c.at;
    return c.n;
}

/* ---- words ------------------------------------------------------------------------------ */

struct wording {
    const char *word, *english, *chinese;
};

static const struct wording PARTS[] = {
    [PART_TITLE] = { NULL, "strategy", "策略" },
    [PART_ABOUT] = { NULL, "strategy", "策略" },
    [PART_PARTY] = { NULL, "party", "参与方" },
    [PART_GROUP] = { NULL, "group", "分组" },
    [PART_WINDOW] = { NULL, "window", "时间窗" },
    [PART_TABLE] = { NULL, "table", "表" },
    [PART_DEFINITION] = { NULL, "definition", "定义" },
    [PART_EXCEPT] = { NULL, "exception", "例外" },
    [PART_NEXT] = { NULL, "next", "结转" },
    [PART_LINE] = { NULL, "line", "账单行" },
    [PART_FLAG] = { NULL, "flag", "标志" },
    [PART_ORDER] = { NULL, "lines", "账单行" },
};

static const struct wording KINDS[] = {
    [STRATEGY_METER] = { NULL, "meter", "表计" }, [STRATEGY_SERIES] = { NULL, "series", "序列" },
    [STRATEGY_PRICE] = { NULL, "price", "电价" }, [STRATEGY_PARAM] = { NULL, "param", "参数" },
    [STRATEGY_INPUT] = { NULL, "input", "输入" }, [STRATEGY_STATE] = { NULL, "state", "状态" },
};

static const struct wording ASPECTS[] = {
    { "title", "title", "名称" },
    { "about", "description", "说明" },
    { "kind", "kind", "来源" },
    { "type", "type", "类型或单位" },
    { "digits", "decimals", "小数位" },
    { "within", "permitted range", "允许范围" },
    { "typical", "typical range", "常用范围" },
    { "default", "default", "默认值" },
    { "optional", "optional", "可不约定" },
    { "per year", "yearly reset", "按年清零" },
    { "window", "window", "时间窗" },
    { "of", "outer group", "上级分组" },
    { "party", "party", "参与方" },
    { "unit", "unit", "单位" },
    { "rows", "rows", "各行" },
    { "formula", "formula", "算式" },
    { "rounding", "rounding digits", "修约位数" },
    { "printed", "printed", "列示" },
    { "payer", "payer", "付款方" },
    { "payee", "payee", "收款方" },
    { "amount", "amount", "金额算式" },
    { "vat", "VAT", "增值税" },
    { "condition", "condition", "条件" },
    { "showing", "shown quantity and price", "列示量价" },
    { "settled by", "settled by", "代结方" },
    { "level", "level", "级别" },
    { "order", "order", "次序" },
};

static const char *aspect_words(const char *word, bool chinese)
{
    for (size_t i = 0; i < sizeof ASPECTS / sizeof *ASPECTS; i++) {
        if (strcmp(ASPECTS[i].word, word) == 0) {
            return chinese ? ASPECTS[i].chinese : ASPECTS[i].english;
        }
    }
    return word;
}

static void quoted(struct text *t, struct str value, bool chinese)
{
    if (value.n == 0) {
        text_add_c(t, chinese ? "无" : "nothing");
    } else {
        text_addf(t, chinese ? "“" STR_FMT "”" : "'" STR_FMT "'", STR_ARG(value));
    }
}

void strategy_change_text(struct text *t, const struct strategy_change *c, bool chinese)
{
    const struct wording *w = c->part == PART_DECL ? &KINDS[c->kind] : &PARTS[c->part];
    const char *part = chinese ? w->chinese : w->english;
    const char *space = c->name.n ? " " : "";
    if (c->aspect[0] == 0) {
        bool added = c->before.at == NULL;
        struct str value = added ? c->after : c->before;
        text_addf(t, "%s%s%s" STR_FMT,
                  chinese ? (added ? "新增" : "删除") : (added ? "added " : "removed "), part,
                  space, STR_ARG(c->name));
        if (value.n) {
            text_addf(t, chinese ? "：" STR_FMT : ": " STR_FMT, STR_ARG(value));
        }
        return;
    }
    text_addf(t, "%s%s" STR_FMT, part, space, STR_ARG(c->name));
    text_addf(t, "%s%s%s", chinese ? space : ": ", chinese ? "的" : "",
              aspect_words(c->aspect, chinese));
    text_add_c(t, chinese ? "由" : " changed from ");
    quoted(t, c->before, chinese);
    text_add_c(t, chinese ? "改为" : " to ");
    quoted(t, c->after, chinese);
}
