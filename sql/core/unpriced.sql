-- One row per accepted event or payment that waits for its ad, its brand or a price.
create table if not exists core.unpriced (
    transaction_id bigint not null,
    ad_id bigint,
    brand_id bigint,
    event_type event_type,
    amount decimal(18, 9),
    occurred_at timestamptz not null,
    reason varchar not null,
    waiting_since timestamptz not null
);
comment on table core.unpriced is 'One row per accepted event or payment that waits for its ad, its brand or a price.';
comment on column core.unpriced.transaction_id is 'the id it will have in core.transactions';
comment on column core.unpriced.reason is 'what it waits for';

-- name: clear
-- Make room for what waits now.
delete from core.unpriced;

-- name: add
-- One row per accepted event or payment that waits for its ad, its brand or a price.
insert into core.unpriced by name
select *
from still_waiting;
