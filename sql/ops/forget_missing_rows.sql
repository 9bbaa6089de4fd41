-- Make room for what the newest file says.
delete from ops.missing_rows
where table_name = $table_name
