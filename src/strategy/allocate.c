/* allocate.c - exact splits (R6): the parts sum to the whole.
 *
 * The same rule as money_allocate(), for weights that may need more than 64 bits.
 */
#include "strategy/aggregate.h"
#include "strategy/exact.h"

struct part {
    wide rest;
    int32_t at;
};

static int by_rest(const void *pa, const void *pb)
{
    const struct part *a = pa, *b = pb;
    if (a->rest != b->rest) {
        return a->rest > b->rest ? -1 : 1;
    }
    return a->at < b->at ? -1 : a->at > b->at; /* ties in listed order */
}

/* Splits `whole` by w[item[j]]; parts in listed order. The state says why it cannot. */
static uint8_t split(wide whole, const wide *w, const int32_t *item, int32_t n, int32_t t,
                     struct part *part, wide *out)
{
    wide total = 0;
    bool negative = false;
    for (int32_t j = 0; j < n; j++) {
        wide x = w[item[j] * t];
        out[j] = 0;
        negative = negative || x < 0;
        if (x > 0 && __builtin_add_overflow(total, x, &total)) {
            return VALUE_RANGE;
        }
    }
    if (whole == 0) {
        return VALUE_OK;
    }
    if (negative || total == 0) {
        return VALUE_ALLOC_WEIGHT;
    }
    if (total >= (wide)1 << 126) {
        return VALUE_RANGE;
    }
    wide left = whole < 0 ? -whole : whole, size = left;
    for (int32_t j = 0; j < n; j++) {
        out[j] = exact_share(size, w[item[j] * t], total, &part[j].rest);
        part[j].at = j;
        left -= out[j];
    }
    if (left > 0) {
        qsort(part, (size_t)n, sizeof *part, by_rest);
        for (int32_t j = 0; j < left; j++) {
            out[part[j].at]++;
        }
    }
    for (int32_t j = 0; j < n && whole < 0; j++) {
        out[j] = -out[j];
    }
    return VALUE_OK;
}

void eval_allocate(struct frame *f, int32_t id)
{
    const struct plan_node *n = &f->b->plan->nodes[id];
    bool timed = n->time >= 0;
    int32_t keys = 0, t = timed ? f->t : 1, all = f->b->spaces[n->space].n;
    void *out = result_room(f, id, &keys);
    struct operand x = operand_wide(f, n->a, n->space, timed);
    struct operand w = operand_wide(f, n->b, n->space, timed);
    struct groups g = groups_of(f, n->space, n->inner);
    struct part *part = frame_scratch(f, ((size_t)all + 1) * sizeof *part);
    wide *parts = frame_scratch(f, ((size_t)all + 1) * sizeof *parts);
    uint8_t *states = NULL;
    for (int32_t i = 0; i < t; i++) {
        for (int32_t j = 0; j < g.n; j++) {
            const int32_t *item = g.item + g.start[j];
            int32_t items = g.start[j + 1] - g.start[j];
            uint8_t st = items && x.st ? x.st[item[0] * t + i] : VALUE_OK;
            for (int32_t k = 0; k < items && st == VALUE_OK && w.st; k++) {
                st = w.st[item[k] * t + i];
            }
            if (items && st == VALUE_OK) {
                st = split(((const wide *)x.v)[item[0] * t + i], (const wide *)w.v + i, item, items,
                           t, part, parts);
            }
            for (int32_t k = 0; k < items; k++) {
                int32_t to = item[k] * t + i;
                wide v = st == VALUE_OK ? parts[k] : 0;
                if (!timed || n->wide) {
                    ((wide *)out)[to] = v;
                } else {
                    ((int64_t *)out)[to] = (int64_t)v;
                }
                if (st != VALUE_OK) {
                    states = states ? states : result_states(f, id, keys);
                    states[to] = st;
                }
            }
        }
    }
}
