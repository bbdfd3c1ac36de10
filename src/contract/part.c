/* part.c - how one part of terms or facts is read: settings, by effective date too, feeds, units,
 * groups and their members, sessions among them.
 */
#include "contract/scan.h"

#define MEMBERS_MAX 10000 /* of one group; the largest known park has 2,199 lessees */

static enum err_code take_cell(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct list *cells = ctx;
    struct str *cell = list_add(s, cells);
    if (scan_word(s, "null")) {
        return OK;
    }
    return scan_string(s, cell);
}

static enum err_code take_row(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct list cells = {.size = sizeof(struct str)};
    if (scan_items(s, take_cell, &cells, 3) != OK) {
        return s->e->code;
    }
    if (cells.n != 2) {
        return scan_refuse(s, "a row is [bound, value]");
    }
    const struct str *c = (const void *)cells.at;
    struct term_row *row = list_add(s, ctx);
    row->bound = c[0];
    row->value = c[1];
    return OK;
}

/* A value; of the object of a setting by effective date each stands there like this. */
static enum err_code take_value(struct scan *s, struct term_setting *t)
{
    if (scan_next_is(s, '"')) {
        t->kind = TERM_TEXT;
        return scan_string(s, &t->text);
    }
    if (scan_word(s, "null")) {
        t->kind = TERM_ABSENT;
        return OK;
    }
    if (scan_word(s, "true")) {
        t->kind = TERM_YES_NO;
        t->yes = true;
        return OK;
    }
    if (scan_word(s, "false")) {
        t->kind = TERM_YES_NO;
        return OK;
    }
    if (scan_next_is(s, '[')) {
        struct list rows = {.size = sizeof(struct term_row)};
        t->kind = TERM_TABLE;
        if (scan_items(s, take_row, &rows, ROWS_MAX) != OK) {
            return s->e->code;
        }
        t->rows = (const void *)rows.at;
        t->n_rows = rows.n;
        return OK;
    }
    return scan_refuse(s, "a value is a decimal or a choice in quotes, true, false, null or rows");
}

struct dated {
    struct term_setting *t;
    struct day last; /* the date read before */
    bool has;        /* one is in force */
    size_t n;
};

static enum err_code take_dated(struct scan *s, struct str key, void *ctx)
{
    struct dated *d = ctx;
    struct day day;
    struct err why;
    struct term_setting value = {.name = d->t->name};
    if (day_parse(key, &day, &why) != OK) {
        return scan_refuse(s, "a value by effective date stands under a date: \"2026-07-01\"");
    }
    if (d->n > 0 && day.yyyymmdd <= d->last.yyyymmdd) {
        return scan_refuse(s, "effective dates rise; this one stands behind a later or the same");
    }
    if (take_value(s, &value) != OK) {
        return s->e->code;
    }
    if (s->on.yyyymmdd == 0 ? d->n == 0 : day.yyyymmdd <= s->on.yyyymmdd) {
        *d->t = value;
        d->has = true;
    }
    d->last = day;
    d->n++;
    if (s->changes) {
        struct day *change = list_add(s, s->changes);
        *change = day;
    }
    return OK;
}

enum err_code part_setting(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_setting *t = list_add(s, ctx);
    t->name = key;
    if (!scan_next_is(s, '{')) {
        return take_value(s, t);
    }
    struct dated d = {.t = t};
    if (s->facts) {
        return scan_refuse(s, "a fact of one period has one value, not one by effective date");
    }
    if (scan_members(s, take_dated, &d) != OK) {
        return s->e->code;
    }
    if (d.n == 0) {
        return scan_refuse(s, "no value stands here");
    }
    if (!d.has) {
        struct text say;
        text_init(&say, s->arena, 100);
        text_add_c(&say, "no value is in force on ");
        text_day(&say, s->on);
        text_add_c(&say, "; give one from that day on");
        return scan_refuse(s, say.at);
    }
    return OK;
}

static enum err_code take_meter(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_feed *f = list_add(s, ctx);
    f->name = key;
    f->digits = 4;
    return scan_whole(s, 1, INT64_MAX, &f->point_id);
}

