-- One row: from when to when the ledger spans, without reading what is sealed.
create or replace view internal.ledger_span as
select
    min(first_at) as first_at,
    max(last_at) as last_at
from (
    select
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from internal.transactions
    union all
    select
        make_timestamptz(epoch_us(min(day))) as first_at,
        make_timestamptz(epoch_us(max(day) + 1)) as last_at
    from ops.sealed_files
    where table_name = 'transactions'
) as parts;
comment on view internal.ledger_span is 'One row: from when to when the ledger spans, sealed days as a whole.';
comment on column internal.ledger_span.first_at is 'not after its first transaction';
comment on column internal.ledger_span.last_at is 'not before its last transaction';
