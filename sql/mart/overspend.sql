-- One row per budget of a day or longer and period in which more than it was spent: how much, and why.
create table if not exists mart.overspend (
    brand_id bigint not null,
    period varchar not null,
    starts_on date not null,
    budget decimal(38, 9) not null,
    spend decimal(38, 9) not null,
    overspend decimal(38, 9) not null,
    before_decision decimal(38, 9) not null,
    after_stop decimal(38, 9) not null,
    late decimal(38, 9) not null,
    budget_cut decimal(38, 9) not null,
    scope varchar not null,
    id bigint not null
);
comment on table mart.overspend is 'One row per budget of a day or longer and period in which more than it was spent: how much, and why.';
comment on column mart.overspend.period is 'DAY, WEEK, MONTH or LIFETIME';
comment on column mart.overspend.starts_on is 'the first local date of the period; of all time 2000-01-01';
comment on column mart.overspend.budget is 'the budget in force at the end of the period, or now while it lasts';
comment on column mart.overspend.overspend is 'spend - budget = before_decision + after_stop + late + budget_cut';
comment on column mart.overspend.before_decision is 'spent over the budget before a decision had found it reached';
comment on column mart.overspend.after_stop is 'spent over the budget while the last decision had found a limit of the brand, or of the campaign, reached';
comment on column mart.overspend.late is 'spent over the budget, counted only after a decision had been made for the end of the period or later';
comment on column mart.overspend.budget_cut is 'spent within the budget of that moment, over the one that came after it';
comment on column mart.overspend.scope is 'whose budget: BRAND or CAMPAIGN';
comment on column mart.overspend.id is 'brand_id or campaign_id';

-- name: add
-- One row per budget of a day or longer and period in which more than it was spent: how much, and why. Reads
-- placed_costs and budget_history.
--
-- The costs of a period are laid end to end in the order in which they happened, those that came late after them all;
-- what lies beyond the budget is the overspend. Within a phase, in which neither the budget nor what the decisions had
-- found changed, every cost has the same cause, so a sum for each phase is enough.
insert into mart.overspend by name
with phases as (
    select
        * exclude (transaction_id, campaign_id, occurred_at, amount),
        min(occurred_at) as first_at,
        sum(amount) as spend
    from placed_costs
    group by all
),

period_phases as (
    select
        phases.*,
        arg_max(
            { 'amount': history.amount }, { 'from_on': history.from_on, 'place': history.place }
        ).amount as budget_then
    from phases
    left join budget_history as history
        on
            phases.scope = history.scope
            and phases.id = history.id
            and phases.period = history.period
            and phases.valid_from >= history.valid_from
            and phases.valid_from < history.valid_to
            and phases.local_date >= history.from_on
            and phases.local_date < history.until_on
    group by all
),

laid as (
    select
        *,
        sum(spend) over (
            partition by scope, id, period, starts_on
            order by is_late, first_at
            rows unbounded preceding
        ) as through
    from period_phases
),

split as (
    select
        *,
        greatest(through - greatest(through - spend, budget), 0) as beyond,
        case
            when is_late then 0
            else greatest(least(through, coalesce(budget_then, through)) - greatest(through - spend, budget), 0)
        end as within_then
    from laid
)

select
    scope,
    id,
    brand_id,
    period,
    starts_on,
    budget,
    period_spend as spend,
    period_spend - budget as overspend,
    coalesce(sum(beyond - within_then) filter (where not is_late and not is_stopped), 0) as before_decision,
    coalesce(sum(beyond - within_then) filter (where not is_late and is_stopped), 0) as after_stop,
    coalesce(sum(beyond) filter (where is_late), 0) as late,
    sum(within_then) as budget_cut
from split
group by all;

-- name: remove_due
-- Make room for what is recomputed. Reads due_periods and budget_history.
delete from mart.overspend as known
using
    due_periods as due,
    (
        select distinct
            scope,
            id,
            brand_id,
            period
        from budget_history
        where amount is not null
    ) as budgets
where
    known.scope = budgets.scope
    and known.id = budgets.id
    and known.period = budgets.period
    and known.starts_on = due.starts_on
    and budgets.brand_id = due.brand_id
    and budgets.period = due.period;
