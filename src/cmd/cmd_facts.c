/* cmd_facts.c - what happened in an order's period, from a file: facts put and shown, sessions of
 * berths and chargers imported from a table.
 */
#include "cmd/cmd.h"
#include "cmd/office.h"
#include "cmd/session_csv.h"
#include "cmd/steps.h"
#include "contract/contract.h"
#include "settle/settle.h"

/* The one binding of the order in the period: facts belong to a binding's first day. */
static enum err_code binding_of(struct cmd *c, struct office *o, const char *order,
                                struct settle_period p, struct contract_binding *out)
{
    const struct contract_binding *b;
    int64_t order_id;
    size_t n;
    if (order_find_no(o->db, c->arena, o->scope, str_of(order), &order_id, &o->e) != OK ||
        contract_load_order(o->db, c->arena, o->scope, p.from, p.until, order_id, &b, &n, &o->e) !=
            OK) {
        return o->e.code;
    }
    if (n > 1) {
        return fail(&o->e, ERR_RULE,
                    "order %s: its contract changes on %d within the period, so that it is settled "
                    "in %zu parts; give the first day of one with --from %d or --from %d",
                    order, b[1].from.yyyymmdd, n, b[0].from.yyyymmdd, b[1].from.yyyymmdd);
    }
    *out = b[0];
    return OK;
}

/* Facts are refused here already when they do not fit the terms, not only when settling. */
static enum err_code facts_fit(struct cmd *c, struct office *o, const struct contract_binding *b,
                               struct str text)
{
    struct contract_terms terms, joined;
    struct contract_facts facts;
    if (contract_terms_on(c->arena, b->terms, b->from, &terms, &o->e) != OK ||
        contract_facts_parse(c->arena, text, &facts, &o->e) != OK) {
        return o->e.code;
    }
    if (contract_terms_join(c->arena, &terms, &facts, b->from, b->until, &joined, &o->e) != OK) {
        return o->e.code;
    }
    /* A place's point may be of a party that whoever puts the facts does not see. */
    return settle_terms_fit(o->db, c->arena, scope_machine(), b->strategy, &joined, &o->e);
}

static enum err_code facts_put(struct cmd *c, struct office *o, const struct contract_binding *b,
                               const char *file, int32_t *version, bool *fresh)
{
    struct json doc;
    struct str text;
    if (json_load(c->arena, file, &doc, &o->e) != OK || office_facts(c, o, doc, &text) != OK) {
        return o->e.code;
    }
    if (facts_fit(c, o, b, text) != OK) {
        return fail_in(&o->e, "%s: ", file);
    }
    if (store_begin(o->db, STORE_CORE, STORE_WRITE, &o->e) != OK ||
        order_facts_put(o->db, o->scope, b->order_id, b->from, text, o->now, version, fresh,
                        &o->e) != OK) {
        return o->e.code;
    }
    return office_commit(o, "order.facts", "order", b->order_id);
}

static enum err_code facts_show(struct cmd *c, struct office *o, const struct contract_binding *b)
{
    struct order_facts f;
    struct text at;
    if (order_facts_get(o->db, c->arena, o->scope, b->order_id, b->from, 0, &f, &o->e) != OK) {
        return o->e.code;
    }
    text_init(&at, c->arena, 64);
    text_instant(&at, f.put);
    if (c->json) {
        printf("{\"order\":\"" STR_FMT
               "\",\"from\":%d,\"version\":%d,\"put\":\"%s\",\"facts\":" STR_FMT "}\n",
               STR_ARG(b->order_no), f.period_from.yyyymmdd, f.version, at.at, STR_ARG(f.text));
    } else {
        printf("order " STR_FMT ", period from %d, facts version %d of %s\n" STR_FMT "\n",
               STR_ARG(b->order_no), f.period_from.yyyymmdd, f.version, at.at, STR_ARG(f.text));
    }
    return OK;
}

/* A month, or with --from the part of it that begins on that day. */
static enum err_code period_of(const char *word, const char *from, struct settle_period *out,
                               struct err *e)
{
    if (cmd_period(word, out, e) != OK) {
        return e->code;
    }
    if (from && day_parse(str_of(from), &out->from, e) != OK) {
        return fail_in(e, "--from: ");
    }
    return OK;
}

