/* form_read.c - XML to values, in one pass over libxml2's reader, which never sees a DTD.
 *
 * What libxml2 must not decide is decided before it: size, UTF-8, no DTD, no other encoding.
 */
#include "base/check.h"
#include "partner/form.h"
#include <libxml/xmlreader.h>

#define SEEN_MAX 64   /* children of one group: a bit each; the widest here has 20 */
#define LIST_FIRST 16 /* records; then doubled */

struct reading {
    xmlTextReaderPtr x;
    const struct form *form;
    struct arena *a;
    struct err *e;
    int line; /* of libxml2's complaint, if any */
};

__attribute__((format(printf, 3, 4))) static enum err_code refuse(struct reading *r,
                                                                  const char *name,
                                                                  const char *fmt, ...)
{
    char text[160];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return fail_named(r->e, ERR_INPUT, name, "line %d: %s",
                      r->x ? xmlTextReaderGetParserLineNumber(r->x) : 0, text);
}

static void complaint(void *ctx, xmlErrorPtr error)
{
    struct reading *r = ctx;
    if (r->line == 0 && error) {
        r->line = error->line;
    }
}

static bool holds(struct str s, const char *needle)
{
    return memmem(s.at, s.n, needle, strlen(needle)) != NULL;
}

/* Before any parser: the size, the encoding, no declarations. */
static enum err_code bytes_check(struct str xml, struct err *e)
{
    if (xml.n > WIRE_XML_MAX) {
        return fail_named(e, ERR_LIMIT, "XML_SIZE", "a message of %zu bytes, at most %u", xml.n,
                          WIRE_XML_MAX);
    }
    if (!str_utf8(xml)) {
        return fail_named(e, ERR_INPUT, "XML_ENCODING", "the document is not UTF-8: send UTF-8");
    }
    if (holds(xml, "<!DOCTYPE") || holds(xml, "<!ENTITY")) {
        return fail_named(e, ERR_INPUT, "XML_DTD", "the document has a DTD: send it without");
    }
    if (str_starts(xml, "<?xml")) {
        const char *end = memmem(xml.at, xml.n, "?>", 2);
        const struct str first = {xml.at, end ? (size_t)(end - xml.at) : xml.n};
        if (holds(first, "encoding") && !holds(first, "\"UTF-8\"") &&
            !holds(first, "'UTF-8'") && !holds(first, "\"utf-8\"") &&
            !holds(first, "'utf-8'")) {
            return fail_named(e, ERR_INPUT, "XML_ENCODING",
                              "the document declares another encoding than UTF-8");
        }
    }
    return OK;
}

/* To the next node that means something: its kind, 0 at the end of the document, -1: refused. */
static int next(struct reading *r)
{
    for (;;) {
        const int rc = xmlTextReaderRead(r->x);
        if (rc == 0) {
            return 0;
        }
        if (rc < 0) {
            fail_named(r->e, ERR_INPUT, "XML_SYNTAX", "line %d: not well-formed XML", r->line);
            return -1;
        }
        const int kind = xmlTextReaderNodeType(r->x);
        switch (kind) {
        case XML_READER_TYPE_ELEMENT:
            if (xmlTextReaderDepth(r->x) >= WIRE_DEPTH_MAX) {
                refuse(r, "XML_DEPTH", "elements are nested deeper than %d", WIRE_DEPTH_MAX);
                return -1;
            }
            return kind;
        case XML_READER_TYPE_END_ELEMENT:
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_CDATA:
        case XML_READER_TYPE_WHITESPACE:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
            return kind;
        case XML_READER_TYPE_COMMENT:
            break;
        default:
            refuse(r, "XML_NODE", "neither element nor text: no entities, no instructions");
            return -1;
        }
    }
}

/* The same inside an element, where the document cannot end. */
static int next_inside(struct reading *r)
{
    const int kind = next(r);
    if (kind == 0) {
        refuse(r, "XML_SYNTAX", "the document ends too early");
        return -1;
    }
    return kind;
}

static bool is_text(int kind)
{
    return kind == XML_READER_TYPE_TEXT || kind == XML_READER_TYPE_CDATA;
}

/* The next element among the children of where we are; false at their end. */
static enum err_code next_child(struct reading *r, bool *more)
{
    for (;;) {
        const int kind = next_inside(r);
        if (kind < 0) {
            return ERR_INPUT;
        }
        if (kind == XML_READER_TYPE_ELEMENT || kind == XML_READER_TYPE_END_ELEMENT) {
            *more = kind == XML_READER_TYPE_ELEMENT;
            return OK;
        }
        if (is_text(kind) && str_trim(str_of((const char *)xmlTextReaderConstValue(r->x))).n) {
            return refuse(r, "XML_ELEMENT", "text where only elements may stand");
        }
    }
}

