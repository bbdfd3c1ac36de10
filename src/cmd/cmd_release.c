/* cmd_release.c - the life of a strategy version at the desk: shadow run, release with its golden
 * cases, activation by a second person, contracts that keep their version.
 */
#include "cmd/case.h"
#include "cmd/form.h"
#include "cmd/steps.h"
#include "contract/contract.h"
#include "settle/settle.h"
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MESSAGES_MAX (1u << 20)
#define SHADOW_JSON_MAX                                                                            \
    (64u << 20)                 /* 15,000 orders of ten lines, 200 bytes each, and half again      \
                                 */
#define SHADOW_CHANGES_MAX 4096 /* nine changes of two titles or names of 200 bytes each */
#define CASES_MAX 10000         /* golden cases of one strategy; the largest has some 50 */

struct desk {
    struct cmd *c;
    struct db *db;
    struct scope scope;
    int64_t user_id;
    struct instant now;
    struct strategy_ref ref;
    struct day from;
    struct err e;
    const char *name, *as, *version, *day, *period, *cases, *library, *sign, *reason, *note;
    bool all, off;
};

/* Options, the store and whose eyes; the strategy's version where one is named. */
static int desk_open(struct cmd *c, int argc, char **argv, struct desk *d, enum store_mode mode,
                     const char *what)
{
    struct option options[] = { { "--as", &d->as, NULL },       { "--version", &d->version, NULL },
                                { "--from", &d->day, NULL },    { "--period", &d->period, NULL },
                                { "--cases", &d->cases, NULL }, { "--library", &d->library, NULL },
                                { "--sign", &d->sign, NULL },   { "--reason", &d->reason, NULL },
                                { "--note", &d->note, NULL },   { "--all", NULL, &d->all },
                                { "--off", NULL, &d->off },     { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int64_t version = 0;
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    d->c = c;
    d->now = c->clock.now(c->clock.ctx);
    if (n != 1) {
        return cmd_use(c, "name %s", what);
    }
    d->name = words[0];
    if ((d->version && (decimal_scaled(str_of(d->version), 0, &version, &d->e) != OK ||
                        version < 1 || version > INT32_MAX)) ||
        (d->day && day_parse(str_of(d->day), &d->from, &d->e) != OK)) {
        return cmd_use(c, "--version is a number from 1, --from a day such as 2026-08-01");
    }
    if (cmd_open(c, mode, &d->db, &d->e) != OK ||
        cmd_scope(c, d->db, d->as, &d->scope, &d->user_id, &d->e) != OK) {
        store_close(d->db);
        return cmd_error(c, &d->e);
    }
    d->ref = (struct strategy_ref){ str_of(d->name), (int32_t)version };
    return 0;
}

static int desk_close(struct desk *d, enum err_code code)
{
    store_rollback(d->db, STORE_CORE);
    store_close(d->db);
    return code == OK ? EXIT_DONE : cmd_error(d->c, &d->e);
}

static enum err_code desk_commit(struct desk *d, const char *action)
{
    if (cmd_audit(d->db, d->user_id, 0, action, d->name, d->ref.version, d->now, &d->e) != OK) {
        return d->e.code;
    }
    return store_commit(d->db, STORE_CORE, &d->e);
}

/* ---- versions ----------------------------------------------------------------------------------
 */

static void cell_day(struct cmd *c, struct table *t, struct day day, const char *otherwise)
{
    struct text x;
    text_init(&x, c->arena, 16);
    if (day.yyyymmdd) {
        text_day(&x, day);
        table_cell(t, text_str(&x));
    } else {
        table_cell(t, str_of(otherwise));
    }
}

static int versions_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "version", "state", "from", "until", "approval" };
    static const char *const keys[] = { "version", "state", "from", "until", "approval_id" };
    struct desk d = { 0 };
    const struct strategy_life *l;
    size_t n;
    int code = desk_open(c, argc, argv, &d, STORE_READ_ONLY, "a strategy");
    if (code) {
        return code;
    }
    if (contract_life_list(d.db, c->arena, d.ref.name, instant_day(d.now), &l, &n, &d.e) != OK) {
        return desk_close(&d, d.e.code);
    }
    struct table *t = table_new(c->arena, "nlllr", titles, keys);
    for (size_t i = 0; i < n; i++) {
        bool dated = l[i].state >= LIFE_REQUESTED;
        table_cellf(t, "%d", (int)l[i].ref.version);
        table_cell(t, str_of(LIFE_WORDS[l[i].state]));
        cell_day(c, t, l[i].from, dated ? "the beginning" : "-");
        cell_day(c, t, l[i].state == LIFE_REQUESTED ? (struct day){ 0 } : l[i].until, "-");
        table_cellf(t, l[i].approval_id ? "%lld" : "-", (long long)l[i].approval_id);
    }
    table_print(t, c, stdout);
    return desk_close(&d, OK);
}

