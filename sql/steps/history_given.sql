-- What an engine is given of the warehouse, each as a Parquet file. Enums are texts there, and for ever is the year
-- 9999.

-- name: price_changes
-- One row per version that changes what holds for events that have found a price: when it was recorded, and from when
-- it holds.
create or replace temp view price_changes as
select
    'ads' as table_name,
    batch_id,
    recorded_at,
    valid_from as holds_from
from internal.ad_versions
where valid_from > core.beginning() -- the first version of an ad changes nothing: its events have waited for it
union all
select
    'ad_sets' as table_name,
    batch_id,
    recorded_at,
    valid_from as holds_from
from internal.ad_set_versions
where valid_from > core.beginning()
union all
select
    'campaigns' as table_name,
    batch_id,
    recorded_at,
    valid_from as holds_from
from internal.campaign_versions
where valid_from > core.beginning()
union all
select
    'global_ad_pricing' as table_name,
    batch_id,
    recorded_at,
    effective_from as holds_from
from internal.global_ad_pricing_versions;

-- name: states
-- One row per state of the reference data by which events were priced, and from when to when it was known. Most loads
-- make none: what they bring holds for events that come after them. One does that changes what holds for events that
-- had come before it. Reads price_changes.
create or replace temp table history_states as
with loads as (
    select
        recorded_at,
        max(batch_id) as batch_id,
        min(holds_from) as holds_from
    from price_changes
    group by recorded_at
),

ingested as (
    select
        batch_id,
        max(occurred_at) as newest_at
    from raw.ad_events
    group by batch_id
    union all
    select
        0 as batch_id, -- of a lost day, any batch may have had events
        make_timestamptz(epoch_us(day + 1)) as newest_at
    from internal.unreadable_sealed_files
    where table_name = 'ad_events'
),

beginnings as (
    select core.beginning() as known_since
    union
    select loads.recorded_at as known_since
    from loads
    where
        loads.holds_from <= (
            select max(ingested.newest_at) from ingested
            where ingested.batch_id < loads.batch_id
        )
)

select
    row_number() over (order by known_since) - 1 as state,
    known_since,
    lead(known_since, 1, 'infinity'::timestamptz) over (order by known_since) as known_before
from beginnings;

-- name: one_state
-- The reference data as it is known now, for whatever comes.
create or replace temp table history_states as
select
    0::bigint as state,
    core.beginning() as known_since,
    'infinity'::timestamptz as known_before;

-- name: list_states
-- One row per state, in order.
select
    state,
    known_since,
    known_before
from history_states
order by state;

-- name: known_before
-- What was recorded before a time is what the following statements see of the reference data.
create or replace temp view ad_versions_then as
from internal.ad_versions
where recorded_at < getvariable('spendgate_known_before');
create or replace temp view ad_set_versions_then as
from internal.ad_set_versions
where recorded_at < getvariable('spendgate_known_before');
create or replace temp view campaign_versions_then as
from internal.campaign_versions
where recorded_at < getvariable('spendgate_known_before');
create or replace temp view global_ad_pricing_versions_then as
from internal.global_ad_pricing_versions
where recorded_at < getvariable('spendgate_known_before');

-- name: set_known_before
-- Sets that time.
set variable spendgate_known_before = $known_before::timestamptz;

-- name: ads
-- One row per version of an ad that was known then.
select
    ad_id,
    ad_set_id,
    cost_per_click,
    cost_per_mille,
    cost_per_view,
    cost_per_acquisition,
    valid_from,
    valid_to
from core.versions_with_ends('ad_versions_then');

-- name: ad_sets
-- One row per version of an ad set that was known then.
select
    ad_set_id,
    campaign_id,
    valid_from,
    valid_to
from core.versions_with_ends('ad_set_versions_then');

-- name: campaigns
-- One row per version of a campaign that was known then.
select
    campaign_id,
    brand_id,
    valid_from,
    valid_to
from core.versions_with_ends('campaign_versions_then');

-- name: global_ad_pricing
-- One row per version of a default price list that was known then.
select
    effective_from,
    cost_per_click,
    cost_per_mille,
    cost_per_view,
    cost_per_acquisition,
    valid_to
from core.versions_with_ends('global_ad_pricing_versions_then');

-- name: ads_first_known
-- One row per ad: when it was recorded first; with $from_the_beginning, for whatever comes, it always was.
select
    ad_id,
    case when $from_the_beginning then core.beginning() else min(recorded_at) end as known_since
from internal.ad_versions
group by ad_id;

-- name: brand_offsets
-- One row per brand and period in which its offset from UTC stays the same, by the zones that its marts are summed by.
select
    brand_id,
    greatest(starts_at, core.beginning()) as starts_at,
    least(ends_at, timestamptz '9999-12-31 00:00:00+00') as ends_at,
    utc_offset
