/* world.c - sites with their meters through time: registers from the truth, and what gateways say.
 */
#include "sim/site.h"

#define HOLIDAYS_MAX 128

/* A stretch of one register under one multiplier. */
struct stretch {
    int64_t from;    /* boundary number from the start of the world */
    int64_t base_e4; /* what the register showed there, unrounded */
    __int128 passed; /* true energy of the world until there */
    int64_t multiplier;
};
struct site_state {
    struct sim_site site;
    struct sim_event events[SIM_EVENTS_MAX];
    size_t n_events;
    struct stretch stretches[SIM_REGISTERS][SIM_EVENTS_MAX + 1];
    size_t n_stretches[SIM_REGISTERS];
    /* Energy passed at each midnight of the world, days + 1 of them, per register. */
    int64_t *passed[SIM_REGISTERS];
};
struct sim_world {
    struct arena *arena;
    uint64_t seed;
    struct day from;
    int days;
    struct day holidays[HOLIDAYS_MAX];
    size_t n_holidays;
    struct site_state **sites;
    int n, room;
    /* The day asked for last. */
    int cached_site;
    struct day cached_day;
    struct site_day cached;
};

struct sim_world *sim_world_new(struct arena *a, uint64_t seed, struct day from, int days)
{
    struct sim_world *w = arena_make(a, struct sim_world);
    check(day_valid(from) && days > 0);
    w->arena = a;
    w->seed = seed;
    w->from = from;
    w->days = days;
    w->cached_site = -1;
    return w;
}

void sim_world_holidays(struct sim_world *w, const struct day *days, size_t n)
{
    check(n <= HOLIDAYS_MAX && w->n == 0);
    memcpy(w->holidays, days, n * sizeof *days);
    w->n_holidays = n;
}

static const struct site_day *day_of(struct sim_world *w, int site, struct day day)
{
    if (w->cached_site != site || w->cached_day.yyyymmdd != day.yyyymmdd) {
        bool rest = false;
        for (size_t i = 0; i < w->n_holidays; i++) {
            rest = rest || w->holidays[i].yyyymmdd == day.yyyymmdd;
        }
        site_day(w->seed, (uint64_t)site + 1, &w->sites[site]->site, day, rest, &w->cached);
        w->cached_site = site;
        w->cached_day = day;
    }
    return &w->cached;
}

void sim_truth(struct sim_world *w, int site, enum sim_register reg, struct day day,
               int64_t energy_e4[SLOTS])
{
    check(site >= 0 && site < w->n && reg < SIM_REGISTERS);
    memcpy(energy_e4, day_of(w, site, day)->energy_e4[reg], SLOTS * sizeof energy_e4[0]);
}

static int64_t boundary_of(const struct sim_world *w, struct instant at)
{
    int64_t ms = at.utc_ms - day_start(w->from).utc_ms;
    return ms % SLOT_MS == 0 ? ms / SLOT_MS : -1;
}

static struct instant boundary_at(const struct sim_world *w, int64_t boundary)
{
    return (struct instant){day_start(w->from).utc_ms + boundary * SLOT_MS};
}

/* True energy from the start of the world to a boundary. */
static int64_t passed_at(struct sim_world *w, int site, int reg, int64_t boundary)
{
    int64_t day = boundary / SLOTS, sum = w->sites[site]->passed[reg][day];
    if (boundary % SLOTS != 0) {
        const struct site_day *d = day_of(w, site, day_add(w->from, (int32_t)day));
        for (int i = 0; i < boundary % SLOTS; i++) {
            sum += d->energy_e4[reg][i];
        }
    }
    return sum;
}

/* The register before it is cut to its step, so that a ratio change loses nothing. */
static int64_t register_exact(struct sim_world *w, int site, int reg, int64_t boundary,
                              const struct stretch **stretch)
{
    const struct site_state *s = w->sites[site];
    size_t i = s->n_stretches[reg] - 1;
    while (i > 0 && s->stretches[reg][i].from > boundary) {
        i--;
    }
    *stretch = &s->stretches[reg][i];
    __int128 since = passed_at(w, site, reg, boundary) - (*stretch)->passed;
    return (*stretch)->base_e4 + (int64_t)(since / (*stretch)->multiplier);
}

static int64_t register_shown(struct sim_world *w, int site, int reg, int64_t boundary)
{
    const struct stretch *stretch;
    const struct sim_meter *m = &w->sites[site]->site.meters[reg];
    int64_t exact = register_exact(w, site, reg, boundary, &stretch);
    return exact / m->step_e4 * m->step_e4 % m->modulus_e4;
}

