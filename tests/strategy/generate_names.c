/* generate_names.c - what a random strategy can speak of: units, axes, and the declarations made so
 * far, in the places where they stand. */
#include "generate_expr.h"
#include "base/check.h"

const char *const UNIT_WORD[UNITS] = { "kWh", "kW", "yuan", "yuan/kWh", "ratio" };
const char *const UNIT_AFTER[UNITS] = { " kWh", " kW", " yuan", " yuan/kWh", "" };
const int PRINTED[UNITS] = { 2, 2, 2, 6, 6 };
const int DECL_SCALE[UNITS] = { 2, 2, 2, 6, 6 };
const int BOUND[UNITS] = { 9, 6, 12, 4, 6 }; /* decimal digits before the point */
const char *const AXIS_WORD[] = { "interval", "hour", "date",    "tou",
                                  "site",     "box",  "session", "before" };

int gen_below(struct gen *g, int n)
{
    return (int)rng_below(&g->rng, (uint64_t)n);
}

bool gen_chance(struct gen *g, int percent)
{
    return gen_below(g, 100) < percent;
}

const char *gen_name(struct gen *g, const char *stem)
{
    return arena_printf(g->a, "%s%d", stem, ++g->n_names);
}

unsigned gen_closed(unsigned shape)
{
    if (shape & B) {
        shape |= A;
    }
    return shape & I ? shape & ~(unsigned)CLOCK : shape;
}

bool gen_fits(unsigned shape, unsigned allow)
{
    unsigned with = allow;
    if (allow & I) {
        with |= allow & S ? T : CLOCK;
        if (allow & S && shape & I && !(shape & S)) {
            return false; /* intervals of the period in a session */
        }
    }
    return (shape & ~with) == 0;
}

/* ---- declarations ---------------------------------------------------------------------------- */

static struct text *home(struct gen *g, unsigned shape)
{
    return shape & B ? &g->group_b : shape & A ? &g->group_a : shape & S ? &g->group_s : &g->top;
}

const char *gen_in(struct gen *g, unsigned shape, const char *name)
{
    const char *group = shape & B ? "box." : shape & A ? "site." : shape & S ? "session." : "";
    return arena_printf(g->a, "%s%s", group, name);
}

struct atom *gen_keep(struct gen *g, struct atom a)
{
    check(g->n_atoms < ATOMS_MAX);
    g->atom[g->n_atoms] = a;
    return &g->atom[g->n_atoms++];
}

struct gx gen_of(const struct atom *a)
{
    return (struct gx){ a->name, a->scale, a->shape, a->size };
}

struct gx gen_param(struct gen *g, int unit, unsigned shape)
{
    const char *name = gen_name(g, "p");
    int scale = DECL_SCALE[unit];
    struct text *t = home(g, shape);
    text_addf(t, "%s %s : %s", gen_chance(g, 70) ? "param" : "input", name, UNIT_WORD[unit]);
    double size = unit == RATIO ? 2 : BOUND[unit];
    bool within = unit == RATIO && gen_chance(g, 40);
    if (within) {
        text_addf(t, " within 0..%d", 1 + gen_below(g, 3));
        size = 0.7;
    } else if (gen_chance(g, 25)) {
        scale = 1 + gen_below(g, 6);
        text_addf(t, " digits %d", scale);
    }
    if (gen_chance(g, 25)) {
        text_addf(t, " = %d%s", gen_below(g, within ? 2 : 3), UNIT_AFTER[unit]);
    }
    text_add_c(t, "\n");
    return gen_of(gen_keep(g, (struct atom){ gen_in(g, shape, name), false, false, unit, scale,
                                             gen_closed(shape), size }));
}

void gen_feed(struct gen *g, const char *kind, int unit, unsigned shape)
{
    const char *name = gen_name(g, "read");
    int scale = strcmp(kind, "meter") == 0 ? 4 : unit == PRICE ? 6 : 4;
    struct text *t = home(g, shape);
    text_addf(t, "%s %s : %s", kind, name, UNIT_WORD[unit]);
    if (shape & W) {
        text_add_c(t, " by before");
    }
    if (gen_chance(g, 15)) {
        scale = 2 + gen_below(g, 3);
        text_addf(t, " digits %d", scale);
    }
    text_addf(t, "%s\n", gen_chance(g, 30) ? " \"读数\"" : "");
    gen_keep(g, (struct atom){ gen_in(g, shape, name), false, true, unit, scale, gen_closed(shape),
                               BOUND[unit] });
}

const struct choice *gen_choice(struct gen *g, unsigned allow)
{
    for (int i = 0; i < g->n_choices; i++) {
        if (gen_fits(g->choice[i].shape, allow) && gen_chance(g, 60)) {
            return &g->choice[i];
        }
    }
    if (g->n_choices == 16) {
        return gen_fits(g->choice[0].shape, allow) ? &g->choice[0] : NULL;
    }
    unsigned shape = allow & A && gen_chance(g, 40) ? A : 0;
    struct choice c = { NULL, shape, 2 + gen_below(g, 3) };
    const char *name = gen_name(g, "mode");
    struct text *t = home(g, shape);
    text_addf(t, "param %s : ", name);
    for (int i = 0; i < c.n; i++) {
        text_addf(t, "%sway_%c", i ? " | " : "", 'a' + i);
    }
    text_add_c(t, gen_chance(g, 30) ? " = way_b\n" : "\n");
    c.name = gen_in(g, shape, name);
    g->choice[g->n_choices] = c;
    return &g->choice[g->n_choices++];
}

const struct atom *gen_optional(struct gen *g, int unit)
{
    for (int i = 0; i < g->n_optional; i++) {
        if ((unit < 0 || g->optional[i].unit == unit) && gen_chance(g, 70)) {
            return &g->optional[i];
        }
    }
    if (g->n_optional == 8) {
        return NULL;
    }
    unit = unit < 0 ? gen_below(g, UNITS) : unit;
    const char *name = gen_name(g, "maybe");
    text_addf(&g->top, "param %s : %s optional\n", name, UNIT_WORD[unit]);
    g->optional[g->n_optional] = (struct atom){
        name, false, false, unit, DECL_SCALE[unit], 0, unit == RATIO ? 2 : BOUND[unit]
    };
    return &g->optional[g->n_optional++];
}
