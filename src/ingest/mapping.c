/* mapping.c - reads a mapping file and refuses everything it cannot mean, before a file is opened.
 *
 * The form is told to people in data/mappings/README.md; keep the two in step.
 */
#include "base/json.h"
#include "ingest/mapping.h"

#define INTERVAL_DEFAULT_MINUTES 15
#define SHIFT_DAYS_MAX 3653
#define SCALE_PART_MAX 1000000 /* keeps every product below 2^63 x 10^13, well inside 128 bits */

/* `dim` 'e': an amount; 'p': a mean power, times the interval; x num/den gives 10^-4 of the unit.
 */
static const struct {
    const char *word;
    char dim;
    int64_t num;
} UNITS[] = {
    { "kWh", 'e', 10000 },      { "Wh", 'e', 10 },
    { "MWh", 'e', 10000000 },   { "GWh", 'e', 10000000000 },
    { "kvarh", 'e', 10000 },    { "varh", 'e', 10 },
    { "Mvarh", 'e', 10000000 }, { "m3", 'e', 10000 },
    { "kW", 'p', 10000 },       { "W", 'p', 10 },
    { "MW", 'p', 10000000 },    { "kvar", 'p', 10000 },
    { "Mvar", 'p', 10000000 },
};

static const struct {
    const char *word;
    uint8_t rank;
} RANKS[] = {
    { "grid_file", RANK_GRID_FILE },
    { "frozen", RANK_FROZEN },
    { "live", RANK_LIVE },
    { "device", RANK_DEVICE },
    { "integrated", RANK_INTEGRATED },
    { "estimate", RANK_ESTIMATE },
};

static enum err_code wrong(struct err *e, struct json j, const char *what)
{
    return fail_named(e, ERR_INPUT, "E_SCHEMA", "%s: %s", j.path, what);
}

/* A word of a short list, or `otherwise` when the key is absent (-1: it must be there). */
static enum err_code need_word(struct json j, const char *key, const char *const *words,
                               int otherwise, int *out, struct err *e)
{
    struct json v = json_get(j, key);
    if (json_kind(v) == JSON_NONE && otherwise >= 0) {
        *out = otherwise;
        return OK;
    }
    struct str s;
    enum err_code code = json_need_str(j, key, &s, e);
    if (code != OK) {
        return code;
    }
    struct text list;
    text_init(&list, j.arena, 256);
    for (int i = 0; words[i] != NULL; i++) {
        if (str_is(s, words[i])) {
            *out = i;
            return OK;
        }
        text_addf(&list, "%s\"%s\"", i == 0 ? "" : ", ", words[i]);
    }
    return fail_named(e, ERR_INPUT, "E_SCHEMA", "%s: \"" STR_FMT "\" is not one of %s", v.path,
                      STR_ARG(s), list.at);
}

static enum err_code optional_str(struct json j, const char *key, struct str *out, struct err *e)
{
    struct json v = json_get(j, key);
    return json_kind(v) == JSON_NONE ? OK : json_str(v, out, e);
}

/* A text that must name something. */
static enum err_code need_name(struct json j, const char *key, struct str *out, struct err *e)
{
    enum err_code code = json_need_str(j, key, out, e);
    if (code == OK && out->n == 0) {
        return wrong(e, json_get(j, key), "is empty; it must name something");
    }
    return code;
}

static enum err_code read_strings(struct json list, struct str *out, size_t max, size_t *n,
                                  struct err *e)
{
    if (json_kind(list) != JSON_ARRAY) {
        return wrong(e, list, "must be a list of texts");
    }
    if (json_len(list) > max) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA", "%s: has %zu entries, at most %zu are allowed",
                          list.path, json_len(list), max);
    }
    for (size_t i = 0; i < json_len(list); i++) {
        enum err_code code = json_str(json_at(list, i), &out[i], e);
        if (code != OK) {
            return code;
        }
    }
    *n = json_len(list);
    return OK;
}

static int name_index(struct mapping *m, struct str name)
{
    for (size_t i = 0; i < m->n_names; i++) {
        if (str_eq(m->names[i], name)) {
            return (int)i;
        }
    }
    m->names[m->n_names] = name;
    return (int)m->n_names++;
}