/* What proves the version, as it was kept: the newest of each kind, a JSON object per line. */
static int evidence_command(struct cmd *c, int argc, char **argv)
{
    static const char *const kinds[] = { "", "cases", "shadow" };
    struct desk d = { 0 };
    int code = desk_open(c, argc, argv, &d, STORE_READ_ONLY, "a strategy");
    if (code) {
        return code;
    }
    if (!d.ref.version) {
        store_close(d.db);
        return cmd_use(c, "write NAME --version N");
    }
    for (int kind = EVIDENCE_CASES; kind <= EVIDENCE_SHADOW; kind++) {
        struct strategy_evidence v;
        struct text at;
        if (contract_evidence_last(d.db, c->arena, d.ref, (enum evidence_kind)kind, &v, &d.e) !=
            OK) {
            if (d.e.code != ERR_NOT_FOUND) {
                return desk_close(&d, d.e.code);
            }
            continue;
        }
        text_init(&at, c->arena, 40);
        text_instant(&at, v.at);
        printf("{\"kind\":\"%s\",\"passed\":%s,\"at\":\"" STR_FMT "\",\"result\":" STR_FMT "}\n",
               kinds[kind], v.passed ? "true" : "false", STR_ARG(text_str(&at)), STR_ARG(v.body));
    }
    return desk_close(&d, OK);
}

/* ---- shadow run --------------------------------------------------------------------------------
 */

struct shadow_view {
    struct cmd *c;
    struct table *table;
    struct json_out *json;
    bool all;
};

/* One way in which a line differs, as people read it; "" : that side has none. */
struct change {
    unsigned bit;
    const char *word, *key;
    struct str old, now;
};
#define CHANGES 9 /* bits of enum shadow_differs; parties and who settles it are three words */

static struct str scaled_with(struct arena *a, bool has, int64_t value, int scale, struct str unit)
{
    struct text t;
    text_init(&t, a, 96);
    if (has) {
        text_scaled(&t, value, scale);
    }
    if (has && unit.n) {
        text_addf(&t, " " STR_FMT, STR_ARG(unit));
    }
    return text_str(&t);
}

static struct str rate_text(struct arena *a, int32_t vat_e6)
{
    return vat_e6 < 0 ? STR("none") : scaled_with(a, true, vat_e6, 6, STR(""));
}

/* What differs besides the amount, which has its own columns. */
static size_t line_changes(struct arena *a, const struct shadow_line *l, struct change *out)
{
    const struct settle_line *x = &l->old, *y = &l->now;
    const struct str none = STR("");
    const struct change all[CHANGES] = {
        { SHADOW_TITLE, "title", "title", x->title, y->title },
        { SHADOW_PARTIES, "payer", "payer", x->payer, y->payer },
        { SHADOW_PARTIES, "payee", "payee", x->payee, y->payee },
        { SHADOW_PARTIES, "settled by", "settled_by", x->settled_by, y->settled_by },
        { SHADOW_QUANTITY, "quantity", "quantity",
          scaled_with(a, x->has_quantity, x->quantity_e4, 4, x->unit),
          scaled_with(a, y->has_quantity, y->quantity_e4, 4, y->unit) },
        { SHADOW_PRICE, "price", "price",
          scaled_with(a, x->has_price, x->price_e6, 6, x->price_unit),
          scaled_with(a, y->has_price, y->price_e6, 6, y->price_unit) },
        { SHADOW_VAT_RATE, "VAT rate", "vat_rate", rate_text(a, x->vat_e6),
          rate_text(a, y->vat_e6) },
        { SHADOW_NET, "net", "net", scaled_with(a, true, x->net_fen, 2, none),
          scaled_with(a, true, y->net_fen, 2, none) },
        { SHADOW_VAT, "VAT", "vat", scaled_with(a, true, x->vat_fen, 2, none),
          scaled_with(a, true, y->vat_fen, 2, none) },
    };
    size_t n = 0;
    for (size_t i = 0; i < CHANGES; i++) {
        if ((l->differs & all[i].bit) && !str_eq(all[i].old, all[i].now)) {
            out[n++] = all[i];
        }
    }
    return n;
}

