-- Decisions taken again over the ledger, without writing: temporary tables, in the order in which they are made.

-- name: replayed_costs
-- One row per cost of the ledger before $until, with what its brand's clock showed, in the order in which it was known:
-- as it was recorded, if within a day of when it happened. What was loaded afterwards counts as known after as long as
-- half of the others took; with $arrival_seconds every cost is known that long after it happened.
create or replace temp table replayed_costs as
with costs as (
    select
        brand_id,
        campaign_id,
        amount,
        occurred_at,
        greatest(recorded_at, occurred_at) as recorded_at,
        recorded_at >= occurred_at + interval 1 day as is_loaded_afterwards
    from mart.costs_as_known('infinity'::timestamptz)
    where transaction_type = 'COST' and occurred_at < $until
),

usual as (
    select
        coalesce(
            median(epoch(recorded_at - occurred_at)) filter (not is_loaded_afterwards), 0
        ) as seconds
    from costs
    where occurred_at >= $since
),

offsets as (
    from
        core.brand_offsets(
            'infinity'::timestamptz,
            (select min(occurred_at) from costs),
            (select max(occurred_at) from costs)
        )
)

select
    costs.brand_id,
    costs.campaign_id,
    costs.amount,
    costs.occurred_at,
    case
        when $arrival_seconds::double is not null then costs.occurred_at + to_seconds($arrival_seconds::double)
        when costs.is_loaded_afterwards then costs.occurred_at + to_seconds(usual.seconds)
        else costs.recorded_at
    end as known_at,
    core.local_time(costs.occurred_at, offsets.utc_offset) as local_time,
    costs.is_loaded_afterwards
from costs
cross join usual
inner join offsets
    on
        costs.brand_id = offsets.brand_id
        and costs.occurred_at >= offsets.starts_at
        and costs.occurred_at < offsets.ends_at
order by known_at;

-- name: extent
-- One row: of the costs since $since, how many there are, and how many were loaded a day or more after they happened.
-- Reads replayed_costs.
select
    count(*) as costs,
    count(*) filter (is_loaded_afterwards) as loaded_afterwards
from replayed_costs
where occurred_at >= $since;

-- name: replayed_periods
-- One row per period by which spend is summed: days and months in any case, others where a budget asks for them.
create or replace temp table replayed_periods as
select
    periods.period,
    periods.unit
from internal.periods as periods
where
    periods.period in ('DAY', 'MONTH')
    or periods.period in (select budgets.period from core.budgets)
    or (periods.period = 'LIFETIME' and 'PREPAID' in (select brands.billing from core.brands));

-- name: spend_by_period
-- One row per brand, campaign, period and local time at which it begins: the sums of some costs. Reads
-- replayed_periods.
create or replace temp macro spend_by_period(of_costs) as table -- noqa: PRS
    select
        costs.brand_id,
        costs.campaign_id,
        periods.period,
        coalesce(date_trunc(periods.unit, costs.local_time), '2000-01-01'::timestamp) as bucket,
        sum(costs.amount)::decimal(38, 9) as spend
    from query_table(of_costs) as costs
    cross join replayed_periods as periods
    group by all;

-- name: served_before
-- One row per brand, campaign, period and local time at which it begins: what was spent before $since. Reads
-- replayed_costs.
create or replace temp table costs_before as
from replayed_costs
where occurred_at < $since and known_at < $since;
create or replace temp table served_spend as
from spend_by_period('costs_before');

-- name: nothing_served
-- No row yet: costs that were served and are known, stops and starts of campaigns with when they take effect, changes,
-- and limits as they were last seen.
create or replace temp table served_costs as
select
    brand_id,
    campaign_id,
    amount,
    occurred_at,
    known_at
from costs_before
where occurred_at >= $since - interval 6 hours
order by known_at;
create or replace temp table serving_stops (campaign_id bigint, from_at timestamptz, until_at timestamptz);
create or replace temp table replayed_changes (campaign_id bigint, decided_at timestamptz, is_start boolean);
create or replace temp table replayed_limits (
    scope varchar, id bigint, brand_id bigint, period varchar, starts_at timestamptz, ends_at timestamptz,
    budget decimal(38, 9), seen_at timestamptz
);
create or replace temp table replayed_holds (
    scope varchar, id bigint, period varchar, starts_at timestamptz, from_at timestamptz, until_at timestamptz
);
create or replace temp table stops_before (
    scope varchar, id bigint, period varchar, is_held boolean, starts_at timestamptz, budget decimal(38, 9),
    stopped_at timestamptz, hourly_rate decimal(38, 9), usual_rate decimal(38, 9)
);
create or replace temp table weighed_before (
    scope varchar, id bigint, period varchar, starts_at timestamptz, stopped_at timestamptz
);

