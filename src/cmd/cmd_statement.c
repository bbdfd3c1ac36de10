/* cmd_statement.c - commands for statements: list, show, explain, recompute, adjust. */
#include "cmd/cmd.h"

const struct command statement_commands[] = {
    { 0 },
};