static void changes_json(struct json_out *o, struct arena *a, const struct shadow_line *l)
{
    struct change list[CHANGES];
    size_t n = line_changes(a, l, list);
    json_open(o, "changes", '{');
    for (size_t i = 0; i < n; i++) {
        json_open(o, list[i].key, '{');
        json_put_str(o, "old", list[i].old);
        json_put_str(o, "new", list[i].now);
        json_close(o, '}');
    }
    json_close(o, '}');
}

static struct str changes_text(struct arena *a, const struct shadow_line *l)
{
    struct change list[CHANGES];
    size_t n = line_changes(a, l, list);
    struct text t;
    text_init(&t, a, SHADOW_CHANGES_MAX);
    if (l->differs & SHADOW_PRESENCE) {
        text_add(&t, l->was ? STR("line gone") : STR("new line"));
    }
    for (size_t i = 0; i < n; i++) {
        text_addf(&t, "%s%s " STR_FMT " -> " STR_FMT, i ? "; " : "", list[i].word,
                  STR_ARG(list[i].old.n ? list[i].old : STR("none")),
                  STR_ARG(list[i].now.n ? list[i].now : STR("none")));
    }
    return text_str(&t);
}

static void order_json(struct json_out *o, struct arena *a, const struct shadow_order *s, bool all)
{
    json_open(o, NULL, '{');
    json_put_str(o, "order", s->order_no);
    json_put_scaled(o, "old", s->old_fen, 2);
    json_put_scaled(o, "new", s->new_fen, 2);
    if (s->failed) {
        json_put_str(o, "failure", s->failure);
    }
    json_open(o, "lines", '[');
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct shadow_line *l = &s->lines[i];
        const struct settle_line *shown = l->is ? &l->now : &l->old;
        if (!all && !l->differs) {
            continue;
        }
        json_open(o, NULL, '{');
        json_put_str(o, "code", shown->code);
        json_put_str(o, "payer", shown->payer);
        json_put_str(o, "payee", shown->payee);
        if (l->was) {
            json_put_scaled(o, "old", l->old.fen, 2);
        }
        if (l->is) {
            json_put_scaled(o, "new", l->now.fen, 2);
        }
        json_put_scaled(o, "difference", l->now.fen - l->old.fen, 2);
        if (l->differs && l->was && l->is) {
            changes_json(o, a, l);
        }
        json_close(o, '}');
    }
    json_close(o, ']');
    json_close(o, '}');
}

static void order_rows(struct shadow_view *v, const struct shadow_order *s)
{
    struct arena *a = v->c->arena;
    struct str no = str_dup(a, s->order_no);
    for (size_t i = 0; i < s->n_lines && !s->failed; i++) {
        const struct shadow_line *l = &s->lines[i];
        const struct settle_line *shown = l->is ? &l->now : &l->old;
        if (!v->all && !l->differs) {
            continue;
        }
        table_cell(v->table, no);
        table_cell(v->table, str_dup(a, shown->code));
        table_cell(v->table, str_dup(a, shown->title));
        table_cell(v->table, l->was ? money_text(a, l->old.fen) : STR("-"));
        table_cell(v->table, l->is ? money_text(a, l->now.fen) : STR("-"));
        table_cell(v->table, money_text(a, l->now.fen - l->old.fen));
        table_cell(v->table, changes_text(a, l));
    }
    if (s->failed) {
        table_cell(v->table, no);
        table_cell(v->table, STR("FAILED"));
        table_cell(v->table, str_dup(a, s->failure));
        table_cell(v->table, money_text(a, s->old_fen));
        table_cell(v->table, STR("-"));
        table_cell(v->table, STR("-"));
        table_cell(v->table, STR(""));
    }
}

