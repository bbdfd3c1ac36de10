/* cmd_store.c - the store itself: opening, making, state, and the invariants. */
#include "cmd/cmd.h"
#include "cmd/steps.h"
#include "contract/contract.h"
#include "ledger/ledger.h"
#include "meter/meter.h"
#include "people/people.h"
#include "reading/reading.h"
#include "secret/secret.h"
#include "settle/settle.h"
#include "statement/statement.h"
#include "tariff/tariff.h"
#include "work/work.h"

static const struct store_migrations *const ROOMS[] = {
    &people_migrations,    &meter_migrations,  &reading_migrations,
    &contract_migrations,  &tariff_migrations, &settle_migrations,
    &statement_migrations, &ledger_migrations, &work_migrations,
    &secret_migrations,
};
#define N_ROOMS (sizeof ROOMS / sizeof *ROOMS)

static void all_rooms(struct store_migrations out[N_ROOMS])
{
    for (size_t i = 0; i < N_ROOMS; i++) {
        out[i] = *ROOMS[i];
    }
}

enum err_code cmd_migrate(struct cmd *c, struct db *db, struct err *e)
{
    struct store_migrations rooms[N_ROOMS];
    all_rooms(rooms);
    return store_migrate(db, rooms, N_ROOMS, c->clock.now(c->clock.ctx), e);
}

enum err_code cmd_open(struct cmd *c, enum store_mode mode, struct db **out, struct err *e)
{
    if (store_open(c->store, mode, out, e) != OK) {
        if (e->code == ERR_NOT_FOUND) {
            e->code = ERR_IO; /* a store that is not there is a store failure: exit code 3 */
        }
        return e->code;
    }
    struct store_migrations rooms[N_ROOMS];
    all_rooms(rooms);
    enum err_code code =
        mode == STORE_READ_ONLY ? store_migrated(*out, rooms, N_ROOMS, e) : cmd_migrate(c, *out, e);
    if (code != OK) {
        store_close(*out);
        *out = NULL;
        return e->code;
    }
    return OK;
}

enum err_code cmd_scope(struct cmd *c, struct db *db, const char *login, struct scope *out,
                        int64_t *user_id, struct err *e)
{
    *user_id = 0;
    if (!login) {
        *out = scope_machine();
        return OK;
    }
    struct user u;
    if (user_find_login(db, c->arena, scope_machine(), str_of(login), &u, e) != OK) {
        return fail_in(e, "--as %s: ", login);
    }
    if (people_scope(db, c->arena, u.user_id, NULL, out, e) != OK) {
        return e->code;
    }
    *user_id = u.user_id;
    return OK;
}

