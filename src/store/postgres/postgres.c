/* postgres.c - the production engine: one database with a schema for each part.
 *
 * Every link is a connection of its own with search_path set to its part. Values travel in binary:
 * integers as int8, text and bytes as they are. A text is prepared once for each combination of
 * parameter types it is used with, since NULL says nothing about a type.
 */
#include "store/postgres/pg.h"
#include <arpa/inet.h>
#include <endian.h>

#define NODE_CLASS 1936421989 /* "sked": keeps our advisory locks apart from others' */
#define MIGRATE_LOCK 1
#define NODE_LOCK_FIRST 1000
#define VARIANTS_MAX 16 /* combinations of types of one text; then the oldest is made anew */

enum err_code pg_fail(const struct link *l, const PGresult *res, struct err *e)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *said = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *constraint = res ? PQresultErrorField(res, PG_DIAG_CONSTRAINT_NAME) : NULL;
    said = said ? said : PQerrorMessage(l->pg);
    int n = (int)strcspn(said, "\n");
    if (!state || PQstatus(l->pg) == CONNECTION_BAD || strncmp(state, "08", 2) == 0 ||
        strncmp(state, "57P", 3) == 0) {
        return fail(e, ERR_RETRY, "the connection to the store was lost: %.*s", n, said);
    }
    static const struct {
        const char *state;
        enum err_code code;
        const char *remedy;
    } known[] = {
        { "40001", ERR_RETRY, "" },
        { "40P01", ERR_RETRY, "" },
        { "55P03", ERR_RETRY, "" },
        { "23505", ERR_CONFLICT, "" },
        { "SK001", ERR_RULE, "" },
        { "23", ERR_RULE, "" },
        { "53100", ERR_FULL, "; no space left on the disk of the store: free some, then go on" },
        { "53", ERR_IO, "" },
        { "54", ERR_LIMIT, "" },
        { "25006", ERR_READ_ONLY, "; the store cannot be written" },
        { "58", ERR_IO, "" },
        { "XX001", ERR_CORRUPT, "; the store is damaged: restore a backup" },
        { "XX002", ERR_CORRUPT, "; the store is damaged: restore a backup" },
        { "22", ERR_INPUT, "" },
        { "42", ERR_INPUT, "" },
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strncmp(state, known[i].state, strlen(known[i].state)) == 0) {
            return fail(e, known[i].code, "%.*s%s%s%s%s", n, said, constraint ? " (" : "",
                        constraint ? constraint : "", constraint ? ")" : "", known[i].remedy);
        }
    }
    return fail(e, ERR_IO, "%.*s (state %s)", n, said, state);
}

static enum err_code done(const struct link *l, PGresult *res, struct err *e)
{
    ExecStatusType st = PQresultStatus(res);
    enum err_code code = OK;
    if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK) {
        code = pg_fail(l, res, e);
    }
    PQclear(res);
    return code;
}

enum err_code pg_exec(struct link *l, const char *sql, struct err *e)
{
    return done(l, PQexec(l->pg, sql), e);
}

/* Text of the first field of a query without parameters, empty when there is no row. */
static enum err_code ask(struct link *l, const char *sql, char *out, size_t size, struct err *e)
{
    PGresult *res = PQexec(l->pg, sql);
    if (PQresultStatus(res) != PGRES_TUPLES_OK) {
        return done(l, res, e);
    }
    snprintf(out, size, "%s", PQntuples(res) ? PQgetvalue(res, 0, 0) : "");
    PQclear(res);
    return OK;
}

static void be_silent(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res; /* notices such as "already exists, skipping" are no news */
}

static PGconn *connect_to(const char *url, const char *database)
{
    const char *keys[] = { "dbname", "fallback_application_name", database ? "dbname" : NULL,
                           NULL };
    const char *values[] = { url, "sunkeeper", database, NULL };
    PGconn *pg = PQconnectdbParams(keys, values, 1);
    PQsetNoticeReceiver(pg, be_silent, NULL);
    return pg;
}

static char *copied(const char *c)
{
    char *p = mem_alloc(strlen(c) + 1);
    memcpy(p, c, strlen(c));
    return p;
}

/* The address with `***` in place of a password, in either of the places it can have. */
static char *without_password(const char *url)
{
    struct arena *a = arena_new();
    struct text t;
    text_init(&t, a, 4096);
    const char *host = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    size_t n = strcspn(host, "/?");
    const char *at = memrchr(host, '@', n);
    const char *colon = at ? memchr(host, ':', (size_t)(at - host)) : NULL;
    if (colon) {
        text_addf(&t, "%.*s:***", (int)(colon - url), url);
        url = at;
    }
    const char *word = strstr(url, "password=");
    if (word) {
        size_t keep = (size_t)(word - url) + strlen("password=");
        text_addf(&t, "%.*s***", (int)keep, url);
        url += keep + strcspn(url + keep, "&");
    }
    text_add_c(&t, url);
    char *out = copied(t.at);
    arena_free(a);
    return out;
}

