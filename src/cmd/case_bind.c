/* case_bind.c - binds the fields of a case to a strategy as the binding file beside it says.
 *
 * strategies/NAME.bind.json, schema `sunkeeper.bind/1`. A path is a list of keys with dots between
 * them, a number is a place in a list counted from 0: "contract.demand.price", "stations.0.gen". It
 * begins in the case; in a group in its member, where "." is the member itself, "^.x" stands in the
 * outer member or the case, "$.x" in the case. null counts as not given. Where a path may stand, a
 * list of paths may: the first that is given counts.
 *
 *     scenario, when    which cases it takes: {"contract.mode": "fixed"}; a list: one of these;
 * null in it: not given strategy          NAME.tally in the same folder settings          name of a
 * param, input or state -> where its value is: case_value.c feeds             meter or series ->
 * path of its list, one value for each interval (null: missing; one interval: the value itself will
 * do), or an object: "path", "part": "positive" | "negative" (as a positive number), "absent",
 * "short": what a list that is not there, or the end that it lacks, reads as: "missing" | "zero"
 *     energies          meter -> path of an object kWh by period, instead of a list in `feeds`. The
 *                       case then has one interval for each period that occurs in one of them, and
 *                       one price version
 *     prices            names of prices that are the case's `prices`; or name -> path of an object
 *                       by period ("prices": the case's `prices`)
 *     axis              intervals of a case without `period`: case_axis.c
 *     windows           name -> the same for a window of the strategy
 *     groups            name of a group -> an object:
 *                         "list"     path of a list, or of an object (its keys are the names), from
 *                                    the outer member or the case; not there: no members; or
 *                         "alone"    a name: one member by this name, whose paths begin outside
 *                         "name"     path of the name ("id"); none there: counted from 1
 *                         "party"    path of the party's name; or "party_is", the name itself
 *                         "settings", "feeds", "energies", "groups"   as above, for each member
 *                         "units"    opaque unit -> path of its name
 *                         "slots"    {"list": path, "feeds": {meter: "positive" | "negative"}}: a
 *                                    session of pairs [instant, value], with an axis of its own
 * from the first slot to the last; energy of both signs is kept apart "axis"     as at the top: an
 * axis of its own for lists repeat            {"list": path, "name": path, "settings", "feeds",
 * "flags"}: the strategy once for each entry, in order, what it leaves as state carried to the
 * next; these settings and feeds, with paths in the entry, stand instead of those at the top.
 * "flags": the codes that get the entry's name behind them. Lines stand in the order of the entries
 *     own_intervals     a condition: the strategy looks at power, so intervals stay as long as they
 *                       are in a store
 *     quantities, state_out, unit_words   what is written: case_quantity.c, case_out.c
 *     note              anything
 */
#include "cmd/case_part.h"
#include "cmd/library.h"
#include <dirent.h>

#define FILES_MAX 200    /* binding files in a folder */
#define MEMBERS_MAX 4096 /* of a group, as the language allows */
#define ENTRIES_MAX 120  /* of a repeated list: months of ten years */
#define KWH_DIGITS 4
#define PRICE_DIGITS 6

static const char *const bind_keys[] = {
    "schema",    "scenario",      "when",       "strategy",   "settings", "feeds",
    "energies",  "prices",        "axis",       "windows",    "groups",   "repeat",
    "state_out", "own_intervals", "quantities", "unit_words", "note",     NULL
};

/* ---- which binding ----------------------------------------------------------------------------
 */

/* One value that a case must have: a text, yes or no, or null for none. */
static bool is_value(struct json want, struct json got)
{
    enum json_kind k = json_kind(got);
    if (json_kind(want) == JSON_NULL || k == JSON_NONE || k == JSON_NULL) {
        return json_kind(want) == JSON_NULL && (k == JSON_NONE || k == JSON_NULL);
    }
    return str_eq(json_canonical(want), json_canonical(got));
}

