-- What an engine has made, on its way into the ledger. Reads made_ad_events, made_transactions, made_spend,
-- made_repeated, made_waiting and made_arrived, which show the files of an attempt, and said_files and said_totals,
-- what its maker says.

-- name: other_totals
-- Tables and days of which other rows were found than the maker says.
with found as (
    select
        'ad_events' as table_name,
        make_timestamp(epoch_us(occurred_at))::date as day,
        count(*) as rows,
        null::decimal(38, 9) as amount,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from made_ad_events
    group by day
    union all
    select
        'transactions' as table_name,
        make_timestamp(epoch_us(occurred_at))::date as day,
        count(*) as rows,
        sum(amount)::decimal(38, 9) as amount,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from made_transactions
    group by day
)

select
    coalesce(said_totals.table_name, found.table_name) as table_name,
    coalesce(said_totals.day, found.day) as day,
    said_totals.rows as rows_said,
    found.rows as rows_found,
    said_totals.amount as amount_said,
    found.amount as amount_found
from said_totals
full outer join found using (table_name, day)
where
    said_totals.rows is distinct from found.rows
    or said_totals.amount is distinct from found.amount
    or said_totals.first_at is distinct from found.first_at
    or said_totals.last_at is distinct from found.last_at
order by day, table_name;

-- name: rows_of_other_days
-- Files with rows of another day than theirs.
select
    said_files.name,
    said_files.day,
    min(made_timestamps.day) as first_day,
    max(made_timestamps.day) as last_day
from (
    select
        filename,
        make_timestamp(epoch_us(occurred_at))::date as day
    from read_parquet($paths, filename = true, hive_partitioning = false)
) as made_timestamps
inner join said_files on made_timestamps.filename = said_files.path
group by all
having min(made_timestamps.day) <> said_files.day or max(made_timestamps.day) <> said_files.day;

-- name: files
-- One row per delivered file of the attempt: what became of it, and of its rows.
create or replace temp table adopted_files as
with facts as (
    select
        file_id,
        json(facts) as facts
    from made_arrived
    where facts is not null
),

loaded as (
    select
        file_id,
        count(*) as rows_loaded
    from made_ad_events
    group by file_id
),

repeated as (
    select
        file_id,
        count(*) filter (not is_conflict) as rows_duplicate,
        count(*) filter (is_conflict) as rows_conflicting
    from made_repeated
    group by file_id
),

refused as (
    select
        file_id,
        count(*) as rows_refused
    from made_arrived
    where fault is not null
    group by file_id
),

told as (
    select
        facts.file_id,
        given_files.name,
        facts.facts ->> 'sha256' as sha256,
        (facts.facts ->> 'bytes')::bigint as bytes,
        (facts.facts ->> 'changed_ns')::bigint as changed_ns,
        facts.facts ->> 'outcome' as outcome,
        facts.facts ->> 'reason' as reason,
        from_json(facts.facts -> 'ignored_columns', '["VARCHAR"]') as ignored_columns,
        (facts.facts ->> 'ignored_more')::bigint as ignored_more,
        (facts.facts ->> 'rows_read')::bigint as rows_read,
        given_readings.file_id is not null as is_taken
    from facts
    inner join given_files using (file_id)
    left join given_readings using (file_id)
)

select
    told.file_id,
    told.name,
    told.sha256,
    told.bytes,
    told.changed_ns,
    case when told.outcome = 'LOADED' and not told.is_taken then 'DUPLICATE' else told.outcome end as outcome,
    case
        when told.outcome = 'LOADED' and not told.is_taken
            then
                coalesce(
                    'same bytes as ' || (
                        select min_by(earlier.name, earlier.file_id)
                        from (
                            select
                                file_id,
                                name,
                                sha256
                            from told
                            where is_taken
                            union all
                            select
                                file_id,
                                name,
                                sha256
                            from raw.event_files
                            where outcome = 'LOADED'
                        ) as earlier
                        where earlier.sha256 = told.sha256
                    ),
                    'same bytes as an earlier file'
                )
        else told.reason
    end as reason,
    told.ignored_columns,
    told.ignored_more,
    case when told.is_taken then told.rows_read else 0 end as rows_read,
    coalesce(loaded.rows_loaded, 0) as rows_loaded,
    coalesce(repeated.rows_duplicate, 0) as rows_duplicate,
    coalesce(repeated.rows_conflicting, 0)
    + case when told.is_taken then coalesce(refused.rows_refused, 0) else 0 end as rows_rejected
from told
left join loaded using (file_id)
left join repeated using (file_id)
left join refused using (file_id);

-- name: rows_unaccounted
-- Delivered files whose rows are not all loaded, duplicate or rejected, and rows of files that were not given.
select
    name,
    rows_read,
    rows_loaded,
    rows_duplicate,
    rows_rejected
from adopted_files
where rows_read <> rows_loaded + rows_duplicate + rows_rejected
union all
select
    'file ' || file_id as name,
    null as rows_read,
    count(*) as rows_loaded,
    null as rows_duplicate,
    null as rows_rejected
from made_ad_events
where file_id not in (select adopted.file_id from adopted_files as adopted)
group by file_id;

-- name: files_taken_since
-- Delivered files of the attempt that have been loaded here since it began.
select
    adopted.name,
    files.name as loaded_as
from adopted_files as adopted
inner join raw.event_files as files using (sha256)
where adopted.outcome = 'LOADED' and files.outcome = 'LOADED';

