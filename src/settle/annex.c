/* annex.c - what stands behind a statement as annexes: the readings table, the daily curve, the
 * prices used. Made when asked for: it follows from the run and the readings, and is said to be of
 * other readings when they have changed.
 */
#include "base/json.h"
#include "settle/single.h"

struct annex {
    struct single *s;
    struct json_out *o;
    struct reading_day *days;
    int64_t *daily; /* n_sources x n_days; of sources over the whole period */
};

static void put_id(struct json_out *o, const char *key, int64_t id)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)id);
    json_put_str(o, key, str_of(text));
}

static void put_ratio(struct json_out *o, const char *key, int32_t num, int32_t den)
{
    char text[32];
    snprintf(text, sizeof(text), "%d/%d", num, den);
    json_put_str(o, key, str_of(text));
}

static enum err_code put_registers(struct annex *x, int64_t point_id, struct err *e)
{
    const struct contract_binding *b = &x->s->binding;
    const struct slot first = {b->from, 0}, last = {day_add(b->until, -1), SLOTS - 1};
    struct reading_origin a, z;
    struct desk *d = &x->s->desk;
    if (reading_origin(d->db, d->points, point_id, first, &a, e) != OK ||
        reading_origin(d->db, d->points, point_id, last, &z, e) != OK) {
        return e->code;
    }
    if (!a.derived || !z.derived) {
        return OK; /* metered in intervals */
    }
    json_put_scaled(x->o, "start", a.start_e4, 4);
    json_put_scaled(x->o, "end", z.end_e4, 4);
    put_ratio(x->o, "ct", z.ct_num, z.ct_den);
    put_ratio(x->o, "pt", z.pt_num, z.pt_den);
    put_id(x->o, "meter", z.meter_id);
    json_put_bool(x->o, "swapped",
                  a.meter_id != z.meter_id || a.ct_num != z.ct_num || a.ct_den != z.ct_den ||
                      a.pt_num != z.pt_num || a.pt_den != z.pt_den);
    return OK;
}

static void put_instant(struct json_out *o, const char *key, struct instant t)
{
    char room[40];
    struct slot at = instant_slot(t);
    snprintf(room, sizeof(room), "%04d-%02d-%02dT%02d:%02d", at.day.yyyymmdd / 10000,
             at.day.yyyymmdd / 100 % 100, at.day.yyyymmdd % 100, at.index / 4, at.index % 4 * 15);
    json_put_str(o, key, str_of(room));
}

/* A window, a session, a day of history: its own intervals. */
static void put_own(struct annex *x, const struct source *s, int32_t digits)
{
    int64_t sum = 0;
    const int64_t begin = day_start(day_of_number(s->track->first_day)).utc_ms;
    const int32_t first = (int32_t)((s->axis.start.utc_ms - begin) / SLOT_MS);
    for (int32_t i = first; i < first + s->axis.n; i++) {
        sum += s->track->days[i / SLOTS].value[i % SLOTS];
    }
    put_instant(x->o, "from", s->axis.start);
    put_instant(x->o, "until", (struct instant){s->axis.start.utc_ms + s->axis.n * SLOT_MS});
    json_put_scaled(x->o, "energy", sum, digits);
}

/* Over the whole period; sums its days on the way. */
static enum err_code put_period(struct annex *x, const struct term_feed *f, bool real,
                                int32_t source, struct err *e)
{
    struct desk *d = &x->s->desk;
    const int32_t n = x->s->work.kind->n_days;
    int64_t total = 0;
    if (reading_values(d->db, d->points, f->point_id, x->s->binding.from, n, x->days, e) != OK) {
        return e->code;
    }
    for (int32_t i = 0; i < n; i++) {
        int64_t sum = 0;
        for (int k = 0; k < SLOTS; k++) {
            sum += x->days[i].value[k];
        }
        x->daily[source * n + i] = sum;
        total += sum;
    }
    if (real && put_registers(x, f->point_id, e) != OK) {
        return e->code;
    }
    json_put_scaled(x->o, "energy", total, f->digits);
    if (x->s->work.sources[source].parts) {
        json_put_scaled(x->o, "scaled_to_register", x->s->work.sources[source].registers, 4);
    }
    return OK;
}

