-- migration 1 core
create table statement (
    statement_id {i64} not null primary key,
    no {text} not null,
    type {i16} not null check (type between 1 and 4),
    state {i16} not null check (state between 1 and 11),
    ver {i64} not null,
    order_id {i64} not null,
    station_id {i64} not null,
    contract_id {i64} not null,
    contract_version {i64} not null,
    revision {i64} not null,
    order_no {text} not null,
    contract_no {text} not null,
    period_from {i64} not null,
    period_until {i64} not null,
    strategy {text} not null,
    strategy_version {i64} not null,
    tariff {text} not null,
    strategy_hash {bytes} not null,
    snapshot {bytes} not null,
    lines_hash {bytes} not null,
    body_hash {bytes} not null,
    doc_hash {bytes} not null,
    previous_id {i64} not null,
    fen {i64} not null,
    net_fen {i64} not null,
    vat_fen {i64} not null,
    n_lines {i64} not null,
    intervals {i64} not null,
    estimated {i64} not null,
    manual {i64} not null,
    missing {i64} not null,
    hold {text} not null,
    parties {text} not null,
    annex {text} not null,
    reason {text} not null,
    issued_at {i64} not null,
    issued_by {i64} not null,
    confirmed_at {i64} not null,
    confirmed_by {i64} not null,
    due {i64} not null,
    created_at {i64} not null,
    updated_at {i64} not null,
    check (net_fen + vat_fen = fen),
    check ((state between 4 and 10) = (no <> ''))
) {strict};
create unique index statement_no on statement (no) where no <> '';
create index statement_order on statement (order_id, period_from);
create index statement_period on statement (period_from, state, statement_id);
create table statement_leg (
    statement_id {i64} not null,
    leg {i64} not null,
    payer {text} not null,
    payee {text} not null,
    settled_by {text} not null,
    payer_org {i64} not null,
    payee_org {i64} not null,
    payer_account {text} not null,
    payee_account {text} not null,
    fen {i64} not null,
    net_fen {i64} not null,
    vat_fen {i64} not null,
    check (net_fen + vat_fen = fen),
    primary key (statement_id, leg)
) {strict_without_rowid};
create index statement_leg_payer on statement_leg (payer_org, statement_id);
create index statement_leg_payee on statement_leg (payee_org, statement_id);
create table statement_line (
    statement_id {i64} not null,
    line_no {i64} not null,
    leg {i64} not null,
    code {text} not null,
    title {text} not null,
    qty_e4 {i64},
    unit {text} not null,
    price_e6 {i64},
    price_unit {text} not null,
    fen {i64} not null,
    net_fen {i64} not null,
    vat_fen {i64} not null,
    vat_e6 {i64} not null,
    quality {i16} not null,
    estimated_e6 {i64} not null,
    old_fen {i64} not null,
    new_fen {i64} not null,
    check (net_fen + vat_fen = fen),
    primary key (statement_id, line_no)
) {strict_without_rowid};
create table statement_event (
    statement_id {i64} not null,
    seq {i64} not null,
    from_state {i16} not null,
    to_state {i16} not null,
    at {i64} not null,
    user_id {i64} not null,
    reason {text} not null,
    primary key (statement_id, seq)
) {strict_without_rowid}
{append_only}
create table statement_counter (
    year {i64} not null primary key,
    last {i64} not null
) {strict};

-- migration 2 core
alter table statement add column reverses_id {i64} not null default 0;
