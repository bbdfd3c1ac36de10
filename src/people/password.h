/* password.h - argon2id behind two questions; private to the room. */
#ifndef SK_PEOPLE_PASSWORD_H
#define SK_PEOPLE_PASSWORD_H
#include "base/base.h"

#define PASSWORD_SALT_BYTES 16

/* Length and plainness, before anything is hashed. */
SK_MUST_USE enum err_code password_allowed(struct str password, struct str login, struct err *e);
/* The PHC string ($argon2id$v=19$m=65536,t=3,p=1$...). */
struct str password_hash(struct arena *a, struct str password,
                         const unsigned char salt[PASSWORD_SALT_BYTES]);
void password_salt(unsigned char salt[PASSWORD_SALT_BYTES]); /* from the kernel */
/* Constant time for equal lengths. An empty hash agrees with nothing, and takes as long. */
bool password_agrees(struct arena *a, struct str hash, struct str password);
/* Whether a hash was made with other parameters than today's. */
bool password_is_old(struct str hash);
#endif
