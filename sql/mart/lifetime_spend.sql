-- One row per brand and campaign: all that was ever spent.
create table if not exists mart.lifetime_spend (
    brand_id bigint not null,
    campaign_id bigint not null,
    spend decimal(38, 9) not null,
    transactions bigint not null
);
comment on table mart.lifetime_spend is 'One row per brand and campaign: all that was ever spent.';

-- name: add
-- One row per brand and campaign: all that was ever spent. Reads new_spend.
merge into mart.lifetime_spend as total
using (
    select
        brand_id,
        campaign_id,
        sum(spend) as spend,
        sum(transactions)::bigint as transactions
    from new_spend
    group by all
) as new
    on total.brand_id = new.brand_id and total.campaign_id = new.campaign_id
when matched then update set spend = total.spend + new.spend, transactions = total.transactions + new.transactions
when not matched then insert
    (brand_id, campaign_id, spend, transactions)
values (new.brand_id, new.campaign_id, new.spend, new.transactions);

-- name: remove_rezoned
-- Make room for brands that are summed again.
delete from mart.lifetime_spend
where brand_id in (select brand_id from rezoned_brands);
