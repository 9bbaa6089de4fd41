-- Sealed files that were lost and have been made again.
delete from ops.sealed_files
where name in $names
