-- Make room for brands that are summed anew; what is sealed of them is taken back.
delete from hot.monthly_spend
where brand_id in (select brand_id from moved_brands);
insert into hot.monthly_spend
select
    brand_id,
    campaign_id,
    cost_type,
    local_month,
    -sum(spend) as spend,
    -sum(transactions) as transactions
from sealed.monthly_spend()
semi join moved_brands using (brand_id)
group by all
