/* messages.h - the clearing line's messages as C values, one struct a message.
 *
 * Members stand in the order of the message. Text is struct str (empty: absent), a day of 0 is
 * absent, a list of n = 0 is absent. Digits stay text, because "00000001" and "1" are different
 * bytes to a signature. The tables of cnaps/table.c say each member's element, length and
 * cardinality; nothing else knows.
 *
 * 付款人 is the payer, 收款人 the payee; a bank is a clearing member's number (行号), a branch the
 * number of the branch that keeps the account.
 */
#ifndef SK_PARTNER_CNAPS_MESSAGES_H
#define SK_PARTNER_CNAPS_MESSAGES_H
#include "partner/partner.h"

struct cnaps_head { /* GrpHdr */
    struct str msg_id, created; /* created: 2026-07-01T09:02:03 */
    struct str from_direct, from, to_direct, to;
    struct str system, remark;
};

struct cnaps_origin { /* OrgnlGrpHdr: the message this one is about */
    struct str msg_id, sender, type;
};

struct cnaps_batch { /* OrgnlMsgInf in its short form */
    struct str msg_id, sender, batch;
};

struct cnaps_npc { /* NPCPrcInf: what the centre did with it (轧差) */
    struct str status, code, reason;
    struct day netting_day;
    struct str netting_round;
    struct day settled;
    struct str received, passed_on;
};

struct cnaps_answer { /* RspnInf: what the bank did with it */
    struct str status, reject_code, reason, party;
};

struct cnaps_part { /* Prttn: records first..last of total */
    struct str total, first, last;
};

struct beps_380_item {
    struct str purpose, tx_id, payer_name, payer_account, branch;
    struct wire_amount amount;
    struct str agreement, check_flag, note;
};

struct beps_380 { /* batch collection 批量代收 */
    struct cnaps_head head;
    struct str batch;
    struct day sent;
    struct str reply_days, payer_bank, payee_bank, payee_branch, payee_name, payee_account;
    struct wire_amount total;
    struct str business, count;
    WIRE_LIST(struct beps_380_item) items;
};

struct beps_381_original {
    struct str msg_id, sender, batch;
    struct day sent;
    struct str reply_days;
    struct wire_amount total;
    struct str count;
};

struct beps_381_item {
    struct cnaps_answer answer;
    struct str tx_id, payer_name, payer_account, branch;
    struct wire_amount amount;
    struct str purpose, note;
};

struct beps_381 { /* its receipt */
    struct cnaps_head head;
    struct beps_381_original original;
    struct cnaps_npc npc;
    struct wire_amount paid_total;
    struct str paid_count, business, payee_branch, payee_name, payee_account;
    WIRE_LIST(struct beps_381_item) items;
};

struct beps_382_item {
    struct str purpose, tx_id, branch, payee_name, payee_account;
    struct wire_amount amount;
    struct str note;
};

struct beps_382 { /* batch payout 批量代付 */
    struct cnaps_head head;
    struct str batch;
    struct day sent, passed_on;
    struct str reply_days, receive_type, agreement, check_flag, payer_name, payer_account;
    struct str payer_bank, payer_branch, payee_bank;
    struct wire_amount total;
    struct str business, count;
    WIRE_LIST(struct beps_382_item) items;
};

struct beps_383_original {
    struct str msg_id, sender, batch;
    struct wire_amount total;
    struct str count;
};

struct beps_383_item {
    struct cnaps_answer answer;
    struct str tx_id, payee_name, payee_account, branch;
    struct wire_amount amount;
    struct str note;
};

struct beps_383 { /* its receipt */
    struct cnaps_head head;
    struct beps_383_original original;
    struct cnaps_npc npc;
    struct wire_amount paid_total;
    struct str paid_count, payer_branch, payer_name, payer_account;
    WIRE_LIST(struct beps_383_item) items;
};

struct beps_384 { /* real-time collection 实时代收 */
    struct cnaps_head head;
    struct str batch, tx_id, payer_name, payer_account, payer_bank, payer_branch, payee_bank;
    struct str payee_branch, payee_name, payee_account;
    struct wire_amount amount;
    struct str business, purpose, agreement, check_flag;
};

struct beps_385 { /* its receipt */
    struct cnaps_head head;
    struct cnaps_batch original;
    struct cnaps_npc npc;
    struct cnaps_answer answer;
    struct str tx_id, payer_name, payer_account, payer_branch, payee_branch, payee_name;
    struct str payee_account;
    struct wire_amount amount;
    struct str business, purpose;
};

struct beps_386 { /* real-time payout 实时代付 */
    struct cnaps_head head;
    struct str batch, receive_type, tx_id, payer_name, payer_account, payer_branch;
    struct str payee_branch, payee_name, payee_account;
    struct wire_amount amount;
    struct str business, purpose, agreement, check_flag;
};

struct beps_387 { /* its receipt */
    struct cnaps_head head;
    struct cnaps_batch original;
    struct cnaps_npc npc;
    struct cnaps_answer answer;
    struct str tx_id, payer_name, payer_account, payer_branch, payee_branch, payee_name;
    struct str payee_account;
    struct wire_amount amount;
    struct str business, purpose;
};

