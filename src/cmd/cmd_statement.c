/* cmd_statement.c - statements: list, read, prove, explain, and their life. */
#include "cmd/cmd.h"
#include "cmd/steps.h"
#include "statement/statement.h"

#define EXPLAIN_MAX (64u << 20) /* a year of one order, interval by interval, is under 10 MB */

/* The words after the command, options taken out; opens the store. */
struct call {
    struct db *db;
    struct err e;
    int64_t id;
    const char *as, *reason, *code, *day, *period, *state, *approval;
    bool anyway;
    char **words;
    int n;
};

/* `least` to `most` words, the latter 0 or 1: which statement. */
static int call_open(struct cmd *c, int argc, char **argv, struct call *k, enum store_mode mode,
                     int least, int most)
{
    struct option options[] = { { "--as", &k->as, NULL },
                                { "--reason", &k->reason, NULL },
                                { "--code", &k->code, NULL },
                                { "--day", &k->day, NULL },
                                { "--period", &k->period, NULL },
                                { "--state", &k->state, NULL },
                                { "--approval", &k->approval, NULL },
                                { "--anyway", NULL, &k->anyway },
                                { 0 } };
    k->words = arena_many(c->arena, (size_t)argc + 1, char *);
    int code = cmd_options(c, argc, argv, options, most ? k->words : NULL, &k->n);
    if (code) {
        return code;
    }
    if (k->n < least || k->n > most) {
        return cmd_use(c, "name one statement: its number, or its id while a draft");
    }
    if (cmd_open(c, mode, &k->db, &k->e) != OK) {
        return cmd_error(c, &k->e);
    }
    return 0;
}

static int call_end(struct cmd *c, struct call *k, enum err_code code)
{
    store_close(k->db);
    return code == OK ? EXIT_DONE : cmd_error(c, &k->e);
}

/* A statement by number, by its id (drafts have no number), or by order and --period. */
static enum err_code call_find(struct cmd *c, struct call *k, struct scope s)
{
    struct str word = str_of(k->words[0]);
    if (statement_find_no(k->db, s, word, &k->id, &k->e) == OK) {
        return OK;
    }
    if (k->e.code != ERR_NOT_FOUND) {
        return k->e.code;
    }
    int64_t order_id;
    struct err other = { 0 };
    struct settle_period p;
    if (k->period && order_find_no(k->db, c->arena, s, word, &order_id, &other) == OK) {
        if (cmd_period(k->period, &p, &k->e) != OK) {
            return k->e.code;
        }
        k->e = (struct err){ 0 };
        return statement_find_order(k->db, s, order_id, p.from, &k->id, &k->e);
    }
    const struct statement *found;
    if (decimal_scaled(word, 0, &k->id, &other) == OK &&
        statement_get(k->db, c->arena, s, k->id, &found, &other) == OK) {
        k->e = (struct err){ 0 }; /* that it is no number is no failure any more */
        return OK;
    }
    return fail(&k->e, ERR_NOT_FOUND,
                "no statement " STR_FMT "; sunkeeper statement list shows what there is",
                STR_ARG(word));
}

static enum err_code call_act(struct cmd *c, struct call *k, struct statement_act *act)
{
    *act = (struct statement_act){ .now = c->clock.now(c->clock.ctx), .reason = str_of(k->reason) };
    return cmd_scope(c, k->db, k->as, &act->scope, &act->user_id, &k->e);
}

static const struct {
    enum statement_state state;
    const char *word;
} STATES[] = {
    { STATEMENT_DRAFT, "draft" },
    { STATEMENT_HELD, "held" },
    { STATEMENT_CHECKED, "checked" },
    { STATEMENT_ISSUED, "issued" },
    { STATEMENT_CONFIRMED, "confirmed" },
    { STATEMENT_DISPUTED, "disputed" },
    { STATEMENT_COLLECTING, "collecting" },
    { STATEMENT_PAID, "paid" },
    { STATEMENT_RECONCILED, "reconciled" },
    { STATEMENT_CLOSED, "closed" },
    { STATEMENT_VOID, "void" },
};

static enum err_code state_parse(const char *word, enum statement_state *out, struct err *e)
{
    for (size_t i = 0; i < sizeof STATES / sizeof *STATES; i++) {
        if (str_is(str_of(word), STATES[i].word)) {
            *out = STATES[i].state;
            return OK;
        }
    }
    return fail(e, ERR_INPUT,
                "--state: '%s' is no state; one of draft held checked issued "
                "confirmed disputed void",
                word);
}

