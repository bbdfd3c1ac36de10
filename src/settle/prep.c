/* prep.c - prepares the kinds of a run (prep.h). */
#include "settle/prep.h"
#include "tariff/tariff.h"

#define TEXTS_MAX 64 /* of one strategy: libraries of libraries and amendments */
#define TARIFF_TEXT_MAX 4096
#define MESSAGES_MAX (64u << 10)

struct loaded_strategy {
    struct loaded_strategy *next;
    struct str key; /* "pv_selfuse@1+amend@2" */
    const struct strategy *strategy;
    struct err failure;
};
struct loaded_doc {
    struct loaded_doc *next;
    struct str id;
    int32_t version; /* as it was asked for */
    struct tariff_published published;
    const struct tariff_calendar *calendar;
    const struct tariff_book *book;
    struct json json;
};
struct prep {
    struct db *db;
    struct arena *arena;
    struct loaded_strategy *strategies;
    struct loaded_doc *docs[TARIFF_BOOK + 1];
};

struct prep *prep_new(struct db *db, struct arena *a)
{
    struct prep *p = arena_make(a, struct prep);
    p->db = db;
    p->arena = a;
    return p;
}

/* Trouble of the store stops the run; everything else is a failure of the kind. */
static bool is_store_trouble(enum err_code c)
{
    return c == ERR_IO || c == ERR_FULL || c == ERR_READ_ONLY || c == ERR_RETRY || c == ERR_UNKNOWN;
}

/* ---- strategies --------------------------------------------------------------------------------
 */

struct shelf { /* the texts that `use` and amendments can mean */
    struct strategy_text at[TEXTS_MAX];
    size_t n;
};

static bool shelf_find(void *ctx, struct str name, struct str *file, struct str *text)
{
    const struct shelf *s = ctx;
    for (size_t i = 0; i < s->n; i++) {
        if (str_eq(s->at[i].ref.name, name)) {
            *file = s->at[i].title;
            *text = s->at[i].text;
            return true;
        }
    }
    return false;
}

/* Puts the versions named, and those they name, on the shelf. The place of the title is used for
 * the file name that messages show. */
static enum err_code shelf_fill(struct prep *p, struct shelf *s, const struct strategy_ref *refs,
                                size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct str file, text;
        if (shelf_find(s, refs[i].name, &file, &text)) {
            continue;
        }
        if (s->n == TEXTS_MAX) {
            return fail(e, ERR_LIMIT, "strategy: more than %d libraries", TEXTS_MAX);
        }
        struct strategy_text *t = &s->at[s->n];
        if (contract_strategy_get(p->db, p->arena, refs[i].name, refs[i].version, t, e) != OK) {
            return e->code;
        }
        t->title = str_of(arena_printf(p->arena, STR_FMT ".tally", STR_ARG(refs[i].name)));
        s->n++;
        if (shelf_fill(p, s, t->uses, t->n_uses, e) != OK) {
            return e->code;
        }
    }
    return OK;
}

