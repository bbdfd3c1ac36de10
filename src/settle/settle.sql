-- migration 1 core
create table settlement_run (
    run_id {i64} not null primary key,
    order_id {i64} not null,
    station_id {i64} not null,
    period_from {i64} not null,
    period_until {i64} not null check (period_until > period_from),
    revision {i64} not null check (revision > 0),
    state {i16} not null check (state between 1 and 3),
    locked {i16} not null check (locked in (0, 1)),
    held {i16} not null check (held in (0, 1)),
    input_hash {bytes} not null,
    lines_hash {bytes} not null,
    strategy_hash {bytes} not null,
    snapshot {bytes} not null,
    contract_version {i64} not null,
    tariff {text} not null,
    inputs {text} not null,
    state_in {text} not null,
    state_out {text} not null,
    n_lines {i64} not null,
    fen {i64} not null,
    failure_name {text} not null,
    failure {text} not null,
    created_at {i64} not null,
    unique (order_id, period_from, revision)
) {strict};
create index settlement_run_period on settlement_run (period_from, order_id);

-- migration 2 series
create table settlement_line (
    station_id {i64} not null,
    run_id {i64} not null,
    line_no {i64} not null,
    period_from {i64} not null,
    period_until {i64} not null,
    code {text} not null,
    payer {text} not null,
    payee {text} not null,
    settled_by {text} not null,
    qty_e4 {i64},
    unit {text} not null,
    price_e6 {i64},
    exact_hi {i64} not null,
    exact_lo {i64} not null,
    fen {i64} not null,
    net_fen {i64} not null,
    vat_fen {i64} not null,
    vat_e6 {i64} not null,
    quality {i16} not null,
    estimated_e6 {i64} not null,
    primary key (station_id, run_id, line_no)
) {strict};
