/* contract.c - contracts, orders and strategy texts: what is checked before a row is written.
 */
#include "contract/contract.h"
#include "base/embed.h"
#include "contract/contract_rows.h"
#include "contract/life_rows.h"
#include "contract/refs.h"
#include "contract/terms.h"

EMBED(contract_sql, "src/contract/contract.sql");
const struct store_migrations contract_migrations = {"contract", contract_sql};

#define NAME_MAX_BYTES 64 /* of a strategy or a number; the tables say so too */

static int32_t open_until(struct day until)
{
    return until.yyyymmdd ? until.yyyymmdd : DAY_OPEN;
}

/* ---- references: "name@3 other@1" --------------------------------------------------------------
 */

struct str refs_text(struct arena *a, const struct strategy_ref *refs, size_t n)
{
    struct text t;
    text_init(&t, a, STRATEGY_USES_MAX * (NAME_MAX_BYTES + 16));
    text_add_c(&t, "");
    for (size_t i = 0; i < n; i++) {
        text_addf(&t, "%s" STR_FMT "@%d", i ? " " : "", STR_ARG(refs[i].name), refs[i].version);
    }
    return text_str(&t);
}

enum err_code refs_parse(struct arena *a, struct str text, const struct strategy_ref **out,
                         size_t *n, struct err *e)
{
    struct str word;
    size_t count = 0;
    if (text.n == 0) {
        *out = NULL;
        *n = 0;
        return OK;
    }
    struct strategy_ref *list = arena_many(a, STRATEGY_USES_MAX, struct strategy_ref);
    while (text.n > 0 && str_split(&text, ' ', &word)) {
        struct str name;
        int64_t version;
        if (count == STRATEGY_USES_MAX || !str_split(&word, '@', &name) ||
            decimal_scaled(word, 0, &version, e) != OK) {
            return fail(e, ERR_CORRUPT, "a stored list of texts cannot be read: '" STR_FMT "'",
                        STR_ARG(text));
        }
        list[count++] = (struct strategy_ref){name, (int32_t)version};
    }
    *out = list;
    *n = count;
    return OK;
}

/* ---- strategy texts
 * ------------------------------------------------------------------------------ */

static struct sha256 text_hash(struct arena *a, struct str name, struct str text, struct str uses)
{
    struct hasher *h = hasher_new(a);
    const struct str part[] = {name, uses, text};
    for (int i = 0; i < 3; i++) {
        uint64_t n = part[i].n;
        hasher_add(h, &n, sizeof(n));
        hasher_add(h, part[i].at, part[i].n);
    }
    return hasher_end(h);
}

