-- meter.sql - stations, devices, meters, points, their dated bindings and formulas (meter.h).

-- migration 1 core

create table station (
    station_id {i64} primary key,
    org_id {i64} not null,
    shard {i64} not null check (shard >= 0 and shard <= 4095),
    kind {i16} not null,
    code {text} not null unique check (length(code) between 1 and 64),
    name {text} not null check (length(name) <= 200),
    capacity_kw_e4 {i64} not null check (capacity_kw_e4 >= 0),
    created_at {i64} not null
) {strict};
create index station_org on station (org_id, station_id);

create table device (
    device_id {i64} primary key,
    station_id {i64} not null references station (station_id),
    protocol {text} not null check (length(protocol) between 1 and 32),
    address {text} not null check (length(address) between 1 and 128),
    in_use {i16} not null check (in_use in (0, 1)),
    created_at {i64} not null
) {strict};
create unique index device_address on device (protocol, address) where in_use = 1;
create index device_station on device (station_id, device_id);

create table meter (
    meter_id {i64} primary key,
    station_id {i64} not null references station (station_id),
    device_id {i64} references device (device_id),
    serial {text} not null check (length(serial) <= 64),
    modulus_e4 {i64} not null check (modulus_e4 >= 0),
    resolution_e4 {i64} not null check (resolution_e4 > 0),
    created_at {i64} not null
) {strict};
create index meter_station on meter (station_id, meter_id);
create index meter_device on meter (device_id) where device_id is not null;

create table point (
    point_id {i64} primary key,
    station_id {i64} not null references station (station_id),
    code {text} not null check (length(code) between 1 and 64),
    role {i16} not null,
    quantity {text} not null check (length(quantity) <= 32),
    unit {text} not null check (length(unit) <= 16),
    direction {i16} not null check (direction in (-1, 0, 1)),
    rated_kw_e4 {i64} not null check (rated_kw_e4 >= 0),
    is_virtual {i16} not null check (is_virtual in (0, 1)),
    created_at {i64} not null,
    unique (station_id, code)
) {strict};

-- A row is ended once (valid_until, last_value) and otherwise never changed.
create table meter_binding (
    point_id {i64} not null references point (point_id),
    valid_from {i64} not null,
    valid_until {i64} not null check (valid_until = 0 or valid_until > valid_from),
    meter_id {i64} not null references meter (meter_id),
    register_code {text} not null check (length(register_code) between 1 and 32),
    ct_num {i64} not null check (ct_num > 0),
    ct_den {i64} not null check (ct_den > 0),
    pt_num {i64} not null check (pt_num > 0),
    pt_den {i64} not null check (pt_den > 0),
    first_value_e4 {i64},
    last_value_e4 {i64},
    reason {i16} not null,
    note {text} not null check (length(note) <= 500),
    file {text} not null check (length(file) <= 200),
    created_at {i64} not null,
    updated_at {i64} not null,
    primary key (point_id, valid_from)
) {strict_without_rowid};
create index meter_binding_meter on meter_binding (meter_id, register_code, valid_from);

create table point_part (
    point_id {i64} not null references point (point_id),
    part_id {i64} not null references point (point_id),
    coefficient {i64} not null check (coefficient <> 0),
    primary key (point_id, part_id)
) {strict_without_rowid};
