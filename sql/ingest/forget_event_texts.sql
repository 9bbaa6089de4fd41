-- Take back the texts of events of a file.
delete from event_texts
where file_id = $file_id
