/* cmd_people.c - organisations, users, roles, the second person, the audit. */
#include "people/people.h"
#include "cmd/cmd.h"
#include "cmd/steps.h"

#define PASSWORD_LINE_MAX 256

struct who {
    struct db *db;
    struct scope scope;
    int64_t user_id;
    struct instant now;
    struct err e;
};

static enum err_code who_open(struct cmd *c, struct who *w, enum store_mode mode, const char *as)
{
    w->now = c->clock.now(c->clock.ctx);
    if (cmd_open(c, mode, &w->db, &w->e) != OK) {
        return w->e.code;
    }
    return cmd_scope(c, w->db, as, &w->scope, &w->user_id, &w->e);
}

static int who_close(struct cmd *c, struct who *w, enum err_code code)
{
    if (w->db) {
        store_rollback(w->db, STORE_CORE);
    }
    store_close(w->db);
    return code == OK ? EXIT_DONE : cmd_error(c, &w->e);
}

enum err_code cmd_audit(struct db *db, int64_t user_id, int64_t org_id, const char *action,
                        const char *object, int64_t id, struct instant now, struct err *e)
{
    char name[96];
    int n = snprintf(name, sizeof name, "%s:%lld", object, (long long)id);
    struct audit_event ev = { .at = now,
                              .user_id = user_id,
                              .org_id = org_id,
                              .action = str_of(action),
                              .object = { name,
                                          (size_t)n < sizeof name ? (size_t)n : sizeof name - 1 },
                              .result = STR("ok"),
                              .detail = STR("") };
    return audit_append(db, STR(AUDIT_MAIN), &ev, 1, e);
}

/* A list takes no word and no option but --as; other than 0: answered already. */
static int list_open(struct cmd *c, int argc, char **argv, struct who *w)
{
    const char *as = NULL;
    struct option options[] = { { "--as", &as, NULL }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code == 0 && who_open(c, w, STORE_READ_ONLY, as) != OK) {
        code = who_close(c, w, w->e.code);
    }
    return code;
}

/* Ends the write with its audit row. */
static enum err_code who_commit(struct who *w, const char *action, const char *object, int64_t id,
                                int64_t org_id)
{
    if (cmd_audit(w->db, w->user_id, org_id, action, object, id, w->now, &w->e) != OK) {
        return w->e.code;
    }
    return store_commit(w->db, STORE_CORE, &w->e);
}

static const struct {
    const char *word;
    enum org_kind kind;
} ORG_KINDS[] = { { "operator", ORG_OPERATOR }, { "investor", ORG_INVESTOR },
                  { "consumer", ORG_CONSUMER }, { "park", ORG_PARK },
                  { "grid", ORG_GRID },         { "bank", ORG_BANK },
                  { "insurer", ORG_INSURER } };
#define ORG_KINDS_N (sizeof ORG_KINDS / sizeof *ORG_KINDS)

enum err_code cmd_org_named(struct cmd *c, struct db *db, struct scope s, const char *word,
                            struct org *out, struct err *e)
{
    int64_t id;
    struct err other = { 0 };
    if (decimal_scaled(str_of(word), 0, &id, &other) == OK &&
        org_get(db, c->arena, s, id, out, &other) == OK) {
        return OK;
    }
    return org_find_name(db, c->arena, s, str_of(word), out, e);
}

static enum err_code org_named(struct cmd *c, struct who *w, const char *word, struct org *out)
{
    return cmd_org_named(c, w->db, w->scope, word, out, &w->e);
}

