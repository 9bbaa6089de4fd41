-- One row per accepted correction: what is to be taken back of the cost of one event.
create table if not exists raw.corrections (
    correction_id varchar not null,
    transaction_id bigint,
    event_id varchar,
    amount decimal(18, 9),
    reason varchar not null,
    file_id bigint not null,
    line_number bigint not null,
    batch_id bigint not null
);
comment on table raw.corrections is 'One row per accepted correction: what is to be taken back of the cost of one event.';
comment on column raw.corrections.transaction_id is 'the cost to correct; null: event_id names it';
comment on column raw.corrections.event_id is 'the event whose cost is to be corrected; null: transaction_id names it';
comment on column raw.corrections.amount is 'how much of the cost is to be taken back; null: all that is left of it';

-- name: add
-- One row per accepted correction.
insert into raw.corrections
select
    correction_id,
    transaction_id,
    event_id,
    amount,
    reason,
    file_id,
    line_number,
    $batch_id as batch_id
from arrived_corrections
anti join repeated_corrections using (file_id, line_number)
where fault is null;
