/* terms.c - the JSON of a contract's terms, read by a scanner of our own.
 *
 * One settlement reads the terms of every contract, so this reads what contract.h shows and nothing
 * else, in one pass and without a tree; strings without escapes are looked at where they stand. The
 * path to a mistake is kept as a stack of keys and written out only when there is one.
 */
#include "contract/terms.h"

#define PATH_MAX_KEYS                                                                              \
    48                    /* CONTRACT_DEPTH_MAX groups take four places each, and some at the top  \
                           */
#define ROWS_MAX 1000     /* of one table parameter; a tariff of tiers has about ten */
#define MEMBERS_MAX 10000 /* of one group; the largest known park has 2,199 lessees */
#define NAMES_MAX 512     /* of one kind in one part: twice the definitions a strategy may have */

struct place {
    struct str key;
    int32_t index; /* -1: a key */
};

struct scan {
    const char *at, *end, *start;
    struct arena *arena;
    struct err *e;
    int depth, groups;
    struct place path[PATH_MAX_KEYS];
    struct list *parties; /* all, the members' too */
};

/* Grows in the arena; `size` bytes an item. */
struct list {
    char *at;
    size_t n, room, size;
};

typedef enum err_code scan_fn(struct scan *s, struct str key, void *ctx);

static void *list_add(struct scan *s, struct list *l)
{
    if (l->n == l->room) {
        size_t room = l->room ? l->room * 2 : 8;
        char *at = arena_array(s->arena, room, l->size);
        if (l->n > 0) {
            memcpy(at, l->at, l->n * l->size);
        }
        l->at = at;
        l->room = room;
    }
    void *item = l->at + l->n * l->size;
    memset(item, 0, l->size);
    l->n++;
    return item;
}

static enum err_code refuse(struct scan *s, const char *what)
{
    struct text t;
    text_init(&t, s->arena, 400);
    for (int i = 0; i < s->depth; i++) {
        if (s->path[i].index >= 0) {
            text_addf(&t, "[%d]", s->path[i].index);
        } else {
            text_addf(&t, "%s" STR_FMT, i ? "." : "", STR_ARG(s->path[i].key));
        }
    }
    return fail_named(s->e, ERR_INPUT, "TERMS", "terms: %s%sbyte %zu: %s", t.n ? t.at : "",
                      t.n ? ": " : "", (size_t)(s->at - s->start), what);
}

static void blanks(struct scan *s)
{
    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\n' || *s->at == '\t' || *s->at == '\r')) {
        s->at++;
    }
}

static bool next_is(struct scan *s, char c)
{
    blanks(s);
    return s->at < s->end && *s->at == c;
}

static bool took(struct scan *s, char c)
{
    if (!next_is(s, c)) {
        return false;
    }
    s->at++;
    return true;
}

static bool took_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    blanks(s);
    if ((size_t)(s->end - s->at) < n || memcmp(s->at, word, n) != 0) {
        return false;
    }
    s->at += n;
    return true;
}

static int hex4(const char *p, const char *end)
{
    int v = 0;
    if (end - p < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0) {
            return -1;
        }
        v = v * 16 + d;
    }
    return v;
}

