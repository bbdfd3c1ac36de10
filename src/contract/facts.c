/* facts.c - what happens in one period and is no agreement (contract.h, laws 7 and 8): read,
 * written in one layout, joined to the terms it belongs to.
 */
#include "base/json.h"
#include "contract/scan.h"
#include "contract/terms.h"

#define KEY_MAX 256 /* bytes of a name as a key; strategies take 64 */

/* ---- reading ----------------------------------------------------------------------------------
 */

struct facts_ctx {
    struct part_lists lists;
    struct list windows;
};

static enum err_code take_window_part(struct scan *s, struct str key, void *ctx)
{
    struct term_window *w = ctx;
    if (str_is(key, "from")) {
        return part_time(s, &w->from);
    }
    if (str_is(key, "until")) {
        return part_time(s, &w->until);
    }
    return scan_refuse(s, "a window of the facts has \"from\" and \"until\"");
}

static enum err_code take_window(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_window *w = list_add(s, ctx);
    w->name = key;
    if (scan_members(s, take_window_part, w) != OK) {
        return s->e->code;
    }
    if (w->from.utc_ms == 0 || w->until.utc_ms == 0) {
        return scan_refuse(s, "a window needs \"from\" and \"until\"");
    }
    return w->from.utc_ms < w->until.utc_ms
               ? OK
               : scan_refuse(s, "the window is empty: it ends when or before it begins");
}

static enum err_code take_top(struct scan *s, struct str key, void *ctx)
{
    struct facts_ctx *c = ctx;
    bool known = false;
    if (str_is(key, "windows")) {
        return scan_members(s, take_window, &c->windows);
    }
    if ((str_is(key, "settings") || str_is(key, "groups")) &&
        part_key(s, key, &c->lists, &known) != OK) {
        return s->e->code;
    }
    return known ? OK : scan_refuse(s, "facts have settings, windows and groups");
}

enum err_code contract_facts_parse(struct arena *a, struct str text, struct contract_facts *out,
                                   struct err *e)
{
    struct err own;
    struct list parties = {.size = sizeof(struct contract_party)};
    struct facts_ctx c = {.windows = {.size = sizeof(struct term_window)}};
    struct scan s = scan_of(a, text, e ? e : &own);
    s.parties = &parties;
    s.facts = true;
    part_init(&c.lists);
    if (text.n > CONTRACT_FACTS_MAX) {
        return fail_named(e, ERR_LIMIT, "FACTS", "facts: %zu bytes; at most %u are taken", text.n,
                          CONTRACT_FACTS_MAX);
    }
    if (text.n > 0 && scan_text(&s, take_top, &c) != OK) {
        return s.e->code;
    }
    *out = (struct contract_facts){.windows = (const void *)c.windows.at,
                                   .n_windows = c.windows.n,
                                   .parties = (const void *)parties.at,
                                   .n_parties = parties.n,
                                   .top = part_of(&c.lists)};
    return OK;
}

/* ---- writing ----------------------------------------------------------------------------------
 */

static const char *key_of(struct str s, char *buffer)
{
    size_t n = s.n < KEY_MAX - 1 ? s.n : KEY_MAX - 1;
    memcpy(buffer, s.at, n);
    buffer[n] = '\0';
    return buffer;
}

static void put_id(struct json_out *o, const char *key, int64_t id)
{
    char text[64];
    snprintf(text, sizeof(text), "%lld", (long long)id);
    json_put_str(o, key, str_of(text));
}

static void put_time(struct json_out *o, const char *key, struct instant t)
{
    struct slot s = instant_slot(t);
    char text[64];
    snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d", s.day.yyyymmdd / 10000,
             s.day.yyyymmdd / 100 % 100, s.day.yyyymmdd % 100, s.index / 4, s.index % 4 * 15);
    json_put_str(o, key, str_of(text));
}

static void put_cell(struct json_out *o, struct str cell)
{
    if (cell.at) {
        json_put_str(o, NULL, cell);
    } else {
        json_put_null(o, NULL);
    }
}

