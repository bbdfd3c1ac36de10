/* period.c - what is settled over a period when it is more than its plain intervals: facts,
 * windows, sessions with intervals of their own, days of history (contract.h, laws 6 to 8).
 *
 *     terms of the first day + facts  ->  windows, the axis  ->  history as members
 *     ->  a kind that reaches as far back as these do  ->  sources, each with its own intervals
 *
 * Sources that are not over the whole period share one reading of their point's days (a track). An
 * order without any of this passes through here with nothing done.
 */
#include "settle/order.h"

#define EVENTS_TEXT_MAX 8192 /* "20260710," for each day of a look-back, twice over */
#define PATH_MAX_BYTES 600   /* of nested groups' names: CONTRACT_DEPTH_MAX of 64 bytes */

/* ---- kinds of one order -----------------------------------------------------------------------
 */

struct own_kind { /* a kind whose span begins before the period */
    struct own_kind *next;
    const struct kind *base;
    struct kind kind;
};

static enum err_code own_kind(struct desk *d, struct work *w, int32_t lead, int32_t history,
                              struct err *e)
{
    const struct kind *base = w->kind;
    struct own_kind *k = d->own;
    struct prep_wish wish = d->wish;
    while (k && (k->base != base || k->kind.lead != lead || k->kind.history != history)) {
        k = k->next;
    }
    if (!k) {
        k = arena_make(d->arena, struct own_kind);
        d->prep = d->prep ? d->prep : prep_new(d->db, d->arena);
        wish.lead = lead;
        wish.history = history;
        if (prep_kind(d->prep, w->b, &wish, &k->kind, e) != OK) {
            return e->code;
        }
        k->base = base;
        k->next = d->own;
        d->own = k;
    }
    w->kind = &k->kind;
    w->failure = k->kind.failure;
    return OK;
}

/* ---- what the strategy has -------------------------------------------------------------------
 */

static const struct strategy_decl *decl_find(const struct kind *k, const char *group,
                                             struct str name)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(k->strategy, &d);
    for (size_t i = 0; i < n; i++) {
        if (str_is(d[i].group, group) && str_eq(d[i].name, name)) {
            return &d[i];
        }
    }
    return NULL;
}

static bool is_feed(const struct strategy_decl *d)
{
    return d && (d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES);
}

static void path_of(char path[PATH_MAX_BYTES], const char *outer, struct str group)
{
    snprintf(path, PATH_MAX_BYTES, "%s%s" STR_FMT, outer, *outer ? "." : "", STR_ARG(group));
}

static const struct term_window *window_find(const struct contract_terms *t, struct str name)
{
    for (size_t i = 0; i < t->n_windows; i++) {
        if (str_eq(t->windows[i].name, name) && t->windows[i].until.utc_ms) {
            return &t->windows[i];
        }
    }
    return NULL;
}

static struct strategy_axis axis_of(struct instant from, struct instant until)
{
    return (struct strategy_axis){from, 15, (int32_t)((until.utc_ms - from.utc_ms) / SLOT_MS)};
}

/* ---- windows ----------------------------------------------------------------------------------
 */

static bool days_of(const struct term_part *p, struct str window)
{
    for (size_t g = 0; g < p->n_groups; g++) {
        if (str_eq(p->groups[g].days_of, window)) {
            return true;
        }
        for (size_t m = 0; m < p->groups[g].n; m++) {
            if (days_of(&p->groups[g].members[m].part, window)) {
                return true;
            }
        }
    }
    return false;
}

static bool terms_use(const struct contract_terms *t, struct str window)
{
    for (size_t i = 0; i < t->n_windows; i++) {
        if (str_eq(t->windows[i].of, window)) {
            return true;
        }
    }
    return str_eq(t->axis, window) || days_of(&t->top, window);
}

