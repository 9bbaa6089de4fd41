-- Take back the typed events of a file.
delete from typed_events
where file_id = $file_id
