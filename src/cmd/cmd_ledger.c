/* cmd_ledger.c - the books: trial balance, statement of an account, journal of a reference, proof.
 */
#include "cmd/cmd.h"
#include "ledger/ledger.h"

#define MAIN_BOOK "main"
#define WRONG_MAX (1u << 20)

static const char *const PHASES[] = { "", "posted", "pending", "post", "void", "reversal" };

struct asked {
    const char *login, *book, *account, *ref;
};

static int ask(struct cmd *c, int argc, char **argv, struct asked *a)
{
    *a = (struct asked){ .book = MAIN_BOOK };
    struct option options[] = { { "--as", &a->login, NULL },
                                { "--book", &a->book, NULL },
                                { "--account", &a->account, NULL },
                                { "--ref", &a->ref, NULL },
                                { 0 } };
    return cmd_options(c, argc, argv, options, NULL, NULL);
}

/* ---- ledger balance ---------------------------------------------------------------------------
 */

static enum err_code print_balance(struct cmd *c, struct db *db, const struct asked *a,
                                   struct scope s, struct err *e)
{
    static const char *const titles[] = { "account", "debit", "credit", "balance", "reserved" };
    static const char *const keys[] = { "account", "debit", "credit", "balance", "reserved" };
    struct table *t = table_new(c->arena, "lrrrr", titles, keys);
    struct str after = STR("");
    __int128 total = 0;
    size_t n;
    do {
        const struct ledger_account *list;
        if (ledger_accounts(db, c->arena, s, str_of(a->book), after, &list, &n, e) != OK) {
            return e->code;
        }
        for (size_t i = 0; i < n; i++) {
            const struct ledger_account *x = &list[i];
            total += ledger_balance(x);
            after = x->code;
            table_cell(t, x->code);
            table_cell(t, money_text(c->arena, x->debit_fen));
            table_cell(t, money_text(c->arena, x->credit_fen));
            table_cell(t, money_text(c->arena, ledger_balance(x)));
            table_cell(t, money_text(c->arena, x->pending_debit_fen - x->pending_credit_fen));
        }
    } while (n == LEDGER_PAGE_MAX);
    table_print(t, c, stdout);
    if (!c->json) {
        printf("%zu accounts, together %s yuan\n", table_rows(t),
               money_text(c->arena, (int64_t)total).at);
    }
    return OK;
}

static int balance_command(struct cmd *c, int argc, char **argv)
{
    struct asked a;
    int code = ask(c, argc, argv, &a);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct db *db = NULL;
    struct scope s;
    int64_t user;
    if (cmd_open(c, STORE_READ_ONLY, &db, &e) != OK ||
        cmd_scope(c, db, a.login, &s, &user, &e) != OK || print_balance(c, db, &a, s, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    store_close(db);
    return EXIT_DONE;
}

/* ---- ledger journal ---------------------------------------------------------------------------
 */

static void entry_row(struct cmd *c, struct table *t, const struct ledger_entry *x, bool running)
{
    struct text at;
    text_init(&at, c->arena, 64);
    text_day(&at, x->day);
    table_cellf(t, "%lld", (long long)x->seq);
    table_cell(t, text_str(&at));
    table_cell(t, x->kind);
    table_cell(t, str_of(PHASES[x->phase]));
    table_cell(t, x->ref);
    table_cell(t, x->code);
    table_cell(t, x->fen > 0 ? money_text(c->arena, x->fen) : STR(""));
    table_cell(t, x->fen < 0 ? money_text(c->arena, -x->fen) : STR(""));
    if (running) {
        table_cell(t, money_text(c->arena, x->balance_fen));
    }
}

static enum err_code print_journal(struct cmd *c, struct db *db, const struct asked *a,
                                   struct scope s, struct err *e)
{
    static const char *const titles[] = { "number",  "day",   "kind",   "phase",  "ref",
                                          "account", "debit", "credit", "balance" };
    struct table *t = table_new(c->arena, a->account ? "rlllllrrr" : "rlllllrr", titles, titles);
    struct ledger_account account = { .account_id = 0 };
    int64_t after = 0, balance = 0;
    size_t n;
    if (a->account && ledger_account_find(db, c->arena, s, str_of(a->book), str_of(a->account),
                                          &account, e) != OK) {
        return e->code;
    }
    do {
        const struct ledger_entry *list;
        enum err_code code = a->account ? ledger_statement(db, c->arena, s, account.account_id,
                                                           after, balance, &list, &n, e)
                                        : ledger_journal(db, c->arena, s, str_of(a->book),
                                                         str_of(a->ref), after, &list, &n, e);
        if (code != OK) {
            return code;
        }
        for (size_t i = 0; i < n; i++) {
            entry_row(c, t, &list[i], a->account != NULL);
            after = list[i].seq;
            balance = list[i].balance_fen;
        }
    } while (n >= LEDGER_PAGE_MAX);
    table_print(t, c, stdout);
    return OK;
}

static int journal_command(struct cmd *c, int argc, char **argv)
{
    struct asked a;
    int code = ask(c, argc, argv, &a);
    if (code) {
        return code;
    }
    if (!a.account == !a.ref) {
        return cmd_use(c, "give --account CODE or --ref REF: whose entries");
    }
    struct err e = { 0 };
    struct db *db = NULL;
    struct scope s;
    int64_t user;
    if (cmd_open(c, STORE_READ_ONLY, &db, &e) != OK ||
        cmd_scope(c, db, a.login, &s, &user, &e) != OK || print_journal(c, db, &a, s, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    store_close(db);
    return EXIT_DONE;
}

/* ---- ledger verify ----------------------------------------------------------------------------
 */

static int verify_command(struct cmd *c, int argc, char **argv)
{
    int code = cmd_options(c, argc, argv, NULL, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct db *db = NULL;
    struct ledger_proof p;
    struct text wrong;
    text_init(&wrong, c->arena, WRONG_MAX);
    if (cmd_open(c, STORE_READ_ONLY, &db, &e) != OK || ledger_prove(db, &p, &wrong, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    store_close(db);
    printf(STR_FMT, STR_ARG(text_str(&wrong)));
    printf(c->json ? "{\"books\":%lld,\"accounts\":%lld,\"transfers\":%lld,\"entries\":%lld,"
                     "\"turnover_fen\":%lld,\"wrong\":%lld}\n"
                   : "ledger: %lld books, %lld accounts, %lld transfers, %lld entries, turnover "
                     "%lld fen; %lld wrong\n",
           (long long)p.books, (long long)p.accounts, (long long)p.transfers, (long long)p.entries,
           (long long)p.turnover_fen, (long long)p.wrong);
    return p.wrong ? EXIT_REFUSED : EXIT_DONE;
}

const struct command ledger_commands[] = {
    { "ledger balance", "[--book NAME] [--as LOGIN]",
      "trial balance: every account with its turnover and balance",
      "  sunkeeper ledger balance\n  sunkeeper ledger balance --json\n", balance_command },
    { "ledger journal", "--account CODE | --ref REF [--book NAME] [--as LOGIN]",
      "entries of an account with its running balance, or of a reference",
      "  sunkeeper ledger journal --account A:BANK\n"
      "  sunkeeper ledger journal --ref payment:81 --json\n",
      journal_command },
    { "ledger verify", "", "walks the chains of all books and sums every account anew",
      "  sunkeeper ledger verify\n", verify_command },
    { 0 },
};
