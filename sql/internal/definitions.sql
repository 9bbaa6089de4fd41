-- One row per set of definitions that made this file; the newest last.
create table if not exists internal.definitions (sha256 varchar not null);
comment on table internal.definitions is 'One row per set of definitions that made this file; the newest last.';

-- name: record
-- One row per set of definitions that made this file.
insert into internal.definitions
select $sha256 as sha256;

-- name: are_current
-- One row: whether the newest definitions that made this file are these.
select last(sha256 order by rowid) = $sha256 as are_current
from internal.definitions;
