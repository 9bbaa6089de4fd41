-- Newest local date of which something is sealed.
select max(day) from ops.sealed_files
where table_name in ('hourly_spend', 'daily_spend')