static enum err_code create_database(PGconn *admin, const char *name, const char *shown,
                                     struct err *e)
{
    struct link l = { .pg = admin };
    char *quoted = PQescapeIdentifier(admin, name, strlen(name));
    char sql[512];
    snprintf(sql, sizeof(sql),
             "create database %s template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'",
             quoted ? quoted : "");
    PQfreemem(quoted);
    return pg_exec(&l, sql, e) == OK ? OK : fail_in(e, "%s: ", shown);
}

/* Called when the database could not be reached: absent, or the server is? */
static enum err_code reach(const struct place *p, enum store_mode mode, PGconn *failed,
                           struct err *e)
{
    const char *name = PQdb(failed) ? PQdb(failed) : "";
    const char *said = PQerrorMessage(failed);
    PGconn *admin = connect_to(p->url, "postgres");
    enum err_code code = OK;
    if (PQstatus(admin) != CONNECTION_OK) {
        code =
            fail(e, ERR_IO, "%s: cannot connect: %.*s", p->shown, (int)strcspn(said, "\n"), said);
    } else {
        const char *values[] = { name };
        PGresult *res = PQexecParams(admin, "select 1 from pg_database where datname = $1", 1, NULL,
                                     values, NULL, NULL, 0);
        bool there = PQresultStatus(res) == PGRES_TUPLES_OK && PQntuples(res) == 1;
        PQclear(res);
        if (there) {
            code = fail(e, ERR_IO, "%s: cannot connect: %.*s", p->shown, (int)strcspn(said, "\n"),
                        said);
        } else if (mode == STORE_CREATE) {
            code = create_database(admin, name, p->shown, e);
        } else {
            code = fail(e, ERR_NOT_FOUND, "%s: there is no database %s", p->shown, name);
        }
    }
    PQfinish(admin);
    return code;
}

static void place_close(struct place *p)
{
    free(p->url);
    free(p->shown);
    free(p);
}

static enum err_code place_open(const char *where, enum store_mode mode, bool beside,
                                struct place **out, struct err *e)
{
    struct place *p = mem_alloc(sizeof(*p));
    p->url = copied(where);
    p->shown = without_password(where);
    if (!beside) {
        PGconn *pg = connect_to(where, NULL);
        enum err_code code = PQstatus(pg) == CONNECTION_OK ? OK : reach(p, mode, pg, e);
        PQfinish(pg);
        if (code != OK) {
            place_close(p);
            return code;
        }
    }
    *out = p;
    return OK;
}

static const char *place_shown(const struct place *p)
{
    return p->shown;
}

/* Bytes must sort as bytes and be UTF-8: storage.md 2. */
static enum err_code check_locale(struct link *l, struct err *e)
{
    char word[64];
    static const char sql[] =
        "select pg_encoding_to_char(encoding) || ' ' || datcollate from pg_database "
        "where datname = current_database()";
    enum err_code code = ask(l, sql, word, sizeof(word), e);
    static const char *const good[] = { "UTF8 C", "UTF8 POSIX", "UTF8 C.UTF-8", "UTF8 C.utf8" };
    for (size_t i = 0; code == OK && i < sizeof(good) / sizeof(good[0]); i++) {
        if (strcmp(word, good[i]) == 0) {
            return OK;
        }
    }
    return code != OK ? code
                      : fail(e, ERR_RULE,
                             "the database has encoding and locale '%s'; make it with encoding "
                             "UTF8 and locale C",
                             word);
}

static enum err_code make_schema(struct link *l, struct err *e)
{
    char sql[160], word[8];
    const char *name = part_word(l->part);
    snprintf(sql, sizeof(sql), "select 1 from pg_namespace where nspname = '%s'", name);
    enum err_code code = ask(l, sql, word, sizeof(word), e);
    if (code != OK || word[0]) {
        return code;
    }
    if (l->mode != STORE_CREATE) {
        return fail(e, ERR_NOT_FOUND, "no store here: the database has no schema %s", name);
    }
    snprintf(sql, sizeof(sql), "create schema if not exists %s", name);
    return pg_exec(l, sql, e);
}