enum err_code cmd_print_statements(struct cmd *c, struct db *db, struct scope scope,
                                   struct settle_period period, enum statement_state state,
                                   size_t limit, FILE *out, struct err *e)
{
    static const char *const titles[] = { "statement",   "order", "strategy", "lines",
                                          "amount yuan", "state", "held for" };
    static const char *const keys[] = { "statement", "order", "strategy", "lines",
                                        "yuan",      "state", "hold" };
    struct table *t = table_new(c->arena, "lllnrll", titles, keys);
    struct statement_query q = { .period = period, .state = state };
    for (size_t shown = 0; shown < limit;) {
        const struct statement_row *rows;
        size_t n;
        q.limit = limit - shown < STATEMENT_LIST_MAX ? limit - shown : STATEMENT_LIST_MAX;
        if (statement_list(db, c->arena, scope, &q, &rows, &n, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < n; i++) {
            const struct statement_row *r = &rows[i];
            if (r->no.n) {
                table_cell(t, r->no);
            } else {
                table_cellf(t, "%lld", (long long)r->statement_id);
            }
            table_cell(t, r->order_no);
            table_cell(t, r->strategy);
            table_cellf(t, "%lld", (long long)r->n_lines);
            table_cell(t, money_text(c->arena, r->fen));
            table_cell(t, str_of(statement_state_word(r->state)));
            table_cell(t, r->hold);
            q.after = r->statement_id;
        }
        shown += n;
        if (n < q.limit) {
            break;
        }
    }
    table_print(t, c, out);
    return OK;
}

static int list_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_ONLY, 0, 0);
    if (code) {
        return code;
    }
    struct statement_act act;
    struct settle_period p = { 0 };
    enum statement_state state = 0;
    if ((k.period && cmd_period(k.period, &p, &k.e) != OK) ||
        (k.state && state_parse(k.state, &state, &k.e) != OK)) {
        store_close(k.db);
        return cmd_use(c, "%s", k.e.text);
    }
    if (call_act(c, &k, &act) != OK) {
        return call_end(c, &k, k.e.code);
    }
    return call_end(c, &k,
                    cmd_print_statements(c, k.db, act.scope, p, state, 100000, stdout, &k.e));
}

static int export_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_ONLY, 1, 1);
    if (code) {
        return code;
    }
    struct statement_act act;
    const struct statement *s;
    if (call_act(c, &k, &act) != OK || call_find(c, &k, act.scope) != OK ||
        statement_get(k.db, c->arena, act.scope, k.id, &s, &k.e) != OK) {
        return call_end(c, &k, k.e.code);
    }
    struct statement whole = *s;
    if (statement_chain(k.db, c->arena, act.scope, k.id, &whole.chain, &whole.n_chain, &k.e) !=
        OK) {
        return call_end(c, &k, k.e.code);
    }
    struct text t;
    text_init(&t, c->arena, EXPLAIN_MAX);
    statement_export(&whole, &t, !c->json);
    printf(STR_FMT "\n", STR_ARG(text_str(&t)));
    return call_end(c, &k, OK);
}

/* An explanation is prose; for programs, its lines. */
static void print_lines(struct cmd *c, const char *statement, struct str rest)
{
    struct text t;
    struct json_out o;
    struct str line;
    text_init(&t, c->arena, 2 * EXPLAIN_MAX);
    json_out_init(&o, &t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "statement", str_of(statement));
    json_open(&o, "explanation", '[');
    while (str_split(&rest, '\n', &line)) {
        json_put_str(&o, NULL, line);
    }
    json_close(&o, ']');
    json_close(&o, '}');
    printf(STR_FMT "\n", STR_ARG(text_str(&t)));
}

static int explain_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_ONLY, 1, 1);
    if (code) {
        return code;
    }
    struct statement_act act;
    struct day day = { 0 };
    struct text t;
    text_init(&t, c->arena, EXPLAIN_MAX);
    if (call_act(c, &k, &act) != OK || (k.day && day_parse(str_of(k.day), &day, &k.e) != OK) ||
        call_find(c, &k, act.scope) != OK ||
        statement_explain(k.db, act.scope, k.id, str_of(k.code), day, &t, &k.e) != OK) {
        return call_end(c, &k, k.e.code);
    }
    if (c->json) {
        print_lines(c, k.words[0], text_str(&t));
    } else {
        printf(STR_FMT, STR_ARG(text_str(&t)));
    }
    return call_end(c, &k, OK);
}

