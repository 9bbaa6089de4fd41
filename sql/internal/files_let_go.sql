-- One row per file below the data root that this warehouse does not need any more, or may never have needed.
create table if not exists internal.files_let_go (
    path varchar not null,
    let_go_at timestamptz not null,
    reason varchar not null
);
comment on table internal.files_let_go is 'One row per file below the data root that this warehouse does not need any more, or may never have needed.';
comment on column internal.files_let_go.path is 'below the data root';
comment on column internal.files_let_go.let_go_at is 'since when; its promised time is counted from here';

-- name: add
-- One row per file that this warehouse does not need any more; what was noted of it before counts on.
insert into internal.files_let_go
select
    path,
    $let_go_at::timestamptz as let_go_at,
    $reason as reason
from unnest($paths::varchar[]) as paths (path)
where path not in (select path from internal.files_let_go);

-- name: remove
-- Files that are needed again, or gone.
delete from internal.files_let_go
where path in $paths;

-- name: due
-- One row per file that has been let go for long enough.
select
    path,
    let_go_at < $before as is_due
from internal.files_let_go;