-- name: arrived
-- One row per cost that has become known since the step before and had been served: none of a campaign that a budget
-- had stopped, as of when the stop takes effect. Reads replayed_costs and serving_stops.
create or replace temp table arrived as
with known as (
    from replayed_costs
    where known_at > $before and known_at <= $now and occurred_at >= $since
)

select
    brand_id,
    campaign_id,
    amount,
    occurred_at,
    known_at,
    local_time
from known
anti join (
    from serving_stops
    where until_at > (select min(earliest.occurred_at) from known as earliest)
) as stops
    on
        known.campaign_id = stops.campaign_id
        and known.occurred_at >= stops.from_at
        and known.occurred_at < stops.until_at;

-- name: add_arrived
-- What has become known is added to what was served. Reads arrived.
insert into served_costs
select * exclude (local_time)
from arrived;
merge into served_spend as served
using spend_by_period('arrived') as new
    on
        served.brand_id = new.brand_id
        and served.campaign_id = new.campaign_id
        and served.period = new.period
        and served.bucket = new.bucket
when matched then update set spend = served.spend + new.spend
when not matched then
    insert (brand_id, campaign_id, period, bucket, spend)
    values (new.brand_id, new.campaign_id, new.period, new.bucket, new.spend);

-- name: spent
-- One row per part of the spend of a campaign in a wanted bucket, of what was served. Reads served_spend and
-- spend_wanted.
create or replace temp view spent as
select *
from served_spend
semi join spend_wanted using (brand_id, period, bucket);

-- name: reach
-- How many seconds pass from one step until what the next one decides is served.
set variable spendgate_reach_seconds = $seconds::double;

-- name: policies
-- One row per brand: all of them foresee alike. Reads brand_clock.
create or replace temp table policies_now as
select
    'BRAND' as scope,
    brand_id as id,
    brand_id,
    $stop_early as stop_early
from brand_clock;

-- name: scale_budgets
-- Every budget is so many times as large; funds stay. Reads pieces.
update pieces
set amount = amount * $scale::decimal(18, 6)
where period <> 'FUNDS';

-- name: recent_costs
-- One row per cost of the last hour, of six hours where it is to be learned how late costs are known. Reads
-- served_costs and policies_now.
create or replace temp table recent_costs as
select
    costs.brand_id,
    costs.campaign_id,
    costs.amount,
    true as is_cost,
    costs.occurred_at,
    costs.known_at
from served_costs as costs
where
    costs.occurred_at <= $now
    and costs.occurred_at > $now::timestamptz - case
        when exists (
            select 1 from policies_now
            where stop_early = 'learned'
        ) then interval 6 hours
        else interval 1 hour
    end
    and exists (
        select 1 from policies_now
        where stop_early <> 'off'
    );

-- name: recent_known
-- Costs that were known too long ago to be recent are not looked at again.
delete from served_costs
where known_at <= $now::timestamptz - interval 7 hours;

-- name: weighed
-- One row per limit that is reached or foreseen at this step. Reads limits and foreseen.
create or replace temp table weighed as
select
    limits.scope,
    limits.id,
    limits.period,
    limits.starts_at,
    foreseen.stopped_at
from limits
left join foreseen on limits.place = foreseen.place and limits.id = foreseen.id
where limits.reached or limits.foreseen;

-- name: due
-- One row: whether other limits are reached or foreseen than at the decision before, or a status changes by itself.
-- Reads weighed, weighed_before and decided.
select
    exists (
        (
            from weighed
            except
            from weighed_before
        )
    )
    or (select count(*) from weighed) <> (select count(*) from weighed_before)
    or coalesce((select min(next_change_at) from decided) <= $now, false) as is_due;

-- name: keep_weighed
-- What the next steps are held against. Reads weighed.
create or replace temp table weighed_before as
from weighed;

-- name: note_changes
-- Changes of this step, and what they do to serving $delay later. Reads decided.
insert into replayed_changes
select
    campaign_id,
    $now::timestamptz as decided_at,
    final_status = 'RUNNING' as is_start
from decided
where final_status <> status;
update serving_stops
set until_at = $now::timestamptz + to_seconds($delay::double)
from decided
where
    serving_stops.campaign_id = decided.campaign_id
    and decided.final_status <> 'BUDGET_REACHED'
    and isinf(serving_stops.until_at);
