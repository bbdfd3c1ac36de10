/* generate_expr.c - expressions of a random strategy, grown toward a unit and a set of axes, with
 * scale and size kept in mind: well typed by construction. */
#include "generate_expr.h"
#include "base/check.h"

static const double AXIS_DIGITS[] = { 4.6, 4.0, 2.6, 1.9, 3.7, 3.7, 3.7, 4.6 };
#define SIZE_MAX_BITS 118.0 /* under 127, with room for what the checker counts more strictly */

/* ---- numbers --------------------------------------------------------------------------------- */

static struct gx literal(struct gen *g, int unit)
{
    static const int TOP[UNITS] = { 3000, 500, 2000, 2, 2 };
    int scale = gen_below(g, unit == PRICE ? 5 : unit == RATIO ? 4 : 3);
    int ten = 1;
    for (int i = 0; i < scale; i++) {
        ten *= 10;
    }
    int n = gen_below(g, TOP[unit] * ten) + (gen_chance(g, 90) ? 1 : 0);
    struct text t;
    text_init(&t, g->a, 64);
    if (gen_chance(g, 8)) {
        text_add_c(&t, "(-");
    }
    if (unit == RATIO && scale == 2 && gen_chance(g, 50)) {
        text_addf(&t, "%d%%", n);
    } else {
        text_scaled(&t, n, scale);
        text_add_c(&t, UNIT_AFTER[unit]);
    }
    if (t.at[0] == '(') {
        text_byte(&t, ')');
    }
    return (struct gx){ t.at, scale, 0, 4 };
}

struct gx gen_rounded(struct gen *g, struct gx x, int most)
{
    if (x.scale <= most) {
        return x;
    }
    const char *fn = gen_chance(g, 85) ? "round" : "round_down";
    if (most >= 2 && most <= 6 && gen_chance(g, 8)) { /* agreed digits */
        const char *name = gen_name(g, "digits");
        int low = gen_below(g, most);
        text_addf(&g->top, "param %s : count within %d..%d typical %d..%d\n", name, low, most,
                  low, most);
        return (struct gx){ arena_printf(g->a, "%s(%s, %s)", fn, x.t, name), most, x.shape,
                            x.size + 0.1 };
    }
    return (struct gx){ arena_printf(g->a, "%s(%s, %d)", fn, x.t, most), most, x.shape,
                        x.size + 0.1 };
}

/* Another unit with the same axes: through a ratio that is held small. */
static struct gx converted(struct gen *g, struct gx x, int from, int to)
{
    const char *t = arena_printf(g->a, "round(clamp(%s, 0%s, 400%s) / 50%s, 3)", x.t,
                                 UNIT_AFTER[from], UNIT_AFTER[from], UNIT_AFTER[from]);
    if (to == RATIO) {
        return (struct gx){ t, 3, x.shape, 6 };
    }
    return (struct gx){ arena_printf(g->a, "(%s * %d%s)", t, 1 + gen_below(g, 3), UNIT_AFTER[to]),
                        3, x.shape, 7 };
}

/* A name that varies by at least `must`; one of another unit is converted. */
static struct gx named(struct gen *g, int unit, unsigned allow, unsigned must)
{
    const struct atom *best = NULL;
    int n = 0;
    for (int pass = 0; pass < (must ? 2 : 1) && !best; pass++) {
        for (int i = 0; i < g->n_atoms; i++) {
            const struct atom *a = &g->atom[i];
            unsigned reach = a->shape & I ? a->shape | (must & CLOCK) : a->shape;
            if (!a->yes_no && (pass || a->unit == unit) && gen_fits(a->shape, allow) &&
                (must & ~reach) == 0) {
                int weight = a->shape ? 3 : 1;
                n += weight;
                if (gen_below(g, n) < weight) {
                    best = a;
                }
            }
        }
    }
    if (best) {
        struct gx x = gen_of(best);
        return best->unit == unit ? x : converted(g, x, best->unit, unit);
    }
    if (must & ~(unsigned)GROUPS) {
        return (struct gx){ NULL, 0, 0, 0 };
    }
    return gen_param(g, unit, must & B ? (unsigned)(A | B) : must);
}

