-- The ledger of alerts: a SQLite database of its own, which can be written while a run holds the warehouse. Statements
-- of SQLite, in the part of SQL that DuckDB reads as well.

-- name: alerts
-- One row per state that somebody is to be told of: kind, subject, threshold and period make it one, by its key.
create table if not exists alerts (
    alert_id integer primary key,
    kind text not null,
    subject text not null,
    threshold text not null,
    period_start text not null,
    message text not null,
    fix text not null,
    opened_at text not null,
    closed_at text,
    changed_at text not null,
    unique (kind, subject, threshold, period_start)
);

-- name: alerts_by_end
-- So that the open ones, and those closed long ago, are found among all that ever were.
create index if not exists alerts_by_end on alerts (closed_at);

-- name: alerts_by_change
-- So that what changed since the last run is found.
create index if not exists alerts_by_change on alerts (changed_at);

-- name: receivers
-- One row per receiver that was ever configured, by a hash of its URL; failures are those since it last took a message.
create table if not exists receivers (
    receiver text primary key,
    number integer not null,
    scheme text not null,
    active integer not null,
    failures integer not null,
    next_at text not null
);

-- name: deliveries
-- One row per alert and receiver: WAITING, SENDING or SENT. doubt: a process died while it sent it.
create table if not exists deliveries (
    alert_id integer not null,
    receiver text not null,
    state text not null,
    doubt integer not null,
    attempts integer not null,
    sent_at text,
    last_error text,
    primary key (alert_id, receiver)
);

-- name: deliveries_by_state
-- So that what waits is found among all that was ever sent.
create index if not exists deliveries_by_state on deliveries (state, receiver);

-- name: deliveries_by_time
-- So that what was sent since the last run is found.
create index if not exists deliveries_by_time on deliveries (sent_at);

-- name: open_keys
-- One row per open alert: its key.
select
    kind,
    subject,
    threshold,
    period_start
from alerts
where closed_at is null;

-- name: newest_id
-- One row: the number of the newest alert, 0 when there is none.
select coalesce(max(alert_id), 0) as alert_id
from alerts;

-- name: open
-- One row per state that holds now. One that comes back within its period has its row already, and is open again.
insert into alerts (kind, subject, threshold, period_start, message, fix, opened_at, changed_at)
values ($kind, $subject, $threshold, $period_start, $message, $fix, $now, $now)
on conflict (kind, subject, threshold, period_start) do update set closed_at = null, changed_at = $now;

-- name: close
-- The state is over.
update alerts set closed_at = $now, changed_at = $now
where
    kind = $kind
    and subject = $subject
    and threshold = $threshold
    and period_start = $period_start
    and closed_at is null;

-- name: tell_of_new
-- One row per alert since a number, and receiver.
insert into deliveries (alert_id, receiver, state, doubt, attempts)
select
    alerts.alert_id,
    receivers.receiver,
    'WAITING' as state,
    0 as doubt,
    0 as attempts
from alerts
cross join receivers
where alerts.alert_id > $newest_id and receivers.active = 1
on conflict (alert_id, receiver) do nothing;

-- name: tell_of_open
-- One row per open alert, for a receiver that is new.
insert into deliveries (alert_id, receiver, state, doubt, attempts)
select
    alert_id,
    $receiver as receiver,
    'WAITING' as state,
    0 as doubt,
    0 as attempts
from alerts
where closed_at is null
on conflict (alert_id, receiver) do nothing;

-- name: is_active
-- One row, if a receiver is known and has not been taken away.
select receiver
from receivers
where receiver = $receiver and active = 1;

-- name: active_receivers
-- One row per receiver that is configured.
select receiver
from receivers
where active = 1;

-- name: add_receiver
-- A receiver that is configured.
insert into receivers (receiver, number, scheme, active, failures, next_at)
values ($receiver, $number, $scheme, 1, 0, $now)
on conflict (receiver) do update set number = $number, scheme = $scheme, active = 1;

