-- Rows that are in sealed files now. Reads sealed_now.
delete from hot.ad_events
where epoch_us(occurred_at) // 86400000000 in (
    select epoch_us(day) // 86400000000 from sealed_now
    where table_name = 'ad_events'
)
