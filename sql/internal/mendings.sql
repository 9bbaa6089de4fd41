-- One row per table and time at which a person mended rows of it.
create table if not exists internal.mendings (
    mended_at timestamptz not null,
    mended_by varchar not null,
    reason varchar not null,
    table_name varchar not null,
    rows bigint not null
);
comment on table internal.mendings is 'One row per table and time at which a person mended rows of it.';

-- name: add
-- One row per table and time at which a person mended rows of it.
insert into internal.mendings
select
    $mended_at::timestamptz as mended_at,
    $mended_by as mended_by,
    $reason as reason,
    $table_name as table_name,
    $rows as rows;
