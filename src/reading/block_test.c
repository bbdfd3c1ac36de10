/* block_test.c - the laws of block.h, on hand-made bytes and on random readings. */
#include "reading/block.h"
#include "base/rand.h"
#include "base/test.h"
#include "reading/reading.h"

struct values {
    int64_t value[MONTH_GROUPS_MAX * GROUP];
    uint16_t q[MONTH_GROUPS_MAX * GROUP];
    uint8_t rank[MONTH_GROUPS_MAX * GROUP];
};

static void fill(struct values *m, int n, uint8_t rank)
{
    memset(m, 0, sizeof(*m));
    memset(m->rank, rank, (size_t)n);
}

static void same(const struct values *a, const struct values *b, int n)
{
    assert_memory_equal(a->value, b->value, (size_t)n * sizeof(a->value[0]));
    assert_memory_equal(a->q, b->q, (size_t)n * sizeof(a->q[0]));
    assert_memory_equal(a->rank, b->rank, (size_t)n);
}

/* The format of block.h, written out by hand: quantum 4000 = 0fa0h, values 1, 2, 3 quanta. */
static void test_format_by_hand(void **state)
{
    (void)state;
    struct values m;
    fill(&m, SLOTS, 60);
    m.value[32] = 4000;
    m.value[33] = 8000;
    m.value[34] = 12000;
    uint8_t out[SECTION_MAX(DAY_GROUPS)];
    const uint8_t want[] = { 0x08, 60,   0xa0, 0x0f, /* flags: two quantum bytes; rank; 4000 */
                             0,    0xc2, 0,          /* widths; three octets left out at the end */
                             0x39, 0 };              /* 01, 10, 11 at bits 0, 2, 4 */
    assert_int_equal(section_pack(out, m.value, m.q, m.rank, DAY_GROUPS, false), sizeof(want));
    assert_memory_equal(out, want, sizeof(want));
}

static void test_escape_base_and_exceptions_by_hand(void **state)
{
    (void)state;
    struct values m;
    fill(&m, GROUP, 50);
    m.value[0] = -3;
    m.value[1] = 9007199254741LL; /* needs 44 bits: escapes to 64 */
    m.q[5] = Q_EST;
    m.rank[5] = 10;
    uint8_t out[SECTION_MAX(1)];
    size_t n = section_pack(out, m.value, m.q, m.rank, 1, false);
    /* flags base|exceptions, rank, quantum 1, zigzag(-3) = 5, width, 5 bytes: skip 5, len 1, EST,
     * 10 */
    const uint8_t want[] = { 0x05, 50, 1, 5, 29, 5, 5, 0, Q_EST, 0, 10 };
    assert_int_equal(n, sizeof(want) + 256);
    assert_memory_equal(out, want, sizeof(want));
    struct section s;
    struct values back;
    fill(&back, GROUP, 0);
    assert_true(section_parse(out, out + n, 1, &s));
    assert_true(section_unpack(&s, back.value, back.q, back.rank));
    same(&m, &back, GROUP);
}

static void test_all_equal_costs_nothing_but_the_head(void **state)
{
    (void)state;
    struct values m;
    fill(&m, SLOTS * 31, 60);
    uint8_t out[SECTION_MAX(MONTH_GROUPS_MAX)];
    assert_int_equal(section_pack(out, m.value, m.q, m.rank, 93, false), 3 + 93);
}

static void random_month(struct rng *r, struct values *m, int n, bool frame)
{
    static const int64_t quanta[] = { 1, 100, 4000, 400000, 7, 1000003 };
    int64_t quantum = quanta[rng_below(r, 6)], level = (int64_t)rng_below(r, 1000000);
    fill(m, n, rng_below(r, 4) ? 60 : 0);
    for (int i = 0; i < n; i++) {
        unsigned bits = (unsigned)rng_below(r, i % GROUP ? 12 : 27);
        int64_t v = (int64_t)rng_below(r, (uint64_t)1 << bits) * quantum;
        if (frame) {
            v = level * quantum + v;
        } else if (rng_below(r, 50) == 0) {
            v = -v;
        }
        if (rng_below(r, 900) == 0) {
            v = (int64_t)rng_below(r, READING_VALUE_MAX);
        }
        m->value[i] = v;
        if (i && rng_below(r, 3)) {
            m->rank[i] = m->rank[i - 1];
            m->q[i] = m->q[i - 1];
        } else if (rng_below(r, 20) == 0) {
            m->rank[i] = (uint8_t)rng_below(r, 3);
            m->q[i] = (uint16_t)rng_below(r, 65536);
        }
        if (m->rank[i] == 0) {
            m->value[i] = 0;
        }
    }
}