static size_t utf8_put(char *out, int c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

/* One escape after the backslash at `*p`; false when it is none. */
static bool escape_take(const char **p, const char *end, char *out, size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *q = *p;
    const char *hit = q < end && *q ? strchr(from, *q) : NULL;
    if (hit) {
        out[(*n)++] = to[hit - from];
        *p = q + 1;
        return true;
    }
    if (q >= end || *q != 'u') {
        return false;
    }
    int c = hex4(q + 1, end);
    q += 5;
    if (c >= 0xd800 && c < 0xdc00 && end - q >= 6 && q[0] == '\\' && q[1] == 'u') {
        int low = hex4(q + 2, end);
        if (low < 0xdc00 || low > 0xdfff) {
            return false;
        }
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        q += 6;
    }
    if (c <= 0 || (c >= 0xd800 && c < 0xe000)) {
        return false;
    }
    *n += utf8_put(out + *n, c);
    *p = q;
    return true;
}

static enum err_code string_take(struct scan *s, struct str *out)
{
    if (!took(s, '"')) {
        return refuse(s, "a string in quotes belongs here");
    }
    const char *from = s->at, *p = from;
    while (p < s->end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20) {
        p++;
    }
    if (p < s->end && *p == '"') {
        *out = (struct str){from, (size_t)(p - from)};
        s->at = p + 1;
        return OK;
    }
    char *copy = arena_alloc(s->arena, (size_t)(s->end - from) + 1);
    size_t n = 0;
    for (p = from; p < s->end && *p != '"';) {
        if ((unsigned char)*p < 0x20) {
            break;
        }
        if (*p != '\\') {
            copy[n++] = *p++;
            continue;
        }
        p++;
        if (!escape_take(&p, s->end, copy, &n)) {
            s->at = p;
            return refuse(s, "not an escape that JSON has");
        }
    }
    s->at = p;
    if (p >= s->end || *p != '"') {
        return refuse(s, "the string does not end");
    }
    s->at = p + 1;
    *out = (struct str){copy, n};
    return OK;
}

static enum err_code push(struct scan *s, struct str key, int32_t index)
{
    if (s->depth == PATH_MAX_KEYS) {
        return refuse(s, "nested too deep");
    }
    s->path[s->depth++] = (struct place){key, index};
    return OK;
}

static enum err_code each_member(struct scan *s, scan_fn *fn, void *ctx)
{
    if (!took(s, '{')) {
        return refuse(s, "an object in { } belongs here");
    }
    if (took(s, '}')) {
        return OK;
    }
    do {
        struct str key;
        if (string_take(s, &key) != OK || push(s, key, -1) != OK) {
            return s->e->code;
        }
        if (!took(s, ':')) {
            return refuse(s, "':' is missing");
        }
        if (fn(s, key, ctx) != OK) {
            return s->e->code;
        }
        s->depth--;
    } while (took(s, ','));
    return took(s, '}') ? OK : refuse(s, "',' or '}' is missing");
}

static enum err_code each_item(struct scan *s, scan_fn *fn, void *ctx, int32_t max)
{
    if (!took(s, '[')) {
        return refuse(s, "a list in [ ] belongs here");
    }
    if (took(s, ']')) {
        return OK;
    }
    int32_t i = 0;
    do {
        if (i == max) {
            return refuse(s, "the list is too long");
        }
        if (push(s, (struct str){0}, i++) != OK || fn(s, (struct str){0}, ctx) != OK) {
            return s->e->code;
        }
        s->depth--;
    } while (took(s, ','));
    return took(s, ']') ? OK : refuse(s, "',' or ']' is missing");
}

/* A whole number, as a string or plain. */
static enum err_code whole_take(struct scan *s, int64_t min, int64_t max, int64_t *out)
{
    struct str t;
    if (next_is(s, '"')) {
        if (string_take(s, &t) != OK) {
            return s->e->code;
        }
    } else {
        blanks(s);
        const char *from = s->at;
        while (s->at < s->end && ((*s->at >= '0' && *s->at <= '9') || *s->at == '-')) {
            s->at++;
        }
        t = (struct str){from, (size_t)(s->at - from)};
    }
    struct err why;
    int64_t v;
    if (decimal_scaled(t, 0, &v, &why) != OK || v < min || v > max) {
        return refuse(s, "a whole number in its limits belongs here");
    }
    *out = v;
    return OK;
}

/* The first member of every item is its name: no two alike. */
static enum err_code name_new(struct scan *s, const struct list *l, struct str key)
{
    if (l->n >= NAMES_MAX) {
        return refuse(s, "too many names");
    }
    for (size_t i = 0; i < l->n; i++) {
        const struct str *name = (const void *)(l->at + i * l->size);
        if (str_eq(*name, key)) {
            return refuse(s, "this name stands here twice");
        }
    }
    return OK;
}

static enum err_code take_cell(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct list *cells = ctx;
    struct str *cell = list_add(s, cells);
    if (took_word(s, "null")) {
        return OK;
    }
    return string_take(s, cell);
}

static enum err_code take_row(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct list cells = {.size = sizeof(struct str)};
    if (each_item(s, take_cell, &cells, 3) != OK) {
        return s->e->code;
    }
    if (cells.n != 2) {
        return refuse(s, "a row is [bound, value]");
    }
    const struct str *c = (const void *)cells.at;
    struct term_row *row = list_add(s, ctx);
    row->bound = c[0];
    row->value = c[1];
    return OK;
}

static enum err_code take_setting(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_setting *t = list_add(s, ctx);
    t->name = key;
    if (next_is(s, '"')) {
        t->kind = TERM_TEXT;
        return string_take(s, &t->text);
    }
    if (took_word(s, "null")) {
        t->kind = TERM_ABSENT;
        return OK;
    }
    if (took_word(s, "true")) {
        t->kind = TERM_YES_NO;
        t->yes = true;
        return OK;
    }
    if (took_word(s, "false")) {
        t->kind = TERM_YES_NO;
        return OK;
    }
    if (next_is(s, '[')) {
        struct list rows = {.size = sizeof(struct term_row)};
        t->kind = TERM_TABLE;
        if (each_item(s, take_row, &rows, ROWS_MAX) != OK) {
            return s->e->code;
        }
        t->rows = (const void *)rows.at;
        t->n_rows = rows.n;
        return OK;
    }
    return refuse(s, "a value is a decimal or a choice in quotes, true, false, null or rows");
}

static enum err_code take_meter(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_feed *f = list_add(s, ctx);
    f->name = key;
    f->digits = 4;
    return whole_take(s, 1, INT64_MAX, &f->point_id);
}

static enum err_code take_series_part(struct scan *s, struct str key, void *ctx)
{
    struct term_feed *f = ctx;
    int64_t v;
    if (str_is(key, "point")) {
        return whole_take(s, 1, INT64_MAX, &f->point_id);
    }
    if (str_is(key, "digits")) {
        if (whole_take(s, 0, DECIMAL_SCALE_MAX, &v) != OK) {
            return s->e->code;
        }
        f->digits = (int32_t)v;
        return OK;
    }
    return refuse(s, "a series has \"point\" and \"digits\"");
}

static enum err_code take_series(struct scan *s, struct str key, void *ctx)
{
    if (!next_is(s, '{')) {
        return take_meter(s, key, ctx);
    }
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_feed *f = list_add(s, ctx);
    f->name = key;
    f->digits = 4;
    if (each_member(s, take_series_part, f) != OK) {
        return s->e->code;
    }
    return f->point_id ? OK : refuse(s, "\"point\" is missing");
}

static enum err_code take_unit_part(struct scan *s, struct str key, void *ctx)
{
    struct term_unit *u = ctx;
    int64_t v;
    if (str_is(key, "unit")) {
        return string_take(s, &u->unit);
    }
    if (str_is(key, "digits")) {
        if (whole_take(s, 0, DECIMAL_SCALE_MAX, &v) != OK) {
            return s->e->code;
        }
        u->digits = (int32_t)v;
        return OK;
    }
    return refuse(s, "a unit has \"unit\" and \"digits\"");
}

static enum err_code take_unit(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_unit *u = list_add(s, ctx);
    u->name = key;
    return each_member(s, take_unit_part, u);
}

struct part_lists {
    struct list settings, feeds, units, groups;
};

static void part_init(struct part_lists *l)
{
    *l = (struct part_lists){.settings = {.size = sizeof(struct term_setting)},
                             .feeds = {.size = sizeof(struct term_feed)},
                             .units = {.size = sizeof(struct term_unit)},
                             .groups = {.size = sizeof(struct term_group)}};
}

static struct term_part part_of(const struct part_lists *l)
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
static enum err_code part_key(struct scan *s, struct str key, struct part_lists *l, bool *known)
{
    *known = true;
    if (str_is(key, "settings")) {
        return each_member(s, take_setting, &l->settings);
    }
    if (str_is(key, "meters")) {
        return each_member(s, take_meter, &l->feeds);
    }
    if (str_is(key, "series")) {
        return each_member(s, take_series, &l->feeds);
    }
    if (str_is(key, "units")) {
        return each_member(s, take_unit, &l->units);
    }
    if (str_is(key, "groups")) {
        return each_member(s, take_group, &l->groups);
    }
    *known = false;
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
        return string_take(s, &c->m->name);
    }
    if (str_is(key, "party")) {
        return string_take(s, &c->m->party);
    }
    if (str_is(key, "org")) {
        return whole_take(s, 1, INT64_MAX, &c->m->org_id);
    }
    return refuse(s, "a member has name, party, org, settings, meters, series, units and groups");
}

