/* cnaps_bench.c - 160,000 collections (three years of the reference fleet) in batches: totals,
 * signed text, SM2 signature, XML, envelope; then the same bytes received, verified and read.
 */
#include "base/check.h"
#include "partner/cnaps/cnaps.h"
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <time.h>

#define ITEMS 160000
#define BATCH 1000

static int64_t cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static struct cnaps_key *key_make(struct err *e)
{
    unsigned char *der = NULL;
    struct cnaps_key *k;
    EVP_PKEY *pkey = EVP_EC_gen("SM2");
    check(pkey);
    const int n = i2d_PrivateKey(pkey, &der);
    check(n > 0);
    check_that(cnaps_key_private((struct str){(char *)der, (size_t)n}, &k, e) == OK, "%s", e->text);
    OPENSSL_free(der);
    EVP_PKEY_free(pkey);
    return k;
}

static void batch_fill(struct arena *a, struct beps_380 *m, int batch)
{
    *m = (struct beps_380){
        .head = {STR("2026070100000123"), STR("2026-07-01T09:02:03"), STR("991331000001"),
                 STR("991331000001"), STR("000000000000"), STR("000000000000"), STR("BEPS"),
                 {"", 0}},
        .batch = STR("00000001"),
        .reply_days = STR("03"),
        .payer_bank = STR("999100000010"),
        .payee_bank = STR("999200000020"),
        .payee_branch = STR("999200000021"),
        .payee_name = STR("测试综合能源公司"),
        .payee_account = STR("3310000000000000001"),
        .business = STR("D200"),
        .count = str_of(arena_printf(a, "%d", BATCH)),
        .items = {BATCH, arena_many(a, BATCH, struct beps_380_item)},
    };
    for (int i = 0; i < BATCH; i++) {
        const int n = batch * BATCH + i;
        m->items.at[i] = (struct beps_380_item){
            .purpose = STR("00100"),
            .tx_id = str_of(arena_printf(a, "20260701%08d", n)),
            .payer_name = STR("测试用电一公司"),
            .payer_account = str_of(arena_printf(a, "620000000%010d", n)),
            .branch = STR("999100000011"),
            .amount = {.value = {10000 + n}},
            .agreement = str_of(arena_printf(a, "AGR%010d", n)),
            .check_flag = STR("CE01"),
        };
        m->total.value.fen += 10000 + n;
    }
}

int main(void)
{
    struct err e;
    struct cnaps_key *k = key_make(&e);
    const struct cnaps_signing s = cnaps_signing_usual();
    const struct cnaps_trust trust = {STR("991331000001"), k, {20260101}, {20270101}};
    const struct cnaps_header h = {"991331000001", "BEPS", "000000000000", "BEPS", {20260701},
                                   90203, "beps.380.001.01", "20260701000000000123", "", '3', 'U',
                                   ""};
    struct arena *a = arena_new();
    int64_t out_us = 0, in_us = 0, bytes = 0, most = 0;
    for (int b = 0; b < ITEMS / BATCH; b++) {
        struct beps_380 m;
        struct str wire;
        struct cnaps_header got;
        void *back;
        arena_reset(a);
        batch_fill(a, &m, b);
        int64_t t = cpu_us();
        check_that(cnaps_send(a, &h, &m, k, &s, &wire, &e) == OK, "%s", e.text);
        out_us += cpu_us() - t;
        t = cpu_us();
        check_that(cnaps_receive(a, wire, &trust, 1, &s, &got, &back, &e) == OK, "%s", e.text);
        in_us += cpu_us() - t;
        bytes += (int64_t)wire.n;
        most = (int64_t)arena_size(a) > most ? (int64_t)arena_size(a) : most;
    }
    printf("cnaps: %d items in batches of %d, %lld MB, %lld MB held at most\n", ITEMS, BATCH,
           (long long)(bytes / 1000000), (long long)(most / 1000000));
    printf("  sign and write   %9lld items/s\n", (long long)(ITEMS * 1000000LL / (out_us + 1)));
    printf("  read and verify  %9lld items/s\n", (long long)(ITEMS * 1000000LL / (in_us + 1)));
    arena_free(a);
    cnaps_key_free(k);
    return 0;
}
