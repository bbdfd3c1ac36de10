/* generate.c - the statements of a random strategy, and their texts: one file, or with a library
 * and an amendment. */
#include "generate_expr.h"
#include "base/check.h"

/* ---- statements ------------------------------------------------------------------------------ */

static unsigned some_shape(struct gen *g, bool line)
{
    static const unsigned ALL[] = { 0,     0,     T,         T,         I, H,     D,     A, A | T,
                                    A | I, A | B, A | B | T, A | B | I, S, S | T, S | I, W, A | W };
    static const unsigned LINES[] = { 0, 0, T, T, T, A, A, A | T, A | B, S, S | T, D, H, A | D };
    for (;;) {
        unsigned s = line ? LINES[gen_below(g, sizeof(LINES) / sizeof(*LINES))]
                          : ALL[gen_below(g, sizeof(ALL) / sizeof(*ALL))];
        if ((s & ~(g->axes | I | H | D)) == 0) {
            return s;
        }
    }
}

static const char *title(struct gen *g, int percent)
{
    return gen_chance(g, percent) ? " \"说明\"" : "";
}

static void add_definition(struct gen *g)
{
    unsigned shape = some_shape(g, false);
    const char *name = gen_name(g, "d");
    if (gen_chance(g, 15)) {
        struct gx c = gen_yes(g, shape, shape, DEPTH - 1);
        text_addf(&g->body, "%s = %s\n", name, c.t);
        gen_keep(g, (struct atom){ name, true, false, 0, 0, c.shape, 0 });
        return;
    }
    int unit = gen_below(g, UNITS);
    bool curve = shape & (I | H | W), titled = !curve && gen_chance(g, 25);
    struct gx x = gen_num(g, unit, shape, shape, DEPTH);
    if (titled || gen_chance(g, 30)) {
        x = gen_rounded(g, x, PRINTED[unit]);
    }
    struct text *body = gen_chance(g, 80) ? &g->body : &g->late; /* used before it is defined */
    text_addf(body, "%s = %s%s\n", name, x.t, titled ? " \"中间量\"" : "");
    int excepts = gen_chance(g, 15) ? 1 + gen_below(g, 2) : 0;
    for (int i = 0; i < excepts; i++) {
        struct gx when = gen_yes(g, x.shape, 0, 2);
        struct gx other = gen_rounded(g, gen_num(g, unit, x.shape, 0, 2), x.scale);
        text_addf(body, "except %s when %s = %s\n", name, when.t, other.t);
        x.size = x.size > other.size ? x.size : other.size;
    }
    gen_keep(g, (struct atom){ name, false, false, unit, x.scale, x.shape, x.size });
}

/* The amount of a line and the clauses that go with it. */
static struct gx amount(struct gen *g, unsigned shape, const char **clause)
{
    *clause = "";
    const struct atom *maybe = gen_chance(g, 12) ? gen_optional(g, PRICE) : NULL;
    if (maybe) {
        struct gx q = gen_rounded(g, gen_num(g, KWH, shape, shape, DEPTH - 1), 2);
        *clause = arena_printf(g->a, " when agreed(%s)", maybe->name);
        return gen_both(g, "1 at 2", q, gen_of(maybe));
    }
    struct gx x;
    if (gen_chance(g, 60)) {
        struct gx q, p;
        gen_pair(g, KWH, PRICE, shape, shape, DEPTH - 1, &q, &p);
        x = gen_both(g, gen_chance(g, 90) ? "1 at 2" : "-(1 at 2)", gen_rounded(g, q, 2),
                     gen_rounded(g, p, 6));
    } else {
        x = gen_rounded(g, gen_num(g, YUAN, shape, shape, DEPTH), 2);
        if (gen_chance(g, 12)) {
            struct gx q = gen_rounded(g, gen_num(g, KWH, shape, 0, 2), 2);
            struct gx p = gen_rounded(g, gen_num(g, PRICE, shape, 0, 2), 6);
            *clause = arena_printf(g->a, " showing %s at %s", q.t, p.t);
        }
    }
    if (gen_chance(g, 25)) {
        struct gx when = gen_yes(g, shape, 0, 3);
        *clause = arena_printf(g->a, "%s when %s", *clause, when.t);
    }
    return x;
}

static const char *party(struct gen *g)
{
    static const char *const NAMES[] = { "owner", "user", "grid" };
    return NAMES[gen_below(g, 3)];
}