static bool takes(struct json bind, struct json doc)
{
    struct json when = json_get(bind, "when");
    for (size_t i = 0; i < json_len(when); i++) {
        struct str path;
        struct json want = json_member(when, i, &path), got = case_at(doc, path);
        bool list = json_kind(want) == JSON_ARRAY, any = false;
        for (size_t k = 0; k < (list ? json_len(want) : 1); k++) {
            any |= is_value(list ? json_at(want, k) : want, got);
        }
        if (!any) {
            return false;
        }
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t binding_files(struct arena *a, const char *folder, const char **out)
{
    DIR *d = opendir(folder);
    size_t n = 0;
    for (struct dirent *x = d ? readdir(d) : NULL; x && n < FILES_MAX; x = readdir(d)) {
        if (str_ends(str_of(x->d_name), ".bind.json")) {
            out[n++] = arena_printf(a, "%s/%s", folder, x->d_name);
        }
    }
    if (d) {
        closedir(d);
    }
    qsort(out, n, sizeof *out, by_name);
    return n;
}

static enum err_code find_binding(struct case_world *w, struct json doc, struct str scenario,
                                  struct json *out, struct err *e)
{
    const char *files[FILES_MAX];
    size_t n = binding_files(w->arena, w->strategies, files);
    for (size_t i = 0; i < n; i++) {
        struct json bind;
        struct str schema, mine;
        if (json_load(w->arena, files[i], &bind, e) != OK || json_only(bind, bind_keys, e) != OK ||
            json_need_str(bind, "schema", &schema, e) != OK ||
            json_need_str(bind, "scenario", &mine, e) != OK) {
            return e->code;
        }
        if (str_eq(mine, scenario) && takes(bind, doc)) {
            *out = bind;
            return OK;
        }
    }
    return fail(e, ERR_NOT_FOUND, "%s: no strategy in %s takes scenario '" STR_FMT "' as it stands",
                doc.path, w->strategies, STR_ARG(scenario));
}

/* ---- the strategy -----------------------------------------------------------------------------
 */

static enum err_code load_strategy(struct case_world *w, struct json bind, struct strategy **out,
                                   struct err *e)
{
    struct str name, text;
    if (json_need_str(bind, "strategy", &name, e) != OK) {
        return e->code;
    }
    const char *path = arena_printf(w->arena, "%s/" STR_FMT ".tally", w->strategies, STR_ARG(name));
    struct strategy_library library;
    struct strategy_messages messages = { 0 };
    library_in(w->arena, w->strategies, &library);
    if (cmd_read_file(w->arena, path, STRATEGY_TEXT_MAX, &text, e) != OK) {
        return e->code;
    }
    return strategy_load(w->arena, str_of(path), text, &library, NULL, 0, out, &messages, e);
}

/* ---- the parts --------------------------------------------------------------------------------
 */

struct binder {
    struct case_world *w;
    const struct strategy_decl *decls;
    size_t n_decls;
    const struct strategy_group *groups;
    size_t n_groups;
    struct case_vectors *vectors;
    struct strategy_axis axis; /* of the period */
    struct strategy_window *windows;
    size_t n_windows;
    unsigned periods; /* that the energies have */
    struct case_range range;
    struct json repeat; /* JSON_NONE: the strategy once */
    const struct case_place *entry;
    bool last; /* the last entry */
    struct case_once *once;
};

/* What is bound at one level: the top, or one member. */
struct level {
    const struct case_place *place;
    struct json spec;
    const struct strategy_group *group; /* NULL at the top */
    struct str path;                    /* of the group in declarations: "resource.day" */
    struct strategy_axis axis;
    struct case_vector positive, negative; /* of a session */
};

static bool in_group(const struct strategy_decl *d, struct str path)
{
    return str_eq(d->group, path);
}

static bool is_child(const struct strategy_group *g, const struct strategy_group *of)
{
    return of ? str_eq(g->of, of->name) : g->of.n == 0;
}

/* Every name under `key` is one that the strategy declares at this level. */
static enum err_code known_only(const struct binder *b, const struct level *l, const char *key,
                                bool feeds, struct err *e)
{
    struct json names = json_get(l->spec, key);
    const char **keys = arena_many(b->w->arena, b->n_decls + 1, const char *);
    size_t n = 0;
    if (json_kind(names) == JSON_NONE) {
        return OK;
    }
    for (size_t i = 0; i < b->n_decls; i++) {
        const struct strategy_decl *d = &b->decls[i];
        bool feed = d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES;
        if (in_group(d, l->path) && d->kind != STRATEGY_PRICE && feed == feeds) {
            keys[n++] = arena_copy(b->w->arena, d->name.at, d->name.n);
        }
    }
    return json_only(names, keys, e);
}

static const struct strategy_axis *feed_axis(const struct binder *b, const struct level *l,
                                             const struct strategy_decl *d)
{
    for (size_t i = 0; i < b->n_windows; i++) {
        if (str_eq(b->windows[i].name, d->window)) {
            return &b->windows[i].axis;
        }
    }
    return d->window.n ? NULL : &l->axis;
}

static enum err_code slot_part(const struct level *l, struct json how, struct case_vector *v,
                               struct err *e)
{
    struct str sign;
    if (json_str(how, &sign, e) != OK) {
        return e->code;
    }
    if (!str_is(sign, "positive") && !str_is(sign, "negative")) {
        return fail(e, ERR_INPUT, "%s: 'positive' or 'negative' is needed", how.path);
    }
    *v = str_is(sign, "positive") ? l->positive : l->negative;
    return OK;
}

static enum err_code bind_feed(struct binder *b, const struct level *l,
                               const struct strategy_decl *d, struct strategy_feed *out, bool *use,
                               struct err *e)
{
    const char *name = arena_copy(b->w->arena, d->name.at, d->name.n);
    const struct case_place *place = l->place;
    struct json how = json_get(json_get(l->spec, "feeds"), name);
    struct json energy = json_get(json_get(l->spec, "energies"), name);
    struct json slot = json_get(json_get(json_get(l->spec, "slots"), "feeds"), name);
    struct json mine = json_get(json_get(b->repeat, "feeds"), name);
    int digits = str_starts(d->unit, "yuan") ? PRICE_DIGITS : KWH_DIGITS;
    digits = d->scale < digits ? d->scale : digits;
    struct case_vector v;
    *use = true;
    if (!l->group && json_kind(mine) != JSON_NONE) {
        how = mine;
        place = b->entry;
    }
    if (json_kind(slot) != JSON_NONE) {
        if (slot_part(l, slot, &v, e) != OK) {
            return e->code;
        }
    } else if (json_kind(energy) != JSON_NONE) {
        if (case_energies(place, energy, b->periods, digits, &v, use, e) != OK) {
            return e->code;
        }
    } else if (json_kind(how) == JSON_NONE) {
        return fail(e, ERR_INPUT, "%s: missing; the strategy declares it", how.path);
    } else {
        const struct strategy_axis *axis = feed_axis(b, l, d);
        if (!axis) {
            return fail(e, ERR_INPUT, "%s: the window '" STR_FMT "' is not under \"windows\"",
                        how.path, STR_ARG(d->window));
        }
        if (case_feed(place, how, axis, digits, &v, use, e) != OK) {
            return e->code;
        }
    }
    if (*use) {
        *out =
            (struct strategy_feed){ d->name, case_vector_add(b->w->arena, b->vectors, v), digits };
    }
    return OK;
}

static enum err_code bind_setting(struct binder *b, const struct level *l,
                                  const struct strategy_decl *d, struct strategy_setting *out,
                                  bool *use, struct err *e)
{
    const char *name = arena_copy(b->w->arena, d->name.at, d->name.n);
    struct json mine = json_get(json_get(b->repeat, "settings"), name);
    struct json how = json_get(json_get(l->spec, "settings"), name);
    if (!l->group && json_kind(mine) != JSON_NONE) {
        return case_setting(b->entry, d, mine, b->last, out, use, e);
    }
    if (json_kind(how) == JSON_NONE) {
        return fail(e, ERR_INPUT, "%s: missing; the strategy declares it", how.path);
    }
    return case_setting(l->place, d, how, b->last, out, use, e);
}

static enum err_code bind_groups(struct binder *b, const struct level *l,
                                 struct strategy_part *part, struct err *e);

static enum err_code bind_part(struct binder *b, const struct level *l, struct strategy_part *out,
                               struct err *e)
{
    struct arena *a = b->w->arena;
    struct strategy_setting *settings = arena_many(a, b->n_decls + 1, struct strategy_setting);
    struct strategy_feed *feeds = arena_many(a, b->n_decls + 1, struct strategy_feed);
    struct strategy_part part = { .settings = settings, .feeds = feeds };
    if (known_only(b, l, "settings", false, e) != OK || known_only(b, l, "feeds", true, e) != OK ||
        known_only(b, l, "energies", true, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < b->n_decls; i++) {
        const struct strategy_decl *d = &b->decls[i];
        bool use;
        if (!in_group(d, l->path) || d->kind == STRATEGY_PRICE) {
            continue;
        }
        if (d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES) {
            if (bind_feed(b, l, d, &feeds[part.n_feeds], &use, e) != OK) {
                return e->code;
            }
            part.n_feeds += use;
            continue;
        }
        if (bind_setting(b, l, d, &settings[part.n_settings], &use, e) != OK) {
            return e->code;
        }
        part.n_settings += use;
    }
    if (bind_groups(b, l, &part, e) != OK) {
        return e->code;
    }
    *out = part;
    return OK;
}

/* ---- members ----------------------------------------------------------------------------------
 */

static enum err_code bind_units(struct binder *b, const struct level *l, struct strategy_part *part,
                                struct err *e)
{
    struct json units = json_get(l->spec, "units");
    size_t n = json_len(units);
    struct strategy_unit *u = arena_many(b->w->arena, n + 1, struct strategy_unit);
    for (size_t i = 0; i < n; i++) {
        struct json at;
        bool given;
        if (case_first(l->place, json_member(units, i, &u[i].name), &at, &given, e) != OK ||
            json_str(at, &u[i].unit, e) != OK) {
            return e->code;
        }
        u[i].digits = 2;
    }
    part->units = u;
    part->n_units = n;
    return OK;
}

/* A session's own intervals. */
static enum err_code own_axis(struct binder *b, struct level *l, struct strategy_member *m,
                              struct err *e)
{
    struct json slots = json_get(l->spec, "slots"), axis = json_get(l->spec, "axis"), list;
    bool given;
    if (json_kind(slots) != JSON_NONE) {
        static const char *const keys[] = { "list", "feeds", NULL };
        if (json_only(slots, keys, e) != OK ||
            case_first(l->place, json_get(slots, "list"), &list, &given, e) != OK ||
            case_slots(l->place, list, KWH_DIGITS, &l->axis, &l->positive, &l->negative, e) != OK) {
            return e->code;
        }
    } else if (json_kind(axis) == JSON_NONE) {
        return OK;
    } else if (case_axis_as(l->place, axis, &l->axis, e) != OK) {
        return e->code;
    }
    m->own_axis = true;
    m->axis = l->axis;
    case_range_add(&b->range, &l->axis);
    return OK;
}

static enum err_code bind_member(struct binder *b, const struct level *outer, struct level *l,
                                 struct strategy_member *out, struct err *e)
{
    struct strategy_member m = { .name = l->place->name, .party = l->place->name };
    struct json party = json_get(l->spec, "party"), party_is = json_get(l->spec, "party_is"), at;
    bool given;
    if ((json_kind(party) != JSON_NONE &&
         (case_first(l->place, party, &at, &given, e) != OK || json_str(at, &m.party, e) != OK)) ||
        (json_kind(party_is) != JSON_NONE && json_str(party_is, &m.party, e) != OK)) {
        return e->code;
    }
    l->axis = outer->axis;
    if (own_axis(b, l, &m, e) != OK || bind_part(b, l, &m.part, e) != OK ||
        bind_units(b, l, &m.part, e) != OK) {
        return e->code;
    }
    *out = m;
    return OK;
}

static enum err_code name_member(struct case_place *p, struct json spec, size_t number,
                                 struct err *e)
{
    struct json how = json_get(spec, "name"), at = json_get(p->doc, "id");
    bool given = json_kind(at) != JSON_NONE;
    if (json_kind(how) != JSON_NONE && case_first(p, how, &at, &given, e) != OK) {
        return e->code;
    }
    if (!given) {
        p->name = str_of(arena_printf(p->doc.arena, "%zu", number));
        return OK;
    }
    return json_str(at, &p->name, e);
}

/* Where the members of a group stand in the case. */
static enum err_code find_members(const struct level *l, struct json spec, struct case_place **out,
                                  size_t *n_out, struct err *e)
{
    static const char *const keys[] = { "list",  "alone",  "name",     "party", "party_is",
                                        "units", "groups", "settings", "feeds", "energies",
                                        "slots", "axis",   "history",  "note",  NULL };
    struct json alone = json_get(spec, "alone"), list = { 0 };
    bool one = json_kind(alone) != JSON_NONE, given = one;
    if (json_only(spec, keys, e) != OK ||
        (!one && case_first(l->place, json_get(spec, "list"), &list, &given, e) != OK)) {
        return e->code;
    }
    bool object = json_kind(list) == JSON_OBJECT;
    size_t n = one ? 1 : given ? json_len(list) : 0;
    if (n > MEMBERS_MAX || (given && !one && !object && json_kind(list) != JSON_ARRAY)) {
        return fail(e, ERR_INPUT, "%s: a list or an object of at most %d members is needed",
                    list.path, MEMBERS_MAX);
    }
    struct case_place *p = arena_many(spec.arena, n + 1, struct case_place);
    for (size_t i = 0; i < n; i++) {
        p[i] = (struct case_place){ .outer = l->place, .doc = l->place->doc };
        if (one ? json_str(alone, &p[i].name, e) != OK : false) {
            return e->code;
        }
        if (!one) {
            p[i].doc = object ? json_member(list, i, &p[i].name) : json_at(list, i);
        }
        if (!one && !object && name_member(&p[i], spec, i + 1, e) != OK) {
            return e->code;
        }
    }
    *out = p;
    *n_out = n;
    return OK;
}

static enum err_code bind_group(struct binder *b, const struct level *outer,
                                const struct strategy_group *g, struct strategy_members *out,
                                struct case_place **places, struct err *e)
{
    struct arena *a = b->w->arena;
    const char *name = arena_copy(a, g->name.at, g->name.n);
    struct json groups = json_get(outer->spec, "groups"), spec = json_get(groups, name);
    size_t n;
    if (json_kind(spec) == JSON_NONE) {
        return fail(e, ERR_INPUT, "%s: missing; the strategy declares it", spec.path);
    }
    if (find_members(outer, spec, places, &n, e) != OK) {
        return e->code;
    }
    struct str path = g->name;
    if (outer->group) {
        path = str_of(arena_printf(a, STR_FMT ".%s", STR_ARG(outer->path), name));
    }
    struct strategy_member *m = arena_many(a, n + 1, struct strategy_member);
    for (size_t i = 0; i < n; i++) {
        struct level l = { .place = &(*places)[i], .spec = spec, .group = g, .path = path };
        if (bind_member(b, outer, &l, &m[i], e) != OK) {
            return e->code;
        }
    }
    *out = (struct strategy_members){ g->name, m, n };
    return OK;
}

static enum err_code bind_groups(struct binder *b, const struct level *l,
                                 struct strategy_part *part, struct err *e)
{
    struct arena *a = b->w->arena;
    struct strategy_members *all = arena_many(a, b->n_groups + 1, struct strategy_members);
    const struct case_place **places = arena_many(a, b->n_groups + 1, const struct case_place *);
    const char **names = arena_many(a, b->n_groups + 1, const char *);
    size_t n = 0;
    for (size_t i = 0; i < b->n_groups; i++) {
        struct case_place *at;
        if (!is_child(&b->groups[i], l->group)) {
            continue;
        }
        if (bind_group(b, l, &b->groups[i], &all[n], &at, e) != OK) {
            return e->code;
        }
        names[n] = arena_copy(a, b->groups[i].name.at, b->groups[i].name.n);
        places[n++] = at;
    }
    struct json spec = json_get(l->spec, "groups");
    if (json_kind(spec) != JSON_NONE && json_only(spec, names, e) != OK) {
        return e->code;
    }
    part->groups = all;
    part->n_groups = n;
    if (!l->group) {
        b->once->groups = all;
        b->once->members = places;
        b->once->n_groups = n;
    }
    return OK;
}

/* ---- time -------------------------------------------------------------------------------------
 */

static enum err_code find_periods(struct binder *b, const struct level *l, struct err *e)
{
    struct json groups = json_get(l->spec, "groups");
    if (case_periods(l->place, json_get(l->spec, "energies"), &b->periods, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < json_len(groups); i++) {
        struct str name;
        struct level in = { .spec = json_member(groups, i, &name) };
        struct case_place *places;
        size_t n;
        if (find_members(l, in.spec, &places, &n, e) != OK) {
            return e->code;
        }
        for (size_t k = 0; k < n; k++) {
            in.place = &places[k];
            if (find_periods(b, &in, e) != OK) {
                return e->code;
            }
        }
    }
    return OK;
}

/* The period's axis and the windows; `*span` where the energies make one. */
static enum err_code bind_time(struct binder *b, const struct level *top,
                               const struct tariff_span **span, struct err *e)
{
    struct json spec = json_get(top->spec, "axis"), windows = json_get(top->spec, "windows");
    if (find_periods(b, top, e) != OK) {
        return e->code;
    }
    *span = NULL;
    if (b->periods) {
        case_period_axis(b->w->arena, b->periods, &b->axis, span);
    } else if (json_kind(spec) != JSON_NONE ? case_axis_as(top->place, spec, &b->axis, e) != OK
                                            : case_axis(top->place->doc, &b->axis, e) != OK) {
        return e->code;
    }
    b->n_windows = json_len(windows);
    b->windows = arena_many(b->w->arena, b->n_windows + 1, struct strategy_window);
    for (size_t i = 0; i < b->n_windows; i++) {
        struct json how = json_member(windows, i, &b->windows[i].name);
        if (case_axis_as(top->place, how, &b->windows[i].axis, e) != OK) {
            return e->code;
        }
    }
    b->range = case_range_of(&b->axis);
    return OK;
}

/* ---- prices -----------------------------------------------------------------------------------
 */

/* The case's prices for a span that the energies made. */
static enum err_code period_prices(struct binder *b, struct json doc,
                                   const struct tariff_span *span, const int64_t **out,
                                   struct err *e)
{
    struct case_prices p;
    int64_t *yuan = arena_many(b->w->arena, TOU_PERIODS + 1, int64_t);
    if (case_prices(b->w, doc, b->range, &p, e) != OK) {
        return e->code;
    }
    if (p.n > 1) {
        return fail(e, ERR_INPUT, "%s: energies by period take one version of the price, not %zu",
                    json_get(doc, "prices").path, p.n);
    }
    for (int32_t k = 0; k < span->n_keys && p.n > 0; k++) {
        yuan[k] = p.yuan_e6[0][span->keys[k].period];
    }
    *out = p.n > 0 ? yuan : NULL;
    return OK;
}

/* Prices by period from an object of the case, alike in every version. */
static enum err_code own_prices(struct binder *b, struct json by, const struct tariff_span *span,
                                const int64_t **out, struct err *e)
{
    int64_t list[TOU_PERIODS];
    int64_t *yuan = arena_many(b->w->arena, (size_t)(span ? span->n_keys : 0) + 1, int64_t);
    if (case_price_list(by, list, e) != OK) {
        return e->code;
    }
    for (int32_t k = 0; span && k < span->n_keys; k++) {
        yuan[k] = list[span->keys[k].period];
    }
    *out = yuan;
    return OK;
}

static enum err_code bind_prices(struct binder *b, const struct level *top,
                                 const struct tariff_span *span, const int64_t *of_case,
                                 struct strategy_price_feed *out, size_t *n_out, struct err *e)
{
    struct json spec = json_get(top->spec, "prices");
    size_t n = 0;
    for (size_t i = 0; i < b->n_decls; i++) {
        const struct strategy_decl *d = &b->decls[i];
        const int64_t *yuan = of_case;
        struct json how = json_get(spec, arena_copy(b->w->arena, d->name.at, d->name.n)),
                    at = { 0 };
        struct str path = STR("prices");
        bool given;
        if (d->kind != STRATEGY_PRICE) {
            continue;
        }
        if (json_kind(how) != JSON_NONE && json_str(how, &path, e) != OK) {
            return e->code;
        }
        if (!str_is(path, "prices")) {
            yuan = NULL;
            if (case_first(top->place, how, &at, &given, e) != OK ||
                (given && own_prices(b, at, span, &yuan, e) != OK)) {
                return e->code;
            }
        }
        if (yuan) {
            out[n++] = (struct strategy_price_feed){ d->name, yuan };
        }
    }
    *n_out = n;
    return OK;
}

/* ---- one run, and all of them -----------------------------------------------------------------
 */

/* What the run before left stands instead of what the case gives. */
static void carry(struct strategy_part *part, const struct strategy_result *before,
                  struct strategy_setting *settings)
{
    size_t n = part->n_settings;
    memcpy(settings, part->settings, n * sizeof *settings);
    for (size_t i = 0; i < before->n_next; i++) {
        size_t k = 0;
        while (k < n && !str_eq(settings[k].name, before->next[i].name)) {
            k++;
        }
        settings[k] = before->next[i];
        n += k == n;
    }
    part->settings = settings;
    part->n_settings = n;
}

static enum err_code run_once(struct binder *b, struct case_settled *s, const struct level *top,
                              const struct tariff_span *periods,
                              const struct strategy_result *before, struct strategy_part *part,
                              struct err *e)
{
    struct arena *a = b->w->arena;
    struct json doc = top->place->doc;
    const int64_t *yuan_e6 = NULL;
    struct strategy_price_feed *prices = arena_many(a, b->n_decls + 1, struct strategy_price_feed);
    size_t n_prices = 0;
    s->span = periods;
    if (bind_part(b, top, part, e) != OK ||
        (periods ? period_prices(b, doc, periods, &yuan_e6, e)
                 : case_span(b->w, doc, b->range, &s->span, &yuan_e6, e)) != OK ||
        bind_prices(b, top, s->span, yuan_e6, prices, &n_prices, e) != OK) {
        return e->code;
    }
    if (before) {
        carry(part, before,
              arena_many(a, part->n_settings + before->n_next + 1, struct strategy_setting));
    }
    struct str id = str_of("");
    struct json no = json_get(doc, "id");
    if (json_kind(no) == JSON_STRING && json_str(no, &id, e) != OK) {
        return e->code;
    }
    const struct strategy_binding binding = { .axis = b->axis,
                                              .span = s->span,
                                              .prices = prices,
                                              .n_prices = n_prices,
                                              .windows = b->windows,
                                              .n_windows = b->n_windows,
                                              .top = *part,
                                              .order_no = id };
    const struct strategy_data data = case_data(b->vectors);
    struct strategy_bound *bound;
    struct strategy_result *result;
    if (strategy_bind(a, s->strategy, &binding, &bound, e) != OK ||
        strategy_run(a, bound, &data, &result, e) != OK) {
        return e->code;
    }
    b->once->bound = bound;
    b->once->result = result;
    return OK;
}

static enum err_code find_entries(struct binder *b, const struct case_place *top,
                                  struct case_place **out, size_t *n_out, struct err *e)
{
    static const char *const keys[] = { "list",  "name",       "settings", "feeds",
                                        "flags", "quantities", "note",     NULL };
    struct case_place *p;
    struct json list;
    bool given;
    if (json_kind(b->repeat) == JSON_NONE) {
        p = arena_make(b->w->arena, struct case_place);
        *p = *top;
        *out = p;
        *n_out = 1;
        return OK;
    }
    if (json_only(b->repeat, keys, e) != OK ||
        case_first(top, json_get(b->repeat, "list"), &list, &given, e) != OK) {
        return e->code;
    }
    size_t n = json_len(list);
    if (json_kind(list) != JSON_ARRAY || n == 0 || n > ENTRIES_MAX) {
        return fail(e, ERR_INPUT, "%s: a list of 1 to %d entries is needed", list.path,
                    ENTRIES_MAX);
    }
    p = arena_many(b->w->arena, n, struct case_place);
    for (size_t i = 0; i < n; i++) {
        p[i] = (struct case_place){ .doc = json_at(list, i), .outer = top };
        if (name_member(&p[i], b->repeat, i + 1, e) != OK) {
            return e->code;
        }
    }
    *out = p;
    *n_out = n;
    return OK;
}

/* Prices of their own would need a price book each. */
static bool needs_books(struct json bind, struct json doc)
{
    struct json prices = json_get(bind, "prices");
    bool own = false;
    for (size_t i = 0; json_kind(prices) == JSON_OBJECT && i < json_len(prices); i++) {
        struct str name, path;
        own |= json_str(json_member(prices, i, &name), &path, NULL) == OK &&
               !str_is(path, "prices") && case_given(doc, path);
    }
    return own;
}

enum err_code case_settle(struct case_world *w, struct json doc, struct str scenario,
                          struct case_settled *out, struct err *e)
{
    struct case_settled s = { .span = NULL };
    struct arena *a = w->arena;
    struct strategy *strategy;
    const struct tariff_span *periods;
    struct case_place *top_place = arena_make(a, struct case_place), *entries = NULL;
    struct strategy_part *part = arena_make(a, struct strategy_part);
    if (find_binding(w, doc, scenario, &s.bind, e) != OK ||
        load_strategy(w, s.bind, &strategy, e) != OK) {
        return e->code;
    }
    struct binder b = { .w = w, .repeat = json_get(s.bind, "repeat") };
    *top_place = (struct case_place){ .doc = doc };
    struct level top = { .place = top_place, .spec = s.bind, .path = STR("") };
    b.n_decls = strategy_decls(strategy, &b.decls);
    b.n_groups = strategy_groups(strategy, &b.groups);
    b.vectors = arena_make(a, struct case_vectors);
    if (bind_time(&b, &top, &periods, e) != OK ||
        find_entries(&b, top_place, &entries, &s.n_runs, e) != OK) {
        return e->code;
    }
    struct case_once *runs = arena_many(a, s.n_runs, struct case_once);
    top.axis = b.axis;
    s.strategy = strategy;
    for (size_t i = 0; i < s.n_runs; i++) {
        b.once = &runs[i];
        b.entry = &entries[i];
        b.last = i + 1 == s.n_runs;
        runs[i].place = entries[i];
        if (run_once(&b, &s, &top, periods, i ? runs[i - 1].result : NULL, part, e) != OK) {
            return e->code;
        }
    }
    s.axis = b.axis;
    s.part = part;
    s.vectors = b.vectors->at;
    s.runs = runs;
    s.range = b.range;
    s.windows = b.windows;
    s.n_windows = b.n_windows;
    s.storable = s.n_runs == 1 && !needs_books(s.bind, doc);
    *out = s;
    return OK;
}
