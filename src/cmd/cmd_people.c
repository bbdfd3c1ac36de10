/* cmd_people.c - commands for organisations, users, audit. */
#include "cmd/cmd.h"

const struct command people_commands[] = {
    {0},
};