/* A number in the file's own unit, as JSON text, to 10^-4 kWh. */
static enum err_code need_amount(struct json v, const struct map_value *mv, int64_t *out,
                                 struct err *e)
{
    struct str s;
    struct number n;
    enum err_code code = json_str(v, &s, e);
    if (code != OK) {
        return code;
    }
    if (number_parse(s, '.', &n) != E_NONE || n.digits < 0 ||
        conversion_apply(&mv->to_e4, n, true, out) != E_NONE) {
        return wrong(e, v, "must be a decimal text, not negative, in the unit of the column");
    }
    return OK;
}

static enum err_code read_idle(struct mapping *m, struct json j, struct map_value *v, struct err *e)
{
    static const char *const keys[] = { "column", "is", "at_most", "to", "note", NULL };
    struct json at_most = json_get(j, "at_most");
    struct str is;
    enum err_code code = json_only(j, keys, e);
    if (code != OK || (code = need_name(j, "column", &v->idle_column, e)) != OK ||
        (code = need_name(j, "to", &v->idle_to, e)) != OK ||
        (code = json_need_str(j, "is", &is, e)) != OK) {
        return code;
    }
    if (number_parse(is, '.', &v->idle_is) != E_NONE) {
        return wrong(e, json_get(j, "is"), "must be a decimal text");
    }
    if (json_kind(at_most) == JSON_NONE) {
        return wrong(e, j, "\"at_most\" is missing: up to which value is it consumption");
    }
    code = need_amount(at_most, v, &v->idle_at_most_e4, e);
    v->idle = code == OK;
    if (m->layout == LAYOUT_COLUMNS) {
        v->idle_index = name_index(m, v->idle_to);
    }
    return code;
}

static enum err_code read_negative(struct mapping *m, struct json j, struct map_value *v,
                                   struct err *e)
{
    static const char *const keys[] = { "to", "note", NULL };
    static const char *const words[] = { "refuse", "absolute", NULL };
    struct json n = json_get(j, "negative");
    if (json_kind(n) != JSON_OBJECT) {
        int word;
        enum err_code code = need_word(j, "negative", words, 0, &word, e);
        v->negative = code == OK ? (enum negative)word : NEGATIVE_REFUSE;
        return code;
    }
    enum err_code code = json_only(n, keys, e);
    if (code != OK || (code = need_name(n, "to", &v->negative_to, e)) != OK) {
        return code;
    }
    v->negative = NEGATIVE_TO;
    if (m->layout == LAYOUT_COLUMNS) {
        v->negative_index = name_index(m, v->negative_to);
    }
    return OK;
}

/* "3/500" or "0.006": energies are multiplied by it, for a roof made from a large station. */
static enum err_code read_scale(struct json j, int64_t *num, int64_t *den, struct err *e)
{
    struct json v = json_get(j, "scale");
    *num = *den = 1;
    if (json_kind(v) == JSON_NONE) {
        return OK;
    }
    struct str rest, part;
    enum err_code code = json_str(v, &rest, e);
    if (code != OK) {
        return code;
    }
    struct number n[2] = { { 0, 0 }, { 1, 0 } };
    int i = 0;
    while (i < 2 && str_split(&rest, '/', &part)) {
        if (number_parse(part, '.', &n[i]) != E_NONE) {
            i = 0;
            break;
        }
        i++;
    }
    if (i == 0 || rest.n != 0 || n[0].decimals > 6 || n[1].decimals > 6) {
        return wrong(e, v, "must be like \"0.006\" or \"3/500\"");
    }
    *num = n[0].digits * DECIMAL_POW10[n[1].decimals];
    *den = n[1].digits * DECIMAL_POW10[n[0].decimals];
    if (*num <= 0 || *den <= 0 || *num > SCALE_PART_MAX || *den > SCALE_PART_MAX) {
        return wrong(e, v, "both parts must be between 1 and 1000000");
    }
    return OK;
}

