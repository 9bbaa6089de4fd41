-- The least that plain SQL can do for the same durable result: events once, transactions, sums by local date. Each
-- statement commits by itself, which is faster than all of them together; `delivered`, `lineages`, `brands` and `zones`
-- are there already. The sums are those of sql/portable/spend_by_date.sql.
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
create table prices as
pivot (
    select ad_id, brand_id, campaign_id, effective_from, event_type, amount, is_own from lineages
) on event_type in ('click', 'impression', 'view', 'acquisition')
using first(amount) as amount, first(is_own) as is_own
group by ad_id, brand_id, campaign_id, effective_from;
insert into ad_events
select event_id, ad_id, event_type::event_type, occurred_at, 1, file_row_number + 1, 1
from delivered
anti join ad_events using (event_id);
insert into transactions
select
    10000000000 + line_number, brand_id, campaign_id, ad_id,
    case event_type
        when 'click'::event_type then click_amount
        when 'impression'::event_type then impression_amount
        when 'view'::event_type then view_amount
        else acquisition_amount
    end,
    'COST',
    case event_type
        when 'click'::event_type then 'CLICK'::cost_type
        when 'impression'::event_type then 'IMPRESSION'::cost_type
        when 'view'::event_type then 'VIEW'::cost_type
        else 'ACQUISITION'::cost_type
    end,
    occurred_at, now(),
    if(
        case event_type
            when 'click'::event_type then click_is_own
            when 'impression'::event_type then impression_is_own
            when 'view'::event_type then view_is_own
            else acquisition_is_own
        end, 'AD', 'GLOBAL'
    ),
    effective_from, batch_id
from ad_events
inner join prices using (ad_id);
create temp view costs_to_sum as
select brand_id, campaign_id, cost_type, amount, true as is_cost, occurred_at from transactions;
create temp table brand_offsets as
select brand_id, starts_at, ends_at, utc_offset
from brands
inner join utc_offsets using (timezone)
where
    starts_at <= (select max(occurred_at) from transactions)
    and ends_at > (select min(occurred_at) from transactions);
