-- Credits for over-delivery: which costs of a brand went beyond its own budget, and for which cause.

-- name: add_due
-- Every local day of the brand on which a period that begins in the month may lie: for a look that is rolled back.
insert into internal.overspend_due
select
    $brand_id as brand_id,
    days.day::date as local_date
from range($local_month::date, $local_month::date + interval 1 month, interval 1 day) as days (day);

-- name: costs
-- One row per cost of which something is credited: how much, of which period, for which cause, and the id of the
-- correction that does it. As in mart.overspend: the costs of a period are laid end to end in the order in which they
-- happened, those that came late after them all. Reads placed_costs and budget_history.
with laid as (
    select
        *,
        sum(amount) over (
            partition by starts_on
            order by is_late, occurred_at, transaction_id
            rows unbounded preceding
        ) as through
    from placed_costs
    where
        scope = 'BRAND'
        and brand_id = $brand_id
        and period = $period
        and date_trunc('month', starts_on) = $local_month::date
),

budgeted as (
    select
        laid.*,
        arg_max(
            { 'amount': history.amount }, { 'from_on': history.from_on, 'place': history.place }
        ).amount as budget_then
    from laid
    left join budget_history as history
        on
            laid.scope = history.scope
            and laid.id = history.id
            and laid.period = history.period
            and laid.valid_from >= history.valid_from
            and laid.valid_from < history.valid_to
            and laid.local_date >= history.from_on
            and laid.local_date < history.until_on
    group by all
),

beyond as (
    select
        transaction_id,
        campaign_id,
        starts_on,
        case when is_late then 'late' when is_stopped then 'after_stop' else 'before_decision' end as cause,
        greatest(
            through
            - greatest(through - amount, budget, case when is_late then budget else coalesce(budget_then, through) end),
            0
        ) as amount
    from budgeted
),

credited as (
    select
        corrected_transaction_id,
        count(*) as credits
    from core.corrections
    where starts_with(correction_id, core.credit_prefix())
    group by corrected_transaction_id
)

select
    format(
        '{}{}/{}/{}',
        core.credit_prefix(),
        lower($period),
        beyond.transaction_id,
        1 + coalesce(credited.credits, 0)
    ) as correction_id,
    beyond.transaction_id,
    beyond.amount::decimal(18, 9) as amount,
    format('over-delivery of the {} {}, {}', lower($period), beyond.starts_on, replace(beyond.cause, '_', ' '))
        as reason,
    beyond.starts_on,
    beyond.cause,
    beyond.campaign_id
from beyond
left join credited on beyond.transaction_id = credited.corrected_transaction_id
where beyond.amount > 0 and list_contains($causes, beyond.cause)
order by
    beyond.starts_on,
    beyond.transaction_id;
