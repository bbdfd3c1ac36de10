/* header.c - the 132 bytes in front of every message, by offset. */
#include "base/check.h"
#include "partner/cnaps/cnaps.h"

/* Offsets of payments.md's table of the envelope: each field is where the last one ended. */
enum {
    AT_BEGIN = 0,
    AT_VERSION = 3,
    AT_SENDER = 5,
    AT_SENDER_SYSTEM = 19,
    AT_RECEIVER = 23,
    AT_RECEIVER_SYSTEM = 37,
    AT_DATE = 41,
    AT_TIME = 49,
    AT_STRUCTURE = 55,
    AT_TYPE = 58,
    AT_ID = 78,
    AT_REFERENCE = 98,
    AT_PRIORITY = 118,
    AT_DIRECTION = 119,
    AT_RESERVED = 120,
    AT_END = 129,
};

/* A left-justified field without its padding; false: a blank in front or in the middle. */
static bool field(const char *at, size_t n, char *out)
{
    size_t used = n;
    while (used && at[used - 1] == ' ') {
        used--;
    }
    memcpy(out, at, used);
    memset(out + used, 0, n + 1 - used);
    return memchr(out, ' ', used) == NULL;
}

static bool number(const char *at, size_t n, int32_t *out)
{
    int32_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return false;
        }
        v = v * 10 + (at[i] - '0');
    }
    *out = v;
    return true;
}

static bool is_system(const char *s)
{
    return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 4 && s[4] == 0;
}

#define REFUSE(name, ...) fail_named(e, ERR_INPUT, "CNAPS_HEADER_" name, "header: " __VA_ARGS__)

static enum err_code frame_check(struct str b, struct err *e)
{
    if (b.n != CNAPS_HEADER_BYTES) {
        return REFUSE("LENGTH", "%zu bytes, not %d", b.n, CNAPS_HEADER_BYTES);
    }
    for (size_t i = 0; i < AT_END; i++) {
        if (b.at[i] < 0x20 || b.at[i] > 0x7e) {
            return REFUSE("BYTE", "byte %zu is not printable ASCII", i);
        }
    }
    if (memcmp(b.at + AT_BEGIN, "{H:", 3) != 0) {
        return REFUSE("BEGIN", "does not begin with {H:");
    }
    if (memcmp(b.at + AT_END, "}\r\n", 3) != 0) {
        return REFUSE("END", "does not end with } CR LF");
    }
    if (memcmp(b.at + AT_VERSION, "02", 2) != 0) {
        return REFUSE("VERSION", "the version is not 02");
    }
    if (memcmp(b.at + AT_STRUCTURE, "XML", 3) != 0) {
        return REFUSE("STRUCTURE", "the structure is not XML");
    }
    return OK;
}

enum err_code cnaps_header_parse(struct str b, struct cnaps_header *out, struct err *e)
{
    struct cnaps_header h = {.hhmmss = 0};
    if (frame_check(b, e) != OK) {
        return ERR_INPUT;
    }
    if (!field(b.at + AT_SENDER, 14, h.sender) || !h.sender[0]) {
        return REFUSE("SENDER", "the sender is empty, or has a blank before its end");
    }
    if (!field(b.at + AT_RECEIVER, 14, h.receiver) || !h.receiver[0]) {
        return REFUSE("RECEIVER", "the receiver is empty, or has a blank before its end");
    }
    if (!field(b.at + AT_SENDER_SYSTEM, 4, h.sender_system) || !is_system(h.sender_system) ||
        !field(b.at + AT_RECEIVER_SYSTEM, 4, h.receiver_system) ||
        !is_system(h.receiver_system)) {
        return REFUSE("SYSTEM", "a system is four capitals, such as BEPS");
    }
    if (!number(b.at + AT_DATE, 8, &h.day.yyyymmdd) || !day_valid(h.day)) {
        return REFUSE("DATE", "there is no such day");
    }
    if (!number(b.at + AT_TIME, 6, &h.hhmmss) || h.hhmmss > 235959 || h.hhmmss / 100 % 100 > 59 ||
        h.hhmmss % 100 > 59) {
        return REFUSE("TIME", "there is no such time of day");
    }
    if (!field(b.at + AT_TYPE, 20, h.type) || !h.type[0]) {
        return REFUSE("TYPE", "the message type is empty, or has a blank before its end");
    }
    if (!field(b.at + AT_ID, 20, h.id) || !h.id[0]) {
        return REFUSE("ID", "the communication id is empty, or has a blank before its end");
    }
    if (!field(b.at + AT_REFERENCE, 20, h.reference)) {
        return REFUSE("REFERENCE", "the reference has a blank before its end");
    }
    h.priority = b.at[AT_PRIORITY];
    if (h.priority < '1' || h.priority > '3') {
        return REFUSE("PRIORITY", "the priority is not 1, 2 or 3");
    }
    h.direction = b.at[AT_DIRECTION];
    if (h.direction != 'U' && h.direction != 'D') {
        return REFUSE("DIRECTION", "the direction is neither U nor D");
    }
    memcpy(h.reserved, b.at + AT_RESERVED, 9);
    *out = h;
    return OK;
}

static void put(char *at, size_t n, const char *s)
{
    const size_t used = strnlen(s, n);
    memset(at, ' ', n);
    memcpy(at, s, used);
}

static void put_number(char *at, int n, int32_t v)
{
    for (int i = n - 1; i >= 0; i--, v /= 10) {
        at[i] = (char)('0' + v % 10);
    }
}

enum err_code cnaps_header_print(const struct cnaps_header *h, char out[CNAPS_HEADER_BYTES],
                                 struct err *e)
{
    char b[CNAPS_HEADER_BYTES];
    struct cnaps_header again;
    if (h->day.yyyymmdd < 0 || h->hhmmss < 0) {
        return REFUSE("DATE", "there is no such day or time");
    }
    memcpy(b + AT_BEGIN, "{H:", 3);
    memcpy(b + AT_VERSION, "02", 2);
    put(b + AT_SENDER, 14, h->sender);
    put(b + AT_SENDER_SYSTEM, 4, h->sender_system);
    put(b + AT_RECEIVER, 14, h->receiver);
    put(b + AT_RECEIVER_SYSTEM, 4, h->receiver_system);
    put_number(b + AT_DATE, 8, h->day.yyyymmdd);
    put_number(b + AT_TIME, 6, h->hhmmss);
    memcpy(b + AT_STRUCTURE, "XML", 3);
    put(b + AT_TYPE, 20, h->type);
    put(b + AT_ID, 20, h->id);
    put(b + AT_REFERENCE, 20, h->reference);
    b[AT_PRIORITY] = h->priority;
    b[AT_DIRECTION] = h->direction;
    put(b + AT_RESERVED, 9, h->reserved);
    memcpy(b + AT_END, "}\r\n", 3);
    if (h->hhmmss > 235959) {
        return REFUSE("TIME", "there is no such time of day");
    }
    if (cnaps_header_parse((struct str){b, sizeof(b)}, &again, e) != OK) {
        return ERR_INPUT;
    }
    memcpy(out, b, sizeof(b));
    return OK;
}
