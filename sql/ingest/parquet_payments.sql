-- One row per row of a Parquet file of payments: its values, or what is wrong with it.
insert into arrived_payments
select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    text_of(payment_id) as payment_id,
    whole_number_of(brand_id) as brand_id,
    amount_of(text_of(amount)) as amount,
    typed_instant_of(paid_at, $is_utc) as paid_at,
    coalesce(
        not_text_fault('payment_id', payment_id),
        name_fault('payment_id', text_of(payment_id)),
        case when brand_id is null then 'brand_id is missing' end,
        case when whole_number_of(brand_id) is null then 'brand_id is not a whole number that fits 64 bits' end,
        amount_fault(text_of(amount)),
        case when paid_at is null then 'paid_at is missing' end,
        typed_time_fault('paid_at', paid_at, $is_utc, $loaded_at::timestamptz),
        range_fault('paid_at', typed_instant_of(paid_at, $is_utc), $loaded_at::timestamptz)
    ) as fault
from read_parquet($path, file_row_number = true, hive_partitioning = false)
