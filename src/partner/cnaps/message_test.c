/* message_test.c - every message written, validated by xmllint, read back; wrong XML by name. */
#include "base/test.h"
#include "partner/cnaps/cnaps.h"
#include "partner/cnaps/table.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define EXAMPLE "tests/corpus/xml/beps.380.001.01.xml"
#define T380 "beps.380.001.01"
#define ROUNDS 8 /* random messages of each type; the first has every optional element */

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

/* ---- random messages, made from the table */

static uint64_t seed;

static uint32_t below(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % n;
}

static struct str random_text(struct arena *a, const struct form_node *n)
{
    static const char *const some[] = {"a", "Z", "0", "测", "试", " ",
                                       "&", "<", ">", "\"", "é", "😀"};
    struct text t;
    text_init(&t, a, 4096);
    const uint32_t chars =
        n->kind == FORM_EXACT || below(4) == 0 ? n->max : 1 + below(n->max);
    for (uint32_t i = 0; i < chars; i++) {
        if (n->kind != FORM_TEXT) {
            text_byte(&t, (char)('0' + below(10)));
        } else { /* blanks at the ends are no different to us; keep them inside */
            text_add_c(&t, some[i == 0 || i + 1 == chars ? below(3) : below(12)]);
        }
    }
    return text_str(&t);
}

static struct str random_code(struct arena *a, const char *codes)
{
    struct str rest = str_of(codes), part, all[16];
    uint32_t n = 0;
    while (str_split(&rest, ' ', &part)) {
        all[n++] = part;
    }
    return str_dup(a, all[below(n)]);
}

static void fill_leaf(struct arena *a, const struct form_node *n, char *at)
{
    struct str *s = (struct str *)(void *)at;
    switch ((enum form_kind)n->kind) {
    case FORM_TEXT:
    case FORM_DIGITS:
    case FORM_EXACT:
        *s = random_text(a, n);
        break;
    case FORM_CODE:
        *s = random_code(a, n->codes);
        break;
    case FORM_TIME:
        *s = below(2) ? STR("2026-07-01T09:02:03") : STR("2028-02-29T23:59:59.5+08:00");
        break;
    case FORM_DATE:
        *(struct day *)(void *)at = (struct day){below(2) ? 20260701 : 20280229};
        break;
    case FORM_AMOUNT:
    case FORM_DECIMAL:
        ((struct wire_amount *)(void *)at)->value.fen = (int64_t)below(2000000000) * (1 + below(9));
        break;
    case FORM_ANY:
        *s = STR("<x:Any xmlns:x=\"urn:x\"><x:A b=\"1\">测</x:A></x:Any>");
        break;
    case FORM_GROUP:
    case FORM_LIST:
    case FORM_FIXED:
        break;
    }
}

static void fill(struct arena *a, const struct form *f, size_t from, size_t to, char *record,
                 bool full, uint32_t items)
{
    for (size_t i = from; i < to; i = form_end(f, i)) {
        const struct form_node *n = &f->nodes[i];
        if ((n->flags & FORM_OPT) && !full && below(2)) {
            continue;
        }
        if (n->kind == FORM_GROUP) {
            fill(a, f, i + 1, form_end(f, i), record, full, items);
        } else if (n->kind == FORM_LIST) {
            size_t *count = (size_t *)(void *)(record + n->at);
            *count = 1 + below(items);
            char *at = arena_array(a, *count, n->size);
            *(char **)(void *)(count + 1) = at;
            for (size_t k = 0; k < *count; k++) {
                fill(a, f, i + 1, form_end(f, i), at + k * n->size, full, 3);
            }
        } else {
            fill_leaf(a, n, record + n->at);
        }
    }
}

static void save(const char *path, struct str s)
{
    FILE *out = fopen(path, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(s.at, 1, s.n, out), s.n);
    assert_int_equal(fclose(out), 0);
}

static void validate(const char *schemas, const char *type, const char *dir)
{
    char line[900];
    snprintf(line, sizeof(line),
             "xmllint --noout --nonet --schema %s/%s.xsd %s/%s-*.xml >%s/log 2>&1 || "
             "{ head -5 %s/log >&2; false; }",
             schemas, type, dir, type, dir, dir);
    assert_int_equal(system(line), 0);
}