struct beps_388 { /* rejection notice */
    struct cnaps_head head;
    struct cnaps_batch original;
    struct cnaps_answer answer;
    struct str note;
};

struct beps_389 { /* confirmation */
    struct cnaps_head head;
    struct cnaps_origin original;
    struct cnaps_answer answer;
    struct str note;
};

struct beps_392_item {
    struct str change, agreement, payer_name, payer_account, payer_issuer, payer_bank;
    struct str payer_branch, payee_name;
};

struct beps_392 { /* debit authorisations 协议管理 */
    struct cnaps_head head;
    struct str operation, agreement_type, count;
    WIRE_LIST(struct beps_392_item) items;
};

struct beps_393_item {
    struct str agreement, payer_name, payer_account, payer_issuer, payee_name;
    struct cnaps_answer answer;
    struct str account_status;
};

struct beps_393 { /* its answer */
    struct cnaps_head head;
    struct cnaps_origin original;
    struct str count;
    WIRE_LIST(struct beps_393_item) items;
};

struct beps_720 { /* asks for the totals of a day */
    struct cnaps_head head;
    struct day day;
};

struct beps_721_payment {
    struct day netting_day;
    struct str netting_round, type, sent_count, sent_total, received_count, received_total;
    struct str status;
};

struct beps_721_other {
    struct str type, sent_count, received_count;
    struct day received;
};

struct beps_721 { /* the totals */
    struct cnaps_head head;
    struct cnaps_origin original;
    struct day day;
    struct str payment_count;
    WIRE_LIST(struct beps_721_payment) payments;
    struct str other_count;
    WIRE_LIST(struct beps_721_other) others;
};

struct beps_722_payment {
    struct str side;
    struct day netting_day;
    struct str netting_round, type, status;
};

struct beps_722_other {
    struct str side, type;
    struct day received;
};

struct beps_722 { /* asks for the details */
    struct cnaps_head head;
    struct day day;
    struct str payment_count;
    WIRE_LIST(struct beps_722_payment) payments;
    struct str other_count;
    WIRE_LIST(struct beps_722_other) others;
};

struct beps_723_payment_message {
    struct cnaps_origin original;
    struct str count;
    struct wire_amount total;
};

struct beps_723_payment {
    struct str side;
    struct day netting_day;
    struct str netting_round, type, status, count;
    WIRE_LIST(struct beps_723_payment_message) messages;
};

struct beps_723_other_message {
    struct cnaps_origin original;
    struct str status, payment;
};

struct beps_723_other {
    struct str side, type;
    struct day received;
    struct str count;
    WIRE_LIST(struct beps_723_other_message) messages;
};

struct beps_723 { /* the details */
    struct cnaps_head head;
    struct cnaps_part part;
    struct cnaps_origin original;
    struct day day;
    struct cnaps_npc npc;
    struct str payment_count;
    WIRE_LIST(struct beps_723_payment) payments;
    struct str other_count;
    WIRE_LIST(struct beps_723_other) others;
};

struct beps_724_item {
    struct str side;
    struct cnaps_origin original;
    struct str payment;
};

struct beps_724 { /* asks for messages again */
    struct cnaps_head head;
    struct str count;
    WIRE_LIST(struct beps_724_item) items;
};

struct beps_725 { /* one of them again; content is XML */
    struct cnaps_head head;
    struct cnaps_origin original;
    struct cnaps_npc npc, original_npc;
    struct str content;
};

struct beps_726_payment_message {
    struct cnaps_origin original;
    struct str count;
    struct wire_amount total;
    struct str status;
};

struct beps_726_payment {
    struct str type, sent_count, sent_total, received_count, received_total;
    WIRE_LIST(struct beps_726_payment_message) sent, received;
};

struct beps_726_other_message {
    struct cnaps_origin original;
    struct str status;
};

struct beps_726_other {
    struct str type, sent_count, received_count;
    WIRE_LIST(struct beps_726_other_message) sent, received;
};

struct beps_726 { /* account check file */
    struct cnaps_head head;
    struct cnaps_part part;
    struct day day;
    struct str payment_count;
    WIRE_LIST(struct beps_726_payment) payments;
    struct str other_count;
    WIRE_LIST(struct beps_726_other) others;
};

struct ccms_801 { /* the system day changes */
    struct cnaps_head head;
    struct day old_day;
    struct str old_status;
    struct day day;
    struct str status, holiday;
    struct day next_day;
    struct str bank_change, base_change, cis_change, parameter_change;
};

struct ccms_805 { /* log in or out */
    struct cnaps_head head;
    struct str operation;
};

struct ccms_806 { /* its answer */
    struct cnaps_head head;
    struct str original, operation;
    struct day day;
    struct str system_status, status, code, reason;
};

struct ccms_900 { /* generic processing result */
    struct cnaps_head head;
    struct cnaps_origin original;
    struct str status, code, party, party_code, reason;
    struct day day;
    struct str netting_round;
};

struct ccms_911 { /* a message was discarded */
    struct str sender, day, type, msg_id, reference, code, reason;
};

struct ccms_990 { /* communication acknowledgement */
    struct str sender, day, type, msg_id, reference, code;
};

#endif
