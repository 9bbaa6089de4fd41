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

-- the table is made again: the log of an altered column of an enum cannot be replayed
create table hot.transactions_before as
select * replace (transaction_type::varchar as transaction_type)
from hot.transactions;
drop table hot.transactions;
drop type transaction_type;
create type transaction_type as enum ('COST', 'PAYMENT', 'CORRECTION'); -- noqa: PRS
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