/* From an element's start to its end, whatever is in it. */
static enum err_code skip(struct reading *r)
{
    if (xmlTextReaderIsEmptyElement(r->x)) {
        return OK;
    }
    const int depth = xmlTextReaderDepth(r->x);
    for (;;) {
        const int kind = next_inside(r);
        if (kind < 0) {
            return ERR_INPUT;
        }
        if (kind == XML_READER_TYPE_END_ELEMENT && xmlTextReaderDepth(r->x) == depth) {
            return OK;
        }
    }
}

static struct str local_name(struct reading *r)
{
    return str_of((const char *)xmlTextReaderConstLocalName(r->x));
}

static enum err_code space_check(struct reading *r)
{
    const char *space = (const char *)xmlTextReaderConstNamespaceUri(r->x);
    return space && strcmp(space, r->form->space) == 0
               ? OK
               : refuse(r, "XML_NAMESPACE", "an element of another namespace than %s",
                        r->form->space);
}

/* Ccy if the leaf may have it; a strict form allows no other attribute. */
static enum err_code attributes(struct reading *r, const struct form_node *n,
                                struct str *currency)
{
    *currency = (struct str){"", 0};
    if (!xmlTextReaderHasAttributes(r->x)) {
        return OK;
    }
    while (xmlTextReaderMoveToNextAttribute(r->x) == 1) {
        if (xmlTextReaderIsNamespaceDecl(r->x)) {
            continue;
        }
        if (n && n->kind == FORM_AMOUNT &&
            str_is(str_of((const char *)xmlTextReaderConstName(r->x)), "Ccy")) {
            *currency = str_dup(r->a, str_of((const char *)xmlTextReaderConstValue(r->x)));
        } else if (!r->form->lenient) {
            return refuse(r, "XML_ATTRIBUTE", "an attribute that the message does not have");
        }
    }
    xmlTextReaderMoveToElement(r->x);
    return OK;
}

/* The text of a leaf; stands on its end afterwards. */
static enum err_code leaf_read(struct reading *r, const struct form_node *n, struct str *out)
{
    struct text whole;
    struct str first = {"", 0};
    bool joined = false;
    if (!xmlTextReaderIsEmptyElement(r->x)) {
        for (;;) {
            const int kind = next_inside(r);
            if (kind < 0) {
                return ERR_INPUT;
            }
            if (kind == XML_READER_TYPE_END_ELEMENT) {
                break;
            }
            if (kind == XML_READER_TYPE_ELEMENT) {
                return refuse(r, "XML_ELEMENT", "%s: an element where only text may stand",
                              n->name);
            }
            const struct str s = str_of((const char *)xmlTextReaderConstValue(r->x));
            if (first.n == 0) {
                first = str_dup(r->a, s);
                continue;
            }
            if (!joined) {
                text_init(&whole, r->a, WIRE_XML_MAX);
                text_add(&whole, first);
                joined = true;
            }
            text_add(&whole, s);
        }
    }
    *out = joined ? text_str(&whole) : first;
    return OK;
}

static enum err_code amount_set(struct reading *r, const struct form_node *n, struct str s,
                                struct str currency, struct wire_amount *out)
{
    struct wire_amount w = {.text = s, .currency = currency};
    if (n->kind == FORM_AMOUNT && !r->form->lenient && !str_is(currency, WIRE_CURRENCY)) {
        return refuse(r, "XML_CURRENCY", "%s: the currency is not %s", n->name, WIRE_CURRENCY);
    }
    if (wire_amount_parse(s, &w.value, r->form->lenient ? NULL : r->e) != OK) {
        if (!r->form->lenient) {
            return fail_in(r->e, "line %d: %s: ", xmlTextReaderGetParserLineNumber(r->x), n->name);
        }
        w.inexact = true;
        w.value.fen = 0;
    }
    *out = w;
    return OK;
}

static enum err_code any_read(struct reading *r, struct str *out)
{
    xmlChar *inner = xmlTextReaderReadInnerXml(r->x);
    if (!inner) {
        return refuse(r, "XML_SYNTAX", "what should be XML of any kind is not");
    }
    const struct str s = str_trim(str_of((const char *)inner));
    *out = str_dup(r->a, s);
    xmlFree(inner);
    return skip(r);
}

