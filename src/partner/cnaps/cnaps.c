/* cnaps.c - a message in and a message out: envelope, type, XML, totals, signature. */
#include "partner/cnaps/cnaps.h"
#include "base/check.h"
#include "partner/cnaps/table.h"

/* Types of the line whose structure no public source gives, or gives only in part. */
static const char *const private_types[] = {
    "beps.133", "beps.134", "beps.390", "beps.391", "beps.394", "beps.395", "beps.396", "beps.397",
    "beps.398", "beps.399", "beps.401", "beps.402", "beps.411", "beps.412", "beps.413", "ccms.316",
    "ccms.317", "ccms.318", "ccms.319", "ccms.991", "ccms.992",
};

#define UNSIGNED_TYPE "ccms.990" /* a communication acknowledgement travels without a block */

enum err_code cnaps_type_check(struct str type, bool *signed_out, struct err *e)
{
    if (table_find(type)) {
        if (signed_out) {
            *signed_out = !str_starts(type, UNSIGNED_TYPE);
        }
        return OK;
    }
    for (size_t i = 0; i < sizeof(private_types) / sizeof(private_types[0]); i++) {
        if (str_starts(type, private_types[i])) {
            return fail_named(e, ERR_INPUT, "CNAPS_TYPE_PRIVATE",
                              "%s: its structure is not public; not spoken on this channel",
                              private_types[i]);
        }
    }
    return fail_named(e, ERR_INPUT, "CNAPS_TYPE_UNKNOWN", "no such message type or version");
}

const char *cnaps_type_at(size_t i)
{
    const struct form *f = table_at(i);
    return f ? f->type : NULL;
}

size_t cnaps_type_size(const char *type)
{
    const struct form *f = table_find(str_of(type));
    check_that(f, "type %s", type);
    return f->size;
}

static enum err_code form_get(const char *type, const struct form **out, struct err *e)
{
    if (cnaps_type_check(str_of(type), NULL, e) != OK) {
        return ERR_INPUT;
    }
    *out = table_find(str_of(type));
    return OK;
}

enum err_code cnaps_read(struct arena *a, const char *type, struct str xml, void **out,
                         struct err *e)
{
    const struct form *f;
    struct err mine = {.code = OK};
    enum err_code rc = form_get(type, &f, &mine);
    if (rc == OK) {
        rc = form_read(f, a, xml, out, &mine);
    }
    if (rc != OK && e) {
        *e = mine;
        if (mine.name && strcmp(mine.name, "XML_NAMESPACE") == 0) {
            e->name = "CNAPS_TYPE_MISMATCH";
        }
    }
    return rc;
}

enum err_code cnaps_write(struct arena *a, const char *type, const void *message,
                          struct str *out, struct err *e)
{
    const struct form *f;
    enum err_code rc = form_get(type, &f, e);
    return rc != OK ? rc : form_write(f, a, message, out, e);
}

enum err_code cnaps_sign_text(struct arena *a, const char *type, const void *message,
                              const struct cnaps_signing *s, struct str *out, struct err *e)
{
    const struct form *f;
    enum err_code rc = form_get(type, &f, e);
    return rc != OK ? rc
                    : form_sign_text(f, a, message,
                                     (struct form_signing){s->absent_empty, s->remark}, out, e);
}

/* count as text and total, against n amounts that stand `step` bytes apart. */
static enum err_code totals(struct str count, struct money total, size_t n, const char *amounts,
                            size_t step, struct err *e)
{
    size_t said = 0;
    struct money sum = {0};
    for (size_t i = 0; i < count.n; i++) {
        said = said * 10 + (size_t)(count.at[i] - '0');
    }
    if (said != n) {
        return fail_named(e, ERR_INPUT, "CNAPS_COUNT", "says %zu items and has %zu", said, n);
    }
    for (size_t i = 0; i < n; i++, amounts += step) {
        const struct wire_amount *w = (const void *)amounts;
        if (wire_sum(sum, w->value, &sum, e) != OK) {
            return ERR_LIMIT;
        }
    }
    if (sum.fen != total.fen) {
        return fail_named(e, ERR_INPUT, "CNAPS_TOTAL", "the items do not add up to its total");
    }
    return OK;
}

