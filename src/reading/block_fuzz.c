/* block_fuzz.c - any bytes as a block: refused, or decoded alike by both decoders and packed the
 * same.
 *
 * The checksum would keep the fuzzer out, so it is set right here before the block is opened.
 */
#include "reading/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void both_ways(const struct section *s)
{
    static int64_t value[MONTH_GROUPS_MAX * GROUP];
    static uint16_t q[MONTH_GROUPS_MAX * GROUP];
    static uint8_t rank[MONTH_GROUPS_MAX * GROUP];
    if (s->groups % DAY_GROUPS == 0 && s->code_max < WIDTH_CODE_MAX) {
        uint32_t fast[2][SLOTS] = { { 0 } }, slow[2][SLOTS] = { { 0 } };
        uint8_t row[MONTH_GROUPS_MAX / DAY_GROUPS];
        for (size_t i = 0; i < sizeof(row); i++) {
            row[i] = i & 1;
        }
        kernel_add(fast[0], row, s->widths, s->data, s->limit, s->groups / DAY_GROUPS);
        kernel_add_scalar(slow[0], row, s->widths, s->data, s->limit, s->groups / DAY_GROUPS);
        check(memcmp(fast, slow, sizeof(fast)) == 0);
    }
    if (!section_unpack(s, value, q, rank)) {
        return;
    }
    int n = s->groups * GROUP;
    for (int i = 0; i < n; i++) {
        if (value[i] >= BLOCK_VALUE_MAX / 2 || value[i] <= -BLOCK_VALUE_MAX / 2) {
            return; /* more than any reading: never packed */
        }
        value[i] = rank[i] == 0 ? 0 : value[i];
    }
    /* Whatever was read, packing it is canonical. */
    static uint8_t a[SECTION_MAX(MONTH_GROUPS_MAX)], b[SECTION_MAX(MONTH_GROUPS_MAX)];
    static int64_t value2[MONTH_GROUPS_MAX * GROUP];
    static uint16_t q2[MONTH_GROUPS_MAX * GROUP];
    static uint8_t rank2[MONTH_GROUPS_MAX * GROUP];
    struct section t;
    for (int frame = 0; frame < 2; frame++) {
        size_t size = section_pack(a, value, q, rank, s->groups, frame);
        check(section_parse(a, a + size, s->groups, &t) && section_unpack(&t, value2, q2, rank2));
        check(memcmp(value, value2, (size_t)n * sizeof(value[0])) == 0);
        check(memcmp(q, q2, (size_t)n * sizeof(q[0])) == 0 && memcmp(rank, rank2, (size_t)n) == 0);
        check(section_pack(b, value2, q2, rank2, s->groups, frame) == size);
        check(memcmp(a, b, size) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < BLOCK_HEAD || n > MONTH_MAX) {
        return 0;
    }
    uint8_t *bytes = mem_alloc(n);
    static uint8_t room[MONTH_MAX];
    memcpy(bytes, data, n);
    block_seal(bytes, n, data[2], data[1], (uint16_t)(data[4] | data[5] << 8));
    struct block b;
    struct section s;
    if (block_open(bytes, n, 0, room, &b, NULL) == OK) {
        while (block_next(&b, &s) >= 0) {
            both_ways(&s);
        }
    }
    free(bytes);
    return 0;
}
