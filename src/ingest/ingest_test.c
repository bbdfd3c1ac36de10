/* ingest_test.c - the laws of ingest.h: what a cell becomes, what is refused, and twice is once.
 * Expected energies are worked out by hand in the comments.
 */
#include "ingest/cell.h"
#include "ingest/ingest.h"
#include "ingest/stamp.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "base/test.h"

#define TAKEN_MAX 300000
struct world {
    struct arena *arena;
    char dir[128];
    struct reading taken[TAKEN_MAX];
    size_t n;
    struct {
        char source[64];
        int64_t id;
    } batches[64];
    size_t n_batches;
    int fail_at; /* the sink fails at this batch, counted from 1; 0: never */
};
static struct world w;

static enum err_code find(void *ctx, struct str name, int64_t *id, struct err *e)
{
    static const char *const known[] = { "gen",    "own",       "M1", "M2",
                                         "M1/own", "M1/ep_imp", "b",  "一号表" };
    (void)ctx;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_is(name, known[i])) {
            *id = (int64_t)i + 1;
            return OK;
        }
    }
    return fail(e, ERR_NOT_FOUND, "no point " STR_FMT, STR_ARG(name));
}

/* A journal: a batch that was taken is known, its readings are not taken twice. */
static enum err_code take(void *ctx, struct str source, int64_t id, const struct reading *r,
                          size_t n, uint8_t *outcome, bool *known, struct err *e)
{
    (void)ctx;
    *known = false;
    if (w.fail_at > 0 && --w.fail_at == 0) {
        return fail(e, ERR_IO, "pulled the plug");
    }
    for (size_t i = 0; i < w.n_batches; i++) {
        if (w.batches[i].id == id && str_is(source, w.batches[i].source)) {
            *known = true;
            return OK;
        }
    }
    memcpy(w.batches[w.n_batches].source, source.at, source.n + 1);
    w.batches[w.n_batches++].id = id;
    for (size_t i = 0; i < n; i++) {
        outcome[i] = r[i].value == 6660000 ? READING_CONFLICT : READING_TAKEN;
        assert_true(w.n < TAKEN_MAX);
        w.taken[w.n++] = r[i];
    }
    return OK;
}

static int setup(void **state)
{
    (void)state;
    w = (struct world){ .arena = arena_new() };
    const char *tmp = getenv("TMPDIR");
    snprintf(w.dir, sizeof w.dir, "%s/ingest-XXXXXX", tmp != NULL ? tmp : "/tmp");
    return mkdtemp(w.dir) == NULL;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(w.arena);
    char path[256];
    static const char *const files[] = { "in.csv", "report.csv" };
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", w.dir, files[i]);
        unlink(path);
    }
    return rmdir(w.dir);
}

static const char *path_of(const char *name)
{
    return arena_printf(w.arena, "%s/%s", w.dir, name);
}

