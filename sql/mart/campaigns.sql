-- One row per campaign as it is now, with its brand.
create or replace view mart.campaigns as
select
    campaigns.campaign_id,
    campaigns.name as campaign_name,
    campaigns.brand_id,
    brands.brand_name,
    brands.currency,
    campaigns.allowed_start,
    campaigns.allowed_end,
    campaigns.start_date,
    campaigns.end_date
from core.campaigns
left join mart.brands on campaigns.brand_id = brands.brand_id
where campaigns.valid_to is null;
comment on view mart.campaigns is 'One row per campaign as it is now, with its brand; what it may do is in ops.campaign_status.';
