-- One row per version that this file has had; the newest is what it is.
create table if not exists ops.migrations (
    version integer not null,
    what varchar not null,
    migrated_at timestamptz not null
);
comment on table ops.migrations is 'One row per version that this file has had; the newest is what it is.';
comment on column ops.migrations.what is 'what the step to it did, or that it was made so';

-- name: record
-- One row per version that this file has had.
insert into ops.migrations
select
    $version as version,
    $what as what,
    $migrated_at::timestamptz as migrated_at;

-- name: newest
-- One row: the version of this file.
select max(version) as version
from ops.migrations;
