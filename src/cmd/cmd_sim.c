/* cmd_sim.c - commands for simulated fleets. */
#include "cmd/cmd.h"

const struct command sim_commands[] = {
    { 0 },
};