static enum err_code leaf_take(struct reading *r, const struct form_node *n, char *record)
{
    char *at = record + n->at;
    struct str s, currency;
    if (attributes(r, n, &currency) != OK) {
        return ERR_INPUT;
    }
    if (n->kind == FORM_ANY) {
        return any_read(r, (struct str *)(void *)at);
    }
    if (leaf_read(r, n, &s) != OK) {
        return ERR_INPUT;
    }
    if (n->kind == FORM_AMOUNT || n->kind == FORM_DECIMAL) {
        return amount_set(r, n, s, currency, (struct wire_amount *)(void *)at);
    }
    if (n->kind == FORM_FIXED && r->form->lenient) {
        return OK;
    }
    if (form_leaf_check(r->form, n, s, r->e) != OK) {
        return fail_in(r->e, "line %d: ", xmlTextReaderGetParserLineNumber(r->x));
    }
    if (n->kind == FORM_DATE) {
        return day_parse(s, (struct day *)(void *)at, r->e);
    }
    if (n->kind != FORM_FIXED) {
        *(struct str *)(void *)at = s;
    }
    return OK;
}

/* A list grows in the arena by doubling; the record returned is zeroed. */
static char *list_add(struct reading *r, const struct form_node *n, char *record)
{
    size_t *count = (size_t *)(void *)(record + n->at);
    char **at = (char **)(void *)(count + 1);
    const size_t room = *count < LIST_FIRST ? LIST_FIRST : *count;
    if (*count == 0 || (*count >= LIST_FIRST && (room & (room - 1)) == 0)) {
        char *more = arena_array(r->a, *count == 0 ? LIST_FIRST : room * 2, n->size);
        if (*count) {
            memcpy(more, *at, *count * n->size);
        }
        *at = more;
    }
    return *at + (*count)++ * n->size;
}

static enum err_code children(struct reading *r, size_t from, size_t to, char *record);

/* The rest of a chain below an element that stands open; *found: the leaf was there. */
static enum err_code chain(struct reading *r, size_t i, const char *rest, char *record,
                           bool *found)
{
    const struct form_node *n = &r->form->nodes[i];
    const char *slash = strchr(rest, '/');
    if (!slash) {
        *found = true;
        if (n->kind == FORM_GROUP || n->kind == FORM_LIST) {
            struct str none;
            if (attributes(r, NULL, &none) != OK) {
                return ERR_INPUT;
            }
            return children(r, i + 1, form_end(r->form, i),
                            n->kind == FORM_LIST ? list_add(r, n, record) : record);
        }
        return leaf_take(r, n, record);
    }
    const char *name = slash + 1, *name_end = strchrnul(name, '/');
    const struct str want = {name, (size_t)(name_end - name)};
    struct str none;
    bool more = !xmlTextReaderIsEmptyElement(r->x), seen = false;
    if (attributes(r, NULL, &none) != OK) {
        return ERR_INPUT;
    }
    while (more) {
        if (next_child(r, &more) != OK) {
            return ERR_INPUT;
        }
        if (!more) {
            break;
        }
        if (space_check(r) != OK) {
            return ERR_INPUT;
        }
        if (!seen && str_eq(local_name(r), want)) {
            seen = true;
            if (chain(r, i, name, record, found) != OK) {
                return ERR_INPUT;
            }
        } else if (!r->form->lenient) {
            return refuse(r, "XML_ELEMENT", "an element that %s does not have", n->name);
        } else if (skip(r) != OK) {
            return ERR_INPUT;
        }
    }
    if (!seen && !r->form->lenient) {
        return refuse(r, "XML_MISSING", "%s: an element is missing", n->name);
    }
    return OK;
}

/* Does the chain begin with this element? */
static bool starts(const struct form_node *n, struct str element)
{
    const char *end = strchrnul(n->name, '/');
    return str_eq(element, (struct str){n->name, (size_t)(end - n->name)});
}

