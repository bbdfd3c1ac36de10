/* library.c - strategy texts in a folder: NAME.tally for `use NAME`. */
#include "cmd/library.h"

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
