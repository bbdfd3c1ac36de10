/* cmd_account.c - bank accounts, their change and authorisations at the desk: masked, but for who
 * may read one and says why. Numbers come in files, never as words of a command that others see.
 */
#include "cmd/office.h"
#include "cmd/steps.h"
#include "contract/account.h"

#define PAPER_MAX (20u << 20) /* bytes: a scanned letter */

static const char *const ACCOUNT_WORDS[] = { "",        "new",      "active",
                                             "pending", "replaced", "closed" };
static const char *const AUTHORIZATION_WORDS[] = { "",          "draft",   "signing", "active",
                                                   "suspended", "revoked", "expired" };

/* What the commands here take; each uses some. */
struct clerk {
    struct office o;
    struct secrets *sec;
    const char *letter, *reason, *ref, *fen, *note;
    bool flag; /* --unmask or --refuse */
};

enum err_code cmd_secrets(struct db *db, struct secrets **out, struct err *e)
{
    const char *file = getenv("SK_KEY_FILE");
    return secret_open(db, file, true, out, e) == OK
               ? OK
               : fail_in(e, "%s: ", file ? file : "SK_KEY_FILE is not set");
}

static int clerk_open(struct cmd *c, int argc, char **argv, struct clerk *k, int words,
                      const char *flag, const char *what)
{
    const struct option options[] = { { "--letter", &k->letter, NULL },
                                      { "--reason", &k->reason, NULL },
                                      { "--ref", &k->ref, NULL },
                                      { "--fen", &k->fen, NULL },
                                      { "--note", &k->note, NULL },
                                      { flag ? flag : "--note", &k->note, NULL },
                                      { 0 } };
    struct option own[7];
    memcpy(own, options, sizeof(own));
    if (flag) {
        own[5] = (struct option){ flag, NULL, &k->flag };
    } else {
        own[5] = (struct option){ 0 };
    }
    int code = office_open_with(c, argc, argv, own, &k->o, what);
    if (code) {
        return code;
    }
    if (k->o.n != words) {
        store_close(k->o.db);
        return cmd_use(c, "name %s", what);
    }
    if (cmd_secrets(k->o.db, &k->sec, &k->o.e) != OK ||
        store_begin(k->o.db, STORE_CORE, STORE_WRITE, &k->o.e) != OK) {
        secret_close(k->sec);
        return office_close(c, &k->o, k->o.e.code);
    }
    return 0;
}

static int clerk_close(struct cmd *c, struct clerk *k, enum err_code code)
{
    secret_close(k->sec);
    return office_close(c, &k->o, code);
}

static enum err_code id_of(struct clerk *k, const char *word, int64_t *id)
{
    return decimal_scaled(str_of(word), 0, id, &k->o.e) == OK ? OK : fail_in(&k->o.e, "%s: ", word);
}

static enum err_code day_of(struct json doc, const char *key, struct day otherwise, struct day *out,
                            struct err *e)
{
    struct str word;
    *out = otherwise;
    if (json_kind(json_get(doc, key)) == JSON_NONE) {
        return OK;
    }
    return json_need_str(doc, key, &word, e) == OK ? day_parse(word, out, e) : e->code;
}

static enum err_code text_of(struct json doc, const char *key, struct str *out, struct err *e)
{
    *out = STR("");
    return json_kind(json_get(doc, key)) == JSON_NONE ? OK : json_need_str(doc, key, out, e);
}

/* { "org": "...", "no": "...", "name": "...", "bank_no": "...", "channel": "", "person": false,
 * "from": "2026-01-01" }; a change needs no org. */
static enum err_code account_read(struct cmd *c, struct clerk *k, const char *file, bool org_needed,
                                  struct account_new *v)
{
    static const char *const keys[] = { "org",    "no",   "name", "bank_no", "channel",
                                        "person", "from", NULL };
    struct office *o = &k->o;
    struct json doc;
    struct str word;
    struct org org = { .org_id = 0 };
    if (json_load(c->arena, file, &doc, &o->e) != OK || json_only(doc, keys, &o->e) != OK ||
        json_need_str(doc, "no", &v->no, &o->e) != OK ||
        json_need_str(doc, "name", &v->name, &o->e) != OK ||
        text_of(doc, "bank_no", &v->bank_no, &o->e) != OK ||
        text_of(doc, "channel", &v->channel, &o->e) != OK ||
        day_of(doc, "from", instant_day(o->now), &v->from, &o->e) != OK ||
        (json_kind(json_get(doc, "person")) != JSON_NONE &&
         json_bool(json_get(doc, "person"), &v->person, &o->e) != OK)) {
        return o->e.code;
    }
    if (org_needed && (json_need_str(doc, "org", &word, &o->e) != OK ||
                       cmd_org_named(c, o->db, o->scope, str_dup(c->arena, word).at, &org,
                                     &o->e) != OK)) {
        return o->e.code;
    }
    v->org_id = org.org_id;
    return OK;
}

