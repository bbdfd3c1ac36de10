/* banned.h - functions nobody should use, made into compile errors; forced into every file.
 *
 * Each has a bounded or explicit replacement: struct text for building strings, decimal_parse for
 * numbers, base/time.h for civil time.
 */
#ifndef SK_BASE_BANNED_H
#define SK_BASE_BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#pragma GCC poison strcpy strcat strncpy strncat stpcpy sprintf vsprintf gets strtok
#pragma GCC poison localtime localtime_r gmtime mktime ctime asctime
#pragma GCC poison atoi atol atoll atof strtod strtof strtold
#endif