static struct gx leaf(struct gen *g, int unit, unsigned allow, unsigned must)
{
    if (!must && gen_chance(g, 30)) {
        return literal(g, unit);
    }
    if (gen_chance(g, 6) && !(must & ~(unsigned)GROUPS) && !(must & I)) {
        return gen_param(g, unit, must & B ? (unsigned)(A | B) : must);
    }
    struct gx x = named(g, unit, allow, must);
    if (x.t) {
        return x;
    }
    /* nothing has these axes by name: join one name for each of them */
    for (int axis = 0; axis < N_AXES; axis++) {
        unsigned one = 1u << axis;
        if (!(must & one) || (one == A && must & B)) {
            continue;
        }
        struct gx y = named(g, unit, allow, one == B ? (unsigned)(A | B) : one);
        if (!y.t && one & CLOCK) { /* no price: how much fell into each period, hour, day */
            struct gx m = named(g, KWH, (allow & ~(unsigned)CLOCK) | I, (must & S) | I);
            check(m.t);
            unsigned shape = gen_closed((m.shape & ~(unsigned)I) | one);
            struct text t;
            text_init(&t, g->a, 4096);
            text_addf(&t, "sum(%s by ", m.t);
            const char *comma = "";
            for (int b = 0; b < N_AXES; b++) {
                if (shape & 1u << b) {
                    text_addf(&t, "%s%s", comma, AXIS_WORD[b]);
                    comma = ", ";
                }
            }
            text_byte(&t, ')');
            y = (struct gx){ t.at, m.scale, shape, m.size + 4.6 };
            y = unit == KWH ? y : converted(g, y, KWH, unit);
        }
        check(y.t);
        x = !x.t
                ? y
                : (struct gx){ arena_printf(g->a, "(%s + %s)", x.t, y.t),
                               x.scale > y.scale ? x.scale : y.scale, gen_closed(x.shape | y.shape),
                               (x.size > y.size ? x.size : y.size) + 0.4 };
    }
    return x;
}

struct gx gen_both(struct gen *g, const char *fmt, struct gx a, struct gx b)
{
    struct text t;
    text_init(&t, g->a, 65536);
    for (; *fmt; fmt++) { /* 1 and 2 stand for the operands */
        if (*fmt == '1' || *fmt == '2') {
            text_add_c(&t, *fmt == '1' ? a.t : b.t);
        } else {
            text_byte(&t, *fmt);
        }
    }
    return (struct gx){ t.at, a.scale > b.scale ? a.scale : b.scale, gen_closed(a.shape | b.shape),
                        (a.size > b.size ? a.size : b.size) + 0.4 };
}

void gen_pair(struct gen *g, int ua, int ub, unsigned allow, unsigned must, int depth, struct gx *a,
              struct gx *b)
{
    bool first = gen_chance(g, 50);
    *a = gen_num(g, ua, allow, first ? must : 0, depth);
    *b = gen_num(g, ub, allow, first ? 0 : must, depth);
}

static struct gx quotient(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    int from = unit == RATIO ? gen_below(g, UNITS) : YUAN;
    int by = unit == RATIO ? from : KWH;
    struct gx a, b;
    if (unit != RATIO && unit != PRICE) {
        return gen_num(g, unit, allow, must, depth);
    }
    gen_pair(g, from, by, allow, must, depth, &a, &b);
    int digits = 1 + gen_below(g, unit == RATIO ? 5 : 6);
    struct gx x = gen_both(g, "round(1 / 2, ", a, b);
    x.t = arena_printf(g->a, "%s%d)", x.t, digits);
    x.scale = digits;
    x.size = BOUND[unit];
    if (gen_chance(g, 88)) {
        struct gx c = literal(g, unit);
        x.t = arena_printf(g->a, "(%s else %s)", x.t, c.t);
        x.scale = x.scale > c.scale ? x.scale : c.scale;
    }
    return x;
}

/* What becomes of axes when some go: the list after by or over. */
struct drop {
    unsigned inner, must, gone, gained;
};