/* Law 1 of form.h, for every type; the schema is the judge that is not our code. */
static void test_write_validates_and_reads_back(void **state)
{
    char dir[200], line[300];
    (void)state;
    snprintf(dir, sizeof(dir), "%s/sunkeeper-msg.XXXXXX",
             getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(dir));
    for (size_t k = 0; table_at(k); k++) {
        const struct form *f = table_at(k);
        for (uint32_t round = 0; round < ROUNDS; round++) {
            struct arena *a = arena_new();
            struct str xml, again, signed_once, signed_again;
            const struct cnaps_signing s = cnaps_signing_usual();
            struct err e;
            char path[400];
            void *m = arena_alloc(a, f->size), *back;
            seed = k * 100 + round;
            fill(a, f, 0, f->n, m, round == 0, round == 1 ? 70 : 4);
            assert_ok(cnaps_write(a, f->type, m, &xml, &e), &e);
            assert_ok(cnaps_read(a, f->type, xml, &back, &e), &e);
            assert_ok(cnaps_write(a, f->type, back, &again, &e), &e);
            assert_true(str_eq(xml, again));
            assert_ok(cnaps_sign_text(a, f->type, m, &s, &signed_once, &e), &e);
            assert_ok(cnaps_sign_text(a, f->type, back, &s, &signed_again, &e), &e);
            assert_true(str_eq(signed_once, signed_again));
            assert_true(signed_once.n > 0 && signed_once.at[signed_once.n - 1] == '|');
            snprintf(path, sizeof(path), "%s/%s-%u.xml", dir, f->type, round);
            save(path, xml);
            arena_free(a);
        }
        validate("data/xsd/cnaps", f->type, dir);
        if (getenv("SUNKEEPER_XSD")) {
            char other[600];
            snprintf(other, sizeof(other), "%s/cnaps2-observed", getenv("SUNKEEPER_XSD"));
            validate(other, f->type, dir);
        }
    }
    snprintf(line, sizeof(line), "rm -rf %s", dir);
    assert_int_equal(system(line), 0);
}

/* The examples: values by hand, from the text of the messages. */
static void test_example_380(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    void *at;
    (void)state;
    assert_ok(cnaps_read(a, T380, file(a, EXAMPLE), &at, &e), &e);
    const struct beps_380 *m = at;
    assert_true(str_is(m->head.msg_id, "2026070100000123"));
    assert_true(str_is(m->payee_name, "测试综合能源公司"));
    assert_int_equal(m->total.value.fen, 203456);
    assert_int_equal(m->items.n, 2);
    assert_int_equal(m->items.at[0].amount.value.fen, 123456);
    assert_true(str_is(m->items.at[1].amount.text, "800.00"));
    assert_true(str_is(m->items.at[1].payer_account, "6200000000000000002"));
    assert_int_equal(m->sent.yyyymmdd, 0);
    assert_ok(cnaps_totals_check(T380, m, &e), &e);
    arena_free(a);
}

static void test_example_381_382_900_990(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    void *at;
    (void)state;
    assert_ok(cnaps_read(a, "beps.381.001.01", file(a, "tests/corpus/xml/beps.381.001.01.xml"),
                         &at, &e), &e);
    const struct beps_381 *r = at;
    assert_int_equal(r->original.total.value.fen, 203456);
    assert_int_equal(r->paid_total.value.fen, 123456);
    assert_int_equal(r->npc.netting_day.yyyymmdd, 20260701);
    assert_true(str_is(r->items.at[1].answer.reject_code, "RJ03"));
    assert_true(str_is(r->items.at[1].answer.reason, "余额不足"));
    assert_ok(cnaps_read(a, "beps.382.001.01", file(a, "tests/corpus/xml/beps.382.001.01.xml"),
                         &at, &e), &e);
    assert_int_equal(((struct beps_382 *)at)->items.at[0].amount.value.fen, 120000);
    assert_ok(cnaps_totals_check("beps.382.001.01", at, &e), &e);
    assert_ok(cnaps_read(a, "ccms.900.001.02", file(a, "tests/corpus/xml/ccms.900.001.02.xml"),
                         &at, &e), &e);
    assert_true(str_is(((struct ccms_900 *)at)->status, "PR09"));
    assert_ok(cnaps_read(a, "ccms.990.001.02", file(a, "tests/corpus/xml/ccms.990.001.02.xml"),
                         &at, &e), &e);
    assert_true(str_is(((struct ccms_990 *)at)->code, "PM1I0000"));
    arena_free(a);
}

