/* case_house.c - a settled case as the whole house would have it: points with readings, parties,
 * the terms of a contract and the facts of the period.
 *
 * Everything is taken from what was bound, so that the two ways to settle differ only in the house.
 * An event (an axis with a start) is a window of the facts, a session a member of them with meters
 * of its own, a day of history what the outer member's meters read on that day. Readings are kept
 * by whole days of quarter-hours: a longer interval stands in its first slot, and what lies outside
 * the case reads zero, which no line shows. Days of history are the exception: what is not listed,
 * and a day that lacks a value, has no reading at all, and so does not count either way.
 */
#include "cmd/case_part.h"
#include "contract/contract.h"
#include "settle/settle.h"

#define TEXT_MAX (2u << 20) /* more than contract takes: it says so */
#define EVENT "event"       /* the window of the facts */
#define LOOK_BACK_LEAST 1

/* What is walked through: the top, or a member. */
struct level {
    const struct strategy_part *part;
    struct json spec; /* of the binding file */
    struct str path;  /* of the group in declarations */
    const struct strategy_axis *axis;
    bool session;
};

static const struct strategy_group *group_named(const struct case_settled *s, struct str name)
{
    const struct strategy_group *g;
    size_t n = strategy_groups(s->strategy, &g);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(g[i].name, name)) {
            return &g[i];
        }
    }
    check_that(false, "group " STR_FMT " was bound", STR_ARG(name));
    return NULL;
}

static struct json spec_of(const struct level *l, struct str group)
{
    struct arena *a = l->spec.arena;
    return json_get(json_get(l->spec, "groups"), arena_copy(a, group.at, group.n));
}

static bool says(struct json spec, const char *key)
{
    return json_kind(json_get(spec, key)) != JSON_NONE;
}

static bool in_facts(struct json spec)
{
    return says(spec, "slots") || says(spec, "axis");
}

static struct level inner(const struct case_house *h, const struct level *l, struct str group,
                          const struct strategy_member *m)
{
    struct level in = { .part = &m->part,
                        .spec = spec_of(l, group),
                        .path = group,
                        .axis = m->own_axis ? &m->axis : l->axis,
                        .session = m->own_axis };
    if (l->path.n > 0) {
        in.path = str_of(
            arena_printf(h->w->arena, STR_FMT "." STR_FMT, STR_ARG(l->path), STR_ARG(group)));
    }
    return in;
}

static struct level top_of(const struct case_house *h)
{
    return (struct level){
        .part = h->s->part, .spec = h->s->bind, .path = STR(""), .axis = &h->s->axis
    };
}

/* ---- collecting -------------------------------------------------------------------------------
 */

struct collect {
    struct case_house *h;
    struct str *parties;
    struct str *codes;
    bool *days;
    size_t *point_of;
    size_t room; /* for points and pieces: every vector is one */
    bool own_intervals;
    bool fits;
};

static const struct strategy_axis *feed_axis(const struct case_house *h, const struct level *l,
                                             struct str feed)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(h->s->strategy, &d);
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(d[i].name, feed) || !str_eq(d[i].group, l->path) || d[i].window.n == 0) {
            continue;
        }
        for (size_t k = 0; k < h->s->n_windows; k++) {
            if (str_eq(h->s->windows[k].name, d[i].window)) {
                return &h->s->windows[k].axis;
            }
        }
    }
    return l->axis;
}

static void touch(struct case_house *h, struct instant from, struct instant until)
{
    struct day a = instant_day(from), b = instant_day((struct instant){ until.utc_ms - 1 });
    b = b.yyyymmdd < a.yyyymmdd ? a : b;
    if (h->n_pieces == 0 || a.yyyymmdd < h->first.yyyymmdd) {
        h->first = a;
    }
    if (h->n_pieces == 0 || b.yyyymmdd > h->last.yyyymmdd) {
        h->last = b;
    }
}