static bool some_drop(struct gen *g, unsigned allow, unsigned must, struct drop *d)
{
    struct drop all[12];
    int n = 0;
    unsigned has = g->axes, clock = must & CLOCK ? must & CLOCK : allow & CLOCK;
    bool top = !(allow & S);
    if (!(allow & I)) {
        unsigned gained = gen_chance(g, 60) || must & CLOCK ? clock : 0;
        unsigned inner = (allow & ~(unsigned)CLOCK) | I;
        if ((top || !(gained & (H | D))) && !(allow & W)) { /* one time axis at once */
            all[n++] =
                (struct drop){ inner, (must & ~(unsigned)CLOCK) | I | (allow & S), I, gained };
        }
        if (has & T && !(allow & (W | CLOCK))) {
            all[n++] = (struct drop){ allow | T, must | T, T, 0 };
        }
        if (top && !(allow & (W | CLOCK))) {
            unsigned one = gen_chance(g, 50) ? H : D;
            all[n++] = (struct drop){ allow | one, must | one, one, 0 };
        }
        if (has & S && top && !(allow & (A | H | D))) {
            all[n++] = (struct drop){ allow | S, must | S, S, 0 };
        }
        if (has & S && top && !(allow & (A | H | D)) && !(must & CLOCK)) {
            all[n++] = (struct drop){ (allow & ~(unsigned)CLOCK) | S | I, must | S | I, S | I, 0 };
        }
        if (has & W && !(allow & (W | CLOCK)) && top) { /* clocks belong to the period */
            all[n++] = (struct drop){ allow | W, must | W, W, 0 };
        }
    }
    if (has & A && top && !(allow & A)) {
        all[n++] = (struct drop){ allow | A, must | A, A, 0 };
        if (has & B) {
            all[n++] = (struct drop){ allow | A | B, must | A | B, A | B, 0 };
        }
    }
    if (has & B && allow & A && !(allow & B)) {
        all[n++] = (struct drop){ allow | B, must | B, B, 0 };
    }
    if (n == 0) {
        return false;
    }
    *d = all[gen_below(g, n)];
    return true;
}

static void add_axes(struct text *t, const char *word, unsigned shape)
{
    for (int axis = 0; axis < N_AXES; axis++) {
        if (shape & 1u << axis) {
            text_addf(t, "%s%s", word, AXIS_WORD[axis]);
            word = ", ";
        }
    }
}

/* "x by .. where c" between the parentheses of an aggregate. */
static struct gx gathered(struct gen *g, const struct drop *d, struct gx x, int depth)
{
    struct gx where = { NULL, 0, 0, 0 };
    if (gen_chance(g, 25)) {
        where = gen_yes(g, d->inner, 0, depth - 1);
    }
    unsigned shape = gen_closed(x.shape | where.shape);
    unsigned stays = (shape & ~d->gone) | d->gained;
    struct text t;
    text_init(&t, g->a, 65536);
    text_add_c(&t, x.t);
    if (d->gained || (stays && gen_chance(g, 50))) {
        add_axes(&t, " by ", stays);
    } else if (stays || gen_chance(g, 30)) {
        add_axes(&t, " over ", d->gone & shape);
    }
    if (where.t) {
        text_addf(&t, " where %s", where.t);
    }
    for (int axis = 0; axis < N_AXES; axis++) {
        x.size += d->gone & 1u << axis ? AXIS_DIGITS[axis] : 0;
    }
    return (struct gx){ t.at, x.scale, stays, x.size };
}

static struct gx aggregate(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    struct drop d;
    if (!some_drop(g, allow, must, &d)) {
        return gen_num(g, unit, allow, must, depth);
    }
    struct gx x = gen_num(g, unit, d.inner, d.must, depth - 1);
    struct gx in = gathered(g, &d, x, depth);
    int kind = gen_below(g, 100);
    const char *t;
    if (unit == RATIO && kind < 12) { /* how many */
        struct gx c = gen_yes(g, d.inner, d.must, depth - 1);
        in = gathered(g, &d, c, depth);
        return (struct gx){ arena_printf(g->a, "count(%s)", in.t), 0, in.shape, in.size };
    }
    if (kind < 65) {
        return (struct gx){ arena_printf(g->a, "sum(%s)", in.t), in.scale, in.shape, in.size };
    }
    in.size = x.size;
    if (kind < 85) {
        t = arena_printf(g->a, "%s(%s)", kind < 75 ? "max" : "min", in.t);
    } else {
        in.scale = 1 + gen_below(g, 4);
        in.size = BOUND[unit] > x.size ? BOUND[unit] : x.size;
        t = arena_printf(g->a, "round(mean(%s), %d)", in.t, in.scale);
    }
    if (gen_chance(g, 80)) {
        struct gx c = literal(g, unit);
        t = arena_printf(g->a, "(%s else %s)", t, c.t);
        in.scale = in.scale > c.scale ? in.scale : c.scale;
    }
    return (struct gx){ t, in.scale, in.shape, in.size };
}

