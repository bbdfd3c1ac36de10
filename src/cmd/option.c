/* option.c - options out of the words, errors to exit codes: the manners of every command. */
#include "cmd/cmd.h"
#include <errno.h>
#include <stdarg.h>

/* Edits between two short words, to say "did you mean". */
static size_t word_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    enum { WORD_MAX = 40 };
    if (la >= WORD_MAX || lb >= WORD_MAX) {
        return WORD_MAX;
    }
    size_t row[WORD_MAX + 1];
    for (size_t j = 0; j <= lb; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= la; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t insert = row[j - 1] + 1, drop = row[j] + 1;
            diagonal = row[j];
            row[j] = change < insert ? change : insert;
            row[j] = drop < row[j] ? drop : row[j];
        }
    }
    return row[lb];
}

static const char *nearest(const char *word, const struct option *sets[2])
{
    const char *best = NULL;
    size_t least = 4; /* further away is another word */
    for (int s = 0; s < 2; s++) {
        for (const struct option *o = sets[s]; o && o->name; o++) {
            size_t d = word_distance(word, o->name);
            if (d < least) {
                least = d;
                best = o->name;
            }
        }
    }
    return best;
}

static const struct option *option_find(const struct option *sets[2], struct str name)
{
    for (int s = 0; s < 2; s++) {
        for (const struct option *o = sets[s]; o && o->name; o++) {
            if (str_is(name, o->name)) {
                return o;
            }
        }
    }
    return NULL;
}

int cmd_options(struct cmd *c, int argc, char **argv, const struct option *options, char **words,
                int *n)
{
    const struct option common[] = { { "--store", &c->store, NULL },
                                     { "--json", NULL, &c->json },
                                     { "--quiet", NULL, &c->quiet },
                                     { 0 } };
    const struct option *sets[2] = { options, common };
    if (words) {
        *n = 0;
    }
    bool only_words = false;
    for (int i = 0; i < argc; i++) {
        char *w = argv[i];
        if (only_words || w[0] != '-' || w[1] != '-') {
            if (!words) {
                return cmd_use(c, "unexpected word '%s'", w);
            }
            words[(*n)++] = w;
            continue;
        }
        if (w[2] == 0) {
            only_words = true;
            continue;
        }
        const char *eq = strchr(w, '=');
        struct str name = { w, eq ? (size_t)(eq - w) : strlen(w) };
        const struct option *o = option_find(sets, name);
        if (!o) {
            const char *near = nearest(w, sets);
            return near ? cmd_use(c, "unknown option '%s'; did you mean %s?", w, near)
                        : cmd_use(c, "unknown option '%s'", w);
        }
        if (o->flag) {
            *o->flag = true;
        } else if (eq) {
            *o->value = eq + 1;
        } else if (i + 1 < argc) {
            *o->value = argv[++i];
        } else {
            return cmd_use(c, "%s needs a value", o->name);
        }
    }
    return 0;
}

#define USE_MAX 1024 /* a sentence about a wrong use */

static void print_error(struct cmd *c, const char *name, const char *detail)
{
    struct text t;
    struct json_out o;
    text_init(&t, c->arena, 1u << 16);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "error", str_of(name));
    json_put_str(&o, "detail", str_of(detail));
    json_close(&o, '}');
    fprintf(stderr, STR_FMT "\n", STR_ARG(text_str(&t)));
}

int cmd_use(struct cmd *c, const char *fmt, ...)
{
    char said[USE_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(said, sizeof said, fmt, ap);
    va_end(ap);
    if (c->json) {
        print_error(c, "use", said);
    } else {
        fprintf(stderr, "sunkeeper %s: %s\n  help: sunkeeper %s --help\n", c->command, said,
                c->command);
    }
    return EXIT_USE;
}

int cmd_exit_code(enum err_code code)
{
    switch (code) {
    case OK:
        return EXIT_DONE;
    case ERR_INPUT:
    case ERR_NOT_FOUND:
    case ERR_RULE:
    case ERR_CONFLICT:
    case ERR_GAP:
    case ERR_WEIGHT:
    case ERR_LIMIT:
        return EXIT_REFUSED;
    default:
        return EXIT_STORE;
    }
}

int cmd_error(struct cmd *c, const struct err *e)
{
    if (c->json) {
        print_error(c, e->name ? e->name : err_word(e->code), e->text);
    } else {
        fprintf(stderr, "sunkeeper %s: %s\n", c->command, e->text);
    }
    return cmd_exit_code(e->code);
}

enum err_code cmd_read_file(struct arena *a, const char *path, size_t max, struct str *out,
                            struct err *e)
{
    FILE *f = fopen(path, "rb");
    if (!f) {
        return fail(e, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path, strerror(errno));
    }
    struct text t;
    text_init(&t, a, max);
    char buf[65536];
    size_t got;
    while ((got = fread(buf, 1, sizeof buf, f)) > 0 && !t.cut) {
        text_add(&t, (struct str){ buf, got });
    }
    bool bad = ferror(f) != 0;
    fclose(f);
    if (bad) {
        return fail(e, ERR_IO, "%s: cannot be read: %s", path, strerror(errno));
    }
    if (t.cut) {
        return fail(e, ERR_LIMIT, "%s: larger than %zu bytes", path, max);
    }
    *out = text_str(&t);
    return OK;
}
