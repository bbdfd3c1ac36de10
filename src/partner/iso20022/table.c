/* table.c - the five messages as data: what we fill in and what we take out, in schema order. */
#include "partner/iso20022/table.h"

#define NS "urn:iso:std:iso:20022:tech:xsd:"
#define ANY_TEXT 500 /* characters; the schemas' longest text that we take has 140 */
#define SIDES "CRDT DBIT"
#define ACCOUNT "Id/Othr/Id"

/* A bank by its clearing number (行号), which the schema wants named by the system's code. */
#define AGENT(d, element, flags, T, m)                                                             \
    GROUP(d, element, flags), GROUP(d + 1, "FinInstnId", 0), GROUP(d + 2, "ClrSysMmbId", 0),       \
    FIXED(d + 3, "ClrSysId/Cd", "CNAPS"), LEAF(d + 3, TEXT, "MmbId", 35, 0, T, m)
#define REQUEST(T, method)                                                                         \
    GROUP(1, "GrpHdr", 0), LEAF(2, TEXT, "MsgId", 35, 0, T, msg_id),                               \
    LEAF(2, TIME, "CreDtTm", 0, 0, T, created), LEAF(2, DIGITS, "NbOfTxs", 15, 0, T, count),       \
    LEAF(2, DECIMAL, "CtrlSum", 0, 0, T, total),                                                   \
    LEAF(2, TEXT, "InitgPty/Nm", 140, 0, T, initiator), GROUP(1, "PmtInf", 0),                     \
    LEAF(2, TEXT, "PmtInfId", 35, 0, T, block_id), FIXED(2, "PmtMtd", method),                     \
    FIXED(2, "BtchBookg", "true"), LEAF(2, DIGITS, "NbOfTxs", 15, 0, T, block_count),              \
    LEAF(2, DECIMAL, "CtrlSum", 0, 0, T, block_total)

static const struct form_node iso_collection_nodes[] = {
    REQUEST(iso_collection, "DD"),
    LEAF(2, DATE, "ReqdColltnDt", 0, 0, iso_collection, on),
    LEAF(2, TEXT, "Cdtr/Nm", 140, 0, iso_collection, payee_name),
    GROUP(2, "CdtrAcct", 0),
    LEAF(3, TEXT, ACCOUNT, 34, 0, iso_collection, payee_account),
    FIXED(3, "Ccy", WIRE_CURRENCY),
    AGENT(2, "CdtrAgt", 0, iso_collection, payee_branch),
    LIST(2, "DrctDbtTxInf", 0, iso_collection, items, iso_debit),
    GROUP(3, "PmtId", 0),
    LEAF(4, TEXT, "InstrId", 35, OPT, iso_debit, tx_id),
    LEAF(4, TEXT, "EndToEndId", 35, 0, iso_debit, order),
    LEAF(3, AMOUNT, "InstdAmt", 0, 0, iso_debit, amount),
    GROUP(3, "DrctDbtTx", OPT),
    GROUP(4, "MndtRltdInf", OPT),
    LEAF(5, TEXT, "MndtId", 35, OPT, iso_debit, agreement),
    LEAF(5, DATE, "DtOfSgntr", 0, OPT, iso_debit, agreed),
    AGENT(3, "DbtrAgt", 0, iso_debit, payer_branch),
    LEAF(3, TEXT, "Dbtr/Nm", 140, 0, iso_debit, payer_name),
    LEAF(3, TEXT, "DbtrAcct/" ACCOUNT, 34, 0, iso_debit, payer_account),
    LEAF(3, TEXT, "RmtInf/Ustrd", 140, OPT, iso_debit, note),
};