static int org_add_command(struct cmd *c, int argc, char **argv)
{
    const char *kind = NULL, *uscc = NULL, *parent = NULL, *as = NULL;
    struct option options[] = { { "--kind", &kind, NULL },
                                { "--uscc", &uscc, NULL },
                                { "--parent", &parent, NULL },
                                { "--as", &as, NULL },
                                { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    struct org row = { .name = str_of(n == 1 ? words[0] : NULL), .uscc = str_of(uscc) };
    for (size_t i = 0; kind && i < ORG_KINDS_N; i++) {
        row.kind = str_is(str_of(kind), ORG_KINDS[i].word) ? ORG_KINDS[i].kind : row.kind;
    }
    if (n != 1 || !row.kind) {
        return cmd_use(c, "write NAME --kind operator|investor|consumer|park|grid|bank|insurer");
    }
    struct who w = { 0 };
    struct org up;
    if (who_open(c, &w, STORE_CREATE, as) != OK ||
        (parent && org_named(c, &w, parent, &up) != OK)) {
        return who_close(c, &w, w.e.code);
    }
    row.parent_id = parent ? up.org_id : 0;
    if (store_begin(w.db, STORE_CORE, STORE_WRITE, &w.e) != OK ||
        org_add(w.db, w.scope, &row, 1, w.now, &w.e) != OK ||
        who_commit(&w, "org.add", "org", row.org_id, row.org_id) != OK) {
        return who_close(c, &w, w.e.code);
    }
    printf(c->json ? "{\"org_id\":\"%lld\"}\n" : "organisation %lld\n", (long long)row.org_id);
    return who_close(c, &w, OK);
}

static int org_list_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "id", "kind", "name", "credit code", "state" };
    static const char *const keys[] = { "org_id", "kind", "name", "uscc", "state" };
    struct who w = { 0 };
    int code = list_open(c, argc, argv, &w);
    if (code) {
        return code;
    }
    struct table *t = table_new(c->arena, "lllll", titles, keys);
    const struct org *rows;
    size_t got;
    int64_t after = 0;
    do {
        if (org_list(w.db, c->arena, w.scope, after, &rows, &got, &w.e) != OK) {
            return who_close(c, &w, w.e.code);
        }
        for (size_t i = 0; i < got; i++) {
            const char *kind = "";
            for (size_t k = 0; k < ORG_KINDS_N; k++) {
                kind = ORG_KINDS[k].kind == rows[i].kind ? ORG_KINDS[k].word : kind;
            }
            table_cellf(t, "%lld", (long long)rows[i].org_id);
            table_cell(t, str_of(kind));
            table_cell(t, rows[i].name);
            table_cell(t, rows[i].uscc);
            table_cell(t, str_of(rows[i].status == ORG_CLOSED ? "closed" : "active"));
            after = rows[i].org_id;
        }
    } while (got == PEOPLE_PAGE_MAX);
    table_print(t, c, stdout);
    return who_close(c, &w, OK);
}

/* A password comes from standard input, never from the words of a command. */
static enum err_code password_read(struct cmd *c, bool asked, struct str *out, struct err *e)
{
    if (!asked) {
        *out = STR("");
        return OK;
    }
    char line[PASSWORD_LINE_MAX];
    if (!fgets(line, sizeof line, stdin)) {
        return fail(e, ERR_INPUT, "--password: one line on standard input is expected");
    }
    size_t n = strlen(line);
    if (n + 1 == sizeof line) {
        return fail(e, ERR_LIMIT, "--password: longer than %d bytes", PASSWORD_BYTES_MAX);
    }
    while (n && (line[n - 1] == '\n' || line[n - 1] == '\r')) {
        n--;
    }
    *out = (struct str){ arena_copy(c->arena, line, n), n };
    return OK;
}

