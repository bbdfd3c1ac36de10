/* reference.c - lines, flags and next states from the naive evaluator's values: which keys there
 * are, in which order they print, what is not printed (R8), how VAT splits (R7). */
#include "reference_eval.h"
#include "base/check.h"

#define YUAN_MAX_E2 (100ull * 1000000000000ull) /* an amount beyond 10^12 yuan is RANGE, in fen */

const char *reference_failure_name(uint32_t one)
{
    switch (one) {
    case FAILURE_DIV_ZERO:
        return "DIV_ZERO";
    case FAILURE_RANGE:
        return "RANGE";
    case FAILURE_ALLOC_WEIGHT:
        return "ALLOC_WEIGHT";
    case FAILURE_EMPTY:
        return "EMPTY";
    case FAILURE_TABLE:
        return "TABLE";
    case FAILURE_MISSING:
        return "MISSING";
    case FAILURE_EXCEPTION_CONFLICT:
        return "EXCEPTION_CONFLICT";
    case FAILURE_FLAG:
        return "FLAG";
    case FAILURE_ABSENT:
        return "ABSENT";
    default:
        return "?";
    }
}

/* ---- memory of GMP --------------------------------------------------------------------------- */

static struct arena *numbers; /* where GMP's limbs live until the arena is reset */

static void *gmp_new(size_t n)
{
    return arena_alloc(numbers, n);
}

static void *gmp_grow(void *p, size_t old, size_t n)
{
    void *q = arena_alloc(numbers, n);
    memcpy(q, p, old < n ? old : n);
    return q;
}

static void gmp_drop(void *p, size_t n)
{
    (void)p;
    (void)n;
}

void reference_memory(struct arena *a)
{
    numbers = a;
    mp_set_memory_functions(gmp_new, gmp_grow, gmp_drop);
}

/* ---- printing -------------------------------------------------------------------------------- */

struct sheet {
    struct reference *r;
    struct reference_result *out;
    size_t room_lines, room_flags, room_printed;
};

static void sheet_fail(struct sheet *s, struct value v)
{
    s->out->failures |= v.failures;
}

static void *grown(struct arena *a, void *old, size_t n, size_t *room, size_t size)
{
    if (n < *room) {
        return old;
    }
    *room = *room ? 2 * *room : 64;
    void *bigger = arena_array(a, *room, size);
    if (n > 0) {
        memcpy(bigger, old, n * size);
    }
    return bigger;
}

static void text_key(struct sheet *s, struct text *t, const struct key *k, int axis)
{
    const struct tariff_span *span = s->r->b->span;
    int32_t at = naive_key_of(s->r, k, axis);
    if (axis == AXIS_TOU) {
        text_add_c(t, tou_period_word((enum tou_period)span->keys[at].period));
        if (span->n_versions > 1) {
            text_addf(t, "@%d", span->keys[at].version);
        }
    } else if (axis == AXIS_DATE) {
        text_day(t, day_add(instant_day(s->r->b->axis.start), at));
    } else if (axis == AXIS_HOUR) {
        const int64_t hour_ms = 3600 * 1000LL;
        struct instant hour = { (s->r->b->axis.start.utc_ms / hour_ms + at) * hour_ms };
        text_day(t, instant_day(hour));
        text_addf(t, "T%02d", (int)((hour.utc_ms + CHINA_MS) / hour_ms % 24));
    } else if (s->r->p->axes[axis].group) {
        text_add(t, naive_member_of(s->r, k, axis)->name);
    } else {
        text_addf(t, "%d", at);
    }
}

static struct str code_text(struct sheet *s, const struct tally_code *c, const struct key *k)
{
    struct text t;
    text_init(&t, s->r->arena, 4096);
    for (int32_t i = 0; i < c->n_parts; i++) {
        if (i > 0) {
            text_byte(&t, '.');
        }
        if (c->parts[i].axis < 0) {
            text_add(&t, c->parts[i].text);
        } else {
            text_key(s, &t, k, c->parts[i].axis);
        }
    }
    return text_str(&t);
}

