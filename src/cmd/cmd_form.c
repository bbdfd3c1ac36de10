/* cmd_form.c - strategies for those who do not read code: everything a form needs, and two versions
 * compared in words. The form is docs/form.schema.json.
 */
#include "cmd/form.h"
#include "cmd/case.h"
#include "cmd/library.h"
#include "settle/settle.h"
#include <unistd.h>

#define MESSAGES_MAX (4u << 20)
#define FORM_MAX (4u << 20) /* bytes: 256 names with their words */

const char *const LIFE_WORDS[] = { "",          "draft",  "tested", "shadowed",
                                   "requested", "active", "retired" };
static const char *const KINDS[] = { "meter", "series", "price", "param", "input", "state" };
static const char *const TYPES[] = { "number", "choice", "yes_no", "table" };
static const char *const LEVELS[] = { "warn", "hold", "fail" };
static const char *const VATS[] = { "none", "included", "on_top" };

/* ---- which strategy ----------------------------------------------------------------------------
 */

static enum err_code file_open(struct cmd *c, const char *path, struct source *out, struct err *e)
{
    struct str text;
    struct strategy_library library;
    struct strategy_messages m = { 0 };
    struct strategy *s;
    if (cmd_read_file(c->arena, path, STRATEGY_TEXT_MAX, &text, e) != OK) {
        return e->code;
    }
    library_beside(c->arena, path, &library);
    enum err_code code = strategy_load(c->arena, str_of(path), text, &library, NULL, 0, &s, &m, e);
    for (size_t i = 0; i < m.n; i++) {
        struct text t;
        text_init(&t, c->arena, MESSAGES_MAX);
        strategy_message_text(&t, &m.at[i]);
        fprintf(stderr, STR_FMT "\n", STR_ARG(text_str(&t)));
    }
    if (code == OK) {
        *out = (struct source){ .strategy = s };
    }
    return code;
}

static enum err_code stored_open(struct cmd *c, struct strategy_ref ref, struct source *out,
                                 struct err *e)
{
    struct db *db = NULL;
    struct strategy_text t;
    struct text messages;
    struct source s = { .stored = true };
    text_init(&messages, c->arena, MESSAGES_MAX);
    struct day today = instant_day(c->clock.now(c->clock.ctx));
    if (cmd_open(c, STORE_READ_ONLY, &db, e) == OK &&
        contract_strategy_get(db, c->arena, ref.name, ref.version, &t, e) == OK &&
        contract_life_get(db, c->arena, t.ref, today, &s.life, e) == OK &&
        settle_strategy_load(db, c->arena, t.ref, &s.strategy, &messages, e) == OK) {
        *out = s;
    }
    store_close(db);
    return e->code;
}

enum err_code source_open(struct cmd *c, const char *word, const char *folder, struct source *out,
                          struct err *e)
{
    struct str rest = str_of(word), name;
    e->code = OK;
    if (str_ends(rest, ".tally") || strchr(word, '/')) {
        return file_open(c, word, out, e);
    }
    if (strchr(word, '@')) {
        int64_t version;
        str_split(&rest, '@', &name);
        return decimal_scaled(rest, 0, &version, e) != OK || version < 0 || version > INT32_MAX
                   ? fail(e, ERR_INPUT, "%s: write NAME@VERSION, for example pv_selfuse@2", word)
                   : stored_open(c, (struct strategy_ref){ name, (int32_t)version }, out, e);
    }
    folder = folder ? folder : case_shared(c->arena, "strategies");
    const char *path = arena_printf(c->arena, "%s/%s.tally", folder, word);
    if (access(path, R_OK) != 0) {
        return fail(e, ERR_NOT_FOUND,
                    "%s: there is no such file; write a FILE.tally, a NAME of %s, or NAME@VERSION "
                    "of the store",
                    path, folder);
    }
    return file_open(c, path, out, e);
}

/* ---- the form ----------------------------------------------------------------------------------
 */

static void put_decimal(struct json_out *o, const char *key, struct decimal d)
{
    json_put_scaled(o, key, d.units, d.scale);
}