static int order_facts_command(struct cmd *c, int argc, char **argv)
{
    struct office o = { 0 };
    const char *word = NULL, *from = NULL;
    bool show = false, fresh = false;
    struct settle_period period;
    struct contract_binding b;
    int32_t version = 0;
    const struct option options[] = {
        { "--period", &word, NULL }, { "--from", &from, NULL }, { "--show", NULL, &show }, { 0 }
    };
    int code = office_open_with(c, argc, argv, options, &o, "an order, and a facts.json");
    if (code) {
        return code;
    }
    if (o.n != (show ? 1 : 2)) {
        store_close(o.db);
        return cmd_use(c, show ? "with --show name the order alone"
                               : "name an order and a facts.json, or --show");
    }
    if (period_of(word, from, &period, &o.e) != OK ||
        binding_of(c, &o, o.words[0], period, &b) != OK ||
        (show ? facts_show(c, &o, &b) : facts_put(c, &o, &b, o.words[1], &version, &fresh)) != OK) {
        return office_close(c, &o, o.e.code);
    }
    if (!show) {
        printf(c->json ? "{\"order\":\"" STR_FMT "\",\"version\":%d}\n"
                       : "order " STR_FMT ": facts version %d",
               STR_ARG(b.order_no), version);
        if (!c->json) {
            printf("%s\n", fresh ? "" : ", as before");
        }
    }
    return office_close(c, &o, OK);
}

/* ---- sessions ---------------------------------------------------------------------------------
 */

struct import {
    struct cmd *c;
    struct office *o;
    const char *file;
    struct str group;
    struct session_row *rows;
    size_t n, n_new;
    int64_t order_id;
    struct str order_no;
};

/* The group whose members have places: the one that --group names, or the only one. */
static enum err_code group_of(struct import *m, const struct contract_terms *t, const char *want)
{
    struct err *e = &m->o->e;
    for (size_t i = 0; i < t->top.n_groups; i++) {
        const struct term_group *g = &t->top.groups[i];
        if (g->n_places == 0 || (want && !str_is(g->name, want))) {
            continue;
        }
        if (m->group.n > 0) {
            return fail(e, ERR_INPUT,
                        "order " STR_FMT ": sessions can be of " STR_FMT " and " STR_FMT
                        "; name one with --group",
                        STR_ARG(m->order_no), STR_ARG(m->group), STR_ARG(g->name));
        }
        m->group = g->name;
    }
    return m->group.n > 0 ? OK
                          : fail(e, ERR_INPUT,
                                 "order " STR_FMT ": its terms have no group%s%s with \"places\"",
                                 STR_ARG(m->order_no), want ? " " : "", want ? want : "");
}

/* Puts the line in front of what the contract room says of a session. */
static enum err_code at_line(struct import *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct term_member *x = &m->rows[i].session;
        const char *named = arena_printf(m->c->arena, "n " STR_FMT ": ", STR_ARG(x->name));
        const char *member = arena_printf(m->c->arena, "r " STR_FMT ": ", STR_ARG(x->name));
        if (strstr(m->o->e.text, named) || strstr(m->o->e.text, member)) {
            return fail_in(&m->o->e, "%s:%d: ", m->file, m->rows[i].line);
        }
    }
    return fail_in(&m->o->e, "%s: ", m->file);
}

/* The binding in whose stretch a session ends. */
static enum err_code binding_at(struct import *m, const struct session_row *row,
                                struct contract_binding *out)
{
    struct office *o = m->o;
    const struct day day = instant_day((struct instant){ row->session.until.utc_ms - 1 });
    const struct month month = day_month(day);
    const struct contract_binding *b;
    size_t n;
    if (contract_load_order(o->db, m->c->arena, o->scope, month_first(month), month_end(month),
                            m->order_id, &b, &n, &o->e) != OK) {
        return fail_in(&o->e, "%s:%d: ", m->file, row->line);
    }
    for (size_t i = 0; i < n; i++) {
        if (b[i].from.yyyymmdd <= day.yyyymmdd && day.yyyymmdd < b[i].until.yyyymmdd) {
            *out = b[i];
            return OK;
        }
    }
    return fail(&o->e, ERR_INPUT, "%s:%d: order " STR_FMT " has no contract in force on %d",
                m->file, row->line, STR_ARG(m->order_no), day.yyyymmdd);
}

