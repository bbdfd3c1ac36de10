/* kernel_bench.c - how fast packed months are summed in memory, against summing raw int32.
 *
 *   build/bench/src/reading/kernel_bench [points]
 * PV-like months: register step 10 Wh x ratio 40, 30 days, sunrise to sunset, cloud by day and
 * slot. Every way computes the 96 slot sums of every point and must give the same checksum. Best
 * of 5.
 */
#include "base/rand.h"
#include "reading/block.h"
#include "reading/reading.h"

#define DAYS 30
#define N (DAYS * SLOTS)
#define STEP 4000
#define ROUNDS 5

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void make_month(struct rng *r, int32_t *raw)
{
    int64_t peak = rng_between(r, 60, 400); /* quanta at noon on a clear day */
    for (int d = 0; d < DAYS; d++) {
        int64_t clear = rng_between(r, 200, 1000);
        for (int s = 0; s < SLOTS; s++) {
            int64_t x = s > 22 && s < 74 ? (s - 22) * (74 - s) : 0; /* 676 at noon */
            int64_t cloud = rng_between(r, clear * 6 / 10, clear);
            raw[d * SLOTS + s] = (int32_t)(peak * x * cloud / 676000);
        }
    }
}

struct fleet {
    size_t n;
    int32_t *raw;
    uint8_t *packed;
    size_t *at; /* n + 1 offsets of sections */
};

static uint64_t sum_raw(const struct fleet *f)
{
    uint64_t check_sum = 0;
    for (size_t i = 0; i < f->n; i++) {
        _Alignas(64) uint32_t acc[SLOTS] = { 0 };
        const int32_t *raw = f->raw + i * N;
        for (int d = 0; d < DAYS; d++, raw += SLOTS) {
            for (int s = 0; s < SLOTS; s++) {
                acc[s] += (uint32_t)raw[s];
            }
        }
        for (int s = 0; s < SLOTS; s++) {
            check_sum += (uint64_t)acc[s] * (unsigned)(s + 1);
        }
    }
    return check_sum;
}

static uint64_t sum_packed(const struct fleet *f, bool scalar)
{
    static const uint8_t row[DAYS];
    uint64_t check_sum = 0;
    for (size_t i = 0; i < f->n; i++) {
        _Alignas(64) uint32_t acc[SLOTS] = { 0 };
        struct section s;
        check(section_parse(f->packed + f->at[i], f->packed + f->at[i + 1], DAYS * DAY_GROUPS, &s));
        (scalar ? kernel_add_scalar : kernel_add)(acc, row, s.widths, s.data, s.limit, DAYS);
        for (int k = 0; k < SLOTS; k++) {
            check_sum += (uint64_t)acc[k] * (uint64_t)(s.quantum / STEP) * (unsigned)(k + 1);
        }
    }
    return check_sum;
}

/* The ways take turns, so that a busy moment of the machine does not fall on one of them. */
static void best(const struct fleet *f, int64_t *ns, uint64_t *sum)
{
    for (int i = 0; i < ROUNDS; i++) {
        for (int way = 0; way < 3; way++) {
            int64_t t = cpu_ns();
            sum[way] = way == 0 ? sum_raw(f) : sum_packed(f, way == 1);
            t = cpu_ns() - t;
            ns[way] = i == 0 || t < ns[way] ? t : ns[way];
        }
    }
}

/* Bytes per reading of the same data as day chunks and as archived months. */
static void sizes(const struct fleet *f)
{
    static uint8_t block[MONTH_MAX], small[MONTH_MAX], chunk[CHUNK_MAX];
    static int64_t value[N];
    static uint16_t q[N];
    static uint8_t rank[N];
    size_t months = 0, archive = 0, chunks = 0, n_points = f->n < 1600 ? f->n / 16 * 16 : 1600;
    memset(rank, RANK_FROZEN, sizeof(rank));
    for (size_t i = 0; i < n_points; i++) {
        size_t n = f->at[i + 1] - f->at[i], got;
        memcpy(block + BLOCK_HEAD, f->packed + f->at[i], n);
        block_seal(block, n + BLOCK_HEAD, DAYS * DAY_GROUPS, 0, 1);
        months += n + BLOCK_HEAD;
        check(block_archive(block, n + BLOCK_HEAD, small, &got));
        archive += got;
        for (int d = 0; d < DAYS; d++) {
            for (int s = 0; s < SLOTS; s++) {
                value[s] = (int64_t)f->raw[i * N + (size_t)(d * SLOTS + s)] * STEP;
            }
            chunks += section_pack(chunk, value, q, rank, DAY_GROUPS, false);
        }
    }
    chunks += n_points / 16 * DAYS * BLOCK_HEAD;
    size_t readings = n_points * N;
    printf("bytes per reading: day chunks 0.%03zu, months 0.%03zu, archive 0.%03zu\n",
           chunks * 1000 / readings, months * 1000 / readings, archive * 1000 / readings);
}

int main(int argc, char **argv)
{
    struct fleet f = { .n = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 10000 };
    f.raw = mem_alloc(f.n * N * sizeof(*f.raw));
    f.packed = mem_alloc(f.n * SECTION_MAX(DAYS * DAY_GROUPS) / 4);
    f.at = mem_alloc((f.n + 1) * sizeof(*f.at));
    f.at[0] = 0;
    struct rng r;
    rng_init(&r, 1);
    static int64_t value[N];
    static uint16_t q[N];
    static uint8_t rank[N];
    memset(rank, RANK_FROZEN, sizeof(rank));
    int64_t packing = 0;
    for (size_t i = 0; i < f.n; i++) {
        make_month(&r, f.raw + i * N);
        for (size_t k = 0; k < N; k++) {
            value[k] = (int64_t)f.raw[i * N + k] * STEP;
        }
        int64_t t = cpu_ns();
        f.at[i + 1] =
            f.at[i] + section_pack(f.packed + f.at[i], value, q, rank, DAYS * DAY_GROUPS, false);
        packing += cpu_ns() - t;
    }
    static const char *const name[] = { "raw int32", "scalar", "vector" };
    uint64_t sum[3];
    int64_t ns[3];
    best(&f, ns, sum);
    int64_t readings = (int64_t)f.n * N;
    for (int way = 0; way < 3; way++) {
        int64_t m = readings * 1000 / ns[way];
        printf("sum %-10s %lld.%03lld G readings/s\n", name[way], (long long)(m / 1000),
               (long long)(m % 1000));
        check(sum[way] == sum[0]);
    }
    printf("pack           %lld M readings/s\n", (long long)(readings * 1000 / packing));
    sizes(&f);
    return 0;
}
