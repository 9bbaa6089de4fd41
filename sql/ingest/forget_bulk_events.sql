-- Take back the events of a file that were read in bulk.
delete from bulk_events
where file_id = $file_id