static void put_setting(struct json_out *o, const struct term_setting *s)
{
    char key[KEY_MAX];
    key_of(s->name, key);
    switch (s->kind) {
    case TERM_TEXT:
        json_put_str(o, key, s->text);
        break;
    case TERM_YES_NO:
        json_put_bool(o, key, s->yes);
        break;
    case TERM_ABSENT:
        json_put_null(o, key);
        break;
    case TERM_TABLE:
        json_open(o, key, '[');
        for (size_t i = 0; i < s->n_rows; i++) {
            json_open(o, NULL, '[');
            put_cell(o, s->rows[i].bound);
            put_cell(o, s->rows[i].value);
            json_close(o, ']');
        }
        json_close(o, ']');
        break;
    }
}

static void put_part(struct json_out *o, const struct term_part *p);

static void put_member(struct json_out *o, const struct term_member *m)
{
    json_open(o, NULL, '{');
    json_put_str(o, "name", m->name);
    if (m->place.n > 0) {
        json_put_str(o, "place", m->place);
    }
    if (m->party.n > 0) {
        json_put_str(o, "party", m->party);
    }
    if (m->org_id != 0) {
        put_id(o, "org", m->org_id);
    }
    if (m->until.utc_ms != 0) {
        put_time(o, "from", m->from);
        put_time(o, "until", m->until);
    }
    put_part(o, &m->part);
    json_close(o, '}');
}

static void put_feeds(struct json_out *o, const struct term_part *p)
{
    char key[KEY_MAX];
    if (p->n_feeds == 0) {
        return;
    }
    json_open(o, "series", '{');
    for (size_t i = 0; i < p->n_feeds; i++) {
        json_open(o, key_of(p->feeds[i].name, key), '{');
        put_id(o, "point", p->feeds[i].point_id);
        json_put_int(o, "digits", p->feeds[i].digits);
        json_close(o, '}');
    }
    json_close(o, '}');
}

static void put_units(struct json_out *o, const struct term_part *p)
{
    char key[KEY_MAX];
    if (p->n_units == 0) {
        return;
    }
    json_open(o, "units", '{');
    for (size_t i = 0; i < p->n_units; i++) {
        json_open(o, key_of(p->units[i].name, key), '{');
        json_put_str(o, "unit", p->units[i].unit);
        json_put_int(o, "digits", p->units[i].digits);
        json_close(o, '}');
    }
    json_close(o, '}');
}

static void put_part(struct json_out *o, const struct term_part *p)
{
    char key[KEY_MAX];
    if (p->n_settings > 0) {
        json_open(o, "settings", '{');
        for (size_t i = 0; i < p->n_settings; i++) {
            put_setting(o, &p->settings[i]);
        }
        json_close(o, '}');
    }
    put_feeds(o, p);
    put_units(o, p);
    if (p->n_groups > 0) {
        json_open(o, "groups", '{');
        for (size_t g = 0; g < p->n_groups; g++) {
            json_open(o, key_of(p->groups[g].name, key), '[');
            for (size_t m = 0; m < p->groups[g].n; m++) {
                put_member(o, &p->groups[g].members[m]);
            }
            json_close(o, ']');
        }
        json_close(o, '}');
    }
}

struct str contract_facts_text(struct arena *a, const struct contract_facts *f)
{
    struct text t;
    struct json_out o;
    char key[KEY_MAX];
    text_init(&t, a, 2 * CONTRACT_FACTS_MAX);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    if (f->n_windows > 0) {
        json_open(&o, "windows", '{');
        for (size_t i = 0; i < f->n_windows; i++) {
            json_open(&o, key_of(f->windows[i].name, key), '{');
            put_time(&o, "from", f->windows[i].from);
            put_time(&o, "until", f->windows[i].until);
            json_close(&o, '}');
        }
        json_close(&o, '}');
    }
    put_part(&o, &f->top);
    json_close(&o, '}');
    return text_str(&t);
}

/* ---- joining ----------------------------------------------------------------------------------
 */

struct join {
    struct arena *arena;
    struct instant from, until; /* of the period */
    struct err *e;
};

static enum err_code refuse(struct join *j, const char *what, struct str name, const char *why)
{
    return fail_named(j->e, ERR_INPUT, "FACTS", "facts: %s " STR_FMT ": %s", what, STR_ARG(name),
                      why);
}