/* The children of an element that stands open: nodes from .. to of the table, in their order. */
static enum err_code children(struct reading *r, size_t from, size_t to, char *record)
{
    const struct form *f = r->form;
    uint64_t seen = 0;
    size_t at = from, bit = 0;
    bool more = !xmlTextReaderIsEmptyElement(r->x);
    while (more) {
        if (next_child(r, &more) != OK) {
            return ERR_INPUT;
        }
        if (!more) {
            break;
        }
        if (space_check(r) != OK) {
            return ERR_INPUT;
        }
        const struct str name = local_name(r);
        size_t i = at, b = bit;
        while (i < to && !starts(&f->nodes[i], name)) {
            i = form_end(f, i);
            b++;
        }
        if (i >= to) {
            if (!f->lenient) {
                return refuse(r, "XML_ELEMENT", "an element that does not belong here, or not in "
                                                "this order, or not twice");
            }
            if (skip(r) != OK) {
                return ERR_INPUT;
            }
            continue;
        }
        check(b < SEEN_MAX);
        bool found = false;
        const bool list = f->nodes[i].kind == FORM_LIST;
        if (chain(r, i, f->nodes[i].name, record, &found) != OK) {
            return ERR_INPUT;
        }
        seen |= (uint64_t)found << b;
        at = list ? i : form_end(f, i);
        bit = list ? b : b + 1;
    }
    bit = 0;
    for (size_t i = from; i < to; i = form_end(f, i), bit++) {
        const bool may_miss = (f->nodes[i].flags & FORM_OPT) ||
                              (f->lenient && f->nodes[i].kind == FORM_FIXED);
        if (!may_miss && !(seen >> bit & 1)) {
            return refuse(r, "XML_MISSING", "%s: must be there", f->nodes[i].name);
        }
    }
    return OK;
}

static xmlTextReaderPtr reader_open(struct reading *r, struct str xml)
{
    xmlTextReaderPtr x =
        xmlReaderForMemory(xml.at, (int)xml.n, NULL, "UTF-8",
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    check(x); /* libxml2 fails here for want of memory alone */
    xmlTextReaderSetStructuredErrorHandler(x, complaint, r);
    return x;
}

enum err_code form_any_check(const struct form *f, struct str xml, struct err *e)
{
    struct err mine = {.code = OK};
    struct reading r = {.form = f, .e = &mine};
    if (bytes_check(xml, &mine) == OK && str_starts(xml, "<?xml")) {
        fail_named(&mine, ERR_INPUT, "XML_SYNTAX", "XML within XML has no declaration");
    }
    if (mine.code == OK) {
        r.x = reader_open(&r, xml);
        int kind;
        do {
            kind = next(&r);
        } while (kind > 0);
        xmlFreeTextReader(r.x);
    }
    if (mine.code != OK && e) {
        *e = mine;
    }
    return mine.code;
}

static enum err_code document(struct reading *r, char *message)
{
    struct str none;
    bool more = false;
    int kind;
    do {
        kind = next(r);
    } while (kind > 0 && kind != XML_READER_TYPE_ELEMENT);
    if (kind <= 0) {
        return kind < 0 ? ERR_INPUT : refuse(r, "XML_SYNTAX", "no element");
    }
    if (!str_is(local_name(r), "Document")) {
        return refuse(r, "XML_ELEMENT", "the outermost element is not Document");
    }
    if (space_check(r) != OK || attributes(r, NULL, &none) != OK) {
        return ERR_INPUT;
    }
    if (xmlTextReaderIsEmptyElement(r->x) || next_child(r, &more) != OK || !more ||
        space_check(r) != OK || !str_is(local_name(r), r->form->root)) {
        return r->e && r->e->code ? r->e->code
                                  : refuse(r, "XML_ELEMENT", "no %s below Document",
                                           r->form->root);
    }
    if (attributes(r, NULL, &none) != OK ||
        children(r, 0, r->form->n, message) != OK || next_child(r, &more) != OK) {
        return ERR_INPUT;
    }
    if (more) {
        return refuse(r, "XML_ELEMENT", "a second element below Document");
    }
    return next(r) < 0 ? ERR_INPUT : OK; /* what follows must at least be well-formed */
}

enum err_code form_read(const struct form *f, struct arena *a, struct str xml, void **out,
                        struct err *e)
{
    struct err mine = {.code = OK};
    struct reading r = {.form = f, .a = a, .e = &mine};
    if (bytes_check(xml, &mine) == OK) {
        r.x = reader_open(&r, xml);
        char *message = arena_alloc(a, f->size);
        if (document(&r, message) == OK) {
            *out = message;
        } else {
            check(mine.code != OK);
        }
        xmlFreeTextReader(r.x);
    }
    if (mine.code != OK) {
        fail_in(&mine, "%s: ", f->type);
        if (e) {
            *e = mine;
        }
    }
    return mine.code;
}
