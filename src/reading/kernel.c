/* kernel.c - adds packed intervals to slot sums without ever writing them out.
 *
 * Eight values of w bits are w bytes. Up to 16 bits wide they all lie in 16 bytes: one load puts
 * these into both halves of an AVX2 register, a shuffle brings each value's bytes into its lane, a
 * shift and a mask leave the value. Wider groups and CPUs without AVX2 take the scalar way, which
 * is the reference. Loads reach past a group: the end of a block is copied to where they may.
 *
 * There are no branches on what varies: which octets are dark changes with every cloudy sunrise and
 * would be mispredicted. An octet that is left out is shuffled with the row of width 0, which gives
 * zeros, so all groups cost the same four steps.
 */
#include "reading/block.h"

void kernel_add_scalar(uint32_t *acc, const uint8_t *row, const uint8_t *widths,
                       const uint8_t *data, const uint8_t *limit, int n_days)
{
    (void)limit;
    for (int d = 0; d < n_days; d++) {
        uint32_t *a = acc + row[d] * SLOTS;
        for (int k = 0; k < DAY_GROUPS; k++, a += GROUP) {
            uint64_t u[GROUP];
            unsigned code = *widths++;
            if (code == 0) {
                continue;
            }
            group_unpack(u, data, code);
            data += group_bytes(code);
            for (int i = 0; i < GROUP; i++) {
                a[i] += (uint32_t)u[i];
            }
        }
    }
}

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#define VECTOR_WIDTH_MAX 16
#define OVERREAD (3 * VECTOR_WIDTH_MAX + 16) /* how far a group that vectors take is loaded */

/* The i-th byte of the four that begin with value j's first bit; those past the value stay zero. */
#define BYTE(w, j, i)                                                                              \
    (((j) * (w)) / 8 + (i) <= ((j) * (w) + (w)-1) / 8 && (w) > 0 ? ((j) * (w)) / 8 + (i) : 128)
#define LANE(w, j) BYTE(w, j, 0), BYTE(w, j, 1), BYTE(w, j, 2), BYTE(w, j, 3)
#define SHUFFLE(w)                                                                                 \
    {                                                                                              \
        LANE(w, 0), LANE(w, 1), LANE(w, 2), LANE(w, 3), LANE(w, 4), LANE(w, 5), LANE(w, 6),        \
            LANE(w, 7)                                                                             \
    }
#define SHIFT(w)                                                                                   \
    {                                                                                              \
        0, (w) % 8, 2 * (w) % 8, 3 * (w) % 8, 4 * (w) % 8, 5 * (w) % 8, 6 * (w) % 8, 7 * (w) % 8   \
    }
#define EACH(F)                                                                                    \
    F(0), F(1), F(2), F(3), F(4), F(5), F(6), F(7), F(8), F(9), F(10), F(11), F(12), F(13), F(14), \
        F(15), F(16)
static const uint8_t lane_bytes[VECTOR_WIDTH_MAX + 1][32]
    __attribute__((aligned(32))) = { EACH(SHUFFLE) };
static const uint32_t lane_shift[VECTOR_WIDTH_MAX + 1][8]
    __attribute__((aligned(32))) = { EACH(SHIFT) };
#define MASK(w)                                                                                    \
    {                                                                                              \
        (1u << (w)) - 1, (1u << (w)) - 1, (1u << (w)) - 1, (1u << (w)) - 1, (1u << (w)) - 1,       \
            (1u << (w)) - 1, (1u << (w)) - 1, (1u << (w)) - 1                                      \
    }
static const uint32_t lane_mask[VECTOR_WIDTH_MAX + 1][8]
    __attribute__((aligned(32))) = { EACH(MASK) };

/* By width byte: where octet k begins, and its row of lane_bytes in bytes; row 0 gives zeros. */
#define ON(w)                                                                                      \
    { 0, (w), 2 * (w), 3 * (w) },                                                                  \
    {                                                                                              \
        32 * (w), 32 * (w), 32 * (w), 32 * (w)                                                     \
    }
#define LEAD1(w)                                                                                   \
    { 0, 0, (w), 2 * (w) },                                                                        \
    {                                                                                              \
        0, 32 * (w), 32 * (w), 32 * (w)                                                            \
    }
#define LEAD2(w)                                                                                   \
    { 0, 0, 0, (w) },                                                                              \
    {                                                                                              \
        0, 0, 32 * (w), 32 * (w)                                                                   \
    }
