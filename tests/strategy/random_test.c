/* random_test.c - random well-typed strategies on random readings: the engine and the naive
 * reference must agree on every line, flag, state and failure; then the same for every strategy of
 * the library, with random parameters in every mode. And a line that calls itself actual must not
 * move when readings that are marked estimated or manual change.
 *
 *   SK_RANDOM=N   that many programs (soak)     SK_SEED=S   the first seed; alone: only that one
 * A difference prints the seed, the program and its binding.
 */
#include "base/test.h"
#include "base/check.h"
#include "generate.h"
#include "reference.h"
#include <dirent.h>
#include <unistd.h>

#define PROGRAMS 20000
#define PROGRAMS_SANITIZED 600    /* the sanitizers are ten times slower */
#define LIBRARY_ROUNDS 150        /* random bindings for each strategy of the library */
#define REPORTS_MAX 3             /* differences printed in full; the rest are counted */
#define SHARES_MEAN_SOMETHING 100 /* programs; a replay may well be of one that is refused */
#define EXPLAINED 3              /* lines of a program: any has a page, whatever it is made of */
#define EXPLAINED_ROOM (1u << 20)

struct tally {
    int programs, rejected, failed, with_lines, different;
    long lines, flags, next, printed;
    long held, marked; /* lines of orders run again with other estimates: actual, and not */
    uint64_t steps;
    int failures[16];
};

static long env_number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : otherwise;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool same_number(struct decimal d, mpq_srcptr n)
{
    mpq_t q;
    mpz_t ten;
    mpq_init(q);
    mpz_init(ten);
    mpz_ui_pow_ui(ten, 10, (unsigned long)d.scale);
    mpz_set_si(mpq_numref(q), d.units);
    mpz_set(mpq_denref(q), ten);
    mpq_canonicalize(q);
    return mpq_equal(q, n) != 0;
}

static void text_number(struct text *t, mpq_srcptr n)
{
    char *s = mpq_get_str(NULL, 10, n);
    text_add_c(t, s);
}

static bool same_line(const struct strategy_line *a, const struct reference_line *b)
{
    return str_eq(a->code, b->code) && str_eq(a->payer, b->payer) && str_eq(a->payee, b->payee) &&
           str_eq(a->settled_by, b->settled_by) && a->has_quantity == b->has_quantity &&
           a->has_price == b->has_price && a->fen == b->fen &&
           (a->vat == VAT_NONE || (a->net_fen == b->net_fen && a->vat_fen == b->vat_fen)) &&
           (!a->has_quantity || same_number(a->quantity, b->quantity)) &&
           (!a->has_price || same_number(a->price, b->price));
}

static void show_line(struct text *t, struct str code, struct str payer, struct str payee,
                      int64_t fen, int64_t net, int64_t vat, struct str settled)
{
    text_addf(t, STR_FMT " " STR_FMT "->" STR_FMT " %lld fen (%lld + %lld) " STR_FMT, STR_ARG(code),
              STR_ARG(payer), STR_ARG(payee), (long long)fen, (long long)net, (long long)vat,
              STR_ARG(settled));
}

static void describe_lines(struct text *t, const struct strategy_result *a,
                           const struct reference_result *b)
{
    for (size_t i = 0; i < a->n_lines || i < b->n_lines; i++) {
        const struct strategy_line *x = &a->lines[i];
        const struct reference_line *y = &b->lines[i];
        bool same = i < a->n_lines && i < b->n_lines && same_line(x, y);
        if (i < a->n_lines) {
            text_add_c(t, same ? "   both " : " engine ");
            show_line(t, x->code, x->payer, x->payee, x->fen, x->net_fen, x->vat_fen,
                      x->settled_by);
            if (x->has_quantity) {
                text_add_c(t, " q ");
                text_scaled(t, x->quantity.units, x->quantity.scale);
            }
            if (x->has_price) {
                text_add_c(t, " p ");
                text_scaled(t, x->price.units, x->price.scale);
            }
            text_byte(t, '\n');
        }
        if (i < b->n_lines && !same) {
            text_add_c(t, " naive  ");
            show_line(t, y->code, y->payer, y->payee, y->fen, y->net_fen, y->vat_fen,
                      y->settled_by);
            if (y->has_quantity) {
                text_add_c(t, " q ");
                text_number(t, y->quantity);
            }
            if (y->has_price) {
                text_add_c(t, " p ");
                text_number(t, y->price);
            }
            text_byte(t, '\n');
        }
    }
}

