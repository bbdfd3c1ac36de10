/* check.h - our own mistakes stop the process, always, with the place and the values.
 *
 * check() is for what must hold if the program is right (reliability.md 1: halt rather than go on
 * wrong). What the world can get wrong is an error (err.h), never a check.
 */
#ifndef SK_BASE_CHECK_H
#define SK_BASE_CHECK_H

#define check(cond)                                                                                \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            check_failed(__FILE__, __LINE__, #cond, NULL);                                         \
        }                                                                                          \
    } while (0)

/* The same with values: check_that(n <= max, "n %d, max %d", n, max). */
#define check_that(cond, ...)                                                                      \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            check_failed(__FILE__, __LINE__, #cond, __VA_ARGS__);                                  \
        }                                                                                          \
    } while (0)

__attribute__((noreturn, format(printf, 4, 5))) void check_failed(const char *file, int line,
                                                                  const char *cond,
                                                                  const char *fmt, ...);
#endif
