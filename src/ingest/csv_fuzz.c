/* csv_fuzz.c - any bytes as a file of values: no crash, no hang, and the laws that can be checked.
 *
 * The first byte chooses one of the mappings below, the rest is the file (plain or gzip).
 */
#include "ingest/ingest.h"

#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIME(format, zone, label, more)                                                            \
    "\"time\":{\"column\":\"t\",\"format\":\"" format "\",\"zone\":\"" zone                        \
    "\",\"label\":\"" label "\"" more "}"
static const char *const MAPPINGS[] = {
    "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"columns\",\"missing\":[\"\",\"-99\"]," TIME(
        "YYYY-MM-DDThh:mm:ss", "+08:00", "start",
        "") ",\"values\":[{\"column\":\"p\",\"point\":\"g\",\"unit\":\"MW\",\"round\":\"half_"
            "away\","
            "\"idle\":{\"column\":\"i\",\"is\":\"0\",\"at_most\":\"0.4\",\"to\":\"o\"},"
            "\"negative\":{\"to\":\"o\"}}]}",
    "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"long\",\"order\":\"any\",\"ignore\":[\"*\"],"
    "\"point_columns\":[\"m\",\"r\"]," TIME(
        "D/M/YYYY h:mm", "in_text", "end",
        "") ",\"values\":[{\"column\":\"v\",\"unit\":\"kWh\",\"kind\":\"register\"}]}",
    "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"wide\",\"delimiter\":\";\",\"decimal\":\",\","
    "\"point_columns\":[\"m\"],\"slots\":{\"names\":\"number\",\"prefix\":\"h\"}," TIME(
        "YYYYMMDD", "+09:00", "end",
        ",\"interval_minutes\":360,\"split\":\"equal\"") ",\"values\":[{\"unit\":\"Wh\","
                                                         "\"negative\":"
                                                         "\"absolute\"}]}",
    "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"columns\"," TIME(
        "YYYY-MM-DD", "Europe/London", "start",
        ",\"interval_minutes\":30,\"split\":\"equal\",\"period\":{\"column\":\"n\",\"first\":1,"
        "\"minutes\":30}") ",\"values\":[{\"column\":\"p\",\"point\":\"g\",\"unit\":\"MW\","
                           "\"sign\":\"minus\",\"negative\":\"absolute\",\"round\":\"half_away\"}]"
                           "}",
};
#define N_MAPPINGS (sizeof MAPPINGS / sizeof MAPPINGS[0])

static int64_t n_taken;

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    (void)ctx;
    if (name.n % 3 == 2) {
        return fail(e, ERR_NOT_FOUND, "no such point");
    }
    *id = (int64_t)name.n + 1;
    return OK;
}

static enum err_code take(void *ctx, struct str source, int64_t id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    const int64_t *now_ms = ctx;
    (void)source, (void)id, (void)e;
    for (size_t i = 0; i < n; i++) {
        check(r[i].point_id > 0 && r[i].ts_ms % SLOT_MS == 0);
        check(r[i].ts_ms <= *now_ms + INGEST_FUTURE_MS);
        check(r[i].value >= 0 && r[i].value <= ENERGY_MAX_E4);
        outcome[i] = (uint8_t)(i % READING_OUTCOMES);
    }
    *known = false;
    n_taken += (int64_t)n;
    return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char file[64];
    struct err e;
    struct mapping *m;
    struct ingest_result r;
    if (size == 0) {
        return 0;
    }
    struct arena *a = arena_new();
    check(mapping_parse(a, str_of(MAPPINGS[data[0] % N_MAPPINGS]), "m", &m, &e) == OK);
    int fd = memfd_create("csv", MFD_CLOEXEC);
    check(fd >= 0 && write(fd, data + 1, size - 1) == (ssize_t)(size - 1));
    snprintf(file, sizeof file, "/proc/self/fd/%d", fd);
    struct instant now = day_start((struct day){ 20260101 });
    struct ingest_job job = { .file = file,
                              .mapping = m,
                              .points = { find, NULL },
                              .sink = { take, &now.utc_ms },
                              .now = now };
    n_taken = 0;
    if (ingest_file(a, &job, &r, &e) == OK) {
        check(r.values == n_taken);
        check(r.taken + r.dup + r.dup_lower <= r.values);
    } else {
        check(n_taken == 0); /* law 1: what refuses the file is found before anything is written */
    }
    close(fd);
    arena_free(a);
    return 0;
}