/* What the meter of the earlier stretch shows at the boundary where the next one begins. */
static void stretch_add(struct sim_world *w, int site, struct sim_event *ev)
{
    struct site_state *s = w->sites[site];
    const struct stretch *last;
    int reg = (int)ev->reg;
    int64_t boundary = boundary_of(w, ev->from);
    int64_t exact = register_exact(w, site, reg, boundary, &last);
    ev->last_e4 = register_shown(w, site, reg, boundary);
    s->stretches[reg][s->n_stretches[reg]++] =
        (struct stretch){.from = boundary,
                         .base_e4 = ev->kind == SIM_SWAP ? ev->value_e4 : exact,
                         .passed = passed_at(w, site, reg, boundary),
                         .multiplier = ev->kind == SIM_SWAP ? last->multiplier : ev->value_e4};
}

static enum err_code event_check(const struct sim_world *w, const struct sim_site *site,
                                 const struct sim_event *ev, size_t i, struct err *e)
{
    bool one = ev->kind == SIM_SWAP || ev->kind == SIM_RATIO;
    int64_t from = boundary_of(w, ev->from);
    if (from < 0 || from >= (int64_t)w->days * SLOTS ||
        (!one && (boundary_of(w, ev->until) <= from))) {
        return fail(e, ERR_INPUT, "site %s: event %zu is not on quarter hours within the world",
                    site->name, i);
    }
    if (ev->reg > SIM_REGISTERS || (one && ev->reg == SIM_REGISTERS) ||
        (ev->reg < SIM_REGISTERS && !site->meters[ev->reg].used)) {
        return fail(e, ERR_INPUT, "site %s: event %zu names a register the site does not have",
                    site->name, i);
    }
    if (one && (ev->value_e4 < 0 || (ev->kind == SIM_RATIO && ev->value_e4 < 1))) {
        return fail(e, ERR_INPUT, "site %s: event %zu has no usable value", site->name, i);
    }
    return OK;
}

static enum err_code site_check(const struct sim_site *s, struct err *e)
{
    if (s->name == NULL || s->rated_w <= 0 || s->load > SIM_SCHOOL ||
        (s->load != SIM_LOAD_NONE && s->load_w <= 0)) {
        return fail(e, ERR_INPUT, "a site needs a name, a rated power and, with a load, its power");
    }
    if (s->kind == SIM_STORAGE &&
        (s->capacity_wh <= 0 || s->efficiency_e4 <= 0 || s->efficiency_e4 > 10000 ||
         s->dispatch == NULL || strlen(s->dispatch) != 24)) {
        return fail(e, ERR_INPUT,
                    "site %s: storage needs capacity, efficiency and 24 hours of dispatch",
                    s->name);
    }
    for (int r = 0; r < SIM_REGISTERS; r++) {
        const struct sim_meter *m = &s->meters[r];
        if (m->used && (m->multiplier < 1 || m->step_e4 < 1 || m->modulus_e4 <= m->step_e4 ||
                        m->first_e4 < 0 || m->first_e4 >= m->modulus_e4)) {
            return fail(e, ERR_INPUT, "site %s: register %d has an impossible meter", s->name, r);
        }
    }
    return OK;
}

static void site_pass(struct sim_world *w, int site)
{
    struct site_state *s = w->sites[site];
    for (int r = 0; r < SIM_REGISTERS; r++) {
        s->passed[r] = arena_many(w->arena, (size_t)w->days + 1, int64_t);
        s->stretches[r][0] =
            (struct stretch){0, s->site.meters[r].first_e4, 0, s->site.meters[r].multiplier};
        s->n_stretches[r] = 1;
    }
    for (int d = 0; d < w->days; d++) {
        const struct site_day *day = day_of(w, site, day_add(w->from, d));
        for (int r = 0; r < SIM_REGISTERS; r++) {
            int64_t sum = s->passed[r][d];
            for (int i = 0; i < SLOTS; i++) {
                sum += day->energy_e4[r][i];
            }
            s->passed[r][d + 1] = sum;
        }
    }
}

enum err_code sim_world_add(struct sim_world *w, const struct sim_site *site,
                            struct sim_event *events, size_t n_events, int *number, struct err *e)
{
    enum err_code code = site_check(site, e);
    if (code == OK && n_events > SIM_EVENTS_MAX) {
        code = fail(e, ERR_LIMIT, "site %s: more than %d events", site->name, SIM_EVENTS_MAX);
    }
    for (size_t i = 0; i < n_events && code == OK; i++) {
        code = event_check(w, site, &events[i], i, e);
        if (code == OK && i > 0 && events[i].from.utc_ms < events[i - 1].from.utc_ms) {
            code = fail(e, ERR_INPUT, "site %s: events are not in the order of time", site->name);
        }
    }
    if (code != OK) {
        return code;
    }
    if (w->n == w->room) {
        struct site_state **old = w->sites;
        w->room = w->room == 0 ? 64 : 2 * w->room;
        w->sites = arena_many(w->arena, (size_t)w->room, struct site_state *);
        for (int i = 0; i < w->n; i++) {
            w->sites[i] = old[i];
        }
    }
    struct site_state *s = arena_make(w->arena, struct site_state);
    s->site = *site;
    w->sites[w->n] = s;
    site_pass(w, w->n);
    for (size_t i = 0; i < n_events; i++) {
        if (events[i].kind == SIM_SWAP || events[i].kind == SIM_RATIO) {
            stretch_add(w, w->n, &events[i]);
        }
        s->events[s->n_events++] = events[i];
    }
    *number = w->n++;
    return OK;
}

