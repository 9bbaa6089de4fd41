-- One row per file that has been let go for long enough.
select
    path,
    let_go_at < $before as is_due
from ops.files_let_go
