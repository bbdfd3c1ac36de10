/* form.h - a message described as a table, and the three walks along it: read, write, sign.
 *
 * A form lists the elements of a message in order, each with its depth, so that the children of a
 * node are the nodes after it that are one deeper. A name may be a chain ("Cdtr/Nm"): elements that
 * have one child each. Values live in plain structs at the offsets the table gives.
 *
 * Strict forms (the clearing line) allow what the table says and nothing else. Lenient ones (ISO
 * 20022 from a bank, whose schema is far wider) skip what the table does not name.
 *
 * Laws
 *  1. form_read(form_write(x)) = x.
 *  2. Lengths count characters, not bytes.
 *  3. What a strict reader refuses, the writer refuses to write.
 */
#ifndef SK_PARTNER_FORM_H
#define SK_PARTNER_FORM_H
#include "partner/partner.h"

enum form_kind {
    FORM_GROUP,  /* elements of the same record                                  */
    FORM_LIST,   /* WIRE_LIST of records of `size` bytes, which its children fill */
    FORM_TEXT,   /* struct str, 1 to `max` characters, no control characters      */
    FORM_DIGITS, /* struct str, 1 to `max` ASCII digits                           */
    FORM_EXACT,  /* struct str, exactly `max` ASCII digits                        */
    FORM_CODE,   /* struct str, one of the blank-separated `codes`                */
    FORM_DATE,   /* struct day, 2026-07-01                                        */
    FORM_TIME,   /* struct str, 2026-07-01T09:02:03, fraction and zone allowed    */
    FORM_AMOUNT, /* struct wire_amount, with its currency as attribute Ccy        */
    FORM_DECIMAL, /* struct wire_amount without currency                         */
    FORM_FIXED,  /* no member: always written as `codes`, skipped by a lenient reader */
    FORM_ANY,    /* struct str: XML of any kind, one element, as it stands        */
};

enum form_flag {
    FORM_OPT = 1,    /* may be absent                             */
    FORM_SIGN = 2,   /* belongs to the signed text                */
    FORM_REMARK = 4, /* belongs to it if the channel says so      */
};

struct form_node {
    uint8_t depth, kind, flags;
    uint16_t max, at, size;
    const char *name, *codes;
};

struct form {
    const char *type, *root, *space; /* "beps.380.001.01", root below Document, namespace */
    const struct form_node *nodes;
    size_t n, size; /* of nodes; bytes of the struct */
    bool lenient;
};

struct form_signing {
    bool absent_empty, remark;
};

SK_MUST_USE enum err_code form_read(const struct form *f, struct arena *a, struct str xml,
                                    void **out, struct err *e);
SK_MUST_USE enum err_code form_write(const struct form *f, struct arena *a, const void *message,
                                     struct str *out, struct err *e);
SK_MUST_USE enum err_code form_sign_text(const struct form *f, struct arena *a,
                                         const void *message, struct form_signing s,
                                         struct str *out, struct err *e);

/* Shared by the walks. */
size_t form_end(const struct form *f, size_t i); /* the first node after i's descendants */
/* Is the text one this leaf may hold? Checks kind, length, codes, dates. */
SK_MUST_USE enum err_code form_leaf_check(const struct form *f, const struct form_node *n,
                                          struct str s, struct err *e);
/* The text of a leaf as it is written; empty: absent. */
SK_MUST_USE enum err_code form_leaf_text(const struct form *f, const struct form_node *n,
                                         const char *record, struct text *scratch,
                                         struct str *out, struct str *currency, struct err *e);
/* One well-formed element, without declaration, DTD or entities of its own. */
SK_MUST_USE enum err_code form_any_check(const struct form *f, struct str xml, struct err *e);
size_t form_chars(struct str s); /* Unicode characters of valid UTF-8 */

/* Rows of a table: T names a struct of the same name. */
#define FORM_ROW(d, kind, flags, max, at, size, name, codes)                                       \
    { d, kind, flags, max, (uint16_t)(at), (uint16_t)(size), name, codes }
#define GROUP(d, name, flags) FORM_ROW(d, FORM_GROUP, flags, 0, 0, 0, name, NULL)
#define LIST(d, name, flags, T, member, R)                                                         \
    FORM_ROW(d, FORM_LIST, flags, 0, offsetof(struct T, member), sizeof(struct R), name, NULL)
#define LEAF(d, kind, name, max, flags, T, member)                                                 \
    FORM_ROW(d, FORM_##kind, flags, max, offsetof(struct T, member), 0, name, NULL)
#define CODE(d, name, codes, flags, T, member)                                                     \
    FORM_ROW(d, FORM_CODE, flags, 0, offsetof(struct T, member), 0, name, codes)
#define FIXED(d, name, value) FORM_ROW(d, FORM_FIXED, 0, 0, 0, 0, name, value)
#define OPT FORM_OPT
#define SIGN FORM_SIGN
#define FORM_OF(T, type, root, space, lenient)                                                     \
    { type, root, space, T##_nodes, sizeof(T##_nodes) / sizeof(T##_nodes[0]), sizeof(struct T),    \
      lenient }
#endif