static void order_seen(void *ctx, const struct shadow_order *o)
{
    struct shadow_view *v = ctx;
    if (!v->all && !o->failed && o->n_changed == 0) {
        return;
    }
    if (v->json) {
        order_json(v->json, v->c->arena, o, v->all);
    } else {
        order_rows(v, o);
    }
}

static void total_json(struct json_out *o, const struct desk *d, const struct shadow_total *t)
{
    json_put_str(o, "strategy", d->ref.name);
    json_put_int(o, "version", d->ref.version);
    json_put_str(o, "period", str_of(d->period));
    json_put_int(o, "orders", t->orders);
    json_put_int(o, "same", t->same);
    json_put_int(o, "changed", t->changed);
    json_put_int(o, "failed", t->failed);
    json_put_int(o, "unsettled", t->unsettled);
    json_put_int(o, "lines_total", t->lines);
    json_put_int(o, "lines_changed", t->lines_changed);
    json_put_scaled(o, "old", t->old_fen, 2);
    json_put_scaled(o, "new", t->new_fen, 2);
    json_put_scaled(o, "difference", t->new_fen - t->old_fen, 2);
}

static enum err_code shadow_keep(struct desk *d, const struct shadow_total *t)
{
    struct text body;
    struct json_out o;
    text_init(&body, d->c->arena, EVIDENCE_BODY_MAX);
    json_out_init(&o, &body, false);
    json_open(&o, NULL, '{');
    total_json(&o, d, t);
    json_close(&o, '}');
    const struct strategy_evidence v = {
        .kind = EVIDENCE_SHADOW, .passed = t->failed == 0, .hash = t->hash, .body = text_str(&body)
    };
    if (store_begin(d->db, STORE_CORE, STORE_WRITE, &d->e) != OK ||
        contract_evidence_put(d->db, d->c->arena, d->ref, &v, d->now, &d->e) != OK) {
        return d->e.code;
    }
    return desk_commit(d, "strategy.shadow");
}

static void shadow_print(struct desk *d, const struct shadow_view *v, const struct shadow_total *t,
                         struct text *json)
{
    struct cmd *c = d->c;
    if (v->json) {
        json_close(v->json, ']');
        total_json(v->json, d, t);
        json_close(v->json, '}');
        printf(STR_FMT "\n", STR_ARG(text_str(json)));
        return;
    }
    if (table_rows(v->table) > 0) {
        table_print(v->table, c, stdout);
    }
    printf("%lld orders: %lld the same, %lld changed, %lld failed, %lld not settled in %s\n",
           (long long)t->orders, (long long)t->same, (long long)t->changed, (long long)t->failed,
           (long long)t->unsettled, d->period);
    printf("%lld of %lld lines differ; total " STR_FMT " -> " STR_FMT ", difference " STR_FMT
           " yuan\n",
           (long long)t->lines_changed, (long long)t->lines,
           STR_ARG(money_text(c->arena, t->old_fen)), STR_ARG(money_text(c->arena, t->new_fen)),
           STR_ARG(money_text(c->arena, t->new_fen - t->old_fen)));
}

