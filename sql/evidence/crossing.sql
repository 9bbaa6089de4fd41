-- One row: the cost with which a brand's spend of a local day or month came to its budget, as could be seen at
-- $known_at. No row where costs alone did not reach it.
with local_costs as (
    select
        costs.*,
        core.local_time(costs.occurred_at, periods.utc_offset)::date as local_date
    from mart.costs_as_known($known_at::timestamptz) as costs
    inner join core.utc_offsets_as_known($known_at::timestamptz) as periods
        on costs.occurred_at >= periods.starts_at and costs.occurred_at < periods.ends_at
    where
        costs.brand_id = $brand_id
        and periods.timezone = $timezone
        and costs.occurred_at <= $now
        and costs.occurred_at > $now::timestamptz - interval 32 days
),

laid as (
    select
        *,
        sum(amount) over (order by occurred_at, transaction_id rows unbounded preceding) as spend_with_it
    from local_costs
    where
        case $period
            when 'DAY' then local_date = $local_date
            else date_trunc('month', local_date) = date_trunc('month', $local_date::date)
        end
),

crossing as (
    select *
    from laid
    where spend_with_it >= $budget::decimal(38, 9)
    order by occurred_at, transaction_id
    limit 1
)

select
    crossing.transaction_id,
    crossing.occurred_at,
    crossing.ad_id,
    crossing.campaign_id,
    crossing.cost_type::varchar as cost_type,
    crossing.amount,
    crossing.spend_with_it - crossing.amount as spend_before_it,
    crossing.spend_with_it,
    files.name as file,
    crossing.transaction_id % 10000000000 as line_number
from crossing
left join ops.delivered_files as files on files.file_id = crossing.transaction_id // 10000000000