/* Sessions [first, last) end in one binding's stretch; proved with those that are there. */
static enum err_code import_part(struct import *m, const struct contract_binding *b, size_t first,
                                 size_t last)
{
    struct office *o = m->o;
    size_t n_new = 0;
    struct contract_binding now;
    struct term_member *s = arena_many(m->c->arena, last - first, struct term_member);
    for (size_t i = first; i < last; i++) {
        s[i - first] = m->rows[i].session;
    }
    if (order_sessions_add(o->db, o->scope, m->order_id, b->from, m->group, s, last - first, o->now,
                           &n_new, &o->e) != OK ||
        contract_load_one(o->db, m->c->arena, o->scope, m->order_id, b->from, b->until,
                          b->contract_version, &now, &o->e) != OK ||
        facts_fit(m->c, o, &now, now.inputs) != OK) {
        return at_line(m);
    }
    m->n_new += n_new;
    return OK;
}

static enum err_code import_all(struct import *m)
{
    for (size_t first = 0; first < m->n;) {
        struct contract_binding b;
        if (binding_at(m, &m->rows[first], &b) != OK) {
            return m->o->e.code;
        }
        const int64_t until = day_start(b.until).utc_ms;
        size_t last = first;
        while (last < m->n && m->rows[last].session.until.utc_ms <= until) {
            last++;
        }
        if (import_part(m, &b, first, last) != OK) {
            return m->o->e.code;
        }
        first = last;
    }
    return OK;
}

static enum err_code import_open(struct import *m, const char *order, const char *group)
{
    struct office *o = m->o;
    struct contract_binding b;
    struct contract_terms t;
    m->order_no = str_of(order);
    if (order_find_no(o->db, m->c->arena, o->scope, m->order_no, &m->order_id, &o->e) != OK) {
        return o->e.code;
    }
    if (m->n == 0) {
        return fail(&o->e, ERR_INPUT, "%s: no session in it", m->file);
    }
    if (binding_at(m, &m->rows[0], &b) != OK ||
        contract_terms_on(m->c->arena, b.terms, b.from, &t, &o->e) != OK) {
        return o->e.code;
    }
    return group_of(m, &t, group);
}

static int session_import_command(struct cmd *c, int argc, char **argv)
{
    struct office o = { 0 };
    const char *order = NULL, *group = NULL;
    const struct option options[] = { { "--order", &order, NULL },
                                      { "--group", &group, NULL },
                                      { 0 } };
    int code = office_open_with(c, argc, argv, options, &o, "a table of sessions (.csv)");
    if (code) {
        return code;
    }
    if (!order) {
        store_close(o.db);
        return cmd_use(c, "--order is missing: whose sessions are these?");
    }
    for (int i = 0; i < o.n; i++) {
        struct import m = { .c = c, .o = &o, .file = o.words[i] };
        if (session_csv_read(c, &o, m.file, &m.rows, &m.n) != OK ||
            import_open(&m, order, group) != OK ||
            store_begin(o.db, STORE_CORE, STORE_WRITE, &o.e) != OK || import_all(&m) != OK ||
            office_commit(&o, "session.import", "order", m.order_id) != OK) {
            return office_close(c, &o, o.e.code);
        }
        printf(c->json ? "{\"file\":\"%s\",\"sessions\":%zu,\"new\":%zu}\n"
                       : "%s: %zu sessions, %zu new\n",
               m.file, m.n, m.n_new);
    }
    return office_close(c, &o, OK);
}

const struct command facts_commands[] = {
    { "order facts", "ORDER --period 2026-07 [--from DAY] FILE.json | --show",
      "puts or shows what happened in an order's period (docs/contract.md)",
      "  sunkeeper order facts DD-2026-105 --period 2026-07 strategies/park.facts.json\n",
      order_facts_command },
    { "session import", "FILE.csv... --order ORDER [--group NAME]",
      "adds charging or berth sessions to the periods in which they end; again changes nothing",
      NULL, session_import_command },
    { 0 },
};