static enum err_code windows_take(struct desk *d, struct work *w)
{
    const struct contract_terms *t = &w->terms;
    const struct str *names;
    size_t n = strategy_windows(w->kind->strategy, &names);
    w->axis = (struct strategy_axis){day_start(w->b->from), 15, w->kind->n_days * SLOTS};
    w->windows = arena_many(d->arena, t->n_windows + 1, struct strategy_window);
    for (size_t i = 0; i < t->n_windows; i++) {
        const struct term_window *x = &t->windows[i];
        bool known = false;
        for (size_t k = 0; k < n; k++) {
            known = known || str_eq(names[k], x->name);
        }
        if (known && x->until.utc_ms) {
            w->windows[w->n_windows++] =
                (struct strategy_window){x->name, axis_of(x->from, x->until)};
        } else if (!known && !terms_use(t, x->name)) {
            return fail_named(&w->failure, ERR_INPUT, "FACTS",
                              "window " STR_FMT ": neither the strategy nor the terms have one of "
                              "that name",
                              STR_ARG(x->name));
        }
    }
    if (t->axis.n > 0) {
        const struct term_window *x = window_find(t, t->axis);
        if (!x) {
            return fail_named(&w->failure, ERR_INPUT, "NO_WINDOW",
                              "the facts of the period from %d give no window " STR_FMT
                              "; put it with 'order facts'",
                              w->b->from.yyyymmdd, STR_ARG(t->axis));
        }
        w->axis = axis_of(x->from, x->until);
    }
    return OK;
}

/* ---- how far back -----------------------------------------------------------------------------
 */

struct reach {
    bool sessions, history;
    int32_t first; /* day number: the first that a session touches */
    int32_t history_first;
};

static void reach_part(const struct work *w, const struct term_part *p, struct reach *r)
{
    for (size_t g = 0; g < p->n_groups; g++) {
        const struct term_group *tg = &p->groups[g];
        const struct term_window *x = tg->days_of.n ? window_find(&w->terms, tg->days_of) : NULL;
        r->history = r->history || tg->days_of.n > 0;
        if (x) {
            int32_t first = day_number(instant_day(x->from)) - tg->look_back;
            r->history_first = first < r->history_first ? first : r->history_first;
        }
        for (size_t m = 0; m < tg->n; m++) {
            if (tg->members[m].until.utc_ms) {
                int32_t first = day_number(instant_day(tg->members[m].from));
                r->first = first < r->first ? first : r->first;
                r->sessions = true;
            }
            reach_part(w, &tg->members[m].part, r);
        }
    }
}

/* ---- days of history --------------------------------------------------------------------------
 */