static int recompute_command(struct cmd *c, int argc, char **argv)
{
    bool compare = false;
    int kept = 0;
    for (int i = 0; i < argc; i++) { /* --compare is what recompute does; accepted for clarity */
        if (str_is(str_of(argv[i]), "--compare")) {
            compare = true;
        } else {
            argv[kept++] = argv[i];
        }
    }
    (void)compare;
    struct call k = { 0 };
    int code = call_open(c, kept, argv, &k, STORE_READ_ONLY, 1, 1);
    if (code) {
        return code;
    }
    struct statement_act act;
    bool same = false;
    struct text diff;
    text_init(&diff, c->arena, EXPLAIN_MAX);
    if (call_act(c, &k, &act) != OK || call_find(c, &k, act.scope) != OK ||
        statement_recompute(k.db, act.scope, k.id, &same, &diff, &k.e) != OK) {
        return call_end(c, &k, k.e.code);
    }
    if (c->json) {
        printf("{\"statement\":\"%s\",\"same\":%s}\n", k.words[0], same ? "true" : "false");
    } else if (same) {
        printf("statement %s: computed again, the same to the byte\n", k.words[0]);
    } else {
        printf("statement %s: differs\n" STR_FMT, k.words[0], STR_ARG(text_str(&diff)));
    }
    code = call_end(c, &k, OK);
    return same ? code : EXIT_REFUSED;
}

static int adjust_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_WRITE, 1, 1);
    if (code) {
        return code;
    }
    if (!k.reason) {
        store_close(k.db);
        return cmd_use(c, "--reason is missing: an adjustment says why");
    }
    struct statement_act act;
    int64_t adj;
    if (call_act(c, &k, &act) != OK || call_find(c, &k, act.scope) != OK ||
        statement_adjust(k.db, &act, k.id, k.anyway, &adj, &k.e) != OK) {
        return call_end(c, &k, k.e.code);
    }
    printf(c->json ? "{\"statement_id\":\"%lld\"}\n" : "adjustment drafted: %lld\n",
           (long long)adj);
    return call_end(c, &k, OK);
}

static int issue_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_WRITE, 0, 1);
    if (code) {
        return code;
    }
    struct statement_act act;
    struct settle_period p;
    if (call_act(c, &k, &act) != OK) {
        return call_end(c, &k, k.e.code);
    }
    if (k.n == 0 && !k.period) {
        store_close(k.db);
        return cmd_use(c, "name one statement, or give --period");
    }
    if (k.n == 0) {
        int64_t issued = 0;
        if (cmd_period(k.period, &p, &k.e) == OK &&
            statement_issue_all(k.db, &act, p, &issued, &k.e) == OK) {
            printf(c->json ? "{\"issued\":%lld}\n" : "%lld statements issued\n", (long long)issued);
        }
        return call_end(c, &k, k.e.code);
    }
    struct str no;
    if (call_find(c, &k, act.scope) == OK &&
        statement_issue(k.db, &act, k.id, &no, c->arena, &k.e) == OK) {
        printf(c->json ? "{\"no\":\"" STR_FMT "\"}\n" : "issued as " STR_FMT "\n", STR_ARG(no));
    }
    return call_end(c, &k, k.e.code);
}

/* One step of a statement's life: find it, do it, say so. */
static int step_command(struct cmd *c, int argc, char **argv,
                        enum err_code (*step)(struct db *, const struct statement_act *, int64_t,
                                              struct err *),
                        bool needs_reason, const char *done)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_WRITE, 1, 1);
    if (code) {
        return code;
    }
    if (needs_reason && !k.reason) {
        store_close(k.db);
        return cmd_use(c, "--reason is missing");
    }
    struct statement_act act;
    if (call_act(c, &k, &act) == OK && call_find(c, &k, act.scope) == OK &&
        step(k.db, &act, k.id, &k.e) == OK) {
        printf(c->json ? "{\"statement\":\"%s\",\"done\":\"%s\"}\n" : "statement %s: %s\n",
               k.words[0], done);
    }
    return call_end(c, &k, k.e.code);
}

static int confirm_command(struct cmd *c, int argc, char **argv)
{
    return step_command(c, argc, argv, statement_confirm, false, "confirmed");
}

static int dispute_command(struct cmd *c, int argc, char **argv)
{
    return step_command(c, argc, argv, statement_dispute, true, "disputed");
}

static int answer_command(struct cmd *c, int argc, char **argv)
{
    return step_command(c, argc, argv, statement_answer, true, "confirmed");
}

static int void_command(struct cmd *c, int argc, char **argv)
{
    return step_command(c, argc, argv, statement_void, true, "void");
}

static int hold_command(struct cmd *c, int argc, char **argv)
{
    return step_command(c, argc, argv, statement_hold, true, "held");
}