enum err_code sim_register_at(struct sim_world *w, int site, enum sim_register reg,
                              struct instant at, int64_t *value_e4, struct err *e)
{
    int64_t boundary = boundary_of(w, at);
    check(site >= 0 && site < w->n && reg < SIM_REGISTERS);
    if (boundary < 0 || boundary > (int64_t)w->days * SLOTS ||
        !w->sites[site]->site.meters[reg].used) {
        return fail(e, ERR_INPUT, "site %s: no such register or boundary",
                    w->sites[site]->site.name);
    }
    *value_e4 = register_shown(w, site, (int)reg, boundary);
    return OK;
}

/* ---- what the gateway sends ---- */

/* The event of a kind that covers a boundary of a register, if any. */
static const struct sim_event *covering(const struct sim_world *w, const struct site_state *s,
                                        enum sim_event_kind kind, int reg, int64_t boundary)
{
    for (size_t i = 0; i < s->n_events; i++) {
        const struct sim_event *ev = &s->events[i];
        if (ev->kind == kind && ((int)ev->reg == reg || ev->reg == SIM_REGISTERS) &&
            boundary_of(w, ev->from) <= boundary && boundary < boundary_of(w, ev->until)) {
            return ev;
        }
    }
    return NULL;
}

struct sending {
    struct sim_world *w;
    int site;
    uint32_t seq;
    struct sim_sample *samples;
    size_t n;
    enum err_code (*take)(void *ctx, const struct sim_batch *b, struct err *e);
    void *ctx;
};

static enum err_code send_now(struct sending *s, struct instant at, struct err *e)
{
    if (s->n == 0) {
        return OK;
    }
    struct sim_batch b = {s->site, ++s->seq, at, s->samples, s->n};
    s->n = 0;
    return s->take(s->ctx, &b, e);
}

static void put_sample(struct sending *s, int reg, int64_t boundary, bool buffered)
{
    struct sim_world *w = s->w;
    const struct sim_event *frozen = covering(w, w->sites[s->site], SIM_FROZEN, reg, boundary);
    int64_t seen = frozen != NULL ? boundary_of(w, frozen->from) : boundary;
    s->samples[s->n++] = (struct sim_sample){.reg = (enum sim_register)reg,
                                             .at = boundary_at(w, boundary),
                                             .value_e4 = register_shown(w, s->site, reg, seen),
                                             .buffered = buffered};
}

/* Samples of boundaries [from, until) that are sent in time, or those a late event kept back. */
static enum err_code send_range(struct sending *s, int64_t from, int64_t until,
                                const struct sim_event *late, struct instant at, struct err *e)
{
    struct sim_world *w = s->w;
    const struct site_state *state = w->sites[s->site];
    for (int64_t b = from; b < until; b++) {
        for (int reg = 0; reg < SIM_REGISTERS; reg++) {
            if (!state->site.meters[reg].used || covering(w, state, SIM_GAP, reg, b) != NULL ||
                covering(w, state, SIM_LATE, reg, b) != late) {
                continue;
            }
            put_sample(s, reg, b, late != NULL);
            enum err_code code = s->n == SIM_BATCH_MAX ? send_now(s, at, e) : OK;
            if (code != OK) {
                return code;
            }
        }
    }
    return send_now(s, at, e);
}

enum err_code sim_play(struct sim_world *w, int site,
                       enum err_code (*take)(void *ctx, const struct sim_batch *b, struct err *e),
                       void *ctx, struct err *e)
{
    check(site >= 0 && site < w->n);
    struct arena *a = arena_new();
    struct sending s = {.w = w, .site = site, .take = take, .ctx = ctx};
    const struct site_state *state = w->sites[site];
    int64_t end = (int64_t)w->days * SLOTS;
    enum err_code code = OK;
    s.samples = arena_many(a, SIM_BATCH_MAX, struct sim_sample);
    for (int d = 0; d < w->days && code == OK; d++) {
        int64_t from = (int64_t)d * SLOTS, until = d + 1 == w->days ? end + 1 : from + SLOTS;
        struct instant at = {boundary_at(w, from + SLOTS).utc_ms + 120000};
        code = send_range(&s, from, until, NULL, at, e);
        for (size_t i = 0; i < state->n_events && code == OK; i++) {
            const struct sim_event *ev = &state->events[i];
            int64_t back = boundary_of(w, ev->until);
            bool last = d + 1 == w->days && back > end; /* it comes back after the world's end */
            if (ev->kind == SIM_LATE && ((back > from && back <= from + SLOTS) || last)) {
                int64_t stop = back < end + 1 ? back : end + 1;
                code = send_range(&s, boundary_of(w, ev->from), stop, ev, ev->until, e);
            }
        }
    }
    arena_free(a);
    return code;
}