/* The first thing on which two results differ, as a word; NULL if nothing. */
static const char *results_differ(const struct strategy_result *a, const struct reference_result *b,
                                  bool all_actual)
{
    if (a->n_lines != b->n_lines) {
        return "number of lines";
    }
    for (size_t i = 0; i < a->n_lines; i++) {
        if (!same_line(&a->lines[i], &b->lines[i])) {
            return "line";
        }
        if (all_actual && (a->lines[i].quality != QUALITY_ACTUAL || a->lines[i].estimated_e6)) {
            return "quality";
        }
    }
    if (a->n_flags != b->n_flags) {
        return "number of flags";
    }
    for (size_t i = 0; i < a->n_flags; i++) {
        if (!str_eq(a->flags[i].code, b->flags[i])) {
            return "flag";
        }
    }
    /* The engine leaves out keys without intervals; what it prints must be there and equal. */
    for (size_t i = 0, k = 0; i < a->n_printed; i++) {
        while (k < b->n_printed && !str_eq(a->printed[i].name, b->printed[k].name)) {
            k++;
        }
        if (k == b->n_printed || !same_number(a->printed[i].value, b->printed[k].value)) {
            return "printed definition";
        }
    }
    for (size_t i = 0; i < b->n_next; i++) {
        bool found = false;
        for (size_t k = 0; k < a->n_next && !found; k++) {
            const struct strategy_setting *s = &a->next[k];
            if (str_eq(s->name, b->next[i].name)) {
                found = s->type == STRATEGY_NUMBER   ? same_number(s->number, b->next[i].value)
                        : s->type == STRATEGY_CHOICE ? str_eq(s->choice, b->next[i].choice)
                                                     : s->yes == b->next[i].yes;
            }
        }
        if (!found) {
            return "next state";
        }
    }
    return NULL;
}

/* Other values where the mark says that somebody guessed. */
static void guess_again(struct generated *g)
{
    for (int32_t i = 0; i < g->n_sources; i++) {
        struct generated_source *s = &g->sources[i];
        for (int32_t k = 0; k < s->n; k++) {
            if (s->quality[k] == QUALITY_ESTIMATED || s->quality[k] == QUALITY_MANUAL) {
                s->values[k] = s->values[k] / 3 + (s->values[k] == 0);
            }
        }
    }
}

static bool same_decimal(struct decimal a, struct decimal b)
{
    return a.units == b.units && a.scale == b.scale;
}

/* Lines called actual in `was` are the same in `now`: amount, quantity and price (whether they are
 * printed, to whom and at which tax is no quantity's matter). The first that is not, or NULL. Lines
 * of several members may share a code, so they are matched by place, where no line came or went. */
static const struct strategy_line *moved_line(const struct strategy_result *was,
                                              const struct strategy_result *now,
                                              struct tally *count)
{
    for (size_t i = 0; i < was->n_lines && was->n_lines == now->n_lines; i++) {
        const struct strategy_line *a = &was->lines[i], *b = &now->lines[i];
        bool actual = a->quality == QUALITY_ACTUAL && str_eq(a->code, b->code);
        int64_t before = a->vat == VAT_ON_TOP ? a->net_fen : a->fen;
        int64_t after = a->vat == VAT_ON_TOP ? b->net_fen : b->fen;
        count->held += actual;
        count->marked += a->quality != QUALITY_ACTUAL;
        if (actual && (before != after || !same_decimal(a->quantity, b->quantity) ||
                       !same_decimal(a->price, b->price))) {
            return a;
        }
    }
    return NULL;
}

