/* aggregate.c - sums, extremes and selections across keys.
 */
#include "strategy/aggregate.h"

uint8_t running_end(const struct running *r, int fn, wide *out)
{
    *out = 0;
    if (fn == FN_ANY || fn == FN_ALL) {
        bool yes = fn == FN_ANY ? r->decided : !r->decided;
        if (r->decided || r->st == VALUE_OK) {
            *out = yes;
            return VALUE_OK;
        }
        return r->st;
    }
    if (r->st != VALUE_OK) {
        return r->st;
    }
    if (r->n == 0 && (fn == FN_MAX_OF || fn == FN_MIN_OF)) {
        return VALUE_EMPTY;
    }
    *out = r->v;
    return VALUE_OK;
}

static void store(struct frame *f, int32_t id, const struct running *acc, int fn, int32_t n)
{
    const struct plan_node *node = &f->b->plan->nodes[id];
    void *out = f->val[id].v;
    uint8_t *st = NULL;
    for (int32_t i = 0; i < n; i++) {
        wide x = 0;
        uint8_t s = running_end(&acc[i], fn, &x);
        if (s != VALUE_OK) {
            st = st ? st : result_states(f, id, n);
            st[i] = s;
        }
        if (node->time < 0 || node->wide) {
            ((wide *)out)[i] = x;
        } else {
            ((int64_t *)out)[i] = (int64_t)x;
        }
    }
}

/* The usual one: a sum of whole numbers, no condition. */
static bool plain_sum(struct frame *f, const struct plan_node *n, struct operand a, int32_t inner,
                      const int32_t *map, wide *out)
{
    if (n->kind != FN_SUM || n->time >= 0 || n->b >= 0 || a.st) {
        return false;
    }
    const wide *v = a.v;
    int32_t keys = f->b->spaces[n->space].n;
    if (keys == 1 && !map) {
        wide sum = 0;
        for (int32_t i = 0; i < inner; i++) {
            sum += v[i];
        }
        out[0] = sum;
        return true;
    }
    for (int32_t i = 0; i < inner; i++) {
        out[map ? map[i] : i] += v[i];
    }
    return true;
}

void eval_aggregate(struct frame *f, int32_t id)
{
    const struct strategy_bound *b = f->b;
    const struct plan_node *n = &b->plan->nodes[id];
    bool timed = n->time >= 0;
    int16_t inner = timed ? b->plan->grids[n->inner].space : n->inner;
    int32_t rows = b->spaces[inner].n, t = timed ? f->t : 1, keys = 0;
    void *out = result_room(f, id, &keys);
    struct operand a = operand_wide(f, n->a, inner, timed);
    struct operand w =
        n->b >= 0 ? operand_wide(f, n->b, inner, timed) : (struct operand){ NULL, NULL };
    const int32_t *map = b->spaces[n->space].n <= 1 ? NULL : space_project(f, inner, n->space);
    if (plain_sum(f, n, a, rows, map, out)) {
        return;
    }
    struct running *acc = frame_scratch(f, ((size_t)keys + 1) * sizeof *acc);
    memset(acc, 0, ((size_t)keys + 1) * sizeof *acc);
    bool one = b->spaces[n->space].n <= 1;
    for (int32_t r = 0; r < rows; r++) {
        int32_t to = one ? 0 : map ? map[r] : r;
        for (int32_t i = 0; i < t; i++) {
            int32_t k = r * t + i;
            struct running *x = &acc[to * t + i];
            if (w.v && w.st && w.st[k] != VALUE_OK) {
                running_spoil(x, w.st[k], r, i);
            } else if (w.v && ((const wide *)w.v)[k] == 0) {
                continue;
            } else if (a.st && a.st[k] != VALUE_OK) {
                running_spoil(x, a.st[k], r, i);
            } else {
                running_add(x, n->kind, ((const wide *)a.v)[k]);
            }
        }
    }
    store(f, id, acc, n->kind, keys);
}

/* ---- latest, highest, middle ----------------------------------------------------------------- */

struct ranked {
    wide key;
    int32_t at; /* order as listed */
};

static int by_rank(const void *pa, const void *pb)
{
    const struct ranked *a = pa, *b = pb;
    if (a->key != b->key) {
        return a->key > b->key ? -1 : 1;
    }
    return a->at > b->at ? -1 : a->at < b->at; /* of equals the later ranks higher */
}