-- name: remove_receiver
-- A receiver that is configured no more.
update receivers set active = 0
where receiver = $receiver;

-- name: forget_waiting
-- What has not been sent to a receiver that is configured no more never will be.
delete from deliveries
where receiver = $receiver and state <> 'SENT';

-- name: doubt
-- What a process that died was sending: it may have got there, and is sent again with a word about that.
update deliveries set state = 'WAITING', doubt = 1
where state = 'SENDING';

-- name: begin
-- Noted before anything is sent, for a receiver whose turn it is.
update deliveries set state = 'SENDING', attempts = attempts + 1
where
    state = 'WAITING'
    and receiver = $receiver
    and receiver in (
        select receiver from receivers
        where next_at <= $now
    );

-- name: lines
-- One row per message that is being sent to a receiver, the first ones; how many there are. Alerts that say the same
-- are one.
select
    alerts.kind,
    alerts.message,
    alerts.fix,
    max(deliveries.doubt) as doubt,
    case when count(alerts.closed_at) = count(*) then max(alerts.closed_at) end as over_since,
    count(*) over () as messages
from deliveries
inner join alerts on deliveries.alert_id = alerts.alert_id
where deliveries.state = 'SENDING' and deliveries.receiver = $receiver
group by
    alerts.kind,
    alerts.message,
    alerts.fix
order by min(alerts.alert_id)
limit $at_most;

-- name: sent
-- The receiver has taken them.
update deliveries set state = 'SENT', sent_at = $now, last_error = null
where state = 'SENDING' and receiver = $receiver;

-- name: receiver_took
-- It has its next turn at once.
update receivers set failures = 0, next_at = $now
where receiver = $receiver;

-- name: not_sent
-- The receiver has not taken them: they wait for its next turn.
update deliveries set state = 'WAITING', last_error = $error
where state = 'SENDING' and receiver = $receiver;

-- name: failures
-- One row: how often a receiver has failed since it last took a message.
select failures
from receivers
where receiver = $receiver;

-- name: receiver_failed
-- It has its next turn later.
update receivers set failures = failures + 1, next_at = $next_at
where receiver = $receiver;

-- name: forget_deliveries
-- Of alerts that were over long ago.
delete from deliveries
where
    alert_id in (
        select alert_id from alerts
        where closed_at < $before
    );

-- name: forget_alerts
-- Those that were over long ago.
delete from alerts
where closed_at < $before;

-- name: listed
-- One row per alert that is open, if these are wanted, or was changed or sent since an instant, or waits; the newest
-- first: what each receiver has got of it, by its number and the scheme of its URL.
with wanted as (
    select alert_id from alerts
    where closed_at is null and $open
    union
    select alert_id from alerts
    where changed_at >= $since
    union
    select alert_id from deliveries
    where sent_at >= $since
    union
    select alert_id from deliveries
    where state in ('WAITING', 'SENDING')
)

select
    alerts.kind,
    alerts.subject,
    alerts.threshold,
    alerts.period_start,
    alerts.opened_at,
    alerts.closed_at,
    alerts.message,
    alerts.fix,
    max(deliveries.sent_at) as sent_at,
    coalesce(max(deliveries.attempts), 0) as attempts,
    max(deliveries.last_error) as last_error,
    (
        select group_concat(words, ', ')
        from (
            select
                receivers.number || ' ' || receivers.scheme
                || case when each_one.state = 'SENT' then ' sent' else ' waits' end as words
            from deliveries as each_one
            inner join receivers on each_one.receiver = receivers.receiver
            where each_one.alert_id = alerts.alert_id
            order by receivers.number
        ) as in_order
    ) as receivers
from wanted
inner join alerts on wanted.alert_id = alerts.alert_id
left join deliveries on alerts.alert_id = deliveries.alert_id
group by alerts.alert_id
order by alerts.alert_id desc;
