/* main.c - the one program: finds the command by its words, gives help, hands over. */
#include "cmd/cmd.h"
#include "base/log.h"
#include <time.h>

#define COMMAND_WORDS_MAX 3

static const struct command *const TABLES[] = {
    store_commands,     people_commands,   estate_commands, contract_commands, facts_commands,
    reading_commands,   strategy_commands, form_commands,   release_commands,  settle_commands,
    statement_commands, sim_commands,      demo_commands,
    ledger_commands,    vee_commands,      account_commands,
};

static struct instant clock_now(void *ctx)
{
    (void)ctx;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (struct instant){ (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 };
}

/* SK_NOW=2026-11-03T08:00:00+08:00 fixes the clock, so that a demo or a test is the same each time.
 */
static struct instant clock_fixed(void *ctx)
{
    return *(struct instant *)ctx;
}

static int words_of(const char *name)
{
    int n = 1;
    for (; *name; name++) {
        n += *name == ' ';
    }
    return n;
}

static bool name_matches(const char *name, int argc, char **argv)
{
    struct str rest = str_of(name);
    struct str word;
    int i = 0;
    while (str_split(&rest, ' ', &word)) {
        if (i >= argc || !str_is(word, argv[i])) {
            return false;
        }
        i++;
    }
    return true;
}

static const struct command *command_find(int argc, char **argv)
{
    const struct command *best = NULL;
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        for (const struct command *c = TABLES[i]; c->name; c++) {
            if (name_matches(c->name, argc, argv) &&
                (!best || words_of(c->name) > words_of(best->name))) {
                best = c;
            }
        }
    }
    return best;
}

static void help_command(const struct command *c)
{
    printf("sunkeeper %s %s\n  %s\n", c->name, c->use, c->help);
    printf("\nCommon options: --store DIR (./var) or --store postgresql://..., --json, --quiet\n");
    if (c->examples) {
        printf("\nExamples\n%s", c->examples);
    }
}

static void help_all(FILE *out, const char *only)
{
    fprintf(out, "sunkeeper (阳光掌柜) " SK_VERSION ": from measured readings to money.\n\n"
                 "Use: sunkeeper COMMAND [WORDS] [--store DIR|postgresql://...] [--json]\n\n");
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        for (const struct command *c = TABLES[i]; c->name; c++) {
            if (!only || str_starts(str_of(c->name), only)) {
                fprintf(out, "  %-22s %s\n", c->name, c->help);
            }
        }
    }
    fprintf(out,
            "\nsunkeeper COMMAND --help shows its options with examples. Exit codes: 0 done, 1 "
            "refused by rule,\n2 wrong use, 3 I/O or store failure, 4 partly done.\n");
}

/* "statement " for the first word of several commands; NULL for any other word. */
static const char *group_find(struct arena *a, const char *word)
{
    const char *group = arena_printf(a, "%s ", word);
    for (size_t i = 0; i < sizeof TABLES / sizeof *TABLES; i++) {
        for (const struct command *c = TABLES[i]; c->name; c++) {
            if (str_starts(str_of(c->name), group)) {
                return group;
            }
        }
    }
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++) {
        if (str_is(str_of(argv[i]), "--help") || str_is(str_of(argv[i]), "-h")) {
            return true;
        }
    }
    return false;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new();
    struct cmd c = { .arena = arena, .store = "./var", .clock = { clock_now, NULL } };
    struct instant fixed;
    const char *at = getenv("SK_NOW");
    struct err e = { 0 };
    if (at) {
        if (instant_parse(str_of(at), &fixed, &e) != OK) {
            fprintf(stderr, "sunkeeper: SK_NOW: %s\n", e.text);
            return EXIT_USE;
        }
        c.clock = (struct clock){ clock_fixed, &fixed };
    }
    const struct command *found = command_find(argc - 1, argv + 1);
    if (!found) {
        bool version = argc == 2 && str_is(str_of(argv[1]), "--version");
        if (version) {
            printf("sunkeeper " SK_VERSION "\n");
            return EXIT_DONE;
        }
        const char *group = argc < 2 ? NULL : group_find(arena, argv[1]);
        bool help = argc < 2 || wants_help(argc - 1, argv + 1) || str_is(str_of(argv[1]), "help");
        if (!help) {
            bool two = group && argc > 2 && argv[2][0] != '-';
            fprintf(stderr, "sunkeeper: no command '%s%s%s'; these there are:\n\n", argv[1],
                    two ? " " : "", two ? argv[2] : "");
        }
        help_all(help ? stdout : stderr, group);
        return help ? EXIT_DONE : EXIT_USE;
    }
    int skip = 1 + words_of(found->name);
    c.command = found->name;
    if (wants_help(argc - skip, argv + skip)) {
        help_command(found);
        return EXIT_DONE;
    }
    int code = found->run(&c, argc - skip, argv + skip);
    arena_free(arena);
    return fflush(stdout) == 0 ? code : EXIT_STORE;
}
