-- One row per brand, local month, kind of line, campaign and cost type: what the ledger says of a brand's account now.
create or replace view internal.account_lines as
with corrected as (
    select
        costs.brand_id,
        costs.campaign_id,
        costs.cost_type,
        costs.occurred_at,
        costs.amount,
        case when starts_with(corrections.correction_id, core.credit_prefix()) then 'CREDIT' else 'CORRECTION' end
            as line
    from core.transactions as costs
    inner join core.corrections on costs.transaction_id = corrections.transaction_id
    where costs.transaction_type = 'CORRECTION' and costs.batch_id <= ops.summed_batch('infinity'::timestamptz)
),

movements as (
    from corrected
    union all by name
    select
        brand_id,
        'PAYMENT' as line,
        amount,
        occurred_at
    from mart.payments_as_known('infinity'::timestamptz)
),

offsets as (
    from
        core.brand_offsets(
            ops.summed_at(),
            (select min(occurred_at) from movements),
            (select max(occurred_at) from movements)
        )
),

moved as (
    select
        movements.brand_id,
        date_trunc('month', core.local_time(movements.occurred_at, offsets.utc_offset))::date as local_month,
        movements.line,
        movements.campaign_id,
        movements.cost_type,
        movements.amount
    from movements
    inner join offsets
        on
            movements.brand_id = offsets.brand_id
            and movements.occurred_at >= offsets.starts_at
            and movements.occurred_at < offsets.ends_at
),

parts as (
    -- spend is costs less corrections: the costs are spend with the corrections put back
    select
        brand_id,
        local_month,
        'COST' as line,
        campaign_id,
        cost_type,
        spend as amount,
        transactions as events
    from internal.monthly_spend_parts
    union all
    select
        brand_id,
        local_month,
        'COST' as line,
        campaign_id,
        cost_type,
        -amount as amount,
        0 as events
    from moved
    where line <> 'PAYMENT'
    union all
    select
        *,
        1 as events
    from moved
)

select
    brand_id,
    local_month,
    line,
    campaign_id,
    cost_type,
    sum(amount)::decimal(38, 9) as amount,
    sum(events)::bigint as events
from parts
group by all
having sum(amount) <> 0 or sum(events) <> 0;
comment on view internal.account_lines is 'One row per brand, local month, kind of line, campaign and cost type: what the ledger says of a brand''s account now.';