static enum err_code lock_node(struct link *l, int node, bool *got, struct err *e)
{
    char sql[96], word[8];
    snprintf(sql, sizeof(sql), "select pg_try_advisory_lock(%d, %d)", NODE_CLASS,
             NODE_LOCK_FIRST + node);
    enum err_code code = ask(l, sql, word, sizeof(word), e);
    *got = code == OK && word[0] == 't';
    return code;
}

/* What every connection of ours is told, a new one and one that was made anew. */
static enum err_code set_up(struct link *l, struct err *e)
{
    char sql[512];
    enum err_code code = check_locale(l, e);
    if (code == OK) {
        code = make_schema(l, e);
    }
    snprintf(sql, sizeof(sql),
             "set client_encoding to 'UTF8'; set client_min_messages to warning; set jit to off; "
             "set synchronous_commit to on; set search_path to %s; create temp table scope_org "
             "(scope_key integer not null, org_id bigint not null, primary key (scope_key, "
             "org_id)); %s",
             part_word(l->part),
             l->mode == STORE_READ_ONLY ? "set default_transaction_read_only to on" : "");
    if (code == OK) {
        code = pg_exec(l, sql, e);
    }
    bool got = true;
    if (code == OK && l->node >= 0) {
        code = lock_node(l, l->node, &got, e);
    }
    return code == OK && !got ? fail(e, ERR_CONFLICT,
                                     "while the connection was lost another process took node "
                                     "number %d; start anew",
                                     l->node)
                              : code;
}

static void link_close(struct link *l)
{
    PQfinish(l->pg);
    free(l);
}

static enum err_code link_open(struct place *p, enum store_part part, enum store_mode mode,
                               struct link **out, struct err *e)
{
    struct link *l = mem_alloc(sizeof(*l));
    l->part = part;
    l->mode = mode;
    l->node = -1;
    l->pg = connect_to(p->url, NULL);
    enum err_code code;
    if (PQstatus(l->pg) != CONNECTION_OK) {
        const char *said = PQerrorMessage(l->pg);
        code =
            fail(e, ERR_IO, "%s: cannot connect: %.*s", p->shown, (int)strcspn(said, "\n"), said);
    } else {
        code = set_up(l, e);
        code = code == OK ? OK : fail_in(e, "%s: ", p->shown);
    }
    if (code != OK) {
        link_close(l);
        return code;
    }
    *out = l;
    return OK;
}

static unsigned link_generation(const struct link *l)
{
    return l->generation;
}

static enum err_code begin(struct link *l, enum store_tx tx, struct err *e)
{
    if (PQstatus(l->pg) != CONNECTION_OK) { /* between transactions nothing is lost by it */
        PQreset(l->pg);
        l->generation++;
        if (PQstatus(l->pg) != CONNECTION_OK) {
            return pg_fail(l, NULL, e);
        }
        enum err_code code = set_up(l, e);
        if (code != OK) {
            return code;
        }
    }
    return pg_exec(l,
                   tx == STORE_WRITE ? "begin isolation level read committed read write"
                                     : "begin isolation level repeatable read read only",
                   e);
}

static enum err_code commit(struct link *l, struct err *e)
{
    PGresult *res = PQexec(l->pg, "commit");
    bool well = PQresultStatus(res) == PGRES_COMMAND_OK;
    bool kept = well && strcmp(PQcmdStatus(res), "COMMIT") == 0;
    enum err_code code = OK;
    if (!well) {
        code = pg_fail(l, res, e);
        if (PQstatus(l->pg) != CONNECTION_OK) {
            code = fail(e, ERR_UNKNOWN,
                        "the connection was lost before the answer: look up whether it was kept "
                        "before repeating it");
        }
    } else if (!kept) {
        code = fail(e, ERR_RULE, "the transaction had failed and was rolled back");
    }
    PQclear(res);
    return code;
}

static void rollback(struct link *l)
{
    PQclear(PQexec(l->pg, "rollback"));
}

static enum err_code node(struct link *l, int *out, struct err *e)
{
    for (int n = 0; n < ID_NODES; n++) {
        bool got;
        enum err_code code = lock_node(l, n, &got, e);
        if (code != OK) {
            return code;
        }
        if (got) {
            l->node = *out = n;
            return OK;
        }
    }
    return fail(e, ERR_LIMIT, "all %d node numbers of this store are taken", ID_NODES);
}

static enum err_code migrate_lock(struct link *l, struct err *e)
{
    char sql[96];
    snprintf(sql, sizeof(sql), "select pg_advisory_xact_lock(%d, %d)", NODE_CLASS, MIGRATE_LOCK);
    return pg_exec(l, sql, e);
}

