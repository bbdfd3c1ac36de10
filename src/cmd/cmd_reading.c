/* cmd_reading.c - commands for readings: import, gaps, estimate, edit. */
#include "cmd/cmd.h"

const struct command reading_commands[] = {
    {0},
};
