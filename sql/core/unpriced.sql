-- One row per accepted event, payment or correction that waits for its ad, its brand, a price or its cost.
create table if not exists core.unpriced (
    transaction_id bigint not null,
    ad_id bigint,
    brand_id bigint,
    event_type event_type,
    amount decimal(18, 9),
    occurred_at timestamptz,
    reason varchar not null,
    waiting_since timestamptz not null,
    correction_id varchar,
    corrected_transaction_id bigint
);
comment on table core.unpriced is 'One row per accepted event, payment or correction that waits for its ad, its brand, a price or its cost.';
comment on column core.unpriced.transaction_id is 'the id it will have in core.transactions';
comment on column core.unpriced.occurred_at is 'of a correction that of its cost; null until that is known';
comment on column core.unpriced.correction_id is 'of a correction; else null';
comment on column core.unpriced.corrected_transaction_id is 'the transaction that a correction names, or whose event it names, once that has come';
comment on column core.unpriced.reason is 'what it waits for';

-- what an event waits for
create or replace macro core.event_waits_for(event_type, ad_id, ad_is_known) as
case
    when ad_is_known then format('no price for {} of ad {}: neither its own nor a global one', event_type, ad_id)
    else format('unknown ad_id {}', ad_id)
end;

-- name: clear
-- Make room for what waits now.
delete from core.unpriced;

-- name: add
-- One row per accepted event, payment or correction that waits for its ad, its brand, a price or its cost.
insert into core.unpriced by name
select *
from still_waiting;
