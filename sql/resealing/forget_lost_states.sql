-- What was found of them.
delete from ops.sealed_file_states
where name in $names
