/* run_key.c - keys in the order of print, and their words in codes and names.
 */
#include "strategy/exact.h"
#include "strategy/run.h"

struct str run_key_word(struct run *r, int32_t axis, int32_t index)
{
    if (axis >= AXIS_FIRST && r->b->plan->program->axes[axis].group) {
        return r->b->axes[axis].members[index]->name;
    }
    if (axis == AXIS_TOU && !r->tou_words) {
        r->tou_words = arena_many(r->arena, (size_t)clock_length(r->b, AXIS_TOU) + 1, struct str);
    }
    if (axis == AXIS_TOU && r->tou_words[index].n) {
        return r->tou_words[index];
    }
    struct text t;
    text_init(&t, r->arena, 64);
    text_key(&t, r->b, axis, index);
    if (axis == AXIS_TOU) {
        r->tou_words[index] = text_str(&t);
    }
    return text_str(&t);
}

static struct str joined(struct run *r, const struct str *part, int32_t n)
{
    size_t size = 0;
    for (int32_t i = 0; i < n; i++) {
        size += part[i].n + 1;
    }
    char *at = arena_alloc(r->arena, size + 1);
    size_t k = 0;
    for (int32_t i = 0; i < n; i++) {
        if (i) {
            at[k++] = '.';
        }
        memcpy(at + k, part[i].at, part[i].n);
        k += part[i].n;
    }
    return (struct str){ at, k };
}

struct str run_code(struct run *r, const struct tally_code *code, const int32_t *index)
{
    struct str part[TALLY_AXES_MAX * 2];
    int32_t n = 0;
    if (code->n_parts == 1) {
        return code->parts[0].text;
    }
    for (int32_t i = 0; i < code->n_parts && n < TALLY_AXES_MAX * 2; i++) {
        int32_t axis = code->parts[i].axis;
        part[n++] = axis < 0 ? code->parts[i].text : run_key_word(r, axis, index[axis]);
    }
    return joined(r, part, n);
}

struct str run_name(struct run *r, struct str name, int16_t space, int32_t key, int32_t at)
{
    const struct strategy_plan *p = r->b->plan;
    struct str part[TALLY_AXES_MAX + 2];
    int32_t index[TALLY_AXES_MAX] = { 0 }, n = 0;
    if (p->spaces[space] == 0 && at < 0) {
        return name;
    }
    space_index(r->b, space, key, index);
    part[n++] = name;
    for (int32_t i = 0; i < p->n_axis_order; i++) {
        if (p->spaces[space] & SHAPE(p->axis_order[i])) {
            part[n++] = run_key_word(r, p->axis_order[i], index[p->axis_order[i]]);
        }
    }
    if (at >= 0) {
        char *digits = arena_printf(r->arena, "%d", at);
        part[n++] = str_of(digits);
    }
    return joined(r, part, n);
}

struct decimal run_decimal(wide v, int scale, bool *fits)
{
    while (v != (int64_t)v && scale > 0 && v % 10 == 0) {
        v /= 10;
        scale--;
    }
    *fits = v == (int64_t)v;
    while (scale > DECIMAL_SCALE_MAX && v % 10 == 0) {
        v /= 10;
        scale--;
    }
    *fits = *fits && scale <= DECIMAL_SCALE_MAX;
    return (struct decimal){ *fits ? (int64_t)v : 0, (int8_t)scale };
}

void run_fix(const struct strategy_bound *b, struct run_walk *w, int32_t axis, int32_t i)
{
    for (;;) {
        w->index[axis] = i;
        w->fixed |= SHAPE(axis);
        int32_t outer = axis >= AXIS_FIRST ? b->plan->program->axes[axis].outer : -1;
        if (outer < 0) {
            return;
        }
        i = b->axes[axis].outer[i];
        axis = outer;
    }
}

enum err_code run_walk(struct run *r, struct run_walk *w, int32_t level,
                       enum err_code (*each)(struct run *r, const struct run_walk *w, int32_t key,
                                             void *ctx, struct err *e),
                       void *ctx, struct err *e)
{
    while (level < w->n_order && (w->fixed & SHAPE(w->order[level]))) {
        level++;
    }
    if (level == w->n_order) {
        int32_t key = space_key(r->b, w->space, w->index);
        return key < 0 ? OK : each(r, w, key, ctx, e);
    }
    int32_t axis = w->order[level], from = 0, until = 0;
    if (axis < AXIS_FIRST) {
        until = clock_length(r->b, axis);
    } else {
        const struct bound_axis *a = &r->b->axes[axis];
        int32_t outer = r->b->plan->program->axes[axis].outer;
        bool within = outer >= 0 && (w->fixed & SHAPE(outer));
        from = within ? a->start[w->index[outer]] : 0;
        until = within ? a->start[w->index[outer] + 1] : a->n;
    }
    for (int32_t i = from; i < until; i++) {
        struct run_walk inner = *w;
        run_fix(r->b, &inner, axis, i);
        enum err_code code = run_walk(r, &inner, level + 1, each, ctx, e);
        if (code != OK) {
            return code;
        }
    }
    return OK;
}
