-- One row per version that this file has had.
insert into ops.migrations
select
    $version as version,
    $what as what,
    $migrated_at::timestamptz as migrated_at