static struct gx allocated(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    unsigned can[3];
    int n = 0;
    if (allow & A && !(allow & B)) {
        can[n++] = A;
    }
    if (allow & B) {
        can[n++] = B;
    }
    if (allow & S && !(allow & I)) {
        can[n++] = S;
    }
    if (allow & T && !(allow & I)) {
        can[n++] = T;
    }
    if (n == 0 || unit == PRICE) {
        return gen_num(g, unit, allow, must, depth);
    }
    unsigned along = can[gen_below(g, n)];
    struct gx x = gen_rounded(g, gen_num(g, unit, allow & ~along, 0, depth - 1), PRINTED[unit]);
    int other = gen_below(g, UNITS);
    unsigned need = (must | along) & ~(x.shape & must & ~along);
    struct gx w = gen_num(g, other, allow, along == B ? need | A : need, depth - 1);
    struct text t;
    text_init(&t, g->a, 65536);
    text_addf(&t, gen_chance(g, 85) ? "allocate(%s, pos(%s)" : "allocate(%s, %s", x.t, w.t);
    add_axes(&t, " over ", along);
    text_byte(&t, ')');
    const char *out = t.at;
    if (gen_chance(g, 80)) {
        out = arena_printf(g->a, "(%s else 0)", t.at);
    }
    return (struct gx){ out, PRINTED[unit], gen_closed(x.shape | w.shape), x.size };
}

static struct gx looked_up(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    int from = gen_below(g, UNITS);
    struct gx x = gen_num(g, from, allow, must, depth - 1), c = literal(g, unit);
    const char *name = gen_name(g, "t"), *way = gen_chance(g, 50) ? "from" : "upto";
    int scale = c.scale;
    bool param = gen_chance(g, 60);
    if (param) {
        scale = scale > DECL_SCALE[unit] ? scale : DECL_SCALE[unit];
        text_addf(&g->top, "param %s : table %s %s -> %s\n", name, way, UNIT_WORD[from],
                  UNIT_WORD[unit]);
    } else {
        text_addf(&g->top, "table %s : %s %s -> %s { ", name, way, UNIT_WORD[from],
                  UNIT_WORD[unit]);
        int bound = -gen_below(g, 50);
        for (int i = 0; i < 3; i++) {
            text_addf(&g->top, "%d%s : %d%s  ", bound, UNIT_AFTER[from], gen_below(g, 5),
                      UNIT_AFTER[unit]);
            bound += 1 + gen_below(g, 60);
        }
        if (*way == 'u' && gen_chance(g, 60)) {
            text_addf(&g->top, "rest : 7%s ", UNIT_AFTER[unit]);
        }
        text_add_c(&g->top, "}\n");
    }
    x.t = arena_printf(g->a, "lookup(%s, %s)", name, x.t);
    if (param || gen_chance(g, 80)) { /* a row of a parameter may be blank */
        x.t = arena_printf(g->a, "(%s else %s)", x.t, c.t);
    } else {
        scale = 0;
    }
    return (struct gx){ x.t, scale, x.shape, BOUND[unit] };
}