enum err_code prep_load_text(struct prep *p, struct str name, struct str text,
                             const struct strategy_ref *uses, size_t n_uses,
                             const struct strategy_ref *amendments, size_t n_amendments,
                             const struct strategy **out, struct text *messages, struct err *e)
{
    struct shelf *s = arena_make(p->arena, struct shelf);
    struct str names[STRATEGY_USES_MAX];
    struct strategy_messages m = {0};
    struct strategy *loaded = NULL;
    check(n_amendments <= STRATEGY_USES_MAX);
    if (shelf_fill(p, s, uses, n_uses, e) != OK ||
        shelf_fill(p, s, amendments, n_amendments, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n_amendments; i++) {
        names[i] = amendments[i].name;
    }
    const struct strategy_library library = {s, shelf_find};
    struct str file = str_of(arena_printf(p->arena, STR_FMT ".tally", STR_ARG(name)));
    enum err_code rc =
        strategy_load(p->arena, file, text, &library, names, n_amendments, &loaded, &m, e);
    for (size_t i = 0; messages && i < m.n; i++) {
        strategy_message_text(messages, &m.at[i]);
    }
    if (rc == OK) {
        *out = loaded;
    }
    return rc;
}

static struct str strategy_key(struct arena *a, const struct contract_binding *b)
{
    struct text t;
    text_init(&t, a, (STRATEGY_USES_MAX + 1) * 128);
    text_addf(&t, STR_FMT "@%d", STR_ARG(b->strategy.name), b->strategy.version);
    for (size_t i = 0; i < b->n_amendments; i++) {
        text_addf(&t, "+" STR_FMT "@%d", STR_ARG(b->amendments[i].name), b->amendments[i].version);
    }
    return text_str(&t);
}

static enum err_code strategy_published(struct prep *p, const struct contract_binding *b,
                                        struct str text, const struct strategy **out, struct err *e)
{
    struct strategy_text t;
    if (contract_strategy_get(p->db, p->arena, b->strategy.name, b->strategy.version, &t, e) !=
        OK) {
        return e->code;
    }
    return prep_load_text(p, b->strategy.name, text.n ? text : t.text, t.uses, t.n_uses,
                          b->amendments, b->n_amendments, out, NULL, e);
}

static enum err_code strategy_shared(struct prep *p, const struct contract_binding *b,
                                     const struct strategy **out, struct err *e)
{
    struct str key = strategy_key(p->arena, b);
    struct loaded_strategy *l = p->strategies;
    while (l && !str_eq(l->key, key)) {
        l = l->next;
    }
    if (!l) {
        l = arena_make(p->arena, struct loaded_strategy);
        l->key = key;
        (void)strategy_published(p, b, (struct str){0}, &l->strategy, &l->failure);
        l->next = p->strategies;
        p->strategies = l;
    }
    if (!l->strategy) {
        *e = l->failure;
        return e->code;
    }
    *out = l->strategy;
    return OK;
}

static void states_find(struct arena *a, struct kind *k)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(k->strategy, &d), found = 0;
    struct strategy_decl *list = NULL;
    for (size_t i = 0; i < n; i++) {
        if (d[i].kind == STRATEGY_STATE) {
            list = list ? list : arena_many(a, n, struct strategy_decl);
            list[found++] = d[i];
        }
    }
    k->states = list;
    k->n_states = found;
}

/* ---- calendar and prices
 * ------------------------------------------------------------------------- */

/* The version a stored run used of "role=id", -1 if it used none; 0 (newest) without a stored run.
 */
static int32_t pinned(struct str wish, const char *role, struct str id)
{
    struct str word;
    size_t n = strlen(role);
    if (wish.n == 0) {
        return 0;
    }
    while (wish.n > 0 && str_split(&wish, ' ', &word)) {
        int64_t v;
        if (word.n > n + 1 + id.n + 1 && memcmp(word.at, role, n) == 0 && word.at[n] == '=' &&
            memcmp(word.at + n + 1, id.at, id.n) == 0 && word.at[n + 1 + id.n] == '@' &&
            decimal_scaled((struct str){word.at + n + id.n + 2, word.n - n - id.n - 2}, 0, &v,
                           NULL) == OK) {
            return (int32_t)v;
        }
    }
    return -1;
}

static enum err_code doc_get(struct prep *p, enum tariff_kind kind, struct str id, int32_t version,
                             const struct loaded_doc **out, struct err *e)
{
    for (struct loaded_doc *d = p->docs[kind]; d; d = d->next) {
        if (d->version == version && str_eq(d->id, id)) {
            *out = d;
            return OK;
        }
    }
    struct loaded_doc *d = arena_make(p->arena, struct loaded_doc);
    if (version < 0) {
        return fail(e, ERR_CORRUPT, "the run does not say which version of " STR_FMT " it used",
                    STR_ARG(id));
    }
    if (tariff_stored(p->db, p->arena, kind, id, version, &d->json, &d->published, e) != OK) {
        return e->code;
    }
    if (kind == TARIFF_CALENDAR) {
        struct tariff_calendar *c;
        if (tariff_calendar_read(p->arena, d->json, &c, e) != OK) {
            return e->code;
        }
        d->calendar = c;
    }
    if (kind == TARIFF_BOOK) {
        struct tariff_book *b;
        if (tariff_book_read(p->arena, d->json, &b, e) != OK) {
            return e->code;
        }
        d->book = b;
    }
    d->id = str_dup(p->arena, id);
    d->version = version;
    d->next = p->docs[kind];
    p->docs[kind] = d;
    *out = d;
    return OK;
}