static enum err_code take_series_part(struct scan *s, struct str key, void *ctx)
{
    struct term_feed *f = ctx;
    int64_t v;
    if (str_is(key, "point")) {
        return scan_whole(s, 1, INT64_MAX, &f->point_id);
    }
    if (str_is(key, "digits")) {
        if (scan_whole(s, 0, DECIMAL_SCALE_MAX, &v) != OK) {
            return s->e->code;
        }
        f->digits = (int32_t)v;
        return OK;
    }
    return scan_refuse(s, "a series has \"point\" and \"digits\"");
}

static enum err_code take_series(struct scan *s, struct str key, void *ctx)
{
    if (!scan_next_is(s, '{')) {
        return take_meter(s, key, ctx);
    }
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_feed *f = list_add(s, ctx);
    f->name = key;
    f->digits = 4;
    if (scan_members(s, take_series_part, f) != OK) {
        return s->e->code;
    }
    return f->point_id ? OK : scan_refuse(s, "\"point\" is missing");
}

static enum err_code take_unit_part(struct scan *s, struct str key, void *ctx)
{
    struct term_unit *u = ctx;
    int64_t v;
    if (str_is(key, "unit")) {
        return scan_string(s, &u->unit);
    }
    if (str_is(key, "digits")) {
        if (scan_whole(s, 0, DECIMAL_SCALE_MAX, &v) != OK) {
            return s->e->code;
        }
        u->digits = (int32_t)v;
        return OK;
    }
    return scan_refuse(s, "a unit has \"unit\" and \"digits\"");
}

static enum err_code take_unit(struct scan *s, struct str key, void *ctx)
{
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_unit *u = list_add(s, ctx);
    u->name = key;
    return scan_members(s, take_unit_part, u);
}

void part_init(struct part_lists *l)
{
    *l = (struct part_lists){.settings = {.size = sizeof(struct term_setting)},
                             .feeds = {.size = sizeof(struct term_feed)},
                             .units = {.size = sizeof(struct term_unit)},
                             .groups = {.size = sizeof(struct term_group)}};
}

struct term_part part_of(const struct part_lists *l)
{
    return (struct term_part){.settings = (const void *)l->settings.at,
                              .n_settings = l->settings.n,
                              .feeds = (const void *)l->feeds.at,
                              .n_feeds = l->feeds.n,
                              .units = (const void *)l->units.at,
                              .n_units = l->units.n,
                              .groups = (const void *)l->groups.at,
                              .n_groups = l->groups.n};
}

static enum err_code take_group(struct scan *s, struct str key, void *ctx);

/* What the top and a member share; `*known` says whether the key was one of these. */
enum err_code part_key(struct scan *s, struct str key, struct part_lists *l, bool *known)
{
    *known = true;
    if (str_is(key, "settings")) {
        return scan_members(s, part_setting, &l->settings);
    }
    if (str_is(key, "meters")) {
        return scan_members(s, take_meter, &l->feeds);
    }
    if (str_is(key, "series")) {
        return scan_members(s, take_series, &l->feeds);
    }
    if (str_is(key, "units")) {
        return scan_members(s, take_unit, &l->units);
    }
    if (str_is(key, "groups")) {
        return scan_members(s, take_group, &l->groups);
    }
    *known = false;
    return OK;
}

enum err_code part_time(struct scan *s, struct instant *out)
{
    struct str text;
    struct instant t;
    struct err why;
    if (scan_string(s, &text) != OK) {
        return s->e->code;
    }
    if (instant_parse_local(text, (int)(CHINA_MS / 60000), &t, &why) != OK || t.utc_ms <= 0) {
        return scan_refuse(s, "a time is \"2026-07-16T14:00\"");
    }
    if (t.utc_ms % SLOT_MS != 0) {
        return scan_refuse(s, "a time stands on a quarter of an hour: ..:00, ..:15, ..:30, ..:45");
    }
    *out = t;
    return OK;
}

struct member_ctx {
    struct part_lists lists;
    struct term_member *m;
};

static enum err_code take_member_part(struct scan *s, struct str key, void *ctx)
{
    struct member_ctx *c = ctx;
    bool known;
    if (part_key(s, key, &c->lists, &known) != OK) {
        return s->e->code;
    }
    if (known) {
        return OK;
    }
    if (str_is(key, "name")) {
        return scan_string(s, &c->m->name);
    }
    if (str_is(key, "party")) {
        return scan_string(s, &c->m->party);
    }
    if (str_is(key, "org")) {
        return scan_whole(s, 1, INT64_MAX, &c->m->org_id);
    }
    if (s->facts && str_is(key, "place")) {
        return scan_string(s, &c->m->place);
    }
    if (s->facts && str_is(key, "from")) {
        return part_time(s, &c->m->from);
    }
    if (s->facts && str_is(key, "until")) {
        return part_time(s, &c->m->until);
    }
    return scan_refuse(s, s->facts ? "a member has name, party, org, place, from, until, settings, "
                                     "meters, series, units and groups"
                                   : "a member has name, party, org, settings, meters, series, "
                                     "units and groups");
}

