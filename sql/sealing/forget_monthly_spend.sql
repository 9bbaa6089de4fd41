-- Rows that are in sealed files now. Reads sealed_now.
delete from hot.monthly_spend
where epoch_us(local_month) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'monthly_spend'
)