static struct str time_text(struct arena *a, struct instant t)
{
    struct text out;
    text_init(&out, a, 40);
    text_instant(&out, t);
    return (struct str){out.at, 16}; /* to the minute, without the zone */
}

static const char *span_text(struct join *j, struct instant from, struct instant until)
{
    return arena_printf(j->arena, STR_FMT " until " STR_FMT, STR_ARG(time_text(j->arena, from)),
                        STR_ARG(time_text(j->arena, until)));
}

/* What happened belongs to the period in which it ended. */
static enum err_code in_period(struct join *j, const char *what, struct str name,
                               struct instant from, struct instant until)
{
    if (until.utc_ms > j->from.utc_ms && until.utc_ms <= j->until.utc_ms) {
        return OK;
    }
    return refuse(j, what, name,
                  arena_printf(j->arena,
                               "%s does not end in the period %s; put it with the facts "
                               "of the period in which it ends",
                               span_text(j, from, until), span_text(j, j->from, j->until)));
}

static bool setting_there(const struct term_setting *s, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(s[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Those of `first`, then those of `then` that it does not have. */
static void settings_join(struct join *j, const struct term_part *first,
                          const struct term_part *then, struct term_part *out)
{
    size_t n = first->n_settings;
    if (first->n_settings == 0 || then->n_settings == 0) {
        out->settings = first->n_settings ? first->settings : then->settings;
        out->n_settings = first->n_settings + then->n_settings;
        return;
    }
    struct term_setting *s =
        arena_many(j->arena, first->n_settings + then->n_settings, struct term_setting);
    memcpy(s, first->settings, n * sizeof(*s));
    for (size_t i = 0; i < then->n_settings; i++) {
        if (!setting_there(first->settings, first->n_settings, then->settings[i].name)) {
            s[n++] = then->settings[i];
        }
    }
    out->settings = s;
    out->n_settings = n;
}

static void feeds_join(struct join *j, const struct term_part *first, const struct term_part *then,
                       struct term_part *out)
{
    size_t n = first->n_feeds;
    struct term_feed *f =
        arena_many(j->arena, first->n_feeds + then->n_feeds + 1, struct term_feed);
    if (n > 0) {
        memcpy(f, first->feeds, n * sizeof(*f));
    }
    for (size_t i = 0; i < then->n_feeds; i++) {
        bool there = false;
        for (size_t k = 0; k < first->n_feeds; k++) {
            there = there || str_eq(first->feeds[k].name, then->feeds[i].name);
        }
        if (!there) {
            f[n++] = then->feeds[i];
        }
    }
    out->feeds = f;
    out->n_feeds = n;
}

/* A session takes from its place what it does not bring. */
static enum err_code place_join(struct join *j, const struct term_group *terms,
                                struct term_member *m)
{
    struct text known;
    if (m->place.n == 0) {
        return OK;
    }
    text_init(&known, j->arena, 200);
    for (size_t i = 0; terms && i < terms->n_places; i++) {
        const struct term_member *p = &terms->places[i];
        if (str_eq(p->name, m->place)) {
            settings_join(j, &m->part, &p->part, &m->part);
            feeds_join(j, &m->part, &p->part, &m->part);
            if (m->part.n_units == 0) {
                m->part.units = p->part.units;
                m->part.n_units = p->part.n_units;
            }
            if (m->party.n == 0 && m->org_id == 0) {
                m->party = p->party;
            }
            return OK;
        }
        text_addf(&known, "%s" STR_FMT, i ? ", " : "", STR_ARG(p->name));
    }
    return refuse(j, "member", m->name,
                  arena_printf(j->arena, "the contract has no place " STR_FMT "; it has %s",
                               STR_ARG(m->place), known.n ? known.at : "none"));
}

static enum err_code groups_join(struct join *j, const struct term_part *terms,
                                 const struct term_part *facts, struct term_part *out);

/* Facts of a member that the terms have: settings, and members of its own groups. */
static enum err_code member_join(struct join *j, const struct term_member *fact,
                                 struct term_member *m)
{
    if (fact->org_id != 0 || fact->party.n > 0 || fact->place.n > 0 || fact->until.utc_ms != 0 ||
        fact->part.n_feeds > 0 || fact->part.n_units > 0) {
        return refuse(j, "member", fact->name,
                      "is one of the contract's: facts give it settings, nothing else");
    }
    settings_join(j, &fact->part, &m->part, &m->part);
    return groups_join(j, &m->part, &fact->part, &m->part);
}

static int member_name_order(const void *a, const void *b)
{
    const struct term_member *const *x = a, *const *y = b;
    return str_cmp((*x)->name, (*y)->name);
}

/* The member of that name among n pointers sorted by name. */
static struct term_member *member_find(struct term_member **sorted, size_t n, struct str name)
{
    const struct term_member key = {.name = name}, *want = &key;
    struct term_member **hit =
        n ? bsearch(&want, sorted, n, sizeof(*sorted), member_name_order) : NULL;
    return hit ? *hit : NULL;
}

static enum err_code names_once(struct join *j, struct str group, struct term_member **sorted,
                                size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (str_eq(sorted[i]->name, sorted[i - 1]->name)) {
            return refuse(
                j, "member", sorted[i]->name,
                arena_printf(j->arena, "stands in group " STR_FMT " twice", STR_ARG(group)));
        }
    }
    return OK;
}

struct use { /* of a meter by a session */
    struct str feed;
    int64_t point_id;
    const struct term_member *by;
};

static int use_order(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    if (x->point_id != y->point_id) {
        return x->point_id < y->point_id ? -1 : 1;
    }
    int names = str_cmp(x->feed, y->feed);
    if (names != 0) {
        return names;
    }
    if (x->by->from.utc_ms != y->by->from.utc_ms) {
        return x->by->from.utc_ms < y->by->from.utc_ms ? -1 : 1;
    }
    return str_cmp(x->by->name, y->by->name);
}

/* Law 8: an interval of a meter belongs to one session. */
static enum err_code sessions_apart(struct join *j, const struct term_member *m, size_t n)
{
    size_t total = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        total += m[i].until.utc_ms ? m[i].part.n_feeds : 0;
    }
    if (total < 2) {
        return OK;
    }
    struct use *u = arena_many(j->arena, total, struct use);
    for (size_t i = 0; i < n; i++) {
        for (size_t f = 0; m[i].until.utc_ms && f < m[i].part.n_feeds; f++) {
            u[k++] = (struct use){m[i].part.feeds[f].name, m[i].part.feeds[f].point_id, &m[i]};
        }
    }
    qsort(u, total, sizeof(*u), use_order);
    for (size_t i = 1; i < total; i++) {
        const struct use *x = &u[i - 1], *y = &u[i];
        if (x->point_id == y->point_id && str_eq(x->feed, y->feed) &&
            y->by->from.utc_ms < x->by->until.utc_ms) {
            return refuse(j, "session", y->by->name,
                          arena_printf(j->arena,
                                       "shares intervals of meter " STR_FMT " (point %lld) with "
                                       "session " STR_FMT ", %s; one follows the other",
                                       STR_ARG(y->feed), (long long)y->point_id,
                                       STR_ARG(x->by->name),
                                       span_text(j, x->by->from, x->by->until)));
        }
    }
    return OK;
}

static enum err_code group_join(struct join *j, const struct term_group *terms,
                                const struct term_group *facts, struct term_group *out)
{
    size_t n = terms ? terms->n : 0;
    struct term_member *m = arena_many(j->arena, n + facts->n + 1, struct term_member);
    struct term_member **sorted = arena_many(j->arena, n + facts->n + 1, struct term_member *);
    *out = terms ? *terms : (struct term_group){.name = facts->name};
    if (n > 0) {
        memcpy(m, terms->members, n * sizeof(*m));
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &m[i];
    }
    qsort(sorted, n, sizeof(*sorted), member_name_order);
    const size_t agreed = n;
    for (size_t i = 0; i < facts->n; i++) {
        const struct term_member *fact = &facts->members[i];
        struct term_member *there = member_find(sorted, agreed, fact->name);
        if (there) {
            if (member_join(j, fact, there) != OK) {
                return j->e->code;
            }
            continue;
        }
        m[n] = *fact;
        if (place_join(j, terms, &m[n]) != OK ||
            (fact->until.utc_ms &&
             in_period(j, "session", fact->name, fact->from, fact->until) != OK)) {
            return j->e->code;
        }
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = &m[i];
    }
    qsort(sorted, n, sizeof(*sorted), member_name_order);
    out->members = m;
    out->n = n;
    return names_once(j, out->name, sorted, n) != OK ? j->e->code : sessions_apart(j, m, n);
}

static const struct term_group *group_find(const struct term_part *p, struct str name)
{
    for (size_t i = 0; i < p->n_groups; i++) {
        if (str_eq(p->groups[i].name, name)) {
            return &p->groups[i];
        }
    }
    return NULL;
}

static enum err_code groups_join(struct join *j, const struct term_part *terms,
                                 const struct term_part *facts, struct term_part *out)
{
    size_t n = terms->n_groups;
    if (facts->n_groups == 0) {
        return OK;
    }
    struct term_group *g = arena_many(j->arena, n + facts->n_groups, struct term_group);
    if (n > 0) {
        memcpy(g, terms->groups, n * sizeof(*g));
    }
    for (size_t i = 0; i < facts->n_groups; i++) {
        const struct term_group *own = group_find(terms, facts->groups[i].name);
        struct term_group *at = own ? &g[own - terms->groups] : &g[n++];
        if (group_join(j, own, &facts->groups[i], at) != OK) {
            return j->e->code;
        }
    }
    out->groups = g;
    out->n_groups = n;
    return OK;
}

/* Windows of the facts, then those of the terms that follow from them. */
static enum err_code windows_join(struct join *j, const struct contract_terms *t,
                                  const struct contract_facts *f, struct contract_terms *out)
{
    struct term_window *w =
        arena_many(j->arena, t->n_windows + f->n_windows + 1, struct term_window);
    size_t n = 0;
    for (size_t i = 0; i < f->n_windows; i++) {
        if (in_period(j, "window", f->windows[i].name, f->windows[i].from, f->windows[i].until) !=
            OK) {
            return j->e->code;
        }
        w[n++] = f->windows[i];
    }
    for (size_t i = 0; i < t->n_windows; i++) {
        struct term_window x = t->windows[i];
        bool given = false;
        for (size_t k = 0; k < f->n_windows; k++) {
            given = given || str_eq(f->windows[k].name, x.name);
            if (str_eq(f->windows[k].name, x.of)) {
                x.until = f->windows[k].from;
                x.from.utc_ms = x.until.utc_ms - x.minutes * 60000LL;
            }
        }
        if (!given) {
            w[n++] = x;
        }
    }
    out->windows = w;
    out->n_windows = n;
    return OK;
}

/* A party of several sessions stands once. */
static enum err_code parties_join(struct join *j, const struct contract_terms *t,
                                  const struct contract_facts *f, struct contract_terms *out)
{
    size_t n = t->n_parties;
    if (f->n_parties == 0) {
        return OK;
    }
    struct contract_party *p = arena_many(j->arena, n + f->n_parties, struct contract_party);
    if (n > 0) {
        memcpy(p, t->parties, n * sizeof(*p));
    }
    for (size_t i = 0; i < f->n_parties; i++) {
        const struct contract_party *x = &f->parties[i];
        size_t k = 0;
        while (k < n && !str_eq(p[k].name, x->name)) {
            k++;
        }
        if (k < n && p[k].org_id != x->org_id) {
            return refuse(j, "party", x->name,
                          arena_printf(j->arena, "stands for organisation %lld and for %lld",
                                       (long long)p[k].org_id, (long long)x->org_id));
        }
        if (k == n) {
            p[n++] = *x;
        }
    }
    out->parties = p;
    out->n_parties = n;
    return OK;
}

enum err_code contract_terms_join(struct arena *a, const struct contract_terms *t,
                                  const struct contract_facts *f, struct day from, struct day until,
                                  struct contract_terms *out, struct err *e)
{
    struct err own;
    struct contract_terms joined = *t;
    struct join j = {a, day_start(from), day_start(until), e ? e : &own};
    settings_join(&j, &f->top, &t->top, &joined.top);
    if (windows_join(&j, t, f, &joined) != OK || parties_join(&j, t, f, &joined) != OK ||
        groups_join(&j, &t->top, &f->top, &joined.top) != OK) {
        return j.e->code;
    }
    *out = joined;
    return OK;
}
