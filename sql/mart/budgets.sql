-- One row per limit in force, as of the last decision: what is spent of it, in which period.
create table if not exists mart.budgets (
    scope varchar not null,
    id bigint not null,
    brand_id bigint not null,
    period varchar not null,
    starts_at timestamptz,
    ends_at timestamptz,
    spend decimal(38, 9) not null,
    budget decimal(38, 9) not null,
    share double,
    reached boolean not null,
    timezone varchar not null,
    currency varchar not null,
    foreseen boolean
);
comment on table mart.budgets is 'One row per limit in force, as of the last decision: what is spent of it, in which period.';
comment on column mart.budgets.scope is 'BRAND or CAMPAIGN';
comment on column mart.budgets.id is 'brand_id or campaign_id';
comment on column mart.budgets.period is 'HOUR, DAY, WEEK, MONTH, LIFETIME; FUNDS: what a prepaid brand has paid';
comment on column mart.budgets.starts_at is 'first instant of the period on the brand''s clock; null: from ever';
comment on column mart.budgets.ends_at is 'first instant after it, when the limit is free again; null: never';
comment on column mart.budgets.share is 'spend / budget; null: a budget of 0';
comment on column mart.budgets.reached is 'spend >= budget';
comment on column mart.budgets.foreseen is 'not reached, and held all the same: its policy foresaw that it would be';
comment on column mart.budgets.timezone is 'the zone of that clock';
comment on column mart.budgets.currency is 'ISO 4217 code of spend and budget';

-- name: find_changed
-- One row per limit in force that is not stored as it is, as of the last decision: of a million limits few change in
-- five minutes, so only those are written. At a new day most do: rows that are removed and added take a fiftieth of the
-- time that updated ones do. Reads limits and brand_now.
create or replace temp table changed_limits as
with new as (
    select
        limits.* exclude (place),
        case when limits.budget > 0 then round(limits.spend / limits.budget, 6) end as share,
        brand_now.timezone,
        brand_now.currency
    from limits
    inner join brand_now on limits.brand_id = brand_now.brand_id
)

select new.*
from new
left join mart.budgets as stored
    on new.scope = stored.scope and new.id = stored.id and new.period = stored.period
where
    stored.id is null
    or stored.spend <> new.spend
    or stored.budget <> new.budget
    or stored.starts_at is distinct from new.starts_at
    or stored.ends_at is distinct from new.ends_at
    or stored.foreseen <> new.foreseen
    or stored.brand_id <> new.brand_id
    or stored.timezone <> new.timezone
    or stored.currency <> new.currency;

-- name: remove_changed
-- Limits that are stored otherwise, or are no more. Reads limits, brand_now and changed_limits.
delete from mart.budgets as stored
where
    exists (
        select 1 from changed_limits as changed
        where stored.scope = changed.scope and stored.id = changed.id and stored.period = changed.period
    )
    or not exists (
        select 1 from limits
        inner join brand_now on limits.brand_id = brand_now.brand_id
        where stored.scope = limits.scope and stored.id = limits.id and stored.period = limits.period
    );

-- name: add_changed
-- They, as they are now. Reads changed_limits.
insert into mart.budgets by name
from changed_limits;
