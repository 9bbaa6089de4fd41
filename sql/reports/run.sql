-- What a run did, and what a warehouse holds.

-- name: summary
-- One row per thing a run did, in numbers.
with batch as (
    select batch_id
    from internal.batches
    where run_id = $run_id
),

files as (
    select *
    from ops.delivered_files
    semi join batch using (batch_id)
),

events as (
    select *
    from files
    where kind in ('events', 'payments', 'corrections')
)

select
    'delivered files: loaded / duplicate / quarantined' as what,
    format(
        '{} / {} / {}',
        count(*) filter (where outcome = 'LOADED'),
        count(*) filter (where outcome = 'DUPLICATE'),
        count(*) filter (where outcome = 'QUARANTINED')
    ) as result
from files
union all
select
    'event, payment and correction rows: loaded / duplicate / rejected' as what,
    format(
        '{} / {} / {}',
        coalesce(sum(rows_loaded), 0)::bigint,
        coalesce(sum(rows_duplicate), 0)::bigint,
        coalesce(sum(rows_rejected), 0)::bigint
    ) as result
from events
union all
select
    'reference rows: new or changed / refused' as what,
    format(
        '{} / {}', coalesce(sum(rows_loaded), 0)::bigint, coalesce(sum(rows_rejected), 0)::bigint
    ) as result
from files
where kind not in ('events', 'payments', 'corrections')
union all
select
    'refused rows tried again: loaded / duplicate / refused' as what,
    format('{} / {} / {}', sum(rows_loaded)::bigint, sum(rows_duplicate)::bigint, sum(rows_rejected)::bigint) as result
from internal.retries
semi join batch using (batch_id)
having count(*) > 0
union all
select
    'transactions written' as what,
    count(*)::varchar as result
from internal.transactions -- what a run charged is not sealed before the night
semi join batch using (batch_id)
union all
select
    'waiting for an ad, a brand, a price or a cost' as what,
    count(*)::varchar as result
from core.unpriced
union all
select
    'status changes' as what,
    count(*)::varchar as result
from ops.campaign_status_changes
where run_id = $run_id;

-- name: sums
-- One row: what the warehouse holds, added up from its rows, sealed ones among them.
select
    (select revision from ops.revision) as revision,
    (select count(*) from raw.ad_events) as events,
    (select count(*) from core.transactions) as transactions,
    (select sum(amount) from core.transactions) as amount,
    (select sum(spend) from mart.daily_spend) as spend,
    (select count(*) from ops.campaign_status_changes) as changes;
