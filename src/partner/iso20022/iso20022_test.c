/* iso20022_test.c - the examples, the official schemas when they are here, statements judged. */
#include "base/test.h"
#include "partner/iso20022/iso20022.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STATEMENT "tests/corpus/camt/camt.053.001.08.xml"
#define ACCOUNT STR("3310000000000000001")

static struct str file(struct arena *a, const char *path)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        fail_msg("%s is missing: run from the top of the tree", path);
    }
    char *at = arena_alloc(a, 1 << 20);
    const size_t n = fread(at, 1, 1 << 20, in);
    fclose(in);
    return (struct str){at, n};
}

/* The file with every `old` replaced. */
static struct str with(struct arena *a, const char *path, const char *old, const char *new)
{
    struct str xml = file(a, path);
    struct text t;
    const char *hit;
    text_init(&t, a, 1 << 20);
    if (!memmem(xml.at, xml.n, old, strlen(old))) {
        fail_msg("%s has no %s", path, old);
    }
    while ((hit = memmem(xml.at, xml.n, old, strlen(old)))) {
        text_add(&t, (struct str){xml.at, (size_t)(hit - xml.at)});
        text_add_c(&t, new);
        hit += strlen(old);
        xml = (struct str){hit, xml.n - (size_t)(hit - xml.at)};
    }
    text_add(&t, xml);
    return text_str(&t);
}

static const struct iso_statement *statement(struct arena *a, struct str xml)
{
    struct err e;
    void *at;
    assert_ok(iso_read(a, ISO_CAMT_053, xml, &at, &e), &e);
    const struct iso_statements *m = at;
    assert_int_equal(m->items.n, 1);
    return m->items.at;
}

