-- One row per priced event, payment or correction of a cost; rows are only ever added.
create or replace view internal.lost_transactions as
select
    lost::bigint as transaction_id,
    lost::bigint as brand_id,
    lost::bigint as campaign_id,
    lost::bigint as ad_id,
    lost::decimal(18, 9) as amount,
    lost::varchar as transaction_type,
    lost::varchar as cost_type,
    second_at as occurred_at,
    lost::timestamptz as recorded_at,
    lost::varchar as price_source,
    lost::timestamptz as price_effective_from,
    lost::bigint as batch_id
from sealed.lost_seconds('transactions')
where lost is null;

create table if not exists internal.transactions (
    transaction_id bigint not null,
    brand_id bigint not null,
    campaign_id bigint,
    ad_id bigint,
    amount decimal(18, 9) not null,
    transaction_type transaction_type not null,
    cost_type cost_type,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    price_source price_source,
    price_effective_from timestamptz,
    batch_id bigint not null
);
comment on table internal.transactions is 'One row per row of core.transactions that is not sealed.';

create macro if not exists sealed.transactions() as table
    from internal.transactions
    where false;

create or replace view core.transactions as
from internal.transactions
union all
select
    * replace (
        transaction_type::transaction_type as transaction_type,
        cost_type::cost_type as cost_type,
        price_source::price_source as price_source
    )
from sealed.transactions();
comment on view core.transactions is 'One row per priced event, payment or correction of a cost; rows are only ever added.';
comment on column core.transactions.transaction_id is 'file_id * 10^10 + line number of the event, payment or correction';
comment on column core.transactions.amount is 'cost, payment or, negative, what is taken back of a cost; exact; spend is the sum of COST and CORRECTION';
comment on column core.transactions.occurred_at is 'when the event happened; of a correction, the one whose cost it corrects';
comment on column core.transactions.recorded_at is 'when it was charged here';
comment on column core.transactions.price_source is 'AD: the ad''s own cost; GLOBAL: the default price list; null for payments and corrections';
comment on column core.transactions.price_effective_from is 'since when the price used holds';
comment on column core.transactions.batch_id is 'the run that charged it';

-- name: charge
-- One row per priced event. What finds no ad or no price is left out here and waits in core.unpriced. Reads
-- priced_events (sql/portable).
insert into internal.transactions
select
    transaction_id,
    brand_id,
    campaign_id,
    ad_id,
    amount,
    'COST' as transaction_type,
    cost_type,
    occurred_at,
    $recorded_at::timestamptz as recorded_at,
    price_source,
    price_effective_from,
    $batch_id as batch_id
from priced_events;

-- name: book_payments
-- One row per payment whose brand is known. Reads payments_to_book.
insert into internal.transactions
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
from payments_to_book as payment
semi join core.brands using (brand_id);

-- name: book_corrections
-- One row per correction of a cost that takes something back of it. Reads booked_corrections.
insert into internal.transactions
select
    transaction_id,
    brand_id,
    campaign_id,
    ad_id,
    -taken as amount,
    'CORRECTION' as transaction_type,
    cost_type,
    occurred_at,
    $recorded_at::timestamptz as recorded_at,
    null as price_source,
    null as price_effective_from,
    $batch_id as batch_id
from booked_corrections
where taken > 0;

-- name: days_to_seal
-- Hot transactions of some days, by day and within it in the order in which they are sealed.
create or replace temp table sealed_days as
select
    *,
    make_timestamp((epoch_us(occurred_at) // 86400000000) * 86400000000)::date as day
from internal.transactions
where
    occurred_at >= make_timestamptz(epoch_us($first_day::date))
    and occurred_at < make_timestamptz(epoch_us($last_day::date + 1))
    and day in $days
order by
    day,
    brand_id, -- analysts ask for a brand: only its row groups are read
    occurred_at,
    transaction_id;

-- name: remove_sealed
-- Rows that are in sealed files now. Reads sealed_now.
delete from internal.transactions
where epoch_us(occurred_at) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'transactions'
);