/* A list without values stands for one quarter-hour before its end: it reads zero. */
static void add_piece(struct collect *c, size_t point, const struct strategy_axis *axis,
                      int64_t shift_ms, const struct case_vector *v)
{
    struct case_house *h = c->h;
    struct case_piece p = { point, { axis->start.utc_ms - shift_ms }, axis->minutes, v };
    struct instant until = { p.start.utc_ms + (int64_t)v->n * axis->minutes * 60000 };
    p.start.utc_ms -= v->n == 0 ? SLOT_MS : 0;
    c->fits &= p.start.utc_ms % SLOT_MS == 0 && axis->minutes % 15 == 0;
    c->fits &= !c->own_intervals || axis->minutes == 15;
    c->fits &= h->history || case_is_whole(v);
    touch(h, p.start, until);
    h->pieces[h->n_pieces++] = p;
}

static void add_party(struct collect *c, struct str name)
{
    struct case_house *h = c->h;
    for (size_t i = 0; i < h->n_parties; i++) {
        if (str_eq(c->parties[i], name)) {
            return;
        }
    }
    c->parties[h->n_parties++] = name;
}

/* The days of one member: what its own points read, so long before the event. */
static void collect_days(struct collect *c, const struct level *l,
                         const struct strategy_members *days)
{
    int32_t before = day_number(instant_day(l->axis->start)), last = INT32_MIN;
    for (size_t i = 0; i < days->n; i++) {
        const struct strategy_member *m = &days->at[i];
        const struct level in = inner(c->h, l, days->group, m);
        struct day day;
        if (day_parse(m->name, &day, NULL) != OK || day_number(day) >= before ||
            day_number(day) <= last || before - day_number(day) > CONTRACT_LOOK_BACK_MAX) {
            c->fits = false;
            return;
        }
        last = day_number(day);
        for (size_t f = 0; f < m->part.n_feeds; f++) {
            const struct strategy_feed *feed = &m->part.feeds[f];
            size_t k = 0;
            while (k < l->part->n_feeds && !str_eq(l->part->feeds[k].name, feed->name)) {
                k++;
            }
            if (k == l->part->n_feeds) {
                c->fits = false;
                return;
            }
            size_t point = c->point_of[l->part->feeds[k].source];
            add_piece(c, point, feed_axis(c->h, &in, feed->name), (int64_t)(before - last) * DAY_MS,
                      &c->h->s->vectors[feed->source]);
        }
    }
}

/* It has an interval, no groups of its own, and no more days than a session may have. */
static bool session_fits(const struct level *in)
{
    int64_t minutes = (int64_t)in->axis->n * in->axis->minutes;
    return minutes > 0 && minutes <= CONTRACT_SESSION_DAYS_MAX * 1440LL && in->part->n_groups == 0;
}

static void collect_part(struct collect *c, const struct level *l)
{
    struct case_house *h = c->h;
    for (size_t f = 0; f < l->part->n_feeds; f++) {
        const struct strategy_feed *feed = &l->part->feeds[f];
        size_t point = h->n_points++;
        c->codes[point] = str_of(arena_printf(h->w->arena, "P%zu", point + 1));
        c->point_of[feed->source] = point;
        add_piece(c, point, feed_axis(h, l, feed->name), 0, &h->s->vectors[feed->source]);
    }
    for (size_t g = 0; g < l->part->n_groups; g++) {
        const struct strategy_members *ms = &l->part->groups[g];
        const struct strategy_group *sg = group_named(h->s, ms->group);
        struct json spec = spec_of(l, ms->group);
        if (says(spec, "history")) {
            for (size_t f = 0; f < l->part->n_feeds; f++) {
                c->days[c->point_of[l->part->feeds[f].source]] = true;
            }
            collect_days(c, l, ms);
            continue;
        }
        c->fits &= !in_facts(spec) || l->path.n == 0; /* sessions stand at the top */
        for (size_t i = 0; i < ms->n && c->fits; i++) {
            const struct level in = inner(h, l, ms->group, &ms->at[i]);
            c->fits &= !in.session || session_fits(&in);
            if (sg->party) {
                add_party(c, ms->at[i].party);
            }
            collect_part(c, &in);
        }
    }
}

static size_t count_parts(const struct strategy_part *p, size_t *feeds)
{
    size_t n = 1;
    *feeds += p->n_feeds;
    for (size_t g = 0; g < p->n_groups; g++) {
        for (size_t i = 0; i < p->groups[g].n; i++) {
            n += count_parts(&p->groups[g].at[i].part, feeds);
        }
    }
    return n;
}

