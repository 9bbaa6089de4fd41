-- A refused file that lies there again, such as on a disk that was away, is open again. Reads seen_files.
delete from ops.refused_files_gone
where file_id in (
    select refused.file_id
    from ops.refused_files as refused
    semi join seen_files using (name)
)
