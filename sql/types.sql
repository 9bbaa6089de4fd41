-- Schemas, vocabularies and small functions that every table uses.
create schema if not exists raw; -- what was delivered, as delivered
create schema if not exists core; -- the ledger and the versioned reference data
create schema if not exists mart; -- what analysts read
create schema if not exists ops; -- statuses and bookkeeping
-- What makes it work, and may change with any version. Among it are the rows that are not sealed yet: those of days
-- that can hardly change leave for immutable Parquet files in the folder sealed/ of the data root, and the views of the
-- same names in raw, core and mart show both as one.
create schema if not exists internal;
create schema if not exists sealed; -- the sealed rows, as macros

-- in schema main: DuckDB 1.5 cannot replay the log of a killed process when a type lies in another schema
create type if not exists event_type as enum ('click', 'impression', 'view', 'acquisition'); -- noqa: PRS
create type if not exists cost_type as enum ('CLICK', 'IMPRESSION', 'VIEW', 'ACQUISITION'); -- noqa: PRS
create type if not exists transaction_type as enum ('COST', 'PAYMENT', 'CORRECTION'); -- noqa: PRS
create type if not exists price_source as enum ('AD', 'GLOBAL'); -- noqa: PRS
create type if not exists campaign_status as enum ( -- noqa: PRS
    'DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'BUDGET_REACHED', 'COMPLETED'
);

create or replace macro core.beginning() as timestamptz '2000-01-01 00:00:00+00';
create or replace macro core.local_time(instant, utc_offset) as
    make_timestamp(epoch_us(instant) + utc_offset::bigint * 1000000);
create or replace macro core.instant_of(local_timestamp, utc_offset) as
    make_timestamptz(epoch_us(local_timestamp) - utc_offset::bigint * 1000000);
-- when a local date begins within a period of one offset: at midnight, or with the period where midnight is skipped
create or replace macro core.begins_in(local_date, starts_at, ends_at, utc_offset) as
    case
        when core.instant_of(local_date, utc_offset) < ends_at
            then greatest(starts_at, core.instant_of(local_date, utc_offset))
    end;
-- when the month began that is under way in the zone furthest behind, by the clock of the one furthest ahead
create or replace macro core.earliest_month_start(instant) as
make_timestamptz(epoch_us(date_trunc('month', make_timestamp(epoch_us(instant) - 86400000000))) - 86400000000);
create or replace macro core.transaction_id(file_id, line_number) as
    file_id * 10000000000 + line_number;

-- how long a daily window is, in microseconds: 22:00-04:00 closes on the next day
create or replace macro core.window_length_us(opens, closes) as
    epoch_us(closes) - epoch_us(opens) + case when closes < opens then 86400000000 else 0 end;

-- start of the daily window that is open at an instant, or of the next one; everything in microseconds
create or replace macro core.window_start_us(at_us, opens_us, length_us) as
    at_us - at_us % 86400000000 + opens_us
    + case
        when at_us - at_us % 86400000000 + opens_us - 86400000000 + length_us > at_us then -86400000000
        when at_us - at_us % 86400000000 + opens_us + length_us > at_us then 0
        else 86400000000
    end;