/* Against the official schemas of SUNKEEPER_XSD; without that directory, well-formed at least. */
static void validate(const char *type, struct str xml)
{
    char path[300], line[900];
    const char *schemas = getenv("SUNKEEPER_XSD");
    snprintf(path, sizeof(path), "%s/sunkeeper-iso.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, xml.at, xml.n), xml.n);
    close(fd);
    if (schemas) {
        snprintf(line, sizeof(line), "xmllint --noout --nonet --schema %s/iso20022/%s.xsd %s 2>&1 "
                                     "| grep -v validates",
                 schemas, type, path);
        assert_int_not_equal(system(line), 0); /* grep finds nothing to say */
    } else {
        snprintf(line, sizeof(line), "xmllint --noout --nonet %s", path);
        assert_int_equal(system(line), 0);
    }
    unlink(path);
}

static void round_trip(struct arena *a, const char *type, const void *m)
{
    struct err e;
    struct str once, again;
    void *back;
    assert_ok(iso_write(a, type, m, &once, &e), &e);
    validate(type, once);
    assert_ok(iso_read(a, type, once, &back, &e), &e);
    assert_ok(iso_write(a, type, back, &again, &e), &e);
    assert_true(str_eq(once, again));
}

static void test_pain_008(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    void *at;
    (void)state;
    assert_ok(iso_read(a, ISO_PAIN_008, file(a, "tests/corpus/camt/pain.008.001.08.xml"), &at, &e),
              &e);
    struct iso_collection *m = at;
    assert_int_equal(m->items.n, 2);
    assert_int_equal(m->items.at[0].amount.value.fen, 123456);
    assert_true(str_is(m->items.at[1].order, "STL-202606-000002"));
    assert_true(str_is(m->payee_branch, "999200000021"));
    assert_int_equal(m->items.at[0].agreed.yyyymmdd, 20260115);
    round_trip(a, ISO_PAIN_008, m);
    m->count = m->block_count = (struct str){"", 0};
    assert_ok(iso_collection_sum(a, m, &e), &e);
    assert_true(str_is(m->count, "2"));
    assert_int_equal(m->total.value.fen, 203456);
    round_trip(a, ISO_PAIN_008, m);
    m->items.at[0].amount.value.fen = INT64_MAX; /* E26 */
    assert_int_equal(iso_collection_sum(a, m, &e), ERR_LIMIT);
    arena_free(a);
}

static void test_pain_001(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    struct iso_credit c = {.tx_id = STR("2026070200000001"),
                           .order = STR("PAY-202606-000001"),
                           .amount = {.value = {120000}},
                           .payee_branch = STR("999300000031"),
                           .payee_name = STR("测试光伏投资公司"),
                           .payee_account = STR("6200000000000000099")};
    struct iso_payout m = {.msg_id = STR("SK-1"),
                           .created = STR("2026-07-02T09:00:00+08:00"),
                           .initiator = STR("Test Energy Service Co"),
                           .block_id = STR("SK-1-1"),
                           .on = {20260702},
                           .payer_name = STR("Test Energy Service Co"),
                           .payer_account = ACCOUNT,
                           .payer_branch = STR("999200000021"),
                           .items = {1, &c}};
    (void)state;
    assert_ok(iso_payout_sum(a, &m, &e), &e);
    assert_int_equal(m.total.value.fen, 120000);
    round_trip(a, ISO_PAIN_001, &m);
    c.payee_branch = (struct str){"", 0};
    c.note = STR("a & b < c");
    round_trip(a, ISO_PAIN_001, &m);
    c.payee_name = (struct str){"", 0};
    struct str xml;
    assert_int_equal(iso_write(a, ISO_PAIN_001, &m, &xml, &e), ERR_INPUT);
    assert_string_equal(e.name, "XML_MISSING");
    arena_free(a);
}

static void test_pain_002(void **state)
{
    struct arena *a = arena_new();
    struct iso_tx_status tx[2] = {
        {STR("2026070100000001"), STR("STL-202606-000001"), STR("ACSC"), {"", 0}},
        {STR("2026070100000002"), STR("STL-202606-000002"), STR("RJCT"), STR("AM04")}};
    struct iso_block_status block = {.block_id = STR("SK-1-1"), .items = {2, tx}};
    struct iso_status m = {.msg_id = STR("B-1"),
                           .created = STR("2026-07-01T15:20:00+08:00"),
                           .original_id = STR("SK-1"),
                           .original_type = STR(ISO_PAIN_008),
                           .blocks = {1, &block}};
    (void)state;
    round_trip(a, ISO_PAIN_002, &m);
    arena_free(a);
}

static void test_camt_053_and_054(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    void *at;
    (void)state;
    assert_ok(iso_read(a, ISO_CAMT_053, file(a, STATEMENT), &at, &e), &e);
    round_trip(a, ISO_CAMT_053, at);
    struct iso_statements *m = at;
    const struct iso_entry *n = &m->items.at[0].entries.at[0];
    assert_true(str_is(n->bank_ref, "BK2026070200001"));
    assert_true(str_is(n->details.at[0].items.at[0].tx_id, "2026070100000001"));
    assert_true(str_is(n->details.at[0].items.at[0].order, "STL-202606-000001"));
    m->items.at[0].balances.n = 0;
    round_trip(a, ISO_CAMT_054, m);
    arena_free(a);
}

/* 10000.00 + 1234.56 - 1200.00 = 10034.56 */
static void test_statement_adds_up(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    struct iso_checked c;
    (void)state;
    const struct iso_statement *s = statement(a, file(a, STATEMENT));
    assert_ok(iso_statement_check(a, s, ACCOUNT, &c, &e), &e);
    assert_int_equal(c.opening.fen, 1000000);
    assert_int_equal(c.credits.fen, 123456);
    assert_int_equal(c.debits.fen, 120000);
    assert_int_equal(c.closing.fen, 1003456);
    assert_int_equal(c.n_exceptions, 0);
    assert_ok(iso_statement_follows(182, (struct money){1000000}, s, &c, &e), &e);
    arena_free(a);
}

static void refused(struct arena *a, struct str xml, struct str account, const char *name)
{
    struct err e = {.name = "none"};
    struct iso_checked c = {.n_exceptions = 99};
    if (iso_statement_check(a, statement(a, xml), account, &c, &e) == OK ||
        strcmp(e.name, name) != 0) {
        fail_msg("expected %s, got %s", name, e.name);
    }
    assert_int_equal(c.n_exceptions, 99);
}

static void test_statement_refused(void **state)
{
    struct arena *a = arena_new();
    (void)state;
    refused(a, file(a, STATEMENT), STR("3310000000000000002"), "ISO_ACCOUNT");
    refused(a, with(a, STATEMENT, "10034.56", "10034.57"), ACCOUNT, "ISO_BALANCE");
    refused(a, with(a, STATEMENT, "CLBD", "CLAV"), ACCOUNT, "ISO_BALANCE_MISSING");
    refused(a, with(a, STATEMENT, "CLBD", "OPBD"), ACCOUNT, "ISO_BALANCE_MISSING");
    refused(a, with(a, STATEMENT, "<Ccy>CNY</Ccy>", "<Ccy>USD</Ccy>"), ACCOUNT, "ISO_CURRENCY");
    refused(a, with(a, STATEMENT, "<Amt Ccy=\"CNY\">10034.56", "<Amt Ccy=\"CNY\">10034.56789"),
            ACCOUNT, "ISO_BALANCE");
    refused(a, with(a, STATEMENT, "Ccy=\"CNY\">10000.00", "Ccy=\"HKD\">10000.00"), ACCOUNT,
            "ISO_CURRENCY");
    /* an entry that is not booked does not count, so the rest does not add up */
    refused(a, with(a, STATEMENT, "BOOK", "PDNG"), ACCOUNT, "ISO_BALANCE");
    arena_free(a);
}

static void exception(struct arena *a, const char *old, const char *new, const char *name)
{
    struct err e;
    struct iso_checked c;
    const struct iso_statement *s = statement(a, with(a, STATEMENT, old, new));
    assert_ok(iso_statement_check(a, s, ACCOUNT, &c, &e), &e);
    assert_int_equal(c.n_exceptions, 1);
    assert_int_equal(c.exceptions[0].entry, 0);
    assert_string_equal(c.exceptions[0].name, name);
    assert_int_equal(c.debits.fen, 120000); /* the other entry is used */
}

/* E20: five decimals, another currency, a day outside: the entry, not the statement. */
static void test_exception_entries(void **state)
{
    struct arena *a = arena_new();
    (void)state;
    exception(a, "<NtryRef>1</NtryRef><Amt Ccy=\"CNY\">1234.56",
              "<NtryRef>1</NtryRef><Amt Ccy=\"CNY\">1234.56789", "ISO_ENTRY_AMOUNT");
    exception(a, "<NtryRef>1</NtryRef><Amt Ccy=\"CNY\">1234.56",
              "<NtryRef>1</NtryRef><Amt Ccy=\"CNY\">-1234.56", "ISO_ENTRY_AMOUNT");
    exception(a, "<NtryRef>1</NtryRef><Amt Ccy=\"CNY\">1234.56",
              "<NtryRef>1</NtryRef><Amt Ccy=\"USD\">1234.56", "ISO_ENTRY_CURRENCY");
    exception(a, "<BookgDt><Dt>2026-07-02</Dt></BookgDt><ValDt><Dt>2026-07-02</Dt></ValDt>"
                 "<AcctSvcrRef>BK2026070200001",
              "<BookgDt><Dt>2026-07-03</Dt></BookgDt><ValDt><Dt>2026-07-02</Dt></ValDt>"
              "<AcctSvcrRef>BK2026070200001",
              "ISO_ENTRY_DAY");
    arena_free(a);
}

/* E23, E24. */
static void test_statement_follows(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    struct iso_checked c;
    (void)state;
    const struct iso_statement *s = statement(a, file(a, STATEMENT));
    assert_ok(iso_statement_check(a, s, ACCOUNT, &c, &e), &e);
    static const int64_t numbers[] = {181, 183, 184};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(iso_statement_follows(numbers[i], c.opening, s, &c, &e), ERR_INPUT);
        assert_string_equal(e.name, "ISO_SEQUENCE");
    }
    assert_int_equal(iso_statement_follows(182, (struct money){999999}, s, &c, &e), ERR_INPUT);
    assert_string_equal(e.name, "ISO_OPENING");
    arena_free(a);
}