static int shadow_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "order", "code",       "title",       "old",
                                          "new",   "difference", "what differs" };
    struct desk d = { 0 };
    struct shadow_total total = { 0 };
    struct text t;
    struct json_out o;
    int code = desk_open(c, argc, argv, &d, STORE_READ_WRITE, "a strategy");
    if (code) {
        return code;
    }
    struct settle_shadow wish = { .version = d.ref, .order = order_seen };
    if (!d.ref.version || !d.period || cmd_period(d.period, &wish.period, &d.e) != OK) {
        store_close(d.db);
        return cmd_use(c, "write NAME --version N --period 2026-06");
    }
    text_init(&t, c->arena, SHADOW_JSON_MAX);
    json_out_init(&o, &t, false);
    struct shadow_view view = { c, table_new(c->arena, "lllrrrl", titles, titles),
                                c->json ? &o : NULL, d.all };
    wish.ctx = &view;
    json_open(&o, NULL, '{');
    json_open(&o, "orders_changed", '[');
    if (settle_shadow(d.db, c->arena, d.scope, &wish, &total, &d.e) != OK ||
        shadow_keep(&d, &total) != OK) {
        return desk_close(&d, d.e.code);
    }
    shadow_print(&d, &view, &total, &t);
    code = desk_close(&d, OK);
    return total.failed ? EXIT_REFUSED : code;
}

/* ---- the golden cases of a version --------------------------------------------------------------
 */

struct bench {
    struct desk *d;
    const char *folder; /* of the text under test, beside its bindings; removed at the end */
    const char *cases;
    char **files; /* names in `cases`, sorted */
    size_t n, failed;
    struct text made; /* paths to remove, one per line */
    struct sha256 hash;
};

static int by_name(const void *x, const void *y)
{
    return strcmp(*(char *const *)x, *(char *const *)y);
}

/* Names in a folder that end so, sorted. */
static enum err_code folder_list(struct arena *a, const char *path, const char *end, char ***out,
                                 size_t *n, struct err *e)
{
    DIR *dir = opendir(path);
    if (!dir) {
        return fail(e, ERR_NOT_FOUND, "%s: no such folder; name one with --cases or --library",
                    path);
    }
    char **list = arena_many(a, CASES_MAX, char *);
    size_t count = 0;
    for (struct dirent *x = readdir(dir); x; x = readdir(dir)) {
        if (str_ends(str_of(x->d_name), end) && count < CASES_MAX) {
            list[count++] = arena_copy(a, x->d_name, strlen(x->d_name));
        }
    }
    closedir(dir);
    qsort(list, count, sizeof *list, by_name);
    *out = list;
    *n = count;
    return OK;
}

static enum err_code bench_write(struct bench *b, const char *name, struct str text)
{
    struct err *e = &b->d->e;
    const char *path = arena_printf(b->d->c->arena, "%s/%s", b->folder, name);
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(text.at, 1, text.n, f) == text.n;
    good = f && fclose(f) == 0 && good;
    text_addf(&b->made, "%s\n", path);
    return good ? OK : fail(e, ERR_IO, "%s: cannot be written", path);
}

/* The stored text and the libraries it uses, as files; again for theirs. */
static enum err_code bench_text(struct bench *b, struct strategy_ref ref)
{
    struct desk *d = b->d;
    struct strategy_text t;
    if (contract_strategy_get(d->db, d->c->arena, ref.name, ref.version, &t, &d->e) != OK ||
        bench_write(b, arena_printf(d->c->arena, STR_FMT ".tally", STR_ARG(ref.name)), t.text) !=
            OK) {
        return d->e.code;
    }
    for (size_t i = 0; i < t.n_uses; i++) {
        if (bench_text(b, t.uses[i]) != OK) {
            return d->e.code;
        }
    }
    return OK;
}

static enum err_code bench_make(struct bench *b, const char *library)
{
    struct desk *d = b->d;
    struct arena *a = d->c->arena;
    const char *tmp = getenv("TMPDIR");
    char **binds;
    size_t n;
    struct str text;
    char *folder = arena_printf(a, "%s/sunkeeper-release.XXXXXX", tmp ? tmp : "/tmp");
    text_init(&b->made, a, MESSAGES_MAX);
    if (folder_list(a, library, ".bind.json", &binds, &n, &d->e) != OK) {
        return d->e.code;
    }
    if (!mkdtemp(folder)) {
        return fail(&d->e, ERR_IO, "%s: cannot be made", folder);
    }
    b->folder = folder;
    for (size_t i = 0; i < n; i++) {
        const char *path = arena_printf(a, "%s/%s", library, binds[i]);
        if (cmd_read_file(a, path, STRATEGY_TEXT_MAX, &text, &d->e) != OK ||
            bench_write(b, binds[i], text) != OK) {
            return d->e.code;
        }
    }
    return bench_text(b, d->ref);
}

