/* decls.c - what a strategy asks for, as the console's forms and the binding see it. */
#include "strategy/tree.h"

#define UNIT_TEXT_MAX 4096

static struct str unit_word(struct arena *a, const struct tally_program *p,
                            const struct tally_unit *u, bool count)
{
    if (unit_is_none(u)) {
        return count ? STR("count") : STR("ratio");
    }
    struct text t;
    text_init(&t, a, UNIT_TEXT_MAX);
    text_unit(&t, p, u);
    return text_str(&t);
}

/* "resource.day": the way from the top to a nested group. */
static struct str group_path(struct arena *a, const struct tally_program *p, int32_t axis)
{
    if (axis < 0) {
        return (struct str){ "", 0 };
    }
    const struct tally_axis *x = &p->axes[axis];
    if (x->outer < 0) {
        return x->name;
    }
    struct str outer = group_path(a, p, x->outer);
    return str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(outer), STR_ARG(x->name)));
}

static struct strategy_decl describe(struct arena *a, const struct tally_program *p,
                                     const struct tally_decl *d)
{
    struct strategy_decl out = { .kind = d->kind,
                                 .name = d->name,
                                 .title = d->title,
                                 .group = group_path(a, p, d->axis),
                                 .scale = d->type.scale,
                                 .optional = d->optional,
                                 .has_default = d->initial != NULL,
                                 .per_year = d->per_year,
                                 .has_min = d->has_min,
                                 .has_max = d->has_max,
                                 .min = d->min,
                                 .max = d->max,
                                 .has_typical = d->has_typical,
                                 .low = d->low,
                                 .high = d->high };
    if (d->window > AXIS_INTERVAL) {
        out.window = p->axes[d->window].name;
    }
    if (d->initial) {
        const struct tally_expr *x = d->initial;
        out.default_text = tally_expr_text(a, p, x);
        out.default_number = x->op == OP_NEG ? x->args[0]->number : x->number;
        out.default_number.units *= x->op == OP_NEG ? -1 : 1;
    }
    switch (d->type.kind) {
    case TALLY_YES_NO:
        out.type = STRATEGY_YES_NO;
        break;
    case TALLY_CHOICE:
        out.type = STRATEGY_CHOICE;
        out.choices = p->choices[d->type.choice].names;
        out.n_choices = (size_t)p->choices[d->type.choice].n;
        break;
    case TALLY_TABLE: {
        struct str from = unit_word(a, p, &d->table->from, d->table->from_scale == 0);
        struct str to = unit_word(a, p, &d->table->to, d->table->to_scale == 0);
        out.type = STRATEGY_TABLE;
        out.unit =
            str_of(arena_printf(a, "%s " STR_FMT " -> " STR_FMT, d->table->upto ? "upto" : "from",
                                STR_ARG(from), STR_ARG(to)));
        break;
    }
    default:
        out.type = STRATEGY_NUMBER;
        out.unit = unit_word(a, p, &d->type.unit, d->count);
        break;
    }
    return out;
}

void strategy_describe(struct arena *arena, struct strategy *s)
{
    const struct tally_program *p = s->program;
    size_t n_axes = (size_t)p->n_axes;
    struct strategy_decl *decls = arena_many(arena, (size_t)p->n_decls + 1, struct strategy_decl);
    struct strategy_group *groups = arena_many(arena, n_axes + 1, struct strategy_group);
    struct str *windows = arena_many(arena, n_axes + 1, struct str);
    for (int32_t i = 0; i < p->n_decls; i++) {
        decls[i] = describe(arena, p, &p->decls[i]);
    }
    for (int32_t i = AXIS_FIRST; i < p->n_axes; i++) {
        const struct tally_axis *x = &p->axes[i];
        if (x->window) {
            windows[s->n_windows++] = x->name;
            continue;
        }
        groups[s->n_groups++] =
            (struct strategy_group){ .name = x->name,
                                     .title = x->title,
                                     .of = x->outer >= 0 ? p->axes[x->outer].name
                                                         : (struct str){ "", 0 },
                                     .party = x->party,
                                     .unit = x->opaque >= 0 ? p->opaques[x->opaque]
                                                            : (struct str){ "", 0 },
                                     .party_name = x->party_name };
    }
    s->decls = decls;
    s->n_decls = (size_t)p->n_decls;
    s->groups = groups;
    s->windows = windows;
}

size_t strategy_decls(const struct strategy *s, const struct strategy_decl **out)
{
    *out = s->decls;
    return s->n_decls;
}

size_t strategy_groups(const struct strategy *s, const struct strategy_group **out)
{
    *out = s->groups;
    return s->n_groups;
}

size_t strategy_parties(const struct strategy *s, const struct str **out)
{
    *out = s->program->parties;
    return (size_t)s->program->n_parties;
}

size_t strategy_windows(const struct strategy *s, const struct str **out)
{
    *out = s->windows;
    return s->n_windows;
}