static struct gx chosen(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    const struct choice *c = gen_choice(g, allow);
    if (!c || gen_chance(g, 50)) {
        struct gx a, b, when = gen_yes(g, allow, 0, depth - 1);
        gen_pair(g, unit, unit, allow, must, depth - 1, &a, &b);
        struct gx x = gen_both(g, "then 1 else 2)", a, b);
        x.t = arena_printf(g->a, "(if %s %s", when.t, x.t);
        x.shape = gen_closed(x.shape | when.shape);
        return x;
    }
    struct text t;
    text_init(&t, g->a, 65536);
    text_addf(&t, "choose %s { ", c->name);
    struct gx out = { NULL, 0, c->shape, 0 };
    for (int i = 0; i < c->n; i++) {
        struct gx x = gen_num(g, unit, allow, i == 0 ? must : 0, depth - 1);
        text_addf(&t, "%sway_%c: %s", i ? ", " : "", 'a' + i, x.t);
        out.scale = x.scale > out.scale ? x.scale : out.scale;
        out.size = x.size > out.size ? x.size : out.size;
        out.shape = gen_closed(out.shape | x.shape);
    }
    text_add_c(&t, " }");
    out.t = t.at;
    return out;
}

/* What only this unit can be made of. */
static struct gx composed(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    struct gx a, b, x;
    switch (unit) {
    case YUAN:
        if (g->own_unit && allow & A && !(must & ~(unsigned)(A | T)) && !(allow & I) &&
            gen_chance(g, 50)) {
            bool tou = must & T;
            return (struct gx){ arena_printf(g->a,
                                             "(round(sum(site.flow by site%s), 2) at site.per_q)",
                                             tou ? ", tou" : ""),
                                2, tou ? (unsigned)(A | T) : (unsigned)A, 18 };
        }
        gen_pair(g, KWH, PRICE, allow, must, depth - 1, &a, &b);
        if (!(gen_closed(a.shape | b.shape) & (I | W)) && gen_chance(g, 70)) {
            x = gen_both(g, "(1 at 2)", gen_rounded(g, a, 2), gen_rounded(g, b, 6));
            x.scale = 2;
        } else {
            x = gen_both(g, "(1 * 2)", a, b);
            x.scale = a.scale + b.scale;
        }
        x.size = a.size + b.size;
        return x;
    case KWH:
        if (must & ~(unsigned)GROUPS || must & I || allow & I) {
            break;
        }
        a = gen_num(g, KW, allow, must, depth - 1);
        return (struct gx){ arena_printf(g->a, "(%s * hours)", a.t), a.scale + 2, a.shape,
                            a.size + 6 };
    case KW:
        if (!(allow & I) || must & (W | CLOCK)) {
            break;
        }
        x = named(g, KWH, allow, (must & ~(unsigned)CLOCK) | I | (allow & S));
        if (!x.t) {
            break;
        }
        return (struct gx){ arena_printf(g->a, "power(%s)", x.t), x.scale, x.shape, x.size + 1.8 };
    case RATIO:
        if (gen_chance(g, 15)) {
            a = gen_num(g, KWH, allow, must, depth - 1);
            return (struct gx){ arena_printf(g->a, "(power_factor(%s, %d kvarh) else 1)", a.t,
                                             gen_below(g, 3) * 400),
                                2, a.shape, 0.1 };
        }
        return quotient(g, unit, allow, must, depth - 1);
    default:
        return quotient(g, unit, allow, must, depth - 1);
    }
    return gen_num(g, unit, allow, must, depth - 1);
}

static struct gx bounded(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    struct gx a, b, c;
    const struct atom *maybe;
    switch (gen_below(g, 6)) {
    case 0:
        a = gen_num(g, unit, allow, must, depth - 1);
        a.t = arena_printf(g->a, "pos(%s)", a.t);
        return a;
    case 1:
        a = gen_num(g, unit, allow, must, depth - 1);
        a.t = arena_printf(g->a, "abs(%s)", a.t);
        return a;
    case 2:
        gen_pair(g, unit, unit, allow, must, depth - 1, &a, &b);
        return gen_both(g, gen_chance(g, 50) ? "min(1, 2)" : "max(1, 2)", a, b);
    case 3:
        a = gen_num(g, unit, allow, must, depth - 1);
        b = literal(g, unit);
        c = gen_num(g, unit, allow, 0, depth - 1);
        return gen_both(g, "clamp(1, 2)", a, gen_both(g, "1, 2", b, c));
    default:
        maybe = gen_optional(g, unit);
        if (!maybe) {
            return gen_num(g, unit, allow, must, depth - 1);
        }
        a = gen_num(g, unit, allow, must, depth - 1);
        b = gen_of(maybe);
        switch (gen_below(g, 3)) {
        case 0:
            return gen_both(g, "clamp(1, 2)", a, gen_both(g, "1, 2", b, literal(g, unit)));
        case 1:
            return gen_both(g, "(2 else 1)", a, b);
        default:
            return gen_both(g, "clamp(1, 2)", a, gen_both(g, "1, 2", literal(g, unit), b));
        }
    }
}

