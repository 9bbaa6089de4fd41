-- One row per brand, campaign, cost type and local hour.
-- A view over the ledger, as far as the marts hold it: where a campaign has few events an hour, stored sums would be
-- nearly as many rows as the ledger has (16.5 M for 20 M events, a tenth of the run and a fifth of the file). Asked for
-- one brand, the view answers in the same 0.06 s as a stored table did; for all of 20 M events in 2.8 s.
create or replace view mart.hourly_spend as
with span as (
    from internal.ledger_span
),

offsets as (
    from core.brand_offsets(ops.summed_at(), (select first_at from span), (select last_at from span))
),

sums as (
    select
        costs.brand_id,
        costs.campaign_id,
        costs.cost_type,
        date_trunc('hour', core.local_time(costs.occurred_at, offsets.utc_offset)) as local_hour,
        sum(costs.amount)::decimal(38, 9) as spend,
        count(*) filter (costs.transaction_type = 'COST') as transactions
    from core.transactions as costs
    inner join offsets
        on
            costs.brand_id = offsets.brand_id
            and costs.occurred_at >= offsets.starts_at
            and costs.occurred_at < offsets.ends_at
    where costs.transaction_type <> 'PAYMENT' and costs.batch_id <= ops.summed_batch('infinity'::timestamptz)
    group by all
)

select
    sums.*,
    brands.currency
from sums
left join internal.brand_currencies as brands on sums.brand_id = brands.brand_id;
comment on view mart.hourly_spend is 'One row per brand, campaign, cost type and local hour.';
comment on column mart.hourly_spend.local_hour is 'start of the hour on the brand''s clock; a repeated hour counts as one';
