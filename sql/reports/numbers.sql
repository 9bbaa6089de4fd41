-- Numbers of a run that Dagster shows beside its assets, and draws over time.

-- name: statuses
-- One row per status: how many campaigns have it.
select
    statuses.status::varchar as name,
    count(campaigns.campaign_id) as value
from (select unnest(enum_range(null::campaign_status)) as status) as statuses
left join internal.campaign_status as campaigns on statuses.status::varchar = campaigns.status
group by statuses.status
order by statuses.status;

-- name: last_changes
-- One row per campaign that a run has changed among the newest of its changes, as its status is now.
create or replace temp table changed_campaigns as
select *
from internal.campaign_status
where campaign_id in (
    select campaign_id
    from ops.campaign_status_changes
    where run_id = $run_id
    order by change_id desc
    limit $at_most
);

-- name: changes
-- One row per change of a status that a run made, the newest first. Reads changed_campaigns.
select
    changes.campaign_id as campaign,
    campaigns.name,
    changes.from_status as "from",
    changes.to_status as "to",
    changes.reason,
    held.why as "holds it now",
    count(*) over () as changes,
    count(distinct changes.brand_id) over () as brands
from ops.campaign_status_changes as changes
left join ops.with_what_holds('changed_campaigns', 'mart.budgets') as held
    on changes.campaign_id = held.campaign_id
left join core.campaigns_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as campaigns
    on changes.campaign_id = campaigns.campaign_id
where changes.run_id = $run_id
order by changes.change_id desc
limit $at_most;

-- name: spend_today
-- One row per currency: what was spent of the day and the month under way, each brand's own, as of the last decision.
select
    'spend of the day, ' || currency as name,
    sum(daily_spend)::double as value
from mart.brand_budget
group by currency
union all
select
    'spend of the month, ' || currency as name,
    sum(monthly_spend)::double as value
from mart.brand_budget
group by currency
order by name;

-- name: limits
-- One row per number: how many limits are in force, nearly reached, and reached.
select
    'limits from 80 % on' as name,
    count(*) filter (share >= 0.8) as value
from mart.budgets
union all
select
    'limits reached' as name,
    count(*) filter (reached) as value
from mart.budgets;

-- name: events
-- One row per type of event: how many a run has loaded.
select
    types.event_type::varchar || 's' as name,
    count(loaded.event_id) as value
from (select unnest(enum_range(null::event_type)) as event_type) as types
left join (
    select
        event_id,
        event_type
    from internal.ad_events
    semi join
        internal.batches
        on internal.ad_events.batch_id = internal.batches.batch_id and internal.batches.run_id = $run_id
) as loaded on types.event_type = loaded.event_type
group by types.event_type
order by types.event_type;

-- name: files
-- One row per number: files and rows of a run, the share that was refused, and how old the newest event is.
with files as (
    select *
    from ops.delivered_files
    semi join internal.batches
        on ops.delivered_files.batch_id = internal.batches.batch_id and internal.batches.run_id = $run_id
    where kind in ('events', 'payments', 'corrections')
)

select
    'files' as name,
    count(*)::double as value
from files
union all
select
    'rows' as name,
    coalesce(sum(rows_read), 0)::double as value
from files
union all
select
    'refused, percent' as name,
    round(coalesce(100 * sum(rows_rejected) / nullif(sum(rows_read), 0), 0), 3)::double as value
from files
union all
select
    'newest event, minutes ago' as name,
    round(epoch($now::timestamptz - max(occurred_at)) / 60, 1)::double as value
from internal.ad_events
where occurred_at <= $now
having count(*) > 0;

-- name: nearest
-- One row per brand, the nearest to a limit of its own first: the share of that which is spent.
select
    coalesce(brands.name, brands.brand_id::varchar) as name,
    max(coalesce(budgets.share, 1))::double as share
from mart.budgets as budgets
inner join mart.brand_budget as brands on budgets.id = brands.brand_id
where budgets.scope = 'BRAND'
group by
    brands.brand_id,
    brands.name
order by
    share desc,
    brands.brand_id asc
limit $at_most;
