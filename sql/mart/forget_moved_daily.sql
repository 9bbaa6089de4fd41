-- Make room for brands that are summed anew.
delete from mart.daily_spend
where brand_id in (select brand_id from moved_brands)