static bool named_right(const char *name, const struct reference_result *b)
{
    for (uint32_t one = 1; name && one <= FAILURE_ABSENT; one <<= 1) {
        bool same = one == FAILURE_FLAG ? str_is(b->flag, name)
                                        : strcmp(reference_failure_name(one), name) == 0;
        if ((b->failures & one) && same) {
            return true;
        }
    }
    return false;
}

/* ---- one program ----------------------------------------------------------------------------- */

static void report(struct tally *count, uint64_t seed, const char *what, const struct generated *g,
                   struct text *detail)
{
    printf("# seed %llu: %s\n", (unsigned long long)seed, what);
    if (count->different++ >= REPORTS_MAX) {
        return;
    }
    struct text t;
    text_init(&t, detail->arena, 1 << 20);
    generated_describe(g, &t);
    printf(STR_FMT "\n" STR_FMT "\n" STR_FMT "\n", STR_ARG(g->text), STR_ARG(g->library),
           STR_ARG(g->amendment));
    printf("-- binding\n%s-- results\n%s\n", t.at, detail->at ? detail->at : "");
}

static void run_both(struct arena *a, uint64_t seed, const struct strategy *s, struct generated *g,
                     struct tally *count)
{
    struct strategy_bound *bound = NULL;
    struct strategy_result *r = NULL;
    struct reference_result ref;
    struct err e = { 0 };
    struct text detail;
    text_init(&detail, a, 1 << 20);
    reference_run(a, s->program, &g->binding, &g->data, &ref);
    count->steps += ref.steps;
    if (strategy_bind(a, s, &g->binding, &bound, &e) != OK) {
        if (strstr(e.text, "intervals of their own")) { /* `time in` may be of period or session */
            count->rejected++;
            return;
        }
        text_add_c(&detail, e.text);
        report(count, seed, "not bound", g, &detail);
        return;
    }
    enum err_code code = strategy_run(a, bound, &g->data, &r, &e);
    if (code != OK) {
        count->failed++;
        if (!ref.failures || !named_right(e.name, &ref)) {
            text_addf(&detail, "engine fails with %s: %s\nnaive:", e.name ? e.name : "no name",
                      e.text);
            for (uint32_t one = 1; one <= FAILURE_ABSENT; one <<= 1) {
                text_addf(&detail, " %s", ref.failures & one ? reference_failure_name(one) : "");
            }
            text_byte(&detail, '\n');
            report(count, seed, ref.failures ? "failure" : "only the engine fails", g, &detail);
        } else {
            for (int i = 0; i < 9; i++) {
                count->failures[i] += ref.failures >> i & 1u ? 1 : 0;
            }
        }
        return;
    }
    const char *what =
        ref.failures ? "only the reference fails" : results_differ(r, &ref, g->all_actual);
    if (what) {
        for (uint32_t one = 1; one <= FAILURE_ABSENT; one <<= 1) {
            text_addf(&detail, "%s ", ref.failures & one ? reference_failure_name(one) : "");
        }
        describe_lines(&detail, r, &ref);
        for (size_t i = 0; i < r->n_flags || i < ref.n_flags; i++) {
            text_addf(&detail, " flag engine " STR_FMT ", naive " STR_FMT "\n",
                      STR_ARG(i < r->n_flags ? r->flags[i].code : STR("-")),
                      STR_ARG(i < ref.n_flags ? ref.flags[i] : STR("-")));
        }
        for (size_t i = 0; i < r->n_printed || i < ref.n_printed; i++) {
            text_addf(&detail, " printed engine " STR_FMT " ",
                      STR_ARG(i < r->n_printed ? r->printed[i].name : STR("-")));
            if (i < r->n_printed) {
                text_scaled(&detail, r->printed[i].value.units, r->printed[i].value.scale);
            }
            text_addf(&detail, ", naive " STR_FMT " ",
                      STR_ARG(i < ref.n_printed ? ref.printed[i].name : STR("-")));
            if (i < ref.n_printed) {
                text_number(&detail, ref.printed[i].value);
            }
            text_byte(&detail, '\n');
        }
        for (size_t i = 0; i < ref.n_next; i++) {
            text_addf(&detail, " next " STR_FMT " naive ", STR_ARG(ref.next[i].name));
            if (ref.next[i].value) {
                text_number(&detail, ref.next[i].value);
            }
            text_byte(&detail, '\n');
        }
        for (size_t i = 0; i < r->n_next; i++) {
            text_addf(&detail, " next " STR_FMT " engine %lld e-%d\n", STR_ARG(r->next[i].name),
                      (long long)r->next[i].number.units, r->next[i].number.scale);
        }
        report(count, seed, what, g, &detail);
        return;
    }
    for (size_t i = 0; i < r->n_lines && i < EXPLAINED; i++) { /* any line has a page */
        struct text page;
        text_init(&page, a, EXPLAINED_ROOM);
        strategy_explain(a, bound, r, r->lines[i].id, &page);
        assert_true(str_ends(text_str(&page), "\n"));
    }
    struct strategy_result *again = NULL;
    guess_again(g);
    if (!g->all_actual && strategy_run(a, bound, &g->data, &again, &e) == OK) {
        const struct strategy_line *moved = moved_line(r, again, count);
        if (moved) {
            text_addf(&detail, STR_FMT " is called actual and moves with an estimate\n",
                      STR_ARG(moved->code));
            report(count, seed, "quality", g, &detail);
            return;
        }
    }
    count->with_lines += r->n_lines > 0;
    count->lines += (long)r->n_lines;
    count->flags += (long)r->n_flags;
    count->next += (long)ref.n_next;
    count->printed += (long)r->n_printed;
}

