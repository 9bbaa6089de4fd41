-- The warehouse notes which version it has, and how it came to it.
create table ops.migrations (
    version integer not null,
    what varchar not null,
    migrated_at timestamptz not null
);
insert into ops.migrations values (1, 'made before versions were noted', core.beginning());
