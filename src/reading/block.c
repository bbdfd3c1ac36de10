/* block.c - packing and parsing of blocks: the portable reference (the format is in block.h). */
#include "reading/block.h"
#include <zstd.h>

#define SECTION_BASE 1
#define SECTION_Q 2
#define SECTION_EXCEPTIONS 4
#define WIDTH_ESCAPE 64
#define VARINT_MAX 10
/* All width bytes: 32 widths in each of 8 ways to leave octets out. */
#define B(w, octets) ((w) < 28 ? (w) * (octets) : (w) == 28 ? 32 * (octets) : 64 * (octets))
#define B4(w, o) B(w, o), B((w) + 1, o), B((w) + 2, o), B((w) + 3, o)
#define BYTES(o)                                                                                   \
    B4(0, o), B4(4, o), B4(8, o), B4(12, o), B4(16, o), B4(20, o), B4(24, o), B(28, o), B(29, o),  \
        GROUP_INVALID, GROUP_INVALID
const uint16_t group_bytes_of[256] = {
    BYTES(4), BYTES(3), BYTES(2), BYTES(1),
    BYTES(3), BYTES(2), BYTES(1), [224 ... 255] = GROUP_INVALID,
};
#define ARCHIVE_LEVEL 12 /* beyond it the months grow no smaller, only slower */

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v)); /* little endian: the build refuses others */
    return v;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "blocks are read in place");

