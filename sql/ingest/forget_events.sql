-- Take back the rows of a file of events that turned out to be unreadable.
delete from event_texts
where file_id = $file_id
