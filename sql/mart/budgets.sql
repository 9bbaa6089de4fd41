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

-- name: apply_decision
-- One row per limit in force, as of the last decision: of a million limits few change in five minutes, so only those
-- are written. Reads limits and brand_now.
merge into mart.budgets as stored
using (
    select
        limits.* exclude (place),
        case when limits.budget > 0 then round(limits.spend / limits.budget, 6) end as share,
        brand_now.timezone,
        brand_now.currency
    from limits
    inner join brand_now on limits.brand_id = brand_now.brand_id
) as new
    on stored.scope = new.scope and stored.id = new.id and stored.period = new.period
when matched and (
    stored.spend <> new.spend
    or stored.budget <> new.budget
    or stored.starts_at is distinct from new.starts_at
    or stored.ends_at is distinct from new.ends_at
    or stored.foreseen <> new.foreseen
    or stored.brand_id <> new.brand_id
    or stored.timezone <> new.timezone
    or stored.currency <> new.currency
) then
    update
        set
            brand_id = new.brand_id,
            starts_at = new.starts_at,
            ends_at = new.ends_at,
            spend = new.spend,
            budget = new.budget,
            share = new.share,
            reached = new.reached,
            foreseen = new.foreseen,
            timezone = new.timezone,
            currency = new.currency
when not matched then
    insert
        (scope, id, brand_id, period, starts_at, ends_at, spend, budget, share, reached, foreseen, timezone, currency)
    values (
        new.scope, new.id, new.brand_id, new.period, new.starts_at, new.ends_at, new.spend, new.budget, new.share,
        new.reached, new.foreseen, new.timezone, new.currency
    )
when not matched by source then delete;