static void test_law_1_unpack_gives_back_and_packs_the_same(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 20260302);
    static uint8_t a[SECTION_MAX(MONTH_GROUPS_MAX)], b[SECTION_MAX(MONTH_GROUPS_MAX)];
    static struct values m, back;
    for (int i = 0; i < 3000; i++) {
        int groups = i % 10 ? DAY_GROUPS : (int)rng_between(&r, 1, 93);
        bool frame = i & 1;
        random_month(&r, &m, groups * GROUP, frame);
        size_t n = section_pack(a, m.value, m.q, m.rank, groups, frame);
        assert_true(n <= SECTION_MAX(groups));
        struct section s;
        assert_true(section_parse(a, a + n, groups, &s));
        assert_ptr_equal(s.end, a + n);
        assert_true(section_unpack(&s, back.value, back.q, back.rank));
        same(&m, &back, groups * GROUP);
        assert_int_equal(section_pack(b, back.value, back.q, back.rank, groups, frame), n);
        assert_memory_equal(a, b, n);
    }
}

static void test_law_3_vector_and_scalar_agree_with_plain_sums(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 7);
    for (int round = 0; round < 2000; round++) {
        int days = (int)rng_between(&r, 1, 31);
        struct values m;
        fill(&m, days * SLOTS, 60);
        uint8_t row[31];
        uint32_t plain[3][SLOTS] = { { 0 } };
        for (int d = 0; d < days; d++) {
            row[d] = (uint8_t)rng_below(&r, 3);
            for (int k = 0; k < DAY_GROUPS; k++) {
                unsigned bits = (unsigned)rng_below(&r, 28); /* past what vectors take */
                for (int i = k * GROUP; i < (k + 1) * GROUP; i++) {
                    int64_t v = (int64_t)rng_below(&r, (uint64_t)1 << bits);
                    m.value[d * SLOTS + i] = v;
                    plain[row[d]][i] += (uint32_t)v;
                }
            }
        }
        uint8_t *block = mem_alloc(MONTH_MAX);
        size_t n = section_pack(block, m.value, m.q, m.rank, days * DAY_GROUPS, false);
        uint8_t *tight = mem_alloc(n); /* so that the sanitizer sees a load past the end */
        memcpy(tight, block, n);
        struct section s;
        assert_true(section_parse(tight, tight + n, days * DAY_GROUPS, &s));
        uint32_t fast[3][SLOTS] = { { 0 } }, slow[3][SLOTS] = { { 0 } };
        kernel_add(fast[0], row, s.widths, s.data, s.limit, days);
        kernel_add_scalar(slow[0], row, s.widths, s.data, s.limit, days);
        assert_memory_equal(fast, slow, sizeof(fast));
        static int64_t value[MONTH_GROUPS_MAX * GROUP];
        assert_true(section_unpack(&s, value, NULL, NULL));
        assert_memory_equal(value, m.value, (size_t)days * SLOTS * sizeof(value[0]));
        for (int i = 0; s.quantum == 1 && i < 3 * SLOTS; i++) {
            uint32_t want = 0;
            for (int d = 0; d < days; d++) {
                want += row[d] == i / SLOTS ? (uint32_t)value[d * SLOTS + i % SLOTS] : 0;
            }
            assert_int_equal(fast[i / SLOTS][i % SLOTS], want);
        }
        free(block);
        free(tight);
    }
}

static size_t chunk_of(struct rng *r, uint8_t *block, uint16_t mask)
{
    struct values m;
    size_t n = BLOCK_HEAD;
    for (int i = 0; i < CHUNK_POINTS; i++) {
        if (mask >> i & 1) {
            random_month(r, &m, SLOTS, false);
            n += section_pack(block + n, m.value, m.q, m.rank, DAY_GROUPS, false);
        }
    }
    block_seal(block, n, DAY_GROUPS, 0, mask);
    return n;
}

