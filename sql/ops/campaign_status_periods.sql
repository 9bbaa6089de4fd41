-- One row per campaign and time in a status: since when, until when, why, and what it spent meanwhile.
create or replace view ops.campaign_status_periods as
with changes as (
    -- several transitions of one decision are one change, to the last of them
    select
        campaign_id,
        decided_at as from_at,
        arg_max(brand_id, change_id) as brand_id,
        arg_max(to_status, change_id) as status,
        arg_max(reason, change_id) as reason,
        arg_max(changed_by, change_id) as changed_by,
        arg_max({ 'note': note }, change_id).note as note
    from ops.campaign_status_changes
    group by
        campaign_id,
        decided_at
),

periods as (
    select
        *,
        lead(from_at) over (partition by campaign_id order by from_at) as to_at
    from changes
),

spent as (
    -- a cost at the very instant of a decision belongs to the status before it
    select
        costs.campaign_id,
        periods.from_at,
        sum(costs.amount)::decimal(38, 9) as spend
    from core.transactions as costs
    asof inner join periods on costs.campaign_id = periods.campaign_id and costs.occurred_at > periods.from_at
    where costs.transaction_type <> 'PAYMENT'
    group by
        costs.campaign_id,
        periods.from_at
)

select
    periods.campaign_id,
    periods.brand_id,
    periods.status,
    periods.reason,
    periods.from_at,
    periods.to_at,
    epoch(coalesce(periods.to_at, greatest(periods.from_at, newest.decided_at)) - periods.from_at)::bigint as seconds,
    coalesce(spent.spend, 0)::decimal(38, 9) as spend,
    periods.changed_by,
    periods.note,
    campaigns.campaign_name,
    brands.brand_name
from periods
cross join (select max(decided_at) as decided_at from ops.decisions) as newest
left join spent on periods.campaign_id = spent.campaign_id and periods.from_at = spent.from_at
left join mart.brands on periods.brand_id = brands.brand_id
left join mart.campaigns on periods.campaign_id = campaigns.campaign_id and periods.brand_id = campaigns.brand_id;
comment on view ops.campaign_status_periods is 'One row per campaign and time in a status: since when, until when, why, and what it spent meanwhile.';
comment on column ops.campaign_status_periods.reason is 'of the last transition of the change that began it';
comment on column ops.campaign_status_periods.from_at is 'the instant decided for, or at which a person changed it';
comment on column ops.campaign_status_periods.to_at is 'first instant of the next one; null: it lasts';
comment on column ops.campaign_status_periods.seconds is 'how long; of one that lasts, until the last decision';
comment on column ops.campaign_status_periods.spend is 'costs and corrections after from_at, up to and including to_at, in the brand''s currency';
comment on column ops.campaign_status_periods.changed_by is 'spendgate, or a person';
