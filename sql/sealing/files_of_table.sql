-- Sealed files of one table, in order.
select name from ops.sealed_files
where table_name = $table_name
order by day, recorded_at, name