/* The role that points bound to a meter usually have: told by its name, "" when nothing tells. */
static const char *role_hint(const struct strategy_decl *d)
{
    static const char *const known[][2] = {
        { "gen", "generation" }, { "generation", "generation" }, { "export", "export" },
        { "feed", "export" },    { "import", "import" },         { "main", "import" },
        { "grid", "import" },    { "charge", "charge" },         { "discharge", "discharge" },
        { "load", "load" },      { "public", "public" },         { "self_use", "self_use" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (str_is(d->name, known[i][0])) {
            return known[i][1];
        }
    }
    return str_is(d->unit, "kvarh") ? "reactive" : str_is(d->unit, "m3") ? "flow" : "";
}

static void put_asked(struct json_out *o, struct arena *a, const struct strategy *s, size_t decl)
{
    const struct strategy_asked *asked;
    size_t n = strategy_asked(a, s, decl, &asked);
    if (n == 0) {
        return;
    }
    json_open(o, "asked_if", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(o, NULL, '{');
        json_put_str(o, "name", asked[i].name);
        json_open(o, "is", '[');
        for (size_t k = 0; k < asked[i].n_values; k++) {
            json_put_str(o, NULL, asked[i].values[k]);
        }
        json_close(o, ']');
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void put_default(struct json_out *o, const struct strategy_decl *d)
{
    if (d->type == STRATEGY_YES_NO) {
        json_put_bool(o, "default", str_is(d->default_text, "yes"));
    } else if (d->type == STRATEGY_CHOICE) {
        json_put_str(o, "default", d->default_text);
    } else {
        put_decimal(o, "default", d->default_number);
    }
}

static void put_range(struct json_out *o, const struct strategy_decl *d)
{
    if (d->has_min) {
        put_decimal(o, "min", d->min);
    }
    if (d->has_max) {
        put_decimal(o, "max", d->max);
    }
    if (d->has_typical) {
        json_open(o, "typical", '{');
        put_decimal(o, "from", d->low);
        put_decimal(o, "to", d->high);
        json_close(o, '}');
    }
}

static void put_decl(struct json_out *o, struct arena *a, const struct strategy *s, size_t decl)
{
    const struct strategy_decl *d;
    strategy_decls(s, &d);
    d += decl;
    bool value =
        d->kind != STRATEGY_METER && d->kind != STRATEGY_SERIES && d->kind != STRATEGY_PRICE;
    json_open(o, NULL, '{');
    json_put_str(o, "name", d->name);
    json_put_str(o, "label", d->title);
    if (d->type != STRATEGY_CHOICE && d->type != STRATEGY_YES_NO) {
        json_put_str(o, "unit", d->unit);
        json_put_int(o, "scale", d->scale);
    }
    if (d->kind == STRATEGY_METER) {
        json_put_str(o, "role", str_of(role_hint(d)));
    }
    if (d->window.n) {
        json_put_str(o, "window", d->window);
    }
    if (value) {
        json_put_str(o, "type", str_of(TYPES[d->type]));
        put_range(o, d);
        json_put_bool(o, "optional", d->optional);
    }
    if (d->n_choices) {
        json_open(o, "choices", '[');
        for (size_t i = 0; i < d->n_choices; i++) {
            json_put_str(o, NULL, d->choices[i]);
        }
        json_close(o, ']');
    }
    if (d->has_default) {
        put_default(o, d);
    }
    if (d->per_year) {
        json_put_bool(o, "per_year", true);
    }
    put_asked(o, a, s, decl);
    json_close(o, '}');
}

static void put_kind(struct json_out *o, struct arena *a, const struct strategy *s, const char *key,
                     enum strategy_kind kind, struct str group)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(s, &d);
    json_open(o, key, '[');
    for (size_t i = 0; i < n; i++) {
        if (d[i].kind == kind && str_eq(d[i].group, group)) {
            put_decl(o, a, s, i);
        }
    }
    json_close(o, ']');
}

static void put_groups(struct json_out *o, struct arena *a, const struct strategy *s,
                       struct str outer, struct str path)
{
    const struct strategy_group *g;
    size_t n = strategy_groups(s, &g);
    json_open(o, "groups", '[');
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(g[i].of, outer)) {
            continue;
        }
        struct str inner =
            path.n ? str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(g[i].name)))
                   : g[i].name;
        json_open(o, NULL, '{');
        json_put_str(o, "name", g[i].name);
        json_put_str(o, "label", g[i].title);
        json_put_bool(o, "members_are_parties", g[i].party && g[i].party_name.n == 0);
        json_put_str(o, "party", g[i].party_name);
        json_put_str(o, "own_unit", g[i].unit);
        put_kind(o, a, s, "meters", STRATEGY_METER, inner);
        put_kind(o, a, s, "series", STRATEGY_SERIES, inner);
        put_kind(o, a, s, "parameters", STRATEGY_PARAM, inner);
        put_kind(o, a, s, "inputs", STRATEGY_INPUT, inner);
        put_groups(o, a, s, g[i].name, inner);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void put_bills(struct json_out *o, struct arena *a, const struct strategy *s)
{
    const struct strategy_bill *b;
    const struct strategy_alarm *f;
    size_t n = strategy_bills(a, s, &b);
    json_open(o, "lines", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(o, NULL, '{');
        json_put_str(o, "code", b[i].code);
        json_put_str(o, "label", b[i].title);
        json_put_str(o, "payer", b[i].payer);
        json_put_str(o, "payee", b[i].payee);
        json_put_str(o, "settled_by", b[i].settled_by);
        json_put_str(o, "vat", str_of(VATS[b[i].vat]));
        json_put_str(o, "vat_rate", b[i].vat_rate);
        json_put_str(o, "when", b[i].when);
        json_close(o, '}');
    }
    json_close(o, ']');
    n = strategy_alarms(a, s, &f);
    json_open(o, "flags", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(o, NULL, '{');
        json_put_str(o, "code", f[i].code);
        json_put_str(o, "label", f[i].title);
        json_put_str(o, "level", str_of(LEVELS[f[i].level]));
        json_put_str(o, "when", f[i].when);
        json_close(o, '}');
    }
    json_close(o, ']');
}