static const struct form_node iso_payout_nodes[] = {
    REQUEST(iso_payout, "TRF"),
    LEAF(2, DATE, "ReqdExctnDt/Dt", 0, 0, iso_payout, on),
    LEAF(2, TEXT, "Dbtr/Nm", 140, 0, iso_payout, payer_name),
    GROUP(2, "DbtrAcct", 0),
    LEAF(3, TEXT, ACCOUNT, 34, 0, iso_payout, payer_account),
    FIXED(3, "Ccy", WIRE_CURRENCY),
    AGENT(2, "DbtrAgt", 0, iso_payout, payer_branch),
    LIST(2, "CdtTrfTxInf", 0, iso_payout, items, iso_credit),
    GROUP(3, "PmtId", 0),
    LEAF(4, TEXT, "InstrId", 35, OPT, iso_credit, tx_id),
    LEAF(4, TEXT, "EndToEndId", 35, 0, iso_credit, order),
    LEAF(3, AMOUNT, "Amt/InstdAmt", 0, 0, iso_credit, amount),
    AGENT(3, "CdtrAgt", OPT, iso_credit, payee_branch),
    LEAF(3, TEXT, "Cdtr/Nm", 140, 0, iso_credit, payee_name),
    LEAF(3, TEXT, "CdtrAcct/" ACCOUNT, 34, 0, iso_credit, payee_account),
    LEAF(3, TEXT, "RmtInf/Ustrd", 140, OPT, iso_credit, note),
};

static const struct form_node iso_status_nodes[] = {
    GROUP(1, "GrpHdr", 0),
    LEAF(2, TEXT, "MsgId", 35, 0, iso_status, msg_id),
    LEAF(2, TIME, "CreDtTm", 0, 0, iso_status, created),
    GROUP(1, "OrgnlGrpInfAndSts", 0),
    LEAF(2, TEXT, "OrgnlMsgId", 35, 0, iso_status, original_id),
    LEAF(2, TEXT, "OrgnlMsgNmId", 35, 0, iso_status, original_type),
    LEAF(2, TEXT, "GrpSts", 4, OPT, iso_status, group_status),
    LIST(1, "OrgnlPmtInfAndSts", OPT, iso_status, blocks, iso_block_status),
    LEAF(2, TEXT, "OrgnlPmtInfId", 35, 0, iso_block_status, block_id),
    LEAF(2, TEXT, "PmtInfSts", 4, OPT, iso_block_status, status),
    LIST(2, "TxInfAndSts", OPT, iso_block_status, items, iso_tx_status),
    LEAF(3, TEXT, "OrgnlInstrId", 35, OPT, iso_tx_status, tx_id),
    LEAF(3, TEXT, "OrgnlEndToEndId", 35, OPT, iso_tx_status, order),
    LEAF(3, TEXT, "TxSts", 4, OPT, iso_tx_status, status),
    LEAF(3, TEXT, "StsRsnInf/Rsn/Cd", 4, OPT, iso_tx_status, reason),
};

#define STATEMENT(element)                                                                         \
    GROUP(1, "GrpHdr", 0), LEAF(2, TEXT, "MsgId", 35, 0, iso_statements, msg_id),                  \
    LEAF(2, TIME, "CreDtTm", 0, 0, iso_statements, created),                                       \
    LIST(1, element, 0, iso_statements, items, iso_statement),                                     \
    LEAF(2, TEXT, "Id", 35, 0, iso_statement, id),                                                 \
    LEAF(2, DIGITS, "ElctrncSeqNb", 18, OPT, iso_statement, sequence),                             \
    LEAF(2, TIME, "CreDtTm", 0, OPT, iso_statement, created), GROUP(2, "FrToDt", OPT),             \
    LEAF(3, TIME, "FrDtTm", 0, 0, iso_statement, from),                                            \
    LEAF(3, TIME, "ToDtTm", 0, 0, iso_statement, until), GROUP(2, "Acct", 0), GROUP(3, "Id", 0),   \
    LEAF(4, TEXT, "IBAN", 34, OPT, iso_statement, iban),                                           \
    LEAF(4, TEXT, "Othr/Id", 34, OPT, iso_statement, account),                                     \
    LEAF(3, TEXT, "Ccy", 3, OPT, iso_statement, currency)
#define WHEN(d, element, flags, T, day_member, time_member)                                        \
    GROUP(d, element, flags), LEAF(d + 1, DATE, "Dt", 0, OPT, T, day_member),                      \
    LEAF(d + 1, TIME, "DtTm", 0, OPT, T, time_member)
