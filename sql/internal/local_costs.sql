-- One row per cost, or correction of one, that the marts hold, with what the brand's clock showed. A view over the
-- ledger: where a campaign has few events an hour, stored sums by hour would be nearly as many rows as the ledger has
-- (16.5 M for 20 M events, a tenth of the run and a fifth of the file). Asked for one brand, sums over it answer in the
-- same 0.06 s as a stored table did; for all of 20 M events in 2.8 s.
create or replace view internal.local_costs as
with offsets as (
    from
        core.brand_offsets(
            ops.summed_at(),
            (select span.first_at from internal.ledger_span as span),
            (select span.last_at from internal.ledger_span as span)
        )
)

select
    costs.brand_id,
    costs.campaign_id,
    costs.ad_id,
    costs.cost_type,
    costs.transaction_type,
    costs.amount,
    costs.price_source,
    costs.occurred_at,
    core.local_time(costs.occurred_at, offsets.utc_offset) as local_time
from core.transactions as costs
inner join offsets
    on
        costs.brand_id = offsets.brand_id
        and costs.occurred_at >= offsets.starts_at
        and costs.occurred_at < offsets.ends_at
where costs.transaction_type <> 'PAYMENT' and costs.batch_id <= ops.summed_batch('infinity'::timestamptz);
comment on view internal.local_costs is 'One row per cost, or correction of one, that the marts hold, with what the brand''s clock showed.';
