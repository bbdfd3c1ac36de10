/* json_test.c - places in errors, exact numbers, the same bytes for the same input. */
#include "base/json.h"
#include "base/test.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char doc[] = "{\"name\": \"demo\", \"n\": 42, \"on\": true, \"none\": null,\n"
                          " \"prices\": {\"versions\": [{\"price\": \"0.4153\"}, {\"price\": 1},\n"
                          "  {\"price\": 0.5}, {\"price\": \"x\"}]}}";

static struct json parse(struct arena *a, const char *text)
{
    struct json j;
    struct err e;
    assert_ok(json_parse(a, str_of(text), "file.json", &j, &e), &e);
    return j;
}

static void test_reading(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct json j = parse(a, doc);
    struct err e;
    struct str s;
    int64_t v;
    bool b;
    assert_ok(json_need_str(j, "name", &s, &e), &e);
    assert_true(str_is(s, "demo"));
    assert_ok(json_need_int(j, "n", &v, &e), &e);
    assert_int_equal(v, 42);
    assert_ok(json_bool(json_get(j, "on"), &b, &e), &e);
    assert_true(b);
    assert_int_equal(json_kind(json_get(j, "none")), JSON_NULL);
    assert_int_equal(json_kind(json_get(j, "absent")), JSON_NONE);
    assert_int_equal(json_kind(json_get(json_get(j, "absent"), "deeper")), JSON_NONE);
    struct json versions = json_get(json_get(j, "prices"), "versions");
    assert_int_equal(json_len(versions), 4);
    assert_ok(json_need_scaled(json_at(versions, 0), "price", 6, &v, &e), &e);
    assert_int_equal(v, 415300);
    assert_ok(json_need_scaled(json_at(versions, 1), "price", 6, &v, &e), &e);
    assert_int_equal(v, 1000000);
    json_member(j, 4, &s);
    assert_true(str_is(s, "prices"));
    arena_free(a);
}

static void test_errors_name_the_place(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct json j = parse(a, doc);
    struct err e;
    struct str s;
    int64_t v;
    struct json versions = json_get(json_get(j, "prices"), "versions");
    assert_int_equal(json_need_str(json_at(versions, 2), "from", &s, &e), ERR_INPUT);
    assert_string_equal(e.text, "file.json: prices.versions[2].from: missing; a string is needed");
    assert_int_equal(json_need_scaled(json_at(versions, 2), "price", 6, &v, &e), ERR_INPUT);
    assert_string_equal(e.text, "file.json: prices.versions[2].price: a number with a point found, "
                                "a decimal number in quotes (\"0.4153\") or an integer is needed");
    assert_int_equal(json_need_scaled(json_at(versions, 3), "price", 6, &v, &e), ERR_INPUT);
    assert_string_equal(e.text, "file.json: prices.versions[3].price: 'x' is not a decimal number: "
                                "'x' at character 1; write digits, with at most one point");
    static const char *const known[] = { "name", "n", "on", "none", "price", NULL };
    assert_int_equal(json_only(j, known, &e), ERR_INPUT);
    assert_string_equal(e.text, "file.json: unknown key 'prices'; did you mean 'price'?");
    assert_int_equal(json_parse(a, STR("{\"a\": 1,\n \"a\": 2}"), "f", &j, &e), ERR_INPUT);
    assert_non_null(strstr(e.text, "f:2:"));
    assert_int_equal(json_parse(a, STR("{\"a\": }"), "f", &j, &e), ERR_INPUT);
    char deep[400];
    memset(deep, '[', 200);
    memset(deep + 200, ']', 200);
    assert_int_equal(json_parse(a, (struct str){ deep, 400 }, "f", &j, &e), ERR_LIMIT);
    assert_int_equal(json_load(a, "/nonexistent/x.json", &j, &e), ERR_NOT_FOUND);
    arena_free(a);
}

