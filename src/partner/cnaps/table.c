/* table.c - every message of the clearing line as data: element, kind, length, cardinality, signed.
 *
 * Rows are LEAF(depth, kind, element or chain, characters, flags, struct, member). The signed
 * elements of 380 to 385, 387 and 393 are those public code agrees on: free text, times of
 * transmission and what the centre adds on the way (NPCPrcInf) are outside. For the other types no
 * list is public: every element is signed, until the operator's list replaces the flags.
 */
#include "partner/cnaps/table.h"

#define BEPS "urn:cnaps:std:beps:2010:tech:xsd:"
#define CCMS "urn:cnaps:std:ccms:2010:tech:xsd:"
#define SYSTEMS "SAPS HVPS BEPS CCMS PMIS IBPS NCIS ECDS FXPS NETS PBCS"
#define CHECKS "CE01 CE02"
#define OPERATIONS "QT00 QT01"
#define AGREEMENTS "CT00 CT01"
#define CHANGES "CC00 CC02"
#define ACCOUNT_STATES "AS00 AS01 AS02 AS03 AS04 AS05 AS06"
#define SIDES "SR00 SR01"
#define PAYMENTS "PT00 PT01"
#define HOLIDAYS "HF00 HF01"
#define LOGINS "OT00 OT01"

/* Parts that many messages share. */
#define HEAD(T)                                                                                    \
    GROUP(1, "GrpHdr", 0), LEAF(2, TEXT, "MsgId", 35, SIGN, T, head.msg_id),                       \
    LEAF(2, TIME, "CreDtTm", 0, SIGN, T, head.created), GROUP(2, "InstgPty", 0),                   \
    LEAF(3, TEXT, "InstgDrctPty", 14, SIGN, T, head.from_direct),                                  \
    LEAF(3, TEXT, "InstgPty", 14, SIGN, T, head.from), GROUP(2, "InstdPty", 0),                    \
    LEAF(3, TEXT, "InstdDrctPty", 14, SIGN, T, head.to_direct),                                    \
    LEAF(3, TEXT, "InstdPty", 14, SIGN, T, head.to),                                               \
    CODE(2, "SysCd", SYSTEMS, SIGN, T, head.system),                                               \
    LEAF(2, TEXT, "Rmk", 256, OPT | FORM_REMARK, T, head.remark)
#define ORIGIN(d, flags, T, m)                                                                     \
    GROUP(d, "OrgnlGrpHdr", flags), LEAF(d + 1, TEXT, "OrgnlMsgId", 35, SIGN, T, m.msg_id),        \
    LEAF(d + 1, TEXT, "OrgnlInstgPty", 14, SIGN, T, m.sender),                                     \
    LEAF(d + 1, TEXT, "OrgnlMT", 35, SIGN, T, m.type)
#define NPC(d, flags, sign, T, m)                                                                  \
    GROUP(d, "NPCPrcInf", flags), LEAF(d + 1, TEXT, "PrcSts", 4, sign, T, m.status),               \
    LEAF(d + 1, TEXT, "PrcCd", 8, sign, T, m.code),                                                \
    LEAF(d + 1, TEXT, "RjctInf", 105, OPT | sign, T, m.reason),                                    \
    LEAF(d + 1, DATE, "NetgDt", 0, OPT | sign, T, m.netting_day),                                  \
    LEAF(d + 1, DIGITS, "NetgRnd", 2, OPT | sign, T, m.netting_round),                             \
    LEAF(d + 1, DATE, "SttlmDt", 0, OPT | sign, T, m.settled),                                     \
    LEAF(d + 1, TIME, "RcvTm", 0, OPT | sign, T, m.received),                                      \
    LEAF(d + 1, TIME, "TrnsmtTm", 0, OPT | sign, T, m.passed_on)
#define ANSWER(d, T, m, sign)                                                                      \
    GROUP(d, "RspnInf", 0), LEAF(d + 1, TEXT, "Sts", 4, SIGN, T, m.status),                        \
    LEAF(d + 1, TEXT, "RjctCd", 4, OPT | SIGN, T, m.reject_code),                                  \
    LEAF(d + 1, TEXT, "RjctInf", 105, OPT | sign, T, m.reason),                                    \
    LEAF(d + 1, TEXT, "PrcPty", 14, OPT | sign, T, m.party)
#define PART(d, flags, T, m)                                                                       \
    GROUP(d, "Prttn", flags), LEAF(d + 1, DIGITS, "TtlNb", 8, SIGN, T, m.total),                   \
    LEAF(d + 1, DIGITS, "StartNb", 8, SIGN, T, m.first),                                           \
    LEAF(d + 1, DIGITS, "EndNb", 8, SIGN, T, m.last)

