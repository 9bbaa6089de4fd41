-- What the report page shows. Each statement takes $brands: a list of brand_ids, or null for all.

-- name: head
-- One row: as of when everything is, and how many brands and campaigns there are.
select
    (select arg_max(decided_at, decision_id) from ops.decisions) as decided_at,
    (select recorded_at from ops.revision) as published_at,
    (select revision from ops.revision) as revision,
    (
        select count(*) from mart.brand_budget
        where $brands is null or list_contains($brands, brand_id)
    ) as brands,
    (
        select count(*) from internal.campaign_status
        where $brands is null or list_contains($brands, brand_id)
    ) as campaigns;

-- name: shown_brands
-- One row per brand that is shown, the nearest to a limit of its own first.
create or replace temp table shown_brands as
select
    brands.brand_id,
    nearest.words as nearest,
    nearest.share,
    row_number() over (order by nearest.share desc nulls last, brands.daily_spend desc, brands.brand_id asc) as place
from mart.brand_budget as brands
left join (
    select
        id,
        max(coalesce(share, 1)) as share,
        arg_max(core.share_for_people(scope, period, spend, budget, currency), coalesce(share, 1)) as words
    from mart.budgets
    where scope = 'BRAND'
    group by id
) as nearest on brands.brand_id = nearest.id
where $brands is null or list_contains($brands, brands.brand_id)
order by place
limit $at_most;

-- name: brands
-- One row per brand that is shown: what is spent of its budgets. Reads shown_brands.
select
    brands.brand_id,
    brands.name,
    brands.timezone,
    brands.local_date,
    brands.currency,
    core.amount_for_people(brands.daily_spend) as day,
    core.amount_for_people(brands.daily_budget) as day_budget,
    core.amount_for_people(brands.monthly_spend) as month,
    core.amount_for_people(brands.monthly_budget) as month_budget,
    shown_brands.nearest,
    shown_brands.share,
    brands.is_active
from shown_brands
inner join mart.brand_budget as brands on shown_brands.brand_id = brands.brand_id
order by shown_brands.place;

-- name: hours
-- One row per brand that has a picture and hour of its local date: what it spent. Reads shown_brands.
with decided as (
    select max(decided_at) as decided_at from ops.decisions
),

pictured as (
    select
        shown_brands.brand_id,
        brands.local_date
    from shown_brands
    inner join mart.brand_budget as brands on shown_brands.brand_id = brands.brand_id
    where shown_brands.place <= $at_most
),

offsets as (
    from core.brand_offsets(
        ops.summed_at(), (select decided_at from decided) - interval 30 hours, (select decided_at from decided)
    )
),

costs as (
    select
        costs.brand_id,
        core.local_time(costs.occurred_at, offsets.utc_offset) as local_time,
        costs.amount
    from core.transactions as costs
    semi join pictured on costs.brand_id = pictured.brand_id
    inner join offsets
        on
            costs.brand_id = offsets.brand_id
            and costs.occurred_at >= offsets.starts_at
            and costs.occurred_at < offsets.ends_at
    where
        costs.occurred_at > (select decided_at from decided) - interval 30 hours
        and costs.occurred_at <= (select decided_at from decided)
        and costs.transaction_type <> 'PAYMENT'
)

select
    costs.brand_id,
    hour(costs.local_time) as hour,
    sum(costs.amount)::decimal(38, 9) as spend,
    core.amount_for_people(sum(costs.amount)) as said
from costs
inner join pictured on costs.brand_id = pictured.brand_id and costs.local_time::date = pictured.local_date
group by
    costs.brand_id,
    hour(costs.local_time)
order by
    costs.brand_id,
    hour;

-- name: statuses
-- One row per status: how many campaigns have it.
select
    status,
    count(*) as campaigns
from internal.campaign_status
where $brands is null or list_contains($brands, brand_id)
group by status
order by
    campaigns desc,
    status asc;