/* ---- wrong bytes */

static void refused(struct arena *a, struct str xml, const char *name)
{
    struct err e = {.name = "none"};
    void *out = a;
    if (cnaps_read(a, T380, xml, &out, &e) == OK || strcmp(e.name, name) != 0) {
        fail_msg("expected %s, got %s: %s", name, e.name, e.text);
    }
    assert_ptr_equal(out, a);
    assert_null(strstr(e.text, "62000000000")); /* law 3: no account in a sentence */
}

/* The example with one piece replaced. */
static struct str with(struct arena *a, const char *old, const char *new)
{
    const struct str xml = file(a, EXAMPLE);
    const char *hit = memmem(xml.at, xml.n, old, strlen(old));
    struct text t;
    if (!hit) {
        fail_msg("the example has no %s", old);
    }
    text_init(&t, a, 1 << 20);
    text_add(&t, (struct str){xml.at, (size_t)(hit - xml.at)});
    text_add_c(&t, new);
    hit += strlen(old);
    text_add(&t, (struct str){hit, (size_t)(xml.at + xml.n - hit)});
    return text_str(&t);
}

static void test_wrong_xml_by_name(void **state)
{
    static const struct {
        const char *old, *new, *name;
    } wrong[] = {
        {"<Document ", "<!DOCTYPE Document SYSTEM \"file:///etc/passwd\"><Document ", "XML_DTD"},
        {"<Document ", "<!DOCTYPE d [<!ENTITY a \"b\">]><Document ", "XML_DTD"},
        {"<Document ", "<?pi x?><Document ", "XML_NODE"},
        {"测试用电一公司", "&a;", "XML_SYNTAX"},
        {"测试用电一公司", "\xb2\xe2\xca\xd4", "XML_ENCODING"}, /* E22: GB18030 */
        {"<Document ", "<?xml version=\"1.0\" encoding=\"GB18030\"?><Document ", "XML_ENCODING"},
        {"beps.380.001.01\"", "beps.382.001.01\"", "CNAPS_TYPE_MISMATCH"}, /* E02 */
        {"<Nm>测试用电一公司</Nm>", "<Nm xmlns=\"urn:x\">a</Nm>", "CNAPS_TYPE_MISMATCH"},
        {"</Document>", "", "XML_SYNTAX"},
        {"</Document>", "</Document><x/>", "XML_SYNTAX"},
        {"</BtchColltnChrgs>", "</BtchColltnChrgs><x/>", "XML_ELEMENT"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"CNY\">1234.567", "WIRE_AMOUNT"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"CNY\">1234.56001", "WIRE_AMOUNT"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"CNY\">-1234.56", "WIRE_AMOUNT"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"CNY\">1e3", "WIRE_AMOUNT"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"CNY\"> 1234.56", "WIRE_AMOUNT"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"USD\">1234.56", "XML_CURRENCY"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt>1234.56", "XML_CURRENCY"},
        {"<Amt Ccy=\"CNY\">1234.56", "<Amt Ccy=\"CNY\" x=\"1\">1234.56", "XML_ATTRIBUTE"},
        {"<TxId>2026070100000001</TxId>", "", "XML_MISSING"},
        {"<ChckFlg>CE01</ChckFlg>", "", "XML_MISSING"},
        {"<TxId>2026070100000001", "<TxId>20260701000000010", "XML_LENGTH"},
        {"<TxId>2026070100000001", "<TxId>2026-70100000001", "XML_DIGITS"},
        {"<TxId>2026070100000001", "<TxId>", "XML_DIGITS"},
        {"<Nm>测试用电一公司", "<Nm>", "XML_LENGTH"},
        {"<Nm>测试用电一公司", "<Nm>a\nb", "XML_TEXT"},
        {"<Nm>测试用电一公司", "<Nm><b/>", "XML_ELEMENT"},
        {"<Nm>测试用电一公司</Nm>", "<Nm>a</Nm><Nm>b</Nm>", "XML_ELEMENT"},
        {"<Nm>测试用电一公司</Nm>", "", "XML_MISSING"},
        {"CE01", "CE03", "XML_CODE"},
        {"<SysCd>BEPS", "<SysCd>ABCD", "XML_CODE"},
        {"2026-07-01T09:02:03", "2026-02-29T09:02:03", "XML_DATE"},
        {"2026-07-01T09:02:03", "2026-07-01T24:02:03", "XML_DATE"},
        {"2026-07-01T09:02:03", "2026-07-01 09:02:03", "XML_DATE"},
        {"<BtchNb>00000001</BtchNb>", "<BtchNb>00000001</BtchNb>words", "XML_ELEMENT"},
        {"<BtchNb>00000001</BtchNb>", "<BtchNb>1</BtchNb><BtchNb>2</BtchNb>", "XML_ELEMENT"},
    };
    struct arena *a = arena_new();
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        refused(a, with(a, wrong[i].old, wrong[i].new), wrong[i].name);
    }
    refused(a, STR(""), "XML_SYNTAX");
    refused(a, STR("not xml"), "XML_SYNTAX");
    refused(a, STR("<a/>"), "XML_ELEMENT");
    refused(a, STR("<Document/>"), "CNAPS_TYPE_MISMATCH");
    arena_free(a);
}

