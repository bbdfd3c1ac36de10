/* account.c - bank accounts: adding, showing masked, revealing with a reason, sealing anew; the
 * accounts of an order on a day.
 */
#include "base/json.h"
#include "base/mask.h"
#include "contract/account_part.h"
#include "contract/account_rows.h"
#include "contract/contract_rows.h"
#include "people/people.h"

#define BANK_NO_BYTES 12
#define CHANNEL_MAX 32
#define SUCCESSORS_MAX 64 /* changes of one account in a row: decades */

/* ---- adding ------------------------------------------------------------------------------------
 */

/* Digits and capital letters alone: how a number is compared, sealed and sent. */
static enum err_code number_clean(struct arena *a, struct str no, struct str *out, struct err *e)
{
    struct text t;
    text_init(&t, a, ACCOUNT_NO_MAX + 1);
    for (size_t i = 0; i < no.n; i++) {
        char c = no.at[i];
        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) {
            text_byte(&t, c);
        } else if (c != ' ' && c != '-') {
            return fail(e, ERR_INPUT, "an account number holds digits and capital letters only");
        }
    }
    if (t.cut || t.n < ACCOUNT_NO_MIN || t.n > ACCOUNT_NO_MAX) {
        return fail(e, ERR_INPUT, "an account number has %d to %d characters", ACCOUNT_NO_MIN,
                    ACCOUNT_NO_MAX);
    }
    *out = text_str(&t);
    return OK;
}

static enum err_code input_check(const struct account_new *v, struct scope s, struct err *e)
{
    bool digits = v->bank_no.n == 0 || v->bank_no.n == BANK_NO_BYTES;
    for (size_t i = 0; i < v->bank_no.n; i++) {
        digits = digits && v->bank_no.at[i] >= '0' && v->bank_no.at[i] <= '9';
    }
    if (!digits) {
        return fail(e, ERR_INPUT, "a bank number has %d digits", BANK_NO_BYTES);
    }
    if (str_trim(v->name).n == 0 || v->name.n > ACCOUNT_NAME_MAX || !str_utf8(v->name)) {
        return fail(e, ERR_INPUT, "the holder's name has 1 to %d bytes", ACCOUNT_NAME_MAX);
    }
    if (v->channel.n > CHANNEL_MAX || !day_valid(v->from)) {
        return fail(e, ERR_INPUT, "an account needs a first day, its channel at most %d bytes",
                    CHANNEL_MAX);
    }
    return scope_has(s, v->org_id) ? OK
                                   : fail(e, ERR_NOT_FOUND, "there is no organisation %lld",
                                          (long long)v->org_id);
}

static enum err_code sealed(struct db *db, struct arena *a, struct secrets *sec,
                            struct account_row *row, struct str no, struct str name,
                            struct instant now, struct err *e)
{
    int64_t id = row->v.account_id;
    if (secret_seal(sec, db, a, ACCOUNT_PURPOSE, secret_place(a, ACCOUNT_NO_PLACE, id), no, now,
                    &row->no_sealed, e) != OK ||
        secret_seal(sec, db, a, ACCOUNT_PURPOSE, secret_place(a, ACCOUNT_NAME_PLACE, id), name, now,
                    &row->name_sealed, e) != OK) {
        return e->code;
    }
    row->key_id = secret_key_of(row->no_sealed);
    return OK;
}

/* `*taken` is the account that has the number; where none has, one is written in that state. */
enum err_code account_write(struct db *db, struct arena *a, struct scope s, struct secrets *sec,
                            const struct account_new *v, enum account_state state,
                            struct instant now, int64_t *account_id, int64_t *taken, struct err *e)
{
    struct str no;
    uint8_t *index = arena_alloc(a, SECRET_INDEX_BYTES);
    if (input_check(v, s, e) != OK || number_clean(a, v->no, &no, e) != OK ||
        secret_index(sec, db, ACCOUNT_INDEX, no, now, index, e) != OK) {
        return e->code;
    }
    struct account_row row = {
        .v = { .account_id = store_next_id(db, now),
               .org_id = v->org_id,
               .no = mask(a, MASK_ACCOUNT, no),
               .name = v->person ? mask(a, MASK_PERSON, v->name) : v->name,
               .bank_no = v->bank_no,
               .channel = v->channel,
               .state = state,
               .from = v->from },
        .no_index = { (const char *)index, SECRET_INDEX_BYTES },
    };
    if (rows_find_bank_account_no(db, s, v->org_id, row.no_index, taken, e) != OK || *taken) {
        return e->code;
    }
    if (sealed(db, a, sec, &row, no, v->name, now, e) != OK ||
        rows_put_bank_account(db, s, &row, now, e) != OK) {
        return e->code;
    }
    *account_id = row.v.account_id;
    return OK;
}

