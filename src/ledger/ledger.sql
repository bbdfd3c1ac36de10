-- ledger.sql - books, accounts, transfers and their entries (storage.md 6, core: money).
-- migration 1 core
create table ledger_book (
    book {text} not null primary key check (length(book) between 1 and 32),
    seq {i64} not null check (seq >= 0),
    hash {bytes} not null check (length(hash) = 32),
    created_at {i64} not null
) {strict};

create table account (
    account_id {i64} primary key,
    book {text} not null references ledger_book (book),
    code {text} not null check (length(code) between 3 and 100),
    org_id {i64} not null,
    currency {text} not null check (currency = 'CNY'),
    side_limit {i16} not null check (side_limit between 0 and 2),
    debit_fen {i64} not null check (debit_fen >= 0),
    credit_fen {i64} not null check (credit_fen >= 0),
    pending_debit_fen {i64} not null check (pending_debit_fen >= 0),
    pending_credit_fen {i64} not null check (pending_credit_fen >= 0),
    ver {i64} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    check (side_limit <> 1 or debit_fen - credit_fen - pending_credit_fen >= 0),
    check (side_limit <> 2 or credit_fen - debit_fen - pending_debit_fen >= 0),
    unique (book, code)
) {strict};

create table transfer (
    transfer_id {i64} primary key,
    book {text} not null references ledger_book (book),
    seq {i64} not null check (seq > 0),
    phase {i16} not null check (phase between 1 and 5),
    kind {text} not null check (length(kind) between 1 and 64),
    ref {text} not null check (length(ref) <= 64),
    idem_key {text} not null check (length(idem_key) between 1 and 120),
    clearing_day {i64} not null,
    names_id {i64} not null,
    content {bytes} not null check (length(content) = 32),
    hash {bytes} not null check (length(hash) = 32),
    created_at {i64} not null,
    check ((phase >= 3) = (names_id <> 0)),
    unique (book, seq)
) {strict};
{append_only}
create unique index transfer_key on transfer (idem_key);
create unique index transfer_names on transfer (names_id) where names_id <> 0;
create index transfer_ref on transfer (ref, seq) where ref <> '';

create table entry (
    transfer_id {i64} not null references transfer (transfer_id),
    leg {i64} not null,
    seq {i64} not null,
    account_id {i64} not null references account (account_id),
    fen {i64} not null check (fen <> 0),
    primary key (transfer_id, leg)
) {strict_without_rowid};
{append_only}
create index entry_account on entry (account_id, seq, leg);