static void test_a_file_is_loaded(void **state)
{
    (void)state;
    char path[] = "/tmp/sk-json-XXXXXX";
    int fd = mkstemp(path);
    assert_true(write(fd, doc, sizeof(doc) - 1) == sizeof(doc) - 1);
    close(fd);
    struct arena *a = arena_new();
    struct json j;
    struct err e;
    assert_ok(json_load(a, path, &j, &e), &e);
    assert_int_equal(json_len(j), 5);
    unlink(path);
    arena_free(a);
}

static void test_canonical_form_sorts_keys(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct json j = parse(a, "{ \"b\" : [1, -2, true, null], \"a\": {\"z\":\"\\u00e9\\n\\\"\", "
                             "\"10\":0.25, \"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,\"k6\":1,"
                             "\"k7\":7}}");
    assert_string_equal(json_canonical(j).at,
                        "{\"a\":{\"10\":0.25,\"k1\":1,\"k2\":1,\"k3\":1,\"k4\":1,\"k5\":1,\"k6\":1,"
                        "\"k7\":7,\"z\":\"\xC3\xA9\\n\\\"\"},\"b\":[1,-2,true,null]}");
    struct err e;
    int64_t v; /* nine members: found by halving */
    assert_ok(json_need_int(json_get(j, "a"), "k7", &v, &e), &e);
    assert_int_equal(v, 7);
    arena_free(a);
}

static const char plain_form[] = "{\"name\":\"a\\\"\\u0001\",\"yuan\":\"312.00\","
                                 "\"list\":[-1,true,null],\"empty\":{}}";
static const char pretty_form[] =
    "{\n  \"name\": \"a\\\"\\u0001\",\n  \"yuan\": \"312.00\",\n"
    "  \"list\": [\n    -1,\n    true,\n    null\n  ],\n  \"empty\": {}\n}";

static void test_writing(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    for (int pretty = 0; pretty < 2; pretty++) {
        struct text t;
        struct json_out o;
        text_init(&t, a, 1000);
        json_out_init(&o, &t, pretty);
        json_open(&o, NULL, '{');
        json_put_str(&o, "name", STR("a\"\x01"));
        json_put_scaled(&o, "yuan", 31200, 2);
        json_open(&o, "list", '[');
        json_put_int(&o, NULL, -1);
        json_put_bool(&o, NULL, true);
        json_put_null(&o, NULL);
        json_close(&o, ']');
        json_open(&o, "empty", '{');
        json_close(&o, '}');
        json_close(&o, '}');
        assert_string_equal(t.at, pretty ? pretty_form : plain_form);
    }
    arena_free(a);
}

/* Plain text is quoted by eights: what must be escaped is, wherever it stands. */
static void test_quoting_at_every_place(void **state)
{
    (void)state;
    struct arena *a = arena_new();
    struct err e;
    for (int place = 0; place < 20; place++) {
        for (int byte = 1; byte < 0x80; byte++) {
            char text[20];
            memset(text, 'a', sizeof text);
            text[place] = (char)byte;
            struct text t;
            struct json_out o;
            struct json read;
            struct str back;
            text_init(&t, a, 1000);
            json_out_init(&o, &t, false);
            json_open(&o, NULL, '{');
            json_put_str(&o, "k", (struct str){ text, sizeof text });
            json_close(&o, '}');
            bool escaped = byte < 0x20 || byte == '"' || byte == '\\';
            assert_int_equal(memchr(t.at, '\\', t.n) != NULL, escaped);
            assert_ok(json_parse(a, text_str(&t), "quoted", &read, &e), &e);
            assert_ok(json_str(json_get(read, "k"), &back, &e), &e);
            assert_true(str_eq(back, (struct str){ text, sizeof text }));
        }
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_errors_name_the_place),
        cmocka_unit_test(test_a_file_is_loaded),
        cmocka_unit_test(test_canonical_form_sorts_keys),
        cmocka_unit_test(test_quoting_at_every_place),
        cmocka_unit_test(test_writing),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
