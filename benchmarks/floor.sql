create type event_type as enum ('click', 'impression', 'view', 'acquisition');
create type cost_type as enum ('CLICK', 'IMPRESSION', 'VIEW', 'ACQUISITION');
create table ad_events (
    event_id varchar, ad_id bigint, event_type event_type, occurred_at timestamptz, file_id bigint, line_number bigint,
    batch_id bigint
);
create table transactions (
    transaction_id bigint, brand_id bigint, campaign_id bigint, ad_id bigint, amount decimal(18, 9),
    transaction_type varchar, cost_type cost_type, occurred_at timestamptz, recorded_at timestamptz,
    price_source varchar, price_effective_from timestamptz, batch_id bigint
);
create table daily_spend (
    brand_id bigint, campaign_id bigint, cost_type cost_type, local_date date, spend decimal(38, 9), transactions bigint
);
create table utc_offsets as select timezone, starts_at, coalesce(ends_at, 'infinity') as ends_at, utc_offset from zones;
begin;
insert into ad_events
select event_id, ad_id, event_type::event_type, occurred_at, 1, file_row_number + 1, 1
from delivered
anti join ad_events using (event_id);
insert into transactions
select
    10000000000 + line_number, brand_id, campaign_id, ad_events.ad_id, amount, 'COST', upper(lineages.event_type)::cost_type, occurred_at,
    now(), if(is_own, 'AD', 'GLOBAL'), effective_from, batch_id
from ad_events
inner join lineages on ad_events.ad_id = lineages.ad_id and ad_events.event_type = lineages.event_type::event_type;
insert into daily_spend
with zoned as (
    select brand_id, campaign_id, cost_type, amount, timezone, epoch_us(occurred_at) // 900000000 as quarter
    from transactions inner join brands using (brand_id)
),
offsets as (
    select quarters.timezone, quarter, utc_offset
    from (select distinct timezone, quarter from zoned) as quarters
    inner join utc_offsets
        on quarters.timezone = utc_offsets.timezone
        and make_timestamptz(quarter * 900000000) >= starts_at and make_timestamptz(quarter * 900000000) < ends_at
)
select
    brand_id, campaign_id, cost_type, make_timestamp((quarter * 900 + utc_offset) * 1000000)::date as local_date,
    sum(amount), count(*)
from zoned inner join offsets using (timezone, quarter)
group by all;
commit;
checkpoint;
