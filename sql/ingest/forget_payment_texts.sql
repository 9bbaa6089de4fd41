-- Take back the texts of payments of a file.
delete from payment_texts
where file_id = $file_id