static enum err_code tell(struct db *db, const struct bank_account *v, const char *action,
                          int64_t user_id, const char *detail, struct instant now, struct err *e)
{
    char object[48];
    snprintf(object, sizeof(object), "account:%lld", (long long)v->account_id);
    const struct audit_event ev = { .at = now,
                                    .user_id = user_id,
                                    .org_id = v->org_id,
                                    .action = str_of(action),
                                    .object = str_of(object),
                                    .result = STR("ok"),
                                    .detail = str_of(detail) };
    return audit_append(db, STR(AUDIT_MAIN), &ev, 1, e);
}

static enum err_code add(struct db *db, struct scope s, struct secrets *sec,
                         const struct account_new *v, bool take, struct instant now,
                         int64_t *account_id, struct err *e)
{
    struct arena *a = arena_new();
    struct err own = { .code = OK };
    int64_t taken = 0, id = 0;
    enum err_code code = account_write(db, a, s, sec, v, ACCOUNT_NEW, now, &id, &taken, &own);
    if (code == OK && taken && !take) {
        code = fail(&own, ERR_CONFLICT, "the organisation has this account already: %lld",
                    (long long)taken);
    }
    arena_free(a);
    if (code == OK) {
        *account_id = taken ? taken : id;
    } else if (e) {
        *e = own;
    }
    return code;
}

enum err_code account_add(struct db *db, struct scope s, struct secrets *sec,
                          const struct account_new *v, struct instant now, int64_t *account_id,
                          struct err *e)
{
    return add(db, s, sec, v, false, now, account_id, e);
}

