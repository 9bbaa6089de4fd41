-- One row per state that somebody was told of, as the ledger of alerts had it when the last run published.
create table if not exists ops.alerts (
    kind varchar not null,
    subject varchar not null,
    threshold varchar not null,
    period_start timestamptz not null,
    opened_at timestamptz not null,
    closed_at timestamptz,
    message varchar not null,
    fix varchar not null,
    sent_at timestamptz,
    attempts bigint not null,
    last_error varchar
);
comment on table ops.alerts is 'One row per state that somebody was told of, as the ledger of alerts had it when the last run published.';
comment on column ops.alerts.kind is 'LIMIT, OVERSPEND, FILE_QUARANTINED, REJECTED_SHARE, NO_DELIVERIES, NOTHING_DECIDED, RUN_FAILED, CHECK_FAILED or PUBLISHED_STALE';
comment on column ops.alerts.subject is 'such as BRAND:1/DAY, the name of a file, job or check; with kind, threshold and period_start it is unique';
comment on column ops.alerts.threshold is 'what was crossed: 80 %, 1,000.00 USD; empty where there is nothing to cross';
comment on column ops.alerts.period_start is 'since when the state can hold: of a limit its period; of a failure the last success, 2000-01-01: never';
comment on column ops.alerts.opened_at is 'when the state was first found';
comment on column ops.alerts.message is 'what is told, with the numbers';
comment on column ops.alerts.fix is 'what helps';
comment on column ops.alerts.closed_at is 'when it was found that the state is over; null: it holds';
comment on column ops.alerts.sent_at is 'when the last receiver so far has got it';
comment on column ops.alerts.attempts is 'the most that a receiver needed';
comment on column ops.alerts.last_error is 'why a receiver has not got it yet';

-- name: apply_ledger
-- One row per alert of the ledger that changed since the last run. Reads listed_alerts.
merge into ops.alerts as stored
using (
    select
        kind,
        subject,
        threshold,
        period_start::timestamptz as period_start,
        opened_at::timestamptz as opened_at,
        closed_at::timestamptz as closed_at,
        message,
        fix,
        sent_at::timestamptz as sent_at,
        attempts,
        last_error
    from listed_alerts
) as new
    on
        stored.kind = new.kind
        and stored.subject = new.subject
        and stored.threshold = new.threshold
        and stored.period_start = new.period_start
when matched and (
    stored.closed_at is distinct from new.closed_at
    or stored.sent_at is distinct from new.sent_at
    or stored.attempts <> new.attempts
    or stored.last_error is distinct from new.last_error
) then
    update
        set
            closed_at = new.closed_at,
            sent_at = new.sent_at,
            attempts = new.attempts,
            last_error = new.last_error
when not matched then
    insert
        (
            kind, subject, threshold, period_start, opened_at, closed_at, message, fix, sent_at, attempts, last_error
        )
    values (
        new.kind, new.subject, new.threshold, new.period_start, new.opened_at, new.closed_at, new.message, new.fix,
        new.sent_at, new.attempts, new.last_error
    );

-- name: forget
-- Alerts that were over long ago, as in the ledger.
delete from ops.alerts
where closed_at < $before;

-- name: newest_time
-- One row: the newest time of the ledger that is here already.
select max(greatest(opened_at, closed_at, sent_at)) as newest_time
from ops.alerts;