static void put_head(struct json_out *o, struct arena *a, const struct source *src)
{
    const struct strategy *s = src->strategy;
    struct sha256 hash = strategy_hash(s);
    struct text hex;
    text_init(&hex, a, 2 * sizeof hash.b + 1);
    text_hex(&hex, hash.b, sizeof hash.b);
    json_put_str(o, "schema", STR("sunkeeper.form/1"));
    json_put_str(o, "strategy", strategy_name(s));
    json_put_str(o, "title", strategy_title(s));
    json_put_str(o, "about", strategy_about(s));
    json_put_str(o, "hash", text_str(&hex));
    if (src->stored) {
        json_put_int(o, "version", src->life.ref.version);
        json_put_str(o, "state", str_of(LIFE_WORDS[src->life.state]));
    }
}

static void form_print(struct cmd *c, const struct source *src)
{
    const struct strategy *s = src->strategy;
    const struct str top = STR("");
    const struct str *list;
    struct json_out o;
    struct text t;
    text_init(&t, c->arena, FORM_MAX);
    json_out_init(&o, &t, true);
    json_open(&o, NULL, '{');
    put_head(&o, c->arena, src);
    size_t n = strategy_parties(s, &list);
    json_open(&o, "parties", '[');
    for (size_t i = 0; i < n; i++) {
        json_put_str(&o, NULL, list[i]);
    }
    json_close(&o, ']');
    put_kind(&o, c->arena, s, "meters", STRATEGY_METER, top);
    put_kind(&o, c->arena, s, "series", STRATEGY_SERIES, top);
    put_kind(&o, c->arena, s, "prices", STRATEGY_PRICE, top);
    n = strategy_windows(s, &list);
    json_open(&o, "windows", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(&o, NULL, '{');
        json_put_str(&o, "name", list[i]);
        json_put_str(&o, "label", strategy_window_title(s, i));
        json_close(&o, '}');
    }
    json_close(&o, ']');
    put_kind(&o, c->arena, s, "parameters", STRATEGY_PARAM, top);
    put_kind(&o, c->arena, s, "inputs", STRATEGY_INPUT, top);
    put_kind(&o, c->arena, s, "states", STRATEGY_STATE, top);
    put_groups(&o, c->arena, s, top, top);
    put_bills(&o, c->arena, s);
    json_close(&o, '}');
    printf(STR_FMT "\n", STR_ARG(text_str(&t)));
}

/* ---- describe, diff ----------------------------------------------------------------------------
 */

static void text_range(struct text *t, bool has_min, struct decimal min, bool has_max,
                       struct decimal max)
{
    if (has_min) {
        text_decimal(t, min.units, min.scale, 0);
    }
    text_add_c(t, "..");
    if (has_max) {
        text_decimal(t, max.units, max.scale, 0);
    }
}

static struct str choices_text(struct cmd *c, const struct strategy_decl *d)
{
    struct text t;
    text_init(&t, c->arena, 4096);
    for (size_t i = 0; i < d->n_choices; i++) {
        text_add_c(&t, i ? " | " : "");
        text_add(&t, d->choices[i]);
    }
    if (d->type == STRATEGY_YES_NO) {
        text_add_c(&t, "yes | no");
    } else if (d->type != STRATEGY_CHOICE) {
        text_add(&t, d->unit);
    }
    if (d->has_min || d->has_max) {
        text_add_c(&t, " ");
        text_range(&t, d->has_min, d->min, d->has_max, d->max);
    }
    if (d->has_typical) {
        text_add_c(&t, ", usually ");
        text_range(&t, true, d->low, true, d->high);
    }
    return text_str(&t);
}

