-- What `spendgate status` and `spendgate demo` show.

-- name: brands
-- One row per brand, as of the last decision, for people.
select
    brand_id as brand,
    name,
    daily_spend as "spent today",
    daily_budget as "of daily",
    currency,
    monthly_spend as "this month",
    monthly_budget as "of monthly",
    case when is_active then 'yes' else 'no' end as active,
    timezone,
    local_date as "local date"
from mart.brand_budget
order by brand_id;

-- name: as_of
-- One row: the instant last decided for.
select arg_max(decided_at, decision_id) as decided_at
from ops.decisions;

-- name: is_brand
-- One row: whether there is such a brand.
select count(*) > 0 as is_brand
from mart.brand_budget
where brand_id = $brand_id;

-- name: shown
-- One row per campaign that is shown; where they are more than $at_most, those that changed last.
create or replace temp table shown as
select *
from internal.campaign_status
where $brand_id is null or brand_id = $brand_id
order by
    changed_at desc,
    campaign_id asc
limit $at_most;

-- name: campaigns
-- One row per campaign that is shown, for people, what matters most first. Reads shown.
select
    shown.campaign_id as campaign,
    shown.status,
    shown.why,
    campaigns.name,
    shown.next_change_at as "next change (UTC)",
    nearest.words as "nearest limit",
    case
        when shown.window_start is null then 'any time'
        else strftime(shown.window_start, '%a %H:%M') || ' - ' || strftime(shown.window_end, '%a %H:%M')
    end as "window (UTC)",
    shown.changed_at as "since (UTC)",
    shown.reason as "changed by reason"
from ops.with_what_holds('shown', 'mart.budgets') as shown
left join lateral (
    select
        core.share_for_people(
            budgets.scope, budgets.period, budgets.spend, budgets.budget, budgets.currency
        ) as words
    from mart.budgets as budgets
    where
        (budgets.scope = 'BRAND' and budgets.id = shown.brand_id)
        or (budgets.scope = 'CAMPAIGN' and budgets.id = shown.campaign_id)
    order by coalesce(budgets.share, 1) desc
    limit 1
) as nearest on true
left join core.campaigns on shown.campaign_id = campaigns.campaign_id and campaigns.valid_to is null
order by shown.campaign_id;

-- name: statuses
-- One row per campaign, for scripts and ad servers.
select *
from ops.campaign_status
where $brand_id is null or brand_id = $brand_id
order by campaign_id;

-- name: status_counts
-- One row per status that campaigns have: how many.
select
    status,
    count(*) as campaigns
from internal.campaign_status
where $brand_id is null or brand_id = $brand_id
group by status
order by
    campaigns desc,
    status asc;
