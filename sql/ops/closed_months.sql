-- One row per brand and month that was closed: what its statement says stays as it is; rows are only ever added.
create table if not exists ops.closed_months (
    brand_id bigint not null,
    local_month date not null,
    closed_by varchar not null,
    note varchar not null,
    recorded_at timestamptz not null,
    batch_id bigint not null,
    brand_name varchar
);
comment on table ops.closed_months is 'One row per brand and month that was closed: what its statement says stays as it is; rows are only ever added.';
comment on column ops.closed_months.closed_by is 'who closed it';
comment on column ops.closed_months.brand_name is 'as it was then';
comment on column ops.closed_months.batch_id is 'the newest batch that was counted';

-- name: open_months
-- One row per month of a brand that is open, up to one; before its lines are stated, by which it is told to be open.
create or replace temp table months_to_close as
select distinct local_month
from mart.statement
where brand_id = $brand_id and local_month <= $local_month and not is_closed
union
select $local_month::date as local_month;

-- name: add
-- One row per month of a brand that is closed now. Reads months_to_close.
insert into ops.closed_months
select
    $brand_id as brand_id,
    local_month,
    $closed_by as closed_by,
    $note as note,
    $recorded_at::timestamptz as recorded_at,
    ops.summed_batch('infinity'::timestamptz) as batch_id,
    (
        select brands.brand_name from mart.brands
        where brands.brand_id = $brand_id
    ) as brand_name
from months_to_close
order by local_month;

-- name: recorded
-- One row per month that was closed at a recorded time.
select local_month
from ops.closed_months
where recorded_at = $recorded_at
order by local_month;

-- name: of_brand
-- One row, if there is such a brand: its month at an instant, by its own clock, the first month of its statements, and
-- the last one that is closed.
select
    date_trunc('month', core.local_time($now::timestamptz, offsets.utc_offset))::date as month_now,
    (
        select min(local_month) from mart.statement
        where brand_id = $brand_id
    ) as first_month,
    (
        select max(local_month) from ops.closed_months
        where brand_id = $brand_id
    ) as closed_through
from core.brand_offsets('infinity'::timestamptz, $now::timestamptz, $now::timestamptz) as offsets
where offsets.brand_id = $brand_id and offsets.starts_at <= $now and offsets.ends_at > $now;