static int init_command(struct cmd *c, int argc, char **argv)
{
    int code = cmd_options(c, argc, argv, NULL, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct db *db;
    if (cmd_open(c, STORE_CREATE, &db, &e) != OK) {
        return cmd_error(c, &e);
    }
    printf(c->json ? "{\"store\":\"%s\"}\n" : "store ready: %s\n", store_where(db));
    store_close(db);
    return EXIT_DONE;
}

static int status_command(struct cmd *c, int argc, char **argv)
{
    static const char *const titles[] = { "state", "statements", "amount yuan" };
    static const char *const keys[] = { "state", "n", "yuan" };
    const char *period_word = NULL;
    struct option options[] = { { "--period", &period_word, NULL }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct settle_period period = { 0 };
    if (period_word && cmd_period(period_word, &period, &e) != OK) {
        return cmd_use(c, "%s", e.text);
    }
    struct db *db = NULL;
    struct statement_total totals[STATEMENT_VOID + 1] = { 0 };
    if (cmd_open(c, STORE_READ_ONLY, &db, &e) != OK ||
        statement_totals(db, scope_machine(), period, totals, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    struct table *t = table_new(c->arena, "lnr", titles, keys);
    for (int i = 1; i <= STATEMENT_VOID; i++) {
        if (totals[i].n) {
            table_cell(t, str_of(statement_state_word((enum statement_state)i)));
            table_cellf(t, "%lld", (long long)totals[i].n);
            table_cell(t, money_text(c->arena, totals[i].fen));
        }
    }
    table_print(t, c, stdout);
    store_close(db);
    return EXIT_DONE;
}

/* ---- check: the invariants of reliability.md, by the rooms that own them -----------------------
 */

#define CHECK_WRONG_MAX (1u << 20)
#define CHECK_SAMPLE 10 /* every tenth run is computed again, unless --deep */

struct checked {
    struct statement_checked statements;
    struct reading_check_report readings;
    struct audit_report audit;
    struct ledger_proof ledger;
};

static enum err_code check_all(struct cmd *c, struct db *db, bool deep, struct checked *out,
                               struct text *wrong, struct err *e)
{
    struct reading_points *points;
    if (reading_points_load(db, scope_machine(), c->arena, &points, e) != OK ||
        reading_check(db, points, c->arena, deep, &out->readings, e) != OK) {
        return e->code;
    }
    if (out->readings.faults) {
        text_add(wrong, out->readings.first_fault);
        text_byte(wrong, '\n');
    }
    if (statement_check(db, deep ? 1 : CHECK_SAMPLE, &out->statements, wrong, e) != OK ||
        audit_verify(db, c->arena, NULL, 0, &out->audit, e) != OK) {
        return e->code;
    }
    if (!out->audit.good) {
        text_add(wrong, out->audit.what);
        text_byte(wrong, '\n');
    }
    return ledger_prove(db, &out->ledger, wrong, e);
}

static int check_command(struct cmd *c, int argc, char **argv)
{
    bool deep = false;
    struct option options[] = { { "--deep", NULL, &deep }, { 0 } };
    int code = cmd_options(c, argc, argv, options, NULL, NULL);
    if (code) {
        return code;
    }
    struct err e = { 0 };
    struct db *db = NULL;
    struct checked k = { 0 };
    struct text wrong, digest;
    text_init(&wrong, c->arena, CHECK_WRONG_MAX);
    text_init(&digest, c->arena, 128);
    if (cmd_open(c, STORE_READ_ONLY, &db, &e) != OK ||
        check_all(c, db, deep, &k, &wrong, &e) != OK) {
        store_close(db);
        return cmd_error(c, &e);
    }
    store_close(db);
    int64_t bad = k.statements.wrong + k.readings.faults + !k.audit.good + k.ledger.wrong;
    text_hex(&digest, k.statements.digest.b, 8);
    const char *format =
        c->json ? "{\"statements\":%lld,\"lines\":%lld,\"numbers\":%lld,\"recomputed\":%lld,"
                  "\"batches\":%lld,\"readings\":%lld,\"chunks\":%lld,\"months\":%lld,"
                  "\"audit_rows\":%lld,\"transfers\":%lld,\"digest\":\"%s\",\"violations\":%lld}\n"
                : "check: I2 I4 %lld statements, %lld lines, %lld numbers; I3 %lld recomputed; "
                  "I7 %lld batches, %lld readings; I9 %lld chunks, %lld months; audit %lld rows; "
                  "I1 %lld transfers; digest %s; %lld violations\n";
    printf(STR_FMT, STR_ARG(text_str(&wrong)));
    printf(format, (long long)k.statements.statements, (long long)k.statements.lines,
           (long long)k.statements.numbers, (long long)k.statements.recomputed,
           (long long)k.readings.batches, (long long)k.readings.readings,
           (long long)k.readings.chunks, (long long)k.readings.months, (long long)k.audit.rows,
           (long long)k.ledger.transfers, text_str(&digest).at, (long long)bad);
    return bad ? EXIT_REFUSED : EXIT_DONE;
}

const struct command store_commands[] = {
    { "init", "", "makes an empty store, or brings an old one up to date", NULL, init_command },
    { "status", "[--period 2026-10]", "statements by state", NULL, status_command },
    { "check", "[--deep]",
      "verifies the invariants I1 I2 I3 I4 I7 I9 and the audit; ends with one line of figures",
      "  sunkeeper check --store ./var\n  sunkeeper check --deep --json\n", check_command },
    { 0 },
};
