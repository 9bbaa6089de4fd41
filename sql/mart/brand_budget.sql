-- One row per brand, as of the last decision: spend today and this month beside the budgets.
create table if not exists mart.brand_budget (
    brand_id bigint not null,
    name varchar,
    timezone varchar not null,
    local_date date not null,
    daily_spend decimal(38, 9) not null,
    daily_budget decimal(38, 9),
    monthly_spend decimal(38, 9) not null,
    monthly_budget decimal(38, 9),
    is_active boolean not null,
    decided_at timestamptz not null,
    currency varchar not null
);
comment on table mart.brand_budget is 'One row per brand, as of the last decision: spend today and this month beside the budgets.';
comment on column mart.brand_budget.daily_budget is 'the one in force on that date, from the brand''s own row or from budgets';
comment on column mart.brand_budget.currency is 'ISO 4217 code of the amounts';
comment on column mart.brand_budget.local_date is 'the brand''s own date at decided_at';

-- name: add
-- One row per brand, as of the last decision: spend today and this month beside the budgets.
insert into mart.brand_budget by name
select
    *,
    $now::timestamptz as decided_at
from brand_now;

-- name: clear
-- Make room for the new decision.
delete from mart.brand_budget;
