-- What `spendgate status` and `spendgate demo` show.

-- name: brands
-- One row per brand, as of the last decision, for people.
select
    brand_id as brand,
    name,
    timezone,
    local_date as "local date",
    daily_spend as "spent today",
    daily_budget as "of daily",
    monthly_spend as "spent this month",
    monthly_budget as "of monthly",
    currency,
    case when is_active then 'yes' else 'no' end as active
from mart.brand_budget
order by brand_id;

-- name: campaigns
-- One row per campaign, for people; where they are more than $at_most, those that changed last.
with shown as (
    select *
    from ops.campaign_status
    where $brand_id is null or brand_id = $brand_id
    order by
        changed_at desc,
        campaign_id asc
    limit $at_most
)

select
    shown.campaign_id as campaign,
    campaigns.name,
    shown.status,
    shown.reason,
    shown.changed_at as "since (UTC)",
    case
        when shown.window_start is null then 'any time'
        else strftime(shown.window_start, '%a %H:%M') || ' - ' || strftime(shown.window_end, '%a %H:%M')
    end as "window (UTC)",
    shown.next_change_at as "next change (UTC)",
    nearest.words as "nearest limit"
from shown
left join lateral (
    select
        format(
            '{}{} {}, {}{}',
            case
                when budgets.budget > 0 then format('{:.0f} % of ', 100 * budgets.share)
                else 'a budget of '
            end,
            core.amount_for_people(budgets.budget),
            budgets.currency,
            core.period_for_people(budgets.period),
            case when budgets.scope = 'CAMPAIGN' then ', its own' else '' end
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
-- One row per campaign, for scripts.
select *
from ops.campaign_status
where $brand_id is null or brand_id = $brand_id
order by campaign_id;

-- name: status_counts
-- One row per status that campaigns have: how many.
select
    status,
    count(*) as campaigns
from ops.campaign_status
where $brand_id is null or brand_id = $brand_id
group by status
order by
    campaigns desc,
    status asc;