static int release_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_WRITE, 1, 1);
    if (code) {
        return code;
    }
    struct statement_act act;
    int64_t approval = 0;
    if (call_act(c, &k, &act) != OK || call_find(c, &k, act.scope) != OK) {
        return call_end(c, &k, k.e.code);
    }
    if (!k.approval) {
        if (!k.reason) {
            store_close(k.db);
            return cmd_use(c, "--reason is missing; a second person then gives --approval N");
        }
        if (statement_release_ask(k.db, &act, k.id, &approval, &k.e) == OK) {
            printf(c->json ? "{\"approval\":\"%lld\"}\n"
                           : "asked; a second person releases it with --approval %lld\n",
                   (long long)approval);
        }
    } else if (decimal_scaled(str_of(k.approval), 0, &approval, &k.e) == OK &&
               statement_release(k.db, &act, k.id, approval, &k.e) == OK) {
        printf(c->json ? "{\"statement\":\"%s\",\"done\":\"released\"}\n"
                       : "statement %s: released\n",
               k.words[0]);
    }
    return call_end(c, &k, k.e.code);
}

/* Asks without --approval, does it with one: the counter-entry of an adjustment. */
static int reverse_command(struct cmd *c, int argc, char **argv)
{
    struct call k = { 0 };
    int code = call_open(c, argc, argv, &k, STORE_READ_WRITE, 1, 1);
    if (code) {
        return code;
    }
    struct statement_act act;
    int64_t approval = 0, counter = 0;
    if (!k.approval && !k.reason) {
        store_close(k.db);
        return cmd_use(c, "--reason is missing: a counter-entry says why; a second person then "
                          "agrees (sunkeeper approval decide) and --approval N does it");
    }
    if (call_act(c, &k, &act) != OK || call_find(c, &k, act.scope) != OK) {
        return call_end(c, &k, k.e.code);
    }
    if (!k.approval) {
        if (statement_reverse_ask(k.db, &act, k.id, &approval, &k.e) == OK) {
            printf(c->json ? "{\"approval\":\"%lld\"}\n"
                           : "asked: approval %lld; a second person agrees with sunkeeper approval "
                             "decide, then --approval does it\n",
                   (long long)approval);
        }
    } else if (decimal_scaled(str_of(k.approval), 0, &approval, &k.e) == OK &&
               statement_reverse(k.db, &act, k.id, approval, &counter, &k.e) == OK) {
        printf(c->json ? "{\"statement_id\":\"%lld\"}\n" : "counter-entry drafted: %lld\n",
               (long long)counter);
    }
    return call_end(c, &k, k.e.code);
}

const struct command statement_commands[] = {
    { "statement list", "[--period 2026-10] [--state held] [--as LOGIN]",
      "statements with amount and state",
      "  sunkeeper statement list --period 2026-10 --state held\n", list_command },
    { "statement show", "NO|ID [--as LOGIN]",
      "one statement, as canonical JSON of all the caller may see", NULL, export_command },
    { "statement explain", "NO|ID [--code SELF.valley] [--day 2026-10-05]",
      "from an amount to its arithmetic, periods, intervals and registers",
      "  sunkeeper statement explain ST-2026-0000001\n"
      "  sunkeeper statement explain ST-2026-0000001 --code SELF.valley --day 2026-10-05\n",
      explain_command },
    { "statement recompute", "NO|ID --compare",
      "computes it again from readings and versions and compares the bytes", NULL,
      recompute_command },
    { "statement issue", "NO|ID | --period 2026-10", "issues checked statements: gap-free numbers",
      NULL, issue_command },
    { "statement confirm", "NO [--as LOGIN]", "a party agrees", NULL, confirm_command },
    { "statement dispute", "NO --reason TEXT", "a party disagrees", NULL, dispute_command },
    { "statement answer", "NO --reason TEXT", "a dispute is settled as it stands", NULL,
      answer_command },
    { "statement hold", "ID --reason TEXT", "keeps a draft from being issued", NULL, hold_command },
    { "statement release", "ID --reason TEXT --as LOGIN | ID --approval N --as OTHER",
      "lets a held statement go: one asks, another releases", NULL, release_command },
    { "statement void", "ID --reason TEXT", "withdraws a draft", NULL, void_command },
    { "statement adjust", "NO --reason TEXT [--anyway]",
      "drafts the difference after a correction of readings (退补); below 1.00 yuan it asks for "
      "--anyway",
      NULL, adjust_command },
    { "statement reverse", "NO --reason TEXT --as LOGIN | NO --approval N --as LOGIN",
      "the counter-entry of an adjustment (冲销): one asks, another agrees, then it is drafted",
      "  sunkeeper statement reverse ST-2026-0000002 --reason 'wrong photo' --as anna\n"
      "  sunkeeper approval decide 81234 --as bert\n"
      "  sunkeeper statement reverse ST-2026-0000002 --approval 81234 --as anna\n",
      reverse_command },
    { 0 },
};