static int account_add_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    struct account_new v = { 0 };
    int64_t id = 0;
    int code = clerk_open(c, argc, argv, &k, 1, NULL, "an account.json");
    if (code) {
        return code;
    }
    if (account_read(c, &k, k.o.words[0], true, &v) != OK ||
        account_add(k.o.db, k.o.scope, k.sec, &v, k.o.now, &id, &k.o.e) != OK ||
        office_commit(&k.o, "account.add", "account", id) != OK) {
        return clerk_close(c, &k, k.o.e.code);
    }
    printf(c->json ? "{\"account_id\":\"%lld\"}\n" : "account %lld\n", (long long)id);
    return clerk_close(c, &k, OK);
}

static struct table *account_table(struct cmd *c)
{
    static const char *const titles[] = { "account", "number",  "holder", "bank",
                                          "channel", "state",   "from" };
    static const char *const keys[] = { "account_id", "no",    "name", "bank_no",
                                        "channel",    "state", "from" };
    return table_new(c->arena, "lllllll", titles, keys);
}

static void day_cell(struct cmd *c, struct table *t, struct day day)
{
    struct text x;
    text_init(&x, c->arena, 16);
    if (day.yyyymmdd) {
        text_day(&x, day);
    }
    table_cell(t, day.yyyymmdd ? text_str(&x) : STR("-"));
}

static void account_row(struct cmd *c, struct table *t, const struct bank_account *v)
{
    table_cellf(t, "%lld", (long long)v->account_id);
    table_cell(t, v->no);
    table_cell(t, v->name);
    table_cell(t, v->bank_no);
    table_cell(t, v->channel);
    table_cell(t, str_of(ACCOUNT_WORDS[v->state]));
    day_cell(c, t, v->from);
}

/* The lists read only, and need no key. */
static int list_open(struct cmd *c, int argc, char **argv, struct office *o, const char **org)
{
    const char *as = NULL;
    struct option options[] = { { "--as", &as, NULL }, { "--org", org, NULL }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    o->now = c->clock.now(c->clock.ctx);
    if (cmd_open(c, STORE_READ_ONLY, &o->db, &o->e) != OK ||
        cmd_scope(c, o->db, as, &o->scope, &o->user_id, &o->e) != OK) {
        store_close(o->db);
        return cmd_error(c, &o->e);
    }
    return 0;
}

static int account_list_command(struct cmd *c, int argc, char **argv)
{
    struct office o = { 0 };
    const char *name = NULL;
    struct org org = { .org_id = 0 };
    const struct bank_account *list;
    int64_t after = 0;
    size_t n;
    int code = list_open(c, argc, argv, &o, &name);
    if (code) {
        return code;
    }
    if (name && cmd_org_named(c, o.db, o.scope, name, &org, &o.e) != OK) {
        return office_close(c, &o, o.e.code);
    }
    struct table *t = account_table(c);
    do {
        if (account_list(o.db, c->arena, o.scope, org.org_id, after, &list, &n, &o.e) != OK) {
            return office_close(c, &o, o.e.code);
        }
        for (size_t i = 0; i < n; i++) {
            account_row(c, t, &list[i]);
            after = list[i].account_id;
        }
    } while (n == ACCOUNT_PAGE_MAX);
    table_print(t, c, stdout);
    return office_close(c, &o, OK);
}

static int account_show_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    struct bank_account v;
    int64_t id;
    int code = clerk_open(c, argc, argv, &k, 1, "--unmask", "an account's id");
    if (code) {
        return code;
    }
    if (id_of(&k, k.o.words[0], &id) != OK ||
        account_get(k.o.db, c->arena, k.o.scope, id, &v, &k.o.e) != OK) {
        return clerk_close(c, &k, k.o.e.code);
    }
    if (k.flag && (account_reveal(k.o.db, c->arena, k.o.scope, k.sec, id, k.o.user_id,
                                  str_of(k.reason), k.o.now, &v.no, &v.name, &k.o.e) != OK ||
                   store_commit(k.o.db, STORE_CORE, &k.o.e) != OK)) {
        return clerk_close(c, &k, k.o.e.code);
    }
    struct table *t = account_table(c);
    account_row(c, t, &v);
    table_print(t, c, stdout);
    return clerk_close(c, &k, OK);
}

