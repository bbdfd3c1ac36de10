-- migration 1 core
create table calendar (
    kind {i16} not null check (kind in (0, 1)),
    calendar_id {text} not null check (length(calendar_id) between 1 and 64),
    version {i64} not null check (version > 0),
    title {text} not null,
    illustrative {i16} not null check (illustrative in (0, 1)),
    hash {bytes} not null check (length(hash) = 32),
    body {text} not null,
    created_at {i64} not null,
    primary key (kind, calendar_id, version)
) {strict}
{append_only}
create table price_table (
    table_id {text} not null check (length(table_id) between 1 and 64),
    version {i64} not null check (version > 0),
    title {text} not null,
    illustrative {i16} not null check (illustrative in (0, 1)),
    hash {bytes} not null check (length(hash) = 32),
    body {text} not null,
    created_at {i64} not null,
    primary key (table_id, version)
) {strict}
{append_only}
create table price_row (
    table_id {text} not null,
    version {i64} not null,
    valid_from {i64} not null,
    season {text} not null,
    tier {i16} not null check (tier >= 0),
    period {i16} not null check (period between 0 and 4),
    price_e6 {i64} not null,
    primary key (table_id, version, valid_from, season, tier, period)
) {strict}
{append_only}