static enum err_code read_unit(struct mapping *m, struct json j, struct map_value *v, struct err *e)
{
    struct str unit, own = { NULL, 0 };
    int64_t num, den;
    enum err_code code = optional_str(j, "own_unit", &own, e);
    if (code == OK && own.at) {
        if (json_kind(json_get(j, "unit")) != JSON_NONE) {
            return wrong(e, json_get(j, "unit"), "stands beside own_unit; one of them is enough");
        }
        if (own.n == 0) {
            return wrong(e, json_get(j, "own_unit"), "must name the unit, such as \"GJ\"");
        }
        if ((code = read_scale(j, &num, &den, e)) == OK) {
            conversion_init(&v->to_e4, 10000 * num, den);
            v->rank = RANK_GRID_FILE;
        }
        return code;
    }
    if (code != OK || (code = json_need_str(j, "unit", &unit, e)) != OK ||
        (code = read_scale(j, &num, &den, e)) != OK) {
        return code;
    }
    size_t i = 0, n = sizeof UNITS / sizeof UNITS[0];
    while (i < n && !str_is(unit, UNITS[i].word)) {
        i++;
    }
    if (i == n) {
        return fail_named(e, ERR_INPUT, "E_UNIT",
                          "%s: \"" STR_FMT
                          "\" is not a known unit: kWh, Wh, MWh, GWh, kvarh, varh, "
                          "Mvarh, m3, or as mean power kW, W, MW, kvar, Mvar; another amount "
                          "as \"own_unit\"",
                          json_get(j, "unit").path, STR_ARG(unit));
    }
    bool power = UNITS[i].dim == 'p';
    if (power && v->kind == READING_REG) {
        return fail_named(e, ERR_INPUT, "E_UNIT",
                          "%s: a register counts energy, but " STR_FMT " is a power",
                          json_get(j, "unit").path, STR_ARG(unit));
    }
    if (power) {
        num *= m->interval_minutes;
        den *= 60;
    }
    conversion_init(&v->to_e4, UNITS[i].num * num, den);
    v->rank = power ? RANK_INTEGRATED : RANK_GRID_FILE;
    return OK;
}

static enum err_code read_rank(struct json j, struct map_value *v, struct err *e)
{
    struct str word = { NULL, 0 };
    enum err_code code = optional_str(j, "rank", &word, e);
    if (code != OK || word.at == NULL) {
        return code;
    }
    for (size_t i = 0; i < sizeof RANKS / sizeof RANKS[0]; i++) {
        if (str_is(word, RANKS[i].word)) {
            v->rank = RANKS[i].rank;
            return OK;
        }
    }
    return fail_named(e, ERR_INPUT, "E_SCHEMA",
                      "%s: \"" STR_FMT "\" is not one of \"grid_file\", \"frozen\", \"live\", "
                      "\"device\", \"integrated\", \"estimate\" (manual values go through "
                      "`reading edit`)",
                      json_get(j, "rank").path, STR_ARG(word));
}

static enum err_code read_value(struct mapping *m, struct json j, struct map_value *v,
                                struct err *e)
{
    static const char *const keys[] = { "column", "point", "kind", "unit", "own_unit",
                                        "scale",  "round", "sign", "rank", "negative",
                                        "idle",   "max",   "note", NULL };
    static const char *const kinds[] = { "interval", "register", NULL };
    static const char *const rounds[] = { "refuse", "half_away", NULL };
    static const char *const signs[] = { "plus", "minus", NULL };
    int kind, round, sign;
    enum err_code code = json_only(j, keys, e);
    v->path = j.path;
    if (code == OK && m->layout != LAYOUT_WIDE) {
        code = need_name(j, "column", &v->column, e);
    }
    if (code == OK && m->layout == LAYOUT_COLUMNS) {
        code = need_name(j, "point", &v->point, e);
    } else if (code == OK && json_kind(json_get(j, "point")) != JSON_NONE) {
        return wrong(e, json_get(j, "point"), "in this layout the point is named by point_columns");
    }
    if (code != OK || (code = need_word(j, "kind", kinds, 0, &kind, e)) != OK ||
        (code = need_word(j, "round", rounds, 0, &round, e)) != OK ||
        (code = need_word(j, "sign", signs, 0, &sign, e)) != OK) {
        return code;
    }
    v->kind = kind == 0 ? READING_INT : READING_REG;
    v->round = round == 1;
    v->minus = sign == 1;
    v->max_e4 = ENERGY_MAX_E4;
    if (m->layout == LAYOUT_COLUMNS) {
        v->point_index = name_index(m, v->point);
    }
    if ((code = read_unit(m, j, v, e)) != OK || (code = read_rank(j, v, e)) != OK ||
        (code = read_negative(m, j, v, e)) != OK) {
        return code;
    }
    struct json max = json_get(j, "max"), idle = json_get(j, "idle");
    if (v->kind == READING_REG &&
        (m->split || v->negative != NEGATIVE_REFUSE || json_kind(idle) != JSON_NONE)) {
        return wrong(e, j,
                     "a register is one growing number: it takes no \"split\", \"negative\" "
                     "or \"idle\"");
    }
    if (json_kind(max) != JSON_NONE && (code = need_amount(max, v, &v->max_e4, e)) != OK) {
        return code;
    }
    return json_kind(idle) == JSON_NONE ? OK : read_idle(m, idle, v, e);
}

