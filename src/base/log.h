/* log.h - one line per event on standard error: key=value, what happened, in the past tense.
 *
 * log_event("settle", "run finished", "period=%s orders=%d", ...) Never a secret, never an account
 * number in full.
 */
#ifndef SK_BASE_LOG_H
#define SK_BASE_LOG_H
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
void log_set(enum log_level level);
__attribute__((format(printf, 4, 5))) void log_event(enum log_level level, const char *room,
                                                     const char *what, const char *fmt, ...);
#endif
