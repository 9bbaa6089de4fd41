-- Rows of a Parquet file of payments whose own statistics deny what is in them, so that the rules were passed over.
update arrived_payments
set
    fault = coalesce(
        name_fault('payment_id', payment_id),
        case when brand_id is null then 'brand_id is missing' end,
        amount_fault(amount::varchar),
        case when paid_at is null then 'paid_at is missing' end,
        range_fault('paid_at', paid_at, $loaded_at::timestamptz)
    )
where file_id = $file_id and fault is null
