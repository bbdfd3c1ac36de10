/* test.h - what every unit test includes, in the order cmocka needs. */
#ifndef SK_BASE_TEST_H
#define SK_BASE_TEST_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#define assert_ok(call, e)                                                                         \
    do {                                                                                           \
        if ((call) != OK) {                                                                        \
            fail_msg("%s", (e)->text);                                                             \
        }                                                                                          \
    } while (0)
#endif
