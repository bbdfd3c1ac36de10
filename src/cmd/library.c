/* library.c - strategy texts in a folder: NAME.tally for `use NAME`, and their way into a store. */
#include "cmd/library.h"
#include "settle/settle.h"

struct folder {
    struct arena *arena;
    const char *path;
};

static bool name_plain(struct str name)
{
    return name.n > 0 && name.n <= 64 && !memchr(name.at, '/', name.n) &&
           !memchr(name.at, '.', name.n);
}

static bool folder_find(void *ctx, struct str name, struct str *file, struct str *text)
{
    const struct folder *f = ctx;
    struct err e = { 0 };
    if (!name_plain(name)) {
        return false;
    }
    const char *path = arena_printf(f->arena, "%s/" STR_FMT ".tally", f->path, STR_ARG(name));
    if (cmd_read_file(f->arena, path, STRATEGY_TEXT_MAX, text, &e) != OK) {
        return false;
    }
    *file = str_of(path);
    return true;
}

void library_in(struct arena *a, const char *folder, struct strategy_library *out)
{
    struct folder *f = arena_make(a, struct folder);
    *f = (struct folder){ a, folder };
    *out = (struct strategy_library){ f, folder_find };
}

void library_beside(struct arena *a, const char *path, struct strategy_library *out)
{
    const char *slash = strrchr(path, '/');
    library_in(a, slash ? arena_copy(a, path, (size_t)(slash - path)) : ".", out);
}

/* ---- into a store ---- */

#define USES_DEEP 8 /* libraries of libraries; the deepest text of ours has two */

/* The first line of the text that is neither empty nor a comment. */
static struct str head_of(struct str text)
{
    struct str line = { 0 };
    while (str_split(&text, '\n', &line)) {
        line = str_trim(line);
        if (line.n > 0 && line.at[0] != '#') {
            return line;
        }
    }
    return STR("");
}

/* What stands between the quotes of the first line; without quotes the name. */
static struct str title_of(struct str head, struct str name)
{
    struct str rest = head, before, title;
    bool quoted = str_split(&rest, '"', &before) && str_split(&rest, '"', &title);
    return quoted && title.n > 0 ? title : name;
}

struct shop {
    struct db *db;
    struct arena *arena;
    struct strategy_library library;
    struct instant now;
    struct text *messages;
    bool draft;
};

static enum err_code text_publish(struct shop *s, const char *file, int deep,
                                  struct strategy_text *out, bool *fresh, struct err *e)
{
    struct str text, line, rest;
    struct strategy_ref uses[STRATEGY_USES_MAX];
    size_t n_uses = 0;
    if (cmd_read_file(s->arena, file, STRATEGY_TEXT_MAX, &text, e) != OK) {
        return e->code;
    }
    rest = text;
    while (str_split(&rest, '\n', &line)) {
        struct str name = str_trim(line), used_file, used_text;
        if (!str_starts(name, "use ")) {
            continue;
        }
        name = str_trim((struct str){ name.at + 4, name.n - 4 });
        struct strategy_text used;
        bool used_fresh;
        if (n_uses == STRATEGY_USES_MAX || deep == USES_DEEP) {
            return fail(e, ERR_LIMIT, "%s: at most %d libraries, %d deep", file, STRATEGY_USES_MAX,
                        USES_DEEP);
        }
        if (!s->library.find(s->library.ctx, name, &used_file, &used_text)) {
            return fail(e, ERR_NOT_FOUND, "%s: use " STR_FMT ": no such file beside it", file,
                        STR_ARG(name));
        }
        if (text_publish(s, used_file.at, deep + 1, &used, &used_fresh, e) != OK) {
            return e->code;
        }
        uses[n_uses++] = used.ref;
    }
    const char *slash = strrchr(file, '/');
    struct str name = str_of(slash ? slash + 1 : file), head = head_of(text);
    name.n -= str_ends(name, ".tally") ? 6 : 0;
    if (!str_starts(head, "library ") &&
        settle_strategy_check(s->db, s->arena, name, text, uses, n_uses, s->messages, e) != OK) {
        return fail_in(e, "%s: ", file);
    }
    struct str title = title_of(head, name);
    return s->draft ? contract_strategy_draft(s->db, s->arena, name, title, text, uses, n_uses,
                                              s->now, out, fresh, e)
                    : contract_strategy_publish(s->db, s->arena, name, title, text, uses, n_uses,
                                                s->now, out, fresh, e);
}

enum err_code library_publish(struct db *db, struct arena *a, const char *file, struct instant now,
                              struct text *messages, struct strategy_text *out, bool *fresh,
                              struct err *e)
{
    struct shop s = { db, a, { 0 }, now, messages, false };
    library_beside(a, file, &s.library);
    return text_publish(&s, file, 0, out, fresh, e);
}

enum err_code library_draft(struct db *db, struct arena *a, const char *file, struct instant now,
                            struct text *messages, struct strategy_text *out, bool *fresh,
                            struct err *e)
{
    struct shop s = { db, a, { 0 }, now, messages, true };
    library_beside(a, file, &s.library);
    return text_publish(&s, file, 0, out, fresh, e);
}
