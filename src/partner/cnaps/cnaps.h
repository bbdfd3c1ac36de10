/* cnaps.h - the clearing line's bytes (二代支付小额系统): header, signature block, XML.
 *
 * A message is a header of 132 ASCII bytes, perhaps a signature block, and an XML document. This is
 * the codec: no store, no sequence, no transport. What is not public about the line is a setting
 * here, never a guess in code; messages whose structure is not public are refused by name.
 *
 * Laws
 *  1. cnaps_header_print(cnaps_header_parse(x)) = x for every header taken; every other is refused
 *     with its own name.
 *  2. One table (cnaps/table.c) describes every message; reader, writer and signer follow it.
 *  3. A signature is over chosen elements, never over XML bytes: writing a message again in another
 *     layout does not change it. Amounts are signed as they are written.
 *  4. The SM2 user id is always set; an empty one is refused.
 *  5. A signed value holds no '|', so that the signed text has one reading only.
 *  6. Header type, namespace of the document and struct agree, or nothing is read.
 *
 * Errors: ERR_INPUT with a stable name: CNAPS_* (header, type, totals), SIGN_* (signature), XML_*.
 */
#ifndef SK_PARTNER_CNAPS_CNAPS_H
#define SK_PARTNER_CNAPS_CNAPS_H
#include "partner/cnaps/messages.h"

#define CNAPS_HEADER_BYTES 132

struct cnaps_header { /* texts end in NUL, without their padding */
    char sender[15], sender_system[5], receiver[15], receiver_system[5];
    struct day day;
    int32_t hhmmss;
    char type[21];      /* "beps.380.001.01" */
    char id[21];        /* communication id: unique per sender and day, the same for a resend */
    char reference[21]; /* a reply: the id it answers; else empty */
    char priority;      /* '1' urgent, '2' high, '3' normal */
    char direction;     /* 'U' from a participant, 'D' from the centre */
    char reserved[10];  /* 9 bytes as they came; empty: blanks */
};

/* CNAPS_HEADER_LENGTH, _BYTE (not printable), _BEGIN, _END, _VERSION, _STRUCTURE, _SENDER,
 * _RECEIVER, _SYSTEM, _DATE, _TIME, _TYPE, _ID, _REFERENCE, _PRIORITY, _DIRECTION. */
SK_MUST_USE enum err_code cnaps_header_parse(struct str bytes, struct cnaps_header *out,
                                             struct err *e);
/* Refuses what parse would refuse. */
SK_MUST_USE enum err_code cnaps_header_print(const struct cnaps_header *h,
                                             char out[CNAPS_HEADER_BYTES], struct err *e);

/* Is this type spoken here? CNAPS_TYPE_PRIVATE: the line has it, its structure is not public.
 * CNAPS_TYPE_UNKNOWN: no such type. `*signed_out` (may be NULL): must it carry a signature? */
SK_MUST_USE enum err_code cnaps_type_check(struct str type, bool *signed_out, struct err *e);
/* The types spoken here, in order; NULL past the last. */
const char *cnaps_type_at(size_t i);
size_t cnaps_type_size(const char *type); /* bytes of its struct */

/* `type` as in the header; `*out` points to the struct of that name (beps.380.001.01: struct
 * beps_380), texts in the arena. CNAPS_TYPE_MISMATCH: the document has another namespace. */
SK_MUST_USE enum err_code cnaps_read(struct arena *a, const char *type, struct str xml, void **out,
                                     struct err *e);
SK_MUST_USE enum err_code cnaps_write(struct arena *a, const char *type, const void *message,
                                      struct str *out, struct err *e);
/* The sums a message states about itself: 380 and 382 (count and total of the items); others have
 * none. CNAPS_COUNT, CNAPS_TOTAL, WIRE_SUM. */
SK_MUST_USE enum err_code cnaps_totals_check(const char *type, const void *message, struct err *e);

enum cnaps_container { CNAPS_RAW_DER, CNAPS_RAW_RS64, CNAPS_PKCS7 };

struct cnaps_signing {
    enum cnaps_container container; /* PKCS7 is refused: SIGN_CONTAINER */
    bool absent_empty;              /* an absent element gives "|" instead of nothing */
    bool remark;                    /* Rmk is signed too */
    struct str user_id;             /* 1234567812345678 unless the line says otherwise */
};
struct cnaps_signing cnaps_signing_usual(void);

/* What is signed: each chosen element followed by '|'. SIGN_SEPARATOR. */
SK_MUST_USE enum err_code cnaps_sign_text(struct arena *a, const char *type, const void *message,
                                          const struct cnaps_signing *s, struct str *out,
                                          struct err *e);

struct cnaps_key; /* opaque: an SM2 key, with or without its secret half */
/* PEM or DER: SubjectPublicKeyInfo, or an unencrypted private key. SIGN_KEY if it is not SM2. */
SK_MUST_USE enum err_code cnaps_key_public(struct str bytes, struct cnaps_key **out,
                                           struct err *e);
SK_MUST_USE enum err_code cnaps_key_private(struct str bytes, struct cnaps_key **out,
                                            struct err *e);
void cnaps_key_free(struct cnaps_key *k); /* wipes; NULL is allowed */

/* Whose key is believed, and in which days [from, until). SIGN_KEY_UNKNOWN, SIGN_KEY_EXPIRED. */
struct cnaps_trust {
    struct str sender; /* participant number of the header */
    const struct cnaps_key *key;
    struct day from, until;
};
SK_MUST_USE enum err_code cnaps_trust_find(const struct cnaps_trust *list, size_t n,
                                           const char *sender, struct day on,
                                           const struct cnaps_key **out, struct err *e);

/* Base64 of the container, wrapped at 76 with CR LF. */
SK_MUST_USE enum err_code cnaps_sign(struct arena *a, const struct cnaps_key *k,
                                     const struct cnaps_signing *s, struct str text,
                                     struct str *base64, struct err *e);
/* White space in the base64 is ignored. SIGN_FORM: no signature of this container; SIGN_WRONG: not
 * of this text, key and user id. */
SK_MUST_USE enum err_code cnaps_verify(const struct cnaps_key *k, const struct cnaps_signing *s,
                                       struct str text, struct str base64, struct err *e);

/* header, {S:...} when `base64` is not empty, XML: the bytes that travel. */
SK_MUST_USE enum err_code cnaps_envelope(struct arena *a, const struct cnaps_header *h,
                                         struct str base64, struct str xml, struct str *out,
                                         struct err *e);
/* Takes the bytes apart; base64 and xml point into them. SIGN_MISSING: a type that must be signed
 * has no block; SIGN_FORM: the block does not end. */
SK_MUST_USE enum err_code cnaps_open(struct str bytes, struct cnaps_header *h, struct str *base64,
                                     struct str *xml, struct err *e);
/* The whole way in: open, type, XML, sign text, key, signature; all hold, or nothing is given. */
SK_MUST_USE enum err_code cnaps_receive(struct arena *a, struct str bytes,
                                        const struct cnaps_trust *trust, size_t n_trust,
                                        const struct cnaps_signing *s, struct cnaps_header *h,
                                        void **message, struct err *e);
/* And out: totals, XML, sign text, signature, envelope. */
SK_MUST_USE enum err_code cnaps_send(struct arena *a, const struct cnaps_header *h,
                                     const void *message, const struct cnaps_key *k,
                                     const struct cnaps_signing *s, struct str *out,
                                     struct err *e);
#endif
