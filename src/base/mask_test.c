/* mask_test.c - the examples of the rule's table, and values shorter than their rule. */
#include "base/mask.h"
#include "base/test.h"

static void test_table(void **state)
{
    (void)state;
    static const struct {
        enum mask_kind kind;
        const char *value, *shown;
    } rows[] = {
        { MASK_PERSON, "张三", "张*" },
        { MASK_PERSON, "欧阳小明", "欧阳**" },
        { MASK_PERSON, "欧阳", "欧*" },
        { MASK_PERSON, "张", "*" },
        { MASK_COMPANY, "杭州晴川新能源有限公司", "杭州晴川***有限公司" },
        { MASK_MOBILE, "13800138000", "138****8000" },
        { MASK_MOBILE, "1380013", "*******" },
        { MASK_PHONE, "0571-88889912", "0571-******12" },
        { MASK_PHONE, "01088889912", "010******12" },
        { MASK_PHONE, "12", "**" },
        { MASK_ACCOUNT, "6200000000000000001", "620000*********0001" },
        { MASK_ACCOUNT, "12345678901234", "123456****1234" },
        { MASK_ACCOUNT, "1234567890123", "*********0123" },
        { MASK_ACCOUNT, "0001", "****" },
        { MASK_IDENTITY_CARD, "33010619900101123X", "3****************X" },
        { MASK_IDENTITY_CARD, "3X", "**" },
        { MASK_USCC, "91330100MA2B00001F", "9133**********001F" },
        { MASK_EMAIL, "anna@example.com", "a***@example.com" },
        { MASK_EMAIL, "nothing", "*******" },
        { MASK_ADDRESS, "浙江省杭州市萧山区市心路1号", "浙江省杭州市萧山区***" },
        { MASK_ADDRESS, "广西壮族自治区南宁市青秀区民族大道9号", "广西壮族自治区南宁市青秀区***" },
        { MASK_ADDRESS, "杭州市阳光小区3幢", "杭州市***" },
        { MASK_ADDRESS, "3幢", "**" },
        { MASK_ACCOUNT, "", "" },
    };
    struct arena *a = arena_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct str got = mask(a, rows[i].kind, str_of(rows[i].value));
        if (!str_is(got, rows[i].shown)) {
            fail_msg("%s: got " STR_FMT ", not %s", rows[i].value, STR_ARG(got), rows[i].shown);
        }
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_table) };
    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