static enum err_code read_period(struct mapping *m, struct json j, struct err *e)
{
    static const char *const keys[] = { "column", "first", "minutes", NULL };
    int64_t first, minutes;
    enum err_code code = json_only(j, keys, e);
    if (code != OK || (code = need_name(j, "column", &m->period_column, e)) != OK ||
        (code = json_need_int(j, "first", &first, e)) != OK ||
        (code = json_need_int(j, "minutes", &minutes, e)) != OK) {
        return code;
    }
    if (first < 0 || first > 1 || minutes != m->interval_minutes) {
        return wrong(e, j, "\"first\" must be 0 or 1 and \"minutes\" equal to interval_minutes");
    }
    m->period_first = (int32_t)first;
    m->period_minutes = (int32_t)minutes;
    return OK;
}

static enum err_code read_interval(struct mapping *m, struct json j, struct err *e)
{
    static const char *const splits[] = { "no", "equal", NULL };
    struct json v = json_get(j, "interval_minutes");
    int64_t minutes = INTERVAL_DEFAULT_MINUTES;
    int split;
    enum err_code code = json_kind(v) == JSON_NONE ? OK : json_int(v, &minutes, e);
    if (code != OK || (code = need_word(j, "split", splits, 0, &split, e)) != OK) {
        return code;
    }
    if (minutes < 15 || minutes > 1440 || minutes % 15 != 0 || 1440 % minutes != 0) {
        return wrong(e, v, "must be 15, 30, 45, 60, ... minutes and divide a day");
    }
    if (minutes > 15 && split == 0) {
        return wrong(e, v,
                     "is longer than a quarter of an hour: say \"split\": \"equal\" to spread "
                     "each value evenly and have it marked as estimated");
    }
    m->interval_minutes = (int32_t)minutes;
    m->split = minutes > 15;
    return OK;
}

static enum err_code read_time(struct mapping *m, struct json j, struct err *e)
{
    static const char *const keys[] = { "column", "format",           "zone",
                                        "label",  "interval_minutes", "split",
                                        "period", "shift_days",       "note",
                                        NULL };
    static const char *const labels[] = { "start", "end", NULL };
    struct str format, zone;
    int label;
    enum err_code code = json_only(j, keys, e);
    if (code != OK || (code = need_name(j, "column", &m->time_column, e)) != OK ||
        (code = json_need_str(j, "format", &format, e)) != OK ||
        (code = json_need_str(j, "zone", &zone, e)) != OK ||
        (code = need_word(j, "label", labels, -1, &label, e)) != OK ||
        (code = read_interval(m, j, e)) != OK) {
        return code;
    }
    m->label_end = label == 1;
    if (stamp_compile(format, &m->format, e) != OK) {
        e->name = "E_SCHEMA";
        return fail_in(e, "%s: ", json_get(j, "format").path);
    }
    if (zone_parse(zone, &m->zone, e) != OK) {
        e->name = "E_TIME";
        return fail_in(e, "%s: ", json_get(j, "zone").path);
    }
    struct json shift = json_get(j, "shift_days"), period = json_get(j, "period");
    int64_t days = 0;
    if (json_kind(shift) != JSON_NONE && (code = json_int(shift, &days, e)) != OK) {
        return code;
    }
    if (days > SHIFT_DAYS_MAX || days < -SHIFT_DAYS_MAX) {
        return wrong(e, shift, "must be within ten years (3653 days) either way");
    }
    m->shift_days = (int32_t)days;
    if (json_kind(period) != JSON_NONE && (code = read_period(m, period, e)) != OK) {
        return code;
    }
    bool day_only = m->layout == LAYOUT_WIDE || m->period_column.n != 0;
    if (day_only == m->format.has_time) {
        return wrong(e, json_get(j, "format"),
                     day_only ? "must be a day alone: the slot comes from elsewhere"
                              : "must have a time of day (hh, mm), or say \"period\"");
    }
    if (m->zone.kind == ZONE_LONDON && !day_only) {
        return wrong(e, json_get(j, "zone"), "has an hour that comes twice: only with \"period\"");
    }
    return OK;
}

