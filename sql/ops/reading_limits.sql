-- One row per time from which other limits were in force than before.
insert into ops.reading_limits
select
    $recorded_at::timestamptz as recorded_at,
    $max_file_bytes as max_file_bytes,
    $max_line_bytes as max_line_bytes,
    $max_json_depth as max_json_depth,
    $max_expansion as max_expansion,
    $conflict_days as conflict_days
except
select
    $recorded_at::timestamptz as recorded_at,
    arg_max(max_file_bytes, recorded_at) as max_file_bytes,
    arg_max(max_line_bytes, recorded_at) as max_line_bytes,
    arg_max(max_json_depth, recorded_at) as max_json_depth,
    arg_max(max_expansion, recorded_at) as max_expansion,
    arg_max(conflict_days, recorded_at) as conflict_days
from ops.reading_limits