#define LEAD3(w)                                                                                   \
    { 0, 0, 0, 0 },                                                                                \
    {                                                                                              \
        0, 0, 0, 32 * (w)                                                                          \
    }
#define TRAIL1(w)                                                                                  \
    { 0, (w), 2 * (w), 0 },                                                                        \
    {                                                                                              \
        32 * (w), 32 * (w), 32 * (w), 0                                                            \
    }
#define TRAIL2(w)                                                                                  \
    { 0, (w), 0, 0 },                                                                              \
    {                                                                                              \
        32 * (w), 32 * (w), 0, 0                                                                   \
    }
#define TRAIL3(w)                                                                                  \
    { 0, 0, 0, 0 },                                                                                \
    {                                                                                              \
        32 * (w), 0, 0, 0                                                                          \
    }
#define ROW(F)                                                                                     \
    {                                                                                              \
        { F(0) }, { F(1) }, { F(2) }, { F(3) }, { F(4) }, { F(5) }, { F(6) }, { F(7) }, { F(8) },  \
            { F(9) }, { F(10) }, { F(11) }, { F(12) }, { F(13) }, { F(14) }, { F(15) },            \
        {                                                                                          \
            F(16)                                                                                  \
        }                                                                                          \
    }
static const struct octets {
    uint16_t at[OCTETS], row[OCTETS];
} octets_of[7][VECTOR_WIDTH_MAX + 1] = { ROW(ON),     ROW(LEAD1),  ROW(LEAD2), ROW(LEAD3),
                                         ROW(TRAIL1), ROW(TRAIL2), ROW(TRAIL3) };

AVX2 static inline __attribute__((always_inline)) void group_add(uint32_t *acc, const uint8_t *p,
                                                                 unsigned code)
{
    const unsigned w = code & 31;
    const struct octets *o = &octets_of[code >> 5][w];
    const __m256i shift = _mm256_load_si256((const __m256i *)(const void *)lane_shift[w]);
    const __m256i mask = _mm256_load_si256((const __m256i *)(const void *)lane_mask[w]);
#define OCTET_ADD(k)                                                                               \
    do {                                                                                           \
        const void *from = p + o->at[k], *bytes = (const uint8_t *)lane_bytes + o->row[k];         \
        __m256i *a = (__m256i *)(void *)(acc + (k)*OCTET);                                         \
        __m256i v = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)from));           \
        v = _mm256_shuffle_epi8(v, _mm256_load_si256((const __m256i *)bytes));                     \
        v = _mm256_and_si256(_mm256_srlv_epi32(v, shift), mask);                                   \
        _mm256_storeu_si256(a, _mm256_add_epi32(_mm256_loadu_si256(a), v));                        \
    } while (0)
    OCTET_ADD(0);
    OCTET_ADD(1);
    OCTET_ADD(2);
    OCTET_ADD(3);
}

/* What vectors do not take. */
static __attribute__((noinline)) void group_add_rest(uint32_t *a, const uint8_t *p, unsigned code)
{
    uint64_t u[GROUP];
    group_unpack(u, p, code);
    for (int i = 0; i < GROUP; i++) {
        a[i] += (uint32_t)u[i];
    }
}

AVX2 static void kernel_add_avx2(uint32_t *acc, const uint8_t *row, const uint8_t *widths,
                                 const uint8_t *data, const uint8_t *limit, int n_days)
{
    uint8_t tail[2 * OVERREAD]; /* the last bytes of the block again, with room behind them */
    for (int d = 0; d < n_days; d++) {
        uint32_t *a = acc + row[d] * SLOTS;
        for (int k = 0; k < DAY_GROUPS; k++, a += GROUP, widths++) {
            unsigned code = *widths;
            if ((code & 31) > VECTOR_WIDTH_MAX) {
                group_add_rest(a, data, code);
                data += group_bytes_of[code];
                continue;
            }
            if (limit - data < OVERREAD) {
                size_t left = (size_t)(limit - data);
                memcpy(tail, data, left);
                memset(tail + left, 0, sizeof(tail) - left);
                data = tail;
                limit = tail + sizeof(tail);
            }
            group_add(a, data, code);
            data += group_bytes_of[code];
        }
    }
}
#endif

void kernel_add(uint32_t *acc, const uint8_t *row, const uint8_t *widths, const uint8_t *data,
                const uint8_t *limit, int n_days)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        kernel_add_avx2(acc, row, widths, data, limit, n_days);
        return;
    }
#endif
    kernel_add_scalar(acc, row, widths, data, limit, n_days);
}
