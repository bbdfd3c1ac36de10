/* tokens.c - one SQL text for both engines: the words in braces of storage.md 2. */
#include "store/driver.h"

struct token {
    const char *word, *sqlite, *postgres;
};

static const struct token tokens[] = {
    { "i64", "integer", "bigint" },
    { "i16", "integer", "smallint" },
    { "text", "text", "text" },
    { "bytes", "blob", "bytea" },
    { "strict", "strict", "" },
    { "strict_without_rowid", "strict, without rowid", "" }, /* small rows with a composite key */
    { "for_update", "", "for update" },
    { "skip_locked", "", "for update skip locked" },
};

/* The name after the last "create table" before `end`. */
static struct str table_before(struct str sql, size_t end)
{
    static const char create[] = "create table ";
    static const char unless[] = "if not exists ";
    struct str name = { NULL, 0 };
    for (size_t i = 0; i + sizeof(create) - 1 < end; i++) {
        if (memcmp(sql.at + i, create, sizeof(create) - 1) != 0) {
            continue;
        }
        size_t k = i + sizeof(create) - 1;
        if (end - k > sizeof(unless) && memcmp(sql.at + k, unless, sizeof(unless) - 1) == 0) {
            k += sizeof(unless) - 1;
        }
        size_t from = k;
        while (k < end && (sql.at[k] == '_' || (sql.at[k] >= 'a' && sql.at[k] <= 'z') ||
                           (sql.at[k] >= '0' && sql.at[k] <= '9'))) {
            k++;
        }
        name = (struct str){ sql.at + from, k - from };
    }
    return name;
}

static void add_append_only(struct text *t, enum store_engine engine, struct str table)
{
    size_t n = t->n;
    while (n > 0 && (t->at[n - 1] == ' ' || t->at[n - 1] == '\n')) {
        n--;
    }
    if (n > 0 && t->at[n - 1] != ';') {
        text_byte(t, ';');
    }
    if (engine == STORE_SQLITE) {
        static const char *const verbs[] = { "update", "delete" };
        for (int i = 0; i < 2; i++) {
            text_addf(t,
                      "create trigger " STR_FMT "_no_%s before %s on " STR_FMT
                      " begin select raise(abort, '" STR_FMT " is append-only'); end;\n",
                      STR_ARG(table), verbs[i], verbs[i], STR_ARG(table), STR_ARG(table));
        }
        return;
    }
    text_add_c(t, "create or replace function append_only() returns trigger language plpgsql as "
                  "$$ begin raise exception '% is append-only', tg_table_name "
                  "using errcode = 'SK001'; end $$;\n");
    text_addf(t,
              "create trigger " STR_FMT "_rows before update or delete on " STR_FMT
              " for each row execute function append_only();\n",
              STR_ARG(table), STR_ARG(table));
    text_addf(t,
              "create trigger " STR_FMT "_all before truncate on " STR_FMT
              " for each statement execute function append_only();\n",
              STR_ARG(table), STR_ARG(table));
}

static bool word_byte(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static enum err_code add_token(struct text *t, enum store_engine engine, struct str sql, size_t at,
                               struct str word, struct err *e)
{
    if (str_is(word, "append_only")) {
        struct str table = table_before(sql, at);
        if (table.n == 0) {
            return fail(e, ERR_INPUT, "{append_only} stands after no create table");
        }
        add_append_only(t, engine, table);
        return OK;
    }
    for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
        if (str_is(word, tokens[i].word)) {
            text_add_c(t, engine == STORE_SQLITE ? tokens[i].sqlite : tokens[i].postgres);
            return OK;
        }
    }
    return fail(e, ERR_INPUT, "unknown token {" STR_FMT "} in SQL text", STR_ARG(word));
}

enum err_code tokens_replace(struct text *t, enum store_engine engine, struct str sql,
                             struct err *e)
{
    size_t from = 0;
    for (size_t i = 0; i < sql.n; i++) {
        if (sql.at[i] != '{') {
            continue;
        }
        size_t end = i + 1;
        while (end < sql.n && word_byte(sql.at[end])) {
            end++;
        }
        if (end == i + 1 || end == sql.n || sql.at[end] != '}') {
            continue; /* braces of a literal */
        }
        text_add(t, (struct str){ sql.at + from, i - from });
        struct str word = { sql.at + i + 1, end - i - 1 };
        if (add_token(t, engine, sql, i, word, e) != OK) {
            return ERR_INPUT;
        }
        from = end + 1;
        i = end;
    }
    text_add(t, (struct str){ sql.at + from, sql.n - from });
    return t->cut ? fail(e, ERR_LIMIT, "SQL text longer than %zu bytes", t->max) : OK;
}
