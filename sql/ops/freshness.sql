-- One row: how fresh this file is.
create or replace view ops.freshness as
select
    (select arg_max(decided_at, decision_id) from ops.decisions) as decided_at,
    (select recorded_at from ops.revision) as published_at,
    (
        select
            greatest(
                (select max(occurred_at) from internal.ad_events),
                (
                    select make_timestamptz(epoch_us(max(day))) from ops.sealed_files
                    where table_name = 'ad_events'
                )
            )
    ) as newest_event_at,
    newest_file.name as newest_file,
    newest_file.recorded_at as newest_file_at,
    (select coalesce(max(batch_id), 0) from internal.batches) as newest_batch_id
from (select arg_max(files, files.file_id) as files from ops.delivered_files as files) as newest
left join ops.delivered_files as newest_file on newest.files.file_id = newest_file.file_id;
comment on view ops.freshness is 'One row: how fresh this file is.';
comment on column ops.freshness.decided_at is 'the instant last decided for; null: nothing has been decided';
comment on column ops.freshness.published_at is 'when something in it was recorded last';
comment on column ops.freshness.newest_event_at is 'when the newest event happened; of events that are sealed, the day';
comment on column ops.freshness.newest_file is 'delivered last, of any kind';
comment on column ops.freshness.newest_file_at is 'when that was taken in';
comment on column ops.freshness.newest_batch_id is 'the newest run that brought something';