/* One preparation of a text: the types it was made with. */
struct variant {
    Oid *types; /* 0: left to the server, for NULL */
    int name;   /* 0: none */
};

struct stmt {
    struct link *link;
    const char *sql;
    int n;
    Oid *types; /* of this use; 0 for NULL */
    int64_t *ints;
    const char **values;
    int *lengths, *formats;
    size_t *offsets; /* of text and bytes in `bytes` */
    char *bytes;
    size_t n_bytes, room;
    struct variant variants[VARIANTS_MAX];
    unsigned generation;
    int turn; /* the variant that goes next when all are in use */
    PGresult *res;
    int row;
};

/* The highest $n outside quotes and comments. */
static int count_params(const char *sql)
{
    int max = 0;
    char quote = 0;
    for (const char *c = sql; *c; c++) {
        if (quote) {
            quote = *c == quote ? 0 : quote;
        } else if (*c == '\'' || *c == '"') {
            quote = *c;
        } else if (*c == '-' && c[1] == '-') {
            c += strcspn(c, "\n");
            c -= *c == 0;
        } else if (*c == '$' && c[1] >= '0' && c[1] <= '9') {
            int n = (int)strtol(c + 1, NULL, 10);
            check_that(n >= 1 && n <= 4096, "parameter $%d in: %s", n, sql);
            max = n > max ? n : max;
        }
    }
    return max;
}

static enum err_code prepare(struct link *l, const char *sql, struct stmt **out, int *n_params,
                             struct err *e)
{
    (void)e; /* prepared when the types are known: at the first step */
    struct stmt *s = mem_alloc(sizeof(*s));
    size_t n = (size_t)count_params(sql);
    s->link = l;
    s->sql = sql;
    s->n = (int)n;
    s->generation = l->generation;
    s->types = mem_alloc(n * sizeof(*s->types));
    s->ints = mem_alloc(n * sizeof(*s->ints));
    s->values = mem_alloc(n * sizeof(*s->values));
    s->lengths = mem_alloc(n * sizeof(*s->lengths));
    s->formats = mem_alloc(n * sizeof(*s->formats));
    s->offsets = mem_alloc(n * sizeof(*s->offsets));
    for (size_t i = 0; i < n; i++) {
        s->formats[i] = 1;
    }
    *n_params = s->n;
    *out = s;
    return OK;
}

static void finish(struct stmt *s)
{
    PQclear(s->res);
    for (int i = 0; i < VARIANTS_MAX; i++) {
        free(s->variants[i].types);
    }
    free(s->types);
    free(s->ints);
    free(s->values);
    free(s->lengths);
    free(s->formats);
    free(s->offsets);
    free(s->bytes);
    free(s);
}

static void bind_int(struct stmt *s, int param, int64_t v)
{
    s->ints[param - 1] = (int64_t)htobe64((uint64_t)v);
    s->types[param - 1] = PG_INT8;
}

static void bind_some(struct stmt *s, int param, Oid type, const void *p, size_t n)
{
    if (s->n_bytes + n + 1 > s->room) {
        s->room = (s->n_bytes + n + 1) * 2;
        s->bytes = mem_grow(s->bytes, s->room);
    }
    if (n) {
        memcpy(s->bytes + s->n_bytes, p, n);
    }
    s->offsets[param - 1] = s->n_bytes;
    s->lengths[param - 1] = (int)n;
    s->types[param - 1] = type;
    s->n_bytes += n;
    s->bytes[s->n_bytes++] = 0;
}

static void bind_str(struct stmt *s, int param, struct str v)
{
    bind_some(s, param, PG_TEXT, v.at, v.n);
}

static void bind_bytes(struct stmt *s, int param, const void *p, size_t n)
{
    bind_some(s, param, PG_BYTEA, p, n);
}

static void bind_null(struct stmt *s, int param)
{
    s->types[param - 1] = 0;
}

static bool serves(const struct stmt *s, const struct variant *v)
{
    for (int i = 0; i < s->n; i++) {
        if (s->types[i] && s->types[i] != v->types[i]) {
            return false;
        }
    }
    return v->name != 0;
}

