-- One row per priced event, as core.transactions has it: charged with the first batch that was charged after its file
-- was read, its ad was known, and the state of the reference data it was priced by. Reads priced_events (sql/portable),
-- charging_of_files, charging_of_lines, ads_first_known and charges.
create or replace temporary view charged_events as
with due as (
    select
        priced_events.*,
        coalesce(charging_of_lines.charge_batch_id, charging_of_files.charge_batch_id) as charge_batch_id,
        coalesce(charging_of_lines.charged_at, charging_of_files.charged_at) as charged_at,
        greatest(ads_first_known.known_since, cast($known_since as timestamptz)) as known_since
    from priced_events
    inner join charging_of_files
        on
            (priced_events.transaction_id - mod(priced_events.transaction_id, 10000000000))
            = charging_of_files.file_id * 10000000000
    left join charging_of_lines on priced_events.transaction_id = charging_of_lines.transaction_id
    inner join ads_first_known on priced_events.ad_id = ads_first_known.ad_id
),

charged as (
    select
        due.*,
        due.charge_batch_id as batch_id,
        due.charged_at as recorded_at
    from due
    where known_since <= charged_at
    union all
    select
        due.*,
        charges.batch_id,
        charges.charged_at as recorded_at
    from due
    inner join charges on due.known_since > charges.charged_before and due.known_since <= charges.charged_at
    where due.known_since > due.charged_at
)

select
    transaction_id,
    brand_id,
    campaign_id,
    ad_id,
    amount,
    'COST' as transaction_type,
    cost_type,
    occurred_at,
    recorded_at,
    price_source,
    price_effective_from,
    batch_id,
    cast(make_timestamp(epoch_us(occurred_at)) as date) as day
from charged;