/* The small payment of an account, or of a change. */
static int account_verify_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    struct account_change change;
    int64_t id, fen;
    int code = clerk_open(c, argc, argv, &k, 1, NULL, "an account's or a change's id");
    if (code) {
        return code;
    }
    struct office *o = &k.o;
    if (id_of(&k, o->words[0], &id) != OK || id_of(&k, k.fen ? k.fen : "0", &fen) != OK) {
        return clerk_close(c, &k, o->e.code);
    }
    enum err_code rc = account_change_get(o->db, c->arena, o->scope, id, &change, &o->e);
    if (rc == OK) {
        rc = account_change_verify(o->db, o->scope, id, fen, str_of(k.ref), o->user_id, o->now,
                                   &o->e);
    } else if (rc == ERR_NOT_FOUND) {
        rc = account_verify(o->db, o->scope, id, fen, str_of(k.ref), o->user_id, o->now, &o->e);
    }
    return clerk_close(c, &k, rc == OK ? store_commit(o->db, STORE_CORE, &o->e) : rc);
}

static int account_change_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    struct account_new v = { 0 };
    struct str letter = STR("");
    int64_t id, change = 0;
    int code = clerk_open(c, argc, argv, &k, 2, NULL, "an account's id and the new account.json");
    if (code) {
        return code;
    }
    struct office *o = &k.o;
    if (id_of(&k, o->words[0], &id) != OK ||
        account_read(c, &k, o->words[1], false, &v) != OK ||
        (k.letter && cmd_read_file(c->arena, k.letter, PAPER_MAX, &letter, &o->e) != OK) ||
        account_change_ask(o->db, o->scope, k.sec, id, &v, letter, o->user_id, str_of(k.reason),
                           o->now, &change, &o->e) != OK ||
        office_commit(o, "account.change", "account_change", change) != OK) {
        return clerk_close(c, &k, o->e.code);
    }
    printf(c->json ? "{\"change_id\":\"%lld\"}\n"
                   : "account change %lld: record the small payment (account verify), then two "
                     "others approve (account approve)\n",
           (long long)change);
    return clerk_close(c, &k, OK);
}

static int account_approve_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    int64_t id;
    int left = 0;
    int code = clerk_open(c, argc, argv, &k, 1, "--refuse", "a change's id");
    if (code) {
        return code;
    }
    struct office *o = &k.o;
    struct str note = str_of(k.note ? k.note : "account.change");
    if (id_of(&k, o->words[0], &id) != OK ||
        (k.flag ? account_change_refuse(o->db, o->scope, id, o->user_id, note, o->now, &o->e)
                : account_change_approve(o->db, o->scope, id, o->user_id, note, o->now, &left,
                                         &o->e)) != OK ||
        store_commit(o->db, STORE_CORE, &o->e) != OK) {
        return clerk_close(c, &k, o->e.code);
    }
    if (c->json) {
        printf("{\"left\":%d,\"refused\":%s}\n", left, k.flag ? "true" : "false");
    } else {
        printf(k.flag ? "refused\n"
               : left ? "one more person must approve\n"
                      : "approved; in a day: account apply\n");
    }
    return clerk_close(c, &k, OK);
}

static int account_apply_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    int64_t id;
    int code = clerk_open(c, argc, argv, &k, 1, NULL, "a change's id");
    if (code) {
        return code;
    }
    struct office *o = &k.o;
    if (id_of(&k, o->words[0], &id) != OK ||
        account_change_apply(o->db, o->scope, NULL, id, o->user_id, o->now, &o->e) != OK ||
        store_commit(o->db, STORE_CORE, &o->e) != OK) {
        return clerk_close(c, &k, o->e.code);
    }
    return clerk_close(c, &k, OK);
}

/* ---- authorisations ----------------------------------------------------------------------------
 */

