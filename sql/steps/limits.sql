-- Which budgets and funds hold at an instant, what is spent of them, and when they are free again.

-- name: campaigns_now
-- One row per campaign in force at the instant decided for. A view: few of those who read it need more than a few.
create or replace temp view campaigns_now as
from core.campaigns_in_force(getvariable('spendgate_now'), getvariable('spendgate_known_at'));

-- name: budget_rows
-- One row per row that sets a limit, with the dates on which it holds, the last one exclusive. The budgets of a brand's
-- own row are the lowest; what a prepaid brand has paid is the limit of its funds. Reads brand_clock and campaigns_now.
create or replace temp table budget_rows as
with budgets as (
    from core.budgets_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz))
),

paid as (
    select
        brand_id,
        sum(amount) as amount
    from mart.payments_as_known(coalesce($known_at, 'infinity'::timestamptz))
    semi join (
        select brand_id from brand_clock
        where billing = 'PREPAID'
    ) as prepaid using (brand_id)
    where occurred_at <= $now
    group by brand_id
),

owned as (
    select
        'BRAND' as scope,
        brand_clock.brand_id as id,
        brand_clock.brand_id,
        brand_clock.clock,
        periods.period,
        case periods.period when 'DAY' then brand_clock.daily_budget else brand_clock.monthly_budget end as amount,
        null::date as effective_from,
        null::date as effective_to,
        0 as place
    from brand_clock
    cross join (values ('DAY'), ('MONTH')) as periods (period)
    where amount is not null
    union all
    select
        'BRAND' as scope,
        brand_clock.brand_id as id,
        brand_clock.brand_id,
        brand_clock.clock,
        'FUNDS' as period,
        coalesce(paid.amount, 0)::decimal(38, 9) as amount,
        null as effective_from,
        null as effective_to,
        0 as place
    from brand_clock
    left join paid on brand_clock.brand_id = paid.brand_id
    where brand_clock.billing = 'PREPAID'
    union all
    select
        budgets.scope,
        budgets.id,
        owners.brand_id,
        brand_clock.clock,
        budgets.period,
        budgets.amount,
        budgets.effective_from,
        budgets.effective_to,
        1 as place
    from budgets
    inner join core.budget_owners($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as owners
        on budgets.scope = owners.scope and budgets.id = owners.id
    inner join brand_clock on owners.brand_id = brand_clock.brand_id
)

select
    * exclude (effective_from, effective_to),
    coalesce(effective_from, '-infinity'::date) as from_on,
    case when effective_to is null then 'infinity'::date else effective_to + 1 end as until_on
from owned;

-- name: pieces
-- One row per limit and span of instants from $now on in which one of its rows holds alone: of those in force on a
-- date the one with the latest first date. Reads budget_rows and date_starts.
create or replace temp table pieces as
with several as (
    select
        scope,
        id,
        period
    from budget_rows
    group by all
    having count(*) > 1
),

edges as (
    select
        scope,
        id,
        period,
        unnest([from_on, until_on]) as edge
    from budget_rows
    semi join several using (scope, id, period)
),

spans as (
    select
        *,
        lead(edge) over (partition by scope, id, period order by edge) as next_edge
    from (select distinct * from edges) as distinct_edges
),

dated as (
    select
        budget_rows.scope,
        budget_rows.id,
        any_value(budget_rows.brand_id) as brand_id,
        any_value(budget_rows.clock) as clock,
        budget_rows.period,
        arg_max(budget_rows.amount, { 'from_on': budget_rows.from_on, 'place': budget_rows.place }) as amount,
        spans.edge as from_on,
        spans.next_edge as until_on
    from spans
    inner join budget_rows
        on
            spans.scope = budget_rows.scope
            and spans.id = budget_rows.id
            and spans.period = budget_rows.period
            and spans.edge >= budget_rows.from_on
            and spans.next_edge <= budget_rows.until_on
    group by
        budget_rows.scope,
        budget_rows.id,
        budget_rows.period,
        spans.edge,
        spans.next_edge
    union all
    select * exclude (place)
    from budget_rows
    anti join several using (scope, id, period)
),

placed as (
    select
        dated.* exclude (from_on, until_on),
        case when isinf(dated.from_on) then '-infinity'::timestamptz else starts.starts_at end as from_at,
        case when isinf(dated.until_on) then 'infinity'::timestamptz else ends.starts_at end as until_at
    from dated
    left join date_starts as starts on dated.clock = starts.clock and dated.from_on = starts.local_date
    left join date_starts as ends on dated.clock = ends.clock and dated.until_on = ends.local_date
)

select
    *,
    from_at <= $now as is_present
from placed
where from_at < until_at and until_at > $now;

-- name: spend_wanted
-- One row per brand and period of which a limit of the brand or of a campaign asks, and its day and month in any case:
-- the local dates, hours ... whose spend is summed. Reads pieces, brand_clock and occurrences.
create or replace temp table spend_wanted as
with asked as (
    select distinct
        pieces.brand_id,
        pieces.clock,
        kinds.spent_in as period
    from pieces
    inner join internal.limit_kinds as kinds on pieces.scope = kinds.scope and pieces.period = kinds.period
    where kinds.spent_in not in ('DAY', 'MONTH')
    union all
    select
        brand_clock.brand_id,
        brand_clock.clock,
        periods.period
    from brand_clock
    cross join (values ('DAY'), ('MONTH')) as periods (period)
)

select
    asked.brand_id,
    asked.period,
    occurrences.bucket,
    occurrences.starts_at,
    occurrences.ends_at
from asked
inner join occurrences on asked.clock = occurrences.clock and asked.period = occurrences.period;

-- name: hourly_brands
-- One row: how many brands have a limit by the hour, of themselves or of a campaign. Reads spend_wanted.
select count(distinct brand_id) as brands
from spend_wanted
where period = 'HOUR';

-- name: spent_in_marts
-- One row per part of the spend of a campaign in a wanted bucket, from the sums: what happened after the instant
-- decided for does not count, nor does a batch the sums do not hold yet. Reads spend_wanted.
create or replace temp view spent as
with dates as (
    -- each bucket once, however often the clock shows it
    select distinct
        brand_id,
        period,
        bucket,
        bucket::date + days.number::integer as local_date
    from spend_wanted
    inner join (
        select
            period,
            unnest(range(datediff('day', '2000-01-01'::date, ('2000-01-01'::date + length)::date))) as number
        from internal.periods
        where period in ('DAY', 'WEEK')
    ) as days using (period)
),

months as (
    select distinct
        brand_id,
        period,
        bucket,
        bucket::date as local_month
    from spend_wanted
    where period = 'MONTH'
),

-- what is not in the sums as it is wanted here: hours, and what has not happened yet
loose as (
    select
        costs.brand_id,
        costs.campaign_id,
        costs.occurred_at,
        -costs.amount as amount,
        true as is_ahead
    from mart.costs_as_known('infinity'::timestamptz) as costs
    where costs.occurred_at > getvariable('spendgate_now')
    union all
    select
        costs.brand_id,
        costs.campaign_id,
        costs.occurred_at,
        costs.amount,
        false as is_ahead
    from mart.costs_as_known('infinity'::timestamptz) as costs
    semi join (
        select brand_id from spend_wanted
        where period = 'HOUR'
    ) as hourly using (brand_id)
    where
        costs.occurred_at > getvariable('spendgate_now') - interval 2 days
        and costs.occurred_at <= getvariable('spendgate_now')
)

select
    sums.brand_id,
    sums.campaign_id,
    dates.period,
    dates.bucket,
    sums.spend
from internal.daily_spend_parts as sums
inner join dates on sums.brand_id = dates.brand_id and sums.local_date = dates.local_date
union all
select
    sums.brand_id,
    sums.campaign_id,
    months.period,
    months.bucket,
    sums.spend
from internal.monthly_spend_parts as sums
inner join months on sums.brand_id = months.brand_id and sums.local_month = months.local_month
union all
select
    sums.brand_id,
    sums.campaign_id,
    wanted.period,
    wanted.bucket,
    sums.spend
from mart.lifetime_spend as sums
inner join spend_wanted as wanted on sums.brand_id = wanted.brand_id and wanted.period = 'LIFETIME'
union all
select
    loose.brand_id,
    loose.campaign_id,
    wanted.period,
    wanted.bucket,
    loose.amount as spend
from loose
inner join spend_wanted as wanted
    on
        loose.brand_id = wanted.brand_id
        and loose.occurred_at >= wanted.starts_at
        and loose.occurred_at < wanted.ends_at
        and loose.is_ahead = (wanted.period <> 'HOUR');

-- name: spent_in_ledger
-- The same, added up from the ledger itself, from what could be seen at a recorded time. Reads spend_wanted.
create or replace temp view spent as
select
    costs.brand_id,
    costs.campaign_id,
    wanted.period,
    wanted.bucket,
    costs.amount as spend
from mart.costs_as_known(getvariable('spendgate_known_at')) as costs
inner join spend_wanted as wanted
    on
        costs.brand_id = wanted.brand_id
        and costs.occurred_at >= wanted.starts_at
        and costs.occurred_at < wanted.ends_at
where
    costs.occurred_at <= getvariable('spendgate_now')
    -- what is sealed of the time before the earliest of them is not opened
    and costs.occurred_at >= getvariable('spendgate_spent_from');

-- name: spent_from
-- Since when the spend that is wanted was spent: no file of a sealed day before it is opened. Reads spend_wanted.
set variable spendgate_spent_from = (select min(starts_at) from spend_wanted);

-- name: instant
-- The instant that is decided for: what happens after it does not count.
set variable spendgate_now = $now::timestamptz;

-- name: known_through
-- Until when was recorded what counts.
set variable spendgate_known_at = coalesce($known_at, 'infinity'::timestamptz);

-- name: moved_campaigns
-- One row per campaign with a limit of its own that has belonged to another brand: what it spent there counts, too.
-- Reads pieces and campaigns_now.
create or replace temp table moved_campaigns as
with changed as (
    select campaign_id
    from internal.campaign_versions
    where valid_from > core.beginning()
),

moved as (
    select versions.campaign_id
    from internal.campaign_versions as versions
    semi join changed using (campaign_id)
    group by versions.campaign_id
    having count(distinct versions.brand_id) > 1
)

select
    campaigns.campaign_id,
    campaigns.brand_id
from campaigns_now as campaigns
semi join moved using (campaign_id)
where campaigns.campaign_id in (
    select id from pieces
    where scope = 'CAMPAIGN'
);

-- name: bucket_spend
-- One row per limit, or day or month of a brand, and bucket in which something was spent. Reads spent, pieces,
-- moved_campaigns and spend_wanted.
create or replace temp table bucket_spend as
with spent_by_campaigns as (
    select
        campaign_id,
        period,
        bucket,
        spend
    from spent
    anti join moved_campaigns
        on spent.campaign_id = moved_campaigns.campaign_id and spent.brand_id <> moved_campaigns.brand_id
    union all
    select
        moved_campaigns.campaign_id,
        wanted.period,
        wanted.bucket,
        costs.amount as spend
    from mart.costs_as_known(getvariable('spendgate_known_at')) as costs
    inner join moved_campaigns
        on costs.campaign_id = moved_campaigns.campaign_id and costs.brand_id <> moved_campaigns.brand_id
    inner join spend_wanted as wanted
        on
            moved_campaigns.brand_id = wanted.brand_id
            and costs.occurred_at >= wanted.starts_at
            and costs.occurred_at < wanted.ends_at
    where
        costs.occurred_at <= getvariable('spendgate_now')
        and costs.occurred_at >= getvariable('spendgate_spent_from')
)

select
    'BRAND' as scope,
    brand_id as id,
    period,
    bucket,
    sum(spend)::decimal(38, 9) as spend
from spent
group by
    brand_id,
    period,
    bucket
union all
select
    'CAMPAIGN' as scope,
    spent.campaign_id as id,
    spent.period,
    spent.bucket,
    sum(spent.spend)::decimal(38, 9) as spend
from spent_by_campaigns as spent
semi join (
    select
        id,
        period
    from pieces
    where scope = 'CAMPAIGN'
) as own on spent.campaign_id = own.id and spent.period = own.period
group by
    spent.campaign_id,
    spent.period,
    spent.bucket;

-- name: limits
-- One row per limit in force: the period under way, its spend and its budget. Reads pieces, bucket_spend and
-- occurrences.
create or replace temp table limits as
with present as (
    select
        clock,
        period,
        bucket,
        nullif(min(starts_at), '-infinity'::timestamptz) as starts_at,
        nullif(max(ends_at), 'infinity'::timestamptz) as ends_at
    from occurrences
    where is_present
    group by
        clock,
        period,
        bucket
)

select
    kinds.place,
    pieces.scope,
    pieces.id,
    pieces.brand_id,
    pieces.period,
    present.starts_at,
    present.ends_at,
    coalesce(bucket_spend.spend, 0)::decimal(38, 9) as spend,
    pieces.amount as budget,
    coalesce(bucket_spend.spend, 0) >= pieces.amount as reached,
    false as foreseen
from pieces
inner join internal.limit_kinds as kinds on pieces.scope = kinds.scope and pieces.period = kinds.period
inner join present on pieces.clock = present.clock and kinds.spent_in = present.period
left join bucket_spend
    on
        pieces.scope = bucket_spend.scope
        and pieces.id = bucket_spend.id
        and kinds.spent_in = bucket_spend.period
        and present.bucket = bucket_spend.bucket
where pieces.is_present;

-- name: holds
-- One row per brand or campaign and span of instants from $now on in which, with no new spend, a limit of its own is
-- reached, or foreseen to be. Spans of one of them may overlap. Reads pieces, bucket_spend, occurrences and foreseen.
create or replace temp table holds as
select
    pieces.scope,
    pieces.id,
    pieces.brand_id,
    greatest($now::timestamptz, pieces.from_at, occurrences.starts_at) as from_at,
    least(pieces.until_at, occurrences.ends_at) as until_at
from pieces
inner join internal.limit_kinds as kinds on pieces.scope = kinds.scope and pieces.period = kinds.period
inner join bucket_spend
    on
        pieces.scope = bucket_spend.scope
        and pieces.id = bucket_spend.id
        and kinds.spent_in = bucket_spend.period
        and pieces.amount <= bucket_spend.spend
inner join occurrences
    on
        pieces.clock = occurrences.clock
        and bucket_spend.period = occurrences.period
        and bucket_spend.bucket = occurrences.bucket
where greatest($now::timestamptz, pieces.from_at, occurrences.starts_at) < least(pieces.until_at, occurrences.ends_at)
union all
-- reached whatever the period, and in every one to come
select
    scope,
    id,
    brand_id,
    greatest($now::timestamptz, from_at) as from_at,
    until_at
from pieces
where amount <= 0
union all
select
    pieces.scope,
    pieces.id,
    pieces.brand_id,
    $now::timestamptz as from_at,
    least(pieces.until_at, foreseen.held_until) as until_at
from pieces
inner join foreseen
    on pieces.scope = foreseen.scope and pieces.id = foreseen.id and pieces.period = foreseen.period
where pieces.is_present;

-- name: held
-- One row per brand with a hold, and per campaign with one of its own, with the spans in which it is held, its brand's
-- among them: until when it is held now, when it will be held next, and when it is free. Reads holds and campaigns_now.
create or replace temp table held as
with own as (
    select
        scope,
        id,
        from_at,
        until_at
    from holds
    union all
    select
        'CAMPAIGN' as scope,
        campaigns.campaign_id as id,
        holds.from_at,
        holds.until_at
    from holds
    inner join campaigns_now as campaigns on holds.brand_id = campaigns.brand_id
    semi join (
        select own_holds.id from holds as own_holds
        where own_holds.scope = 'CAMPAIGN'
    ) as with_own on campaigns.campaign_id = with_own.id
    where holds.scope = 'BRAND'
),

marked as (
    select
        *,
        coalesce(from_at > max(until_at) over (
            partition by scope, id
            order by from_at
            rows between unbounded preceding and 1 preceding
        ), true) as is_apart
    from own
),

numbered as (
    select
        *,
        sum(is_apart::integer) over (partition by scope, id order by from_at rows unbounded preceding) as island
    from marked
),

islands as (
    select
        scope,
        id,
        min(from_at) as from_at,
        max(until_at) as until_at
    from numbered
    group by
        scope,
        id,
        island
)

select
    scope,
    id,
    max(until_at) filter (from_at <= $now) as held_until,
    min(from_at) filter (from_at > $now) as next_held_at,
    list({ 'from_at': from_at, 'until_at': until_at } order by from_at) as spans
from islands
group by
    scope,
    id;

-- name: reached
-- One row per brand or campaign with a limit of its own that is reached: the reason that is named, and all of them.
-- Reads limits.
create or replace temp table reached as
select
    limits.scope,
    limits.id,
    arg_min(kinds.reason, limits.place) as reason,
    list(
        { 'scope': limits.scope, 'period': limits.period, 'spend': limits.spend, 'budget': limits.budget }
        order by limits.place
    ) as limits_reached
from limits
inner join internal.limit_kinds as kinds on limits.place = kinds.place
where limits.reached
group by
    limits.scope,
    limits.id;
