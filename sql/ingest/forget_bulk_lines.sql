-- Take back the lines of a file read in bulk for which rows of their own have been read: there stood fillers.
delete from bulk_events
where
    file_id = $file_id
    and rowid - $before_first in (
        select line_number from event_texts
        where file_id = $file_id
    )
