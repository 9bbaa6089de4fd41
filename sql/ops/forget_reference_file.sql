-- Make room for another try at the same file: its ledger row is written anew.
delete from ops.reference_files
where file_id = $file_id
