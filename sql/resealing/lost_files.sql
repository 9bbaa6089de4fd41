-- One row per table that has lost sealed files of a day: which, and what they held together.
select
    files.table_name,
    list(files.name order by files.name) as names,
    sum(files.rows)::bigint as rows,
    sum(files.spend) as spend,
    sum(files.transactions)::bigint as transactions
from ops.unreadable_sealed_files as lost
inner join ops.sealed_files as files using (name)
where lost.day = $day
group by files.table_name
order by files.table_name
