/* facts_test.c - facts of a period and what terms say of them: written in one layout, joined, and
 * refused with place, reason and hint. Nothing here touches a store.
 */
#include "base/test.h"
#include "contract/contract.h"

#define FROM ((struct day){20260701})
#define UNTIL ((struct day){20260801})

static const char station[] =
    "{\"parties\":{\"operator\":\"11\"},\"groups\":{\"session\":{\"places\":["
    "{\"name\":\"C1\",\"meters\":{\"charge\":\"1\"},\"settings\":{\"idle\":\"0\",\"rate\":\"1\"}},"
    "{\"name\":\"C2\",\"meters\":{\"charge\":\"2\"}}]},"
    "\"lessee\":[{\"name\":\"T1\",\"org\":\"12\",\"settings\":{\"area\":\"100\"}}]}}";
static const char event[] = "{\"axis\":\"event\",\"windows\":{\"before\":{\"of\":\"event\","
                            "\"minutes\":120}}}";

static enum err_code join(struct arena *a, const char *terms, const char *facts,
                          struct contract_terms *out, struct err *e)
{
    struct contract_terms t;
    struct contract_facts f;
    if (contract_terms_on(a, str_of(terms), FROM, &t, e) != OK ||
        contract_facts_parse(a, str_of(facts), &f, e) != OK) {
        return e->code;
    }
    return contract_terms_join(a, &t, &f, FROM, UNTIL, out, e);
}

/* ---- what is taken ----------------------------------------------------------------------------
 */

static void test_a_session_takes_from_its_place_what_it_does_not_bring(void **state)
{
    struct arena *a = arena_new();
    struct contract_terms t;
    struct err e;
    (void)state;
    assert_ok(join(a, station,
                   "{\"groups\":{\"session\":[{\"name\":\"S1\",\"place\":\"C1\",\"party\":\"amy\","
                   "\"org\":\"13\",\"from\":\"2026-06-30T23:00\",\"until\":\"2026-07-01T00:15\","
                   "\"settings\":{\"idle\":\"45\"}}]}}",
                   &t, &e),
              &e);
    assert_int_equal(t.n_parties, 3);
    assert_true(str_is(t.parties[2].name, "amy") && t.parties[2].org_id == 13);
    const struct term_member *s = &t.top.groups[0].members[0];
    assert_int_equal(t.top.groups[0].n, 1);
    assert_int_equal(s->part.n_feeds, 1);
    assert_int_equal(s->part.feeds[0].point_id, 1);
    assert_int_equal(s->part.n_settings, 2);
    assert_true(str_is(s->part.settings[0].text, "45"));
    assert_true(str_is(s->part.settings[1].name, "rate"));
    assert_int_equal(s->until.utc_ms - s->from.utc_ms, 5 * SLOT_MS);
    arena_free(a);
}

static void test_facts_of_a_member_of_the_terms_go_before_them(void **state)
{
    struct arena *a = arena_new();
    struct contract_terms t;
    struct err e;
    (void)state;
    assert_ok(join(a, station,
                   "{\"settings\":{\"fee\":\"7\"},\"groups\":{\"lessee\":[{\"name\":\"T1\","
                   "\"settings\":{\"area\":\"90\",\"demand\":\"5\"}},{\"name\":\"T2\"}]}}",
                   &t, &e),
              &e);
    const struct term_group *g = &t.top.groups[1];
    assert_int_equal(g->n, 2);
    assert_int_equal(g->members[0].part.n_settings, 2);
    assert_true(str_is(g->members[0].part.settings[0].text, "90"));
    assert_int_equal(g->members[0].org_id, 12);
    assert_true(str_is(g->members[1].name, "T2"));
    assert_true(str_is(t.top.settings[0].name, "fee"));
    arena_free(a);
}

static void test_a_window_lies_before_another(void **state)
{
    struct arena *a = arena_new();
    struct contract_terms t;
    struct err e;
    (void)state;
    assert_ok(join(a, event,
                   "{\"windows\":{\"event\":{\"from\":\"2026-07-16T00:30\","
                   "\"until\":\"2026-07-16T01:30\"}}}",
                   &t, &e),
              &e);
    assert_int_equal(t.n_windows, 2);
    assert_true(str_is(t.windows[1].name, "before"));
    assert_int_equal(t.windows[1].until.utc_ms, t.windows[0].from.utc_ms);
    assert_int_equal(t.windows[1].until.utc_ms - t.windows[1].from.utc_ms, 8 * SLOT_MS);
    assert_int_equal(instant_slot(t.windows[1].from).day.yyyymmdd, 20260715);
    /* without the facts it is not known */
    assert_ok(join(a, event, "", &t, &e), &e);
    assert_int_equal(t.n_windows, 1);
    assert_int_equal(t.windows[0].until.utc_ms, 0);
    arena_free(a);
}