static uint8_t *varint_put(uint8_t *p, uint64_t v)
{
    while (v >= 128) {
        *p++ = (uint8_t)(v | 128);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static const uint8_t *varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    uint64_t x = 0;
    for (int i = 0; i < VARINT_MAX && p < end; i++) {
        uint8_t b = *p++;
        x |= (uint64_t)(b & 127) << (7 * i);
        if (b < 128) {
            *v = x;
            return (i == VARINT_MAX - 1 && b > 1) || (i > 0 && b == 0) ? NULL : p;
        }
    }
    return NULL;
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t gcd_of(const int64_t *value, int n)
{
    uint64_t g = 0;
    for (int i = 0; i < n; i++) {
        uint64_t a = magnitude(value[i]);
        if (a == 0 || a == g || g == 1) {
            continue;
        }
        while (g != 0) {
            uint64_t r = (a | g) >> 32 ? a % g : (uint32_t)a % (uint32_t)g;
            a = g;
            g = r;
        }
        g = a;
    }
    return g == 0 ? 1 : g;
}

/* x / g for many x: 32-bit division is three times as fast, and nearly all values fit. */
static uint64_t in_quanta(uint64_t x, uint64_t g)
{
    return (x | g) >> 32 ? x / g : (uint32_t)x / (uint32_t)g;
}

/* ---- qualities and ranks as runs ---------------------------------------------------------------
 */

static uint32_t attr_of(uint16_t q, uint8_t rank)
{
    return (uint32_t)q << 8 | rank;
}

/* The commonest (quality, rank); of equals the least, so that order does not matter (law 1). */
static uint32_t attr_common(const uint16_t *q, const uint8_t *rank, int n)
{
    uint32_t seen[16];
    int count[16], n_seen = 0;
    for (int i = 0; i < n;) {
        uint32_t a = attr_of(q[i], rank[i]);
        int j = i + 1, k = 0;
        while (j < n && q[j] == q[i] && rank[j] == rank[i]) {
            j++;
        }
        while (k < n_seen && seen[k] != a) {
            k++;
        }
        if (k == n_seen && n_seen < 16) { /* past 16 kinds any of the first is as good */
            seen[n_seen] = a;
            count[n_seen++] = 0;
        }
        if (k < n_seen) {
            count[k] += j - i;
        }
        i = j;
    }
    int best = 0;
    for (int k = 1; k < n_seen; k++) {
        if (count[k] > count[best] || (count[k] == count[best] && seen[k] < seen[best])) {
            best = k;
        }
    }
    return seen[best];
}

static uint8_t *runs_put(uint8_t *p, const uint16_t *q, const uint8_t *rank, int n, uint32_t common)
{
    int last = 0;
    for (int i = 0; i < n;) {
        int j = i + 1;
        while (j < n && q[j] == q[i] && rank[j] == rank[i]) {
            j++;
        }
        if (attr_of(q[i], rank[i]) != common) {
            p = varint_put(p, (uint64_t)(i - last));
            p = varint_put(p, (uint64_t)(j - i - 1));
            *p++ = (uint8_t)q[i];
            *p++ = (uint8_t)(q[i] >> 8);
            *p++ = rank[i];
            last = j;
        }
        i = j;
    }
    return p;
}

bool section_run(const struct section *s, const uint8_t **at, int32_t *from, int32_t *n,
                 uint16_t *q, uint8_t *rank)
{
    const uint8_t *end = s->exceptions + s->n_exceptions, *p = *at;
    uint64_t skip, len;
    if (p == end) {
        return false;
    }
    int32_t last = p == s->exceptions ? 0 : *from + *n;
    uint64_t left = (uint64_t)(s->groups * GROUP - last);
    p = varint_get(p, end, &skip);
    p = p ? varint_get(p, end, &len) : NULL;
    if (!p || end - p < 3 || skip >= left || len >= left - skip) {
        return false;
    }
    *from = last + (int32_t)skip;
    *n = (int32_t)len + 1;
    *q = (uint16_t)(p[0] | p[1] << 8);
    *rank = p[2];
    *at = p + 3;
    return true;
}

bool section_runs_ok(const struct section *s)
{
    const uint8_t *at = s->exceptions;
    int32_t from = 0, n = 0;
    uint16_t q;
    uint8_t rank;
    while (section_run(s, &at, &from, &n, &q, &rank)) {
    }
    return at == s->exceptions + s->n_exceptions;
}

/* ---- sections
 * ------------------------------------------------------------------------------------ */

/* The octets that are there, value behind value. */
static uint8_t *group_put(uint8_t *p, const uint64_t *u, unsigned code)
{
    unsigned width = code_width(code), n = code_octets(code) * OCTET;
    u += code_first(code) * OCTET;
    if (width == WIDTH_ESCAPE) {
        memcpy(p, u, n * sizeof(*u));
        return p + n * sizeof(*u);
    }
    uint64_t bits = 0;
    unsigned have = 0;
    for (unsigned i = 0; i < n; i++) {
        bits |= u[i] << have;
        have += width;
        while (have >= 8) {
            *p++ = (uint8_t)bits;
            bits >>= 8;
            have -= 8;
        }
    }
    return p;
}

void group_unpack(uint64_t *out, const uint8_t *data, unsigned code)
{
    unsigned width = code_width(code), n = code_octets(code) * OCTET;
    memset(out, 0, GROUP * sizeof(*out));
    out += code_first(code) * OCTET;
    if (width == WIDTH_ESCAPE) {
        memcpy(out, data, n * sizeof(*out));
        return;
    }
    uint8_t room[GROUP * 4 + 8];
    memcpy(room, data, group_bytes(code));
    memset(room + group_bytes(code), 0, 8);
    uint64_t mask = ((uint64_t)1 << width) - 1;
    for (unsigned i = 0; i < n; i++) {
        out[i] = load64(room + (i * width >> 3)) >> (i * width & 7) & mask;
    }
}

/* The width byte: the least width; zero octets are left out at the end that has more of them. */
static unsigned code_of(const uint64_t *u)
{
    uint64_t octet[OCTETS] = { 0 }, all = 0;
    for (int i = 0; i < GROUP; i++) {
        octet[i / OCTET] |= u[i];
        all |= u[i];
    }
    if (all == 0) {
        return 0;
    }
    unsigned w = 64 - (unsigned)__builtin_clzll(all), lead = 0, trail = 0;
    w = w < 28 ? w : w <= 32 ? 28 : WIDTH_CODE_MAX;
    while (octet[lead] == 0) {
        lead++;
    }
    while (octet[OCTETS - 1 - trail] == 0) {
        trail++;
    }
    return w | (lead >= trail ? lead : trail + 3) << 5;
}

size_t section_pack(uint8_t *out, const int64_t *value, const uint16_t *q, const uint8_t *rank,
                    int groups, bool frame)
{
    int n = groups * GROUP;
    uint64_t g = gcd_of(value, n);
    int64_t least = frame ? INT64_MAX : 0, top = 0;
    for (int i = 0; i < n; i++) {
        top |= value[i] < 0 ? -value[i] : value[i];
        least = value[i] < least && (!frame || rank[i] != 0) ? value[i] : least;
    }
    least = least == INT64_MAX ? 0 : least;
    check_that(top < BLOCK_VALUE_MAX, "value of %lld", (long long)top);
    uint32_t common = attr_common(q, rank, n);
    int quantum_bytes = (64 - __builtin_clzll(g) + 7) / 8;
    uint8_t *p = out + 2;
    out[0] = (uint8_t)((least != 0 ? SECTION_BASE : 0) | (common >> 8 ? SECTION_Q : 0) |
                       (quantum_bytes - 1) << 3);
    out[1] = (uint8_t)common;
    if (common >> 8) {
        *p++ = (uint8_t)(common >> 8);
        *p++ = (uint8_t)(common >> 16);
    }
    for (int i = 0; i < quantum_bytes; i++) {
        *p++ = (uint8_t)(g >> (8 * i));
    }
    int64_t base = least / (int64_t)g;
    if (least != 0) {
        p = varint_put(p, (uint64_t)base << 1 ^ (uint64_t)(base >> 63));
    }
    uint8_t *widths = p;
    p += groups;
    uint8_t runs[5 * GROUP * MONTH_GROUPS_MAX + 5 * GROUP];
    size_t n_runs = (size_t)(runs_put(runs, q, rank, n, common) - runs);
    if (n_runs > 0) {
        out[0] |= SECTION_EXCEPTIONS;
        p = varint_put(p, n_runs);
        memcpy(p, runs, n_runs);
        p += n_runs;
    }
    for (int k = 0; k < groups; k++) {
        uint64_t u[GROUP];
        for (int i = 0; i < GROUP; i++) {
            int64_t v = value[k * GROUP + i];
            bool empty = frame && rank[k * GROUP + i] == 0;
            u[i] = empty ? 0 : in_quanta((uint64_t)(v - least), g);
        }
        widths[k] = (uint8_t)code_of(u);
        p = group_put(p, u, widths[k]);
    }
    return (size_t)(p - out);
}

/* The head of a section, up to its widths. */
static const uint8_t *section_head(const uint8_t *p, const uint8_t *end, struct section *s)
{
    if (end - p < 2 || p[0] & 0xc0) {
        return NULL;
    }
    unsigned flags = p[0], bytes = (flags >> 3 & 7) + 1;
    s->rank = p[1];
    s->q = 0;
    p += 2;
    if (flags & SECTION_Q) {
        if (end - p < 2) {
            return NULL;
        }
        s->q = (uint16_t)(p[0] | p[1] << 8);
        p += 2;
    }
    if (end - p < (int)bytes) {
        return NULL;
    }
    uint64_t quantum = 0, zigzag = 0;
    for (unsigned i = 0; i < bytes; i++) {
        quantum |= (uint64_t)*p++ << (8 * i);
    }
    if (flags & SECTION_BASE) {
        p = varint_get(p, end, &zigzag);
    }
    s->base = (int64_t)(zigzag >> 1 ^ (0 - (zigzag & 1)));
    s->quantum = (int64_t)quantum;
    return quantum == 0 || quantum > BLOCK_VALUE_MAX ? NULL : p;
}

/* The two sums over width bytes are a third of the cost of summing a month if done byte by byte. */
static size_t widths_sum(const uint8_t *widths, int n)
{
    size_t a = 0, b = 0;
    for (; n >= 2; n -= 2, widths += 2) {
        a += group_bytes_of[widths[0]];
        b += group_bytes_of[widths[1]];
    }
    return a + b + (n ? group_bytes_of[*widths] : 0);
}

typedef uint8_t bytes16 __attribute__((vector_size(16)));

static uint8_t widths_max(const uint8_t *widths, int n)
{
    bytes16 most = { 0 };
    uint8_t max = 0;
    for (; n >= 16; n -= 16, widths += 16) {
        bytes16 v;
        memcpy(&v, widths, sizeof(v));
        v &= 31;
        bytes16 more = (bytes16)(v > most);
        most = (v & more) | (most & ~more);
    }
    for (; n > 0; n--, widths++) {
        max = (*widths & 31) > max ? *widths & 31 : max;
    }
    for (int i = 0; i < 16; i++) {
        max = most[i] > max ? most[i] : max;
    }
    return max;
}

bool section_parse(const uint8_t *p, const uint8_t *end, int groups, struct section *out)
{
    struct section s = { .start = p, .groups = (uint8_t)groups, .limit = end, .exceptions = p };
    unsigned flags = p < end ? p[0] : 0;
    p = section_head(p, end, &s);
    if (!p || end - p < groups) {
        return false;
    }
    s.widths = p;
    size_t bytes = widths_sum(p, groups);
    s.code_max = widths_max(p, groups);
    if (bytes >= GROUP_INVALID) { /* one invalid width byte is enough, all valid ones are not */
        return false;
    }
    p += groups;
    if (flags & SECTION_EXCEPTIONS) {
        uint64_t n;
        p = varint_get(p, end, &n);
        if (!p || n == 0 || n > (uint64_t)(end - p)) {
            return false;
        }
        s.n_exceptions = (size_t)n;
        s.exceptions = p;
        p += n;
    }
    if ((size_t)(end - p) < bytes) {
        return false;
    }
    /* A packed number is below 2^width: the bound is at most twice the largest value. With escaped
     * ones section_unpack() checks each. */
    __int128 top = s.code_max == WIDTH_CODE_MAX ? 0 : (__int128)s.quantum << code_width(s.code_max);
    __int128 low = (__int128)s.quantum * s.base;
    if (top > 2 * (__int128)BLOCK_VALUE_MAX || low > BLOCK_VALUE_MAX || low < -BLOCK_VALUE_MAX) {
        return false;
    }
    s.data = p;
    s.end = p + bytes;
    *out = s;
    return true;
}

static void attrs_unpack(const struct section *s, int64_t *value, uint16_t *q, uint8_t *rank)
{
    int n = s->groups * GROUP;
    for (int i = 0; q && i < n; i++) {
        q[i] = s->q;
    }
    if (rank) {
        memset(rank, s->rank, (size_t)n);
    }
    /* Empty slots carry no base: they are 0 whatever was packed in their place. */
    bool zero = s->base != 0;
    uint8_t full[GROUP * MONTH_GROUPS_MAX];
    memset(full, s->rank != 0, (size_t)n);
    const uint8_t *at = s->exceptions;
    int32_t from = 0, len = 0;
    uint16_t run_q;
    uint8_t run_rank;
    while (section_run(s, &at, &from, &len, &run_q, &run_rank)) {
        for (int32_t i = from; i < from + len; i++) {
            if (q) {
                q[i] = run_q;
            }
            if (rank) {
                rank[i] = run_rank;
            }
            full[i] = run_rank != 0;
        }
    }
    for (int i = 0; zero && i < n; i++) {
        value[i] = full[i] ? value[i] : 0;
    }
}

bool section_unpack(const struct section *s, int64_t *value, uint16_t *q, uint8_t *rank)
{
    const uint8_t *p = s->data;
    uint64_t most = 2 * (uint64_t)BLOCK_VALUE_MAX / (uint64_t)s->quantum;
    if (!section_runs_ok(s)) {
        return false;
    }
    for (int k = 0; k < s->groups; k++) {
        uint64_t u[GROUP];
        group_unpack(u, p, s->widths[k]);
        p += group_bytes(s->widths[k]);
        for (int i = 0; i < GROUP; i++) {
            if (u[i] > most) {
                return false;
            }
            value[k * GROUP + i] = ((int64_t)u[i] + s->base) * s->quantum;
        }
    }
    attrs_unpack(s, value, q, rank);
    return true;
}

uint64_t section_hash(const struct section *s, int32_t day)
{
    return hash64(s->start, (size_t)(s->end - s->start), (uint64_t)day);
}

/* ---- blocks
 * -------------------------------------------------------------------------------------- */

static uint32_t block_crc(const uint8_t *block, size_t size)
{
    return crc32c(crc32c(0, block, 6), block + BLOCK_HEAD, size - BLOCK_HEAD);
}

void block_seal(uint8_t *block, size_t size, int groups, uint8_t flags, uint16_t mask)
{
    block[0] = BLOCK_VERSION;
    block[1] = flags;
    block[2] = (uint8_t)groups;
    block[3] = (uint8_t)__builtin_popcount(mask);
    block[4] = (uint8_t)mask;
    block[5] = (uint8_t)(mask >> 8);
    uint32_t crc = block_crc(block, size);
    memcpy(block + 6, &crc, sizeof(crc));
}

enum err_code block_open(const void *bytes, size_t n, int want_groups, uint8_t *room,
                         struct block *out, struct err *e)
{
    const uint8_t *b = bytes;
    uint32_t crc;
    if (n < BLOCK_HEAD || b[0] != BLOCK_VERSION) {
        return fail(e, ERR_CORRUPT, "block of %zu bytes, version %d: this program reads version %d",
                    n, n ? b[0] : -1, BLOCK_VERSION);
    }
    memcpy(&crc, b + 6, sizeof(crc));
    if (crc != block_crc(b, n)) {
        return fail(e, ERR_CORRUPT,
                    "block does not match its checksum: restore it from a backup, "
                    "or fold its days again from the journal");
    }
    struct block r = { b + BLOCK_HEAD, b + n, (uint16_t)(b[4] | b[5] << 8), b[2], b[1] };
    bool shape = r.groups >= 1 && r.groups <= MONTH_GROUPS_MAX && r.flags <= 3 &&
                 __builtin_popcount(r.mask) == b[3];
    if (!shape || (want_groups && r.groups != want_groups)) {
        return fail(e, ERR_CORRUPT, "block of %d groups, expected %d", r.groups, want_groups);
    }
    if (r.flags & BLOCK_ZSTD) {
        size_t got = room ? ZSTD_decompress(room, MONTH_MAX, r.at, (size_t)(r.end - r.at)) : 0;
        if (!room || ZSTD_isError(got)) {
            return fail(e, ERR_CORRUPT, "archived block does not unpack");
        }
        r.at = room;
        r.end = room + got;
    }
    *out = r;
    return OK;
}

int block_next(struct block *b, struct section *s)
{
    if (b->mask == 0) {
        return b->at == b->end ? -1 : -2;
    }
    if (!section_parse(b->at, b->end, b->groups, s)) {
        return -2;
    }
    int position = __builtin_ctz(b->mask);
    b->mask = (uint16_t)(b->mask & (b->mask - 1));
    b->at = s->end;
    return position;
}

bool block_archive(const uint8_t *block, size_t n, uint8_t *out, size_t *out_n)
{
    size_t got = ZSTD_compress(out + BLOCK_HEAD, n - BLOCK_HEAD, block + BLOCK_HEAD, n - BLOCK_HEAD,
                               ARCHIVE_LEVEL);
    if (ZSTD_isError(got) || got + BLOCK_HEAD >= n || block[1] & BLOCK_ZSTD) {
        return false;
    }
    *out_n = got + BLOCK_HEAD;
    block_seal(out, *out_n, block[2], (uint8_t)(block[1] | BLOCK_ZSTD),
               (uint16_t)(block[4] | block[5] << 8));
    return true;
}
