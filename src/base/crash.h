/* crash.h - named places where a test may kill the process (reliability.md K5).
 *
 * In production a crash point is one load and a branch. With SK_CRASH=name:n in the environment the
 * n-th pass of that point ends the process as kill -9 would; SK_CRASH_LIST=file appends the names
 * passed, so that a test can visit each.
 */
#ifndef SK_BASE_CRASH_H
#define SK_BASE_CRASH_H
void crash_point(const char *name);
#endif
