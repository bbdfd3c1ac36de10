/* code.c - the names of the codes of refusal, as they stand in reports, counters and answers. */
#include "ingest/ingest.h"

static const char *const WORDS[INGEST_CODES] = {
    [E_NONE] = "OK",
    [E_SHORT] = "E_SHORT",
    [E_START] = "E_START",
    [E_LENGTH] = "E_LENGTH",
    [E_END] = "E_END",
    [E_CHECKSUM] = "E_CHECKSUM",
    [E_HCS] = "E_HCS",
    [E_FCS] = "E_FCS",
    [E_PROTO] = "E_PROTO",
    [E_CTRL] = "E_CTRL",
    [E_ADDR] = "E_ADDR",
    [E_SEQ] = "E_SEQ",
    [E_COUNT] = "E_COUNT",
    [E_TYPE] = "E_TYPE",
    [E_TRUNC] = "E_TRUNC",
    [E_EXTRA] = "E_EXTRA",
    [E_DEPTH] = "E_DEPTH",
    [E_SERVICE] = "E_SERVICE",
    [E_COT] = "E_COT",
    [E_BCD] = "E_BCD",
    [E_NAN] = "E_NAN",
    [E_RANGE] = "E_RANGE",
    [E_TIME] = "E_TIME",
    [E_TIME_FUTURE] = "E_TIME_FUTURE",
    [E_TIME_OLD] = "E_TIME_OLD",
    [E_CLOCK] = "E_CLOCK",
    [E_UNIT] = "E_UNIT",
    [E_DI_UNKNOWN] = "E_DI_UNKNOWN",
    [E_DEVICE] = "E_DEVICE",
    [E_DEVICE_UNKNOWN] = "E_DEVICE_UNKNOWN",
    [E_POINT_UNKNOWN] = "E_POINT_UNKNOWN",
    [E_AUTH] = "E_AUTH",
    [E_SCHEMA] = "E_SCHEMA",
    [E_CONFLICT] = "E_CONFLICT",
    [E_LOCKED] = "E_LOCKED",
    [E_OVERSIZE] = "E_OVERSIZE",
    [E_BUSY] = "E_BUSY",
};

const char *ingest_code_word(enum ingest_code code)
{
    check((int)code >= 0 && code < INGEST_CODES);
    return WORDS[code];
}