static enum err_code authorization_read(struct cmd *c, struct clerk *k, struct authorization *v)
{
    static const char *const keys[] = { "no",        "account", "payee", "purpose", "item_max",
                                        "month_max", "from",    "until", "file",    NULL };
    struct office *o = &k->o;
    struct json doc;
    struct str account, payee, file, paper;
    struct org org;
    if (json_load(c->arena, o->words[0], &doc, &o->e) != OK || json_only(doc, keys, &o->e) != OK ||
        json_need_str(doc, "no", &v->no, &o->e) != OK ||
        json_need_str(doc, "account", &account, &o->e) != OK ||
        json_need_str(doc, "payee", &payee, &o->e) != OK ||
        json_need_str(doc, "purpose", &v->purpose, &o->e) != OK ||
        json_need_scaled(doc, "item_max", 2, &v->item_max_fen, &o->e) != OK ||
        json_need_scaled(doc, "month_max", 2, &v->month_max_fen, &o->e) != OK ||
        day_of(doc, "from", instant_day(o->now), &v->from, &o->e) != OK ||
        day_of(doc, "until", (struct day){ 0 }, &v->until, &o->e) != OK ||
        text_of(doc, "file", &file, &o->e) != OK ||
        id_of(k, str_dup(c->arena, account).at, &v->payer_account) != OK ||
        cmd_org_named(c, o->db, o->scope, str_dup(c->arena, payee).at, &org, &o->e) != OK) {
        return o->e.code;
    }
    v->payee_org = org.org_id;
    v->signed_file = file.n > 0;
    if (v->signed_file &&
        (cmd_read_file(c->arena, str_dup(c->arena, file).at, PAPER_MAX, &paper, &o->e) != OK ||
         secret_file_put(k->sec, o->db, paper, o->now, &v->file, &o->e) != OK)) {
        return o->e.code;
    }
    return OK;
}

static int authorization_add_command(struct cmd *c, int argc, char **argv)
{
    struct clerk k = { 0 };
    struct authorization v = { 0 };
    int code = clerk_open(c, argc, argv, &k, 1, NULL, "an authorization.json");
    if (code) {
        return code;
    }
    if (authorization_read(c, &k, &v) != OK ||
        authorization_add(k.o.db, k.o.scope, &v, k.o.now, &k.o.e) != OK ||
        office_commit(&k.o, "authorization.add", "authorization", v.authorization_id) != OK) {
        return clerk_close(c, &k, k.o.e.code);
    }
    printf(c->json ? "{\"authorization_id\":\"%lld\"}\n" : "authorisation %lld, a draft\n",
           (long long)v.authorization_id);
    return clerk_close(c, &k, OK);
}

static int authorization_list_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "no", "account", "payee", "item", "month",
                                          "from", "until", "state" };
    struct office o = { 0 };
    const char *unused = NULL;
    const struct authorization *list;
    int64_t after = 0;
    size_t n;
    int code = list_open(c, argc, argv, &o, &unused);
    if (code) {
        return code;
    }
    struct table *t = table_new(c->arena, "lllrrlll", titles, titles);
    do {
        if (authorization_list(o.db, c->arena, o.scope, after, instant_day(o.now), &list, &n,
                               &o.e) != OK) {
            return office_close(c, &o, o.e.code);
        }
        for (size_t i = 0; i < n; i++) {
            const struct authorization *v = &list[i];
            after = v->authorization_id;
            table_cell(t, v->no);
            table_cellf(t, "%lld", (long long)v->payer_account);
            table_cellf(t, "%lld", (long long)v->payee_org);
            table_cell(t, money_text(c->arena, v->item_max_fen));
            table_cell(t, money_text(c->arena, v->month_max_fen));
            day_cell(c, t, v->from);
            day_cell(c, t, v->until);
            table_cell(t, str_of(AUTHORIZATION_WORDS[v->state]));
        }
    } while (n == ACCOUNT_PAGE_MAX);
    table_print(t, c, stdout);
    return office_close(c, &o, OK);
}

static int authorization_move_to(struct cmd *c, int argc, char **argv,
                                 enum authorization_state to, const char *action)
{
    struct office o = { 0 };
    struct authorization v;
    int code = office_open(c, argc, argv, &o, "an authorisation's number");
    if (code) {
        return code;
    }
    struct day today = instant_day(o.now);
    if (store_begin(o.db, STORE_CORE, STORE_WRITE, &o.e) != OK ||
        authorization_find(o.db, c->arena, o.scope, str_of(o.words[0]), today, &v, &o.e) != OK ||
        authorization_move(o.db, o.scope, v.authorization_id, to, today, o.now, &o.e) != OK ||
        office_commit(&o, action, "authorization", v.authorization_id) != OK) {
        return office_close(c, &o, o.e.code);
    }
    return office_close(c, &o, OK);
}

