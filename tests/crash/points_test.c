/* points_test.c - a process that dies at each named place, at its first, second and third pass:
 * played again, the small day ends as an undisturbed one (K5).
 */
#include "base/test.h"
#include "crash/child.h"
#include "crash/story.h"
#include "support/pg.h"

#define PASSES 3
/* Two price versions and two months; one order of each kind. */
static const struct village_plan PLAN = {
    .orders = VILLAGE_KINDS, .from = { 20260630 }, .days = 2, .registers = true
};

static const char *self;

static int child_play(const char *dir)
{
    struct err e;
    if (story_play(&PLAN, dir, &e) != OK) {
        fprintf(stderr, "story: %s\n", e.text);
        return 3;
    }
    return 0;
}

static void play(const char *dir, const char *setting, struct child_end *end)
{
    const char *const argv[] = { self, "play", dir, NULL };
    const char *const settings[] = { setting, NULL };
    child_run(argv, setting ? settings : NULL, CHILD_NEVER, end);
}

static const char *const needed[] = { "intake_before_commit",
                                      "intake_after_commit",
                                      "fold_before_commit",
                                      "fold_after_commit",
                                      "seal_before_commit",
                                      "seal_after_commit",
                                      "settle.lines.before_commit",
                                      "settle.lines.after_commit",
                                      "settle.runs.before_commit",
                                      "settle.runs.after_commit",
                                      "statement.issue.before_commit",
                                      "statement.issue.after_commit",
                                      "statement.adjust.before_commit",
                                      "statement.adjust.after_commit" };

static void test_a_death_at_every_named_place_changes_nothing(void **state)
{
    (void)state;
    char root[500], template[600], work[600], list[600], setting[700];
    static struct crash_place places[CRASH_PLACES_MAX];
    static struct child_end end;
    struct story_end want, got;
    struct err e;
    int deaths = 0;
    temp_dir(root, sizeof(root));
    temp_dir(template, sizeof(template));
    snprintf(work, sizeof(work), "%s/work", root);
    snprintf(list, sizeof(list), "%s/list", root);
    assert_ok(story_prepare(&PLAN, template, &e), &e);
    dir_copy(template, work);
    snprintf(setting, sizeof(setting), "SK_CRASH_LIST=%s", list);
    play(work, setting, &end);
    assert_int_equal(end.code, 0);
    assert_ok(story_look(&PLAN, work, true, &want, &e), &e);
    dir_remove(work);
    size_t n = crash_places(list, places);
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        size_t k = 0;
        while (k < n && strcmp(places[k].name, needed[i]) != 0) {
            k++;
        }
        if (k == n) {
            fail_msg("the day never passes %s", needed[i]);
        }
    }
    int passes = sanitized_run() ? 1 : (int)env_number("SK_PASSES", PASSES);
    for (size_t i = 0; i < n; i++) {
        for (int pass = 1; pass <= passes && pass <= places[i].passes; pass++) {
            snprintf(setting, sizeof(setting), "SK_CRASH=%.63s:%d", places[i].name, pass);
            dir_copy(template, work);
            play(work, setting, &end);
            if (!end.killed) {
                fail_msg("%s: ended with %d, not killed", setting, end.code);
            }
            deaths++;
            play(work, NULL, &end);
            if (end.code != 0) {
                fail_msg("%s: played again it fails", setting);
            }
            if (story_look(&PLAN, work, false, &got, &e) != OK) {
                fail_msg("%s: %s", setting, e.text);
            }
            if (!story_same(&want, &got)) {
                fail_msg("%s: the day ends otherwise", setting);
            }
            dir_remove(work);
        }
    }
    print_message("# %d deaths at %zu places; %lld statements\n", deaths, n,
                  (long long)want.statements);
}

int main(int argc, char **argv)
{
    self = argv[0];
    temp_in_memory();
    if (argc == 3 && strcmp(argv[1], "play") == 0) {
        return child_play(argv[2]);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_death_at_every_named_place_changes_nothing),
    };
    return cmocka_run_group_tests_name("crash points", tests, NULL, NULL);
}
