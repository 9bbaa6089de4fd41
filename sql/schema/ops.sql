-- Statuses and bookkeeping.
create schema if not exists ops;

create table if not exists ops.definitions (sha256 varchar not null);
comment on table ops.definitions is 'One row per set of definitions, those in sql/schema, that made this file; the newest last.';

create table if not exists ops.migrations (
    version integer not null,
    what varchar not null,
    migrated_at timestamptz not null
);
comment on table ops.migrations is 'One row per version that this file has had; the newest is what it is.';
comment on column ops.migrations.what is 'what the step to it did, or that it was made so';

create table if not exists ops.batches (
    batch_id bigint not null,
    run_id varchar not null,
    recorded_at timestamptz not null
);
comment on table ops.batches is 'One row per run that brought something new.';

create table if not exists ops.watermarks (
    table_name varchar not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table ops.watermarks is 'One row per derived table and time at which it came to contain the batches up to one; and per check (checks/...) of the ledger, the newest batch with which it has passed.';

create or replace macro ops.summed_batch(known_at) as (
    select coalesce(max(batch_id), 0)
    from ops.watermarks
    where table_name = 'mart' and recorded_at <= known_at
);
comment on macro ops.summed_batch is 'The newest batch whose spend could be seen at a recorded time.'; -- noqa: PRS

create table if not exists ops.summed_brands (
    brand_id bigint not null,
    timezone varchar not null,
    tzdata_version varchar not null
);
comment on table ops.summed_brands is 'One row per brand with spend: the zone rules its marts were summed by.';

create table if not exists ops.reference_files (
    file_id bigint not null,
    kind varchar not null,
    name varchar not null,
    sha256 varchar,
    bytes bigint not null,
    changed_ns bigint not null,
    outcome varchar not null,
    reason varchar,
    rows_read bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    recorded_at timestamptz not null
);
comment on table ops.reference_files is 'One row per delivered reference file; read = loaded + duplicate + rejected.';
comment on column ops.reference_files.kind is 'the reference table it carries';
comment on column ops.reference_files.rows_loaded is 'rows that opened a version';
comment on column ops.reference_files.rows_duplicate is 'rows as they were before';

create or replace view ops.delivered_files as
select * exclude (ignored_columns, read_at, ignored_more) from raw.event_files
union all by name
select * from ops.reference_files;
comment on view ops.delivered_files is 'One row per delivered file of any kind; file_id is unique among them.';

create table if not exists ops.attempts (
    name varchar not null,
    bytes bigint not null,
    changed_ns bigint not null,
    attempts integer not null,
    looks integer not null,
    waits_for varchar
);
comment on table ops.attempts is 'One row per delivered file that was begun in its present state and is not finished.';
comment on column ops.attempts.attempts is 'how often it was begun and never ended; counted before it is opened';
comment on column ops.attempts.looks is 'how often it could not be taken';
comment on column ops.attempts.waits_for is 'why not; null: whoever began it has not come back';

create table if not exists ops.retries (
    file_id bigint not null,
    rows_tried bigint not null,
    rows_loaded bigint not null,
    rows_duplicate bigint not null,
    rows_rejected bigint not null,
    batch_id bigint not null,
    read_at timestamptz not null,
    recorded_at timestamptz not null
);
comment on table ops.retries is 'One row per delivered file and time at which its refused rows were tried again.';
comment on column ops.retries.read_at is 'the moment of loading that their times were held against';

create table if not exists ops.missing_rows (
    table_name varchar not null,
    id varchar not null,
    file_id bigint not null,
    recorded_at timestamptz not null
);
comment on table ops.missing_rows is 'One row per reference row in force that the newest file no longer holds.';
comment on column ops.missing_rows.id is 'its key; of a price the microseconds since 1970 of effective_from';
comment on column ops.missing_rows.file_id is 'the file with which it vanished';
comment on column ops.missing_rows.recorded_at is 'when that was loaded';

create table if not exists ops.acknowledgements (
    acknowledged_at timestamptz not null,
    acknowledged_by varchar not null,
    reason varchar not null,
    file_id bigint not null,
    table_name varchar,
    id varchar
);
comment on table ops.acknowledgements is 'One row per refused file, or vanished reference row, of which a person says that it may stay so; rows are only ever added.';
comment on column ops.acknowledgements.acknowledged_by is 'who';
comment on column ops.acknowledgements.reason is 'why, in a person''s words';
comment on column ops.acknowledgements.file_id is 'the file meant, not a later one of its name; of a row the file with which it vanished';
comment on column ops.acknowledgements.table_name is 'the table of the row; null: the file is meant';
comment on column ops.acknowledgements.id is 'the key of the row; null: the file is meant';

create or replace macro ops.as_argument(word) as (
    case
        when regexp_full_match(word, '[A-Za-z0-9_./:=-]+') then word
        else '''' || replace(word, '''', '''\''''') || ''''
    end
);
comment on macro ops.as_argument is 'A word as an argument in a shell, which takes nothing in it for its own.'; -- noqa: PRS

create or replace view ops.open_missing_rows as
select
    table_name,
    id,
    file_id,
    recorded_at,
    'deliver it again, or, if it is gone for good: spendgate acknowledge row '
    || table_name || ' ' || ops.as_argument(id) || ' --reason "..."' as remedy
from ops.missing_rows
anti join ops.acknowledgements as acknowledged using (table_name, id, file_id);
comment on view ops.open_missing_rows is 'One row per reference row that has vanished, and of which nobody has said that it is gone for good.';

create table if not exists ops.refused_files_gone (
    file_id bigint not null,
    recorded_at timestamptz not null
);
comment on table ops.refused_files_gone is 'One row per refused file that no longer lies there; each run notes what has changed.';
comment on column ops.refused_files_gone.recorded_at is 'when a run missed it';

create or replace macro ops.is_below(name, folders) as
coalesce(len(list_filter(folders, lambda folder: starts_with(name, folder || '/'))) > 0, false);
comment on macro ops.is_below is 'Whether a file lies below one of some folders.'; -- noqa: PRS

create or replace view ops.refused_files as
select files.*
from ops.delivered_files as files
where
    files.outcome = 'QUARANTINED'
    and not exists (
        from ops.delivered_files as later
        where later.name = files.name and later.file_id > files.file_id
    );
comment on view ops.refused_files is 'One row per delivered file that was refused whole and not taken again under its name since.';

create or replace view ops.open_files as
with mostly_refused as (
    select *
    from ops.delivered_files
    where
        outcome = 'LOADED'
        and rows_rejected * 20 > rows_read
        -- of a reference table only the file in force counts
        and (
            kind in ('events', 'payments')
            or file_id in (
                select arg_max(file_id, recorded_at)
                from ops.reference_files
                where outcome = 'LOADED'
                group by kind
            )
        )
)

select
    file_id,
    kind,
    name,
    outcome,
    reason,
    rows_read,
    rows_rejected,
    recorded_at,
    'deliver it again otherwise, remove it, or: spendgate acknowledge file ' || ops.as_argument(name)
    || ' --reason "..."' as remedy
from ops.refused_files
where file_id not in (select file_id from ops.refused_files_gone)
and file_id not in (select file_id from ops.acknowledgements where table_name is null)
union all
select
    file_id,
    kind,
    name,
    outcome,
    format('{} of {} rows are refused', rows_rejected, rows_read) as reason,
    rows_read,
    rows_rejected,
    recorded_at,
    'once the cause is mended: spendgate rejects retry --file ' || ops.as_argument(name)
    || ', or: spendgate acknowledge file ' || ops.as_argument(name) || ' --reason "..."' as remedy
from mostly_refused
where file_id not in (select file_id from ops.acknowledgements where table_name is null);
comment on view ops.open_files is 'One row per delivered file that was refused, whole or more than one in twenty of its rows, and is neither mended nor acknowledged.';
comment on column ops.open_files.outcome is 'QUARANTINED: refused whole; LOADED: part of its rows';
comment on column ops.open_files.remedy is 'what to do';

create table if not exists ops.revision (
    revision bigint not null,
    recorded_at timestamptz not null,
    clock_at timestamptz
);
comment on table ops.revision is 'One row: how many writing transactions this warehouse has committed.';
comment on column ops.revision.recorded_at is 'when the last of them was recorded; no two share a time';
comment on column ops.revision.clock_at is 'what the clock said then; it may have been set back since';

create table if not exists ops.reading_limits (
    recorded_at timestamptz not null,
    max_file_bytes bigint not null,
    max_line_bytes bigint not null,
    max_json_depth bigint not null,
    max_expansion bigint not null,
    conflict_days bigint not null,
    events_zone varchar,
    payments_zone varchar,
    prices_zone varchar
);
comment on table ops.reading_limits is 'One row per time from which other limits were in force when delivered files were read: a rebuild reads by them.';
comment on column ops.reading_limits.events_zone is 'of events'' times that named none; empty: they were refused; null: not noted yet, and none';
comment on column ops.reading_limits.payments_zone is 'of payments'' times that named none, likewise';
comment on column ops.reading_limits.prices_zone is 'of prices'' times that named none, likewise';

create table if not exists ops.mendings (
    mended_at timestamptz not null,
    mended_by varchar not null,
    reason varchar not null,
    table_name varchar not null,
    rows bigint not null
);
comment on table ops.mendings is 'One row per table and time at which a person mended rows of it.';

create table if not exists ops.campaign_status (
    campaign_id bigint not null,
    brand_id bigint not null,
    status varchar not null,
    reason varchar not null,
    changed_at timestamptz not null,
    decided_at timestamptz not null,
    window_start timestamptz,
    window_end timestamptz,
    window_open boolean not null,
    next_change_at timestamptz,
    paused_until timestamptz
);
comment on table ops.campaign_status is 'One row per campaign: what it may do now.';
comment on column ops.campaign_status.reason is 'reason of the last change';
comment on column ops.campaign_status.window_start is 'start of the current dayparting window, or of the next; null: no dayparting';
comment on column ops.campaign_status.window_end is 'first instant after that window';
comment on column ops.campaign_status.next_change_at is 'first instant at which, with no new spend, the status changes; null: never';
comment on column ops.campaign_status.paused_until is 'when the pause ends by itself; null: when a person ends it';

create table if not exists ops.campaign_status_changes (
    change_id bigint not null,
    campaign_id bigint not null,
    brand_id bigint not null,
    from_status varchar,
    to_status varchar not null,
    reason varchar not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    daily_spend decimal(38, 9),
    daily_budget decimal(38, 9),
    monthly_spend decimal(38, 9),
    monthly_budget decimal(38, 9),
    local_date date,
    timezone varchar,
    window_start timestamptz,
    window_end timestamptz,
    watermark_batch_id bigint not null,
    run_id varchar not null,
    changed_by varchar not null,
    note varchar,
    paused_until timestamptz
);
comment on table ops.campaign_status_changes is 'One row per change of a status with all that caused it; rows are only ever added.';
comment on column ops.campaign_status_changes.change_id is 'only grows';
comment on column ops.campaign_status_changes.from_status is 'null: the campaign''s first appearance';
comment on column ops.campaign_status_changes.decided_at is 'the instant decided for';
comment on column ops.campaign_status_changes.recorded_at is 'when it was written';
comment on column ops.campaign_status_changes.watermark_batch_id is 'the newest batch whose spend was counted';
comment on column ops.campaign_status_changes.changed_by is 'who: spendgate, or a person';
comment on column ops.campaign_status_changes.note is 'why, in a person''s words';
comment on column ops.campaign_status_changes.paused_until is 'when the pause ends by itself';

create table if not exists ops.decisions (
    decision_id bigint not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    watermark_batch_id bigint not null,
    run_id varchar not null,
    campaigns bigint not null,
    changed bigint not null
);
comment on table ops.decisions is 'One row per decision, also of those that changed nothing.';
comment on column ops.decisions.decision_id is 'only grows';
comment on column ops.decisions.decided_at is 'the instant decided for';
comment on column ops.decisions.recorded_at is 'when it was written; the changes it made carry the same time';
comment on column ops.decisions.watermark_batch_id is 'the newest batch whose spend was counted';
comment on column ops.decisions.campaigns is 'how many were decided';
comment on column ops.decisions.changed is 'how many of them changed';

create table if not exists ops.budget_findings (
    brand_id bigint not null,
    is_reached boolean not null,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    run_id varchar not null
);
comment on table ops.budget_findings is 'One row per brand and decision that found a budget of it reached, or none any more; rows are only ever added.';
comment on column ops.budget_findings.is_reached is 'the budget of the day, of the month, or both';
comment on column ops.budget_findings.decided_at is 'the instant decided for: what happened after it happened while the brand was stopped, or free';

create table if not exists ops.overspend_due (
    brand_id bigint not null,
    local_date date not null
);
comment on table ops.overspend_due is 'One row per brand and local day whose overspend is to be worked out anew.';

create table if not exists ops.evidence_checks (
    checked_through timestamptz not null,
    changes bigint not null,
    differences bigint not null,
    run_id varchar not null
);
comment on table ops.evidence_checks is 'One row per check that derived stored changes of statuses anew.';
comment on column ops.evidence_checks.checked_through is 'recorded_at of the newest change it derived';
comment on column ops.evidence_checks.changes is 'how many it derived';
comment on column ops.evidence_checks.differences is 'how many came out otherwise than they are stored';
