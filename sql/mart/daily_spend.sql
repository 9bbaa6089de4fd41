-- One row per brand, campaign, cost type and local date.
merge into hot.daily_spend as total
using new_spend as new
    on
        total.brand_id = new.brand_id
        and total.campaign_id = new.campaign_id
        and total.cost_type = new.cost_type
        and total.local_date = new.local_date
when matched then update set spend = total.spend + new.spend, transactions = total.transactions + new.transactions
when not matched then insert
    (brand_id, campaign_id, cost_type, local_date, spend, transactions)
values (new.brand_id, new.campaign_id, new.cost_type, new.local_date, new.spend, new.transactions)