static void bench_clear(struct bench *b)
{
    struct str rest = text_str(&b->made), line;
    while (b->folder && str_split(&rest, '\n', &line) && line.n) {
        unlink(arena_copy(b->d->c->arena, line.at, line.n));
    }
    if (b->folder) {
        rmdir(b->folder);
    }
}

/* Runs each case and takes it into the hash and the evidence. */
static enum err_code bench_run(struct bench *b, struct json_out *o)
{
    struct desk *d = b->d;
    struct arena *a = d->c->arena;
    struct hasher *h = hasher_new(a);
    enum err_code code = OK;
    json_open(o, "cases", '[');
    for (size_t i = 0; code == OK && i < b->n; i++) {
        const char *path = arena_printf(a, "%s/%s", b->cases, b->files[i]);
        struct str text;
        code = cmd_read_file(a, path, STRATEGY_TEXT_MAX, &text, &d->e);
        if (code == OK && strcmp(b->files[i], "tou.json") != 0) {
            bool bad = case_run_in(d->c, path, b->folder) != 0;
            struct sha256 one = sha256_of(text.at, text.n);
            struct text hex;
            text_init(&hex, a, 2 * sizeof one.b + 1);
            text_hex(&hex, one.b, sizeof one.b);
            b->failed += bad;
            hasher_add(h, b->files[i], strlen(b->files[i]) + 1);
            hasher_add(h, one.b, sizeof one.b);
            json_open(o, NULL, '{');
            json_put_str(o, "file", str_of(b->files[i]));
            json_put_str(o, "sha256", text_str(&hex));
            json_put_bool(o, "passed", !bad);
            json_close(o, '}');
        }
    }
    json_close(o, ']');
    b->hash = hasher_end(h);
    return code;
}

/* The warnings of the text, which somebody must have signed. */
static enum err_code warnings_read(struct desk *d, struct text *messages)
{
    const struct strategy *s;
    text_init(messages, d->c->arena, MESSAGES_MAX);
    if (settle_strategy_load(d->db, d->c->arena, d->ref, &s, messages, &d->e) != OK) {
        fprintf(stderr, STR_FMT, STR_ARG(text_str(messages)));
        return d->e.code;
    }
    if (messages->n > 0 && (!d->sign || !*d->sign)) {
        fprintf(stderr, STR_FMT, STR_ARG(text_str(messages)));
        return fail_named(&d->e, ERR_RULE, "LIFE_WARNINGS",
                          "strategy %s@%d loads with warnings: mend them, or sign them with --sign "
                          "'REASON'",
                          d->name, (int)d->ref.version);
    }
    return OK;
}

static enum err_code cases_keep(struct desk *d, struct bench *b, const struct text *warnings)
{
    struct text body;
    struct json_out o;
    text_init(&body, d->c->arena, EVIDENCE_BODY_MAX);
    json_out_init(&o, &body, false);
    json_open(&o, NULL, '{');
    if (bench_run(b, &o) != OK) {
        return d->e.code;
    }
    if (warnings->n > 0) {
        json_put_str(&o, "warnings", text_str(warnings));
        json_put_str(&o, "signed_because", str_of(d->sign));
        json_put_str(&o, "signed_by", str_of(d->as));
    }
    json_close(&o, '}');
    const struct strategy_evidence v = {
        .kind = EVIDENCE_CASES, .passed = b->failed == 0, .hash = b->hash, .body = text_str(&body)
    };
    if (store_begin(d->db, STORE_CORE, STORE_WRITE, &d->e) != OK ||
        contract_evidence_put(d->db, d->c->arena, d->ref, &v, d->now, &d->e) != OK ||
        desk_commit(d, "strategy.test") != OK) {
        return d->e.code;
    }
    return b->failed == 0 ? OK
                          : fail_named(&d->e, ERR_RULE, "LIFE_CASES",
                                       "strategy %s@%d: %zu of %zu golden cases in %s differ",
                                       d->name, (int)d->ref.version, b->failed, b->n, b->cases);
}

