-- One row per payment whose brand is known.
insert into hot.transactions
select
    payment.transaction_id,
    payment.brand_id,
    null as campaign_id,
    null as ad_id,
    payment.amount,
    'PAYMENT' as transaction_type,
    null as cost_type,
    payment.occurred_at,
    $recorded_at::timestamptz as recorded_at,
    null as price_source,
    null as price_effective_from,
    $batch_id as batch_id
from core.payments_to_book($done_through::bigint) as payment
semi join core.brands using (brand_id)
