-- Sealed files have a hash and a size, taken when they are verified for the first time.
alter table ops.sealed_files add column sha256 varchar;
alter table ops.sealed_files add column bytes bigint;