static enum err_code cases_pass(struct desk *d)
{
    struct arena *a = d->c->arena;
    const char *library = d->library ? d->library : case_shared(a, "strategies");
    struct bench b = { .d = d };
    struct text warnings;
    b.cases = d->cases ? d->cases : arena_printf(a, "%s/%s.cases", library, d->name);
    if (warnings_read(d, &warnings) != OK ||
        folder_list(a, b.cases, ".json", &b.files, &b.n, &d->e) != OK) {
        return d->e.code;
    }
    if (b.n == 0) {
        return fail_named(&d->e, ERR_RULE, "LIFE_CASES", "%s: no golden cases (*.json) in it",
                          b.cases);
    }
    if (bench_make(&b, library) == OK) {
        cases_keep(d, &b, &warnings);
    }
    bench_clear(&b);
    return d->e.code;
}

/* ---- release, activation ------------------------------------------------------------------------
 */

/* What the activation will do to contracts, before it happens. */
static enum err_code followers_print(struct desk *d)
{
    static const char *const titles[] = { "contract", "its version", "strategy version", "then" };
    static const char *const keys[] = { "contract", "version", "strategy_version", "then" };
    static const char *const how[] = { "", "follows", "fixed: stays",
                                       "changed by itself on or after the day: by hand" };
    struct cmd *c = d->c;
    struct table *t = table_new(c->arena, "lnnl", titles, keys);
    int64_t after = 0;
    for (size_t n = CONTRACT_LIST_MAX; n == CONTRACT_LIST_MAX;) {
        const struct follower *f;
        if (contract_followers(d->db, c->arena, d->scope, d->ref, d->from, after, &f, &n, &d->e) !=
            OK) {
            return d->e.code;
        }
        for (size_t i = 0; i < n; i++) {
            after = f[i].contract_id;
            table_cell(t, f[i].no);
            table_cellf(t, "%d", (int)f[i].version);
            table_cellf(t, "%d", (int)f[i].strategy_version);
            table_cell(t, str_of(how[f[i].how]));
        }
    }
    if (table_rows(t) > 0 || c->json) {
        table_print(t, c, stdout);
    }
    return OK;
}

static int followers_command(struct cmd *c, int argc, char **argv)
{
    struct desk d = { 0 };
    int code = desk_open(c, argc, argv, &d, STORE_READ_ONLY, "a strategy");
    if (code) {
        return code;
    }
    if (!d.ref.version || !d.from.yyyymmdd) {
        store_close(d.db);
        return cmd_use(c, "write NAME --version N --from DAY");
    }
    return desk_close(&d, followers_print(&d));
}

static int release_command(struct cmd *c, int argc, char **argv)
{
    struct desk d = { 0 };
    int64_t approval = 0;
    int code = desk_open(c, argc, argv, &d, STORE_READ_WRITE, "a strategy");
    if (code) {
        return code;
    }
    if (!d.ref.version || !d.from.yyyymmdd || !d.as || !d.reason) {
        store_close(d.db);
        return cmd_use(c, "write NAME --version N --from DAY --reason TEXT --as LOGIN; a second "
                          "person then activates it");
    }
    if (cases_pass(&d) != OK || store_begin(d.db, STORE_CORE, STORE_WRITE, &d.e) != OK ||
        contract_life_request(d.db, c->arena, d.scope, d.ref, d.from, d.user_id, str_of(d.reason),
                              d.now, &approval, &d.e) != OK ||
        desk_commit(&d, "strategy.release") != OK) {
        return desk_close(&d, d.e.code);
    }
    printf(c->json ? "{\"approval\":\"%lld\"}\n"
                   : "asked as approval %lld; a second person activates it: strategy activate %s "
                     "--version %d --as OTHER\n",
           (long long)approval, d.name, (int)d.ref.version);
    if (!c->json && followers_print(&d) != OK) {
        return desk_close(&d, d.e.code);
    }
    return desk_close(&d, OK);
}