static enum err_code take_member(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct member_ctx c = {.m = list_add(s, ctx)};
    size_t at = ((struct list *)ctx)->n - 1;
    part_init(&c.lists);
    if (each_member(s, take_member_part, &c) != OK) {
        return s->e->code;
    }
    c.m = (struct term_member *)(void *)((struct list *)ctx)->at + at;
    if (c.m->name.n == 0) {
        return refuse(s, "the member has no \"name\"");
    }
    c.m->part = part_of(&c.lists);
    if (c.m->org_id != 0) {
        struct contract_party *p = list_add(s, s->parties);
        p->name = c.m->party.n ? c.m->party : c.m->name;
        p->org_id = c.m->org_id;
    }
    return OK;
}

static enum err_code take_group(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    if (s->groups == CONTRACT_DEPTH_MAX) {
        return refuse(s, "groups within groups, too deep");
    }
    struct list members = {.size = sizeof(struct term_member)};
    s->groups++;
    if (each_item(s, take_member, &members, MEMBERS_MAX) != OK) {
        return s->e->code;
    }
    s->groups--;
    struct term_group *g = list_add(s, ctx);
    *g = (struct term_group){.name = key, .members = (const void *)members.at, .n = members.n};
    return OK;
}

struct top_ctx {
    struct part_lists lists;
    struct list parties, prices, dates;
    struct contract_terms *out;
};

