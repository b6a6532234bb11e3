create schema if not exists raw;
create table if not exists raw.load_ledger (
    table_name varchar,
    object_key varchar,
    etag varchar,
    "ROWS" number(38, 0),
    source varchar,
    stream varchar,
    sync_id number(38, 0),
    window_start timestamp_ntz,
    window_end timestamp_ntz,
    loaded_at timestamp_ntz,
    load_seq number(38, 0),
    content varchar,
    primary key (table_name, object_key, etag)
);
create table if not exists raw.load_turn (taken_at timestamp_ntz);
insert into raw.load_turn select null where not exists (select 1 from raw.load_turn);
create table if not exists raw.hubspot__contacts (
    _airbyte_raw_id varchar,
    _airbyte_extracted_at timestamp_ntz,
    _airbyte_meta varchar,
    _airbyte_generation_id number(38, 0),
    _airbyte_data varchar,
    _source_file varchar,
    _source_row number(38, 0),
    _sync_id number(38, 0),
    _tokens varchar,
    _loaded_at timestamp_ntz,
    _load_seq number(38, 0)
);
create transient table if not exists raw.hubspot__contacts__arriving (
    _airbyte_raw_id varchar,
    _airbyte_extracted_at timestamp_ntz,
    _airbyte_meta varchar,
    _airbyte_generation_id number(38, 0),
    _airbyte_data varchar,
    _source_file varchar,
    _source_row number(38, 0),
    _sync_id number(38, 0),
    _tokens varchar
);
