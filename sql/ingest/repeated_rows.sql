-- The first sound row of an id stays; another one contradicts or repeats it.
update judged_rows
set reason = format('{} {} is there twice', $key, key_text)
where
    reason is null
    and line_number <> (
        select min(first_one.line_number) from judged_rows as first_one
        where first_one.key = judged_rows.key and first_one.reason is null
    )
