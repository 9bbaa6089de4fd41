-- One row: what the warehouse holds, added up from its rows, sealed ones among them.
select
    (select revision from ops.revision) as revision,
    (select count(*) from raw.ad_events) as events,
    (select count(*) from core.transactions) as transactions,
    (select sum(amount) from core.transactions) as amount,
    (select sum(spend) from mart.daily_spend) as spend,
    (select count(*) from ops.campaign_status_changes) as changes
