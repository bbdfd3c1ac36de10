/* fit.c - whether terms fit the strategy they name, as far as that can be told before readings.
 *
 * A settlement adds up what it is given: kWh on a meter of GJ would make a statement that is wrong
 * and looks right. And a name that the strategy does not know is a slip of whoever wrote it, which
 * should not wait for the end of the month. What is missing is not told here: facts may bring it.
 */
#include "meter/meter.h"
#include "settle/settle.h"
#include "strategy/strategy.h"

#define FIT_MESSAGES_MAX (1u << 20) /* bytes of warnings, which publishing has shown */

struct fit {
    struct db *db;
    struct arena *arena;
    struct scope scope;
    const struct strategy_decl *decls;
    size_t n_decls;
    struct strategy_ref ref;
    struct err *e;
};

static bool is_source(const struct strategy_decl *d)
{
    return d->kind == STRATEGY_METER || d->kind == STRATEGY_SERIES;
}

static const struct strategy_decl *decl_find(const struct fit *f, struct str group, struct str name,
                                             bool source)
{
    for (size_t i = 0; i < f->n_decls; i++) {
        const struct strategy_decl *d = &f->decls[i];
        if (is_source(d) == source && d->kind != STRATEGY_PRICE && str_eq(d->group, group) &&
            str_eq(d->name, name)) {
            return d;
        }
    }
    return NULL;
}

static enum err_code unknown(const struct fit *f, const char *what, struct str name)
{
    return fail_named(f->e, ERR_RULE, "BIND",
                      "%s " STR_FMT " is unknown to the strategy; 'strategy describe " STR_FMT
                      "' lists what it asks for",
                      what, STR_ARG(name), STR_ARG(f->ref.name));
}

/* The unit that a part counts in: its own where the strategy leaves it to each member. */
static struct str unit_of(const struct term_part *p, const struct strategy_decl *d)
{
    for (size_t i = 0; i < p->n_units; i++) {
        if (str_eq(p->units[i].name, d->unit)) {
            return p->units[i].unit;
        }
    }
    return d->unit;
}

static enum err_code feed_fits(const struct fit *f, const struct term_part *p, struct str group,
                               const struct term_feed *feed)
{
    const struct strategy_decl *d = decl_find(f, group, feed->name, true);
    struct point point;
    if (!d) {
        return unknown(f, "meter or series", feed->name);
    }
    if (meter_get_point(f->db, f->scope, f->arena, feed->point_id, &point, f->e) != OK) {
        return fail_in(f->e, STR_FMT ": ", STR_ARG(feed->name));
    }
    struct str unit = unit_of(p, d);
    if (str_eq(unit, point.unit)) {
        return OK;
    }
    return fail_named(f->e, ERR_RULE, "UNIT",
                      STR_FMT ": strategy " STR_FMT " counts " STR_FMT ", and the point " STR_FMT
                              " measures " STR_FMT "; name a point in " STR_FMT
                              " (point add --unit)",
                      STR_ARG(feed->name), STR_ARG(f->ref.name), STR_ARG(unit), STR_ARG(point.code),
                      STR_ARG(point.unit), STR_ARG(unit));
}

static enum err_code part_fits(const struct fit *f, const struct term_part *p, struct str group);

static enum err_code members_fit(const struct fit *f, const struct term_member *m, size_t n,
                                 struct str group)
{
    for (size_t i = 0; i < n; i++) {
        if (part_fits(f, &m[i].part, group) != OK) {
            return fail_in(f->e, STR_FMT " " STR_FMT ": ", STR_ARG(group), STR_ARG(m[i].name));
        }
    }
    return OK;
}

static enum err_code part_fits(const struct fit *f, const struct term_part *p, struct str group)
{
    for (size_t i = 0; i < p->n_feeds; i++) {
        if (feed_fits(f, p, group, &p->feeds[i]) != OK) {
            return f->e->code;
        }
    }
    for (size_t i = 0; i < p->n_settings; i++) {
        if (!decl_find(f, group, p->settings[i].name, false)) {
            return unknown(f, "setting", p->settings[i].name);
        }
    }
    for (size_t i = 0; i < p->n_groups; i++) {
        const struct term_group *g = &p->groups[i];
        struct str path = g->name;
        if (group.n) {
            path = str_of(
                arena_printf(f->arena, STR_FMT "." STR_FMT, STR_ARG(group), STR_ARG(g->name)));
        }
        if (members_fit(f, g->members, g->n, path) != OK ||
            members_fit(f, g->places, g->n_places, path) != OK) {
            return f->e->code;
        }
    }
    return OK;
}

enum err_code settle_terms_fit(struct db *db, struct arena *a, struct scope s,
                               struct strategy_ref ref, const struct contract_terms *terms,
                               struct err *e)
{
    const struct strategy *loaded;
    struct text messages;
    text_init(&messages, a, FIT_MESSAGES_MAX);
    if (settle_strategy_load(db, a, ref, &loaded, &messages, e) != OK) {
        return e->code;
    }
    struct fit f = { .db = db, .arena = a, .scope = s, .ref = ref, .e = e };
    f.n_decls = strategy_decls(loaded, &f.decls);
    return part_fits(&f, &terms->top, STR(""));
}
