-- One row per ad as it is now, with its ad set, campaign and brand.
create or replace view mart.ads as
select
    ads.ad_id,
    ads.name as ad_name,
    ads.ad_set_id,
    ad_sets.name as ad_set_name,
    ad_sets.campaign_id,
    campaigns.campaign_name,
    campaigns.brand_id,
    campaigns.brand_name,
    campaigns.currency,
    ads.is_active,
    ads.media_file,
    ads.content,
    ads.cost_per_click,
    ads.cost_per_mille,
    ads.cost_per_view,
    ads.cost_per_acquisition
from core.ads
left join core.ad_sets on ads.ad_set_id = ad_sets.ad_set_id and ad_sets.valid_to is null
left join mart.campaigns on ad_sets.campaign_id = campaigns.campaign_id
where ads.valid_to is null;
comment on view mart.ads is 'One row per ad as it is now, with its ad set, campaign and brand.';
comment on column mart.ads.cost_per_click is 'the ad''s own price; null: the price list''s';
comment on column mart.ads.cost_per_mille is 'the ad''s own price of a thousand impressions; null: the price list''s';
comment on column mart.ads.cost_per_view is 'the ad''s own price; null: the price list''s';
comment on column mart.ads.cost_per_acquisition is 'the ad''s own price; null: the price list''s';
