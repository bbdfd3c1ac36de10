/* cmd_store.c - commands for the store itself: make, check, state. */
#include "cmd/cmd.h"

const struct command store_commands[] = {
    {0},
};