/* One feed of the readings table. */
static enum err_code put_feed(struct annex *x, const struct term_feed *f, struct str member,
                              int32_t source, struct err *e)
{
    const struct meter_estate *es = reading_points_estate(x->s->desk.points);
    const struct source *s = &x->s->work.sources[source];
    int64_t at = meter_estate_find(es, f->point_id);
    json_open(x->o, NULL, '{');
    json_put_str(x->o, "feed", f->name);
    json_put_str(x->o, "member", member);
    put_id(x->o, "point", f->point_id);
    json_put_str(x->o, "code", at < 0 ? STR("") : es->points[at].code);
    if (s->track) {
        put_own(x, s, f->digits);
    } else if (put_period(x, f, at >= 0 && !es->points[at].is_virtual, source, e) != OK) {
        return e->code;
    }
    json_close(x->o, '}');
    return OK;
}

static enum err_code put_feeds(struct annex *x, const struct term_part *p, struct str member,
                               int32_t *source, struct err *e)
{
    for (size_t i = 0; i < p->n_feeds; i++) {
        if (put_feed(x, &p->feeds[i], member, (*source)++, e) != OK) {
            return e->code;
        }
    }
    for (size_t g = 0; g < p->n_groups; g++) {
        for (size_t m = 0; m < p->groups[g].n; m++) {
            const struct term_member *tm = &p->groups[g].members[m];
            if (put_feeds(x, &tm->part, tm->name, source, e) != OK) {
                return e->code;
            }
        }
    }
    return OK;
}

/* Columns in the order of the readings table, of its rows without intervals of their own. */
static void put_daily(struct annex *x)
{
    const int32_t n = x->s->work.kind->n_days;
    json_open(x->o, "daily", '[');
    for (int32_t d = 0; d < n; d++) {
        struct day day = day_add(x->s->binding.from, d);
        char text[16];
        snprintf(text, sizeof(text), "%04d-%02d-%02d", day.yyyymmdd / 10000,
                 day.yyyymmdd / 100 % 100, day.yyyymmdd % 100);
        json_open(x->o, NULL, '{');
        json_put_str(x->o, "day", str_of(text));
        json_open(x->o, "energy", '[');
        for (size_t i = 0; i < x->s->work.n_sources; i++) {
            if (!x->s->work.sources[i].track) {
                json_put_scaled(x->o, NULL, x->daily[(int32_t)i * n + d], 4);
            }
        }
        json_close(x->o, ']');
        json_close(x->o, '}');
    }
    json_close(x->o, ']');
}

static void put_prices(struct annex *x)
{
    const struct kind *k = x->s->work.kind;
    json_open(x->o, "prices", '[');
    for (size_t p = 0; p < k->n_prices; p++) {
        for (int32_t i = 0; i < k->span->n_keys; i++) {
            if (k->prices[p].yuan_e6[i] == TARIFF_NO_PRICE) {
                continue;
            }
            json_open(x->o, NULL, '{');
            json_put_str(x->o, "price", k->prices[p].name);
            json_put_int(x->o, "version", k->span->keys[i].version);
            json_put_str(x->o, "period",
                         str_of(tou_period_word((enum tou_period)k->span->keys[i].period)));
            json_put_scaled(x->o, "yuan", k->prices[p].yuan_e6[i], 6);
            json_close(x->o, '}');
        }
    }
    json_close(x->o, ']');
}

enum err_code settle_annex(struct db *db, struct arena *a, struct scope scope, int64_t run_id,
                           struct text *t, struct err *e)
{
    struct single *s = single_new(db, a);
    struct run_row run;
    struct json_out o;
    int32_t source = 0;
    if (run_find(db, a, scope, run_id, &run, e) != OK || run_compute(s, &run, false, e) != OK) {
        return e->code;
    }
    if (s->work.failure.code != OK) {
        *e = s->work.failure;
        return e->code;
    }
    const size_t n = (size_t)s->work.kind->n_days;
    struct annex x = {s, &o, arena_many(a, n, struct reading_day),
                      arena_many(a, n * (s->work.n_sources + 1), int64_t)};
    bool same = memcmp(s->result.snapshot.b, run.snapshot.b, sizeof(run.snapshot.b)) == 0;
    json_out_init(&o, t, false);
    json_open(&o, NULL, '{');
    json_put_str(&o, "readings", same ? STR("same") : STR("changed"));
    json_put_str(&o, "tariff", run.tariff);
    json_open(&o, "table", '[');
    if (put_feeds(&x, &s->work.terms.top, STR(""), &source, e) != OK) {
        return e->code;
    }
    json_close(&o, ']');
    put_daily(&x);
    put_prices(&x);
    json_close(&o, '}');
    return OK;
}
