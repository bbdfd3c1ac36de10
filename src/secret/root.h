/* root.h - the root key's file. Private. */
#ifndef SK_SECRET_ROOT_H
#define SK_SECRET_ROOT_H
#include "secret/secret.h"

#define ROOT_BYTES 32
/* `*found` false and OK when there is no such file. */
SK_MUST_USE enum err_code root_read(const char *file, uint8_t root[ROOT_BYTES], bool *found,
                                    struct err *e);
/* A new one, on disk with its folder before it returns; ERR_CONFLICT when the file exists. */
SK_MUST_USE enum err_code root_make(const char *file, uint8_t root[ROOT_BYTES], struct err *e);
/* `bytes` into a new file of that mode, synced with its folder; ERR_CONFLICT when it exists. */
SK_MUST_USE enum err_code file_write_new(const char *file, unsigned int mode, struct str bytes,
                                         struct err *e);
#endif