static bool name_good(struct str name)
{
    if (name.n == 0 || name.n > NAME_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = name.at[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return true;
}

static enum err_code uses_check(struct db *db, struct arena *a, const struct strategy_ref *uses,
                                size_t n, struct err *e)
{
    struct strategy_text used;
    if (n > STRATEGY_USES_MAX) {
        return fail(e, ERR_LIMIT, "strategy: %zu libraries; at most %d", n, STRATEGY_USES_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        if (uses[i].version < 1) {
            return fail(e, ERR_INPUT, "strategy: library " STR_FMT " without a version",
                        STR_ARG(uses[i].name));
        }
        if (contract_strategy_get(db, a, uses[i].name, uses[i].version, &used, e) != OK) {
            return fail_in(e, "library: ");
        }
    }
    return OK;
}

enum err_code contract_strategy_draft(struct db *db, struct arena *a, struct str name,
                                      struct str title, struct str text,
                                      const struct strategy_ref *uses, size_t n_uses,
                                      struct instant now, struct strategy_text *out, bool *fresh,
                                      struct err *e)
{
    if (!name_good(name)) {
        return fail(e, ERR_INPUT,
                    "strategy name '" STR_FMT "': 1 to %d of a-z, 0-9 and _ are taken",
                    STR_ARG(name), NAME_MAX_BYTES);
    }
    if (text.n == 0 || text.n > STRATEGY_TEXT_BYTES_MAX || !str_utf8(text)) {
        return fail(e, ERR_INPUT, "strategy " STR_FMT ": 1 to %u bytes of UTF-8 are taken",
                    STR_ARG(name), STRATEGY_TEXT_BYTES_MAX);
    }
    if (uses_check(db, a, uses, n_uses, e) != OK) {
        return e->code;
    }
    struct str u = refs_text(a, uses, n_uses);
    struct strategy_text t = {.title = title, .text = text, .uses = uses, .n_uses = n_uses};
    t.hash = text_hash(a, name, text, u);
    t.ref.name = name;
    t.published = now;
    if (rows_find_strategy_hash(db, name, t.hash, &t.ref.version, e) != OK) {
        return e->code;
    }
    if (t.ref.version > 0) {
        *fresh = false;
        return contract_strategy_get(db, a, name, t.ref.version, out, e);
    }
    struct strategy_text last = {0};
    struct str ignored;
    bool found;
    if (rows_find_strategy(db, a, name, 0, &last, &ignored, &found, e) != OK) {
        return e->code;
    }
    t.ref.version = (found ? last.ref.version : 0) + 1;
    const struct life_row born = {.ref = t.ref, .state = LIFE_DRAFT, .changed = now};
    if (rows_put_strategy(db, &t, u, e) != OK || rows_put_life(db, &born, e) != OK) {
        return e->code;
    }
    *fresh = true;
    *out = t;
    return OK;
}

enum err_code contract_strategy_get(struct db *db, struct arena *a, struct str name,
                                    int32_t version, struct strategy_text *out, struct err *e)
{
    struct strategy_text t = {0};
    struct str uses = {0};
    bool found;
    if (rows_find_strategy(db, a, name, version, &t, &uses, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return version ? fail(e, ERR_NOT_FOUND, "strategy " STR_FMT ": no version %d is published",
                              STR_ARG(name), version)
                       : fail(e, ERR_NOT_FOUND, "strategy " STR_FMT ": nothing is published",
                              STR_ARG(name));
    }
    struct sha256 h = text_hash(a, t.ref.name, t.text, uses);
    if (memcmp(h.b, t.hash.b, sizeof(h.b)) != 0) {
        return fail(e, ERR_CORRUPT, "strategy " STR_FMT "@%d: its text is not what was published",
                    STR_ARG(name), t.ref.version);
    }
    if (refs_parse(a, uses, &t.uses, &t.n_uses, e) != OK) {
        return e->code;
    }
    *out = t;
    return OK;
}

enum err_code contract_strategy_list(struct db *db, struct arena *a,
                                     const struct strategy_ref *after,
                                     const struct strategy_text **out, size_t *n, struct err *e)
{
    return rows_list_strategies(db, a, after, out, n, e);
}

/* ---- contracts
 * ------------------------------------------------------------------------------------ */

static struct sha256 contract_hash(struct arena *a, const struct contract *c, struct str amendments)
{
    struct hasher *h = hasher_new(a);
    const struct str part[] = {c->no, c->title, c->strategy.name, amendments, c->terms};
    int64_t fact[] = {c->version, c->from.yyyymmdd, c->strategy.version, (int64_t)c->n_stations};
    hasher_add(h, fact, sizeof(fact));
    for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++) {
        uint64_t n = part[i].n;
        hasher_add(h, &n, sizeof(n));
        hasher_add(h, part[i].at, part[i].n);
    }
    for (size_t i = 0; i < c->n_stations; i++) {
        hasher_add(h, &c->stations[i], sizeof(c->stations[i]));
    }
    return hasher_end(h);
}

static int id_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static enum err_code stations_check(struct arena *a, struct contract *c, struct err *e)
{
    if (c->n_stations == 0 || c->n_stations > CONTRACT_STATIONS_MAX) {
        return fail(e, ERR_INPUT, "contract " STR_FMT ": 1 to %d stations, not %zu", STR_ARG(c->no),
                    CONTRACT_STATIONS_MAX, c->n_stations);
    }
    int64_t *sorted = arena_many(a, c->n_stations, int64_t);
    memcpy(sorted, c->stations, c->n_stations * sizeof(*sorted));
    qsort(sorted, c->n_stations, sizeof(*sorted), id_order);
    for (size_t i = 1; i < c->n_stations; i++) {
        if (sorted[i] == sorted[i - 1]) {
            return fail(e, ERR_INPUT, "contract " STR_FMT ": station %lld stands there twice",
                        STR_ARG(c->no), (long long)sorted[i]);
        }
    }
    c->stations = sorted;
    return OK;
}

/* Everything about one contract that needs no other row; fills hash and `f`. */
static enum err_code contract_check(struct arena *a, struct scope s, struct contract *c,
                                    struct contract_full *f, struct err *e)
{
    struct contract_terms *t = arena_make(a, struct contract_terms);
    if (c->no.n == 0 || c->no.n > NAME_MAX_BYTES || !str_utf8(c->no) || !str_utf8(c->title)) {
        return fail(e, ERR_INPUT, "contract: a number of 1 to %d bytes is needed", NAME_MAX_BYTES);
    }
    if (!day_valid(c->from) || (c->until.yyyymmdd && !day_valid(c->until)) ||
        open_until(c->until) <= c->from.yyyymmdd) {
        return fail(e, ERR_INPUT, "contract " STR_FMT ": validity [%d, %d) is none", STR_ARG(c->no),
                    c->from.yyyymmdd, c->until.yyyymmdd);
    }
    if (!str_utf8(c->terms) || contract_terms_on(a, c->terms, c->from, t, e) != OK) {
        return fail_in(e, "contract " STR_FMT ": ", STR_ARG(c->no));
    }
    bool mine = s.all;
    for (size_t i = 0; i < t->n_parties; i++) {
        mine = mine || scope_has(s, t->parties[i].org_id);
        for (size_t k = 0; k < i; k++) {
            if (str_eq(t->parties[k].name, t->parties[i].name)) {
                return fail(e, ERR_INPUT,
                            "contract " STR_FMT ": the party " STR_FMT " stands for two "
                            "organisations, %lld and %lld; give the member a \"party\" of its own",
                            STR_ARG(c->no), STR_ARG(t->parties[i].name),
                            (long long)t->parties[k].org_id, (long long)t->parties[i].org_id);
            }
        }
    }
    if (!mine) {
        return fail(e, ERR_RULE, "contract " STR_FMT ": none of its parties is yours",
                    STR_ARG(c->no));
    }
    if (stations_check(a, c, e) != OK) {
        return e->code;
    }
    *f = (struct contract_full){.c = c,
                                .tariff_key = terms_tariff_key(a, t),
                                .amendments = refs_text(a, c->amendments, c->n_amendments),
                                .parties = t->parties,
                                .n_parties = t->n_parties,
                                .changes = t->changes,
                                .n_changes = t->n_changes};
    c->hash = contract_hash(a, c, f->amendments);
    return OK;
}

/* Law 6: a version for each stretch between effective dates, in the place of one over all of them.
 */
static enum err_code steps_make(struct arena *a, const struct contract_full *f, size_t n,
                                struct contract_full **out, size_t *n_out, struct err *e)
{
    size_t room = n, k = 0;
    for (size_t i = 0; i < n; i++) {
        room += f[i].n_changes;
    }
    struct contract_full *steps = arena_many(a, room + 1, struct contract_full);
    struct contract *c = arena_many(a, room + 1, struct contract);
    for (size_t i = 0; i < n; i++) {
        size_t first = k;
        const int32_t until = open_until(f[i].c->until);
        steps[k] = f[i];
        c[k] = *f[i].c;
        for (size_t d = 0; d < f[i].n_changes; d++) {
            const struct day day = f[i].changes[d];
            if (day.yyyymmdd <= f[i].c->from.yyyymmdd || day.yyyymmdd >= until) {
                continue;
            }
            steps[k].successor = true;
            c[k++].until = day;
            steps[k] = f[i];
            c[k] = *f[i].c;
            c[k].from = day;
            c[k].version = c[k - 1].version + 1;
        }
        steps[first].c = &c[first];
        for (first++, k++; first < k; first++) {
            c[first].hash = contract_hash(a, &c[first], f[i].amendments);
            steps[first].c = &c[first];
        }
        if (c[k - 1].version - f[i].c->version > CONTRACT_CHANGES_MAX) {
            return fail(e, ERR_LIMIT,
                        "contract " STR_FMT ": more than %d effective dates; make a new version of "
                        "it before",
                        STR_ARG(f[i].c->no), CONTRACT_CHANGES_MAX);
        }
    }
    *out = steps;
    *n_out = k;
    return OK;
}

/* The strategy version and the amendments exist. */
static enum err_code strategy_exists(struct db *db, struct arena *a, const struct contract *c,
                                     struct err *e)
{
    struct strategy_text t;
    if (c->strategy.version < 1) {
        return fail(e, ERR_INPUT, "contract " STR_FMT ": names no version of its strategy",
                    STR_ARG(c->no));
    }
    if (contract_strategy_get(db, a, c->strategy.name, c->strategy.version, &t, e) != OK ||
        uses_check(db, a, c->amendments, c->n_amendments, e) != OK ||
        life_named(db, a, c->strategy, e) != OK) {
        return fail_in(e, "contract " STR_FMT ": ", STR_ARG(c->no));
    }
    return OK;
}

/* Law 2 against the table. A new version of the contract itself is never in its own way. */
static enum err_code overlap_check(struct db *db, struct scope s, const struct contract *c,
                                   struct arena *a, struct err *e)
{
    for (size_t i = 0; i < c->n_stations; i += 8) {
        size_t n = c->n_stations - i < 8 ? c->n_stations - i : 8;
        struct str other;
        if (rows_find_overlap(db, s, c->stations + i, n, c->contract_id, c->from.yyyymmdd,
                              open_until(c->until), a, &other, e) != OK) {
            return e->code;
        }
        if (other.n > 0) {
            return fail_named(e, ERR_CONFLICT, "CONTRACT_OVERLAP",
                              "contract " STR_FMT ": a station of it is bound by contract " STR_FMT
                              " in that time; end that one first",
                              STR_ARG(c->no), STR_ARG(other));
        }
    }
    return OK;
}

static enum err_code number_free(struct db *db, struct str no, struct err *e)
{
    int64_t id = 0;
    if (rows_find_contract_no(db, scope_machine(), no, &id, e) != OK) {
        return e->code;
    }
    return id == 0
               ? OK
               : fail(e, ERR_CONFLICT, "contract " STR_FMT ": this number is taken", STR_ARG(no));
}

enum err_code contract_create(struct db *db, struct scope s, struct contract *c, struct instant now,
                              struct err *e)
{
    struct arena *a = arena_new();
    struct contract own = *c;
    struct contract_full f, *steps;
    size_t n;
    own.version = 1;
    own.state = CONTRACT_EFFECTIVE;
    enum err_code rc = contract_check(a, s, &own, &f, e);
    if (rc == OK) {
        own.contract_id = own.contract_id ? own.contract_id : store_next_id(db, now);
        rc = strategy_exists(db, a, &own, e);
    }
    if (rc == OK) {
        rc = number_free(db, own.no, e);
    }
    if (rc == OK) {
        rc = overlap_check(db, s, &own, a, e);
    }
    if (rc == OK) {
        rc = steps_make(a, &f, 1, &steps, &n, e);
    }
    if (rc == OK) {
        rc = rows_put_contracts(db, s, steps, n, now, e);
    }
    if (rc == OK) {
        own.stations = c->stations;
        *c = own;
    }
    arena_free(a);
    return rc;
}

/* Whether a version that is still to come only has another value of the same terms. */
static enum err_code is_step(struct db *db, struct scope s, struct arena *a, int64_t contract_id,
                             const struct version_row *base, const struct version_row *v, bool *out,
                             struct err *e)
{
    struct contract x, y;
    struct contract_terms t;
    bool found_x, found_y, dated = false;
    if (rows_find_contract(db, a, s, contract_id, 0, base->version, &x, &found_x, e) != OK ||
        rows_find_contract(db, a, s, contract_id, 0, v->version, &y, &found_y, e) != OK ||
        contract_terms_parse(a, x.terms, &t, e) != OK) {
        return e->code;
    }
    for (size_t i = 0; i < t.n_changes; i++) {
        dated = dated || t.changes[i].yyyymmdd == v->from;
    }
    *out = found_x && found_y && dated && str_eq(x.terms, y.terms);
    return OK;
}

/* The version that a change from `from` on ends, and the number of the last one there is. Versions
 * of effective dates that are still to come give way to it; any other stands in its way. */
static enum err_code change_base(struct db *db, struct scope s, struct arena *a,
                                 int64_t contract_id, struct day from, struct instant now,
                                 struct version_row *base, int32_t *last, struct err *e)
{
    struct version_row *v, end = {0};
    const struct version_row *hit = NULL;
    size_t n;
    bool gives_way = true;
    if (rows_list_versions(db, a, s, contract_id, &v, &n, e) != OK) {
        return e->code;
    }
    if (n == 0) {
        return fail(e, ERR_NOT_FOUND, "contract %lld: not there, or not yours",
                    (long long)contract_id);
    }
    for (size_t i = 0; i < n; i++) {
        if (!v[i].cancelled && v[i].from < from.yyyymmdd && (!hit || v[i].from > hit->from)) {
            hit = &v[i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].cancelled) {
            continue;
        }
        end = v[i].from >= end.from ? v[i] : end;
        if (v[i].from < from.yyyymmdd) {
            continue;
        }
        bool step = false;
        if (hit && v[i].from > instant_day(now).yyyymmdd &&
            is_step(db, s, a, contract_id, hit, &v[i], &step, e) != OK) {
            return e->code;
        }
        gives_way = gives_way && step;
    }
    if (!hit || !gives_way || from.yyyymmdd > end.until) {
        return fail(e, ERR_RULE,
                    "contract " STR_FMT ": a change takes effect after %d and by %d, not on %d",
                    STR_ARG(v[0].no), end.from, end.until, from.yyyymmdd);
    }
    *base = *hit;
    *last = v[0].version;
    return OK;
}

static enum err_code change_write(struct db *db, struct scope s, struct arena *a,
                                  const struct contract_full *f, const struct version_row *base,
                                  struct instant now, struct err *e)
{
    struct contract_full *steps;
    size_t n;
    if (steps_make(a, f, 1, &steps, &n, e) != OK ||
        rows_cancel_versions(db, s, f->c->contract_id, f->c->from, now, e) != OK) {
        return e->code;
    }
    if (f->c->from.yyyymmdd < base->until &&
        rows_end_contract(db, s, f->c->contract_id, base->version, f->c->from, now, e) != OK) {
        return e->code;
    }
    return rows_put_contracts(db, s, steps, n, now, e);
}

enum err_code contract_change(struct db *db, struct scope s, struct contract *c, struct instant now,
                              struct err *e)
{
    struct arena *a = arena_new();
    struct contract own = *c;
    struct contract_full f;
    struct version_row base = {0};
    int32_t last = 0;
    enum err_code rc = change_base(db, s, a, c->contract_id, own.from, now, &base, &last, e);
    if (rc == OK) {
        own.version = last + 1;
        own.no = base.no;
        own.state = CONTRACT_EFFECTIVE;
        rc = contract_check(a, s, &own, &f, e);
    }
    if (rc == OK) {
        rc = strategy_exists(db, a, &own, e);
    }
    if (rc == OK) {
        rc = overlap_check(db, s, &own, a, e);
    }
    if (rc == OK) {
        rc = change_write(db, s, a, &f, &base, now, e);
    }
    if (rc == OK) {
        own.stations = c->stations;
        own.no = c->no;
        *c = own;
    }
    arena_free(a);
    return rc;
}

enum err_code contract_get(struct db *db, struct arena *a, struct scope s, int64_t contract_id,
                           struct day on, struct contract *out, struct err *e)
{
    struct contract c;
    bool found;
    if (rows_find_contract(db, a, s, contract_id, on.yyyymmdd, 0, &c, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "contract %lld: not there on %d, or not yours",
                    (long long)contract_id, on.yyyymmdd);
    }
    if (rows_contract_stations(db, a, s, contract_id, c.version, &c.stations, &c.n_stations, e) !=
        OK) {
        return e->code;
    }
    *out = c;
    return OK;
}

enum err_code contract_find_no(struct db *db, struct arena *a, struct scope s, struct str no,
                               int64_t *contract_id, struct err *e)
{
    int64_t id = 0;
    (void)a;
    if (rows_find_contract_no(db, s, no, &id, e) != OK) {
        return e->code;
    }
    if (id == 0) {
        return fail(e, ERR_NOT_FOUND, "contract " STR_FMT ": not there, or not yours", STR_ARG(no));
    }
    *contract_id = id;
    return OK;
}

/* ---- orders
 * ---------------------------------------------------------------------------------------- */

/* What of an order needs no other row; fills the defaults. */
static enum err_code order_check(struct arena *a, struct order *o, struct err *e)
{
    if (o->no.n == 0 || o->no.n > NAME_MAX_BYTES || !str_utf8(o->no)) {
        return fail(e, ERR_INPUT, "order: a number of 1 to %d bytes is needed", NAME_MAX_BYTES);
    }
    if (!day_valid(o->from) || (o->until.yyyymmdd && !day_valid(o->until)) ||
        open_until(o->until) <= o->from.yyyymmdd) {
        return fail(e, ERR_INPUT, "order " STR_FMT ": validity [%d, %d) is none", STR_ARG(o->no),
                    o->from.yyyymmdd, o->until.yyyymmdd);
    }
    if (o->n_stations == 0) {
        int64_t *one = arena_make(a, int64_t);
        *one = o->station_id;
        o->stations = one;
        o->n_stations = 1;
    }
    if (o->n_stations > CONTRACT_STATIONS_MAX || o->stations[0] != o->station_id) {
        return fail(e, ERR_INPUT,
                    "order " STR_FMT ": at most %d stations, its main one (%lld) first",
                    STR_ARG(o->no), CONTRACT_STATIONS_MAX, (long long)o->station_id);
    }
    for (size_t i = 0; i < o->n_legs; i++) {
        const struct order_leg *l = &o->legs[i];
        if (l->payer.n == 0 || l->payee.n == 0) {
            return fail(e, ERR_INPUT, "order " STR_FMT ": direction %zu lacks a party",
                        STR_ARG(o->no), i + 1);
        }
        for (size_t k = 0; k < i; k++) {
            if (str_eq(l->payer, o->legs[k].payer) && str_eq(l->payee, o->legs[k].payee)) {
                return fail(e, ERR_INPUT,
                            "order " STR_FMT ": two accounts for " STR_FMT " to " STR_FMT
                            "; one direction has one",
                            STR_ARG(o->no), STR_ARG(l->payer), STR_ARG(l->payee));
            }
        }
    }
    o->state = ORDER_ACTIVE;
    return OK;
}

/* Every station of the order is one of its contract's. */
static enum err_code order_stations_check(const struct order *o, const int64_t *stations, size_t n,
                                          struct err *e)
{
    for (size_t i = 0; i < o->n_stations; i++) {
        bool hit = false;
        for (size_t k = 0; k < n && !hit; k++) {
            hit = stations[k] == o->stations[i];
        }
        if (!hit) {
            return fail(e, ERR_INPUT, "order " STR_FMT ": station %lld is not in its contract",
                        STR_ARG(o->no), (long long)o->stations[i]);
        }
    }
    return OK;
}

/* Serials rise without holes; the unique index refuses two writers that counted at once. */
static enum err_code serials_take(struct db *db, struct scope s, struct order *o, size_t n,
                                  struct err *e)
{
    int64_t last = 0;
    if (rows_last_serial(db, s, &last, e) != OK) {
        return e->code;
    }
    if (last + (int64_t)n > INT32_MAX) {
        return fail(e, ERR_LIMIT, "orders: more than %d", INT32_MAX);
    }
    for (size_t i = 0; i < n; i++) {
        o[i].serial = (int32_t)(last + (int64_t)i + 1);
    }
    return OK;
}

enum err_code order_create(struct db *db, struct scope s, struct order *o, struct instant now,
                           struct err *e)
{
    struct arena *a = arena_new();
    struct order own = *o;
    struct contract c;
    struct str twin = {0};
    enum err_code rc = order_check(a, &own, e);
    if (rc == OK) {
        rc = contract_get(db, a, s, own.contract_id, own.from, &c, e);
    }
    if (rc == OK) {
        rc = order_stations_check(&own, c.stations, c.n_stations, e);
    }
    if (rc == OK) {
        rc = rows_find_order_twin(db, s, own.contract_id, own.station_id, own.from.yyyymmdd,
                                  open_until(own.until), a, &twin, e);
    }
    int64_t taken = 0;
    if (rc == OK) {
        rc = rows_find_order_no(db, scope_machine(), own.no, &taken, e);
    }
    if (rc == OK && taken) {
        rc = fail(e, ERR_CONFLICT, "order " STR_FMT ": this number is taken", STR_ARG(own.no));
    }
    if (rc == OK && twin.n > 0) {
        rc = fail(e, ERR_CONFLICT,
                  "order " STR_FMT ": order " STR_FMT
                  " of the same contract has this station in that time",
                  STR_ARG(own.no), STR_ARG(twin));
    }
    if (rc == OK) {
        rc = serials_take(db, s, &own, 1, e);
    }
    if (rc == OK) {
        own.order_id = own.order_id ? own.order_id : store_next_id(db, now);
        rc = rows_put_orders(db, s, &own, 1, now, e);
    }
    if (rc == OK) {
        o->order_id = own.order_id;
        o->serial = own.serial;
        o->state = own.state;
    }
    arena_free(a);
    return rc;
}

enum err_code order_get(struct db *db, struct arena *a, struct scope s, int64_t order_id,
                        struct order *out, struct err *e)
{
    struct order o;
    bool found;
    if (rows_find_order(db, a, s, order_id, &o, &found, e) != OK) {
        return e->code;
    }
    if (!found) {
        return fail(e, ERR_NOT_FOUND, "order %lld: not there, or not yours", (long long)order_id);
    }
    struct leg_row *legs;
    size_t n;
    if (rows_order_stations(db, a, s, order_id, &o.stations, &o.n_stations, e) != OK ||
        rows_legs(db, a, s, order_id, order_id, &legs, &n, e) != OK) {
        return e->code;
    }
    struct order_leg *list = arena_many(a, n + 1, struct order_leg);
    for (size_t i = 0; i < n; i++) {
        list[i] = legs[i].leg;
    }
    o.legs = list;
    o.n_legs = n;
    *out = o;
    return OK;
}

enum err_code order_find_no(struct db *db, struct arena *a, struct scope s, struct str no,
                            int64_t *order_id, struct err *e)
{
    int64_t id = 0;
    (void)a;
    if (rows_find_order_no(db, s, no, &id, e) != OK) {
        return e->code;
    }
    if (id == 0) {
        return fail(e, ERR_NOT_FOUND, "order " STR_FMT ": not there, or not yours", STR_ARG(no));
    }
    *order_id = id;
    return OK;
}

/* ---- many at once
 * ------------------------------------------------------------------------------------ */

struct station_use {
    int64_t station_id;
    int32_t from, until;
    size_t contract;
};

static int use_order(const void *a, const void *b)
{
    const struct station_use *x = a, *y = b;
    if (x->station_id != y->station_id) {
        return x->station_id < y->station_id ? -1 : 1;
    }
    return x->from < y->from ? -1 : x->from > y->from;
}

/* Law 2 among the contracts given, then against the table, eight stations at a time. */
static enum err_code bulk_overlap(struct db *db, struct scope s, struct arena *a,
                                  const struct contract *c, size_t n, struct err *e)
{
    size_t total = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        total += c[i].n_stations;
    }
    struct station_use *u = arena_many(a, total, struct station_use);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < c[i].n_stations; j++) {
            u[k++] = (struct station_use){c[i].stations[j], c[i].from.yyyymmdd,
                                          open_until(c[i].until), i};
        }
    }
    qsort(u, total, sizeof(*u), use_order);
    for (size_t i = 1; i < total; i++) {
        if (u[i].station_id == u[i - 1].station_id && u[i].from < u[i - 1].until) {
            return fail_named(e, ERR_CONFLICT, "CONTRACT_OVERLAP",
                              "contracts " STR_FMT " and " STR_FMT
                              " bind station %lld in the same time",
                              STR_ARG(c[u[i - 1].contract].no), STR_ARG(c[u[i].contract].no),
                              (long long)u[i].station_id);
        }
    }
    for (size_t i = 0; i < total; i += 8) {
        int64_t ids[8];
        size_t m = total - i < 8 ? total - i : 8;
        int32_t from = DAY_OPEN, until = 0;
        for (size_t j = 0; j < m; j++) {
            ids[j] = u[i + j].station_id;
            from = u[i + j].from < from ? u[i + j].from : from;
            until = u[i + j].until > until ? u[i + j].until : until;
        }
        struct str other;
        if (rows_find_overlap(db, s, ids, m, 0, from, until, a, &other, e) != OK) {
            return e->code;
        }
        for (size_t j = 0; other.n > 0 && j < m;
             j++) { /* the span of eight is coarse: look again */
            if (overlap_check(db, s, &c[u[i + j].contract], a, e) != OK) {
                return e->code;
            }
        }
    }
    return OK;
}