static const struct form_node beps_380_nodes[] = {
    HEAD(beps_380),
    GROUP(1, "BtchColltnChrgsInf", 0),
    LEAF(2, DIGITS, "BtchNb", 8, SIGN, beps_380, batch),
    LEAF(2, DATE, "TrnsmtDt", 0, OPT, beps_380, sent),
    LEAF(2, DIGITS, "RtrLtd", 2, SIGN, beps_380, reply_days),
    LEAF(2, TEXT, "DbtrAgt/FIId/ClrSysMmbId/MmbId", 14, SIGN, beps_380, payer_bank),
    GROUP(2, "CdtrAgt", 0),
    LEAF(3, TEXT, "FIId/ClrSysMmbId/MmbId", 14, SIGN, beps_380, payee_bank),
    LEAF(3, TEXT, "BrnchId/Id", 14, SIGN, beps_380, payee_branch),
    LEAF(2, TEXT, "Cdtr/Nm", 60, SIGN, beps_380, payee_name),
    LEAF(2, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_380, payee_account),
    LEAF(2, AMOUNT, "TtlAmt", 0, SIGN, beps_380, total),
    LEAF(2, TEXT, "PmtTpInf/CtgyPurp/Prtry", 4, SIGN, beps_380, business),
    LEAF(2, DIGITS, "DbtrNb", 8, SIGN, beps_380, count),
    LIST(2, "DbtrDtls", 0, beps_380, items, beps_380_item),
    LEAF(3, TEXT, "Purp/Prtry", 5, SIGN, beps_380_item, purpose),
    LEAF(3, DIGITS, "TxId", 16, SIGN, beps_380_item, tx_id),
    LEAF(3, TEXT, "Dbtr/Nm", 60, SIGN, beps_380_item, payer_name),
    LEAF(3, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_380_item, payer_account),
    LEAF(3, TEXT, "BrnchId", 14, SIGN, beps_380_item, branch),
    LEAF(3, AMOUNT, "Amt", 0, SIGN, beps_380_item, amount),
    LEAF(3, TEXT, "EndToEndId", 60, OPT | SIGN, beps_380_item, agreement),
    CODE(3, "ChckFlg", CHECKS, SIGN, beps_380_item, check_flag),
    LEAF(3, TEXT, "AddtlInf", 256, OPT, beps_380_item, note),
};

static const struct form_node beps_381_nodes[] = {
    HEAD(beps_381),
    GROUP(1, "OrgnlMsgInf", 0),
    LEAF(2, TEXT, "OrgnlMsgId", 35, SIGN, beps_381, original.msg_id),
    LEAF(2, TEXT, "OrgnlInstgPty", 14, SIGN, beps_381, original.sender),
    LEAF(2, DIGITS, "OrgnlBtchNb", 8, SIGN, beps_381, original.batch),
    LEAF(2, DATE, "OrgnlTrnsmtDt", 0, SIGN, beps_381, original.sent),
    LEAF(2, DIGITS, "OrgnlRtrLtd", 2, SIGN, beps_381, original.reply_days),
    LEAF(2, AMOUNT, "OrgnlTtlAmt", 0, SIGN, beps_381, original.total),
    LEAF(2, DIGITS, "OrgnlTtlNb", 8, SIGN, beps_381, original.count),
    NPC(1, OPT, 0, beps_381, npc),
    GROUP(1, "BtchColltnChrgsRspnInf", 0),
    LEAF(2, AMOUNT, "RcvgTtlAmt", 0, SIGN, beps_381, paid_total),
    LEAF(2, DIGITS, "RcvgTtlNb", 8, SIGN, beps_381, paid_count),
    LEAF(2, TEXT, "OrgnlTxTpCd", 4, SIGN, beps_381, business),
    LEAF(2, TEXT, "CdtrAgt/BrnchId/Id", 14, SIGN, beps_381, payee_branch),
    LEAF(2, TEXT, "Cdtr/Nm", 60, SIGN, beps_381, payee_name),
    LEAF(2, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_381, payee_account),
    LIST(2, "RcvgDtls", 0, beps_381, items, beps_381_item),
    ANSWER(3, beps_381_item, answer, 0),
    LEAF(3, DIGITS, "TxId", 16, SIGN, beps_381_item, tx_id),
    LEAF(3, TEXT, "Dbtr/Nm", 60, SIGN, beps_381_item, payer_name),
    LEAF(3, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_381_item, payer_account),
    LEAF(3, TEXT, "BrnchId", 14, SIGN, beps_381_item, branch),
    LEAF(3, AMOUNT, "Amt", 0, SIGN, beps_381_item, amount),
    LEAF(3, TEXT, "OrgnlCtgyPurpCd", 5, SIGN, beps_381_item, purpose),
    LEAF(3, TEXT, "AddtlInf", 256, OPT, beps_381_item, note),
};