-- name: shown_campaigns
-- One row per campaign that is shown; of those of the brands shown, the ones that a budget has stopped and then those
-- that changed last. Reads shown_brands.
create or replace temp table shown_campaigns as
select states.*
from internal.campaign_status as states
inner join shown_brands on states.brand_id = shown_brands.brand_id
order by
    states.status = 'BUDGET_REACHED' desc,
    states.changed_at desc,
    shown_brands.place asc,
    states.campaign_id asc
limit $at_most;

-- name: campaigns
-- One row per campaign that is shown: its status, what holds it, and when that changes. Reads shown_campaigns.
select
    shown.campaign_id,
    campaigns.name,
    brands.name as brand,
    shown.brand_id,
    shown.status,
    shown.why,
    strftime(shown.next_change_at, '%Y-%m-%d %H:%M') as next_change_at,
    strftime(shown.changed_at, '%Y-%m-%d %H:%M') as changed_at
from ops.with_what_holds('shown_campaigns', 'mart.budgets') as shown
inner join shown_brands on shown.brand_id = shown_brands.brand_id
inner join mart.brand_budget as brands on shown.brand_id = brands.brand_id
left join core.campaigns_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as campaigns
    on shown.campaign_id = campaigns.campaign_id
order by
    shown_brands.place,
    shown.campaign_id;

-- name: changes
-- One row per change of a status in the day before the last decision, the newest first.
select
    strftime(changes.decided_at, '%Y-%m-%d %H:%M') as decided_at,
    changes.campaign_id,
    campaigns.name,
    coalesce(changes.from_status, 'new') as from_status,
    changes.to_status,
    changes.reason || coalesce(': ' || changes.note, '') as reason,
    changes.changed_by,
    count(*) over () as changes
from ops.campaign_status_changes as changes
left join core.campaigns_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as campaigns
    on changes.campaign_id = campaigns.campaign_id
where
    changes.decided_at > (select max(decided_at) from ops.decisions) - interval 1 day
    and ($brands is null or list_contains($brands, changes.brand_id))
order by changes.change_id desc
limit $at_most;

-- name: overspend
-- One row per currency and kind of budget: what was spent beyond those that began in the brand's month, by cause. What
-- is beyond the budget of a month is beyond one of a day as well, so kinds are never added up.
select
    brands.currency,
    case overspend.scope when 'BRAND' then 'brands' else 'campaigns' end || ', ' || lower(overspend.period) as kind,
    count(*) as budgets,
    core.amount_for_people(sum(overspend.overspend)) as overspend,
    core.amount_for_people(sum(overspend.before_decision)) as before_decision,
    core.amount_for_people(sum(overspend.after_stop)) as after_stop,
    core.amount_for_people(sum(overspend.late)) as late,
    core.amount_for_people(sum(overspend.budget_cut)) as budget_cut
from mart.overspend as overspend
inner join mart.brand_budget as brands on overspend.brand_id = brands.brand_id
inner join internal.limit_kinds as kinds on overspend.scope = kinds.scope and overspend.period = kinds.period
where
    overspend.starts_on >= date_trunc('month', brands.local_date)
    and ($brands is null or list_contains($brands, overspend.brand_id))
group by
    brands.currency,
    overspend.scope,
    overspend.period,
    kinds.place
order by
    brands.currency,
    kinds.place;

-- name: files
-- One row per kind of delivered file and outcome of the last week: how many, and when the newest came.
select
    kind,
    outcome,
    count(*) as files,
    sum(rows_read)::bigint as rows_read,
    sum(rows_rejected)::bigint as rows_rejected,
    strftime(max(recorded_at), '%Y-%m-%d %H:%M') as newest
from ops.delivered_files
where recorded_at > (select recorded_at from ops.revision) - interval 7 days
group by
    kind,
    outcome
order by
    kind,
    outcome;

-- name: refused
-- One row per reason for which rows were refused: how many, in how many files.
select
    reason,
    count(*) as refused,
    count(distinct file_id) as files
from raw.rejected_rows
group by reason
order by
    refused desc,
    reason asc
limit $at_most;

-- name: newest
-- One row: the newest event that has been loaded.
select strftime(max(occurred_at), '%Y-%m-%d %H:%M:%S') as newest_event
from internal.ad_events
where occurred_at <= (select max(decided_at) from ops.decisions);