/* E20: one byte more than 16 MiB, and elements nested without end. */
static void test_size_and_depth(void **state)
{
    struct arena *a = arena_new();
    struct text t;
    (void)state;
    char *big = arena_alloc(a, WIRE_XML_MAX + 1);
    memset(big, ' ', WIRE_XML_MAX + 1);
    refused(a, (struct str){big, WIRE_XML_MAX + 1}, "XML_SIZE");
    text_init(&t, a, 1 << 20);
    for (int i = 0; i < 40; i++) {
        text_add(&t, STR("<a>"));
    }
    for (int i = 0; i < 40; i++) {
        text_add(&t, STR("</a>"));
    }
    struct text whole;
    text_init(&whole, a, 1 << 20);
    text_add(&whole, STR("<Document xmlns=\"urn:cnaps:std:beps:2010:tech:xsd:beps.725.001.01\">"));
    text_add(&whole, text_str(&t));
    text_add(&whole, STR("</Document>"));
    refused(a, text_str(&whole), "CNAPS_TYPE_MISMATCH");
    struct err e;
    assert_int_equal(form_any_check(table_at(0), text_str(&t), &e), ERR_INPUT);
    assert_string_equal(e.name, "XML_DEPTH");
    arena_free(a);
}

/* E21: 60 Chinese characters are 180 bytes and fit; 61 do not, either way. */
static void test_names_count_characters(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    struct text t;
    struct str xml;
    void *at;
    (void)state;
    text_init(&t, a, 1000);
    for (int i = 0; i < 60; i++) {
        text_add(&t, STR("电"));
    }
    assert_ok(cnaps_read(a, T380, with(a, "测试用电一公司", t.at), &at, &e), &e);
    struct beps_380 *m = at;
    assert_int_equal(m->items.at[0].payer_name.n, 180);
    text_add(&t, STR("电"));
    refused(a, with(a, "测试用电一公司", t.at), "XML_LENGTH");
    m->items.at[0].payer_name = text_str(&t);
    assert_int_equal(cnaps_write(a, T380, m, &xml, &e), ERR_INPUT);
    assert_string_equal(e.name, "XML_LENGTH");
    arena_free(a);
}