struct groups groups_of(struct frame *f, int16_t space, int16_t smaller)
{
    const struct strategy_bound *b = f->b;
    int32_t keys = b->spaces[space].n, n = b->spaces[smaller].n;
    const int32_t *map = n <= 1 ? NULL : space_project(f, space, smaller);
    struct groups g = { n, frame_scratch(f, ((size_t)n + 2) * sizeof(int32_t)),
                        frame_scratch(f, ((size_t)keys + 1) * sizeof(int32_t)) };
    memset(g.start, 0, ((size_t)n + 2) * sizeof(int32_t));
    for (int32_t k = 0; k < keys; k++) {
        g.start[(map ? map[k] : 0) + 2]++;
    }
    for (int32_t i = 0; i < n; i++) {
        g.start[i + 2] += g.start[i + 1];
    }
    for (int32_t k = 0; k < keys; k++) {
        g.item[g.start[(map ? map[k] : 0) + 1]++] = k;
    }
    return g;
}

struct pick {
    int fn;
    int32_t t, i;
    struct operand n, key, where;
};

static uint8_t state_of(struct operand o, int32_t k)
{
    return o.v && o.st ? o.st[k] : VALUE_OK;
}

/* Marks chosen keys of one group in `yes`; a state that spoils the choice is returned. */
static uint8_t pick_group(const struct pick *p, const int32_t *item, int32_t items,
                          struct ranked *r, uint8_t *yes)
{
    int32_t m = 0;
    for (int32_t j = 0; j < items; j++) {
        int32_t k = item[j] * p->t + p->i;
        uint8_t st = state_of(p->n, k);
        st = st != VALUE_OK ? st : state_of(p->where, k);
        if (st == VALUE_OK && p->where.v && ((const wide *)p->where.v)[k] == 0) {
            continue;
        }
        st = st != VALUE_OK ? st : state_of(p->key, k);
        if (st != VALUE_OK) {
            return st;
        }
        r[m].key = p->key.v ? ((const wide *)p->key.v)[k] : 0;
        r[m++].at = j;
    }
    if (p->fn == FN_LATEST) { /* equal keys: the later first */
        for (int32_t j = 0; j < m; j++) {
            r[j].key = 0;
        }
    }
    qsort(r, (size_t)m, sizeof *r, by_rank);
    wide want = m ? ((const wide *)p->n.v)[item[r[0].at] * p->t + p->i] : 0;
    wide skip = p->fn == FN_MIDDLE && m > want ? (m - want) / 2 : 0;
    for (int32_t j = 0; j < m; j++) {
        if (j >= skip && j < skip + want) {
            yes[r[j].at] = 1;
        }
    }
    return VALUE_OK;
}

void eval_pick(struct frame *f, int32_t id)
{
    const struct plan_node *n = &f->b->plan->nodes[id];
    bool timed = n->time >= 0;
    int32_t keys = 0, t = timed ? f->t : 1;
    void *out = result_room(f, id, &keys);
    struct operand none = { NULL, NULL };
    struct pick p = { .fn = n->kind, .t = t };
    p.n = operand_wide(f, n->a, n->space, timed);
    p.key = n->b >= 0 ? operand_wide(f, n->b, n->space, timed) : none;
    p.where = n->c >= 0 ? operand_wide(f, n->c, n->space, timed) : none;
    struct groups g = groups_of(f, n->space, n->inner);
    int32_t all = f->b->spaces[n->space].n;
    struct ranked *r = frame_scratch(f, ((size_t)all + 1) * sizeof *r);
    uint8_t *yes = frame_scratch(f, (size_t)all + 1);
    uint8_t *states = NULL;
    for (int32_t i = 0; i < t; i++) {
        p.i = i;
        for (int32_t j = 0; j < g.n; j++) {
            const int32_t *item = g.item + g.start[j];
            int32_t items = g.start[j + 1] - g.start[j];
            memset(yes, 0, (size_t)items);
            uint8_t st = pick_group(&p, item, items, r, yes);
            for (int32_t k = 0; k < items; k++) {
                int32_t to = item[k] * t + i;
                if (!timed || n->wide) {
                    ((wide *)out)[to] = st == VALUE_OK && yes[k];
                } else {
                    ((int64_t *)out)[to] = st == VALUE_OK && yes[k];
                }
                if (st != VALUE_OK) {
                    states = states ? states : result_states(f, id, keys);
                    states[to] = st;
                }
            }
        }
    }
}
