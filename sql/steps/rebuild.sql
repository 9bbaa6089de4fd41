-- What a rebuild does again, in order.

-- name: steps
-- One row per transaction that made the ledger and the marts, in order: what it did, as which batch, in which run.
-- Of the sums by hour, day and month only the last: they are added up once, at its place.
with loads as (
    select distinct
        recorded_at,
        batch_id
    from (
        select
            recorded_at,
            batch_id
        from core.brands
        union all
        select
            recorded_at,
            batch_id
        from core.brand_zones
        union all
        select
            recorded_at,
            batch_id
        from core.campaigns
        union all
        select
            recorded_at,
            batch_id
        from internal.brand_zone_versions
        union all
        select
            recorded_at,
            batch_id
        from core.budgets
        union all
        select
            recorded_at,
            batch_id
        from core.dayparting
        union all
        select
            recorded_at,
            batch_id
        from core.ad_sets
        union all
        select
            recorded_at,
            batch_id
        from core.ads
        union all
        select
            recorded_at,
            batch_id
        from core.global_ad_pricing
    ) as versions
),

steps as (
    select
        'load reference' as step,
        recorded_at,
        batch_id,
        null::timestamptz as read_at
    from loads
    union all
    select distinct
        'ingest' as step,
        recorded_at,
        batch_id,
        read_at
    from raw.event_files
    where outcome = 'LOADED'
    union all
    select
        'retry' as step,
        recorded_at,
        batch_id,
        read_at
    from internal.retries
    union all
    select
        'charge' as step,
        recorded_at,
        batch_id,
        null as read_at
    from internal.watermarks
    where table_name = 'core.transactions'
    union all
    select
        'sum' as step,
        max(recorded_at) as recorded_at,
        arg_max(batch_id, recorded_at) as batch_id,
        null as read_at
    from internal.watermarks
    where table_name = 'mart'
    having count(*) > 0
)

select
    steps.step,
    steps.recorded_at,
    steps.batch_id,
    steps.read_at,
    batches.run_id
from steps
inner join internal.batches as batches using (batch_id)
order by steps.recorded_at, steps.step = 'sum'; -- one transaction notes a zone and sums by it

-- name: clear_replayed
-- What the replayed steps have noted on the way gives place to what the live warehouse has.
truncate internal.batches;
truncate ops.revision;
truncate internal.watermarks;
truncate internal.reading_limits;

-- name: mark_adopted
-- Transactions of an adopted batch are recorded as of when its attempt began.
update internal.transactions
set recorded_at = $began_at::timestamptz
where batch_id = $batch_id;

-- name: mark_waiting
-- What waits of it has waited since it was adopted.
update core.unpriced
set waiting_since = $adopted_at::timestamptz
where waiting_since >= $since::timestamptz;