/* The second person's word, unless it was given before (approval decide). */
static enum err_code activation_approve(struct desk *d, const struct strategy_life *life)
{
    struct approval ap;
    if (life->approval_id == 0) {
        return OK; /* contract_life_activate says what is missing */
    }
    if (approval_get(d->db, d->c->arena, d->scope, life->approval_id, &ap, &d->e) != OK ||
        (ap.state == APPROVAL_ASKED &&
         approval_approve(d->db, d->scope, life->approval_id, d->user_id,
                          str_of(d->note ? d->note : "activated"), d->now, &d->e) != OK)) {
        return d->e.code;
    }
    return OK;
}

static int activate_command(struct cmd *c, int argc, char **argv)
{
    struct desk d = { 0 };
    struct strategy_life life;
    int64_t moved = 0;
    int code = desk_open(c, argc, argv, &d, STORE_READ_WRITE, "a strategy");
    if (code) {
        return code;
    }
    if (!d.ref.version || !d.as) {
        store_close(d.db);
        return cmd_use(c, "write NAME --version N --as LOGIN");
    }
    if (store_begin(d.db, STORE_CORE, STORE_WRITE, &d.e) != OK ||
        contract_life_get(d.db, c->arena, d.ref, instant_day(d.now), &life, &d.e) != OK ||
        (life.state == LIFE_REQUESTED && activation_approve(&d, &life) != OK) ||
        contract_life_activate(d.db, c->arena, d.scope, d.ref, d.user_id, d.now, &moved, &d.e) !=
            OK ||
        desk_commit(&d, "strategy.activate") != OK) {
        return desk_close(&d, d.e.code);
    }
    printf(c->json ? "{\"from\":%d,\"moved\":%lld}\n"
                   : "active from %d; %lld contracts follow from that day\n",
           life.from.yyyymmdd, (long long)moved);
    return desk_close(&d, OK);
}

static int fix_command(struct cmd *c, int argc, char **argv)
{
    struct desk d = { 0 };
    int64_t id = 0;
    int code = desk_open(c, argc, argv, &d, STORE_READ_WRITE, "a contract number");
    if (code) {
        return code;
    }
    if (contract_find_no(d.db, c->arena, d.scope, str_of(d.name), &id, &d.e) != OK ||
        store_begin(d.db, STORE_CORE, STORE_WRITE, &d.e) != OK ||
        contract_fix(d.db, d.scope, id, !d.off, d.now, &d.e) != OK ||
        desk_commit(&d, d.off ? "contract.unfix" : "contract.fix") != OK) {
        return desk_close(&d, d.e.code);
    }
    return desk_close(&d, OK);
}

const struct command release_commands[] = {
    { "strategy versions", "NAME", "the versions of a strategy, their states and validity", NULL,
      versions_command },
    { "strategy evidence", "NAME --version N",
      "what proves a version: its golden cases with their hashes, its shadow run, as JSON", NULL,
      evidence_command },
    { "strategy shadow", "NAME --version N --period 2026-06 [--all] [--json]",
      "computes a month's orders by another version: a table of differences; nothing is billed",
      "  sunkeeper strategy shadow pv_selfuse --version 2 --period 2026-06\n", shadow_command },
    { "strategy release",
      "NAME --version N --from DAY --reason TEXT --as LOGIN [--cases DIR] [--sign REASON]",
      "runs the golden cases and asks for activation; refused on any difference",
      "  sunkeeper strategy release pv_selfuse --version 2 --from 2026-08-01 --reason '...' --as "
      "li\n",
      release_command },
    { "strategy followers", "NAME --version N --from DAY",
      "contracts that the activation moves, and those it leaves", NULL, followers_command },
    { "strategy activate", "NAME --version N --as OTHER [--note TEXT]",
      "the second person: active from the day asked for, and contracts follow",
      "  sunkeeper strategy activate pv_selfuse --version 2 --as wang\n", activate_command },
    { "contract fix", "NO [--off]", "keeps a contract's strategy version whatever is activated",
      NULL, fix_command },
    { 0 },
};