static void test_every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 3);
    static uint8_t block[CHUNK_MAX];
    size_t n = chunk_of(&r, block, 0xffff);
    struct block b;
    struct err e;
    assert_int_equal(block_open(block, n, DAY_GROUPS, NULL, &b, &e), OK);
    for (size_t bit = 0; bit < n * 8; bit++) {
        block[bit / 8] ^= (uint8_t)(1 << (bit & 7));
        assert_int_equal(block_open(block, n, DAY_GROUPS, NULL, &b, &e), ERR_CORRUPT);
        block[bit / 8] ^= (uint8_t)(1 << (bit & 7));
    }
    for (size_t cut = 0; cut < n; cut++) {
        assert_int_equal(block_open(block, cut, DAY_GROUPS, NULL, &b, &e), ERR_CORRUPT);
    }
}

static void test_sections_stand_in_mask_order(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 4);
    static uint8_t block[CHUNK_MAX];
    size_t n = chunk_of(&r, block, 0x8421);
    struct block b;
    struct section s;
    struct err e;
    assert_int_equal(block_open(block, n, DAY_GROUPS, NULL, &b, &e), OK);
    assert_int_equal(block_next(&b, &s), 0);
    assert_int_equal(block_next(&b, &s), 5);
    assert_int_equal(block_next(&b, &s), 10);
    assert_int_equal(block_next(&b, &s), 15);
    assert_int_equal(block_next(&b, &s), -1);
}

static void test_archive_gives_back_the_same_section(void **state)
{
    (void)state;
    struct rng r;
    rng_init(&r, 5);
    static uint8_t block[MONTH_MAX], packed[MONTH_MAX], room[MONTH_MAX];
    static struct values m;
    fill(&m, SLOTS * 30, 60);
    for (int i = 0; i < SLOTS * 30; i++) {
        int slot = i % SLOTS, x = slot > 24 && slot < 72 ? (slot - 24) * (72 - slot) / 4 : 0;
        m.value[i] = x ? (x + (int64_t)rng_below(&r, 8)) * 4000 : 0;
    }
    size_t n = BLOCK_HEAD, small;
    n += section_pack(block + n, m.value, m.q, m.rank, 90, false);
    block_seal(block, n, 90, 0, 1);
    assert_true(block_archive(block, n, packed, &small));
    assert_true(small < n);
    struct block b;
    struct section s;
    struct err e;
    assert_ok(block_open(packed, small, 90, room, &b, &e), &e);
    assert_int_equal(block_next(&b, &s), 0);
    assert_int_equal(s.end - s.start, n - BLOCK_HEAD);
    assert_memory_equal(s.start, block + BLOCK_HEAD, n - BLOCK_HEAD);
    assert_int_equal(block_next(&b, &s), -1);
}

static void test_law_2_wrong_bytes_are_refused(void **state)
{
    (void)state;
    struct section s;
    const uint8_t width_33[] = { 0, 60, 1, 33, 0, 0 }, cut[] = { 0, 60, 1, 8, 0, 0, 1, 2, 3 },
                  no_quantum[] = { 0, 60, 0, 0, 0, 0 },
                  huge[] = { 0x38, 60, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0 },
                  runs_past_the_end[] = { 4, 60, 1, 0, 0, 0, 6, 90, 0x7f, 0, 1, 0, 9 };
    assert_false(section_parse(width_33, width_33 + sizeof(width_33), 3, &s));
    assert_false(section_parse(cut, cut + sizeof(cut), 3, &s));
    assert_false(section_parse(no_quantum, no_quantum + sizeof(no_quantum), 3, &s));
    assert_false(section_parse(huge, huge + sizeof(huge), 3, &s));
    int64_t value[SLOTS];
    assert_true(
        section_parse(runs_past_the_end, runs_past_the_end + sizeof(runs_past_the_end), 3, &s));
    assert_false(section_unpack(&s, value, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_by_hand),
        cmocka_unit_test(test_escape_base_and_exceptions_by_hand),
        cmocka_unit_test(test_all_equal_costs_nothing_but_the_head),
        cmocka_unit_test(test_law_1_unpack_gives_back_and_packs_the_same),
        cmocka_unit_test(test_law_3_vector_and_scalar_agree_with_plain_sums),
        cmocka_unit_test(test_every_flipped_bit_is_found),
        cmocka_unit_test(test_sections_stand_in_mask_order),
        cmocka_unit_test(test_archive_gives_back_the_same_section),
        cmocka_unit_test(test_law_2_wrong_bytes_are_refused),
    };
    return cmocka_run_group_tests_name("block", tests, NULL, NULL);
}
