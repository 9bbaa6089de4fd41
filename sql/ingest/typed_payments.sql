-- One row per payment row read as text: its typed values, or what is wrong with it.
insert into arrived_payments
select
    file_id,
    line_number,
    payment_id,
    bigint_of(brand_id) as brand_id,
    amount_of(amount) as amount,
    instant_of(paid_at) as paid_at,
    coalesce(
        fault,
        name_fault('payment_id', payment_id),
        id_fault('brand_id', brand_id),
        amount_fault(amount),
        time_fault('paid_at', paid_at, $loaded_at::timestamptz)
    ) as fault
from payment_texts
