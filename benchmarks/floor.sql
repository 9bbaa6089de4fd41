-- The least that plain SQL can do for the same durable result: events once, transactions, sums by local date. One
-- statement after the other; `delivered`, `lineages`, `brands` and `zones` are there already.
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
create table utc_offsets as
select timezone, starts_at, coalesce(ends_at, 'infinity') as ends_at, utc_offset from zones;
create table typed_lineages as
select * replace (event_type::event_type as event_type), upper(event_type)::cost_type as cost_type from lineages;
begin;
insert into ad_events
select event_id, ad_id, event_type::event_type, occurred_at, 1, file_row_number + 1, 1
from delivered
anti join ad_events using (event_id);
insert into transactions
select
    10000000000 + line_number, brand_id, campaign_id, ad_id, amount, 'COST', cost_type, occurred_at, now(),
    if(is_own, 'AD', 'GLOBAL'), effective_from, batch_id
from ad_events
inner join typed_lineages using (ad_id, event_type);
insert into daily_spend
with offsets as (
    select brand_id, starts_at, ends_at, utc_offset
    from brands
    inner join utc_offsets using (timezone)
    where
        starts_at <= (select max(occurred_at) from transactions)
        and ends_at > (select min(occurred_at) from transactions)
)
select
    transactions.brand_id, campaign_id, cost_type,
    make_timestamp(epoch_us(occurred_at) + utc_offset::bigint * 1000000)::date as local_date, sum(amount), count(*)
from transactions
inner join offsets
    on
        transactions.brand_id = offsets.brand_id
        and occurred_at >= starts_at
        and occurred_at < ends_at
group by all;
commit;
checkpoint;
