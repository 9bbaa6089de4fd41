-- Take back the rows of a file of payments that turned out to be unreadable.
delete from payment_texts
where file_id = $file_id
