-- Newest day or month of one table of which something is sealed.
select max(day) from ops.sealed_files
where table_name = $table_name
