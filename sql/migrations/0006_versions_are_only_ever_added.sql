-- Versions of reference data are only ever added: when one ends follows from the later ones.
create table core.brand_versions (
    brand_id bigint not null,
    name varchar,
    daily_budget decimal(38, 9),
    monthly_budget decimal(38, 9),
    timezone varchar not null,
    owner varchar,
    is_active boolean not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.brand_versions by name
select * exclude (valid_to, superseded_at)
from core.brands
order by rowid;
drop table core.brands;
create table core.campaign_versions (
    campaign_id bigint not null,
    brand_id bigint not null,
    name varchar,
    status varchar not null,
    allowed_start time,
    allowed_end time,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.campaign_versions by name
select * exclude (valid_to, superseded_at)
from core.campaigns
order by rowid;
drop table core.campaigns;
create table core.ad_set_versions (
    ad_set_id bigint not null,
    campaign_id bigint not null,
    name varchar,
    is_active boolean not null,
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.ad_set_versions by name
select * exclude (valid_to, superseded_at)
from core.ad_sets
order by rowid;
drop table core.ad_sets;
create table core.ad_versions (
    ad_id bigint not null,
    ad_set_id bigint not null,
    name varchar,
    is_active boolean not null,
    media_file varchar,
    content varchar,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.ad_versions by name
select * exclude (valid_to, superseded_at)
from core.ads
order by rowid;
drop table core.ads;
create table core.global_ad_pricing_versions (
    effective_from timestamptz not null,
    cost_per_click decimal(18, 9),
    cost_per_mille decimal(18, 6),
    cost_per_view decimal(18, 9),
    cost_per_acquisition decimal(18, 9),
    valid_from timestamptz not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
insert into core.global_ad_pricing_versions by name
select * exclude (valid_to, superseded_at)
from core.global_ad_pricing
order by rowid;
drop table core.global_ad_pricing;
alter table if exists ops.attempts rename column looks to failed_reads;
drop macro table if exists core.to_price;
drop macro table if exists core.payments_to_book;
