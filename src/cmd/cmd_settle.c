/* cmd_settle.c - commands for settlement runs. */
#include "cmd/cmd.h"

const struct command settle_commands[] = {
    { 0 },
};
