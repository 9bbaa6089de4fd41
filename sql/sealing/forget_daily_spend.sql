-- Rows that are in sealed files now. Reads sealed_now.
delete from hot.daily_spend
where epoch_us(local_date) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'daily_spend'
)
