-- One row per set of definitions that made this file.
insert into ops.definitions
select $sha256 as sha256