static void write_file(const void *bytes, size_t n)
{
    int fd = open(path_of("in.csv"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    close(fd);
}

static const char *read_report(void)
{
    char *text = arena_alloc(w.arena, 65536);
    int fd = open(path_of("report.csv"), O_RDONLY);
    if (fd >= 0) {
        assert_true(read(fd, text, 65535) >= 0);
        close(fd);
    }
    return text;
}

static enum err_code run(const char *mapping, struct ingest_result *out, struct err *e)
{
    struct mapping *m;
    struct err me;
    assert_ok(mapping_parse(w.arena, str_of(mapping), "m.json", &m, &me), &me);
    struct ingest_job job = { .file = path_of("in.csv"),
                              .mapping = m,
                              .points = { find, NULL },
                              .sink = { take, NULL },
                              .now = day_start((struct day){ 20260102 }),
                              .report = path_of("report.csv") };
    return ingest_file(w.arena, &job, out, e);
}

static struct ingest_result run_text(const char *mapping, const char *csv)
{
    struct ingest_result r;
    struct err e;
    write_file(csv, strlen(csv));
    assert_ok(run(mapping, &r, &e), &e);
    return r;
}

#define MAPPING(extra, time, values)                                                               \
    "{\"schema\":\"sunkeeper.mapping/1\"," extra "\"time\":{" time "},\"values\":[" values "]}"
#define ISO                                                                                        \
    "\"column\":\"t\",\"format\":\"YYYY-MM-DDThh:mm:ss\",\"zone\":\"+08:00\",\"label\":\"start\""
#define MW "{\"column\":\"p\",\"point\":\"gen\",\"unit\":\"MW\"}"
#define KWH "{\"column\":\"p\",\"point\":\"gen\",\"unit\":\"kWh\"}"
#define COLUMNS "\"layout\":\"columns\","

static int64_t utc(const char *iso)
{
    struct instant t;
    struct err e;
    assert_ok(instant_parse(str_of(iso), &t, &e), &e);
    return t.utc_ms;
}

/* 18.432798 MW x 0.25 h = 4.6081995 MWh = 4608.1995 kWh = 46081995 e-4. */
static void test_mean_power_becomes_energy(void **state)
{
    (void)state;
    struct ingest_result r = run_text(
        MAPPING(COLUMNS, ISO, MW), "t,p\n2025-06-01T12:00:00,18.432798\n2025-06-01T12:15:00,0\n");
    assert_int_equal(r.taken, 2);
    assert_int_equal(w.taken[0].value, 46081995);
    assert_int_equal(w.taken[0].ts_ms, utc("2025-06-01T12:00:00+08:00"));
    assert_int_equal(w.taken[0].rank, RANK_INTEGRATED);
    assert_int_equal(w.taken[0].kind, READING_INT);
    assert_int_equal(w.taken[1].value, 0);
}

/* 15.581067000000001 MW: 38952667.5000025 e-4, to 38952668; half exactly: 0.0000002 MW is 0.5 e-4.
 */
static void test_law_3_rounding_only_when_said(void **state)
{
    (void)state;
    const char *csv = "t,p\n2025-06-01T12:00:00,15.581067000000001\n2025-06-01T12:15:00,2e-7\n";
    struct ingest_result r = run_text(MAPPING(COLUMNS, ISO, MW), csv);
    assert_int_equal(r.taken, 0);
    assert_int_equal(r.by_code[E_RANGE], 2);
    r = run_text(
        MAPPING(COLUMNS, ISO,
                "{\"column\":\"p\",\"point\":\"gen\",\"unit\":\"MW\",\"round\":\"half_away\"}"),
        csv);
    assert_int_equal(r.taken, 2);
    assert_int_equal(w.taken[0].value, 38952668);
    assert_int_equal(w.taken[1].value, 1);
}

/* A day of Korean end labels: 00:15 on the 1st is 23:00 the day before in China; 24:00 exists. */
static void test_law_4_end_labels_and_zone(void **state)
{
    (void)state;
    run_text(
        MAPPING(
            COLUMNS,
            "\"column\":\"t\",\"format\":\"D/M/YYYY hh:mm\",\"zone\":\"+09:00\",\"label\":\"end\"",
            KWH),
        "t,p\n1/3/2018 00:15,5.22\n1/3/2018 24:00,5.33\n");
    assert_int_equal(w.n, 2);
    assert_int_equal(w.taken[0].ts_ms, utc("2018-02-28T23:00:00+08:00"));
    assert_int_equal(w.taken[0].value, 52200);
    assert_int_equal(w.taken[1].ts_ms, utc("2018-03-01T23:45:00+09:00"));
}

static void test_negative_feeds_another_series(void **state)
{
    (void)state;
    run_text(
        MAPPING(
            COLUMNS, ISO,
            "{\"column\":\"p\",\"point\":\"gen\",\"unit\":\"kW\",\"negative\":{\"to\":\"own\"}}"),
        "t,p\n2025-06-01T00:00:00,-37.8\n2025-06-01T00:15:00,40\n");
    assert_int_equal(w.n, 4); /* both series in both slots */
    assert_int_equal(w.taken[0].value, 0);
    assert_int_equal(w.taken[1].point_id, 2);
    assert_int_equal(w.taken[1].value, 94500); /* 9.45 kWh */
    assert_int_equal(w.taken[2].value, 100000);
    assert_int_equal(w.taken[3].value, 0);
}

static void test_idle_consumption_is_no_generation(void **state)
{
    (void)state;
    run_text(
        MAPPING(COLUMNS, ISO,
                "{\"column\":\"p\",\"point\":\"gen\",\"unit\":\"MW\",\"idle\":{\"column\":\"irr\","
                "\"is\":\"0\",\"at_most\":\"0.4\",\"to\":\"own\"}}"),
        "t,p,irr\n2025-06-01T00:00:00,0.234,0.0\n2025-06-01T00:15:00,0.5,0\n"
        "2025-06-01T00:30:00,0.2,12.5\n");
    assert_int_equal(w.n, 6);
    assert_int_equal(w.taken[0].value, 0);
    assert_int_equal(w.taken[1].value, 585000);  /* 58.5 kWh drawn                    */
    assert_int_equal(w.taken[2].value, 1250000); /* above at_most: the sensor is wrong */
    assert_int_equal(w.taken[4].value, 500000);
    assert_int_equal(w.taken[5].value, 0);
}

static void test_law_2_missing_is_not_zero(void **state)
{
    (void)state;
    struct ingest_result r =
        run_text(MAPPING(COLUMNS "\"missing\":[\"\",\"-99\",\"--\"],", ISO, KWH),
                 "t,p\n2025-06-01T00:00:00,\n2025-06-01T00:15:00,-99\n"
                 "2025-06-01T00:30:00, -- \n2025-06-01T00:45:00,1\n");
    assert_int_equal(r.missing, 3);
    assert_int_equal(w.n, 1);
    assert_string_equal(read_report(), "");
}

static void test_bom_crlf_quotes_blanks(void **state)
{
    (void)state;
    struct ingest_result r =
        run_text(MAPPING(COLUMNS "\"delimiter\":\";\",\"decimal\":\",\",\"ignore\":[\"a;\\\"b\"],",
                         ISO, KWH),
                 "\xef\xbb\xbf\"t\";\"a;\"\"b\";p\r\n"
                 "\"2025-06-01T00:00:00\";\"x;y\";\"1,5\"\r\n"
                 "2025-06-01T00:15:00; ;  2,25 \r\n\r\n");
    assert_int_equal(r.refused, 0);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.taken[0].value, 15000);
    assert_int_equal(w.taken[1].value, 22500);
}

#define LONG_TIME                                                                                  \
    "\"column\":\"t\",\"format\":\"YYYY-MM-DDThh:mm:ss\",\"zone\":\"in_text\",\"label\":\"start\""
static void test_long_layout(void **state)
{
    (void)state;
    struct ingest_result r =
        run_text(MAPPING("\"layout\":\"long\",\"point_columns\":[\"m\"],", LONG_TIME,
                         "{\"column\":\"v\",\"unit\":\"Wh\",\"negative\":{\"to\":\"own\"}}"),
                 "v,m,t\n1500,M1,2025-06-01T00:00:00+08:00\n-7,M1,2025-05-31T16:15:00Z\n"
                 "1,M9,2025-06-01T00:00:00+08:00\n2,M2,2025-06-01T00:00:00+08:00\n");
    assert_int_equal(r.by_code[E_POINT_UNKNOWN], 2); /* M9; M2 has no M2/own */
    assert_int_equal(w.n, 4);
    assert_int_equal(w.taken[0].point_id, 3);
    assert_int_equal(w.taken[0].value, 15000); /* 1.5 kWh */
    assert_int_equal(w.taken[3].point_id, 5);
    assert_int_equal(w.taken[3].value, 70);
    assert_int_equal(w.taken[3].ts_ms, utc("2025-06-01T00:15:00+08:00"));
}

/* 表号,时间,电量 and 一号表 as GB18030; the finder is asked in UTF-8. */
static void test_names_in_gb18030(void **state)
{
    (void)state;
    struct ingest_result r =
        run_text(MAPPING("\"layout\":\"long\",\"point_columns\":[\"表号\"],",
                         "\"column\":\"时间\",\"format\":\"YYYY/M/D h:mm\",\"zone\":\"+08:00\","
                         "\"label\":\"start\"",
                         "{\"column\":\"电量\",\"unit\":\"kWh\"}"),
                 "\xb1\xed\xba\xc5,\xca\xb1\xbc\xe4,\xb5\xe7\xc1\xbf\n"
                 "\xd2\xbb\xba\xc5\xb1\xed,2025/6/1 0:15,1.5\n\xff\xff,2025/6/1 0:15,1.5\n");
    assert_int_equal(r.by_code[E_POINT_UNKNOWN], 1);
    assert_int_equal(w.n, 1);
    assert_int_equal(w.taken[0].point_id, 8);
    assert_int_equal(w.taken[0].ts_ms, utc("2025-06-01T00:15:00+08:00"));
}

static void test_registers_snap_to_their_boundary(void **state)
{
    (void)state;
    struct ingest_result r = run_text(
        MAPPING("\"layout\":\"long\",\"point_columns\":[\"m\",\"r\"],",
                "\"column\":\"t\",\"format\":\"YYYY-MM-DD "
                "hh:mm:ss\",\"zone\":\"+08:00\",\"label\":\"end\"",
                "{\"column\":\"v\",\"kind\":\"register\",\"unit\":\"kWh\",\"rank\":\"live\"}"),
        "m,r,t,v\nM1,ep_imp,2025-06-01 00:00:58,123456.78\nM1,ep_imp,2025-06-01 "
        "00:16:01,123456.79\n");
    assert_int_equal(w.n, 1);
    assert_int_equal(w.taken[0].value, 1234567800);
    assert_int_equal(w.taken[0].ts_ms, utc("2025-06-01T00:00:00+08:00"));
    assert_int_equal(w.taken[0].kind, READING_REG);
    assert_int_equal(w.taken[0].rank, RANK_LIVE);
    assert_int_equal(r.by_code[E_TIME], 1);
}

static void test_wide_layout(void **state)
{
    (void)state;
    struct text csv;
    text_init(&csv, w.arena, 65536);
    text_add_c(&csv, "meter,date");
    for (int i = 1; i <= 96; i++) {
        text_addf(&csv, ",%02d:%02d", i / 4, i % 4 * 15);
    }
    text_add_c(&csv, "\nM1,2025-06-01");
    for (int i = 1; i <= 96; i++) {
        text_addf(&csv, i == 50 ? "," : ",%d.5", i);
    }
    text_byte(&csv, '\n');
    struct ingest_result r = run_text(
        MAPPING(
            "\"layout\":\"wide\",\"point_columns\":[\"meter\"],\"slots\":{\"names\":\"hh:mm\"},",
            "\"column\":\"date\",\"format\":\"YYYY-MM-DD\",\"zone\":\"+08:00\",\"label\":\"end\"",
            "{\"unit\":\"kWh\"}"),
        csv.at);
    assert_int_equal(r.missing, 1);
    assert_int_equal(w.n, 95);
    assert_int_equal(w.taken[0].ts_ms, utc("2025-06-01T00:00:00+08:00"));
    assert_int_equal(w.taken[0].value, 15000);
    assert_int_equal(w.taken[94].ts_ms, utc("2025-06-01T23:45:00+08:00"));
    assert_int_equal(w.taken[94].value, 965000);
}

/* 46 half hours on the short day, 50 on the long one; 1 MW in half an hour is 500 kWh: 2 x 250. */
static void test_periods_of_a_day_of_25_hours(void **state)
{
    (void)state;
    struct ingest_result r = run_text(
        MAPPING(
            COLUMNS,
            "\"column\":\"d\",\"format\":\"YYYY-MM-DD\",\"zone\":\"Europe/"
            "London\",\"label\":\"start\","
            "\"interval_minutes\":30,\"split\":\"equal\",\"period\":{\"column\":\"n\",\"first\":1,"
            "\"minutes\":30}",
            "{\"column\":\"p\",\"point\":\"gen\",\"unit\":\"MW\"}"),
        "d,n,p\n2021-03-28,1,1\n2021-03-28,46,1\n2021-03-28,47,1\n2021-10-31,50,1.0000002\n"
        "2021-10-31,51,1\n");
    assert_int_equal(r.by_code[E_TIME], 2);
    assert_int_equal(w.n, 6);
    assert_int_equal(w.taken[2].ts_ms, utc("2021-03-28T22:30:00Z"));
    assert_int_equal(w.taken[4].ts_ms, utc("2021-10-31T23:30:00Z"));
    assert_int_equal(w.taken[4].value, 2500001); /* the odd unit goes first */
    assert_int_equal(w.taken[5].value, 2500000);
    assert_int_equal(w.taken[5].q, Q_EST);
}

static void test_each_fault_has_its_place(void **state)
{
    (void)state;
    run_text(MAPPING(COLUMNS, ISO, KWH),
             "t,p\n"
             "2025-06-01T00:00:00,1\n"
             "2025-06-01T00:00:00,1\n"       /* 3 twice */
             "2025-05-31T00:00:00,1\n"       /* 4 back */
             "2025-06-01T00:15:00,NaN\n"     /* 5 */
             "2025-06-01T00:30:00,-1\n"      /* 6 */
             "2025-06-01T00:45:00,1,2\n"     /* 7 */
             "2025-06-01 01:00:00,1\n"       /* 8 form */
             "2025-06-31T01:00:00,1\n"       /* 9 no such day */
             "2025-06-01T01:07:00,1\n"       /* 10 quarter */
             "2026-06-01T01:15:00,1\n"       /* 11 future */
             "2025-06-01T01:15:00+09:00,1\n" /* 12 zone */
             "2025-06-01T01:15:00,x\"1\n"    /* 13 quote */
             "2025-06-01T01:15:00,0x10\n"    /* 14 */
             "2025-06-01T01:30:00,1e99\n"    /* 15 */
             "2025-06-01T01:45:00,666\n");   /* 16 conflict, told by the sink */
    assert_int_equal(w.n, 2);
    assert_string_equal(
        read_report(),
        "line,column,code,text,raw\n"
        "3,1,E_SEQ,\"the same time as line 2: a row may stand once; if both are meant, say "
        "\"\"order\"\": \"\"any\"\" in the mapping\",\"2025-06-01T00:00:00\"\n"
        "4,1,E_SEQ,\"earlier than line 3: sort the rows by time, or say \"\"order\"\": \"\"any\"\" "
        "in the "
        "mapping\",\"2025-05-31T00:00:00\"\n"
        "5,2,E_NAN,\"is not a number; if it marks a missing value, add it to \"\"missing\"\" of "
        "the "
        "mapping\",\"NaN\"\n"
        "6,2,E_RANGE,\"the energy is negative: if that has a meaning, give \"\"negative\"\" in the "
        "mapping\",\"-1\"\n"
        "7,0,E_COUNT,\"3 cells, but the header line has 2: complete the row, or quote cells that "
        "hold "
        "the delimiter\",\"2025-06-01T00:45:00,1,2\"\n"
        "8,1,E_TIME,\"the time does not have the form of time.format\",\"2025-06-01 01:00:00\"\n"
        "9,1,E_TIME,\"there is no such day\",\"2025-06-31T01:00:00\"\n"
        "10,1,E_TIME,\"is not on a quarter of an hour: intervals begin at :00 :15 :30 :45\","
        "\"2025-06-01T01:07:00\"\n"
        "11,1,E_TIME_FUTURE,\"lies in the future: check the date, the zone and the clock\","
        "\"2026-06-01T01:15:00\"\n"
        "12,1,E_TIME,\"the time carries another offset than time.zone: correct the mapping, or set "
        "\"\"in_text\"\"\",\"2025-06-01T01:15:00+09:00\"\n"
        "13,0,E_SCHEMA,\"a quote is not closed on its line, or stands inside a cell\","
        "\"2025-06-01T01:15:00,x\"\"1\"\n"
        "14,1,E_SEQ,\"earlier than line 11: sort the rows by time, or say \"\"order\"\": "
        "\"\"any\"\" in "
        "the mapping\",\"2025-06-01T01:15:00\"\n"
        "15,2,E_RANGE,\"has more than 18 digits: nothing is rounded in silence\",\"1e99\"\n"
        "16,2,E_CONFLICT,\"another value of the same rank stands there: neither is settled "
        "until `reading edit` decides\",\"6660000 e-4\"\n");
}

/* 30,000 rows of three series: batches of at most 20,000 readings. */
static const char *long_csv(void)
{
    struct text t;
    text_init(&t, w.arena, 4u << 20);
    text_add_c(&t, "t,p\n");
    int64_t ms = utc("2020-01-01T00:00:00+08:00");
    for (int i = 0; i < 30000; i++, ms += SLOT_MS) {
        text_instant(&t, (struct instant){ ms });
        text_addf(&t, ",%d.%04d\n", i % 977, i % 9999);
    }
    return t.at;
}

static void test_law_5_twice_is_once(void **state)
{
    (void)state;
    const char *m = MAPPING(COLUMNS, ISO, KWH), *csv = long_csv();
    struct ingest_result r = run_text(m, csv);
    assert_int_equal(r.taken, 30000);
    assert_int_equal(r.batches, 2);
    assert_false(r.unchanged);
    r = run_text(m, csv);
    assert_true(r.unchanged);
    assert_int_equal(r.taken, 0);
    assert_int_equal(w.n, 30000);
}

static void test_law_5_goes_on_after_a_kill(void **state)
{
    (void)state;
    const char *m = MAPPING(COLUMNS, ISO, KWH), *csv = long_csv();
    struct ingest_result r;
    struct err e;
    write_file(csv, strlen(csv));
    w.fail_at = 2;
    assert_int_equal(run(m, &r, &e), ERR_IO);
    assert_string_equal(e.text, "pulled the plug");
    assert_true(w.n > 0 && w.n < 30000);
    assert_ok(run(m, &r, &e), &e);
    assert_int_equal(w.n, 30000);
    assert_int_equal(r.batches_known, 1);
    for (int i = 1; i < 30000; i++) {
        assert_int_equal(w.taken[i].ts_ms, w.taken[i - 1].ts_ms + SLOT_MS);
    }
}

static size_t gzipped(const char *text, size_t n, unsigned char *out, size_t room)
{
    z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (unsigned)n };
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = out;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return room - z.avail_out;
}