static bool same(struct sha256 x, struct sha256 y)
{
    return memcmp(x.b, y.b, sizeof(x.b)) == 0;
}

static void test_entry_identity(void **state)
{
    struct arena *a = arena_new();
    (void)state;
    const struct iso_statement *s = statement(a, file(a, STATEMENT));
    const struct iso_statement *twice = statement(a, with(a, STATEMENT, "BANK-STM", "AGAIN"));
    assert_true(same(iso_entry_identity(a, s, 0), iso_entry_identity(a, twice, 0)));
    assert_false(same(iso_entry_identity(a, s, 0), iso_entry_identity(a, s, 1)));
    /* two entries without reference and otherwise alike are two */
    struct iso_entry alike[2] = {s->entries.at[0], s->entries.at[0]};
    struct iso_statement bare = *s;
    alike[0].bank_ref = alike[1].bank_ref = (struct str){"", 0};
    bare.entries.at = alike;
    assert_false(same(iso_entry_identity(a, &bare, 0), iso_entry_identity(a, &bare, 1)));
    struct sha256 first = iso_entry_identity(a, &bare, 0);
    alike[0].side = STR("DBIT");
    assert_false(same(first, iso_entry_identity(a, &bare, 0)));
    assert_true(same(first, iso_entry_identity(a, &bare, 1))); /* now the first of its kind */
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pain_008),          cmocka_unit_test(test_pain_001),
        cmocka_unit_test(test_pain_002),          cmocka_unit_test(test_camt_053_and_054),
        cmocka_unit_test(test_statement_adds_up), cmocka_unit_test(test_statement_refused),
        cmocka_unit_test(test_exception_entries), cmocka_unit_test(test_statement_follows),
        cmocka_unit_test(test_entry_identity),
    };
    return cmocka_run_group_tests_name("partner/iso20022", tests, NULL, NULL);
}
