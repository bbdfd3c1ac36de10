/* publish.c - documents become versions of the store, and come back as they were.
 *
 * What is kept is the canonical text with its hash; reading it again proves it again. Prices are
 * also kept as rows, for queries and pages.
 */
#include "base/embed.h"
#include "tariff/calendar.h"
#include "tariff/tariff_rows.h"

EMBED(tariff_sql, "src/tariff/tariff.sql");
const struct store_migrations tariff_migrations = {"tariff", tariff_sql};

const char *tariff_kind_word(enum tariff_kind k)
{
    static const char *const words[] = {"calendar", "holidays", "prices"};
    check_that(k <= TARIFF_BOOK, "kind %d", (int)k);
    return words[k];
}

/* Reads and proves the document; says what it is. `*book` only for a price book. */
static enum err_code identify(struct arena *a, struct json doc, struct tariff_published *p,
                              struct tariff_book **book, struct err *e)
{
    struct str schema;
    if (json_need_str(doc, "schema", &schema, e) != OK) {
        return e->code;
    }
    if (str_is(schema, "sunkeeper.calendar/1")) {
        struct tariff_calendar *c;
        if (tariff_calendar_read(a, doc, &c, e) != OK) {
            return e->code;
        }
        *p = (struct tariff_published){.kind = TARIFF_CALENDAR, .id = c->id, .title = c->title};
        p->illustrative = c->illustrative;
        return OK;
    }
    if (str_is(schema, "sunkeeper.holidays/1")) {
        struct tariff_holidays *h = NULL;
        if (tariff_holidays_add(a, doc, &h, e) != OK) {
            return e->code;
        }
        p->kind = TARIFF_HOLIDAYS;
        p->id = str_of(arena_printf(a, STR_FMT "-%d", STR_ARG(h->region), h->years[0].year));
        return part_text(doc, "title", &p->title, e);
    }
    if (tariff_book_read(a, doc, book, e) != OK) {
        return e->code;
    }
    p->kind = TARIFF_BOOK;
    p->id = tariff_book_id(*book);
    p->title = tariff_book_title(*book);
    p->illustrative = tariff_book_illustrative(*book);
    return OK;
}

enum err_code tariff_publish(struct db *db, struct arena *a, struct json doc, struct instant now,
                             struct tariff_published *out, bool *fresh, struct err *e)
{
    struct err here;
    e = e ? e : &here;
    struct tariff_published p = {.version = 1}, last;
    struct tariff_book *book = NULL;
    bool found;
    if (identify(a, doc, &p, &book, e) != OK) {
        return e->code;
    }
    struct str body = json_canonical(doc);
    p.hash = sha256_of(body.at, body.n);
    p.published = now;
    if (rows_find_published(db, a, p.kind, p.id, 0, &last, NULL, &found, e) != OK) {
        return e->code;
    }
    if (found && memcmp(last.hash.b, p.hash.b, sizeof p.hash.b) == 0) {
        *out = last;
        *fresh = false;
        return OK;
    }
    p.version = found ? last.version + 1 : 1;
    if (rows_put_published(db, &p, body, e) != OK) {
        return e->code;
    }
    if (book) {
        const struct price_row *rows;
        size_t n = book_rows(a, book, &rows);
        if (rows_put_prices(db, &p, rows, n, e) != OK) {
            return e->code;
        }
    }
    *out = p;
    *fresh = true;
    return OK;
}

enum err_code tariff_stored(struct db *db, struct arena *a, enum tariff_kind kind, struct str id,
                            int32_t version, struct json *doc, struct tariff_published *out,
                            struct err *e)
{
    struct err here;
    e = e ? e : &here;
    struct tariff_published p;
    struct str body;
    struct json got;
    bool found;
    if (rows_find_published(db, a, kind, id, version, &p, &body, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "%s " STR_FMT "%s: not published; publish its file",
                    tariff_kind_word(kind), STR_ARG(id),
                    version ? arena_printf(a, " version %d", version) : "");
    }
    struct sha256 hash = sha256_of(body.at, body.n);
    if (memcmp(hash.b, p.hash.b, sizeof hash.b) != 0) {
        return fail(e, ERR_CORRUPT, "%s " STR_FMT " version %d: the text does not match its hash",
                    tariff_kind_word(kind), STR_ARG(id), p.version);
    }
    const char *name =
        arena_printf(a, "%s/" STR_FMT "@%d", tariff_kind_word(kind), STR_ARG(id), p.version);
    if (json_parse(a, body, name, &got, e) != OK) {
        return e->code;
    }
    *doc = got;
    *out = p;
    return OK;
}

enum err_code tariff_list(struct db *db, struct arena *a, const struct tariff_published *after,
                          const struct tariff_published **out, size_t *n, struct err *e)
{
    struct err here;
    e = e ? e : &here;
    struct tariff_published *list = arena_many(a, TARIFF_LIST_MAX, struct tariff_published);
    size_t calendars = 0, books = 0;
    if (!(after && after->kind == TARIFF_BOOK) &&
        rows_list_published(db, a, false, after, TARIFF_LIST_MAX, list, &calendars, e) != OK) {
        return e->code;
    }
    if (calendars < TARIFF_LIST_MAX &&
        rows_list_published(db, a, true, after, TARIFF_LIST_MAX - calendars, list + calendars,
                            &books, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = calendars + books;
    return OK;
}
