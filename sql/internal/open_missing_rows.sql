-- One row per reference row that has vanished, and of which nobody has said that it is gone for good.
create or replace macro ops.as_argument(word) as (
    case
        when regexp_full_match(word, '[A-Za-z0-9_./:=-]+') then word
        else '''' || replace(word, '''', '''\''''') || ''''
    end
);
comment on macro ops.as_argument is 'A word as an argument in a shell, which takes nothing in it for its own.'; -- noqa: PRS

create or replace view internal.open_missing_rows as
select
    table_name,
    id,
    file_id,
    recorded_at,
    'deliver it again, or, if it is gone for good: spendgate acknowledge row '
    || table_name || ' ' || ops.as_argument(id) || ' --reason "..."' as remedy
from internal.missing_rows
anti join internal.acknowledgements as acknowledged using (table_name, id, file_id);
comment on view internal.open_missing_rows is 'One row per reference row that has vanished, and of which nobody has said that it is gone for good.';

-- name: list
-- One row per reference row that has vanished and is open.
select
    table_name,
    id,
    file_id
from internal.open_missing_rows
order by
    table_name,
    id;