static bool has_history(struct json spec)
{
    struct json groups = json_get(spec, "groups");
    struct str name;
    bool yes = says(spec, "history");
    for (size_t i = 0; i < json_len(groups) && !yes; i++) {
        yes = has_history(json_member(groups, i, &name));
    }
    return yes;
}

/* Windows lie straight before the event; where there is history, all on its day, so that a day can
 * be left out without taking something from the next. */
static bool windows_fit(const struct case_house *h)
{
    bool fit = h->s->n_windows == 0 || h->event;
    for (size_t i = 0; i < h->s->n_windows; i++) {
        const struct strategy_axis *x = &h->s->windows[i].axis;
        fit &= x->start.utc_ms + (int64_t)x->n * x->minutes * 60000 == h->s->axis.start.utc_ms;
        fit &= x->start.utc_ms % SLOT_MS == 0 && x->minutes % 15 == 0;
        fit &= !h->history || x->start.utc_ms - SLOT_MS >= day_start(h->from).utc_ms;
    }
    return fit && (!h->history || day_number(h->until) - day_number(h->from) == 1);
}

/* Every listed price version is in force on some day of the period. */
static bool prices_fit(struct case_house *h)
{
    const struct case_prices *p = &h->prices;
    int64_t first = day_start(h->from).utc_ms, until = day_start(h->until).utc_ms;
    for (size_t i = 1; i < p->n; i++) {
        if (p->from[i].utc_ms <= first || p->from[i].utc_ms >= until) {
            return false;
        }
    }
    if (p->n == 1 && h->own_calendar) {
        p->from[0] = day_start(h->from); /* a case without a clock */
    }
    return p->n == 0 || p->from[0].utc_ms <= first;
}

static void find_period(struct case_house *h)
{
    const struct case_range *r = &h->s->range;
    bool empty = r->until.utc_ms <= r->from.utc_ms;
    h->from = empty ? CASE_NO_CLOCK : instant_day(r->from);
    h->until = empty ? h->from : instant_day((struct instant){ r->until.utc_ms - 1 });
    h->until = day_add(h->until, 1);
}

enum err_code case_house_make(struct case_world *w, struct json doc, const struct case_settled *s,
                              struct case_house **out, bool *fits, struct err *e)
{
    struct case_house *h = arena_make(w->arena, struct case_house);
    size_t n_feeds = 0, n_members = count_parts(s->part, &n_feeds);
    const struct str *top;
    *h = (struct case_house){ .w = w, .doc = doc, .s = s };
    h->n_top = strategy_parties(s->strategy, &top);
    struct collect c = { .h = h,
                         .parties = arena_many(w->arena, h->n_top + n_members + 1, struct str),
                         .codes = arena_many(w->arena, n_feeds + 1, struct str),
                         .days = arena_many(w->arena, n_feeds + 1, bool),
                         .point_of = arena_many(w->arena, n_feeds + 1, size_t),
                         .fits = s->storable && h->n_top > 0 };
    struct json own = json_get(s->bind, "own_intervals");
    if (case_prices(w, doc, s->range, &h->prices, e) != OK ||
        (json_kind(own) != JSON_NONE &&
         case_holds(w, s->runs, &s->runs->place, own, &c.own_intervals, e) != OK)) {
        return e->code;
    }
    memcpy(c.parties, top, h->n_top * sizeof *top);
    h->parties = c.parties;
    h->n_parties = h->n_top;
    h->pieces = arena_many(w->arena, n_feeds + 1, struct case_piece);
    h->codes = c.codes;
    h->days = c.days;
    h->point_of = c.point_of;
    h->history = has_history(s->bind);
    h->event = says(json_get(s->bind, "axis"), "start");
    h->own_calendar = says(s->bind, "energies") || (h->history && !s->span);
    h->calendar = s->span || h->history;
    find_period(h);
    const struct level l = top_of(h);
    bool empty = s->range.until.utc_ms == 0 && (h->event || n_feeds > 0);
    c.fits &= day_number(h->until) - day_number(h->from) <= SETTLE_DAYS_MAX;
    c.fits = c.fits && !empty && windows_fit(h) && prices_fit(h);
    if (c.fits) {
        collect_part(&c, &l);
    }
    *out = h;
    *fits = c.fits;
    return OK;
}