static struct str party_text(struct sheet *s, const struct tally_party *p, const struct key *k)
{
    const struct tally_symbol *symbol = &s->r->p->symbols[p->symbol];
    switch (symbol->kind) {
    case SYMBOL_AXIS: {
        const struct strategy_member *m = naive_member_of(s->r, k, p->axis);
        return m->name;
    }
    case SYMBOL_MEMBER_PARTY:
        return naive_member_of(s->r, k, p->axis)->party;
    default:
        return symbol->name;
    }
}

/* Whole fen of an amount in yuan; false: beyond what a line can bill. */
static bool fen_of(mpq_srcptr yuan, int64_t *fen)
{
    mpz_t n;
    mpz_init(n);
    mpz_mul_ui(n, mpq_numref(yuan), 100);
    check(mpz_divisible_p(n, mpq_denref(yuan)));
    mpz_divexact(n, n, mpq_denref(yuan));
    if (mpz_cmpabs_ui(n, YUAN_MAX_E2) > 0) {
        return false;
    }
    *fen = mpz_get_si(n);
    return true;
}

static int64_t fen_rounded(struct reference *r, mpq_srcptr fen)
{
    return mpz_get_si(mpq_numref(naive_number_round(r, fen, 0, false)));
}

/* R7: included, net = round(gross / (1 + rate)) and the tax is the rest; on top, the tax is
 * round(net x rate) and the line bills both. */
static void split_vat(struct reference *r, const struct tally_line *l, mpq_srcptr rate,
                      struct reference_line *line)
{
    mpq_ptr x = naive_number_new(r), one = naive_number_new(r);
    mpq_set_si(x, line->fen, 1);
    if (l->vat == VAT_ON_TOP) {
        line->net_fen = line->fen;
        mpq_mul(x, x, rate);
        line->vat_fen = fen_rounded(r, x);
        line->fen = line->net_fen + line->vat_fen;
    } else {
        mpq_set_si(one, 1, 1);
        mpq_add(one, one, rate);
        mpq_div(x, x, one);
        line->net_fen = fen_rounded(r, x);
        line->vat_fen = line->fen - line->net_fen;
    }
}

/* What a `showing` prints: a price that could not be formed stays blank. */
static void show(struct sheet *s, const struct tally_line *l, const struct key *k,
                 struct reference_line *line)
{
    bool at = l->showing->op == OP_AT;
    struct value q = naive_eval(s->r, at ? l->showing->args[0] : l->showing, k);
    if (q.is == FAILED || q.is == MISSING) {
        sheet_fail(s, q);
        return;
    }
    line->has_quantity = q.is == HERE;
    line->quantity = q.n;
    if (!at) {
        return;
    }
    struct value p = naive_eval(s->r, l->showing->args[1], k);
    line->has_price = p.is == HERE;
    line->price = p.n;
    bool free = p.no_price && (q.is != HERE || mpq_sgn(q.n) == 0);
    if ((p.is == MISSING && !free) || (p.is == FAILED && p.conflict)) {
        sheet_fail(s, p);
    }
}

static void print_line(struct sheet *s, int32_t index, const struct key *k)
{
    const struct tally_line *l = &s->r->p->lines[index];
    bool printed;
    struct value v = naive_eval_line(s->r, index, k, &printed);
    if (v.is != HERE) {
        sheet_fail(s, v);
        return;
    }
    if (!printed) {
        return;
    }
    struct reference_line line = { 0 };
    if (!fen_of(v.n, &line.fen)) {
        s->out->failures |= FAILURE_RANGE;
        return;
    }
    if (l->showing) {
        show(s, l, k, &line);
    } else {
        line.has_quantity = v.quantity != NULL;
        line.has_price = v.price != NULL;
        line.quantity = v.quantity;
        line.price = v.price;
    }
    if ((!line.has_quantity && line.fen == 0) ||
        (line.has_quantity && naive_axis_in(l->shape, AXIS_TOU) && mpq_sgn(line.quantity) == 0)) {
        return; /* R8 */
    }
    if (l->vat != VAT_NONE) {
        struct value rate = naive_eval(s->r, l->vat_rate, k);
        if (rate.is != HERE) {
            sheet_fail(s, rate);
            return;
        }
        split_vat(s->r, l, rate.n, &line);
    }
    line.code = code_text(s, &l->code, k);
    line.payer = party_text(s, &l->payer, k);
    line.payee = party_text(s, &l->payee, k);
    line.settled_by = l->settled_by.name.n > 0 ? party_text(s, &l->settled_by, k) : STR("");
    struct reference_result *out = s->out;
    out->lines = grown(s->r->arena, out->lines, out->n_lines, &s->room_lines, sizeof(line));
    out->lines[out->n_lines++] = line;
}

