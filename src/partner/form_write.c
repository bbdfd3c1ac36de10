/* form_write.c - values to XML, and values to the text that is signed. */
#include "base/check.h"
#include "partner/form.h"

#define SCRATCH 64 /* an amount or a day */

struct writing {
    const struct form *form;
    struct text out, scratch;
    struct form_signing signing;
    struct err *e;
};

typedef enum err_code leaf_walk(struct writing *w, const struct form_node *n, struct str s,
                                struct str currency);

static void writing_init(struct writing *w, const struct form *f, struct arena *a, struct err *e)
{
    *w = (struct writing){.form = f, .e = e};
    text_init(&w->out, a, WIRE_XML_MAX);
    text_init(&w->scratch, a, SCRATCH);
}

/* Is anything below node i set? Decides whether an optional group is there. */
static bool any_set(const struct form *f, size_t i, const char *record)
{
    const size_t end = form_end(f, i);
    for (size_t k = i + 1; k < end; k = f->nodes[k].kind == FORM_LIST ? form_end(f, k) : k + 1) {
        const struct form_node *n = &f->nodes[k];
        const void *at = record + n->at;
        switch ((enum form_kind)n->kind) {
        case FORM_GROUP:
        case FORM_FIXED:
            break;
        case FORM_LIST:
            if (*(const size_t *)at) {
                return true;
            }
            break;
        case FORM_AMOUNT:
        case FORM_DECIMAL:
            if (((const struct wire_amount *)at)->value.fen ||
                ((const struct wire_amount *)at)->text.n) {
                return true;
            }
            break;
        case FORM_DATE:
            if (((const struct day *)at)->yyyymmdd) {
                return true;
            }
            break;
        case FORM_TEXT:
        case FORM_DIGITS:
        case FORM_EXACT:
        case FORM_CODE:
        case FORM_TIME:
        case FORM_ANY:
            if (((const struct str *)at)->n) {
                return true;
            }
            break;
        }
    }
    return false;
}

/* <A><B> of the chain "A/B"; the last with its currency. */
static void chain_open(struct text *t, const char *chain, struct str currency)
{
    text_byte(t, '<');
    for (const char *p = chain; *p; p++) {
        if (*p == '/') {
            text_add(t, STR("><"));
        } else {
            text_byte(t, *p);
        }
    }
    if (currency.n) {
        text_addf(t, " Ccy=\"" STR_FMT "\"", STR_ARG(currency));
    }
    text_byte(t, '>');
}

static void chain_close(struct text *t, const char *chain)
{
    const char *end = chain + strlen(chain);
    for (const char *p = end;; p--) {
        if (p == chain || p[-1] == '/') {
            text_add(t, STR("</"));
            text_add(t, (struct str){p, (size_t)(end - p)});
            text_byte(t, '>');
            if (p == chain) {
                return;
            }
            end = p - 1;
        }
    }
}

static void text_escaped(struct text *t, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        const char *as = s.at[i] == '&'    ? "&amp;"
                         : s.at[i] == '<'  ? "&lt;"
                         : s.at[i] == '>'  ? "&gt;"
                         : s.at[i] == '\r' ? "&#13;"
                                           : NULL;
        if (as) {
            text_add(t, (struct str){s.at + from, i - from});
            text_add_c(t, as);
            from = i + 1;
        }
    }
    text_add(t, (struct str){s.at + from, s.n - from});
}

static enum err_code leaf_write(struct writing *w, const struct form_node *n, struct str s,
                                struct str currency)
{
    if (s.n == 0) {
        return n->flags & FORM_OPT
                   ? OK
                   : fail_named(w->e, ERR_INPUT, "XML_MISSING", "%s: must be given", n->name);
    }
    chain_open(&w->out, n->name, currency);
    if (n->kind == FORM_ANY) {
        text_add(&w->out, s);
    } else {
        text_escaped(&w->out, s);
    }
    chain_close(&w->out, n->name);
    return OK;
}

static enum err_code leaf_sign(struct writing *w, const struct form_node *n, struct str s,
                               struct str currency)
{
    const bool chosen =
        (n->flags & FORM_SIGN) || ((n->flags & FORM_REMARK) && w->signing.remark);
    if (!chosen || n->kind == FORM_ANY || (s.n == 0 && !w->signing.absent_empty)) {
        return OK;
    }
    if (s.n && memchr(s.at, '|', s.n)) {
        return fail_named(w->e, ERR_INPUT, "SIGN_SEPARATOR",
                          "%s: holds a '|', which separates the signed elements", n->name);
    }
    if (s.n) {
        text_add(&w->out, currency);
    }
    text_add(&w->out, s);
    text_byte(&w->out, '|');
    return OK;
}

/* One walk for both: `tags` says whether groups leave tags. */
static enum err_code walk(struct writing *w, size_t from, size_t to, const char *record,
                          bool tags, leaf_walk *leaf)
{
    const struct form *f = w->form;
    for (size_t i = from, end; i < to; i = end) {
        const struct form_node *n = &f->nodes[i];
        const size_t *list = (const void *)(record + n->at);
        end = form_end(f, i);
        size_t times = 1;
        const char *inner = record;
        if (n->kind == FORM_LIST) {
            times = list[0];
            inner = times ? *(char *const *)(const void *)(list + 1) : NULL;
            if (times == 0 && !(n->flags & FORM_OPT)) {
                return fail_named(w->e, ERR_INPUT, "XML_MISSING", "%s: at least one", n->name);
            }
        } else if (n->kind != FORM_GROUP) {
            struct str s, currency;
            if (form_leaf_text(f, n, record, &w->scratch, &s, &currency, w->e) != OK ||
                leaf(w, n, s, currency) != OK) {
                return ERR_INPUT;
            }
            continue;
        } else if ((n->flags & FORM_OPT) && !any_set(f, i, record)) {
            continue;
        }
        for (size_t k = 0; k < times; k++, inner += n->size) {
            if (tags) {
                chain_open(&w->out, n->name, (struct str){"", 0});
            }
            if (walk(w, i + 1, end, inner, tags, leaf) != OK) {
                return ERR_INPUT;
            }
            if (tags) {
                chain_close(&w->out, n->name);
            }
        }
    }
    return OK;
}

enum err_code form_write(const struct form *f, struct arena *a, const void *message,
                         struct str *out, struct err *e)
{
    struct writing w;
    writing_init(&w, f, a, e);
    text_addf(&w.out,
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"%s\"><%s>", f->space,
              f->root);
    if (walk(&w, 0, f->n, message, true, leaf_write) != OK) {
        return fail_in(e, "%s: ", f->type);
    }
    text_addf(&w.out, "</%s></Document>\n", f->root);
    if (w.out.cut) {
        return fail_named(e, ERR_LIMIT, "XML_SIZE", "%s: more than %u bytes: split the batch",
                          f->type, WIRE_XML_MAX);
    }
    *out = text_str(&w.out);
    return OK;
}

enum err_code form_sign_text(const struct form *f, struct arena *a, const void *message,
                             struct form_signing s, struct str *out, struct err *e)
{
    struct writing w;
    writing_init(&w, f, a, e);
    w.signing = s;
    if (walk(&w, 0, f->n, message, false, leaf_sign) != OK) {
        return fail_in(e, "%s: signing: ", f->type);
    }
    if (w.out.cut) {
        return fail_named(e, ERR_LIMIT, "XML_SIZE", "%s: more than %u bytes to sign", f->type,
                          WIRE_XML_MAX);
    }
    *out = text_str(&w.out);
    return OK;
}
