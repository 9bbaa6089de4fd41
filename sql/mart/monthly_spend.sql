-- One row per brand, campaign, cost type and local month.
merge into hot.monthly_spend as total
using (
    select
        brand_id,
        campaign_id,
        cost_type,
        date_trunc('month', local_date)::date as local_month,
        sum(spend) as spend,
        sum(transactions)::bigint as transactions
    from new_spend
    group by all
) as new
    on
        total.brand_id = new.brand_id
        and total.campaign_id = new.campaign_id
        and total.cost_type = new.cost_type
        and total.local_month = new.local_month
when matched then update set spend = total.spend + new.spend, transactions = total.transactions + new.transactions
when not matched then insert
    (brand_id, campaign_id, cost_type, local_month, spend, transactions)
values (new.brand_id, new.campaign_id, new.cost_type, new.local_month, new.spend, new.transactions)