static enum err_code read_shape(struct mapping *m, struct json j, struct err *e)
{
    static const char *const layouts[] = { "columns", "long", "wide", NULL };
    static const char *const orders[] = { "rising", "any", NULL };
    struct str delimiter = STR(","), mark = STR(".");
    int layout, order;
    enum err_code code = need_word(j, "layout", layouts, -1, &layout, e);
    if (code != OK || (code = need_word(j, "order", orders, 0, &order, e)) != OK ||
        (code = optional_str(j, "delimiter", &delimiter, e)) != OK ||
        (code = optional_str(j, "decimal", &mark, e)) != OK) {
        return code;
    }
    m->layout = (enum layout)layout;
    m->rising = order == 0;
    if (delimiter.n != 1 || strchr(",;|\t", delimiter.at[0]) == NULL) {
        return wrong(e, json_get(j, "delimiter"), "must be one of \",\" \";\" \"|\" or a tab");
    }
    if (mark.n != 1 || strchr(".,", mark.at[0]) == NULL || mark.at[0] == delimiter.at[0]) {
        return wrong(e, json_get(j, "decimal"), "must be \".\" or \",\" and not the delimiter");
    }
    m->delimiter = delimiter.at[0];
    m->decimal_mark = mark.at[0];
    return OK;
}

static enum err_code read_lists(struct mapping *m, struct json j, struct err *e)
{
    struct json ignore = json_get(j, "ignore"), missing = json_get(j, "missing");
    struct json keys = json_get(j, "point_columns");
    enum err_code code = OK;
    m->missing[0] = STR("");
    m->n_missing = 1;
    if (json_kind(ignore) != JSON_NONE) {
        m->ignore = arena_many(j.arena, json_len(ignore) + 1, struct str);
        code = read_strings(ignore, m->ignore, INGEST_COLUMNS_MAX, &m->n_ignore, e);
        if (code == OK && m->n_ignore == 1 && str_is(m->ignore[0], "*")) {
            m->ignore_rest = true;
        }
    }
    if (code == OK && json_kind(missing) != JSON_NONE) {
        code = read_strings(missing, m->missing, MAPPING_MARKERS_MAX, &m->n_missing, e);
    }
    if (code != OK || m->layout == LAYOUT_COLUMNS) {
        return code != OK || json_kind(keys) == JSON_NONE
                   ? code
                   : wrong(e, keys, "layout \"columns\" has its points in \"values\"");
    }
    code = read_strings(keys, m->key, MAPPING_KEYS_MAX, &m->n_keys, e);
    if (code == OK && m->n_keys == 0) {
        return wrong(e, keys, "must name the column of the meter or point");
    }
    return code;
}