static const struct form_node beps_382_nodes[] = {
    HEAD(beps_382),
    GROUP(1, "BtchPmtByAgcyInf", 0),
    LEAF(2, DIGITS, "BtchNb", 8, SIGN, beps_382, batch),
    LEAF(2, DATE, "TrnsmtSndrDt", 0, OPT, beps_382, sent),
    LEAF(2, DATE, "TrnsmtRcvrDt", 0, OPT, beps_382, passed_on),
    LEAF(2, DIGITS, "RtrLtd", 2, SIGN, beps_382, reply_days),
    LEAF(2, TEXT, "RcvTp", 4, 0, beps_382, receive_type),
    LEAF(2, TEXT, "EndToEndId", 60, OPT | SIGN, beps_382, agreement),
    CODE(2, "ChckFlg", CHECKS, SIGN, beps_382, check_flag),
    LEAF(2, TEXT, "Dbtr/Nm", 60, SIGN, beps_382, payer_name),
    LEAF(2, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_382, payer_account),
    GROUP(2, "DbtrAgt", 0),
    LEAF(3, TEXT, "FIId/ClrSysMmbId/MmbId", 14, SIGN, beps_382, payer_bank),
    LEAF(3, TEXT, "BrnchId/Id", 14, SIGN, beps_382, payer_branch),
    LEAF(2, TEXT, "CdtrAgt/FIId/ClrSysMmbId/MmbId", 14, SIGN, beps_382, payee_bank),
    LEAF(2, AMOUNT, "TtlAmt", 0, SIGN, beps_382, total),
    LEAF(2, TEXT, "PmtTpInf/CtgyPurp/Prtry", 4, SIGN, beps_382, business),
    LEAF(2, DIGITS, "CdtrNb", 8, SIGN, beps_382, count),
    LIST(2, "CdtrDtls", 0, beps_382, items, beps_382_item),
    LEAF(3, TEXT, "Purp/Prtry", 5, SIGN, beps_382_item, purpose),
    LEAF(3, DIGITS, "TxId", 16, SIGN, beps_382_item, tx_id),
    LEAF(3, TEXT, "BrnchId", 14, SIGN, beps_382_item, branch),
    LEAF(3, TEXT, "Cdtr/Nm", 60, SIGN, beps_382_item, payee_name),
    LEAF(3, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_382_item, payee_account),
    LEAF(3, AMOUNT, "Amt", 0, SIGN, beps_382_item, amount),
    LEAF(3, TEXT, "AddtlInf", 256, OPT, beps_382_item, note),
};

static const struct form_node beps_383_nodes[] = {
    HEAD(beps_383),
    GROUP(1, "OrgnlMsgInf", 0),
    LEAF(2, TEXT, "OrgnlMsgId", 35, SIGN, beps_383, original.msg_id),
    LEAF(2, TEXT, "OrgnlInstgPty", 14, SIGN, beps_383, original.sender),
    LEAF(2, DIGITS, "OrgnlBtchNb", 8, SIGN, beps_383, original.batch),
    LEAF(2, AMOUNT, "OrgnlTtlAmt", 0, SIGN, beps_383, original.total),
    LEAF(2, DIGITS, "OrgnlTtlNb", 8, SIGN, beps_383, original.count),
    NPC(1, OPT, 0, beps_383, npc),
    GROUP(1, "BtchPmtByAgcyRspnInf", 0),
    LEAF(2, AMOUNT, "SndgTtlAmt", 0, SIGN, beps_383, paid_total),
    LEAF(2, DIGITS, "SndgTtlNb", 8, SIGN, beps_383, paid_count),
    LEAF(2, TEXT, "DbtrAgt/BrnchId/Id", 14, SIGN, beps_383, payer_branch),
    LEAF(2, TEXT, "Dbtr/Nm", 60, SIGN, beps_383, payer_name),
    LEAF(2, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_383, payer_account),
    LIST(2, "SndgDtls", 0, beps_383, items, beps_383_item),
    ANSWER(3, beps_383_item, answer, 0),
    LEAF(3, DIGITS, "TxId", 16, SIGN, beps_383_item, tx_id),
    LEAF(3, TEXT, "Cdtr/Nm", 60, SIGN, beps_383_item, payee_name),
    LEAF(3, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_383_item, payee_account),
    LEAF(3, TEXT, "BrnchId", 14, SIGN, beps_383_item, branch),
    LEAF(3, AMOUNT, "Amt", 0, SIGN, beps_383_item, amount),
    LEAF(3, TEXT, "AddtlInf", 256, OPT, beps_383_item, note),
};

static const struct form_node beps_384_nodes[] = {
    HEAD(beps_384),
    GROUP(1, "RealTmColltnChrgsInf", 0),
    LEAF(2, DIGITS, "BtchNb", 8, SIGN, beps_384, batch),
    LEAF(2, DIGITS, "TxId", 16, SIGN, beps_384, tx_id),
    LEAF(2, TEXT, "Dbtr/Nm", 60, SIGN, beps_384, payer_name),
    LEAF(2, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_384, payer_account),
    GROUP(2, "DbtrAgt", 0),
    LEAF(3, TEXT, "FIId/ClrSysMmbId/MmbId", 14, SIGN, beps_384, payer_bank),
    LEAF(3, TEXT, "BrnchId/Id", 14, SIGN, beps_384, payer_branch),
    GROUP(2, "CdtrAgt", 0),
    LEAF(3, TEXT, "FIId/ClrSysMmbId/MmbId", 14, SIGN, beps_384, payee_bank),
    LEAF(3, TEXT, "BrnchId/Id", 14, SIGN, beps_384, payee_branch),
    LEAF(2, TEXT, "Cdtr/Nm", 60, SIGN, beps_384, payee_name),
    LEAF(2, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_384, payee_account),
    LEAF(2, AMOUNT, "Amt", 0, SIGN, beps_384, amount),
    LEAF(2, TEXT, "PmtTpInf/CtgyPurp/Prtry", 4, SIGN, beps_384, business),
    LEAF(2, TEXT, "Purp/Prtry", 5, SIGN, beps_384, purpose),
    LEAF(2, TEXT, "EndToEndId", 60, OPT | SIGN, beps_384, agreement),
    CODE(2, "ChckFlg", CHECKS, SIGN, beps_384, check_flag),
};