static enum err_code take_member(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct member_ctx c = {.m = list_add(s, ctx)};
    size_t at = ((struct list *)ctx)->n - 1;
    part_init(&c.lists);
    if (scan_members(s, take_member_part, &c) != OK) {
        return s->e->code;
    }
    c.m = (struct term_member *)(void *)((struct list *)ctx)->at + at;
    if (c.m->name.n == 0) {
        return scan_refuse(s, "the member has no \"name\"");
    }
    if ((c.m->from.utc_ms == 0) != (c.m->until.utc_ms == 0)) {
        return scan_refuse(s, "a session has both \"from\" and \"until\"");
    }
    if (c.m->until.utc_ms < c.m->from.utc_ms) {
        return scan_refuse(s, "the session ends before it begins");
    }
    if (c.m->until.utc_ms != 0 && c.m->until.utc_ms == c.m->from.utc_ms) {
        return scan_refuse(s, "the session has no quarter of an hour");
    }
    if (c.m->until.utc_ms - c.m->from.utc_ms > CONTRACT_SESSION_DAYS_MAX * DAY_MS) {
        return scan_refuse(s, "the session is longer than a quarter of a year");
    }
    c.m->part = part_of(&c.lists);
    if (c.m->org_id != 0) {
        struct contract_party *p = list_add(s, s->parties);
        p->name = c.m->party.n ? c.m->party : c.m->name;
        p->org_id = c.m->org_id;
    }
    return OK;
}

struct group_ctx {
    struct term_group g;
    struct list members, places;
};

static enum err_code take_look_back(struct scan *s, struct str key, void *ctx)
{
    struct term_group *g = ctx;
    int64_t v;
    if (str_is(key, "of")) {
        return scan_string(s, &g->days_of);
    }
    if (str_is(key, "look_back")) {
        if (scan_whole(s, 1, CONTRACT_LOOK_BACK_MAX, &v) != OK) {
            return s->e->code;
        }
        g->look_back = (int32_t)v;
        return OK;
    }
    return scan_refuse(s, "days have \"of\", a window, and \"look_back\", how many");
}

static enum err_code take_group_part(struct scan *s, struct str key, void *ctx)
{
    struct group_ctx *c = ctx;
    if (str_is(key, "members")) {
        return scan_items(s, take_member, &c->members, MEMBERS_MAX);
    }
    if (str_is(key, "places")) {
        return scan_items(s, take_member, &c->places, MEMBERS_MAX);
    }
    if (str_is(key, "days")) {
        if (scan_members(s, take_look_back, &c->g) != OK) {
            return s->e->code;
        }
        return c->g.days_of.n > 0 && c->g.look_back > 0
                   ? OK
                   : scan_refuse(s, "days need \"of\", a window, and \"look_back\", how many");
    }
    return scan_refuse(s, "a group is a list of members, or has members, places and days");
}

static enum err_code take_group(struct scan *s, struct str key, void *ctx)
{
    struct group_ctx c = {.g = {.name = key},
                          .members = {.size = sizeof(struct term_member)},
                          .places = {.size = sizeof(struct term_member)}};
    if (scan_name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    if (s->groups == CONTRACT_DEPTH_MAX) {
        return scan_refuse(s, "groups within groups, too deep");
    }
    s->groups++;
    if ((scan_next_is(s, '{') && !s->facts
             ? scan_members(s, take_group_part, &c)
             : scan_items(s, take_member, &c.members, MEMBERS_MAX)) != OK) {
        return s->e->code;
    }
    s->groups--;
    c.g.members = (const void *)c.members.at;
    c.g.n = c.members.n;
    c.g.places = (const void *)c.places.at;
    c.g.n_places = c.places.n;
    struct term_group *g = list_add(s, ctx);
    *g = c.g;
    return OK;
}