static void table_describe(struct cmd *c, const struct strategy *s)
{
    static const char *const titles[] = { "kind",   "name",    "of",   "type", "unit or choices",
                                          "needed", "default", "title" };
    static const char *const keys[] = { "kind", "name",   "group",   "type",
                                        "unit", "needed", "default", "title" };
    const struct strategy_decl *d;
    size_t count = strategy_decls(s, &d);
    struct table *t = table_new(c->arena, "llllllll", titles, keys);
    for (size_t i = 0; i < count; i++) {
        table_cell(t, str_of(KINDS[d[i].kind]));
        table_cell(t, d[i].name);
        table_cell(t, d[i].group);
        table_cell(t, str_of(TYPES[d[i].type]));
        table_cell(t, choices_text(c, &d[i]));
        table_cell(t, str_of(d[i].optional ? "optional" : d[i].has_default ? "default" : "yes"));
        table_cell(t, d[i].default_text);
        table_cell(t, d[i].title);
    }
    printf(STR_FMT " " STR_FMT "\n", STR_ARG(strategy_name(s)), STR_ARG(strategy_title(s)));
    if (strategy_about(s).n) {
        printf(STR_FMT "\n", STR_ARG(strategy_about(s)));
    }
    printf("\n");
    table_print(t, c, stdout);
}

