-- How many rows of a table are sealed.
select coalesce(sum(rows), 0) from ops.sealed_files
where table_name = $table_name
