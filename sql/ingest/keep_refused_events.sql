-- Of the rows that arrived, leave those that were refused before.
delete from arrived_events as arrived
where not exists (
    from raw.rejected_rows as refused
    where refused.file_id = arrived.file_id and refused.line_number = arrived.line_number
)