insert into serving_stops
select
    campaign_id,
    $now::timestamptz + to_seconds($delay::double) as from_at,
    'infinity'::timestamptz as until_at
from decided
where status <> 'BUDGET_REACHED' and final_status = 'BUDGET_REACHED';
create or replace temp table statuses as
select
    campaign_id,
    final_status::varchar as status,
    paused_until
from decided;

-- name: note_holds
-- Holds that end with this step, those that begin, and the state the next one finds. Reads foreseen and stops_before.
update replayed_holds
set until_at = $now
where
    isinf(until_at)
    and not exists (
        select 1 from foreseen
        where
            replayed_holds.scope = foreseen.scope
            and replayed_holds.id = foreseen.id
            and replayed_holds.period = foreseen.period
            and replayed_holds.from_at = foreseen.stopped_at
    );
insert into replayed_holds
select
    scope,
    id,
    period,
    starts_at,
    stopped_at as from_at,
    'infinity'::timestamptz as until_at
from foreseen
where stopped_at = $now;
create or replace temp table stops_before as
select
    scope,
    id,
    period,
    true as is_held,
    starts_at,
    budget,
    stopped_at,
    hourly_rate,
    usual_rate
from foreseen;

-- name: note_limits
-- Each limit as this step sees it. Reads limits.
insert into replayed_limits
select
    scope,
    id,
    brand_id,
    period,
    starts_at,
    ends_at,
    budget,
    $now::timestamptz as seen_at
from limits
where period not in ('LIFETIME', 'FUNDS') and budget > 0 and starts_at >= $since;

-- name: next_edge
-- One row: the first instant after $now, $until at the latest, at which another period is under way, another budget
-- holds, or a clock is put forward or back. Reads spend_wanted, pieces and clocks.
select min(instant) as next_edge
from (
    select $until::timestamptz as instant
    union all
    select unnest([starts_at, ends_at]) as instant
    from spend_wanted
    union all
    select unnest([from_at, until_at]) as instant
    from pieces
    union all
    select starts_at as instant
    from clocks
) as instants
where instant > $now;

-- name: set_by_hand
-- Changes that people made since the step before take effect: statuses with what they set. Reads statuses.
update statuses
set status = changes.to_status, paused_until = changes.paused_until
from (
    select
        campaign_id,
        arg_max(to_status, change_id) as to_status,
        arg_max({ 'at': paused_until }, change_id).at as paused_until
    from ops.campaign_status_changes
    where reason = 'MANUAL' and decided_at > $before and decided_at <= $now
    group by campaign_id
) as changes
where statuses.campaign_id = changes.campaign_id;

-- name: instants_of_interest
-- One row per instant between $since and $until at which reference data change or a person changed a status.
select distinct instant
from (
    select valid_from as instant from core.brands
    union all
    select valid_from as instant from core.brand_zones
    union all
    select valid_from as instant from core.campaigns
    union all
    select valid_from as instant from core.budgets
    union all
    select valid_from as instant from core.dayparting
    union all
    select valid_from as instant from core.policies
    union all
    select decided_at as instant from ops.campaign_status_changes
    where reason = 'MANUAL'
    union all
    select paid_at as instant from raw.payments
) as instants
where instant > $since and instant < $until
order by instant;

-- name: outcomes
-- One row per limit and period that began and ended within the replay: what would have been spent without any stop,
-- what was, and after how long the budget was used up without any stop. Left out are periods in which the budget was
-- cut: what had been spent by then is nobody's overspend. The bound of its overspend is the most that would have been
-- spent within $seconds, from one step until the next is served, and the time in which nine of ten costs were known.
-- Reads replayed_limits, replayed_costs, serving_stops and replayed_holds.
create or replace temp table replayed_outcomes as
with periods as (
    select
        scope,
        id,
        brand_id,
        period,
        starts_at,
        max(ends_at) as ends_at,
        arg_max(budget, seen_at) as budget,
        max(budget) as highest_budget
    from replayed_limits
    group by all
    having max(ends_at) <= $until
),

blind as (
    select
        1_000_000 * $seconds::double
        + greatest(quantile_cont(epoch_us(known_at) - epoch_us(occurred_at), 0.9), 0) as microseconds
    from replayed_costs
    where occurred_at >= $since
),

costs as (
    select
        costs.*,
        exists(
            select 1 from serving_stops as stops
            where
                costs.campaign_id = stops.campaign_id
                and costs.occurred_at >= stops.from_at
                and costs.occurred_at < stops.until_at
        ) as is_taken_away
    from replayed_costs as costs
    where costs.occurred_at >= $since
),