static void one_program(struct arena *a, uint64_t seed, struct tally *count, bool talk)
{
    struct generated *g = arena_make(a, struct generated);
    struct strategy *s = NULL;
    struct strategy_messages messages = { 0 };
    struct err e = { 0 };
    generate(a, seed, g);
    struct strategy_library library = generated_library(g);
    struct str later = STR("later");
    count->programs++;
    if (strategy_load(a, STR("random.tally"), g->text, &library, &later, g->amendment.n > 0, &s,
                      &messages, &e) != OK) {
        count->rejected++;
        if (talk || count->rejected <= 2) {
            struct text t;
            text_init(&t, a, 1 << 16);
            for (size_t i = 0; i < messages.n; i++) {
                if (!messages.at[i].warning) {
                    strategy_message_text(&t, &messages.at[i]);
                }
            }
            printf("# seed %llu rejected: %s\n", (unsigned long long)seed, t.at ? t.at : e.text);
        }
        return;
    }
    generate_binding(a, seed, s->program, g);
    if (talk) {
        printf("# " STR_FMT "\n", STR_ARG(g->text));
    }
    run_both(a, seed, s, g, count);
}

static void say(const char *what, const struct tally *c)
{
    printf("# %s: %d programs, %d refused, %d with lines, %d failed orders, %d different; "
           "%ld lines, %ld flags, %ld states, %ld definitions; %ld lines held and %ld marked under "
           "other estimates; %llu naive steps; failures",
           what, c->programs, c->rejected, c->with_lines, c->failed, c->different, c->lines,
           c->flags, c->next, c->printed, c->held, c->marked, (unsigned long long)c->steps);
    for (int i = 0; i < 9; i++) {
        if (c->failures[i] > 0) {
            printf(" %s %d", reference_failure_name(1u << i), c->failures[i]);
        }
    }
    printf("\n");
}

