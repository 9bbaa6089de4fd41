-- Sealed files of one table that can be read, in order.
select files.name
from ops.sealed_files as files
left join ops.sealed_file_states as states using (name)
where files.table_name = $table_name and coalesce(states.state, 'WHOLE') = 'WHOLE'
order by files.day, files.recorded_at, files.name