/* The preparation that fits the types of this use, made when there is none. */
static enum err_code choose(struct stmt *s, int *name, struct err *e)
{
    if (s->generation != s->link->generation) {
        for (int i = 0; i < VARIANTS_MAX; i++) {
            s->variants[i].name = 0;
        }
        s->generation = s->link->generation;
    }
    for (int i = 0; i < VARIANTS_MAX && s->variants[i].name; i++) {
        if (serves(s, &s->variants[i])) {
            *name = s->variants[i].name;
            return OK;
        }
    }
    struct variant *v = &s->variants[s->turn++ % VARIANTS_MAX];
    v->types = v->types ? v->types : mem_alloc((size_t)s->n * sizeof(Oid));
    if (s->n) {
        memcpy(v->types, s->types, (size_t)s->n * sizeof(Oid));
    }
    char word[24];
    int number = ++s->link->n_prepared;
    snprintf(word, sizeof(word), "s%d", number);
    PGresult *res = PQprepare(s->link->pg, word, s->sql, s->n, v->types);
    if (PQresultStatus(res) != PGRES_COMMAND_OK) {
        v->name = 0;
        enum err_code code = done(s->link, res, e);
        return code == ERR_INPUT ? fail(e, code, "%.300s, in: %.150s", e->text, s->sql) : code;
    }
    PQclear(res);
    v->name = *name = number;
    return OK;
}

static void check_columns(const struct stmt *s)
{
    for (int i = 0; i < PQnfields(s->res); i++) {
        Oid t = PQftype(s->res, i);
        check_that(t == PG_INT8 || t == PG_INT4 || t == PG_INT2 || t == PG_TEXT || t == PG_BYTEA ||
                       t == PG_NAME,
                   "column %d has type %u; cast it to {i64}, {text} or {bytes} in: %s", i, t,
                   s->sql);
    }
}

static enum err_code run(struct stmt *s, struct err *e)
{
    int name = 0;
    enum err_code code = choose(s, &name, e);
    if (code != OK) {
        return code;
    }
    for (int i = 0; i < s->n; i++) {
        if (s->types[i] == 0) {
            s->values[i] = NULL;
        } else if (s->types[i] == PG_INT8) {
            s->values[i] = (const char *)&s->ints[i];
            s->lengths[i] = 8;
        } else {
            s->values[i] = s->bytes + s->offsets[i];
        }
    }
    char word[24];
    snprintf(word, sizeof(word), "s%d", name);
    s->res = PQexecPrepared(s->link->pg, word, s->n, s->values, s->lengths, s->formats, 1);
    ExecStatusType st = PQresultStatus(s->res);
    if (st != PGRES_COMMAND_OK && st != PGRES_TUPLES_OK) {
        return pg_fail(s->link, s->res, e);
    }
    check_columns(s);
    s->row = -1;
    return OK;
}

static enum step step(struct stmt *s, struct err *e)
{
    if (!s->res && run(s, e) != OK) {
        return STEP_FAILED;
    }
    return ++s->row < PQntuples(s->res) ? STEP_ROW : STEP_DONE;
}

static void reset(struct stmt *s)
{
    PQclear(s->res);
    s->res = NULL;
    s->n_bytes = 0;
}

static int64_t changed(struct stmt *s)
{
    int64_t v = 0;
    const char *word = PQcmdTuples(s->res);
    for (; *word >= '0' && *word <= '9'; word++) {
        v = v * 10 + (*word - '0');
    }
    return v;
}

static int64_t get_int(struct stmt *s, int col)
{
    const char *at = PQgetvalue(s->res, s->row, col);
    int n = PQgetlength(s->res, s->row, col);
    if (n == 8) {
        uint64_t v;
        memcpy(&v, at, 8);
        return (int64_t)be64toh(v);
    }
    if (n == 4) {
        uint32_t v;
        memcpy(&v, at, 4);
        return (int32_t)ntohl(v);
    }
    if (n == 2) {
        uint16_t v;
        memcpy(&v, at, 2);
        return (int16_t)ntohs(v);
    }
    return 0; /* NULL */
}

static struct str get_str(struct stmt *s, int col)
{
    return (struct str){ PQgetvalue(s->res, s->row, col),
                         (size_t)PQgetlength(s->res, s->row, col) };
}

static bool is_null(struct stmt *s, int col)
{
    return PQgetisnull(s->res, s->row, col);
}

const struct driver postgres_driver = {
    .engine = STORE_POSTGRES,
    .place_open = place_open,
    .place_close = place_close,
    .place_shown = place_shown,
    .link_open = link_open,
    .link_close = link_close,
    .link_generation = link_generation,
    .exec = pg_exec,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .node = node,
    .migrate_lock = migrate_lock,
    .prepare = prepare,
    .finish = finish,
    .bind_int = bind_int,
    .bind_str = bind_str,
    .bind_bytes = bind_bytes,
    .bind_null = bind_null,
    .step = step,
    .reset = reset,
    .changed = changed,
    .get_int = get_int,
    .get_str = get_str,
    .get_bytes = get_str,
    .is_null = is_null,
    .bulk = pg_bulk,
};
