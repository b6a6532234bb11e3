create schema if not exists ops;
create table if not exists ops.outcomes (
    id number(38, 0),
    recorded_at timestamp_ntz,
    run varchar,
    step varchar,
    source varchar,
    stream varchar,
    window_start timestamp_ntz,
    window_end timestamp_ntz,
    status varchar,
    rows_in number(38, 0),
    rows_out number(38, 0),
    bytes number(38, 0),
    millis number(38, 0),
    reason varchar,
    job_id number(38, 0),
    attempt number(38, 0),
    scheduled_at timestamp_ntz
);
select lower(column_name) from information_schema.columns where lower(table_schema) = ? and lower(table_name) = ?;
alter table ops.outcomes add column attempt number(38, 0);
begin;
delete from ops.outcomes where id > 41;
insert into ops.outcomes (id, recorded_at, run, step, source, stream, window_start, window_end, status, rows_in, rows_out, bytes, millis, reason, job_id, attempt, scheduled_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
insert into ops.outcomes (id, recorded_at, run, step, source, stream, window_start, window_end, status, rows_in, rows_out, bytes, millis, reason, job_id, attempt, scheduled_at) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);
commit;