static const struct form_node beps_385_nodes[] = {
    HEAD(beps_385),
    GROUP(1, "OrgnlMsgInf", 0),
    LEAF(2, TEXT, "OrgnlMsgId", 35, SIGN, beps_385, original.msg_id),
    LEAF(2, TEXT, "OrgnlInstgPty", 14, SIGN, beps_385, original.sender),
    LEAF(2, DIGITS, "OrgnlBtchNb", 8, SIGN, beps_385, original.batch),
    NPC(1, OPT, 0, beps_385, npc),
    GROUP(1, "RealTmColltnChrgsRspnInf", 0),
    ANSWER(2, beps_385, answer, 0),
    LEAF(2, DIGITS, "TxId", 16, SIGN, beps_385, tx_id),
    LEAF(2, TEXT, "Dbtr/Nm", 60, SIGN, beps_385, payer_name),
    LEAF(2, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_385, payer_account),
    LEAF(2, TEXT, "DbtrAgt/BrnchId/Id", 14, SIGN, beps_385, payer_branch),
    LEAF(2, TEXT, "CdtrAgt/BrnchId/Id", 14, SIGN, beps_385, payee_branch),
    LEAF(2, TEXT, "Cdtr/Nm", 60, SIGN, beps_385, payee_name),
    LEAF(2, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_385, payee_account),
    LEAF(2, AMOUNT, "Amt", 0, SIGN, beps_385, amount),
    LEAF(2, TEXT, "PmtTpInf/CtgyPurp/Prtry", 4, SIGN, beps_385, business),
    LEAF(2, TEXT, "Purp/Prtry", 5, SIGN, beps_385, purpose),
};

static const struct form_node beps_386_nodes[] = {
    HEAD(beps_386),
    GROUP(1, "RealTmPmtByAgcyInf", 0),
    LEAF(2, DIGITS, "BtchNb", 8, SIGN, beps_386, batch),
    LEAF(2, TEXT, "RcvTp", 4, SIGN, beps_386, receive_type),
    LEAF(2, DIGITS, "TxId", 16, SIGN, beps_386, tx_id),
    LEAF(2, TEXT, "Dbtr/Nm", 60, SIGN, beps_386, payer_name),
    LEAF(2, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_386, payer_account),
    LEAF(2, TEXT, "DbtrAgt/BrnchId/Id", 14, SIGN, beps_386, payer_branch),
    LEAF(2, TEXT, "CdtrAgt/BrnchId/Id", 14, SIGN, beps_386, payee_branch),
    LEAF(2, TEXT, "Cdtr/Nm", 60, SIGN, beps_386, payee_name),
    LEAF(2, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_386, payee_account),
    LEAF(2, AMOUNT, "Amt", 0, SIGN, beps_386, amount),
    LEAF(2, TEXT, "PmtTpInf/CtgyPurp/Prtry", 4, SIGN, beps_386, business),
    LEAF(2, TEXT, "Purp/Prtry", 5, SIGN, beps_386, purpose),
    LEAF(2, TEXT, "EndToEndId", 60, OPT | SIGN, beps_386, agreement),
    CODE(2, "ChckFlg", CHECKS, SIGN, beps_386, check_flag),
};

static const struct form_node beps_387_nodes[] = {
    HEAD(beps_387),
    GROUP(1, "OrgnlMsgInf", 0),
    LEAF(2, TEXT, "OrgnlMsgId", 35, SIGN, beps_387, original.msg_id),
    LEAF(2, TEXT, "OrgnlInstgPty", 14, SIGN, beps_387, original.sender),
    LEAF(2, DIGITS, "OrgnlBtchNb", 8, SIGN, beps_387, original.batch),
    NPC(1, OPT, 0, beps_387, npc),
    GROUP(1, "RealTmPmtByAgcyRspnInf", 0),
    ANSWER(2, beps_387, answer, 0),
    LEAF(2, DIGITS, "TxId", 16, SIGN, beps_387, tx_id),
    LEAF(2, TEXT, "Dbtr/Nm", 60, SIGN, beps_387, payer_name),
    LEAF(2, TEXT, "DbtrAcct/Id/Othr/Id", 32, SIGN, beps_387, payer_account),
    LEAF(2, TEXT, "DbtrAgt/BrnchId/Id", 14, SIGN, beps_387, payer_branch),
    LEAF(2, TEXT, "CdtrAgt/BrnchId/Id", 14, SIGN, beps_387, payee_branch),
    LEAF(2, TEXT, "Cdtr/Nm", 60, SIGN, beps_387, payee_name),
    LEAF(2, TEXT, "CdtrAcct/Id/Othr/Id", 32, SIGN, beps_387, payee_account),
    LEAF(2, AMOUNT, "Amt", 0, SIGN, beps_387, amount),
    LEAF(2, TEXT, "PmtTpInf/CtgyPurp/Prtry", 4, SIGN, beps_387, business),
    LEAF(2, TEXT, "Purp/Prtry", 5, SIGN, beps_387, purpose),
};

static const struct form_node beps_388_nodes[] = {
    HEAD(beps_388),
    GROUP(1, "OrgnlMsgInf", 0),
    LEAF(2, TEXT, "OrgnlMsgId", 35, SIGN, beps_388, original.msg_id),
    LEAF(2, TEXT, "OrgnlInstgPty", 14, SIGN, beps_388, original.sender),
    LEAF(2, DIGITS, "OrgnlBtchNb", 8, SIGN, beps_388, original.batch),
    GROUP(1, "BizRjctNtceInf", 0),
    ANSWER(2, beps_388, answer, SIGN),
    LEAF(2, TEXT, "AddtlInf", 256, OPT | SIGN, beps_388, note),
};