static int user_add_command(struct cmd *c, int argc, char **argv)
{
    const char *org = NULL, *name = NULL, *role = NULL, *as = NULL;
    bool password = false;
    struct option options[] = { { "--org", &org, NULL },           { "--name", &name, NULL },
                                { "--perm", &role, NULL },         { "--as", &as, NULL },
                                { "--password", NULL, &password }, { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    if (n != 1 || !org) {
        return cmd_use(c, "write LOGIN --org ORG [--name NAME] [--perm PERMISSION] [--password]");
    }
    struct who w = { 0 };
    struct org o;
    struct str pw;
    int64_t user_id = 0, role_id = 0;
    if (who_open(c, &w, STORE_READ_WRITE, as) != OK || org_named(c, &w, org, &o) != OK ||
        password_read(c, password, &pw, &w.e) != OK ||
        store_begin(w.db, STORE_CORE, STORE_WRITE, &w.e) != OK ||
        user_add(w.db, w.scope, o.org_id, str_of(words[0]), str_of(name ? name : words[0]), pw,
                 w.now, &user_id, &w.e) != OK) {
        return who_close(c, &w, w.e.code);
    }
    if (role && (role_add(w.db, w.scope, o.org_id, str_of(words[0]), &role, 1, w.now, &role_id,
                          &w.e) != OK ||
                 role_grant(w.db, w.scope, user_id, role_id, o.org_id, w.now, &w.e) != OK)) {
        return who_close(c, &w, w.e.code);
    }
    if (who_commit(&w, "user.add", "user", user_id, o.org_id) != OK) {
        return who_close(c, &w, w.e.code);
    }
    printf(c->json ? "{\"user_id\":\"%lld\"}\n" : "user %lld\n", (long long)user_id);
    return who_close(c, &w, OK);
}

static int user_lock_command(struct cmd *c, int argc, char **argv)
{
    const char *as = NULL;
    bool unlock = false;
    struct option options[] = { { "--as", &as, NULL }, { "--unlock", NULL, &unlock }, { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    struct who w = { 0 };
    struct user u;
    if (n != 1) {
        return cmd_use(c, "name one login");
    }
    if (who_open(c, &w, STORE_READ_WRITE, as) != OK ||
        user_find_login(w.db, c->arena, w.scope, str_of(words[0]), &u, &w.e) != OK ||
        store_begin(w.db, STORE_CORE, STORE_WRITE, &w.e) != OK ||
        user_lock(w.db, w.scope, u.user_id, !unlock, w.now, &w.e) != OK ||
        who_commit(&w, unlock ? "user.unlock" : "user.lock", "user", u.user_id, u.org_id) != OK) {
        return who_close(c, &w, w.e.code);
    }
    printf("%s: %s\n", words[0], unlock ? "unlocked" : "locked");
    return who_close(c, &w, OK);
}

static int approval_list_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "approval", "what", "object", "asked by", "reason" };
    static const char *const keys[] = { "approval_id", "kind", "object", "maker", "reason" };
    struct who w = { 0 };
    int code = list_open(c, argc, argv, &w);
    if (code) {
        return code;
    }
    struct table *t = table_new(c->arena, "lllll", titles, keys);
    const struct approval *rows;
    size_t got;
    int64_t after = 0;
    do {
        if (approval_open_list(w.db, c->arena, w.scope, w.now, after, &rows, &got, &w.e) != OK) {
            return who_close(c, &w, w.e.code);
        }
        for (size_t i = 0; i < got; i++) {
            table_cellf(t, "%lld", (long long)rows[i].approval_id);
            table_cell(t, rows[i].ask.kind);
            table_cell(t, rows[i].ask.object);
            table_cellf(t, "%lld", (long long)rows[i].ask.maker);
            table_cell(t, rows[i].ask.reason);
            after = rows[i].approval_id;
        }
    } while (got == PEOPLE_PAGE_MAX);
    table_print(t, c, stdout);
    return who_close(c, &w, OK);
}

static int approval_decide_command(struct cmd *c, int argc, char **argv)
{
    const char *as = NULL, *note = NULL;
    bool refuse = false;
    struct option options[] = {
        { "--as", &as, NULL }, { "--note", &note, NULL }, { "--refuse", NULL, &refuse }, { 0 }
    };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    struct who w = { 0 };
    int64_t id;
    if (n != 1 || !as || decimal_scaled(str_of(words[0]), 0, &id, &w.e) != OK) {
        return cmd_use(c, "write APPROVAL --as LOGIN [--refuse] [--note TEXT]");
    }
    if (who_open(c, &w, STORE_READ_WRITE, as) != OK ||
        store_begin(w.db, STORE_CORE, STORE_WRITE, &w.e) != OK ||
        (refuse ? approval_refuse : approval_approve)(w.db, w.scope, id, w.user_id, str_of(note),
                                                      w.now, &w.e) != OK ||
        store_commit(w.db, STORE_CORE, &w.e) != OK) {
        return who_close(c, &w, w.e.code);
    }
    printf("approval %s: %s\n", words[0], refuse ? "refused" : "approved");
    return who_close(c, &w, OK);
}

static int audit_verify_command(struct cmd *c, int argc, char **argv)
{
    int code = cmd_options(c, argc, argv, NULL, NULL, NULL);
    if (code) {
        return code;
    }
    struct who w = { 0 };
    struct audit_report r = { 0 };
    if (who_open(c, &w, STORE_READ_ONLY, NULL) != OK ||
        audit_verify(w.db, c->arena, NULL, 0, &r, &w.e) != OK) {
        return who_close(c, &w, w.e.code);
    }
    if (c->json) {
        printf("{\"streams\":%lld,\"rows\":%lld,\"good\":%s}\n", (long long)r.streams,
               (long long)r.rows, r.good ? "true" : "false");
    } else if (r.good) {
        printf("audit: %lld rows in %lld chains, unbroken\n", (long long)r.rows,
               (long long)r.streams);
    } else {
        printf("audit: BROKEN: " STR_FMT "\n", STR_ARG(r.what));
    }
    code = who_close(c, &w, OK);
    return r.good ? code : EXIT_REFUSED;
}

static int audit_trail_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "at", "user", "action", "result", "detail" };
    static const char *const keys[] = { "at", "user_id", "action", "result", "detail" };
    const char *as = NULL;
    struct option options[] = { { "--as", &as, NULL }, { 0 } };
    char **words = arena_many(c->arena, (size_t)argc + 1, char *);
    int n, code = cmd_options(c, argc, argv, options, words, &n);
    if (code) {
        return code;
    }
    if (n != 1 || !strchr(words[0], ':')) {
        return cmd_use(c, "name one object: statement:ID, user:ID, org:ID");
    }
    struct who w = { 0 };
    if (who_open(c, &w, STORE_READ_ONLY, as) != OK) {
        return who_close(c, &w, w.e.code);
    }
    struct table *t = table_new(c->arena, "lllll", titles, keys);
    const struct audit_row *rows;
    size_t got;
    int64_t after = 0;
    do {
        if (audit_trail(w.db, c->arena, w.scope, STR(AUDIT_MAIN), str_of(words[0]), after, &rows,
                        &got, &w.e) != OK) {
            return who_close(c, &w, w.e.code);
        }
        for (size_t i = 0; i < got; i++) {
            struct text at;
            text_init(&at, c->arena, 64);
            text_instant(&at, rows[i].event.at);
            table_cell(t, text_str(&at));
            table_cellf(t, "%lld", (long long)rows[i].event.user_id);
            table_cell(t, rows[i].event.action);
            table_cell(t, rows[i].event.result);
            table_cell(t, rows[i].event.detail);
            after = rows[i].seq;
        }
    } while (got == PEOPLE_PAGE_MAX);
    table_print(t, c, stdout);
    return who_close(c, &w, OK);
}