static void print_flag(struct sheet *s, int32_t index, const struct key *k)
{
    const struct tally_flag *f = &s->r->p->flags[index];
    struct value when = naive_eval(s->r, f->when, k);
    if (when.is != HERE) {
        sheet_fail(s, when);
        return;
    }
    if (!when.yes) {
        return;
    }
    struct reference_result *out = s->out;
    struct str code = code_text(s, &f->code, k);
    if (f->level == FLAG_FAIL) {
        out->flag = out->failures & FAILURE_FLAG ? out->flag : f->code.name;
        out->failures |= FAILURE_FLAG;
        return;
    }
    out->flags = grown(s->r->arena, out->flags, out->n_flags, &s->room_flags, sizeof(code));
    out->flags[out->n_flags++] = code;
}

/* ---- keys in print order --------------------------------------------------------------------- */

/* The axes of a statement that are not fixed yet, in the order of the code, then payer, payee,
 * then the rest; an outer group always before the one inside it. */
struct loops {
    int axes[TALLY_AXES_MAX];
    int n;
};

static void loops_add(const struct reference *r, struct loops *l, tally_shape left, int axis)
{
    if (axis < 0 || !naive_axis_in(left, axis)) {
        return;
    }
    for (int i = 0; i < l->n; i++) {
        if (l->axes[i] == axis) {
            return;
        }
    }
    loops_add(r, l, left, r->p->axes[axis].outer);
    l->axes[l->n++] = axis;
}

static struct loops loops_of(const struct reference *r, const struct tally_code *c, int payer,
                             int payee, tally_shape left)
{
    struct loops l = { .n = 0 };
    for (int32_t i = 0; i < c->n_parts; i++) {
        loops_add(r, &l, left, c->parts[i].axis);
    }
    loops_add(r, &l, left, payer);
    loops_add(r, &l, left, payee);
    for (int axis = 0; axis < r->p->n_axes; axis++) {
        loops_add(r, &l, left, axis);
    }
    return l;
}

static void print_keys(struct sheet *s, const struct tally_item *item, const struct loops *l,
                       int depth, struct key k)
{
    if (depth == l->n) {
        if (item->kind == ITEM_LINE) {
            print_line(s, item->index, &k);
        } else {
            print_flag(s, item->index, &k);
        }
        return;
    }
    int axis = l->axes[depth];
    int32_t n = naive_axis_length(s->r, &k, axis, k.bound | SHAPE(axis));
    k.bound |= SHAPE(axis);
    for (int32_t i = 0; i < n; i++) {
        k.at[axis] = i;
        print_keys(s, item, l, depth + 1, k);
    }
}

/* Prints items [first, end) under a key; EACH .. EACH_CLOSE once per key of its axis. */
static void print_items(struct sheet *s, int32_t first, int32_t end, struct key k)
{
    const struct tally_program *p = s->r->p;
    for (int32_t i = first; i < end; i++) {
        const struct tally_item *item = &p->items[i];
        if (item->kind == ITEM_EACH_OPEN) {
            int32_t close = i + 1, depth = 1;
            for (; depth > 0; close++) {
                depth += p->items[close].kind == ITEM_EACH_OPEN;
                depth -= p->items[close].kind == ITEM_EACH_CLOSE;
            }
            struct key inner = k;
            int32_t n = naive_axis_length(s->r, &inner, item->index, k.bound | SHAPE(item->index));
            inner.bound |= SHAPE(item->index);
            for (int32_t key = 0; key < n; key++) {
                inner.at[item->index] = key;
                print_items(s, i + 1, close - 1, inner);
            }
            i = close - 1;
            continue;
        }
        bool line = item->kind == ITEM_LINE;
        const struct tally_line *l = line ? &p->lines[item->index] : NULL;
        const struct tally_flag *f = line ? NULL : &p->flags[item->index];
        tally_shape shape = line ? l->shape : f->shape;
        struct key outer = k;
        outer.bound &= shape;
        struct loops loops = loops_of(s->r, line ? &l->code : &f->code, line ? l->payer.axis : -1,
                                      line ? l->payee.axis : -1, shape & ~outer.bound);
        print_keys(s, item, &loops, 0, outer);
    }
}

