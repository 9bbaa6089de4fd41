-- Of the rows that arrived, leave those that were refused before; rows read in bulk are found by their place.
delete from typed_events as arrived
where not exists (
    from raw.rejected_rows as refused
    where refused.file_id = arrived.file_id and refused.line_number = arrived.line_number
);
delete from bulk_events as arrived
where not exists (
    from raw.rejected_rows as refused
    inner join bulk_files using (file_id)
    where
        refused.file_id = arrived.file_id
        and refused.line_number = arrived.rowid - bulk_files.before_first
);
