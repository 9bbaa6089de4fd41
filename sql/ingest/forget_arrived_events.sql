-- Take back the events of a file that has to wait.
delete from arrived_events
where file_id = $file_id