/* Each distinct strategy once: contracts of a fleet share a few. */
static enum err_code bulk_strategies(struct db *db, struct arena *a, const struct contract *c,
                                     size_t n, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        bool seen = i > 0 && c[i].n_amendments == 0 && c[i - 1].n_amendments == 0 &&
                    c[i].strategy.version == c[i - 1].strategy.version &&
                    str_eq(c[i].strategy.name, c[i - 1].strategy.name);
        if (!seen && strategy_exists(db, a, &c[i], e) != OK) {
            return e->code;
        }
    }
    return OK;
}

static enum err_code bulk_check(struct db *db, struct scope s, struct arena *a,
                                struct contract *own, struct order *orders,
                                struct contract_full *full, size_t n, struct instant now,
                                struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        own[i].version = 1;
        own[i].state = CONTRACT_EFFECTIVE;
        if (contract_check(a, s, &own[i], &full[i], e) != OK ||
            order_check(a, &orders[i], e) != OK ||
            order_stations_check(&orders[i], own[i].stations, own[i].n_stations, e) != OK) {
            return e->code;
        }
        own[i].contract_id = own[i].contract_id ? own[i].contract_id : store_next_id(db, now);
        orders[i].contract_id = own[i].contract_id;
    }
    for (size_t i = 0; i < n; i++) {
        orders[i].order_id = orders[i].order_id ? orders[i].order_id : store_next_id(db, now);
    }
    return OK;
}