static enum err_code take_party(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct contract_party *p = list_add(s, ctx);
    p->name = key;
    return whole_take(s, 1, INT64_MAX, &p->org_id);
}

static enum err_code take_price(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct term_name *p = list_add(s, ctx);
    p->name = key;
    return string_take(s, &p->value);
}

static enum err_code take_date(struct scan *s, struct str key, void *ctx)
{
    (void)key;
    struct str t;
    struct day *d = list_add(s, ctx);
    struct err why;
    if (string_take(s, &t) != OK) {
        return s->e->code;
    }
    return day_parse(t, d, &why) == OK ? OK : refuse(s, "a date is \"2026-07-03\"");
}

static enum err_code take_dates(struct scan *s, struct str key, void *ctx)
{
    if (name_new(s, ctx, key) != OK) {
        return s->e->code;
    }
    struct list days = {.size = sizeof(struct day)};
    if (each_item(s, take_date, &days, ROWS_MAX) != OK) {
        return s->e->code;
    }
    struct term_dates *d = list_add(s, ctx);
    *d = (struct term_dates){.name = key, .days = (const void *)days.at, .n = days.n};
    return OK;
}

static enum err_code take_top(struct scan *s, struct str key, void *ctx)
{
    struct top_ctx *c = ctx;
    bool known;
    if (part_key(s, key, &c->lists, &known) != OK) {
        return s->e->code;
    }
    if (known) {
        return OK;
    }
    if (str_is(key, "parties")) {
        return each_member(s, take_party, &c->parties);
    }
    if (str_is(key, "calendar")) {
        return string_take(s, &c->out->calendar);
    }
    if (str_is(key, "category")) {
        return string_take(s, &c->out->category);
    }
    if (str_is(key, "prices")) {
        return each_member(s, take_price, &c->prices);
    }
    if (str_is(key, "dates")) {
        return each_member(s, take_dates, &c->dates);
    }
    return refuse(s, "terms have parties, calendar, category, dates, prices, meters, series, "
                     "settings, units and groups");
}