static int authorization_activate_command(struct cmd *c, int argc, char **argv)
{
    return authorization_move_to(c, argc, argv, AUTHORIZATION_ACTIVE, "authorization.activate");
}

static int authorization_revoke_command(struct cmd *c, int argc, char **argv)
{
    return authorization_move_to(c, argc, argv, AUTHORIZATION_REVOKED, "authorization.revoke");
}

/* The accounts of an order as they are today. */
static int order_show_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "payer", "account", "number", "payee", "account",
                                          "number" };
    static const char *const keys[] = { "payer", "payer_account_id", "payer_account",
                                        "payee", "payee_account_id", "payee_account" };
    struct office o = { 0 };
    const struct leg_accounts *legs;
    struct bank_account none = { .no = STR("-") };
    int64_t id;
    size_t n;
    int code = office_open(c, argc, argv, &o, "an order's number");
    if (code) {
        return code;
    }
    if (order_find_no(o.db, c->arena, o.scope, str_of(o.words[0]), &id, &o.e) != OK ||
        order_accounts(o.db, c->arena, o.scope, id, instant_day(o.now), &legs, &n, &o.e) != OK) {
        return office_close(c, &o, o.e.code);
    }
    struct table *t = table_new(c->arena, "llllll", titles, keys);
    for (size_t i = 0; i < n; i++) {
        const int64_t ids[] = { legs[i].payer_account, legs[i].payee_account };
        for (int side = 0; side < 2; side++) {
            struct bank_account v = none;
            if (ids[side] &&
                account_get(o.db, c->arena, scope_machine(), ids[side], &v, &o.e) != OK) {
                return office_close(c, &o, o.e.code);
            }
            table_cell(t, side ? legs[i].payee : legs[i].payer);
            table_cellf(t, "%lld", (long long)v.account_id);
            table_cell(t, v.no);
        }
    }
    table_print(t, c, stdout);
    return office_close(c, &o, OK);
}

const struct command account_commands[] = {
    { "account add", "ACCOUNT.json", "adds a bank account; its number is sealed at once",
      "  {\"org\":\"...\",\"no\":\"...\",\"name\":\"...\",\"bank_no\":\"12 digits\",\"person\":"
      "false}\n",
      account_add_command },
    { "account list", "[--org ORG] [--as LOGIN]", "bank accounts, masked", NULL,
      account_list_command },
    { "account show", "ID [--unmask --reason TEXT] [--as LOGIN]",
      "one bank account; in clear for who may, with a reason that is kept", NULL,
      account_show_command },
    { "account verify", "ID --fen N --ref TEXT",
      "records the small payment of an account or change",
      NULL, account_verify_command },
    { "account change", "ID NEW.json --letter FILE --reason TEXT --as LOGIN",
      "asks for another account by the stamped letter; two others approve", NULL,
      account_change_command },
    { "account approve", "CHANGE --as LOGIN [--refuse] [--note TEXT]",
      "the second and the third person's word on a change", NULL, account_approve_command },
    { "account apply", "CHANGE [--as LOGIN]", "puts an approved change in effect, a day after",
      NULL, account_apply_command },
    { "authorization add", "AUTHORIZATION.json", "adds a payer's authorisation to debit, a draft",
      "  {\"no\":\"...\",\"account\":\"ID\",\"payee\":\"ORG\",\"purpose\":\"...\",\"item_max\":"
      "\"1000.00\",\"month_max\":\"5000.00\",\"file\":\"signed.pdf\"}\n",
      authorization_add_command },
    { "authorization list", "[--as LOGIN]", "authorisations with limits, validity and state", NULL,
      authorization_list_command },
    { "authorization activate", "NO", "an authorisation counts from now on; its paper is signed",
      NULL, authorization_activate_command },
    { "authorization revoke", "NO", "an authorisation counts no more", NULL,
      authorization_revoke_command },
    { "order show", "NO", "the accounts along which an order's money flows, masked", NULL,
      order_show_command },
    { 0 },
};