enum err_code contract_create_bulk(struct db *db, struct scope s, struct contract *contracts,
                                   struct order *orders, size_t n, struct instant now,
                                   struct err *e)
{
    struct arena *a = arena_new();
    struct contract *c = arena_many(a, n + 1, struct contract);
    struct order *o = arena_many(a, n + 1, struct order);
    struct contract_full *f = arena_many(a, n + 1, struct contract_full), *steps;
    size_t n_steps;
    memcpy(c, contracts, n * sizeof(*c));
    memcpy(o, orders, n * sizeof(*o));
    enum err_code rc = bulk_check(db, s, a, c, o, f, n, now, e);
    if (rc == OK) {
        rc = bulk_strategies(db, a, c, n, e);
    }
    if (rc == OK) {
        rc = bulk_overlap(db, s, a, c, n, e);
    }
    if (rc == OK) {
        rc = steps_make(a, f, n, &steps, &n_steps, e);
    }
    if (rc == OK) {
        rc = rows_put_contracts(db, s, steps, n_steps, now, e);
    }
    if (rc == OK) {
        rc = serials_take(db, s, o, n, e);
    }
    if (rc == OK) {
        rc = rows_put_orders(db, s, o, n, now, e);
    }
    for (size_t i = 0; rc == OK && i < n; i++) {
        contracts[i].contract_id = c[i].contract_id;
        contracts[i].version = 1;
        contracts[i].state = CONTRACT_EFFECTIVE;
        orders[i].order_id = o[i].order_id;
        orders[i].serial = o[i].serial;
        orders[i].contract_id = o[i].contract_id;
        orders[i].state = ORDER_ACTIVE;
    }
    arena_free(a);
    return rc;
}
