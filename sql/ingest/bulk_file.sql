-- A file that was read in bulk.
insert into bulk_files
select
    $file_id as file_id,
    $before_first as before_first
