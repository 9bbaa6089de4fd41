-- One row per line of a brand's statements, closed or open.
--
-- A closed month stays as it was stated. What the ledger says of it since, more or less, is a line of the first month
-- that is open. So the lines of all statements together are what the ledger says, whenever which month was closed.
create or replace view internal.statement_lines as
with closed as (
    select
        brand_id,
        max(local_month) as through
    from ops.closed_months
    group by brand_id
),

differences as (
    select
        brand_id,
        of_month,
        line,
        campaign_id,
        cost_type,
        sum(amount) as amount,
        sum(events) as events
    from (
        select
            brand_id,
            local_month as of_month,
            line,
            campaign_id,
            cost_type::varchar as cost_type,
            amount,
            events
        from internal.account_lines
        union all
        select
            brand_id,
            of_month,
            line,
            campaign_id,
            cost_type,
            -amount as amount,
            -events as events
        from internal.stated_lines
        where line <> 'OVER_DELIVERY'
    ) as both_sides
    group by all
    having sum(amount) <> 0 or sum(events) <> 0
),

over_delivered as (
    select
        brand_id,
        -- a week counts where it ends: the month in which it begins may have been closed by then
        date_trunc('month', starts_on + case period when 'WEEK' then 6 else 0 end)::date as of_month,
        case when scope = 'CAMPAIGN' then id end as campaign_id,
        period,
        unnest(
            [
                { 'cause': 'before_decision', 'amount': before_decision },
                { 'cause': 'after_stop', 'amount': after_stop },
                { 'cause': 'late', 'amount': late },
                { 'cause': 'budget_cut', 'amount': budget_cut }
            ]
        ) as part
    from mart.overspend
    where period in ('DAY', 'WEEK', 'MONTH')
),

open_lines as (
    select
        differences.brand_id,
        greatest(differences.of_month, (closed.through + interval 1 month)::date) as local_month,
        differences.of_month,
        differences.line,
        differences.campaign_id,
        differences.cost_type,
        null as detail,
        differences.amount,
        differences.events
    from differences
    left join closed using (brand_id)
    union all
    select
        over_delivered.brand_id,
        over_delivered.of_month as local_month,
        over_delivered.of_month,
        'OVER_DELIVERY' as line,
        over_delivered.campaign_id,
        null as cost_type,
        lower(over_delivered.period) || ' budgets, ' || replace(over_delivered.part.cause, '_', ' ') as detail,
        sum(over_delivered.part.amount) as amount,
        count(*) as events
    from over_delivered
    left join closed using (brand_id)
    where over_delivered.part.amount > 0 and coalesce(over_delivered.of_month > closed.through, true)
    group by all
)

select
    *,
    true as is_closed
from internal.stated_lines
union all by name
select
    open_lines.* replace (amount::decimal(38, 9) as amount, events::bigint as events),
    campaigns.campaign_name,
    false as is_closed
from open_lines
left join mart.campaigns
    on open_lines.campaign_id = campaigns.campaign_id and open_lines.brand_id = campaigns.brand_id;
comment on view internal.statement_lines is 'One row per line of a brand''s statements, closed or open.';