static void add_line(struct gen *g, bool in_site)
{
    static const char *const VAT[] = { " vat 13%", " vat 6%", " vat 9% on top",
                                       " no vat",  " vat 0%", " vat tax" };
    unsigned shape = in_site ? (gen_chance(g, 50) ? (unsigned)A : (unsigned)(A | (g->axes & T)))
                             : some_shape(g, true);
    const char *clause, *name = gen_name(g, "L");
    bool twin =
        !in_site && gen_chance(g, 12); /* a code that two lines share: nothing refers to it */
    struct gx x = amount(g, shape, &clause);
    if (twin) {
        name = arena_printf(g->a, "TWIN%u", shape);
    }
    unsigned by_party = shape & A && gen_chance(g, 60) ? A : shape & S && gen_chance(g, 60) ? S : 0;
    const char *side = by_party == A ? "site"
                       : !by_party   ? NULL
                       : g->driver   ? "session.driver"
                                     : "session";
    const char *payer = party(g), *payee = party(g);
    if (side && gen_chance(g, 50)) {
        payer = side;
    } else if (side) {
        payee = side;
    }
    text_addf(&g->body, "%sline %s", in_site ? "  " : "", name);
    unsigned code = shape & ~by_party;
    code |= gen_chance(g, 30) ? by_party : 0;
    static const int ORDER[] = { 4, 5, 6, 3, 0, 1, 2, 7 };
    for (int i = 0; i < N_AXES; i++) {
        if (code & 1u << ORDER[i]) {
            text_addf(&g->body, ".%s", AXIS_WORD[ORDER[i]]);
        }
    }
    text_addf(&g->body, "%s %s -> %s  %s%s%s%s\n", title(g, 40), payer, payee, x.t,
              VAT[gen_below(g, 6)], clause, gen_chance(g, 10) ? " settled by grid" : "");
    if (!twin) {
        gen_keep(g, (struct atom){ name, false, false, YUAN, 2, shape, 12 });
    }
}

static void add_flag(struct gen *g, bool in_site)
{
    unsigned shape = in_site ? A : some_shape(g, true);
    struct gx c = gen_yes(g, shape, shape, 3);
    int level = gen_below(g, 100);
    text_addf(&g->body, "%sflag %s", in_site ? "  " : "", gen_name(g, "F"));
    static const int ORDER[] = { 4, 5, 6, 3, 1, 2 };
    for (int i = 0; i < 6; i++) {
        if (shape & 1u << ORDER[i]) {
            text_addf(&g->body, ".%s", AXIS_WORD[ORDER[i]]);
        }
    }
    text_addf(&g->body, " %s%s when %s\n",
              level < 60   ? "warn"
              : level < 97 ? "hold"
                           : "fail",
              title(g, 30), c.t);
}

static void add_next(struct gen *g)
{
    const char *name = gen_name(g, "kept");
    if (gen_chance(g, 20)) {
        text_addf(&g->top, "state %s : yes_no = no\n", name);
        gen_keep(g, (struct atom){ name, true, false, 0, 0, 0, 0 });
        text_addf(&g->body, "next %s = %s\n", name, gen_yes(g, 0, 0, 3).t);
        return;
    }
    int unit = gen_chance(g, 60) ? YUAN : KWH;
    text_addf(&g->top, "state %s : %s = 0%s\n", name, UNIT_WORD[unit],
              gen_chance(g, 20) ? " per year" : "");
    gen_keep(g, (struct atom){ name, false, false, unit, 2, 0, BOUND[unit] });
    struct gx x = gen_rounded(g, gen_num(g, unit, 0, 0, 3), 2);
    text_addf(&g->body, "next %s = %s\n", name, x.t);
}