static void leave_states(struct sheet *s)
{
    const struct tally_program *p = s->r->p;
    struct key none = { .bound = 0 };
    s->out->next = arena_many(s->r->arena, (size_t)p->n_nexts + 1, struct reference_next);
    for (int32_t i = 0; i < p->n_nexts; i++) {
        const struct tally_decl *d = &p->decls[p->nexts[i].decl];
        struct value v = naive_eval(s->r, p->nexts[i].body, &none);
        if (v.is != HERE) {
            sheet_fail(s, v);
            continue;
        }
        if (d->type.kind == TALLY_NUMBER &&
            naive_number_beyond(v.n, d->type.bound, d->type.scale)) {
            s->out->failures |= FAILURE_RANGE;
            continue;
        }
        struct reference_next *next = &s->out->next[s->out->n_next++];
        *next = (struct reference_next){ d->name, v.n, v.word, v.yes };
    }
}

static void print_definition(struct sheet *s, const struct tally_definition *d,
                             const struct loops *l, int depth, struct key k)
{
    if (depth < l->n) {
        int axis = l->axes[depth];
        int32_t n = naive_axis_length(s->r, &k, axis, k.bound | SHAPE(axis));
        k.bound |= SHAPE(axis);
        for (int32_t i = 0; i < n; i++) {
            k.at[axis] = i;
            print_definition(s, d, l, depth + 1, k);
        }
        return;
    }
    struct value v = naive_eval_definition(s->r, d, &k);
    if (v.is != HERE) {
        return;
    }
    struct text t;
    text_init(&t, s->r->arena, 4096);
    text_add(&t, d->name);
    for (int i = 0; i < l->n; i++) {
        text_byte(&t, '.');
        text_key(s, &t, &k, l->axes[i]);
    }
    struct reference_result *out = s->out;
    struct reference_printed p = { text_str(&t), v.n };
    out->printed = grown(s->r->arena, out->printed, out->n_printed, &s->room_printed, sizeof(p));
    out->printed[out->n_printed++] = p;
}

/* Titled numbers that are no curves, by group, then hour, date, tou. */
static void print_definitions(struct sheet *s)
{
    const struct tally_program *p = s->r->p;
    for (int32_t i = 0; i < p->n_definitions; i++) {
        const struct tally_definition *d = &p->definitions[i];
        if (d->title.n == 0 || d->curve || d->type.kind != TALLY_NUMBER) {
            continue;
        }
        struct loops l = { .n = 0 };
        for (int axis = AXIS_FIRST; axis < p->n_axes; axis++) {
            loops_add(s->r, &l, d->type.shape, axis);
        }
        for (int axis = AXIS_HOUR; axis <= AXIS_TOU; axis++) {
            loops_add(s->r, &l, d->type.shape, axis);
        }
        print_definition(s, d, &l, 0, (struct key){ .bound = 0 });
    }
}

void reference_run(struct arena *a, const struct tally_program *p, const struct strategy_binding *b,
                   const struct strategy_data *data, struct reference_result *out)
{
    struct reference r = { .arena = a, .p = p, .b = b, .data = data };
    struct sheet s = { .r = &r, .out = out };
    *out = (struct reference_result){ 0 };
    r.memo = arena_many(a, MEMO_SLOTS, struct memo *);
    print_items(&s, 0, p->n_items, (struct key){ .bound = 0 });
    leave_states(&s);
    print_definitions(&s);
    out->steps = r.steps;
}
