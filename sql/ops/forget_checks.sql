-- Let the checks look at every batch again.
delete from ops.watermarks
where table_name like 'checks/%'
