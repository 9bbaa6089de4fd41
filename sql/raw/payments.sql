-- One row per accepted payment; a negative amount is a refund.
create table if not exists raw.payments (
    payment_id varchar not null,
    brand_id bigint not null,
    amount decimal(18, 9) not null,
    paid_at timestamptz not null,
    file_id bigint not null,
    line_number bigint not null,
    batch_id bigint not null
);
comment on table raw.payments is 'One row per accepted payment; a negative amount is a refund.';

-- name: add
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
where fault is null;