static int describe_command(struct cmd *c, int argc, char **argv)
{
    const char *folder = NULL, *version = NULL;
    struct option options[] = { { "--library", &folder, NULL },
                                { "--version", &version, NULL },
                                { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    struct err e = { 0 };
    struct source s;
    if (code || n != 1) {
        return code ? code : cmd_use(c, "name one strategy: NAME, NAME@VERSION or FILE.tally");
    }
    const char *word = version ? arena_printf(c->arena, "%s@%s", words[0], version) : words[0];
    if (source_open(c, word, folder, &s, &e) != OK) {
        return cmd_error(c, &e);
    }
    if (c->json) {
        form_print(c, &s);
    } else {
        table_describe(c, s.strategy);
    }
    return EXIT_DONE;
}

/* What the differences amount to: "same text", "same meaning", "different". */
static const char *verdict_of(const struct source *s, const struct strategy_change *ch, size_t n)
{
    struct sha256 x = strategy_hash(s[0].strategy), y = strategy_hash(s[1].strategy);
    bool meaning = false;
    for (size_t i = 0; i < n; i++) {
        meaning = meaning || ch[i].meaning;
    }
    return memcmp(x.b, y.b, sizeof x.b) == 0 ? "same text" : meaning ? "different" : "same meaning";
}

static void diff_json(struct cmd *c, const struct source *s, const struct strategy_change *ch,
                      size_t n, bool chinese)
{
    struct text t;
    struct json_out o;
    text_init(&t, c->arena, FORM_MAX);
    json_out_init(&o, &t, true);
    json_open(&o, NULL, '{');
    json_put_str(&o, "verdict", str_of(verdict_of(s, ch, n)));
    json_open(&o, "changes", '[');
    for (size_t i = 0; i < n; i++) {
        struct text words;
        text_init(&words, c->arena, FORM_MAX);
        strategy_change_text(&words, &ch[i], chinese);
        json_open(&o, NULL, '{');
        json_put_str(&o, "name", ch[i].name);
        json_put_str(&o, "aspect", str_of(ch[i].aspect));
        if (ch[i].before.at) {
            json_put_str(&o, "before", ch[i].before);
        }
        if (ch[i].after.at) {
            json_put_str(&o, "after", ch[i].after);
        }
        json_put_bool(&o, "meaning", ch[i].meaning);
        json_put_str(&o, "words", text_str(&words));
        json_close(&o, '}');
    }
    json_close(&o, ']');
    json_close(&o, '}');
    printf(STR_FMT "\n", STR_ARG(text_str(&t)));
}

static void diff_words(struct cmd *c, const struct source *s, const struct strategy_change *ch,
                       size_t n, bool chinese)
{
    const char *verdict = verdict_of(s, ch, n);
    for (size_t i = 0; i < n; i++) {
        struct text t;
        text_init(&t, c->arena, FORM_MAX);
        strategy_change_text(&t, &ch[i], chinese);
        printf(STR_FMT "\n", STR_ARG(text_str(&t)));
    }
    if (strcmp(verdict, "same text") == 0) {
        printf("%s\n",
               chinese ? "文本相同（规范文本的哈希一致）" : "the same text (canonical hash)");
    } else if (strcmp(verdict, "same meaning") == 0) {
        printf("%s\n", chinese ? "含义未变：只有名称、说明、次序或排版不同"
                               : "the meaning is unchanged: only titles, words, order or layout "
                                 "differ");
    } else {
        printf(chinese ? "共 %zu 处不同\n" : "%zu differences\n", n);
    }
}

static int diff_command(struct cmd *c, int argc, char **argv)
{
    const char *folder = NULL;
    bool chinese = false;
    struct option options[] = { { "--library", &folder, NULL }, { "--zh", NULL, &chinese }, { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    struct err e = { 0 };
    struct source s[2];
    const struct strategy_change *changes;
    if (code || n != 2) {
        return code ? code : cmd_use(c, "name two: each NAME, NAME@VERSION or FILE.tally");
    }
    if (source_open(c, words[0], folder, &s[0], &e) != OK ||
        source_open(c, words[1], folder, &s[1], &e) != OK) {
        return cmd_error(c, &e);
    }
    size_t count = strategy_diff(c->arena, s[0].strategy, s[1].strategy, &changes);
    if (c->json) {
        diff_json(c, s, changes, count, chinese);
    } else {
        diff_words(c, s, changes, count, chinese);
    }
    return EXIT_DONE;
}

/* ---- remarks -----------------------------------------------------------------------------------
 */

static int decimal_order(struct decimal x, struct decimal y)
{
    __int128 a = x.units, b = y.units;
    for (int i = x.scale; i < y.scale; i++) {
        a *= 10;
    }
    for (int i = y.scale; i < x.scale; i++) {
        b *= 10;
    }
    return a < b ? -1 : a > b;
}

static void remark(const struct strategy_decl *d, const struct term_setting *s)
{
    struct decimal v;
    if (s->kind != TERM_TEXT || d->type != STRATEGY_NUMBER || !d->has_typical ||
        decimal_parse(s->text, &v, NULL) != OK ||
        (decimal_order(v, d->low) >= 0 && decimal_order(v, d->high) <= 0)) {
        return;
    }
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 256);
    text_range(&t, true, d->low, true, d->high);
    fprintf(stderr,
            "remark: " STR_FMT " " STR_FMT " is " STR_FMT ", usually " STR_FMT " " STR_FMT "\n",
            STR_ARG(d->name), STR_ARG(d->title), STR_ARG(s->text), STR_ARG(text_str(&t)),
            STR_ARG(d->unit));
    arena_free(a);
}

static void part_remarks(const struct strategy *s, const struct term_part *p, struct str path)
{
    const struct strategy_decl *d;
    size_t n = strategy_decls(s, &d);
    for (size_t i = 0; i < p->n_settings; i++) {
        for (size_t k = 0; k < n; k++) {
            if (str_eq(d[k].group, path) && str_eq(d[k].name, p->settings[i].name)) {
                remark(&d[k], &p->settings[i]);
            }
        }
    }
    for (size_t g = 0; g < p->n_groups; g++) {
        struct arena *a = arena_new();
        struct str inner = path.n ? str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(path),
                                                        STR_ARG(p->groups[g].name)))
                                  : p->groups[g].name;
        for (size_t m = 0; m < p->groups[g].n; m++) {
            part_remarks(s, &p->groups[g].members[m].part, inner);
        }
        arena_free(a);
    }
}

void contract_remarks(struct cmd *c, struct db *db, const struct contract *contract)
{
    const struct strategy *s;
    struct contract_terms terms;
    struct text messages;
    struct err e = { 0 };
    text_init(&messages, c->arena, MESSAGES_MAX);
    if (settle_strategy_load(db, c->arena, contract->strategy, &s, &messages, &e) == OK &&
        contract_terms_parse(c->arena, contract->terms, &terms, &e) == OK) {
        part_remarks(s, &terms.top, STR(""));
    }
}

const struct command form_commands[] = {
    { "strategy describe", "NAME|NAME@VERSION|FILE.tally [--version N] [--library DIR] [--json]",
      "what a contract must give: names, units, choices; --json: all a form needs",
      "  sunkeeper strategy describe pv_selfuse --json\n", describe_command },
    { "strategy diff", "A B [--zh] [--library DIR] [--json]",
      "two strategies compared in words; each a NAME, NAME@VERSION or FILE.tally",
      "  sunkeeper strategy diff pv_selfuse@1 pv_selfuse@2 --zh\n", diff_command },
    { 0 },
};