static void declare(struct gen *g)
{
    static const char *const FEED[] = { "meter", "series" };
    g->axes = gen_chance(g, 85) ? T : 0;
    if (gen_chance(g, 50)) {
        g->axes |= A | (gen_chance(g, 50) ? B : 0);
    }
    g->axes |= gen_chance(g, 20) ? S : 0;
    g->axes |= gen_chance(g, 15) ? W : 0;
    g->driver = gen_chance(g, 40);
    g->own_unit = g->axes & A && gen_chance(g, 25);
    if (g->own_unit) {
        text_add_c(&g->group_a, "meter flow : q\nparam per_q : yuan/q digits 4\n");
    }
    for (int i = 1 + gen_below(g, 3); i > 0; i--) {
        gen_feed(g, "meter", KWH, I);
    }
    if (gen_chance(g, 40)) {
        gen_feed(g, FEED[1], gen_chance(g, 70) ? PRICE : KWH, I);
    }
    if (g->axes & T) {
        for (int i = 1 + gen_below(g, 2); i > 0; i--) {
            const char *name = gen_name(g, "price");
            text_addf(&g->top, "price %s : yuan/kWh\n", name);
            gen_keep(g, (struct atom){ name, false, true, PRICE, 6, T, 4 });
        }
    }
    for (int unit = 0; unit < UNITS; unit++) {
        gen_param(g, unit, 0);
    }
    if (g->axes & A) {
        gen_feed(g, FEED[gen_below(g, 2)], KWH, A | I);
        for (int unit = gen_below(g, 3); unit < UNITS; unit += 1 + gen_below(g, 2)) {
            gen_param(g, unit, A);
        }
        if (gen_chance(g, 50)) {
            const char *name = gen_name(g, "is");
            text_addf(&g->group_a, "param %s : yes_no%s\n", name, gen_chance(g, 50) ? " = no" : "");
            gen_keep(g, (struct atom){ gen_in(g, A, name), true, false, 0, 0, A, 0 });
        }
    }
    if (g->axes & B) {
        gen_feed(g, FEED[0], KWH, A | B | I);
        gen_param(g, gen_below(g, UNITS), A | B);
    }
    if (g->axes & S) {
        gen_feed(g, FEED[0], KWH, S | I);
        gen_param(g, gen_below(g, UNITS), S);
    }
    if (g->axes & W) {
        gen_feed(g, FEED[0], KWH, W);
        if (g->axes & A && gen_chance(g, 60)) {
            gen_feed(g, FEED[0], KWH, A | W);
        }
    }
}

static void assemble(struct gen *g, struct generated *out)
{
    struct text t;
    text_init(&t, g->a, STRATEGY_TEXT_MAX);
    text_add_c(&t, "strategy random \"随机\"\nabout \"任意的程序\"\n"
                   "party owner, user, grid\nparam tax : ratio = 13%\n");
    if (g->axes & W) {
        text_add_c(&t, "window before\n");
    }
    if (g->axes & A) {
        text_addf(&t, "group site \"站\" {\nparty\n%s" STR_FMT "}\n", g->own_unit ? "unit q\n" : "",
                  STR_ARG(text_str(&g->group_a)));
    }
    if (g->axes & B) {
        text_addf(&t, "group box of site {\n" STR_FMT "}\n", STR_ARG(text_str(&g->group_b)));
    }
    if (g->axes & S) {
        text_addf(&t, "group session {\nparty%s\n" STR_FMT "}\n", g->driver ? " driver" : "",
                  STR_ARG(text_str(&g->group_s)));
    }
    text_add(&t, text_str(&g->top));
    struct str body = text_str(&g->body);
    size_t shared = 0, later = body.n;
    if (gen_chance(g, 20)) { /* the first statements stand in a library */
        shared = g->cut[gen_below(g, g->n_cuts)];
    }
    if (gen_chance(g, 20)) { /* the last ones came with an amendment */
        later = g->cut[gen_below(g, g->n_cuts)];
        later = later < shared ? shared : later;
    }
    if (shared > 0) {
        out->library =
            str_of(arena_printf(g->a, "library shared \"共用\"\n" STR_FMT, (int)shared, body.at));
        text_add_c(&t, "use shared\n");
    }
    if (later < body.n) {
        out->amendment = str_of(arena_printf(g->a, "amendment later of random \"补充\"\n" STR_FMT,
                                             (int)(body.n - later), body.at + later));
    }
    text_add(&t, (struct str){ body.at + shared, later - shared });
    text_add(&t, text_str(&g->late));
    check(!t.cut);
    out->text = text_str(&t);
}

void generate(struct arena *a, uint64_t seed, struct generated *out)
{
    struct gen g = { .a = a };
    *out = (struct generated){ 0 };
    rng_init(&g.rng, seed);
    struct text *all[] = { &g.top, &g.group_a, &g.group_b, &g.group_s, &g.body, &g.late };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        text_init(all[i], a, STRATEGY_TEXT_MAX);
    }
    declare(&g);
    for (int left = 3 + gen_below(&g, 9); left > 0; left--) {
        int kind = gen_below(&g, 100);
        g.cut[g.n_cuts++] = g.body.n;
        if (kind < 45) {
            add_definition(&g);
        } else if (kind < 75) {
            add_line(&g, false);
        } else if (kind < 85) {
            add_flag(&g, false);
        } else if (kind < 92) {
            add_next(&g);
        } else if (g.axes & A) {
            text_add_c(&g.body, "each site {\n");
            add_line(&g, true);
            add_flag(&g, true);
            text_add_c(&g.body, "}\n");
        }
    }
    g.cut[g.n_cuts++] = g.body.n;
    add_line(&g, false);
    assemble(&g, out);
}
