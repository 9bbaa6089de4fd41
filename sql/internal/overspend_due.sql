-- One row per brand and local day whose overspend is to be recomputed.
create table if not exists internal.overspend_due (
    brand_id bigint not null,
    local_date date not null
);
comment on table internal.overspend_due is 'One row per brand and local day whose overspend is to be recomputed.';

-- name: add_new_spend
-- One row per brand and local day whose spend changes. Reads new_spend and rezoned_brands.
insert into internal.overspend_due
select
    brand_id,
    local_date
from new_spend
union
select
    brand_id,
    local_date
from internal.daily_spend_parts as daily_spend
semi join rezoned_brands using (brand_id);

-- name: add_decided
-- One row per brand and local day that a new finding or another budget bears upon: the present one, and later ones
-- where an earlier instant is decided for. Reads brand_now.
insert into internal.overspend_due
with concerned as (
    select
        brand_id,
        local_date
    from brand_now
    semi join (
        select brand_id from ops.budget_findings
        where recorded_at = $recorded_at
    ) as found using (brand_id)
    union all
    -- budgets of versions loaded since the decision before; they may hold from an earlier day, or from a later one
    select
        brand_now.brand_id,
        least(brand_now.local_date, brands.valid_from::date - 1) as local_date
    from brand_now
    inner join core.brands using (brand_id)
    where
        brands.valid_from > core.beginning()
        and brands.recorded_at > (
            select coalesce(max(recorded_at), '-infinity'::timestamptz) from ops.decisions
            where recorded_at < $recorded_at
        )
    union all
    select
        brand_now.brand_id,
        least(
            brand_now.local_date,
            greatest(budgets.valid_from::date - 1, coalesce(budgets.effective_from, '2000-01-01'::date))
        ) as local_date
    from core.budgets
    inner join core.budget_owners(getvariable('spendgate_now'), 'infinity'::timestamptz) as owners
        on budgets.scope = owners.scope and budgets.id = owners.id
    inner join brand_now on owners.brand_id = brand_now.brand_id
    where
        budgets.recorded_at > (
            select coalesce(max(recorded_at), '-infinity'::timestamptz) from ops.decisions
            where recorded_at < $recorded_at
        )
    union all
    -- of a period that lasts, another row holds since today
    select
        brand_now.brand_id,
        brand_now.local_date
    from core.budgets_in_force('infinity'::timestamptz, 'infinity'::timestamptz) as budgets
    inner join core.budget_owners(getvariable('spendgate_now'), 'infinity'::timestamptz) as owners
        on budgets.scope = owners.scope and budgets.id = owners.id
    inner join brand_now on owners.brand_id = brand_now.brand_id
    where
        (budgets.effective_from is not null or budgets.effective_to is not null) -- few are; they are joined alone
        and (budgets.effective_from = brand_now.local_date or budgets.effective_to + 1 = brand_now.local_date)
)

from concerned
union
select
    daily_spend.brand_id,
    daily_spend.local_date
from internal.daily_spend_parts as daily_spend
-- each brand once, however many of its budgets are new
inner join (
    select
        brand_id,
        min(local_date) as local_date
    from concerned
    group by brand_id
) as earliest
    on daily_spend.brand_id = earliest.brand_id and daily_spend.local_date >= earliest.local_date;

-- name: add_resealed
-- Every brand with spend on a local date that was lost: its overspend could not be computed meanwhile.
insert into internal.overspend_due
select
    brand_id,
    local_date
from internal.daily_spend_parts
where local_date between $day::date - 1 and $day::date + 1
except
from internal.overspend_due;

-- name: clear
-- All that was due is done.
delete from internal.overspend_due;