static void tariff_note(struct text *t, struct str role, const struct loaded_doc *d)
{
    text_addf(t, "%s" STR_FMT "=" STR_FMT "@%d", t->n ? " " : "", STR_ARG(role), STR_ARG(d->id),
              d->published.version);
    if (d->published.illustrative) { /* law 5 of the tariff room: the mark reaches every page */
        text_add_c(t, " (illustrative)");
    }
}

/* The years of the region that the period touches. A year that is not published is left out; the
 * resolver says so if a rule needs it. */
static enum err_code holidays_get(struct prep *p, struct str region, struct settle_period period,
                                  struct str wish, struct tariff_holidays **out, struct text *note,
                                  struct err *e)
{
    struct tariff_holidays *set = NULL;
    int first = period.from.yyyymmdd / 10000, last = day_add(period.until, -1).yyyymmdd / 10000;
    for (int year = first; region.n > 0 && year <= last; year++) {
        struct str id = str_of(arena_printf(p->arena, STR_FMT "-%d", STR_ARG(region), year));
        const struct loaded_doc *d;
        int32_t version = pinned(wish, "holidays", id);
        if (version < 0) {
            continue;
        }
        if (doc_get(p, TARIFF_HOLIDAYS, id, version, &d, e) != OK) {
            if (e->code == ERR_NOT_FOUND) {
                continue;
            }
            return e->code;
        }
        if (tariff_holidays_add(p->arena, d->json, &set, e) != OK) {
            return e->code;
        }
        tariff_note(note, STR("holidays"), d);
    }
    *out = set;
    return OK;
}

static enum err_code books_get(struct prep *p, const struct contract_terms *t, struct str wish,
                               const struct tariff_book **books, struct text *note, struct err *e)
{
    for (size_t i = 0; i < t->n_prices; i++) {
        const struct loaded_doc *d;
        const char *role = arena_printf(p->arena, STR_FMT, STR_ARG(t->prices[i].name));
        int32_t version = pinned(wish, role, t->prices[i].value);
        if (doc_get(p, TARIFF_BOOK, t->prices[i].value, version, &d, e) != OK) {
            return fail_in(e, "price " STR_FMT ": ", STR_ARG(t->prices[i].name));
        }
        books[i] = d->book;
        tariff_note(note, t->prices[i].name, d);
    }
    return OK;
}

/* Work or rest of the days before the period, without prices: no book need reach so far back. */
static enum err_code history_prepare(struct prep *p, const struct tariff_request *q,
                                     struct settle_period period, struct kind *k, struct err *e)
{
    const struct tariff_span *span;
    struct tariff_request days = *q;
    if (k->history == 0) {
        return OK;
    }
    days.from = day_start(day_add(period.from, -k->history));
    days.books = NULL;
    days.n_books = 0;
    if (tariff_resolve(p->arena, &days, &span, NULL, e) != OK) {
        return fail_in(e, "calendar of the days before: ");
    }
    k->workday = span->workday;
    return OK;
}