static const struct form_node beps_389_nodes[] = {
    HEAD(beps_389),
    ORIGIN(1, 0, beps_389, original),
    GROUP(1, "BizConfInf", 0),
    ANSWER(2, beps_389, answer, SIGN),
    LEAF(2, TEXT, "AddtlInf", 256, OPT | SIGN, beps_389, note),
};

static const struct form_node beps_392_nodes[] = {
    HEAD(beps_392),
    GROUP(1, "BtchCstmrsCtrctMgInf", 0),
    CODE(2, "QryOrOprTp", OPERATIONS, SIGN, beps_392, operation),
    CODE(2, "CtrctAgrmtTp", AGREEMENTS, OPT | SIGN, beps_392, agreement_type),
    LEAF(2, DIGITS, "NbOfAgrmt", 8, SIGN, beps_392, count),
    LIST(2, "AgrmtDtls", 0, beps_392, items, beps_392_item),
    CODE(3, "ChngTpCd", CHANGES, OPT | SIGN, beps_392_item, change),
    LEAF(3, TEXT, "AgrmtNb", 60, OPT | SIGN, beps_392_item, agreement),
    LEAF(3, TEXT, "Dbtr/Nm", 60, SIGN, beps_392_item, payer_name),
    GROUP(3, "DbtrAcct/Id/Othr", 0),
    LEAF(4, TEXT, "Id", 32, SIGN, beps_392_item, payer_account),
    LEAF(4, TEXT, "Issr", 14, OPT | SIGN, beps_392_item, payer_issuer),
    GROUP(3, "DbtrAgt", 0),
    GROUP(4, "FIId/ClrSysMmbId", 0),
    LEAF(5, TEXT, "MmbId", 14, OPT | SIGN, beps_392_item, payer_bank),
    GROUP(4, "BrnchId", 0),
    LEAF(5, TEXT, "Id", 14, OPT | SIGN, beps_392_item, payer_branch),
    LEAF(3, TEXT, "Cdtr/Nm", 60, OPT | SIGN, beps_392_item, payee_name),
};

static const struct form_node beps_393_nodes[] = {
    HEAD(beps_393),
    ORIGIN(1, 0, beps_393, original),
    GROUP(1, "BtchCstmrsCtrctMgRspnInf", 0),
    LEAF(2, DIGITS, "AcctCnt", 8, SIGN, beps_393, count),
    LIST(2, "AcctDtls", 0, beps_393, items, beps_393_item),
    LEAF(3, TEXT, "AgrmtNb", 60, OPT | SIGN, beps_393_item, agreement),
    LEAF(3, TEXT, "Dbtr/Nm", 60, SIGN, beps_393_item, payer_name),
    GROUP(3, "DbtrAcct/Id/Othr", 0),
    LEAF(4, TEXT, "Id", 32, SIGN, beps_393_item, payer_account),
    LEAF(4, TEXT, "Issr", 14, SIGN, beps_393_item, payer_issuer),
    LEAF(3, TEXT, "Cdtr/Nm", 60, OPT | SIGN, beps_393_item, payee_name),
    ANSWER(3, beps_393_item, answer, 0),
    CODE(3, "AcctSts", ACCOUNT_STATES, OPT | SIGN, beps_393_item, account_status),
};

static const struct form_node beps_720_nodes[] = {
    HEAD(beps_720),
    LEAF(1, DATE, "TtlChckInfReqInf/ChckDt", 0, SIGN, beps_720, day),
};

static const struct form_node beps_721_nodes[] = {
    HEAD(beps_721),
    ORIGIN(1, OPT, beps_721, original),
    GROUP(1, "TtlChckInf", 0),
    LEAF(2, DATE, "ChckDt", 0, SIGN, beps_721, day),
    GROUP(2, "ChckPmtInf", 0),
    LEAF(3, DIGITS, "NbOfChckInf", 8, SIGN, beps_721, payment_count),
    LIST(3, "ChckPmtInfDtls", OPT, beps_721, payments, beps_721_payment),
    LEAF(4, DATE, "TxNetgDt", 0, SIGN, beps_721_payment, netting_day),
    LEAF(4, DIGITS, "TxNetgRnd", 2, SIGN, beps_721_payment, netting_round),
    LEAF(4, TEXT, "MT", 35, SIGN, beps_721_payment, type),
    LEAF(4, DIGITS, "SndTtlCnt", 8, SIGN, beps_721_payment, sent_count),
    LEAF(4, TEXT, "SndTtlAmt", 32, SIGN, beps_721_payment, sent_total),
    LEAF(4, DIGITS, "RcvTtlCnt", 8, SIGN, beps_721_payment, received_count),
    LEAF(4, TEXT, "RcvTtlAmt", 32, SIGN, beps_721_payment, received_total),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_721_payment, status),
    GROUP(2, "ChckMsg", 0),
    LEAF(3, DIGITS, "NbOfChckInf", 8, SIGN, beps_721, other_count),
    LIST(3, "ChckMsgDtls", OPT, beps_721, others, beps_721_other),
    LEAF(4, TEXT, "MT", 35, SIGN, beps_721_other, type),
    LEAF(4, DIGITS, "SndTtlCnt", 8, SIGN, beps_721_other, sent_count),
    LEAF(4, DIGITS, "RcvTtlCnt", 8, SIGN, beps_721_other, received_count),
    LEAF(4, DATE, "RcvDt", 0, SIGN, beps_721_other, received),
};

