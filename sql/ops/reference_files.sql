-- One row: the delivered reference file and what became of its rows.
insert into ops.reference_files
select
    $file_id as file_id,
    $kind as kind,
    $name as name,
    $sha256 as sha256,
    $bytes as bytes,
    $changed_ns as changed_ns,
    $outcome as outcome,
    $reason as reason,
    $rows_loaded::bigint + $rows_duplicate::bigint + $rows_rejected::bigint as rows_read,
    $rows_loaded as rows_loaded,
    $rows_duplicate as rows_duplicate,
    $rows_rejected as rows_rejected,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at
