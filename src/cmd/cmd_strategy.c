/* cmd_strategy.c - commands for strategies: check, format, explain, try, test. */
#include "cmd/cmd.h"

const struct command strategy_commands[] = {
    { 0 },
};
