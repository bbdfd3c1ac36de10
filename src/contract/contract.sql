-- migration 1 core
create table strategy_version (
    name {text} not null check (length(name) between 1 and 64),
    version {i64} not null check (version > 0),
    title {text} not null,
    body {text} not null,
    hash {text} not null check (length(hash) = 64),
    uses {text} not null,
    created_at {i64} not null,
    primary key (name, version)
) {strict}
{append_only}
create unique index strategy_version_hash on strategy_version (name, hash);

create table contract (
    contract_id {i64} not null,
    version {i64} not null check (version > 0),
    no {text} not null check (length(no) between 1 and 64),
    title {text} not null,
    state {i16} not null check (state between 1 and 4),
    valid_from {i64} not null,
    valid_until {i64} not null check (valid_until > valid_from),
    successor {i16} not null check (successor in (0, 1)),
    strategy {text} not null,
    strategy_version {i64} not null,
    amendments {text} not null,
    tariff_key {text} not null,
    terms {text} not null,
    hash {text} not null check (length(hash) = 64),
    created_at {i64} not null,
    updated_at {i64} not null,
    primary key (contract_id, version),
    unique (no, version)
) {strict};
create table contract_party (
    contract_id {i64} not null,
    version {i64} not null,
    name {text} not null,
    org_id {i64} not null,
    primary key (contract_id, version, name)
) {strict_without_rowid};
create index contract_party_org on contract_party (org_id, contract_id);
create table contract_station (
    contract_id {i64} not null,
    version {i64} not null,
    station_id {i64} not null,
    valid_from {i64} not null,
    valid_until {i64} not null,
    primary key (contract_id, version, station_id)
) {strict_without_rowid};
create index contract_station_from on contract_station (station_id, valid_from);
create table sales_order (
    order_id {i64} not null primary key,
    serial {i64} not null unique check (serial between 1 and 2147483647),
    contract_id {i64} not null,
    no {text} not null unique check (length(no) between 1 and 64),
    station_id {i64} not null,
    valid_from {i64} not null,
    valid_until {i64} not null check (valid_until > valid_from),
    state {i16} not null check (state between 1 and 3),
    created_at {i64} not null,
    updated_at {i64} not null,
    ver {i64} not null
) {strict};
create index sales_order_contract on sales_order (contract_id, valid_from);
create table order_station (
    order_id {i64} not null,
    seq {i64} not null,
    station_id {i64} not null,
    primary key (order_id, seq)
) {strict_without_rowid};
create table order_leg (
    order_id {i64} not null,
    seq {i64} not null,
    payer {text} not null,
    payee {text} not null,
    payer_account {text} not null,
    payee_account {text} not null,
    primary key (order_id, seq),
    unique (order_id, payer, payee)
) {strict_without_rowid};
create table order_input (
    order_id {i64} not null,
    period_from {i64} not null,
    settings {text} not null,
    created_at {i64} not null,
    primary key (order_id, period_from)
) {strict_without_rowid};

-- migration 2 core
create table order_fact (
    order_id {i64} not null,
    period_from {i64} not null,
    version {i64} not null check (version > 0),
    facts {text} not null,
    created_at {i64} not null,
    primary key (order_id, period_from, version)
) {strict}
{append_only}
insert into order_fact (order_id, period_from, version, facts, created_at)
    select order_id, period_from, 1, '{"settings":' || settings || '}', created_at from order_input;
drop table order_input;

-- migration 3 core
create table strategy_life (
    name {text} not null,
    version {i64} not null check (version > 0),
    state {i16} not null check (state between 1 and 5),
    valid_from {i64} not null,
    valid_until {i64} not null check (valid_until >= valid_from),
    approval_id {i64} not null,
    updated_at {i64} not null,
    primary key (name, version)
) {strict_without_rowid};
insert into strategy_life (name, version, state, valid_from, valid_until, approval_id, updated_at)
    select v.name, v.version, 5, 0,
        case when exists (select 1 from strategy_version n
                          where n.name = v.name and n.version > v.version)
        then 0 else 99999999 end, 0, v.created_at
    from strategy_version v;
create table strategy_evidence (
    name {text} not null,
    version {i64} not null,
    seq {i64} not null check (seq > 0),
    kind {i16} not null check (kind between 1 and 2),
    passed {i16} not null check (passed in (0, 1)),
    hash {text} not null check (length(hash) = 64),
    body {text} not null,
    created_at {i64} not null,
    primary key (name, version, seq)
) {strict}
{append_only}
create table contract_fixed (
    contract_id {i64} not null primary key,
    created_at {i64} not null
) {strict};

-- migration 4 core
create table bank_account (
    account_id {i64} not null primary key,
    org_id {i64} not null,
    no_masked {text} not null,
    name_masked {text} not null,
    bank_no {text} not null,
    channel {text} not null,
    state {i16} not null check (state between 1 and 5),
    valid_from {i64} not null,
    valid_until {i64} not null check (valid_until >= valid_from),
    successor {i64} not null,
    no_sealed {bytes} not null,
    name_sealed {bytes} not null,
    no_index {bytes} not null check (length(no_index) = 16),
    key_id {i64} not null,
    created_at {i64} not null,
    updated_at {i64} not null
) {strict};
create unique index bank_account_no on bank_account (org_id, no_index) where state < 4;
create index bank_account_key on bank_account (key_id, account_id);
create table account_change (
    change_id {i64} not null primary key,
    org_id {i64} not null,
    old_account {i64} not null,
    new_account {i64} not null,
    approval_id {i64} not null,
    asked_by {i64} not null,
    state {i16} not null check (state between 1 and 5),
    letter {bytes} not null check (length(letter) = 32),
    verify_fen {i64} not null,
    verify_ref {text} not null,
    reason {text} not null,
    cooled_at {i64} not null,
    effective {i64} not null,
    created_at {i64} not null,
    updated_at {i64} not null
) {strict};
create unique index account_change_open on account_change (old_account) where state < 4;
create table debit_authorization (
    authorization_id {i64} not null primary key,
    no {text} not null unique check (length(no) between 1 and 60),
    org_id {i64} not null,
    payer_account {i64} not null,
    payee_org {i64} not null,
    purpose {text} not null,
    item_max_fen {i64} not null check (item_max_fen > 0),
    month_max_fen {i64} not null check (month_max_fen >= item_max_fen),
    valid_from {i64} not null,
    valid_until {i64} not null check (valid_until > valid_from),
    state {i16} not null check (state between 1 and 5),
    file {bytes} not null,
    created_at {i64} not null,
    updated_at {i64} not null
) {strict};
create index debit_authorization_pair on debit_authorization (payer_account, payee_org);
create table authorization_use (
    ref {text} not null primary key check (length(ref) between 1 and 64),
    authorization_id {i64} not null,
    month {i64} not null,
    fen {i64} not null check (fen > 0),
    created_at {i64} not null
) {strict_without_rowid};
create index authorization_use_month on authorization_use (authorization_id, month);
alter table order_leg add column payer_account_id {i64} not null default 0;
alter table order_leg add column payee_account_id {i64} not null default 0;
