-- What analysts read.
create schema if not exists mart;

create table if not exists mart.hourly_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    cost_type cost_type not null,
    local_hour timestamp not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
comment on table mart.hourly_spend is 'One row per brand, campaign, cost type and local hour.';
comment on column mart.hourly_spend.local_hour is 'start of the hour on the brand''s clock; a repeated hour counts as one';

create table if not exists mart.daily_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    cost_type cost_type not null,
    local_date date not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
comment on table mart.daily_spend is 'One row per brand, campaign, cost type and local date.';

create table if not exists mart.monthly_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    cost_type cost_type not null,
    local_month date not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
comment on table mart.monthly_spend is 'One row per brand, campaign, cost type and local month.';
comment on column mart.monthly_spend.local_month is 'first day of the month';

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
    decided_at timestamptz not null
);
comment on table mart.brand_budget is 'One row per brand, as of the last decision: spend today and this month beside the budgets.';
comment on column mart.brand_budget.local_date is 'the brand''s own date at decided_at';
