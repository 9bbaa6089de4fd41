-- One row per booked correction of a cost.
create table if not exists core.corrections (
    correction_id varchar not null,
    transaction_id bigint not null,
    corrected_transaction_id bigint not null,
    brand_id bigint not null,
    campaign_id bigint not null,
    amount decimal(18, 9) not null,
    reason varchar not null,
    occurred_at timestamptz not null,
    recorded_at timestamptz not null,
    batch_id bigint not null
);
comment on table core.corrections is 'One row per booked correction of a cost.';
comment on column core.corrections.transaction_id is 'its own in core.transactions; where the amount is 0 there is none';
comment on column core.corrections.corrected_transaction_id is 'the cost that it corrects';
comment on column core.corrections.amount is 'negative: what is taken back; 0: the whole was asked for, and nothing was left of it';
comment on column core.corrections.reason is 'as delivered';
comment on column core.corrections.occurred_at is 'when the event happened whose cost it corrects';

-- how the ids of credits for over-delivery begin
create or replace macro core.credit_prefix() as 'over-delivery/';

-- name: add
-- One row per booked correction of a cost. Reads booked_corrections.
insert into core.corrections
select
    correction_id,
    transaction_id,
    corrected_transaction_id,
    brand_id,
    campaign_id,
    -taken as amount,
    reason,
    occurred_at,
    $recorded_at::timestamptz as recorded_at,
    $batch_id as batch_id
from booked_corrections;
