-- One row per accepted payment.
insert into raw.payments
select
    payment_id,
    brand_id,
    amount,
    paid_at,
    file_id,
    line_number,
    $batch_id as batch_id
from arrived_payments
anti join repeated_payments using (file_id, line_number)
where fault is null
