-- Budgets, windows and flights as rows; billing and currency of brands; corrections of costs.
create table core.brand_versions_before as from core.brand_versions;
drop table core.brand_versions;
create table core.brand_versions (
    brand_id bigint not null,
    name varchar,
    daily_budget decimal(38, 9),
    monthly_budget decimal(38, 9),
    timezone varchar not null,
    owner varchar,
    is_active boolean not null,
    billing varchar not null,
    currency varchar,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.brand_versions by name
select
    *,
    'POSTPAID' as billing
from core.brand_versions_before;
drop table core.brand_versions_before;

create table core.campaign_versions_before as from core.campaign_versions;
drop table core.campaign_versions;
create table core.campaign_versions (
    campaign_id bigint not null,
    brand_id bigint not null,
    name varchar,
    status varchar not null,
    allowed_start time,
    allowed_end time,
    start_date date,
    end_date date,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.campaign_versions by name
from core.campaign_versions_before;
drop table core.campaign_versions_before;

create table mart.lifetime_spend as
select
    brand_id,
    campaign_id,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions
from mart.monthly_spend
group by
    brand_id,
    campaign_id;

alter table mart.brand_budget add column currency varchar default 'USD';
alter table ops.campaign_status_changes add column limits_reached
struct("scope" varchar, "period" varchar, spend decimal(38, 9), budget decimal(38, 9))[]; -- noqa
alter table ops.budget_findings add column campaign_id bigint;

-- What the last decision found, for the next one to compare with.
create table mart.budgets as
select
    'BRAND' as scope,
    brand_id as id,
    brand_id,
    periods.period,
    null::timestamptz as starts_at,
    null::timestamptz as ends_at,
    case periods.period when 'DAY' then daily_spend else monthly_spend end as spend,
    case periods.period when 'DAY' then daily_budget else monthly_budget end as budget,
    null::double as share,
    spend >= budget as reached,
    timezone,
    'USD' as currency,
    decided_at
from mart.brand_budget
cross join (values ('DAY'), ('MONTH')) as periods (period)
where budget is not null;

alter table mart.overspend add column scope varchar default 'BRAND';
alter table mart.overspend add column id bigint;
update mart.overspend set id = brand_id;
-- Until now each zone held for all of a brand's history, as soon as it was recorded.
create table core.brand_zone_versions (
    brand_id bigint not null,
    timezone varchar not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.brand_zone_versions
select
    brand_id,
    timezone,
    timestamptz '2000-01-01 00:00:00+00' as valid_from,
    batch_id,
    recorded_at
from core.brand_versions
qualify timezone is distinct from lag(timezone) over (partition by brand_id order by recorded_at)
order by recorded_at;
drop macro table if exists ops.summed_offsets;
drop table if exists ops.summed_brands;

-- the table is made again: the log of an altered column of an enum cannot be replayed
create table hot.transactions_before as
select * replace (transaction_type::varchar as transaction_type)
from hot.transactions;
drop table hot.transactions;
drop type transaction_type;
create type transaction_type as enum ('COST', 'PAYMENT', 'CORRECTION'); -- noqa: PRS, LT01
create table hot.transactions (
    transaction_id bigint not null,
    brand_id bigint not null,
    campaign_id bigint,
    ad_id bigint,
    amount decimal(18, 9) not null,
    transaction_type transaction_type not null,
    cost_type cost_type,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    price_source price_source,
    price_effective_from timestamptz,
    batch_id bigint not null
);
insert into hot.transactions by name
from hot.transactions_before;
drop table hot.transactions_before;

alter table core.unpriced alter column occurred_at drop not null;
alter table core.unpriced add column correction_id varchar;
alter table core.unpriced add column corrected_transaction_id bigint;