enum err_code cnaps_totals_check(const char *type, const void *message, struct err *e)
{
    if (strcmp(type, "beps.380.001.01") == 0) {
        const struct beps_380 *m = message;
        return totals(m->count, m->total.value, m->items.n,
                      (const char *)m->items.at + offsetof(struct beps_380_item, amount),
                      sizeof(struct beps_380_item), e);
    }
    if (strcmp(type, "beps.382.001.01") == 0) {
        const struct beps_382 *m = message;
        return totals(m->count, m->total.value, m->items.n,
                      (const char *)m->items.at + offsetof(struct beps_382_item, amount),
                      sizeof(struct beps_382_item), e);
    }
    return OK;
}

enum err_code cnaps_envelope(struct arena *a, const struct cnaps_header *h, struct str base64,
                             struct str xml, struct str *out, struct err *e)
{
    char header[CNAPS_HEADER_BYTES];
    struct text t;
    enum err_code rc = cnaps_header_print(h, header, e);
    if (rc != OK) {
        return rc;
    }
    text_init(&t, a, sizeof(header) + base64.n + xml.n + 8); /* 8: {S: and } CR LF, rounded up */
    text_add(&t, (struct str){header, sizeof(header)});
    if (base64.n) {
        text_add(&t, STR("{S:"));
        text_add(&t, base64);
        text_add(&t, STR("}\r\n"));
    }
    text_add(&t, xml);
    check(!t.cut);
    *out = text_str(&t);
    return OK;
}

enum err_code cnaps_open(struct str bytes, struct cnaps_header *h, struct str *base64,
                         struct str *xml, struct err *e)
{
    struct cnaps_header head;
    struct str block = {"", 0};
    bool must_sign = false;
    const size_t n = bytes.n < CNAPS_HEADER_BYTES ? bytes.n : CNAPS_HEADER_BYTES;
    enum err_code rc = cnaps_header_parse((struct str){bytes.at, n}, &head, e);
    if (rc == OK) {
        rc = cnaps_type_check(str_of(head.type), &must_sign, e);
    }
    if (rc != OK) {
        return rc;
    }
    struct str rest = {bytes.at + n, bytes.n - n};
    if (str_starts(rest, "{S:")) {
        const char *end = memmem(rest.at, rest.n, "}\r\n", 3);
        if (!end) {
            return fail_named(e, ERR_INPUT, "SIGN_FORM", "the signature block does not end");
        }
        block = (struct str){rest.at + 3, (size_t)(end - rest.at) - 3};
        rest = (struct str){end + 3, rest.n - block.n - 6};
    }
    if (must_sign && block.n == 0) {
        return fail_named(e, ERR_INPUT, "SIGN_MISSING", "%s came without a signature", head.type);
    }
    *h = head;
    *base64 = block;
    *xml = rest;
    return OK;
}

enum err_code cnaps_receive(struct arena *a, struct str bytes, const struct cnaps_trust *trust,
                            size_t n_trust, const struct cnaps_signing *s,
                            struct cnaps_header *h, void **message, struct err *e)
{
    struct cnaps_header head;
    struct str base64, xml, text;
    const struct cnaps_key *key;
    void *m = NULL;
    bool must_sign = false;
    enum err_code rc = cnaps_open(bytes, &head, &base64, &xml, e);
    if (rc != OK || (rc = cnaps_type_check(str_of(head.type), &must_sign, e)) != OK ||
        (rc = cnaps_read(a, head.type, xml, &m, e)) != OK) {
        return rc;
    }
    if (must_sign && ((rc = cnaps_sign_text(a, head.type, m, s, &text, e)) != OK ||
                      (rc = cnaps_trust_find(trust, n_trust, head.sender, head.day, &key, e)) !=
                          OK ||
                      (rc = cnaps_verify(key, s, text, base64, e)) != OK)) {
        return rc;
    }
    if ((rc = cnaps_totals_check(head.type, m, e)) != OK) {
        return rc;
    }
    *h = head;
    *message = m;
    return OK;
}

enum err_code cnaps_send(struct arena *a, const struct cnaps_header *h, const void *message,
                         const struct cnaps_key *k, const struct cnaps_signing *s,
                         struct str *out, struct err *e)
{
    struct str xml, text, base64 = {"", 0};
    bool must_sign = false;
    enum err_code rc = cnaps_type_check(str_of(h->type), &must_sign, e);
    if (rc != OK || (rc = cnaps_totals_check(h->type, message, e)) != OK ||
        (rc = cnaps_write(a, h->type, message, &xml, e)) != OK) {
        return rc;
    }
    if (must_sign && ((rc = cnaps_sign_text(a, h->type, message, s, &text, e)) != OK ||
                      (rc = cnaps_sign(a, k, s, text, &base64, e)) != OK)) {
        return rc;
    }
    return cnaps_envelope(a, h, base64, xml, out, e);
}