/* ---- texts ------------------------------------------------------------------------------------
 */

static void put_rows(struct json_out *o, const char *name, const struct strategy_setting *s)
{
    json_open(o, name, '[');
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct strategy_row *r = &s->rows[i];
        json_open(o, NULL, '[');
        if (r->rest) {
            json_put_null(o, NULL);
        } else {
            json_put_scaled(o, NULL, r->bound.units, r->bound.scale);
        }
        if (r->blank) {
            json_put_null(o, NULL);
        } else {
            json_put_scaled(o, NULL, r->value.units, r->value.scale);
        }
        json_close(o, ']');
    }
    json_close(o, ']');
}

static void put_setting(struct json_out *o, const struct strategy_setting *s)
{
    const char *name = arena_copy(o->t->arena, s->name.at, s->name.n);
    if (s->absent) {
        json_put_null(o, name);
        return;
    }
    switch (s->type) {
    case STRATEGY_NUMBER:
        json_put_scaled(o, name, s->number.units, s->number.scale);
        break;
    case STRATEGY_CHOICE:
        json_put_str(o, name, s->choice);
        break;
    case STRATEGY_YES_NO:
        json_put_bool(o, name, s->yes);
        break;
    case STRATEGY_TABLE:
        put_rows(o, name, s);
        break;
    }
}

static void put_id(struct json_out *o, const char *name, int64_t id)
{
    json_put_str(o, name, str_of(arena_printf(o->t->arena, "%lld", (long long)id)));
}

static void put_instant(struct json_out *o, const char *name, struct instant t)
{
    struct text text;
    text_init(&text, o->t->arena, 64);
    text_instant(&text, t);
    json_put_str(o, name, text_str(&text));
}