static const struct form_node beps_722_nodes[] = {
    HEAD(beps_722),
    GROUP(1, "DtlChckReqInf", 0),
    LEAF(2, DATE, "ChckDt", 0, SIGN, beps_722, day),
    GROUP(2, "DtlChckPmtInf", 0),
    LEAF(3, DIGITS, "NbOfTxs", 8, SIGN, beps_722, payment_count),
    LIST(3, "DtlChckPmtDtls", OPT, beps_722, payments, beps_722_payment),
    CODE(4, "SndRcvTp", SIDES, SIGN, beps_722_payment, side),
    LEAF(4, DATE, "TxNetgDt", 0, SIGN, beps_722_payment, netting_day),
    LEAF(4, TEXT, "TxNetgRnd", 2, SIGN, beps_722_payment, netting_round),
    LEAF(4, TEXT, "MT", 35, SIGN, beps_722_payment, type),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_722_payment, status),
    GROUP(2, "DtlChckMsg", 0),
    LEAF(3, DIGITS, "NbOfTxs", 8, SIGN, beps_722, other_count),
    LIST(3, "DtlChckMsgDtls", OPT, beps_722, others, beps_722_other),
    CODE(4, "SndRcvTp", SIDES, SIGN, beps_722_other, side),
    LEAF(4, TEXT, "MT", 35, SIGN, beps_722_other, type),
    LEAF(4, DATE, "RcvDt", 0, SIGN, beps_722_other, received),
};

static const struct form_node beps_723_nodes[] = {
    HEAD(beps_723),
    PART(1, 0, beps_723, part),
    ORIGIN(1, 0, beps_723, original),
    GROUP(1, "DtlChckRspnInf", 0),
    LEAF(2, DATE, "ChckDt", 0, SIGN, beps_723, day),
    NPC(2, 0, SIGN, beps_723, npc),
    GROUP(2, "DtlChckPmtRspnInf", OPT),
    LEAF(3, DIGITS, "NbOfTxs", 8, SIGN, beps_723, payment_count),
    LIST(3, "DtlChckRspnDtls", OPT, beps_723, payments, beps_723_payment),
    CODE(4, "SndRcvTp", SIDES, SIGN, beps_723_payment, side),
    LEAF(4, DATE, "TxNetgDt", 0, SIGN, beps_723_payment, netting_day),
    LEAF(4, TEXT, "TxNetgRnd", 2, SIGN, beps_723_payment, netting_round),
    LEAF(4, TEXT, "MT", 35, SIGN, beps_723_payment, type),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_723_payment, status),
    LEAF(4, DIGITS, "NbOfDtls", 8, SIGN, beps_723_payment, count),
    LIST(4, "OrgnlPmtDtls", OPT, beps_723_payment, messages, beps_723_payment_message),
    ORIGIN(5, 0, beps_723_payment_message, original),
    LEAF(5, DIGITS, "TtlCnt", 8, SIGN, beps_723_payment_message, count),
    LEAF(5, AMOUNT, "CtrlSum", 0, SIGN, beps_723_payment_message, total),
    GROUP(2, "DtlChckMsgRspn", OPT),
    LEAF(3, DIGITS, "NbOfTxs", 8, SIGN, beps_723, other_count),
    LIST(3, "DtlChckMsgRspnDtls", OPT, beps_723, others, beps_723_other),
    CODE(4, "SndRcvTp", SIDES, SIGN, beps_723_other, side),
    LEAF(4, TEXT, "MT", 35, SIGN, beps_723_other, type),
    LEAF(4, DATE, "RcvDt", 0, SIGN, beps_723_other, received),
    LEAF(4, DIGITS, "NbOfDtls", 8, SIGN, beps_723_other, count),
    LIST(4, "OrgnlMsgDtls", OPT, beps_723_other, messages, beps_723_other_message),
    ORIGIN(5, 0, beps_723_other_message, original),
    LEAF(5, TEXT, "PrcSts", 4, SIGN, beps_723_other_message, status),
    CODE(5, "PmtId", PAYMENTS, OPT | SIGN, beps_723_other_message, payment),
};

static const struct form_node beps_724_nodes[] = {
    HEAD(beps_724),
    GROUP(1, "TxDwnldReqInf", 0),
    LEAF(2, DIGITS, "NbOfTxs", 8, SIGN, beps_724, count),
    LIST(2, "DwnldReqTxsDtls", 0, beps_724, items, beps_724_item),
    CODE(3, "SndRcvIp", SIDES, SIGN, beps_724_item, side),
    ORIGIN(3, 0, beps_724_item, original),
    CODE(3, "PmtId", PAYMENTS, OPT | SIGN, beps_724_item, payment),
};

static const struct form_node beps_725_nodes[] = {
    HEAD(beps_725),
    ORIGIN(1, 0, beps_725, original),
    GROUP(1, "TxDwnldRspnInf", 0),
    NPC(2, 0, SIGN, beps_725, npc),
    GROUP(2, "OrgnlMsgSts", OPT),
    NPC(3, 0, SIGN, beps_725, original_npc),
    LEAF(2, ANY, "OrgnlMsgCntt", 0, OPT, beps_725, content),
};

