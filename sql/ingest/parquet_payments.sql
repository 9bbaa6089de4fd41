-- One row per row of a Parquet file of payments: its values, or what is wrong with it.
insert into arrived_payments
select
    $file_id as file_id,
    file_row_number + 1 as line_number,
    payment_id,
    try_cast(brand_id as bigint) as brand_id,
    amount_of(amount::varchar) as amount,
    case
        when typeof(paid_at) = 'VARCHAR' then instant_of(paid_at::varchar)
        else paid_at::timestamptz
    end as paid_at,
    coalesce(
        name_fault('payment_id', payment_id),
        case when brand_id is null then 'brand_id is missing' end,
        case when try_cast(brand_id as bigint) is null then 'brand_id is not a whole number that fits 64 bits' end,
        amount_fault(amount::varchar),
        case
            when typeof(paid_at) = 'VARCHAR' then time_fault('paid_at', paid_at::varchar, $loaded_at::timestamptz)
            when paid_at is null then 'paid_at is missing'
            else range_fault('paid_at', paid_at::timestamptz, $loaded_at::timestamptz)
        end
    ) as fault
from read_parquet($path, file_row_number = true, hive_partitioning = false)