static void test_equal_facts_are_equal_bytes(void **state)
{
    static const char spaced[] =
        " { \"groups\" : { \"g\" : [ { \"settings\": {\"a\": \"1\", \"b\": null, \"c\": true,"
        " \"t\": [[\"1\", \"2\"], [null, \"3\"]]}, \"name\" : \"M\", \"until\": \"2026-07-02 "
        "01:00\","
        " \"from\" : \"2026-07-01T23:45+08:00\", \"org\": 7, \"series\": {\"s\": {\"point\": \"5\","
        " \"digits\": 6}}, \"units\": {\"q\": {\"unit\": \"m3\", \"digits\": 2}},"
        " \"groups\": {\"h\": [{\"name\": \"N\"}]}, \"party\": \"P\", \"meters\": {\"m\": \"6\"} } "
        "] },"
        " \"settings\" : { \"x\" : \"y\" },"
        " \"windows\": {\"w\": {\"until\": \"2026-07-02T00:00\", \"from\": \"2026-07-01T22:00\"}} "
        "} ";
    static const char written[] =
        "{\"windows\":{\"w\":{\"from\":\"2026-07-01T22:00\",\"until\":\"2026-07-02T00:00\"}},"
        "\"settings\":{\"x\":\"y\"},\"groups\":{\"g\":[{\"name\":\"M\",\"party\":\"P\",\"org\":"
        "\"7\","
        "\"from\":\"2026-07-01T23:45\",\"until\":\"2026-07-02T01:00\",\"settings\":{\"a\":\"1\","
        "\"b\":null,\"c\":true,\"t\":[[\"1\",\"2\"],[null,\"3\"]]},\"series\":{\"s\":{\"point\":"
        "\"5\","
        "\"digits\":6},\"m\":{\"point\":\"6\",\"digits\":4}},\"units\":{\"q\":{\"unit\":\"m3\","
        "\"digits\":2}},\"groups\":{\"h\":[{\"name\":\"N\"}]}}]}}";
    struct arena *a = arena_new();
    struct contract_facts f;
    struct err e;
    (void)state;
    assert_ok(contract_facts_parse(a, str_of(spaced), &f, &e), &e);
    struct str once = contract_facts_text(a, &f);
    assert_string_equal(once.at, written);
    assert_ok(contract_facts_parse(a, once, &f, &e), &e);
    assert_true(str_eq(once, contract_facts_text(a, &f)));
    arena_free(a);
}

static void test_the_value_in_force_is_taken(void **state)
{
    static const char terms[] =
        "{\"settings\":{\"discount\":{\"2026-01-01\":\"0.88\",\"2027-01-01\":\"0.86\"},"
        "\"floor\":{\"2025-01-01\":null,\"2026-07-16\":\"0.4\"}},"
        "\"groups\":{\"g\":[{\"name\":\"M\",\"settings\":{\"on\":{\"2026-01-01\":true,"
        "\"2026-07-16\":false}}}]}}";
    static const struct {
        int32_t on;
        const char *discount;
        enum term_kind floor;
        bool member;
    } want[] = {{20260101, "0.88", TERM_ABSENT, true},
                {20260715, "0.88", TERM_ABSENT, true},
                {20260716, "0.88", TERM_TEXT, false},
                {20270101, "0.86", TERM_TEXT, false}};
    struct arena *a = arena_new();
    struct contract_terms t;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
        assert_ok(contract_terms_on(a, str_of(terms), (struct day){want[i].on}, &t, &e), &e);
        assert_true(str_is(t.top.settings[0].text, want[i].discount));
        assert_int_equal(t.top.settings[1].kind, want[i].floor);
        assert_true(t.top.groups[0].members[0].part.settings[0].yes == want[i].member);
    }
    assert_int_equal(t.n_changes, 4);
    static const int32_t changes[] = {20250101, 20260101, 20260716, 20270101};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(t.changes[i].yyyymmdd, changes[i]);
    }
    arena_free(a);
}