from core.brand_offsets(coalesce(ops.summed_at(), 'infinity'::timestamptz), core.beginning(), $until::timestamptz);

-- name: corrections
-- One row per booked correction of a cost, up to a batch.
select
    brand_id,
    campaign_id,
    cost_type::varchar as cost_type,
    amount,
    occurred_at,
    make_timestamp(epoch_us(occurred_at))::date::varchar as day
from core.transactions
where
    transaction_type = 'CORRECTION'
    and batch_id <= $newest_batch
    and occurred_at >= $starts_at::timestamptz
    and occurred_at < $ends_at::timestamptz;

-- name: hot_events
-- One row per event of the ledger that is in no sealed file.
select
    event_id,
    ad_id,
    event_type::varchar as event_type,
    occurred_at,
    file_id,
    line_number,
    batch_id
from internal.ad_events;

-- name: charges
-- One row per time at which events were charged: from when what became known was charged then.
create or replace temp table history_charges as
select
    batch_id,
    recorded_at as charged_at,
    lag(recorded_at, 1, core.beginning()) over (order by recorded_at) as charged_before
from internal.watermarks
where
    table_name = 'core.transactions'
    and batch_id not in ( -- what an engine priced was priced when its attempt began
        select batch_id from internal.backfills
        where adopted_at is not null
    );

-- name: charging
-- One row per batch with which events arrived: the batch that charged them, when, and by which state of the reference
-- data. Reads history_charges and history_states.
create or replace temp table history_charging as
with arrivals as (
    select batch_id
    from raw.event_files
    where outcome = 'LOADED' and kind = 'events'
    union
    select batch_id
    from internal.retries
),

adopted as (
    select
        batch_id,
        began_at
    from internal.backfills
    where adopted_at is not null
),

charged as (
    select
        arrivals.batch_id,
        charges.batch_id as charge_batch_id,
        charges.charged_at
    from arrivals
    anti join adopted using (batch_id)
    asof inner join history_charges as charges on arrivals.batch_id <= charges.batch_id
    union all
    select
        batch_id,
        batch_id as charge_batch_id,
        began_at as charged_at
    from adopted
)

select
    charged.*,
    states.state
from charged
inner join history_states as states
    on charged.charged_at >= states.known_since and charged.charged_at < states.known_before;

-- name: list_charging
-- One row per batch with which events arrived.
select *
from history_charging;

-- name: list_charges
-- One row per time at which events were charged.
select *
from history_charges;

-- name: charging_of_files
-- One row per loaded file of events: the batch that charged its events, and when.
select
    files.file_id,
    files.batch_id,
    charging.charge_batch_id,
    charging.charged_at
from raw.event_files as files
inner join history_charging as charging using (batch_id)
where files.outcome = 'LOADED' and files.kind = 'events';

-- name: files
-- One row per loaded file of events that has some between two instants, or may have had, with the moments at which it
-- was read.
with concerned as (
    select file_id
    from raw.ad_events
    where occurred_at >= $starts_at::timestamptz and occurred_at < $ends_at::timestamptz
    group by file_id
),

-- rows of lost days are in no file that can be read
present as (
    select
        file_id,
        count(*) as rows
    from raw.ad_events
    group by file_id
),

readings as (
    select
        file_id,
        batch_id,
        read_at,
        recorded_at
    from raw.event_files
    where outcome = 'LOADED' and kind = 'events'
    union all
    select
        file_id,
        batch_id,
        read_at,
        recorded_at
    from internal.retries
)

select
    files.file_id,
    files.name,
    files.sha256,
    files.rows_read,
    files.rows_loaded,
    files.rows_duplicate,
    files.rows_rejected,
    list(
        { 'batch_id': readings.batch_id, 'read_at': readings.read_at, 'recorded_at': readings.recorded_at }
        order by readings.recorded_at
    ) as readings
from raw.event_files as files
inner join readings using (file_id)
left join concerned using (file_id)
left join present using (file_id)
where
    files.outcome = 'LOADED'
    and files.kind = 'events'
    and ($everything or concerned.file_id is not null or files.rows_loaded > coalesce(present.rows, 0))
group by all
order by files.file_id;

-- name: conflicts
-- One row per line that was refused because it says something else than one that came first, in a file that is not read
-- again.
select
    refused.file_id,
    refused.line_number
from raw.rejected_rows as refused
where
    regexp_matches(refused.reason, '^event_id .* conflicts with line [0-9]+ of file [0-9]+, which came first$')
    and not list_contains(
        $files::bigint[], regexp_extract(refused.reason, 'of file ([0-9]+), which came first$', 1)::bigint
    );