-- name: events_not_new
-- Events of the attempt that it has twice, or that the ledger has.
select
    event_id,
    count(*) as times
from (
    select event_id
    from made_ad_events
    union all
    select ledger.event_id
    from raw.ad_events as ledger
    semi join made_ad_events using (event_id)
    where
        ledger.occurred_at >= (select min(first_ones.occurred_at) from made_ad_events as first_ones)
        and ledger.occurred_at <= (select max(last_ones.occurred_at) from made_ad_events as last_ones)
) as all_events
group by event_id
having count(*) > 1
limit 100;

-- name: not_charged_once
-- Events that are neither charged nor waiting, or both, and transactions of no event.
with charged_or_waiting as (
    select
        transaction_id,
        ad_id,
        occurred_at
    from made_transactions
    union all
    select
        transaction_id,
        ad_id,
        occurred_at
    from made_waiting
),

events as (
    select
        core.transaction_id(file_id, line_number) as transaction_id,
        ad_id,
        occurred_at
    from made_ad_events
)

select
    transaction_id,
    sum(is_event) as events,
    sum(is_charged) as charged_or_waiting
from (
    select
        *,
        1 as is_event,
        0 as is_charged
    from events
    union all
    select
        *,
        0 as is_event,
        1 as is_charged
    from charged_or_waiting
) as both_sides
group by
    transaction_id,
    ad_id,
    occurred_at
having sum(is_event) <> 1 or sum(is_charged) <> 1
limit 100;

-- name: other_marks
-- Transactions that are marked as of another batch, time or kind than is kept for the attempt.
select
    batch_id,
    recorded_at,
    transaction_type,
    count(*) as transactions
from made_transactions
where
    batch_id is distinct from $batch_id
    or recorded_at is distinct from $began_at::timestamptz
    or transaction_type is distinct from 'COST'
    or amount is null
    or amount < 0
group by all;

-- name: other_sums
-- Sums that are not those of the transactions.
with charged as (
    select
        brand_id,
        campaign_id,
        cost_type,
        sum(amount) as spend,
        count(*) as transactions
    from made_transactions
    group by all
),

summed as (
    select
        brand_id,
        campaign_id,
        cost_type,
        sum(spend) as spend,
        sum(transactions) as transactions
    from made_spend
    group by all
)

select
    brand_id,
    campaign_id,
    cost_type,
    charged.spend as spend_charged,
    summed.spend as spend_summed,
    charged.transactions as transactions_charged,
    summed.transactions as transactions_summed
from charged
full outer join summed using (brand_id, campaign_id, cost_type)
where (charged.spend, charged.transactions) is distinct from (summed.spend, summed.transactions);

-- name: reference_changed_since
-- Reference data recorded since the attempt began that bears upon what it is about. Reads price_changes.
with changed as (
    select
        table_name,
        recorded_at,
        holds_from
    from price_changes
    union all
    select
        'time zones of brands' as table_name,
        recorded_at,
        valid_from as holds_from
    from internal.brand_zone_versions
    union all
    select
        'rules of time zones' as table_name,
        superseded_at as recorded_at,
        core.beginning() as holds_from
    from core.superseded_utc_offsets
)

select
    table_name,
    max(recorded_at) as recorded_at
from changed
where
    recorded_at > $began_at::timestamptz
    and holds_from <= (select max(occurred_at) from made_ad_events)
group by table_name;

-- name: conflicts
-- One row per row that says something else than the first one of its event_id.
create or replace temp table refusals as
select
    file_id,
    line_number,
    raw.conflict_of(event_id, first_file_id, first_line_number) as reason
from made_repeated
where is_conflict;

-- name: refuse_faulty
-- One row per row that is refused by itself.
insert into refusals
select
    arrived.file_id,
    arrived.line_number,
    arrived.fault as reason
from made_arrived as arrived
semi join given_readings using (file_id)
where arrived.fault is not null;

-- name: add_faulty_texts
-- Their texts, as delivered.
insert into refused_texts
select
    file_id,
    line_number,
    raw
from made_arrived
where fault is not null;

-- name: record_files
-- One row per delivered file of the attempt.
insert into raw.event_files by name
select
    file_id,
    'events' as kind,
    name,
    sha256,
    bytes,
    changed_ns,
    outcome,
    reason,
    ignored_columns,
    rows_read,
    rows_loaded,
    rows_duplicate,
    rows_rejected,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at,
    $read_at::timestamptz as read_at,
    ignored_more
from adopted_files
order by file_id;

-- name: add_waiting
-- One row per event that finds no ad or no price yet.
insert into core.unpriced by name
select
    waiting.transaction_id,
    waiting.ad_id,
    waiting.event_type::event_type as event_type,
    waiting.occurred_at,
    core.event_waits_for(waiting.event_type, waiting.ad_id, ads.ad_id is not null) as reason,
    $recorded_at::timestamptz as waiting_since
from made_waiting as waiting
left join (select distinct ad_id from core.ads) as ads on waiting.ad_id = ads.ad_id;

-- name: new_spend
-- One row per brand, campaign, cost type and local date: what is to be added.
create or replace temp table new_spend as
select
    brand_id,
    campaign_id,
    cost_type::cost_type as cost_type,
    local_date,
    sum(spend)::decimal(38, 9) as spend,
    sum(transactions)::bigint as transactions
from made_spend
group by all;
