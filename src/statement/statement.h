/* statement.h - lines frozen into something that parties confirm and owe (结算单).
 *
 * One statement per order and period, whatever the directions; a leg per payer and payee carries
 * what moves between those two (storage.md 6: statement, statement_leg, statement_line).
 * Collecting, paying out and invoicing will follow the legs.
 *
 * Laws
 *  1. A statement equals the sum of its lines, and each leg the sum of its lines, to the fen;
 *     net + VAT = gross, per line and in total (I2).
 *  2. Numbers are gap-free per year and taken in the transaction that issues.
 *  3. Once issued nothing of it changes but its state; its hash is kept and can be recomputed.
 *  4. A correction is a new statement of type ADJ with the differences per (code, payer, payee),
 *     which names the old one; a second correction compares with the last result.
 *  5. A HOLD statement is visible and not issued; release needs a reason and a second person.
 *  6. Every change of state goes through one table and leaves an event and an audit row.
 *  7. Each party sees its own legs only (product.md 5.1).
 *
 *               check          issue          confirm
 *      DRAFT ---------> CHECKED -----> ISSUED --------> CONFIRMED ---> COLLECTING ---> PAID
 *        |  \             |              | \  dispute      ^                            |
 *        |   \ hold       | void         |  +--> DISPUTED -+ (answered)                 v
 *        |    v           v              |                                        RECONCILED
 *        |   HELD --> (release) CHECKED  +--> (corrected by an ADJ statement)           |
 *        +----------> VOID  (only before issue)                                      CLOSED
 */
#ifndef SK_STATEMENT_STATEMENT_H
#define SK_STATEMENT_STATEMENT_H
#include "base/base.h"
#include "store/store.h"

enum statement_type { STATEMENT_NORMAL = 1, STATEMENT_PROVISIONAL, STATEMENT_ADJ, STATEMENT_FINAL };
enum statement_state {
    STATEMENT_DRAFT = 1,
    STATEMENT_HELD,
    STATEMENT_CHECKED,
    STATEMENT_ISSUED,
    STATEMENT_CONFIRMED,
    STATEMENT_DISPUTED,
    STATEMENT_COLLECTING,
    STATEMENT_PAID,
    STATEMENT_RECONCILED,
    STATEMENT_CLOSED,
    STATEMENT_VOID
};
#endif
