-- Make room for another try at the same file: what is still refused is listed anew.
delete from raw.rejected_rows
where file_id = $file_id
