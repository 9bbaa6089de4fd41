-- One row per arrived payment whose payment_id was there before it: in the ledger, or earlier in the same batch.
-- `conflict` says what it contradicts; without one it is an exact duplicate.
create or replace temp table repeated_payments as
with candidates as (
    select
        payment_id,
        brand_id,
        amount,
        paid_at,
        file_id,
        line_number,
        true as arrived
    from arrived_payments
    where fault is null
    union all
    select
        payment_id,
        brand_id,
        amount,
        paid_at,
        file_id,
        line_number,
        false as arrived
    from raw.payments
    semi join arrived_payments using (payment_id)
),

ranked as (
    select
        *,
        row_number() over (partition by payment_id order by arrived, file_id, line_number) as place,
        first(brand_id) over first_one as first_brand_id,
        first(amount) over first_one as first_amount,
        first(paid_at) over first_one as first_paid_at,
        first(file_id) over first_one as first_file_id,
        first(line_number) over first_one as first_line_number
    from candidates
    window first_one as (partition by payment_id order by arrived, file_id, line_number)
)

select
    file_id,
    line_number,
    case
        when brand_id <> first_brand_id or amount <> first_amount or paid_at <> first_paid_at
            then format(
                'payment_id ''{}'' conflicts with line {} of file {}, which came first',
                left(payment_id, 100), first_line_number, first_file_id
            )
    end as conflict
from ranked
where place > 1
