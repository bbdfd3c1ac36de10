/* sim_bench.c - how fast the reference fleet is made: a bench must not wait for its own data. */
#include "ingest/ingest.h"
#include "sim/sim.h"

#include <time.h>

#define POINT_DAYS 60000

int main(void)
{
    struct sim_fleet f = {1, SIM_FLEET_REFERENCE};
    struct timespec a, b;
    int64_t e4[SLOTS], quantum, sum = 0;
    uint8_t mark[SLOTS];
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (int32_t i = 0; i < POINT_DAYS; i++) {
        sim_fleet_day(&f, i % 30000, day_add((struct day){20260601}, i / 30000), e4, mark,
                      &quantum);
        sum += e4[48];
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    int64_t us = (b.tv_sec - a.tv_sec) * 1000000LL + (b.tv_nsec - a.tv_nsec) / 1000;
    printf("sim fleet: %lld readings in %lld us CPU, %lld thousand readings/s (noon sum %lld)\n",
           (long long)POINT_DAYS * SLOTS, (long long)us, (long long)POINT_DAYS * SLOTS * 1000 / us,
           (long long)sum);
    return 0;
}
