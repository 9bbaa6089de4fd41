-- What readers ask with values. Where the file is attached, `use` it first: DuckDB looks up what a macro names in the
-- database in use.
create or replace macro mart.spend_between(first_date, last_date) as table
    select
        daily_spend.brand_id,
        daily_spend.brand_name,
        daily_spend.campaign_id,
        daily_spend.campaign_name,
        sum(daily_spend.spend)::decimal(38, 9) as spend,
        sum(daily_spend.transactions)::bigint as transactions,
        daily_spend.currency
    from mart.daily_spend
    where daily_spend.local_date between first_date and last_date
    group by all;
comment on macro table mart.spend_between is 'One row per campaign: its spend from one local date to another, both included.'; -- noqa: PRS

create or replace macro ops.status_at(of_campaign, instant) as table
    select
        campaign_id,
        arg_max(to_status, change_id) as status,
        arg_max(reason, change_id) as reason,
        max(decided_at) as since,
        arg_max(changed_by, change_id) as changed_by,
        arg_max({ 'note': note }, change_id).note as note
    from ops.campaign_status_changes
    where campaign_id = of_campaign and decided_at <= instant
    group by campaign_id;
comment on macro table ops.status_at is 'One row, if the campaign was known then: its status at an instant, since when and why.'; -- noqa: PRS

create or replace macro mart.spend_as_known_at(known_at) as table
    with costs as (
        from mart.costs_as_known(known_at)
    ),

    offsets as (
        from
            core.brand_offsets(
                known_at::timestamptz,
                (select min(occurred_at) from costs),
                (select max(occurred_at) from costs)
            )
    )

    select
        costs.brand_id,
        costs.campaign_id,
        core.local_time(costs.occurred_at, offsets.utc_offset)::date as local_date,
        sum(costs.amount)::decimal(38, 9) as spend,
        count(*) filter (costs.transaction_type = 'COST') as transactions
    from costs
    inner join offsets
        on
            costs.brand_id = offsets.brand_id
            and costs.occurred_at >= offsets.starts_at
            and costs.occurred_at < offsets.ends_at
    group by all;
comment on macro table mart.spend_as_known_at is 'One row per campaign and local date: its spend as it could be seen at a recorded time.'; -- noqa: PRS