/* ---- what is refused --------------------------------------------------------------------------
 */

#define SESSION(rest) "{\"groups\":{\"session\":[{\"name\":\"S1\"," rest "}]}}"
#define TWO(x, y)                                                                                  \
    "{\"groups\":{\"session\":[{\"name\":\"S1\",\"place\":\"C1\"," x "},"                          \
    "{\"name\":\"S2\",\"place\":\"C1\"," y "}]}}"
#define TIME(from, until) "\"from\":\"2026-" from "\",\"until\":\"2026-" until "\""
#define EVENT(from, until) "{\"windows\":{\"event\":{" TIME(from, until) "}}}"

static const struct {
    const char *terms, *facts, *says;
} refused[] = {
    {"{\"settings\":{\"d\":{}}}", "", "terms: settings.d: byte 19: no value stands here"},
    {"{\"settings\":{\"d\":{\"2026-09-01\":\"1\"}}}", "",
     "terms: settings.d: byte 35: no value is in force on 2026-07-01; give one from that day on"},
    {"{\"settings\":{\"d\":{\"2026-01-01\":\"1\",\"2025-06-01\":\"2\"}}}", "",
     "terms: settings.d.2025-06-01: byte 48: effective dates rise; this one stands behind a later "
     "or the same"},
    {"{\"settings\":{\"d\":{\"2026-01-01\":\"1\",\"2026-01-01\":\"2\"}}}", "",
     "terms: settings.d.2026-01-01: byte 48: effective dates rise; this one stands behind a later "
     "or the same"},
    {"{\"settings\":{\"d\":{\"January\":\"1\"}}}", "",
     "terms: settings.d.January: byte 28: a value by effective date stands under a date: "
     "\"2026-07-01\""},
    {"{\"settings\":{\"d\":{\"2026-01-01\":0.8}}}", "",
     "terms: settings.d.2026-01-01: byte 31: a value is a decimal or a choice in quotes, true, "
     "false, null or rows"},
    {"{\"settings\":{\"d\":{\"2026-01-01\":{\"2026-02-01\":\"1\"}}}}", "",
     "terms: settings.d.2026-01-01: byte 31: a value is a decimal or a choice in quotes, true, "
     "false, null or rows"},
    {"{\"scale_to_register\":\"yes\"}", "",
     "terms: scale_to_register: byte 21: true or false belongs here"},
    {"{\"axis\":true}", "", "terms: axis: byte 8: a string in quotes belongs here"},
    {"{\"windows\":{\"before\":{\"of\":\"event\"}}}", "",
     "terms: windows.before: byte 35: a window needs \"of\" and \"minutes\"; its times are a fact "
     "of the period"},
    {"{\"windows\":{\"before\":{\"of\":\"before\",\"minutes\":60}}}", "",
     "terms: windows.before: byte 49: a window cannot lie before itself"},
    {"{\"windows\":{\"before\":{\"of\":\"event\",\"minutes\":50}}}", "",
     "terms: windows.before.minutes: byte 47: a window is whole quarters of an hour long"},
    {"{\"windows\":{\"before\":{\"of\":\"event\",\"hours\":2}}}", "",
     "terms: windows.before.hours: byte 43: a window of the terms has \"of\", another one, and "
     "\"minutes\" before it"},
    {"{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\"}}}", "",
     "terms: windows.event.from: byte 28: a window of the terms has \"of\", another one, and "
     "\"minutes\" before it"},
    {"{\"groups\":{\"day\":{\"days\":{\"of\":\"event\"}}}}", "",
     "terms: groups.day.days: byte 39: days need \"of\", a window, and \"look_back\", how many"},
    {"{\"groups\":{\"day\":{\"days\":{\"of\":\"event\",\"look_back\":0}}}}", "",
     "terms: groups.day.days.look_back: byte 52: a whole number in its limits belongs here"},
    {"{\"groups\":{\"day\":{\"days\":{\"of\":\"event\",\"look_back\":400}}}}", "",
     "terms: groups.day.days.look_back: byte 54: a whole number in its limits belongs here"},
    {"{\"groups\":{\"day\":{\"days\":{\"before\":\"event\"}}}}", "",
     "terms: groups.day.days.before: byte 35: days have \"of\", a window, and \"look_back\", how "
     "many"},
    {"{\"groups\":{\"g\":{\"places\":[{\"meters\":{}}]}}}", "",
     "terms: groups.g.places[0]: byte 39: the member has no \"name\""},
    {"{\"groups\":{\"g\":{\"spots\":[]}}}", "",
     "terms: groups.g.spots: byte 24: a group is a list of members, or has members, places and "
     "days"},
    {"{\"groups\":{\"g\":[{\"name\":\"M\",\"from\":\"2026-07-01T00:00\"}]}}", "",
     "terms: groups.g[0].from: byte 35: a member has name, party, org, settings, meters, series, "
     "units and groups"},
    {event, "{\"meters\":{\"gen\":\"1\"}}",
     "facts: meters: byte 10: facts have settings, windows and groups"},
    {event, "{\"windows\":{\"event\":{\"from\":\"2026-07-16T14:00\"}}}",
     "facts: windows.event: byte 47: a window needs \"from\" and \"until\""},
    {event, "{\"windows\":{\"event\":{\"start\":\"2026-07-16T14:00\"}}}",
     "facts: windows.event.start: byte 29: a window of the facts has \"from\" and \"until\""},
    {event, EVENT("07-16T15:00", "07-16T14:00"),
     "facts: windows.event: byte 74: the window is empty: it ends when or before it begins"},
    {event, EVENT("07-16T14:00", "07-16T14:00"),
     "facts: windows.event: byte 74: the window is empty: it ends when or before it begins"},
    {event, EVENT("07-16T14:07", "07-16T15:00"),
     "facts: windows.event.from: byte 46: a time stands on a quarter of an hour: ..:00, ..:15, "
     "..:30, ..:45"},
    {event, EVENT("07-16T14:00:30", "07-16T15:00"),
     "facts: windows.event.from: byte 49: a time stands on a quarter of an hour: ..:00, ..:15, "
     "..:30, ..:45"},
    {event, EVENT("07-32T14:00", "07-16T15:00"),
     "facts: windows.event.from: byte 46: a time is \"2026-07-16T14:00\""},
    {event, EVENT("08-02T14:00", "08-02T15:00"),
     "facts: window event: 2026-08-02T14:00 until 2026-08-02T15:00 does not end in the period "
     "2026-07-01T00:00 until 2026-08-01T00:00; put it with the facts of the period in which it "
     "ends"},
    {event, EVENT("06-30T23:00", "07-01T00:00"),
     "facts: window event: 2026-06-30T23:00 until 2026-07-01T00:00 does not end in the period "
     "2026-07-01T00:00 until 2026-08-01T00:00; put it with the facts of the period in which it "
     "ends"},
    {event, EVENT("07-31T23:00", "08-01T00:15"),
     "facts: window event: 2026-07-31T23:00 until 2026-08-01T00:15 does not end in the period "
     "2026-07-01T00:00 until 2026-08-01T00:00; put it with the facts of the period in which it "
     "ends"},
    {event, "{\"settings\":{\"income\":{\"2026-07-01\":\"1\"}}}",
     "facts: settings.income: byte 22: a fact of one period has one value, not one by effective "
     "date"},
    {event, "{\"settings\":{\"income\":1500}}",
     "facts: settings.income: byte 22: a value is a decimal or a choice in quotes, true, false, "
     "null or rows"},
    {station, SESSION(TIME("07-03T11:00", "07-03T10:00")),
     "facts: groups.session[0]: byte 88: the session ends before it begins"},
    {station, SESSION(TIME("07-03T10:00", "07-03T10:00")),
     "facts: groups.session[0]: byte 88: the session has no quarter of an hour"},
    {station, SESSION("\"from\":\"2026-07-03T10:00\""),
     "facts: groups.session[0]: byte 61: a session has both \"from\" and \"until\""},
    {station, SESSION(TIME("03-01T10:00", "07-03T10:00")),
     "facts: groups.session[0]: byte 88: the session is longer than a quarter of a year"},
    {station, SESSION(TIME("07-03T10:10", "07-03T11:00")),
     "facts: groups.session[0].from: byte 60: a time stands on a quarter of an hour: ..:00, ..:15, "
     "..:30, ..:45"},
    {station, SESSION("\"place\":\"C9\"," TIME("07-03T10:00", "07-03T11:00")),
     "facts: member S1: the contract has no place C9; it has C1, C2"},
    {event, SESSION("\"place\":\"C1\"," TIME("07-03T10:00", "07-03T11:00")),
     "facts: member S1: the contract has no place C1; it has none"},
    {station, SESSION("\"place\":\"C1\"," TIME("07-31T23:00", "08-01T00:15")),
     "facts: session S1: 2026-07-31T23:00 until 2026-08-01T00:15 does not end in the period "
     "2026-07-01T00:00 until 2026-08-01T00:00; put it with the facts of the period in which it "
     "ends"},
    {station, SESSION("\"place\":\"C1\"," TIME("06-30T23:00", "07-01T00:00")),
     "facts: session S1: 2026-06-30T23:00 until 2026-07-01T00:00 does not end in the period "
     "2026-07-01T00:00 until 2026-08-01T00:00; put it with the facts of the period in which it "
     "ends"},
    {station, SESSION("\"where\":\"C1\""),
     "facts: groups.session[0].where: byte 43: a member has name, party, org, place, from, until, "
     "settings, meters, series, units and groups"},
    {station, TWO(TIME("07-03T10:00", "07-03T11:00"), TIME("07-03T10:45", "07-03T12:00")),
     "facts: session S2: shares intervals of meter charge (point 1) with session S1, "
     "2026-07-03T10:00 until 2026-07-03T11:00; one follows the other"},
    {station, TWO(TIME("07-03T10:00", "07-03T11:00"), TIME("07-03T09:00", "07-03T12:00")),
     "facts: session S1: shares intervals of meter charge (point 1) with session S2, "
     "2026-07-03T09:00 until 2026-07-03T12:00; one follows the other"},
    {station,
     "{\"groups\":{\"session\":[{\"name\":\"S1\",\"place\":\"C1\"},{\"name\":\"S1\",\"place\":"
     "\"C2\"}]}}",
     "facts: member S1: stands in group session twice"},
    {station, "{\"groups\":{\"session\":[{\"place\":\"C1\"}]}}",
     "facts: groups.session[0]: byte 36: the member has no \"name\""},
    {station, "{\"groups\":{\"session\":{\"places\":[]}}}",
     "facts: groups.session: byte 21: a list in [ ] belongs here"},
    {station, "{\"groups\":{\"lessee\":[{\"name\":\"T1\",\"org\":\"12\"}]}}",
     "facts: member T1: is one of the contract's: facts give it settings, nothing else"},
    {station, "{\"groups\":{\"lessee\":[{\"name\":\"T1\",\"meters\":{\"load\":\"3\"}}]}}",
     "facts: member T1: is one of the contract's: facts give it settings, nothing else"},
    {station, "{\"groups\":{\"lessee\":[{\"name\":\"T2\",\"party\":\"operator\",\"org\":\"15\"}]}}",
     "facts: party operator: stands for organisation 11 and for 15"},
    {station,
     "{\"groups\":{\"lessee\":[{\"name\":\"T2\",\"settings\":{\"a\":\"1\",\"a\":\"2\"}}]}}",
     "facts: groups.lessee[0].settings.a: byte 58: this name stands here twice"},
    {station, "{} {}", "facts: byte 3: something stands behind the end"},
};

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
        struct arena *a = arena_new();
        struct contract_terms t = {.n_parties = 99};
        struct err e = {0};
        if (join(a, refused[i].terms, refused[i].facts, &t, &e) == OK) {
            fail_msg("taken: %s with %s", refused[i].terms, refused[i].facts);
        }
        assert_string_equal(e.text, refused[i].says);
        assert_int_equal(t.n_parties, 99); /* outputs stay as they were */
        arena_free(a);
    }
}

static void test_facts_cut_anywhere_are_refused(void **state)
{
    static const char whole[] = TWO(TIME("07-03T10:00", "07-03T11:00"), "\"org\":\"7\"");
    (void)state;
    for (size_t n = 1; n < sizeof(whole) - 1; n++) {
        struct arena *a = arena_new();
        struct contract_facts f;
        struct err e;
        char *cut = arena_copy(a, whole, n);
        assert_int_not_equal(contract_facts_parse(a, (struct str){cut, n}, &f, &e), OK);
        arena_free(a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_session_takes_from_its_place_what_it_does_not_bring),
        cmocka_unit_test(test_facts_of_a_member_of_the_terms_go_before_them),
        cmocka_unit_test(test_a_window_lies_before_another),
        cmocka_unit_test(test_equal_facts_are_equal_bytes),
        cmocka_unit_test(test_the_value_in_force_is_taken),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_facts_cut_anywhere_are_refused),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
