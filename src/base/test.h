/* test.h - what every unit test includes, in the order cmocka needs. */
#ifndef SK_BASE_TEST_H
#define SK_BASE_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* fail() is err.h's function here, so cmocka's macro of that name goes. */
#undef fail
#undef fail_msg
#define fail_msg(...)                                                                              \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)
#define assert_ok(call, e)                                                                         \
    do {                                                                                           \
        if ((call) != OK) {                                                                        \
            fail_msg("%s", (e)->text);                                                             \
        }                                                                                          \
    } while (0)
#endif