static enum err_code tariff_prepare(struct prep *p, const struct contract_terms *t, struct str wish,
                                    struct settle_period period, struct kind *k, struct err *e)
{
    struct text note;
    const struct loaded_doc *cal;
    struct tariff_holidays *holidays = NULL;
    struct tariff_dates *dates = arena_many(p->arena, t->n_dates + 1, struct tariff_dates);
    const struct tariff_book **books =
        arena_many(p->arena, t->n_prices + 1, const struct tariff_book *);
    struct tariff_prices *prices = arena_many(p->arena, t->n_prices + 1, struct tariff_prices);
    struct strategy_price_feed *feeds =
        arena_many(p->arena, t->n_prices + 1, struct strategy_price_feed);
    text_init(&note, p->arena, TARIFF_TEXT_MAX);
    if (doc_get(p, TARIFF_CALENDAR, t->calendar, pinned(wish, "calendar", t->calendar), &cal, e) !=
        OK) {
        return fail_in(e, "calendar: ");
    }
    tariff_note(&note, STR("calendar"), cal);
    const int32_t before = k->lead > k->history ? k->lead : k->history;
    const struct settle_period touched = {day_add(period.from, -before), period.until};
    if (holidays_get(p, tariff_calendar_holidays(cal->calendar), touched, wish, &holidays, &note,
                     e) != OK ||
        books_get(p, t, wish, books, &note, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < t->n_dates; i++) {
        dates[i] = (struct tariff_dates){t->dates[i].name, t->dates[i].days, t->dates[i].n};
    }
    const struct tariff_request q = {.calendar = cal->calendar,
                                     .holidays = holidays,
                                     .category = t->category,
                                     .dates = dates,
                                     .n_dates = t->n_dates,
                                     .from = day_start(day_add(period.from, -k->lead)),
                                     .until = day_start(period.until),
                                     .books = books,
                                     .n_books = t->n_prices};
    if (tariff_resolve(p->arena, &q, &k->span, t->n_prices ? prices : NULL, e) != OK ||
        history_prepare(p, &q, period, k, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < t->n_prices; i++) {
        feeds[i] =
            (struct strategy_price_feed){str_dup(p->arena, t->prices[i].name), prices[i].yuan_e6};
    }
    k->prices = feeds;
    k->n_prices = t->n_prices;
    k->tariff = text_str(&note);
    return OK;
}

/* ---- kinds
 * ------------------------------------------------------------------------------------------ */

static enum err_code plan_prepare(struct arena *a, struct kind *k, struct err *e)
{
    struct reading_plan *plan;
    if (!k->span) {
        k->n_keys = 1;
        if (reading_plan_slots(a, k->like.from, 0, k->n_days * SLOTS, &plan, e) != OK) {
            return e->code;
        }
        k->plan = plan;
        return OK;
    }
    const struct tariff_span *s = k->span;
    check(s->first.yyyymmdd == day_add(k->like.from, -k->lead).yyyymmdd &&
          s->n_days == k->n_days + k->lead);
    k->n_keys = s->n_keys;
    _Static_assert(sizeof(struct tou_map) == SLOTS, "the maps of a span are rows of keys");
    if (reading_plan_new(a, k->like.from, k->n_days, s->day_map + k->lead, s->n_maps,
                         s->maps[0].key, s->n_keys, &plan, e) != OK) {
        return e->code;
    }
    k->plan = plan;
    return OK;
}

static enum err_code kind_fill(struct prep *p, const struct prep_wish *wish, struct kind *k,
                               struct err *e)
{
    struct contract_terms terms;
    const struct settle_period period = {k->like.from, k->like.until};
    k->n_days = day_number(period.until) - day_number(period.from);
    if (k->n_days < 1 || k->n_days > SETTLE_DAYS_MAX) {
        return fail(e, ERR_INPUT, "a period has 1 to %d days, not %d", SETTLE_DAYS_MAX, k->n_days);
    }
    if (contract_terms_parse(p->arena, k->like.terms, &terms, e) != OK) {
        return e->code;
    }
    if ((wish->strategy_text.n
             ? strategy_published(p, &k->like, wish->strategy_text, &k->strategy, e)
             : strategy_shared(p, &k->like, &k->strategy, e)) != OK) {
        return e->code;
    }
    k->strategy_hash = strategy_hash(k->strategy);
    states_find(p->arena, k);
    k->tariff = STR("");
    if (terms.calendar.n > 0 && tariff_prepare(p, &terms, wish->tariff, period, k, e) != OK) {
        return e->code;
    }
    return plan_prepare(p->arena, k, e);
}

enum err_code prep_kind(struct prep *p, const struct contract_binding *like,
                        const struct prep_wish *wish, struct kind *out, struct err *e)
{
    static const struct prep_wish none;
    struct kind k = {.like = *like};
    struct err why = {0};
    wish = wish ? wish : &none;
    k.lead = wish->lead;
    k.history = wish->history;
    enum err_code rc = kind_fill(p, wish, &k, &why);
    if (is_store_trouble(rc)) {
        *e = why;
        return rc;
    }
    k.failure = why;
    k.failure.code = rc;
    *out = k;
    return OK;
}

struct kinds {
    struct kind *at;
    size_t n;
    uint32_t *slots; /* 1 + index, 0 empty; open addressing */
    size_t n_slots;  /* a power of two, at most half full */
};

static uint64_t kind_hash(const struct contract_binding *b)
{
    uint64_t h = hash64(b->strategy.name.at, b->strategy.name.n, (uint64_t)b->strategy.version);
    const int32_t days[] = {b->from.yyyymmdd, b->until.yyyymmdd};
    for (size_t i = 0; i < b->n_amendments; i++) {
        h = hash64(b->amendments[i].name.at, b->amendments[i].name.n,
                   h + (uint64_t)b->amendments[i].version);
    }
    h = hash64(days, sizeof(days), h);
    return hash64(b->tariff_key.at, b->tariff_key.n, h);
}

static bool ref_eq(struct strategy_ref a, struct strategy_ref b)
{
    return a.version == b.version && str_eq(a.name, b.name);
}

bool kind_is(const struct contract_binding *a, const struct contract_binding *b)
{
    if (a->from.yyyymmdd != b->from.yyyymmdd || a->until.yyyymmdd != b->until.yyyymmdd ||
        a->n_amendments != b->n_amendments || !ref_eq(a->strategy, b->strategy) ||
        !str_eq(a->tariff_key, b->tariff_key)) {
        return false;
    }
    for (size_t i = 0; i < a->n_amendments; i++) {
        if (!ref_eq(a->amendments[i], b->amendments[i])) {
            return false;
        }
    }
    return true;
}

enum err_code kinds_prepare(struct db *db, struct arena *a, struct settle_period p,
                            struct kinds **out, struct err *e)
{
    const struct contract_binding *samples;
    struct kinds *k = arena_make(a, struct kinds);
    struct prep *prep = prep_new(db, a);
    if (contract_kinds(db, a, scope_machine(), p.from, p.until, &samples, &k->n, e) != OK) {
        return e->code;
    }
    k->at = arena_many(a, k->n + 1, struct kind);
    k->n_slots = 16;
    while (k->n_slots < 2 * k->n) {
        k->n_slots *= 2;
    }
    k->slots = arena_many(a, k->n_slots, uint32_t);
    for (size_t i = 0; i < k->n; i++) {
        if (prep_kind(prep, &samples[i], NULL, &k->at[i], e) != OK) {
            return e->code;
        }
        size_t s = kind_hash(&samples[i]) & (k->n_slots - 1);
        while (k->slots[s]) {
            s = (s + 1) & (k->n_slots - 1);
        }
        k->slots[s] = (uint32_t)i + 1;
    }
    *out = k;
    return OK;
}

const struct kind *kinds_find(const struct kinds *k, const struct contract_binding *b)
{
    size_t s = kind_hash(b) & (k->n_slots - 1);
    while (k->slots[s]) {
        const struct kind *hit = &k->at[k->slots[s] - 1];
        if (kind_is(&hit->like, b)) {
            return hit;
        }
        s = (s + 1) & (k->n_slots - 1);
    }
    return NULL;
}