#define ENTRIES                                                                                    \
    LIST(2, "Ntry", OPT, iso_statement, entries, iso_entry),                                       \
    LEAF(3, TEXT, "NtryRef", 35, OPT, iso_entry, ref),                                             \
    LEAF(3, AMOUNT, "Amt", 0, 0, iso_entry, amount),                                               \
    CODE(3, "CdtDbtInd", SIDES, 0, iso_entry, side),                                               \
    CODE(3, "RvslInd", "true false 1 0", OPT, iso_entry, reversal),                                \
    LEAF(3, TEXT, "Sts/Cd", 4, 0, iso_entry, status),                                              \
    WHEN(3, "BookgDt", OPT, iso_entry, booked, booked_at),                                         \
    WHEN(3, "ValDt", OPT, iso_entry, value, value_at),                                             \
    LEAF(3, TEXT, "AcctSvcrRef", 35, OPT, iso_entry, bank_ref), GROUP(3, "BkTxCd", 0),             \
    GROUP(4, "Domn", OPT), LEAF(5, TEXT, "Cd", 4, 0, iso_entry, domain), GROUP(5, "Fmly", 0),      \
    LEAF(6, TEXT, "Cd", 4, 0, iso_entry, family),                                                  \
    LEAF(6, TEXT, "SubFmlyCd", 4, 0, iso_entry, subfamily),                                        \
    LIST(3, "NtryDtls", OPT, iso_entry, details, iso_detail),                                      \
    LIST(4, "TxDtls", OPT, iso_detail, items, iso_tx), GROUP(5, "Refs", OPT),                      \
    LEAF(6, TEXT, "AcctSvcrRef", 35, OPT, iso_tx, bank_ref),                                       \
    LEAF(6, TEXT, "InstrId", 35, OPT, iso_tx, tx_id),                                              \
    LEAF(6, TEXT, "EndToEndId", 35, OPT, iso_tx, order),                                           \
    LEAF(6, TEXT, "MndtId", 35, OPT, iso_tx, agreement),                                           \
    LEAF(5, AMOUNT, "Amt", 0, OPT, iso_tx, amount),                                                \
    CODE(5, "CdtDbtInd", SIDES, OPT, iso_tx, side), GROUP(5, "RltdPties", OPT),                    \
    LEAF(6, TEXT, "Dbtr/Pty/Nm", 140, OPT, iso_tx, payer_name),                                    \
    LEAF(6, TEXT, "DbtrAcct/" ACCOUNT, 34, OPT, iso_tx, payer_account),                            \
    LEAF(6, TEXT, "Cdtr/Pty/Nm", 140, OPT, iso_tx, payee_name),                                    \
    LEAF(6, TEXT, "CdtrAcct/" ACCOUNT, 34, OPT, iso_tx, payee_account),                            \
    LEAF(5, TEXT, "RmtInf/Ustrd", ANY_TEXT, OPT, iso_tx, note)

static const struct form_node statement_nodes[] = {
    STATEMENT("Stmt"),
    LIST(2, "Bal", 0, iso_statement, balances, iso_balance),
    LEAF(3, TEXT, "Tp/CdOrPrtry/Cd", 4, OPT, iso_balance, kind),
    LEAF(3, AMOUNT, "Amt", 0, 0, iso_balance, amount),
    CODE(3, "CdtDbtInd", SIDES, 0, iso_balance, side),
    WHEN(3, "Dt", 0, iso_balance, day, at),
    ENTRIES,
};

static const struct form_node notice_nodes[] = {
    STATEMENT("Ntfctn"),
    ENTRIES,
};

#define ISO(T, nodes, type, root)                                                                  \
    { type, root, NS type, nodes, sizeof(nodes) / sizeof(nodes[0]), sizeof(struct T), true }
static const struct form forms[] = {
    ISO(iso_collection, iso_collection_nodes, ISO_PAIN_008, "CstmrDrctDbtInitn"),
    ISO(iso_payout, iso_payout_nodes, ISO_PAIN_001, "CstmrCdtTrfInitn"),
    ISO(iso_status, iso_status_nodes, ISO_PAIN_002, "CstmrPmtStsRpt"),
    ISO(iso_statements, statement_nodes, ISO_CAMT_053, "BkToCstmrStmt"),
    ISO(iso_statements, notice_nodes, ISO_CAMT_054, "BkToCstmrDbtCdtNtfctn"),
};

const struct form *iso_table_find(const char *type)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (strcmp(type, forms[i].type) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}
