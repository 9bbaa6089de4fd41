-- What was delivered, as delivered.
create schema if not exists raw;

create table if not exists raw.event_files (
    file_id bigint not null,
    kind varchar not null,
    name varchar not null,
    sha256 varchar,
    bytes bigint not null,
    changed_ns bigint not null,
    outcome varchar not null,
    reason varchar,
    ignored_columns varchar[],
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    recorded_at timestamptz not null,
    read_at timestamptz not null,
    ignored_more bigint
);
comment on table raw.event_files is 'One row per delivered file; read = loaded + duplicate + rejected.';
comment on column raw.event_files.kind is 'events, payments, or unknown';
comment on column raw.event_files.name is 'path below the data root; backslashes doubled, escapes for what is not printable';
comment on column raw.event_files.sha256 is 'identity of the file: the digest of its bytes';
comment on column raw.event_files.changed_ns is 'last change of the file when it was read, to know it again without reading it';
comment on column raw.event_files.outcome is 'LOADED, DUPLICATE (same bytes as an earlier file) or QUARANTINED (refused whole)';
comment on column raw.event_files.ignored_columns is 'drift: columns or keys nobody asked for, the first hundred of them';
comment on column raw.event_files.ignored_more is 'how often others were met beyond those hundred';
comment on column raw.event_files.read_at is 'the moment of loading that times in the future were held against';
comment on column raw.event_files.rows_duplicate is 'rows that were there already';

create or replace view raw.ad_events as
from hot.ad_events
union all
select
    * replace (
        event_type::event_type as event_type
    )
from sealed.ad_events();
comment on view raw.ad_events is 'One row per accepted event.';
comment on column raw.ad_events.line_number is 'line of the file, from 1; for Parquet the row';

create table if not exists raw.payments (
    payment_id varchar not null,
    brand_id bigint not null,
    amount decimal(18, 9) not null,
    paid_at timestamptz not null,
    file_id bigint not null,
    line_number bigint not null,
    batch_id bigint not null
);
comment on table raw.payments is 'One row per accepted payment; a negative amount is a refund.';

create table if not exists raw.rejected_rows (
    file_id bigint not null,
    line_number bigint not null,
    raw varchar,
    reason varchar not null,
    recorded_at timestamptz not null
);
comment on table raw.rejected_rows is 'One row per refused line of a delivered file.';
comment on column raw.rejected_rows.raw is 'the line as delivered, cut at 4 KB';