static const struct form_node beps_726_nodes[] = {
    HEAD(beps_726),
    PART(1, 0, beps_726, part),
    GROUP(1, "AcctChckInf", 0),
    LEAF(2, DATE, "ChckDt", 0, SIGN, beps_726, day),
    LEAF(2, DIGITS, "NbOfChckInf1", 8, SIGN, beps_726, payment_count),
    LIST(2, "ChckInfDtls1", OPT, beps_726, payments, beps_726_payment),
    LEAF(3, TEXT, "TxTpCd", 35, SIGN, beps_726_payment, type),
    LEAF(3, DIGITS, "SndTtlCnt", 8, SIGN, beps_726_payment, sent_count),
    LEAF(3, TEXT, "SndTtlAmt", 32, SIGN, beps_726_payment, sent_total),
    LEAF(3, DIGITS, "RcvTtlCnt", 8, SIGN, beps_726_payment, received_count),
    LEAF(3, TEXT, "RcvTtlAmt", 32, SIGN, beps_726_payment, received_total),
    LIST(3, "SndDtls1", OPT, beps_726_payment, sent, beps_726_payment_message),
    ORIGIN(4, 0, beps_726_payment_message, original),
    LEAF(4, DIGITS, "TtlCnt", 8, SIGN, beps_726_payment_message, count),
    LEAF(4, AMOUNT, "CtrlSum", 0, SIGN, beps_726_payment_message, total),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_726_payment_message, status),
    LIST(3, "RcvDtls1", OPT, beps_726_payment, received, beps_726_payment_message),
    ORIGIN(4, 0, beps_726_payment_message, original),
    LEAF(4, DIGITS, "TtlCnt", 8, SIGN, beps_726_payment_message, count),
    LEAF(4, AMOUNT, "CtrlSum", 0, SIGN, beps_726_payment_message, total),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_726_payment_message, status),
    LEAF(2, DIGITS, "NbOfChckInf2", 8, SIGN, beps_726, other_count),
    LIST(2, "ChckInfDtls2", OPT, beps_726, others, beps_726_other),
    LEAF(3, TEXT, "TxTpCd", 35, SIGN, beps_726_other, type),
    LEAF(3, DIGITS, "SndTtlCnt", 8, SIGN, beps_726_other, sent_count),
    LEAF(3, DIGITS, "RcvTtlCnt", 8, SIGN, beps_726_other, received_count),
    LIST(3, "SndDtls2", OPT, beps_726_other, sent, beps_726_other_message),
    ORIGIN(4, 0, beps_726_other_message, original),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_726_other_message, status),
    LIST(3, "RcvDtls2", OPT, beps_726_other, received, beps_726_other_message),
    ORIGIN(4, 0, beps_726_other_message, original),
    LEAF(4, TEXT, "PrcSts", 4, SIGN, beps_726_other_message, status),
};

static const struct form_node ccms_801_nodes[] = {
    HEAD(ccms_801),
    GROUP(1, "SysStsInf", 0),
    LEAF(2, DATE, "OrgnlSysDt", 0, SIGN, ccms_801, old_day),
    LEAF(2, EXACT, "OrgnlSysSts", 2, SIGN, ccms_801, old_status),
    LEAF(2, DATE, "CurSysDt", 0, SIGN, ccms_801, day),
    LEAF(2, EXACT, "CurSysSts", 2, SIGN, ccms_801, status),
    CODE(2, "HldayFlg", HOLIDAYS, SIGN, ccms_801, holiday),
    LEAF(2, DATE, "NxtSysDt", 0, OPT | SIGN, ccms_801, next_day),
    LEAF(2, EXACT, "BkChngNb", 8, OPT | SIGN, ccms_801, bank_change),
    LEAF(2, EXACT, "BaseDataChngNb", 8, OPT | SIGN, ccms_801, base_change),
    LEAF(2, EXACT, "CISChngNb", 8, OPT | SIGN, ccms_801, cis_change),
    LEAF(2, EXACT, "ParamChngNb", 8, OPT | SIGN, ccms_801, parameter_change),
};

static const struct form_node ccms_805_nodes[] = {
    HEAD(ccms_805),
    CODE(1, "LoginInf/LoginOprTp", LOGINS, SIGN, ccms_805, operation),
};

static const struct form_node ccms_806_nodes[] = {
    HEAD(ccms_806),
    LEAF(1, TEXT, "OrgnlGrpInf/OrgnlMsgId", 35, SIGN, ccms_806, original),
    GROUP(1, "LoginRspnInf", 0),
    CODE(2, "LoginOprTp", LOGINS, SIGN, ccms_806, operation),
    LEAF(2, DATE, "CurSysDt", 0, SIGN, ccms_806, day),
    LEAF(2, TEXT, "CurSysSts", 2, SIGN, ccms_806, system_status),
    LEAF(2, TEXT, "PrcSts", 4, SIGN, ccms_806, status),
    LEAF(2, TEXT, "PrcCd", 8, OPT | SIGN, ccms_806, code),
    LEAF(2, TEXT, "RjctInf", 105, OPT | SIGN, ccms_806, reason),
};

