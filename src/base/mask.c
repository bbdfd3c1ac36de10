/* mask.c - the table of mask.h. */
#include "base/mask.h"
#include "base/check.h"

#define DISTRICT_STARS "***"

/* Bytes of the character that begins at `at`; 1 for what is no UTF-8. */
static size_t step(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.at[at];
    size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
    return n <= s.n - at ? n : s.n - at;
}

static size_t characters(struct str s)
{
    size_t n = 0;
    for (size_t at = 0; at < s.n; at += step(s, at)) {
        n++;
    }
    return n;
}

/* `head` characters and `tail` characters stand, the others are stars; a value that would show
 * all of itself is stars whole. */
static struct str ends(struct arena *a, struct str s, size_t head, size_t tail)
{
    struct text t;
    size_t n = characters(s), i = 0;
    bool shown = n > head + tail;
    text_init(&t, a, s.n + 1);
    for (size_t at = 0; at < s.n; at += step(s, at), i++) {
        if (shown && (i < head || i >= n - tail)) {
            text_add(&t, (struct str){ s.at + at, step(s, at) });
        } else {
            text_byte(&t, '*');
        }
    }
    return text_str(&t);
}

static struct str person(struct arena *a, struct str s)
{
    static const char *const two[] = { "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟",
                                       "公孙", "慕容", "长孙", "宇文", "司徒", "夏侯", "令狐",
                                       "轩辕", "端木", "独孤", "南宫", "西门", "百里" };
    for (size_t i = 0; i < sizeof(two) / sizeof(*two); i++) {
        if (str_starts(s, two[i]) && characters(s) > 2) {
            return ends(a, s, 2, 0);
        }
    }
    return ends(a, s, 1, 0);
}

/* The area code is what stands before a dash, else three digits for 010 and 02x, else four. */
static struct str phone(struct arena *a, struct str s)
{
    const char *dash = memchr(s.at, '-', s.n);
    size_t head = dash ? (size_t)(dash - s.at) + 1 : 0;
    if (!dash && s.n > 2 && s.at[0] == '0') {
        head = s.at[1] == '1' || s.at[1] == '2' ? 3 : 4;
    }
    return ends(a, s, head, 2);
}

static struct str email(struct arena *a, struct str s)
{
    const char *at = memchr(s.at, '@', s.n);
    if (!at || at == s.at) {
        return ends(a, s, 0, 0);
    }
    struct text t;
    text_init(&t, a, s.n + sizeof(DISTRICT_STARS));
    text_add(&t, (struct str){ s.at, step(s, 0) });
    text_add_c(&t, DISTRICT_STARS);
    text_add(&t, (struct str){ at, s.n - (size_t)(at - s.at) });
    return text_str(&t);
}

static bool ends_with(struct str s, size_t n, const char *word)
{
    size_t m = strlen(word);
    return n >= m && memcmp(s.at + n - m, word, m) == 0;
}

/* Bytes up to the end of the first district; of the last city where there is none. */
static size_t district(struct str s)
{
    static const char *const no[] = { "自治区", "小区", "园区", "社区", "库区", "厂区" };
    size_t city = 0;
    for (size_t at = 0; at < s.n;) {
        at += step(s, at);
        bool named = ends_with(s, at, "区") || ends_with(s, at, "县") || ends_with(s, at, "旗");
        for (size_t i = 0; named && i < sizeof(no) / sizeof(*no); i++) {
            named = !ends_with(s, at, no[i]);
        }
        if (named) {
            return at;
        }
        city = ends_with(s, at, "市") ? at : city;
    }
    return city;
}

static struct str address(struct arena *a, struct str s)
{
    size_t n = district(s);
    if (n == 0) {
        return ends(a, s, 0, 0);
    }
    struct text t;
    text_init(&t, a, s.n + sizeof(DISTRICT_STARS));
    text_add(&t, (struct str){ s.at, n });
    text_add_c(&t, n < s.n ? DISTRICT_STARS : "");
    return text_str(&t);
}

struct str mask(struct arena *a, enum mask_kind kind, struct str value)
{
    size_t n = characters(value);
    switch (kind) {
    case MASK_PERSON:
        return person(a, value);
    case MASK_COMPANY:
    case MASK_USCC:
        return ends(a, value, 4, 4);
    case MASK_MOBILE:
        return ends(a, value, 3, 4);
    case MASK_PHONE:
        return phone(a, value);
    case MASK_ACCOUNT:
        return ends(a, value, n >= 14 ? 6 : 0, 4);
    case MASK_IDENTITY_CARD:
        return ends(a, value, 1, 1);
    case MASK_EMAIL:
        return email(a, value);
    case MASK_ADDRESS:
        return address(a, value);
    }
    check_that(false, "mask of kind %d", (int)kind);
    return STR("");
}
