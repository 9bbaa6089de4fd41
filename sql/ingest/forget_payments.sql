-- Take back the payments of a file.
delete from arrived_payments
where file_id = $file_id
