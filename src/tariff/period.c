/* period.c - the five period names, their titles, and the key of an instant in a resolved span. */
#include "tariff/tariff.h"

static const struct {
    const char *word, *title;
} PERIODS[TOU_PERIODS] = {
    [TOU_SHARP] = {"sharp", "尖峰"},
    [TOU_PEAK] = {"peak", "高峰"},
    [TOU_FLAT] = {"flat", "平"},
    [TOU_VALLEY] = {"valley", "低谷"},
    [TOU_DEEP_VALLEY] = {"deep_valley", "深谷"},
};

const char *tou_period_word(enum tou_period p)
{
    check_that(p < TOU_PERIODS, "period %d", (int)p);
    return PERIODS[p].word;
}

const char *tou_period_title(enum tou_period p)
{
    check_that(p < TOU_PERIODS, "period %d", (int)p);
    return PERIODS[p].title;
}

bool tou_period_parse(struct str word, enum tou_period *out)
{
    for (int i = 0; i < TOU_PERIODS; i++) {
        if (str_is(word, PERIODS[i].word)) {
            *out = (enum tou_period)i;
            return true;
        }
    }
    return false;
}

uint8_t tariff_span_key(const struct tariff_span *s, struct instant t)
{
    struct slot slot = instant_slot(t);
    int32_t i = day_number(slot.day) - day_number(s->first);
    check_that(i >= 0 && i < s->n_days, "day %d of %d", i, s->n_days);
    return s->maps[s->day_map[i]].key[slot.index];
}