enum err_code account_take(struct db *db, struct scope s, struct secrets *sec,
                           const struct account_new *v, struct instant now, int64_t *account_id,
                           struct err *e)
{
    return add(db, s, sec, v, true, now, account_id, e);
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static enum err_code find(struct db *db, struct arena *a, struct scope s, int64_t id,
                          struct account_row *out, struct err *e)
{
    bool found;
    if (rows_find_bank_account(db, a, s, id, out, &found, e) != OK) {
        return e->code;
    }
    return found ? OK : fail(e, ERR_NOT_FOUND, "there is no account %lld", (long long)id);
}

enum err_code account_get(struct db *db, struct arena *a, struct scope s, int64_t account_id,
                          struct bank_account *out, struct err *e)
{
    struct account_row row;
    if (find(db, a, s, account_id, &row, e) != OK) {
        return e->code;
    }
    *out = row.v;
    return OK;
}

enum err_code account_list(struct db *db, struct arena *a, struct scope s, int64_t org_id,
                           int64_t after, const struct bank_account **out, size_t *n,
                           struct err *e)
{
    struct bank_account *list = arena_many(a, ACCOUNT_PAGE_MAX, struct bank_account);
    size_t count;
    if (rows_list_bank_accounts(db, a, s, org_id, after, list, &count, e) != OK) {
        return e->code;
    }
    *out = list;
    *n = count;
    return OK;
}

enum err_code account_verify(struct db *db, struct scope s, int64_t account_id, int64_t fen,
                             struct str ref, int64_t user_id, struct instant now, struct err *e)
{
    struct arena *a = arena_new();
    struct account_row row;
    enum err_code code =
        fen >= 1 && fen <= ACCOUNT_VERIFY_FEN_MAX && ref.n > 0 && ref.n <= 64 && str_utf8(ref)
            ? find(db, a, s, account_id, &row, e)
            : fail(e, ERR_INPUT, "a verification is a payment of 1 to %d fen with its reference",
                   ACCOUNT_VERIFY_FEN_MAX);
    if (code == OK && row.v.state != ACCOUNT_NEW) {
        code = fail_named(e, ERR_RULE, "ACCOUNT_STATE", "account %lld waits for no verification",
                          (long long)account_id);
    }
    if (code == OK) {
        row.v.state = ACCOUNT_ACTIVE;
        code = rows_move_bank_account(db, s, &row.v, ACCOUNT_NEW, now, e);
    }
    if (code == OK) {
        code = tell(db, &row.v, "account.verify", user_id,
                    arena_printf(a, "{\"fen\":%lld}", (long long)fen), now, e);
    }
    arena_free(a);
    return code;
}

static enum err_code unsealed(struct db *db, struct arena *a, struct secrets *sec,
                              const struct account_row *row, struct str *no, struct str *name,
                              struct err *e)
{
    struct str n, m;
    int64_t id = row->v.account_id;
    if (secret_unseal(sec, db, a, ACCOUNT_PURPOSE, secret_place(a, ACCOUNT_NO_PLACE, id),
                      row->no_sealed, &n, e) != OK ||
        secret_unseal(sec, db, a, ACCOUNT_PURPOSE, secret_place(a, ACCOUNT_NAME_PLACE, id),
                      row->name_sealed, &m, e) != OK) {
        return fail_in(e, "account %lld: ", (long long)id);
    }
    *no = n;
    *name = m;
    return OK;
}

enum err_code account_open(struct db *db, struct arena *a, struct scope s, struct secrets *sec,
                           int64_t account_id, struct str *no, struct str *name, struct err *e)
{
    struct account_row row;
    return find(db, a, s, account_id, &row, e) == OK ? unsealed(db, a, sec, &row, no, name, e)
                                                     : e->code;
}

enum err_code account_reveal(struct db *db, struct arena *a, struct scope s, struct secrets *sec,
                             int64_t account_id, int64_t user_id, struct str reason,
                             struct instant now, struct str *no, struct str *name, struct err *e)
{
    struct account_row row;
    bool may = s.all && user_id == 0; /* the operator's own administrator at the server */
    if (str_trim(reason).n == 0 || reason.n > 200 || !str_utf8(reason)) {
        return fail(e, ERR_INPUT, "say why the account must be read, in 1 to 200 bytes");
    }
    if (find(db, a, s, account_id, &row, e) != OK ||
        (!may && people_may(db, user_id, ACCOUNT_UNMASK, row.v.org_id, &may, e) != OK)) {
        return e->code;
    }
    if (!may) {
        return fail_named(e, ERR_RULE, "ACCOUNT_RIGHT", "account %lld: %s is needed to read it",
                          (long long)account_id, ACCOUNT_UNMASK);
    }
    struct text detail;
    struct json_out o;
    text_init(&detail, a, AUDIT_TEXT_MAX);
    json_out_init(&o, &detail, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "reason", reason);
    json_close(&o, '}');
    return tell(db, &row.v, "account.reveal", user_id, text_str(&detail).at, now, e) == OK
               ? unsealed(db, a, sec, &row, no, name, e)
               : e->code;
}

enum err_code account_reseal(struct db *db, struct secrets *sec, int64_t limit, struct instant now,
                             int64_t *n, struct err *e)
{
    struct arena *a = arena_new();
    struct account_row *list = NULL;
    int32_t key = 0;
    size_t count = 0;
    enum err_code code = secret_active(sec, db, ACCOUNT_PURPOSE, &key, e);
    if (code == OK) {
        code = rows_sealed_by_others(db, a, key, limit, &list, &count, e);
    }
    for (size_t i = 0; i < count && code == OK; i++) {
        struct str no, name;
        code = unsealed(db, a, sec, &list[i], &no, &name, e);
        if (code == OK) {
            code = sealed(db, a, sec, &list[i], no, name, now, e);
        }
        if (code == OK) {
            code = rows_seal_bank_account(db, &list[i], now, e);
        }
    }
    arena_free(a);
    if (code == OK) {
        *n = (int64_t)count;
    }
    return code;
}

/* ---- the accounts of an order -------------------------------------------------------------------
 */

/* Follows the changes that are in effect on the day; adds what the account is to the hash. */
static enum err_code account_on(struct db *db, struct arena *a, int64_t id, struct day on,
                                struct hasher *h, int64_t *out, struct err *e)
{
    struct account_row row;
    for (int i = 0; id && i < SUCCESSORS_MAX; i++) {
        struct account_row next;
        if ((i == 0 && find(db, a, scope_machine(), id, &row, e) != OK) ||
            (row.v.successor && find(db, a, scope_machine(), row.v.successor, &next, e) != OK)) {
            return e->code;
        }
        if (!row.v.successor || next.v.from.yyyymmdd > on.yyyymmdd) {
            break;
        }
        row = next;
        id = next.v.account_id;
    }
    hasher_add(h, &id, sizeof(id));
    if (id) {
        hasher_add(h, row.no_index.at, row.no_index.n);
        hasher_add(h, row.v.bank_no.at, row.v.bank_no.n);
    }
    *out = id;
    return OK;
}

enum err_code order_accounts(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                             struct day on, const struct leg_accounts **out, size_t *n,
                             struct err *e)
{
    struct order o;
    if (order_get(db, a, s, order_id, &o, e) != OK) {
        return e->code;
    }
    struct leg_accounts *list = arena_many(a, o.n_legs + 1, struct leg_accounts);
    for (size_t i = 0; i < o.n_legs; i++) {
        const struct order_leg *l = &o.legs[i];
        struct hasher *h = hasher_new(a);
        struct str head = str_of(arena_printf(a, "%lld|" STR_FMT "|" STR_FMT "|",
                                              (long long)order_id, STR_ARG(l->payer),
                                              STR_ARG(l->payee)));
        list[i] = (struct leg_accounts){ .payer = l->payer, .payee = l->payee };
        hasher_add(h, head.at, head.n);
        if (account_on(db, a, l->payer_account_id, on, h, &list[i].payer_account, e) != OK ||
            account_on(db, a, l->payee_account_id, on, h, &list[i].payee_account, e) != OK) {
            return fail_in(e, "order " STR_FMT ": ", STR_ARG(o.no));
        }
        list[i].hash = hasher_end(h);
    }
    *out = list;
    *n = o.n_legs;
    return OK;
}

static int64_t party_org(const struct contract_terms *t, struct str party)
{
    for (size_t i = 0; i < t->n_parties; i++) {
        if (str_eq(t->parties[i].name, party)) {
            return t->parties[i].org_id;
        }
    }
    return 0;
}

static enum err_code side_bind(struct db *db, struct arena *a, struct scope s, struct secrets *sec,
                               const struct contract_terms *t, struct day from, struct str party,
                               struct str *text, int64_t *id, struct instant now, struct err *e)
{
    struct account_new v = { .org_id = party_org(t, party), .no = *text, .name = party,
                             .from = from };
    struct org org;
    struct bank_account account;
    if (*id || text->n == 0) {
        return OK;
    }
    if (v.org_id) {
        enum err_code code = org_get(db, a, scope_machine(), v.org_id, &org, e);
        if (code != OK && code != ERR_NOT_FOUND) {
            return code;
        }
        v.name = code == OK ? org.name : v.name;
    }
    if (account_take(db, v.org_id ? s : scope_machine(), sec, &v, now, id, e) != OK ||
        account_get(db, a, scope_machine(), *id, &account, e) != OK) {
        return fail_in(e, "account of " STR_FMT ": ", STR_ARG(party));
    }
    *text = account.no;
    return OK;
}

enum err_code order_legs_bind(struct db *db, struct arena *a, struct scope s, struct secrets *sec,
                              struct str terms, struct day from, struct order_leg *legs, size_t n,
                              struct instant now, struct err *e)
{
    struct contract_terms t;
    if (contract_terms_parse(a, terms, &t, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < n; i++) {
        struct order_leg *l = &legs[i];
        if (side_bind(db, a, s, sec, &t, from, l->payer, &l->payer_account, &l->payer_account_id,
                      now, e) != OK ||
            side_bind(db, a, s, sec, &t, from, l->payee, &l->payee_account, &l->payee_account_id,
                      now, e) != OK) {
            return e->code;
        }
    }
    return OK;
}
