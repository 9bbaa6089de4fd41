-- One row per check that derived stored changes of statuses again.
create table if not exists internal.evidence_checks (
    checked_through timestamptz not null,
    changes bigint not null,
    differences bigint not null,
    run_id varchar not null
);
comment on table internal.evidence_checks is 'One row per check that derived stored changes of statuses again.';
comment on column internal.evidence_checks.checked_through is 'recorded_at of the newest change it derived';
comment on column internal.evidence_checks.changes is 'how many it derived';
comment on column internal.evidence_checks.differences is 'how many came out otherwise than they are stored';

-- name: record
-- One row per check of the evidence.
insert into internal.evidence_checks
select
    $checked_through::timestamptz as checked_through,
    $changes as changes,
    count(*) as differences,
    $run_id as run_id
from underivable_changes;

-- name: clear
-- Let every stored change be derived again.
truncate internal.evidence_checks;