const struct command people_commands[] = {
    { "org add", "NAME --kind KIND [--uscc CODE] [--parent ORG]", "adds an organisation",
      "  sunkeeper org add 晨光新能源 --kind investor --uscc 91330100MA2C8XQ85T\n",
      org_add_command },
    { "org list", "[--as LOGIN]", "organisations the caller may see", NULL, org_list_command },
    { "user add", "LOGIN --org ORG [--name NAME] [--perm PERMISSION] [--password]",
      "adds a user; with --password, one line of standard input is the password",
      "  sunkeeper user add wang.li --org 阳光运营 --perm 'settle:*:*' --password < secret\n",
      user_add_command },
    { "user lock", "LOGIN [--unlock]", "locks a user, or lets him in again", NULL,
      user_lock_command },
    { "approval list", "[--as LOGIN]", "what waits for a second person", NULL,
      approval_list_command },
    { "approval decide", "APPROVAL --as LOGIN [--refuse] [--note TEXT]",
      "a second person agrees or refuses", NULL, approval_decide_command },
    { "audit verify", "", "walks the chains of the audit; names the first bad row", NULL,
      audit_verify_command },
    { "audit trail", "OBJECT [--as LOGIN]", "what happened to an object", NULL,
      audit_trail_command },
    { 0 },
};