static enum err_code read_slots(struct mapping *m, struct json j, struct err *e)
{
    static const char *const keys[] = { "names", "prefix", NULL };
    static const char *const names[] = { "hh:mm", "number", NULL };
    struct json slots = json_get(j, "slots");
    int word;
    if (m->layout != LAYOUT_WIDE) {
        return json_kind(slots) == JSON_NONE
                   ? OK
                   : wrong(e, slots, "only layout \"wide\" has slots as columns");
    }
    if (json_kind(slots) != JSON_OBJECT) {
        return wrong(e, j, "layout \"wide\" needs \"slots\": {\"names\": \"hh:mm\" or \"number\"}");
    }
    enum err_code code = json_only(slots, keys, e);
    if (code != OK || (code = need_word(slots, "names", names, -1, &word, e)) != OK) {
        return code;
    }
    m->slots_by_number = word == 1;
    return optional_str(slots, "prefix", &m->slots_prefix, e);
}

static enum err_code read_values(struct mapping *m, struct json j, struct err *e)
{
    struct json values = json_get(j, "values");
    size_t n = json_len(values), max = m->layout == LAYOUT_COLUMNS ? MAPPING_VALUES_MAX : 1;
    if (json_kind(values) != JSON_ARRAY || n == 0 || n > max) {
        return fail_named(e, ERR_INPUT, "E_SCHEMA",
                          "%s: \"values\" must be a list of 1 to %zu columns of values", j.path,
                          max);
    }
    m->values = arena_many(j.arena, n, struct map_value);
    m->names = arena_many(j.arena, 3 * n, struct str);
    m->n_values = n;
    for (size_t i = 0; i < n; i++) {
        enum err_code code = read_value(m, json_at(values, i), &m->values[i], e);
        if (code != OK) {
            return code;
        }
        for (size_t k = 0; k < i; k++) {
            if (str_eq(m->values[k].column, m->values[i].column)) {
                return wrong(e, json_at(values, i), "names the same column as an earlier one");
            }
            if (m->values[k].point_index == m->values[i].point_index) {
                return wrong(e, json_at(values, i), "names the same point as an earlier one");
            }
        }
    }
    return OK;
}

static enum err_code mapping_read(struct json j, const char *name, struct mapping **out,
                                  struct err *e)
{
    static const char *const keys[] = { "schema",  "title", "note",   "layout",  "delimiter",
                                        "decimal", "order", "ignore", "missing", "point_columns",
                                        "time",    "slots", "values", NULL };
    static const char *const schemas[] = { "sunkeeper.mapping/1", NULL };
    struct mapping *m = arena_make(j.arena, struct mapping);
    struct json time = json_get(j, "time");
    int schema;
    m->file = arena_printf(j.arena, "%s", name);
    if (json_kind(j) != JSON_OBJECT) {
        return wrong(e, j, "a mapping is a JSON object");
    }
    enum err_code code = need_word(j, "schema", schemas, -1, &schema, e);
    if (code != OK || (code = json_only(j, keys, e)) != OK || (code = read_shape(m, j, e)) != OK ||
        (code = read_lists(m, j, e)) != OK) {
        return code;
    }
    if (json_kind(time) != JSON_OBJECT) {
        return wrong(e, j, "\"time\" is missing: an object with column, format, zone and label");
    }
    if ((code = read_time(m, time, e)) != OK || (code = read_slots(m, j, e)) != OK ||
        (code = read_values(m, j, e)) != OK) {
        return code;
    }
    *out = m;
    return OK;
}

enum err_code mapping_parse(struct arena *a, struct str bytes, const char *name,
                            struct mapping **out, struct err *e)
{
    struct json j;
    enum err_code code = json_parse(a, bytes, name, &j, e);
    return code != OK ? code : mapping_read(j, name, out, e);
}

enum err_code mapping_load(struct arena *a, const char *file, struct mapping **out, struct err *e)
{
    struct json j;
    enum err_code code = json_load(a, file, &j, e);
    return code != OK ? code : mapping_read(j, file, out, e);
}

size_t mapping_point_names(const struct mapping *m, const struct str **names)
{
    *names = m->names;
    return m->n_names;
}

struct str mapping_slot_name(const struct mapping *m, struct arena *a, int i)
{
    struct text t;
    int at = m->interval_minutes * (i + m->label_end);
    text_init(&t, a, 128);
    text_add(&t, m->slots_prefix);
    if (m->slots_by_number) {
        text_addf(&t, "%d", i + 1);
    } else {
        text_addf(&t, "%02d:%02d", at / 60, at % 60);
    }
    return text_str(&t);
}