static enum err_code whole_text(struct scan *s, scan_fn *fn, void *ctx)
{
    if (each_member(s, fn, ctx) != OK) {
        return s->e->code;
    }
    blanks(s);
    return s->at == s->end ? OK : refuse(s, "something stands behind the end");
}

enum err_code contract_terms_parse(struct arena *a, struct str text, struct contract_terms *out,
                                   struct err *e)
{
    struct err own;
    if (text.n > CONTRACT_TERMS_MAX) {
        return fail(e, ERR_LIMIT, "terms: %zu bytes; at most %u are taken", text.n,
                    CONTRACT_TERMS_MAX);
    }
    struct contract_terms terms = {0};
    struct top_ctx c = {.parties = {.size = sizeof(struct contract_party)},
                        .prices = {.size = sizeof(struct term_name)},
                        .dates = {.size = sizeof(struct term_dates)},
                        .out = &terms};
    struct scan s = {.at = text.at,
                     .end = text.at + text.n,
                     .start = text.at,
                     .arena = a,
                     .e = e ? e : &own,
                     .parties = &c.parties};
    part_init(&c.lists);
    if (whole_text(&s, take_top, &c) != OK) {
        return s.e->code;
    }
    terms.top = part_of(&c.lists);
    terms.parties = (const void *)c.parties.at;
    terms.n_parties = c.parties.n;
    terms.prices = (const void *)c.prices.at;
    terms.n_prices = c.prices.n;
    terms.dates = (const void *)c.dates.at;
    terms.n_dates = c.dates.n;
    *out = terms;
    return OK;
}

enum err_code contract_settings_parse(struct arena *a, struct str text,
                                      const struct term_setting **out, size_t *n, struct err *e)
{
    struct err own;
    struct list l = {.size = sizeof(struct term_setting)};
    struct scan s = {
        .at = text.at, .end = text.at + text.n, .start = text.at, .arena = a, .e = e ? e : &own};
    if (text.n > 0 && whole_text(&s, take_setting, &l) != OK) {
        return s.e->code;
    }
    *out = (const void *)l.at;
    *n = l.n;
    return OK;
}

static int name_order(const void *a, const void *b)
{
    const struct term_name *x = a, *y = b;
    return str_cmp(x->name, y->name);
}

struct str terms_tariff_key(struct arena *a, const struct contract_terms *t)
{
    struct text k;
    text_init(&k, a, CONTRACT_TERMS_MAX);
    text_addf(&k, STR_FMT "|" STR_FMT "|", STR_ARG(t->calendar), STR_ARG(t->category));
    for (size_t i = 0; i < t->n_dates; i++) {
        text_addf(&k, STR_FMT "=", STR_ARG(t->dates[i].name));
        for (size_t d = 0; d < t->dates[i].n; d++) {
            text_addf(&k, "%d,", t->dates[i].days[d].yyyymmdd);
        }
    }
    text_byte(&k, '|');
    struct term_name *p = arena_many(a, t->n_prices + 1, struct term_name);
    if (t->n_prices > 0) {
        memcpy(p, t->prices, t->n_prices * sizeof(*p));
        qsort(p, t->n_prices, sizeof(*p), name_order);
    }
    for (size_t i = 0; i < t->n_prices; i++) {
        text_addf(&k, STR_FMT "=" STR_FMT ";", STR_ARG(p[i].name), STR_ARG(p[i].value));
    }
    return text_str(&k);
}