static struct gx scaled(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    struct gx a, b, x;
    gen_pair(g, unit, RATIO, allow, must, depth - 1, &a, &b);
    x = gen_both(g, gen_chance(g, 50) ? "(1 * 2)" : "(2 * 1)", a, b);
    x.scale = a.scale + b.scale;
    x.size = a.size + b.size;
    return x;
}

struct gx gen_num(struct gen *g, int unit, unsigned allow, unsigned must, int depth)
{
    if (depth <= 0 || gen_chance(g, 12)) {
        return leaf(g, unit, allow, must);
    }
    struct gx x, a, b;
    int kind = gen_below(g, 100);
    if (kind < 18) {
        gen_pair(g, unit, unit, allow, must, depth - 1, &a, &b);
        x = gen_both(g, gen_chance(g, 55) ? "(1 + 2)" : "(1 - 2)", a, b);
    } else if (kind < 26) {
        x = scaled(g, unit, allow, must, depth);
    } else if (kind < 40) {
        x = composed(g, unit, allow, must, depth);
    } else if (kind < 52) {
        x = bounded(g, unit, allow, must, depth);
    } else if (kind < 62) {
        x = chosen(g, unit, allow, must, depth);
    } else if (kind < 82) {
        x = aggregate(g, unit, allow, must, depth);
    } else if (kind < 87) {
        x = allocated(g, unit, allow, must, depth);
    } else if (kind < 90 && !(must & ~(unsigned)GROUPS)) {
        x = looked_up(g, unit, allow, must, depth);
    } else if (kind < 93) {
        x = gen_num(g, unit, allow, must, depth - 1);
        x.t = arena_printf(g->a, "(-%s)", x.t);
    } else {
        x = gen_num(g, unit, allow, must, depth - 1);
        x = x.scale > 0 ? gen_rounded(g, x, gen_below(g, x.scale)) : x;
    }
    if (x.scale > 12) {
        x = gen_rounded(g, x, 4);
    }
    return (x.size + x.scale) * 3.33 > SIZE_MAX_BITS ? leaf(g, unit, allow, must) : x;
}

/* ---- yes and no ------------------------------------------------------------------------------ */

static struct gx compared(struct gen *g, unsigned allow, unsigned must, int depth)
{
    static const char *const OPS[] = { "<", "<=", ">", ">=", "is", "is not" };
    struct gx a, b;
    int unit = gen_below(g, UNITS);
    gen_pair(g, unit, unit, allow, must, depth - 1, &a, &b);
    return (struct gx){ arena_printf(g->a, "(%s %s %s)", a.t, OPS[gen_below(g, 6)], b.t), 0,
                        gen_closed(a.shape | b.shape), 0 };
}

static struct gx picked(struct gen *g, unsigned along, unsigned allow, int depth)
{
    struct text t;
    text_init(&t, g->a, 65536);
    int kind = gen_below(g, 3), many = 1 + gen_below(g, 3);
    unsigned shape = gen_closed(along == B ? (unsigned)(A | B) : along);
    static const char *const WORD[] = { "latest", "highest", "middle" };
    text_addf(&t, "%s(%d", WORD[kind], many);
    if (kind > 0) {
        struct gx key = gen_num(g, gen_below(g, UNITS), allow, shape, depth - 1);
        text_addf(&t, ", %s", key.t);
        shape = gen_closed(shape | key.shape);
    }
    add_axes(&t, " over ", along);
    if (gen_chance(g, 50)) {
        struct gx where = gen_yes(g, allow, 0, depth - 1);
        text_addf(&t, " where %s", where.t);
        shape = gen_closed(shape | where.shape);
    }
    text_byte(&t, ')');
    return (struct gx){ t.at, 0, shape, 0 };
}