static void test_amounts(void **state)
{
    static const struct {
        const char *text;
        int64_t fen; /* -1: refused */
    } cases[] = {
        {"0", 0}, {"1", 100}, {"1.5", 150}, {"1234.56", 123456}, {".5", 50}, {"0.07", 7},
        {"12.30000", 1230}, {"9999999999999999.99", 999999999999999999},
        {"10000000000000000", -1}, {"", -1}, {".", -1}, {"5.", -1}, {"1.2.3", -1}, {"+1", -1},
        {"-1", -1}, {"1e2", -1}, {" 1", -1}, {"1 ", -1}, {"1,000", -1}, {"1.005", -1},
        {"1.00001", -1}, {"0x1", -1}, {"１", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct money m = {-7};
        const enum err_code rc = wire_amount_parse(str_of(cases[i].text), &m, NULL);
        assert_int_equal(rc, cases[i].fen < 0 ? ERR_INPUT : OK);
        assert_int_equal(m.fen, cases[i].fen < 0 ? -7 : cases[i].fen);
    }
}

/* E08, E26. */
static void test_totals(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    void *at;
    (void)state;
    assert_ok(cnaps_read(a, T380, file(a, EXAMPLE), &at, &e), &e);
    struct beps_380 *m = at;
    m->total.value.fen++;
    assert_int_equal(cnaps_totals_check(T380, m, &e), ERR_INPUT);
    assert_string_equal(e.name, "CNAPS_TOTAL");
    m->count = STR("3");
    assert_int_equal(cnaps_totals_check(T380, m, &e), ERR_INPUT);
    assert_string_equal(e.name, "CNAPS_COUNT");
    m->count = STR("2");
    m->items.at[0].amount.value.fen = INT64_MAX;
    assert_int_equal(cnaps_totals_check(T380, m, &e), ERR_LIMIT);
    assert_string_equal(e.name, "WIRE_SUM");
    arena_free(a);
}

/* An amount that was read and then changed by hand disagrees with its text: refused, not signed. */
static void test_changed_amount_is_not_written(void **state)
{
    struct arena *a = arena_new();
    struct err e;
    struct str xml;
    void *at;
    (void)state;
    assert_ok(cnaps_read(a, T380, file(a, EXAMPLE), &at, &e), &e);
    ((struct beps_380 *)at)->items.at[0].amount.value.fen++;
    assert_int_equal(cnaps_write(a, T380, at, &xml, &e), ERR_INPUT);
    assert_string_equal(e.name, "WIRE_AMOUNT");
    arena_free(a);
}

static void test_sign_settings(void **state)
{
    struct arena *a = arena_new();
    struct cnaps_signing s = cnaps_signing_usual();
    struct err e;
    struct str text;
    void *at;
    (void)state;
    assert_ok(cnaps_read(a, T380, with(a, "</SysCd>", "</SysCd><Rmk>r</Rmk>"), &at, &e), &e);
    struct beps_380 *m = at;
    assert_ok(cnaps_sign_text(a, T380, m, &s, &text, &e), &e);
    assert_int_equal(text.n, 423);
    s.remark = true;
    assert_ok(cnaps_sign_text(a, T380, m, &s, &text, &e), &e);
    assert_non_null(memmem(text.at, text.n, "|BEPS|r|00000001|", 17));
    m->items.at[0].agreement = (struct str){"", 0};
    assert_ok(cnaps_sign_text(a, T380, m, &s, &text, &e), &e);
    assert_non_null(memmem(text.at, text.n, "|CNY1234.56|CE01|", 17));
    s.absent_empty = true;
    assert_ok(cnaps_sign_text(a, T380, m, &s, &text, &e), &e);
    assert_non_null(memmem(text.at, text.n, "|CNY1234.56||CE01|", 18));
    m->items.at[0].agreement = STR("a|b");
    assert_int_equal(cnaps_sign_text(a, T380, m, &s, &text, &e), ERR_INPUT);
    assert_string_equal(e.name, "SIGN_SEPARATOR");
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_validates_and_reads_back),
        cmocka_unit_test(test_example_380),
        cmocka_unit_test(test_example_381_382_900_990),
        cmocka_unit_test(test_wrong_xml_by_name),
        cmocka_unit_test(test_size_and_depth),
        cmocka_unit_test(test_names_count_characters),
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_changed_amount_is_not_written),
        cmocka_unit_test(test_sign_settings),
    };
    return cmocka_run_group_tests_name("partner/cnaps/message", tests, NULL, NULL);
}