static void test_gzip_whole_cut_and_broken(void **state)
{
    (void)state;
    const char *m = MAPPING(COLUMNS, ISO, KWH), *csv = long_csv();
    unsigned char *gz = arena_alloc(w.arena, 4u << 20);
    size_t half = 1000003, n = gzipped(csv, half, gz, 4u << 20);
    n += gzipped(csv + half, strlen(csv) - half, gz + n, (4u << 20) - n); /* two members */
    struct ingest_result r;
    struct err e;
    write_file(gz, n);
    assert_ok(run(m, &r, &e), &e);
    assert_int_equal(r.taken, 30000);
    assert_false(r.broken);
    w.n = w.n_batches = 0;
    write_file(gz, n * 3 / 4);
    assert_ok(run(m, &r, &e), &e);
    assert_true(r.broken);
    assert_true(r.taken > 15000 && r.taken < 30000);
    assert_int_equal(r.by_code[E_TRUNC], 1);
    w.n = w.n_batches = 0;
    gz[n - 5] ^= 1; /* the checksum of the second member */
    write_file(gz, n);
    assert_int_equal(run(m, &r, &e), ERR_INPUT);
    assert_string_equal(e.name, "E_CHECKSUM");
    assert_int_equal(w.n, 0);
}

static void test_law_6_an_endless_line(void **state)
{
    (void)state;
    size_t n = 2u << 20;
    char *csv = arena_alloc(w.arena, n + 1);
    memset(csv, '7', n);
    memcpy(csv, "t,p\n2025-06-01T00:00:00,1\n", 26);
    memcpy(csv + n - 27, "\n2025-06-01T00:15:00,2.5\n\n\n", 27);
    struct ingest_result r = run_text(MAPPING(COLUMNS, ISO, KWH), csv);
    assert_int_equal(r.by_code[E_OVERSIZE], 1);
    assert_int_equal(w.n, 2);
    assert_int_equal(w.taken[1].value, 25000);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum ingest_code code;
        int64_t digits;
        int32_t decimals;
    } cases[] = {
        { "0", E_NONE, 0, 0 },
        { "-12.50", E_NONE, -1250, 2 },
        { "+.5", E_NONE, 5, 1 },
        { "7.", E_NONE, 7, 0 },
        { "1.5e-05", E_NONE, 15, 6 },
        { "1.5E3", E_NONE, 1500, 0 },
        { "0.10000000000000000000", E_NONE, 100000000000000000, 18 },
        { "0.1000000000000000001", E_RANGE, 0, 0 },
        { "1234567890123456789", E_RANGE, 0, 0 },
        { "", E_TYPE, 0, 0 },
        { "-", E_TYPE, 0, 0 },
        { ".", E_TYPE, 0, 0 },
        { "1 2", E_TYPE, 0, 0 },
        { "1,5", E_TYPE, 0, 0 },
        { "0x1A", E_TYPE, 0, 0 },
        { "1e", E_TYPE, 0, 0 },
        { "-Infinity", E_NAN, 0, 0 },
        { "#N/A", E_NAN, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct number n = { 0, 0 };
        assert_int_equal(number_parse(str_of(cases[i].text), '.', &n), cases[i].code);
        assert_int_equal(n.digits, cases[i].digits);
        assert_int_equal(n.decimals, cases[i].decimals);
    }
}

static void test_codes_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < INGEST_CODES; i++) {
        assert_non_null(ingest_code_word((enum ingest_code)i));
    }
    assert_string_equal(ingest_code_word(E_TIME_FUTURE), "E_TIME_FUTURE");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_mean_power_becomes_energy),
        T(test_law_3_rounding_only_when_said),
        T(test_law_4_end_labels_and_zone),
        T(test_negative_feeds_another_series),
        T(test_idle_consumption_is_no_generation),
        T(test_law_2_missing_is_not_zero),
        T(test_bom_crlf_quotes_blanks),
        T(test_long_layout),
        T(test_names_in_gb18030),
        T(test_registers_snap_to_their_boundary),
        T(test_wide_layout),
        T(test_periods_of_a_day_of_25_hours),
        T(test_each_fault_has_its_place),
        T(test_law_5_twice_is_once),
        T(test_law_5_goes_on_after_a_kill),
        T(test_gzip_whole_cut_and_broken),
        T(test_law_6_an_endless_line),
        T(test_numbers),
        T(test_codes_have_names),
    };
    return cmocka_run_group_tests_name("ingest", tests, NULL, NULL);
}