static bool is_given(const struct strategy_part *p, struct str name)
{
    for (size_t i = 0; i < p->n_settings; i++) {
        if (str_eq(p->settings[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Choices that the case leaves to their default: where there is history the house would otherwise
 * take a member's kind of day from the calendar of the event, and the case knows none. */
static void put_defaults(const struct case_house *h, struct json_out *o, const struct level *in)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(h->s->strategy, &d);
    for (size_t i = 0; i < n && h->history; i++) {
        if (d[i].kind == STRATEGY_PARAM && d[i].type == STRATEGY_CHOICE && d[i].has_default &&
            str_eq(d[i].group, in->path) && !is_given(in->part, d[i].name)) {
            json_put_str(o, arena_copy(h->w->arena, d[i].name.at, d[i].name.n), d[i].default_text);
        }
    }
}

static void put_settings(const struct case_house *h, struct json_out *o, const struct level *in)
{
    json_open(o, "settings", '{');
    for (size_t i = 0; i < in->part->n_settings; i++) {
        put_setting(o, &in->part->settings[i]);
    }
    put_defaults(h, o, in);
    json_close(o, '}');
}

static void put_feeds(const struct case_house *h, struct json_out *o, const struct strategy_part *p)
{
    json_open(o, "series", '{');
    for (size_t i = 0; i < p->n_feeds; i++) {
        const struct strategy_feed *f = &p->feeds[i];
        json_open(o, arena_copy(h->w->arena, f->name.at, f->name.n), '{');
        put_id(o, "point", h->point_ids[h->point_of[f->source]]);
        json_put_int(o, "digits", f->digits);
        json_close(o, '}');
    }
    json_close(o, '}');
    json_open(o, "units", '{');
    for (size_t i = 0; i < p->n_units; i++) {
        json_open(o, arena_copy(h->w->arena, p->units[i].name.at, p->units[i].name.n), '{');
        json_put_str(o, "unit", p->units[i].unit);
        json_put_int(o, "digits", p->units[i].digits);
        json_close(o, '}');
    }
    json_close(o, '}');
}

static void put_groups(const struct case_house *h, struct json_out *o, const struct level *l);

static void put_party(const struct case_house *h, struct json_out *o, struct str party)
{
    json_put_str(o, "party", party);
    for (size_t i = h->n_top; i < h->n_parties; i++) { /* one of the top has its own already */
        if (str_eq(h->parties[i], party)) {
            put_id(o, "org", h->org_ids[i]);
        }
    }
}

static void put_member(const struct case_house *h, struct json_out *o, const struct level *in,
                       const struct strategy_group *sg, const struct strategy_member *m)
{
    json_open(o, NULL, '{');
    json_put_str(o, "name", m->name);
    if (sg->party) {
        put_party(h, o, m->party);
    }
    if (in->session) {
        struct instant until = { m->axis.start.utc_ms +
                                 (int64_t)m->axis.n * m->axis.minutes * 60000 };
        put_instant(o, "from", m->axis.start);
        put_instant(o, "until", until);
    }
    put_settings(h, o, in);
    put_feeds(h, o, in->part);
    if (in->part->n_groups > 0) {
        put_groups(h, o, in);
    }
    json_close(o, '}');
}

/* As many days as the oldest one lies back, with what the case says of the listed ones. */
static void put_days(const struct case_house *h, struct json_out *o, const struct level *l,
                     const char *name, const struct strategy_members *ms)
{
    int32_t event = day_number(instant_day(l->axis->start)), back = LOOK_BACK_LEAST;
    struct day oldest;
    json_open(o, name, '{');
    if (ms->n > 0 && day_parse(ms->at[0].name, &oldest, NULL) == OK) {
        back = event - day_number(oldest);
    }
    json_open(o, "days", '{');
    json_put_str(o, "of", STR(EVENT));
    json_put_int(o, "look_back", back);
    json_close(o, '}');
    json_open(o, "members", '[');
    for (size_t i = 0; i < ms->n; i++) {
        json_open(o, NULL, '{');
        json_put_str(o, "name", ms->at[i].name);
        const struct level day = inner(h, l, ms->group, &ms->at[i]);
        put_settings(h, o, &day);
        json_close(o, '}');
    }
    json_close(o, ']');
    json_close(o, '}');
}

/* The groups of the terms; of the facts those with sessions alone. */
static void put_group(const struct case_house *h, struct json_out *o, const struct level *l,
                      const struct strategy_members *ms, bool members)
{
    const struct strategy_group *sg = group_named(h->s, ms->group);
    const char *name = arena_copy(h->w->arena, ms->group.at, ms->group.n);
    if (says(spec_of(l, ms->group), "history")) {
        put_days(h, o, l, name, ms);
        return;
    }
    json_open(o, name, '[');
    for (size_t i = 0; i < ms->n && members; i++) {
        const struct level in = inner(h, l, ms->group, &ms->at[i]);
        put_member(h, o, &in, sg, &ms->at[i]);
    }
    json_close(o, ']');
}

static void put_groups(const struct case_house *h, struct json_out *o, const struct level *l)
{
    json_open(o, "groups", '{');
    for (size_t g = 0; g < l->part->n_groups; g++) {
        const struct strategy_members *ms = &l->part->groups[g];
        put_group(h, o, l, ms, !in_facts(spec_of(l, ms->group)));
    }
    json_close(o, '}');
}

static void put_dates(struct json_out *o, const struct tariff_dates *dates)
{
    json_open(o, "dates", '{');
    json_open(o, arena_copy(o->t->arena, dates->name.at, dates->name.n), '[');
    for (size_t i = 0; i < dates->n; i++) {
        struct text t;
        text_init(&t, o->t->arena, 16);
        text_day(&t, dates->days[i]);
        json_put_str(o, NULL, text_str(&t));
    }
    json_close(o, ']');
    json_close(o, '}');
}

static void put_time(const struct case_house *h, struct json_out *o,
                     const struct tariff_dates *dates)
{
    if (h->calendar) {
        json_put_str(o, "calendar", STR("case"));
    }
    if (h->calendar && !h->own_calendar) {
        put_dates(o, dates);
    }
    if (!h->event) {
        return;
    }
    json_put_str(o, "axis", STR(EVENT));
    json_open(o, "windows", '{');
    for (size_t i = 0; i < h->s->n_windows; i++) {
        const struct strategy_window *x = &h->s->windows[i];
        int32_t minutes = x->axis.n * x->axis.minutes;
        json_open(o, arena_copy(h->w->arena, x->name.at, x->name.n), '{');
        json_put_str(o, "of", STR(EVENT));
        json_put_int(o, "minutes", minutes ? minutes : SLOT_MS / 60000);
        json_close(o, '}');
    }
    json_close(o, '}');
}

struct str case_house_terms(const struct case_house *h, const struct tariff_dates *dates)
{
    struct text *t = arena_make(h->w->arena, struct text);
    struct json_out o;
    const struct level top = top_of(h);
    const struct strategy_decl *decls;
    size_t n = strategy_decls(h->s->strategy, &decls);
    text_init(t, h->w->arena, TEXT_MAX);
    json_out_init(&o, t, false);
    json_open(&o, NULL, '{');
    json_open(&o, "parties", '{');
    for (size_t i = 0; i < h->n_top; i++) {
        put_id(&o, arena_copy(h->w->arena, h->parties[i].at, h->parties[i].n), h->org_ids[i]);
    }
    json_close(&o, '}');
    put_time(h, &o, dates);
    json_open(&o, "prices", '{');
    for (size_t i = 0; i < n && h->prices.n > 0 && h->calendar; i++) {
        if (decls[i].kind == STRATEGY_PRICE) {
            json_put_str(&o, arena_copy(h->w->arena, decls[i].name.at, decls[i].name.n),
                         STR("case"));
        }
    }
    json_close(&o, '}');
    put_settings(h, &o, &top);
    put_feeds(h, &o, top.part);
    put_groups(h, &o, &top);
    json_close(&o, '}');
    return text_str(t);
}

struct str case_house_facts(const struct case_house *h)
{
    struct text *t = arena_make(h->w->arena, struct text);
    struct json_out o;
    const struct level top = top_of(h);
    const struct strategy_axis *axis = &h->s->axis;
    bool any = h->event;
    text_init(t, h->w->arena, TEXT_MAX);
    json_out_init(&o, t, false);
    json_open(&o, NULL, '{');
    if (h->event) {
        struct instant until = { axis->start.utc_ms + (int64_t)axis->n * axis->minutes * 60000 };
        json_open(&o, "windows", '{');
        json_open(&o, EVENT, '{');
        put_instant(&o, "from", axis->start);
        put_instant(&o, "until", until);
        json_close(&o, '}');
        json_close(&o, '}');
    }
    json_open(&o, "groups", '{');
    for (size_t g = 0; g < top.part->n_groups; g++) {
        const struct strategy_members *ms = &top.part->groups[g];
        if (in_facts(spec_of(&top, ms->group))) {
            put_group(h, &o, &top, ms, true);
            any = true;
        }
    }
    json_close(&o, '}');
    json_close(&o, '}');
    return any ? text_str(t) : STR("");
}

struct str case_house_calendar(const struct case_house *h)
{
    const struct tariff_span *span = h->s->span;
    struct text *t = arena_make(h->w->arena, struct text);
    int32_t n = span ? span->n_keys : 1;
    text_init(t, h->w->arena, TEXT_MAX);
    text_add_c(t, "{\"schema\":\"sunkeeper.calendar/1\",\"id\":\"case\",\"title\":\"case\","
                  "\"versions\":[{\"from\":\"1970-01-02\",\"doc\":\"case\",\"rules\":"
                  "[{\"windows\":[");
    for (int32_t i = 0; i < n; i++) {
        enum tou_period p = span ? (enum tou_period)span->keys[i].period : TOU_FLAT;
        text_addf(t, "%s[\"%s\",\"%02d:%02d\",", i ? "," : "", tou_period_word(p), i / 4,
                  i % 4 * 15);
        text_addf(t, i + 1 < n ? "\"%02d:%02d\"]" : "\"24:00\"]", (i + 1) / 4, (i + 1) % 4 * 15);
    }
    text_add_c(t, "]}]}]}");
    return text_str(t);
}
