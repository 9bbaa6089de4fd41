-- What `spendgate health` looks at in the published copy.

-- name: published
-- One row: what the published copy holds, in numbers.
select
    (select recorded_at from ops.revision) as recorded_at,
    (
        select max(occurred_at) from internal.ad_events
        where occurred_at <= $now
    ) as newest_event,
    (select max(recorded_at) from ops.delivered_files) as newest_file,
    (select count(*) from ops.open_files) as open_files,
    (select count(*) from core.unpriced) as waiting,
    (select count(*) from ops.sealed_files) as sealed_files,
    (select count(*) from internal.unreadable_sealed_files) as unreadable_files,
    (select min(verified_at) from internal.sealed_file_states) as verified_since,
    (select max(tzdata_version) from core.utc_offsets) as tzdata,
    (select max(version) from ops.migrations) as tables_version;
