-- What the newest file holds again is missing no more; the rest is missing since the file with which it vanished.
delete from ops.missing_rows
where table_name = $table_name and id in (select key from judged_rows)
