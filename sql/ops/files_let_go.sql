-- One row per file that this warehouse does not need any more; what was noted of it before counts on.
insert into ops.files_let_go
select
    path,
    $let_go_at::timestamptz as let_go_at,
    $reason as reason
from unnest($paths::varchar[]) as paths (path)
where path not in (select path from ops.files_let_go)
