/* estate.h - a small store for import tests: one organisation's stations with their points. */
#ifndef TESTS_INGEST_ESTATE_H
#define TESTS_INGEST_ESTATE_H
#include "ingest/ingest.h"
#include "meter/meter.h"
#include "reading/reading.h"

#define ESTATE_POINTS 4 /* A, B in shard 0, C, D in shard 1 */
#define ESTATE_NOW ((struct day){ 20260102 })

/* Opens a store (made and migrated when new) and fills it when empty. */
void estate_open(const char *where, struct db **db);
/* The names "A" to "D" as points; `*ctx` must outlive the import. */
struct estate_names {
    struct db *db;
    struct arena *arena;
};
struct ingest_points estate_points(struct estate_names *names);
int64_t estate_point(struct db *db, struct arena *a, const char *name);

/* Quarter hours of A to D from 2025-01-01 on, as a long file; the value follows from point and
 * time. */
void estate_csv(const char *path, int days);
#define ESTATE_MAPPING                                                                             \
    "{\"schema\":\"sunkeeper.mapping/1\",\"layout\":\"long\",\"point_columns\":[\"m\"],\"time\":{" \
    "\"column\":\"t\",\"format\":\"YYYY-MM-DDThh:mm\",\"zone\":\"+08:00\",\"label\":\"start\"},"   \
    "\"values\":[{\"column\":\"v\",\"unit\":\"kWh\"}]}"
/* Imports with the store sink wrapped by `wrap` (NULL: as it is). */
SK_MUST_USE enum err_code estate_import(struct db *db, struct arena *a, const char *file,
                                        const char *report, struct ingest_sink *wrap,
                                        struct ingest_result *out, struct err *e);
/* One number for all values in force over the days. */
uint64_t estate_hash(struct db *db, int days);
#endif