static const struct form_node ccms_900_nodes[] = {
    HEAD(ccms_900),
    ORIGIN(1, 0, ccms_900, original),
    GROUP(1, "CmonConfInf", 0),
    LEAF(2, TEXT, "PrcSts", 4, SIGN, ccms_900, status),
    LEAF(2, TEXT, "PrcCd", 8, OPT | SIGN, ccms_900, code),
    LEAF(2, TEXT, "PtyId", 14, OPT | SIGN, ccms_900, party),
    LEAF(2, TEXT, "PtyPrcCd", 4, OPT | SIGN, ccms_900, party_code),
    LEAF(2, TEXT, "RjctInf", 105, OPT | SIGN, ccms_900, reason),
    LEAF(2, DATE, "PrcDt", 0, OPT | SIGN, ccms_900, day),
    LEAF(2, TEXT, "NetgRnd", 2, OPT | SIGN, ccms_900, netting_round),
};

static const struct form_node ccms_911_nodes[] = {
    GROUP(1, "DscrdInf", 0),
    LEAF(2, TEXT, "OrigSndr", 14, SIGN, ccms_911, sender),
    LEAF(2, TEXT, "OrigSndDt", 8, SIGN, ccms_911, day),
    LEAF(2, TEXT, "MT", 20, SIGN, ccms_911, type),
    LEAF(2, TEXT, "MsgId", 20, SIGN, ccms_911, msg_id),
    LEAF(2, TEXT, "MsgRefId", 20, OPT | SIGN, ccms_911, reference),
    LEAF(2, TEXT, "PrcCd", 8, SIGN, ccms_911, code),
    LEAF(2, TEXT, "RjctInf", 105, OPT | SIGN, ccms_911, reason),
};

static const struct form_node ccms_990_nodes[] = {
    GROUP(1, "ConfInf", 0),
    LEAF(2, TEXT, "OrigSndr", 14, SIGN, ccms_990, sender),
    LEAF(2, TEXT, "OrigSndDt", 8, SIGN, ccms_990, day),
    LEAF(2, TEXT, "MT", 20, SIGN, ccms_990, type),
    LEAF(2, TEXT, "MsgId", 20, SIGN, ccms_990, msg_id),
    LEAF(2, TEXT, "MsgRefId", 20, OPT | SIGN, ccms_990, reference),
    LEAF(2, TEXT, "MsgPrcCd", 8, SIGN, ccms_990, code),
};

#define MESSAGE(T, type, root, space) FORM_OF(T, type, root, space type, false)
static const struct form forms[] = {
    MESSAGE(beps_380, "beps.380.001.01", "BtchColltnChrgs", BEPS),
    MESSAGE(beps_381, "beps.381.001.01", "BtchColltnChrgsRspn", BEPS),
    MESSAGE(beps_382, "beps.382.001.01", "BtchPmtByAgcy", BEPS),
    MESSAGE(beps_383, "beps.383.001.01", "BtchPmtByAgcyRspn", BEPS),
    MESSAGE(beps_384, "beps.384.001.01", "RealTmColltnChrgs", BEPS),
    MESSAGE(beps_385, "beps.385.001.01", "RealTmColltnChrgsRspn", BEPS),
    MESSAGE(beps_386, "beps.386.001.01", "RealTmPmtByAgcy", BEPS),
    MESSAGE(beps_387, "beps.387.001.01", "RealTmPmtByAgcyRspn", BEPS),
    MESSAGE(beps_388, "beps.388.001.01", "BizRjctNtce", BEPS),
    MESSAGE(beps_389, "beps.389.001.01", "BizConf", BEPS),
    MESSAGE(beps_392, "beps.392.001.01", "BtchCstmrsCtrctMg", BEPS),
    MESSAGE(beps_393, "beps.393.001.01", "BtchCstmrsCtrctMgRspn", BEPS),
    MESSAGE(beps_720, "beps.720.001.01", "TtlChckInfReq", BEPS),
    MESSAGE(beps_721, "beps.721.001.01", "TtlChck", BEPS),
    MESSAGE(beps_722, "beps.722.001.01", "DtlChckReq", BEPS),
    MESSAGE(beps_723, "beps.723.001.01", "DtlChckRspn", BEPS),
    MESSAGE(beps_724, "beps.724.001.01", "TxDwnldReq", BEPS),
    MESSAGE(beps_725, "beps.725.001.01", "TxDwnldRspn", BEPS),
    MESSAGE(beps_726, "beps.726.001.01", "AcctChck", BEPS),
    MESSAGE(ccms_801, "ccms.801.001.02", "SysStsNtfctn", CCMS),
    MESSAGE(ccms_805, "ccms.805.001.02", "LoginReq", CCMS),
    MESSAGE(ccms_806, "ccms.806.001.02", "LoginRspn", CCMS),
    MESSAGE(ccms_900, "ccms.900.001.02", "CmonConf", CCMS),
    MESSAGE(ccms_911, "ccms.911.001.02", "DscrdMsgNtfctn", CCMS),
    MESSAGE(ccms_990, "ccms.990.001.02", "ComConf", CCMS),
};

const struct form *table_at(size_t i)
{
    return i < sizeof(forms) / sizeof(forms[0]) ? &forms[i] : NULL;
}

const struct form *table_find(struct str type)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (str_is(type, forms[i].type)) {
            return &forms[i];
        }
    }
    return NULL;
}