laid as (
    select
        periods.scope,
        periods.id,
        periods.period,
        periods.starts_at,
        periods.budget,
        costs.amount,
        costs.occurred_at,
        costs.is_taken_away,
        sum(costs.amount) over (
            partition by periods.scope, periods.id, periods.period, periods.starts_at
            order by costs.occurred_at
        ) as demand_so_far,
        sum(costs.amount) over (
            partition by periods.scope, periods.id, periods.period, periods.starts_at
            order by epoch_us(costs.occurred_at)
            range between blind.microseconds::bigint preceding and current row -- noqa: PRS
        ) as demand_unseen
    from periods
    cross join blind
    inner join costs
        on
            periods.brand_id = costs.brand_id
            and (periods.scope = 'BRAND' or periods.id = costs.campaign_id)
            and periods.starts_at <= costs.occurred_at
            and periods.ends_at > costs.occurred_at
    where periods.budget = periods.highest_budget
),

summed as (
    select
        scope,
        id,
        period,
        starts_at,
        any_value(budget) as budget,
        sum(amount)::decimal(38, 9) as demand,
        coalesce(sum(amount) filter (not is_taken_away), 0)::decimal(38, 9) as spend,
        min(occurred_at) as first_at,
        min(occurred_at) filter (demand_so_far >= budget) as used_up_at,
        max(demand_unseen) as bound
    from laid
    group by
        scope,
        id,
        period,
        starts_at
)

select
    summed.scope,
    summed.id,
    periods.brand_id,
    summed.period,
    summed.starts_at,
    summed.budget,
    summed.demand,
    summed.spend,
    summed.used_up_at,
    case
        when summed.used_up_at is null then 'not used up'
        when summed.used_up_at < summed.first_at + interval 1 hour then 'under 1 h'
        when summed.used_up_at < summed.first_at + interval 6 hours then '1 to 6 h'
        else 'over 6 h'
    end as lasted,
    100 * greatest(summed.spend - summed.budget, 0)::double / summed.budget::double as overspend_percent,
    100 * greatest(least(summed.demand, summed.budget) - summed.spend, 0)::double / summed.budget::double
        as underspend_percent,
    100 * summed.bound::double / summed.budget::double as bound_percent,
    coalesce(holds.minutes, 0) as minutes_held
from summed
inner join periods using (scope, id, period, starts_at)
left join (
    select
        replayed_holds.scope,
        replayed_holds.id,
        replayed_holds.period,
        replayed_holds.starts_at,
        sum(epoch(least(replayed_holds.until_at, ended.ends_at) - replayed_holds.from_at)) / 60 as minutes
    from replayed_holds
    inner join periods as ended using (scope, id, period, starts_at)
    group by all
) as holds
    on
        summed.scope = holds.scope
        and summed.id = holds.id
        and summed.period = holds.period
        and summed.starts_at = holds.starts_at;

-- name: figures
-- One row per period of budgets and how long they lasted: overspend and underspend in percent of the budget. Reads
-- replayed_outcomes.
select
    period,
    lasted,
    count(*) as budgets,
    median(overspend_percent) as overspend_median,
    quantile_cont(overspend_percent, 0.95) as overspend_p95,
    max(overspend_percent) as overspend_worst,
    quantile_cont(bound_percent, 0.95) as bound_p95,
    max(bound_percent) as bound_worst,
    median(underspend_percent) as underspend_median,
    quantile_cont(underspend_percent, 0.95) as underspend_p95,
    100 * sum(greatest(least(demand, budget) - spend, 0))::double / sum(least(demand, budget))::double
        as underspend_of_all,
    -- minutes held while money was left
    avg(minutes_held) filter (spend < least(demand, budget)) as minutes_stopped
from replayed_outcomes
group by
    period,
    lasted
order by
    list_position(['HOUR', 'DAY', 'WEEK', 'MONTH'], period),
    list_position(['under 1 h', '1 to 6 h', 'over 6 h', 'not used up'], lasted);

-- name: changes
-- One row: how many changes of a status there were, and the most of one campaign within an hour. Reads
-- replayed_changes.
select
    count(*) as changes,
    coalesce(max(within_an_hour), 0) as most_within_an_hour
from (
    select
        count(*) over (
            partition by campaign_id
            order by decided_at
            range between interval 3599 seconds preceding and current row
        ) as within_an_hour
    from replayed_changes
) as windowed;