/* A condition that needs no axes; NULL text if this draw finds none. */
static struct gx condition(struct gen *g, unsigned allow)
{
    const struct choice *c;
    const struct atom *maybe;
    switch (gen_below(g, 6)) {
    case 0:
        for (int i = gen_below(g, g->n_atoms + 1); i < g->n_atoms; i++) {
            const struct atom *a = &g->atom[i];
            if (a->feed && gen_fits(a->shape, allow)) {
                return (struct gx){ arena_printf(g->a, "missing(%s)", a->name), 0, a->shape, 0 };
            }
        }
        break;
    case 1:
        if (allow & I) { /* a session's own intervals too */
            int from = gen_below(g, 24), to = gen_below(g, 24);
            to = to == from ? to + 1 : to;
            return (struct gx){ arena_printf(g->a, "time in %02d:%02d..%02d:00", from,
                                             15 * gen_below(g, 4), to),
                                0, (unsigned)I | (allow & S), 0 };
        }
        break;
    case 2:
        if (allow & (I | D) && !(allow & S) && (allow & I || !(allow & (H | T)))) {
            if (gen_chance(g, 50)) {
                bool month = gen_chance(g, 50);
                int most = month ? 12 : 7;
                return (struct gx){ arena_printf(g->a, "%s in %d..%d", month ? "month" : "weekday",
                                                 1 + gen_below(g, most), 1 + gen_below(g, most)),
                                    0, D, 0 };
            }
            return (struct gx){ gen_chance(g, 50) ? "holiday" : "workday", 0, D, 0 };
        }
        break;
    case 3:
        maybe = gen_optional(g, -1);
        if (maybe) {
            return (struct gx){ arena_printf(g->a, "agreed(%s)", maybe->name), 0, 0, 0 };
        }
        break;
    case 4:
        c = gen_choice(g, allow);
        for (int i = 0; c && i < g->n_choices; i++) {
            const struct choice *o = &g->choice[i];
            if (o != c && o->n == c->n && gen_fits(o->shape, allow) && gen_chance(g, 30)) {
                return (struct gx){ arena_printf(g->a, "(%s is %s)", c->name, o->name), 0,
                                    gen_closed(c->shape | o->shape), 0 };
            }
        }
        if (c) {
            return (struct gx){ arena_printf(g->a, "(%s is%s way_%c)", c->name,
                                             gen_chance(g, 30) ? " not" : "",
                                             'a' + gen_below(g, c->n)),
                                0, c->shape, 0 };
        }
        break;
    default:
        for (int i = gen_below(g, g->n_atoms + 1); i < g->n_atoms; i++) {
            const struct atom *a = &g->atom[i];
            if (a->yes_no && gen_fits(a->shape, allow)) {
                return gen_of(a);
            }
        }
    }
    return (struct gx){ NULL, 0, 0, 0 };
}

struct gx gen_yes(struct gen *g, unsigned allow, unsigned must, int depth)
{
    struct gx a, b, x = { NULL, 0, 0, 0 };
    struct drop d;
    int kind = gen_below(g, 100);
    if (depth <= 0) {
        x = !must && kind < 60 ? condition(g, allow) : x;
        return x.t ? x : compared(g, allow, must, 1);
    }
    if (kind < 25) {
        a = gen_yes(g, allow, must, depth - 1);
        b = gen_yes(g, allow, 0, depth - 1);
        return gen_both(g, gen_chance(g, 50) ? "(1 and 2)" : "(1 or 2)", a, b);
    }
    if (kind < 32) {
        a = gen_yes(g, allow, must, depth - 1);
        a.t = arena_printf(g->a, "(not %s)", a.t);
        return a;
    }
    if (kind < 42 && some_drop(g, allow, must, &d)) {
        x = gathered(g, &d, gen_yes(g, d.inner, d.must, depth - 1), depth);
        x.t = arena_printf(g->a, "%s(%s)", gen_chance(g, 60) ? "any" : "all", x.t);
        return x;
    }
    unsigned groups = allow & B ? B : allow & (A | S);
    if (kind < 52 && groups && !(must & ~groups & ~(unsigned)A) && !(allow & I)) {
        return picked(g, groups, allow, depth);
    }
    x = !must && kind < 80 ? condition(g, allow) : x;
    return x.t ? x : compared(g, allow, must, depth);
}
