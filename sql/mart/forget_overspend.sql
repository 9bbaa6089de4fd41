-- Make room for what is worked out anew.
delete from mart.overspend
where (brand_id, period, starts_on) in (select (brand_id, period, starts_on) from due_periods)