static void test_random_programs(void **state)
{
    (void)state;
    struct tally count = { 0 };
    bool one = getenv("SK_SEED") && !getenv("SK_RANDOM");
    long n = one ? 1 : env_number("SK_RANDOM", getenv("SK_SAN") ? PROGRAMS_SANITIZED : PROGRAMS);
    uint64_t seed = (uint64_t)env_number("SK_SEED", 1);
    struct arena *a = arena_new();
    reference_memory(a);
    for (long i = 0; i < n; i++) {
        one_program(a, seed + (uint64_t)i, &count, one);
        arena_reset(a);
    }
    say("random programs", &count);
    assert_int_equal(count.different, 0);
    if (n >= SHARES_MEAN_SOMETHING) {
        assert_true(count.rejected * 5 <= count.programs);   /* the generator knows the types */
        assert_true(count.with_lines * 2 >= count.programs); /* and most orders can be settled */
    }
    arena_free(a);
}

/* ---- the library ----------------------------------------------------------------------------- */

static struct str read_file(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    char *bytes = arena_alloc(a, STRATEGY_TEXT_MAX);
    size_t n = fread(bytes, 1, STRATEGY_TEXT_MAX, f);
    fclose(f);
    return (struct str){ bytes, n };
}

struct shelf {
    struct arena *arena;
    const char *folder;
};

static bool shelf_find(void *ctx, struct str name, struct str *file, struct str *text)
{
    struct shelf *shelf = ctx;
    char path[256];
    snprintf(path, sizeof(path), "%s/" STR_FMT ".tally", shelf->folder, STR_ARG(name));
    if (access(path, R_OK) != 0) {
        return false;
    }
    *file = str_of(arena_printf(shelf->arena, "%s", path));
    *text = read_file(shelf->arena, path);
    return true;
}

static void shelf_strategy(const char *folder, const char *path, struct tally *count)
{
    struct arena *shelf = arena_new(), *a = arena_new();
    reference_memory(a);
    struct shelf place = { shelf, folder };
    struct strategy_library library = { &place, shelf_find };
    struct strategy *s = NULL;
    struct strategy_messages messages = { 0 };
    struct err e = { 0 };
    struct str text = read_file(shelf, path);
    if (strategy_load(shelf, str_of(path), text, &library, NULL, 0, &s, &messages, &e) != OK) {
        struct text t;
        text_init(&t, shelf, 1 << 16);
        for (size_t i = 0; i < messages.n; i++) {
            strategy_message_text(&t, &messages.at[i]);
        }
        fail_msg("%s: %s\n%s", path, e.text, t.at ? t.at : "");
    }
    for (uint64_t seed = 1; !s->program->library && seed <= LIBRARY_ROUNDS; seed++) {
        struct generated *g = arena_make(a, struct generated);
        g->text = text;
        count->programs++;
        generate_binding(a, seed, s->program, g);
        run_both(a, seed, s, g, count);
        arena_reset(a);
    }
    arena_free(a);
    arena_free(shelf);
}

static void whole_folder(const char *folder)
{
    DIR *d = opendir(folder);
    assert_non_null(d);
    struct tally count = { 0 };
    int files = 0;
    for (struct dirent *entry; (entry = readdir(d)) != NULL;) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (str_ends(str_of(path), ".tally")) {
            shelf_strategy(folder, path, &count);
            files++;
        }
    }
    closedir(d);
    say(folder, &count);
    assert_true(files > 0);
    assert_int_equal(count.different, 0);
}

static void test_library(void **state)
{
    (void)state;
    whole_folder("strategies");
}

static void test_listings(void **state)
{
    (void)state;
    whole_folder("tests/strategy/listings");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_programs),
        cmocka_unit_test(test_library),
        cmocka_unit_test(test_listings),
    };
    return cmocka_run_group_tests_name("random strategies", tests, NULL, NULL);
}