/* The days that the order's earlier events touched, for groups that look back at such windows. */
static enum err_code events_look_up(struct desk *d, struct work *w, struct str window,
                                    struct day first, struct text *t, struct err *e)
{
    const struct order_facts *list;
    size_t n;
    if (order_facts_list(d->db, d->arena, scope_machine(), w->b->order_id,
                         day_add(first, -SETTLE_DAYS_MAX), w->b->until, &list, &n, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        struct contract_facts f;
        if (contract_facts_parse(d->arena, list[i].text, &f, &w->failure) != OK) {
            return OK;
        }
        for (size_t k = 0; k < f.n_windows; k++) {
            const struct term_window *x = &f.windows[k];
            struct day day = instant_day(x->from);
            struct day last = instant_day((struct instant){x->until.utc_ms - 1});
            for (; str_eq(x->name, window) && day.yyyymmdd <= last.yyyymmdd;
                 day = day_add(day, 1)) {
                if (day.yyyymmdd >= first.yyyymmdd && day.yyyymmdd < w->b->until.yyyymmdd) {
                    text_addf(t, "%s%d", t->n ? "," : "", day.yyyymmdd);
                }
            }
        }
    }
    return OK;
}

static bool event_on(struct str events, struct day day)
{
    struct str word;
    char want[16];
    snprintf(want, sizeof(want), "%d", day.yyyymmdd);
    while (events.n > 0 && str_split(&events, ',', &word)) {
        if (str_is(word, want)) {
            return true;
        }
    }
    return false;
}

struct past { /* one group of days on its way */
    struct work *w;
    struct arena *arena;
    char path[PATH_MAX_BYTES];
    const struct term_part *outer;
    struct day event;
    const struct strategy_decl *kind, *is_event;
};

static const struct term_setting *setting_find(const struct term_part *p, struct str name)
{
    for (size_t i = 0; i < p->n_settings; i++) {
        if (str_eq(p->settings[i].name, name)) {
            return &p->settings[i];
        }
    }
    return NULL;
}

static struct str kind_word(const struct kind *k, struct day day)
{
    int32_t at = day_number(day) - day_number(k->like.from) + k->history;
    check_that(at >= 0 && at < k->history + k->n_days, "day %d has no kind", day.yyyymmdd);
    return k->workday[at] ? STR("work") : STR("rest");
}

/* What the day has as settings: those of the facts, then kind and event. */
static void day_settings(const struct past *p, const struct term_member *given, struct day day,
                         struct term_part *out)
{
    size_t n = given ? given->part.n_settings : 0;
    struct term_setting *s = arena_many(p->arena, n + 2, struct term_setting);
    if (n > 0) {
        memcpy(s, given->part.settings, n * sizeof(*s));
    }
    if (p->kind && !(given && setting_find(&given->part, p->kind->name))) {
        s[n++] = (struct term_setting){
            .name = p->kind->name, .kind = TERM_TEXT, .text = kind_word(p->w->kind, day)};
    }
    if (p->is_event && !(given && setting_find(&given->part, p->is_event->name))) {
        s[n++] = (struct term_setting){
            .name = p->is_event->name, .kind = TERM_YES_NO, .yes = event_on(p->w->events, day)};
    }
    out->settings = s;
    out->n_settings = n;
}

/* The outer member's meters that the strategy has for a day too. */
static void day_feeds(const struct past *p, struct term_part *out)
{
    struct term_feed *f = arena_many(p->arena, p->outer->n_feeds + 1, struct term_feed);
    size_t n = 0;
    for (size_t i = 0; i < p->outer->n_feeds; i++) {
        if (is_feed(decl_find(p->w->kind, p->path, p->outer->feeds[i].name))) {
            f[n++] = p->outer->feeds[i];
        }
    }
    out->feeds = f;
    out->n_feeds = n;
    out->units = p->outer->units;
    out->n_units = p->outer->n_units;
}

static enum err_code days_make(struct past *p, const struct term_group *tg, struct term_group *out)
{
    struct term_member *m = arena_many(p->arena, (size_t)tg->look_back + 1, struct term_member);
    struct term_part feeds = {0};
    day_feeds(p, &feeds);
    if (p->kind && !p->w->kind->workday) {
        return fail_named(&p->w->failure, ERR_INPUT, "BIND",
                          "group " STR_FMT
                          ": whether a day was work or rest comes from a calendar; "
                          "name one in the terms",
                          STR_ARG(tg->name));
    }
    for (int32_t i = 0; i < tg->look_back; i++) {
        const struct day day = day_add(p->event, i - tg->look_back);
        const struct term_member *given = NULL;
        struct text name;
        text_init(&name, p->arena, 16);
        text_day(&name, day);
        for (size_t k = 0; k < tg->n; k++) {
            given = str_eq(tg->members[k].name, text_str(&name)) ? &tg->members[k] : given;
        }
        m[i] = (struct term_member){
            .name = text_str(&name), .days_before = tg->look_back - i, .part = feeds};
        day_settings(p, given, day, &m[i].part);
    }
    out->members = m;
    out->n = (size_t)tg->look_back;
    return OK;
}

/* The outer member's own kind of day, where the strategy has one that nobody gave. */
static void outer_kind(struct past *p, const char *path, struct term_part *outer)
{
    const struct strategy_decl *d = decl_find(p->w->kind, path, STR("kind"));
    if (!d || d->type != STRATEGY_CHOICE || !p->w->kind->workday || setting_find(outer, d->name)) {
        return;
    }
    struct term_setting *s = arena_many(p->arena, outer->n_settings + 1, struct term_setting);
    if (outer->n_settings > 0) {
        memcpy(s, outer->settings, outer->n_settings * sizeof(*s));
    }
    s[outer->n_settings] = (struct term_setting){
        .name = d->name, .kind = TERM_TEXT, .text = kind_word(p->w->kind, p->event)};
    outer->settings = s;
    outer->n_settings++;
}

/* Copies a part with its groups of days filled. */
static enum err_code history_part(struct desk *d, struct work *w, const char *path,
                                  struct term_part *part)
{
    struct term_group *g = arena_many(d->arena, part->n_groups + 1, struct term_group);
    for (size_t i = 0; i < part->n_groups; i++) {
        const struct term_group *tg = &part->groups[i];
        struct past p = {.w = w, .arena = d->arena, .outer = part};
        g[i] = *tg;
        path_of(p.path, path, tg->name);
        if (tg->days_of.n > 0) {
            const struct term_window *x = window_find(&w->terms, tg->days_of);
            if (!x) {
                return fail_named(&w->failure, ERR_INPUT, "NO_WINDOW",
                                  "group " STR_FMT " looks back from window " STR_FMT
                                  ", which the facts of the period from %d do not give",
                                  STR_ARG(tg->name), STR_ARG(tg->days_of), w->b->from.yyyymmdd);
            }
            p.event = instant_day(x->from);
            p.kind = decl_find(w->kind, p.path, STR("kind"));
            p.is_event = decl_find(w->kind, p.path, STR("event"));
            if (days_make(&p, tg, &g[i]) != OK) {
                return w->failure.code;
            }
            outer_kind(&p, path, part);
            continue;
        }
        struct term_member *m = arena_many(d->arena, tg->n + 1, struct term_member);
        for (size_t k = 0; k < tg->n; k++) {
            m[k] = tg->members[k];
            if (history_part(d, w, p.path, &m[k].part) != OK) {
                return w->failure.code;
            }
        }
        g[i].members = m;
    }
    part->groups = g;
    return OK;
}

static struct str history_window(const struct term_part *p)
{
    struct str hit = {0};
    for (size_t g = 0; g < p->n_groups && hit.n == 0; g++) {
        hit = p->groups[g].days_of;
        for (size_t m = 0; m < p->groups[g].n && hit.n == 0; m++) {
            hit = history_window(&p->groups[g].members[m].part);
        }
    }
    return hit;
}

static enum err_code history_take(struct desk *d, struct work *w, const struct reach *r,
                                  struct err *e)
{
    if (d->events) {
        w->events = *d->events;
    } else {
        struct text t;
        text_init(&t, d->arena, EVENTS_TEXT_MAX);
        text_add_c(&t, "");
        if (events_look_up(d, w, history_window(&w->terms.top), day_of_number(r->history_first), &t,
                           e) != OK) {
            return e->code;
        }
        w->events = text_str(&t);
    }
    if (w->failure.code == OK) {
        (void)history_part(d, w, "", &w->terms.top);
    }
    return OK;
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static enum err_code terms_take(struct desk *d, struct work *w)
{
    struct contract_terms agreed;
    struct contract_facts facts;
    const struct contract_binding *b = w->b;
    if (contract_terms_on(d->arena, b->terms, b->from, &agreed, &w->failure) != OK) {
        return w->failure.code;
    }
    if (b->inputs.n == 0) {
        w->terms = agreed;
        return OK;
    }
    if (contract_facts_parse(d->arena, b->inputs, &facts, &w->failure) != OK) {
        return w->failure.code;
    }
    return contract_terms_join(d->arena, &agreed, &facts, b->from, b->until, &w->terms,
                               &w->failure);
}

enum err_code period_open(struct desk *d, struct work *w, struct err *e)
{
    const int32_t begin = day_number(w->b->from);
    struct reach r = {.first = begin, .history_first = begin};
    if (terms_take(d, w) != OK || windows_take(d, w) != OK) {
        return OK;
    }
    reach_part(w, &w->terms.top, &r);
    if ((r.first < begin || r.history) &&
        own_kind(d, w, begin - r.first, r.history ? begin - r.history_first + 1 : 0, e) != OK) {
        return e->code;
    }
    if (w->failure.code == OK && r.history) {
        return history_take(d, w, &r, e);
    }
    return OK;
}

/* ---- sources ----------------------------------------------------------------------------------
 */

struct numbering {
    struct work *w;
    bool plain; /* the axis is the period, and the strategy has no windows */
    size_t n;
};

static size_t feeds_count(const struct term_part *p)
{
    size_t n = p->n_feeds;
    for (size_t g = 0; g < p->n_groups; g++) {
        for (size_t m = 0; m < p->groups[g].n; m++) {
            n += feeds_count(&p->groups[g].members[m].part);
        }
    }
    return n;
}

/* The intervals a feed is asked for: its window's, its member's, the axis'. */
static void source_axis(const struct numbering *n, const char *path, const struct term_feed *f,
                        const struct term_member *m, struct source *s)
{
    const struct work *w = n->w;
    const struct strategy_decl *d = n->plain ? NULL : decl_find(w->kind, path, f->name);
    struct strategy_axis axis = m && m->until.utc_ms ? axis_of(m->from, m->until) : w->axis;
    bool whole = n->plain && !(m && (m->until.utc_ms || m->days_before));
    for (size_t i = 0; d && d->window.n > 0 && i < w->n_windows; i++) {
        if (str_eq(w->windows[i].name, d->window)) {
            axis = w->windows[i].axis;
        }
    }
    const int64_t shift = (m ? m->days_before : 0) * DAY_MS;
    whole = whole || (shift == 0 && axis.start.utc_ms == day_start(w->b->from).utc_ms &&
                      axis.n == w->kind->n_days * SLOTS);
    s->point_id = f->point_id;
    s->days_before = m ? m->days_before : 0;
    if (!whole) {
        s->axis = axis;
        s->axis.start.utc_ms -= shift;
    }
}

/* `session`: the innermost member with intervals or a day of its own; nested members inherit. */
static void part_number(struct numbering *n, const char *path, const struct term_part *p,
                        const struct term_member *session)
{
    char inner[PATH_MAX_BYTES];
    for (size_t i = 0; i < p->n_feeds; i++) {
        source_axis(n, path, &p->feeds[i], session, &n->w->sources[n->n++]);
    }
    for (size_t g = 0; g < p->n_groups; g++) {
        path_of(inner, path, p->groups[g].name);
        for (size_t m = 0; m < p->groups[g].n; m++) {
            const struct term_member *tm = &p->groups[g].members[m];
            part_number(n, inner, &tm->part, tm->until.utc_ms || tm->days_before ? tm : session);
        }
    }
}

static int point_order(const void *a, const void *b)
{
    const struct source *const *x = a, *const *y = b;
    return (*x)->point_id < (*y)->point_id ? -1 : (*x)->point_id > (*y)->point_id;
}

static int32_t axis_last_day(const struct strategy_axis *a)
{
    return day_number(instant_day((struct instant){a->start.utc_ms + a->n * SLOT_MS - 1}));
}

/* One track per point of the sources that have intervals of their own. */
static void tracks_make(struct desk *d, struct work *w)
{
    struct source **own = arena_many(d->arena, w->n_sources + 1, struct source *);
    size_t n = 0;
    for (size_t i = 0; i < w->n_sources; i++) {
        if (w->sources[i].axis.n > 0) {
            own[n++] = &w->sources[i];
        }
    }
    if (n == 0) {
        return;
    }
    qsort(own, n, sizeof(*own), point_order);
    w->tracks = arena_many(d->arena, n, struct track);
    struct track *t = NULL;
    for (size_t i = 0; i < n; i++) {
        int32_t first = day_number(instant_day(own[i]->axis.start));
        int32_t last = axis_last_day(&own[i]->axis);
        if (!t || t->point_id != own[i]->point_id) {
            t = &w->tracks[w->n_tracks++];
            *t = (struct track){own[i]->point_id, first, last - first + 1, NULL};
        }
        int32_t end = t->first_day + t->n_days > last + 1 ? t->first_day + t->n_days : last + 1;
        t->first_day = first < t->first_day ? first : t->first_day;
        t->n_days = end - t->first_day;
        own[i]->track = t;
    }
}

void period_sources(struct desk *d, struct work *w)
{
    const struct str *names;
    const bool period = w->axis.start.utc_ms == day_start(w->b->from).utc_ms &&
                        w->axis.n == w->kind->n_days * SLOTS;
    struct numbering n = {.w = w,
                          .plain = period && strategy_windows(w->kind->strategy, &names) == 0};
    w->n_sources = feeds_count(&w->terms.top);
    w->sources = arena_many(d->arena, w->n_sources + 1, struct source);
    part_number(&n, "", &w->terms.top, NULL);
    check(n.n == w->n_sources);
    tracks_make(d, w);
    for (size_t i = 0; i < w->n_sources; i++) {
        w->sources[i].total.sums = arena_many(d->arena, (size_t)w->kind->n_keys, int64_t);
    }
}

/* ---- reading ----------------------------------------------------------------------------------
 */

int32_t track_slot(const struct source *s, const struct strategy_axis *axis)
{
    if (!s->track || !s->track->days || axis->minutes != 15) {
        return -1;
    }
    int64_t at = axis->start.utc_ms - s->days_before * DAY_MS -
                 day_start(day_of_number(s->track->first_day)).utc_ms;
    if (at < 0 || at % SLOT_MS != 0 || at / SLOT_MS + axis->n > (int64_t)s->track->n_days * SLOTS) {
        return -1;
    }
    return (int32_t)(at / SLOT_MS);
}

/* Total and snapshot over the source's own intervals. */
static void source_total(struct source *s)
{
    const struct strategy_axis own = {
        {s->axis.start.utc_ms + s->days_before * DAY_MS}, s->axis.minutes, s->axis.n};
    const int32_t first = track_slot(s, &own);
    struct reading_total t = {.sums = s->total.sums, .first_missing = -1};
    uint64_t h = (uint64_t)s->axis.start.utc_ms;
    for (int32_t i = 0; i < s->axis.n; i++) {
        const struct reading_day *day = &s->track->days[(first + i) / SLOTS];
        const int32_t k = (first + i) % SLOTS;
        const int64_t seen[] = {day->value[k], day->mark[k], day->q[k], day->rank[k]};
        h = hash64(seen, sizeof(seen), h);
        t.n_estimated += day->mark[k] == MARK_ESTIMATED;
        t.n_manual += day->mark[k] == MARK_MANUAL;
        if (day->mark[k] == MARK_MISSING) {
            t.n_missing++;
            t.first_missing = t.first_missing < 0 ? i : t.first_missing;
        } else if (day->mark[k] != MARK_ACTUAL) {
            t.estimated += day->value[k] < 0 ? -day->value[k] : day->value[k];
        }
    }
    t.snapshot = h;
    s->total = t;
}

enum err_code period_read(struct desk *d, struct work *w, struct err *e)
{
    for (size_t i = 0; i < w->n_tracks; i++) {
        struct track *t = &w->tracks[i];
        struct reading_day *days = arena_many(d->arena, (size_t)t->n_days, struct reading_day);
        enum err_code rc =
            reading_values(d->db, d->points, t->point_id, day_of_number(t->first_day), t->n_days,
                           days, &w->failure);
        if (store_trouble(rc)) {
            *e = w->failure;
            return rc;
        }
        if (rc != OK) {
            return OK;
        }
        t->days = days;
    }
    for (size_t i = 0; i < w->n_sources; i++) {
        if (w->sources[i].track) {
            source_total(&w->sources[i]);
        }
    }
    return OK;
}
