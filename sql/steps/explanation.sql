-- Why a campaign has its status, and whether stored changes still follow from the ledger.

-- name: changes
-- One row per change a campaign took at the newest moment at which it changed up to $at: all transitions of one
-- decision, or a person's change, in order.
with moment as (
    select arg_max(recorded_at, change_id) as recorded_at
    from ops.campaign_status_changes
    where campaign_id = $campaign_id and decided_at <= coalesce($at, 'infinity'::timestamptz)
)

select changes.*
from ops.campaign_status_changes as changes
semi join moment using (recorded_at)
where changes.campaign_id = $campaign_id
order by changes.change_id;

-- name: change_before
-- One row: the change of a campaign before the one given.
select *
from ops.campaign_status_changes
where campaign_id = $campaign_id and change_id < $change_id
order by change_id desc
limit 1;

-- name: versions
-- One row: the names and versions of a campaign and its brand in force at an instant, as known at a recorded time.
select
    brands.brand_id,
    campaigns.name as campaign_name,
    campaigns.batch_id as campaign_batch_id,
    brands.name as brand_name,
    brands.batch_id as brand_batch_id,
    brands.currency,
    zones.timezone,
    core.local_time($now::timestamptz, periods.utc_offset) as local_time
from core.campaigns_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as campaigns
inner join core.brands_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as brands
    using (brand_id)
inner join core.brand_zones_in_force($now::timestamptz, coalesce($known_at, 'infinity'::timestamptz)) as zones
    on brands.brand_id = zones.brand_id
inner join
    core.brand_offsets(coalesce($known_at, 'infinity'::timestamptz), $now::timestamptz, $now::timestamptz) as periods
    on brands.brand_id = periods.brand_id and periods.starts_at <= $now and periods.ends_at > $now
where campaigns.campaign_id = $campaign_id;

-- name: limits
-- One row per limit in force of a campaign and its brand, in the order of the rules. Reads limits.
select
    scope,
    period,
    spend,
    budget,
    reached,
    foreseen,
    starts_at,
    ends_at,
    core.share_for_people(scope, period, spend, budget, (select any_value(currency) from brand_now)) as words
from limits
where (scope = 'BRAND' and id = $brand_id) or (scope = 'CAMPAIGN' and id = $campaign_id)
order by place;

-- name: flight
-- One row: the first and the last date of a campaign, and its windows of dayparting that touch the day of $now. Reads
-- campaigns_now, campaign_schedules, schedules, open_windows and occurrences.
select
    campaigns.start_date,
    campaigns.end_date,
    coalesce((
        select list({ 'opens_at': windows.opens_at, 'closes_at': windows.closes_at } order by windows.opens_at)
        from campaign_schedules as scheduled
        inner join schedules on scheduled.schedule = schedules.schedule
        inner join open_windows as windows on scheduled.schedule = windows.schedule
        inner join (
            select
                clock,
                min(starts_at) as starts_at,
                max(ends_at) as ends_at
            from occurrences
            where period = 'DAY' and is_present
            group by clock
        ) as today on schedules.clock = today.clock
        where
            scheduled.campaign_id = $campaign_id
            and windows.opens_at < today.ends_at
            and windows.closes_at > today.starts_at
    ), []) as windows_today
from campaigns_now as campaigns
where campaigns.campaign_id = $campaign_id;

-- name: budget_crossing
-- One row: the cost with which the spend of a limit came to its budget, as could be seen at $known_at. No row where
-- costs alone did not reach it. Reads occurrences and brand_clock.
with period_costs as (
    select costs.*
    from mart.costs_as_known($known_at::timestamptz) as costs
    inner join brand_clock on costs.brand_id = brand_clock.brand_id
    inner join occurrences
        on
            brand_clock.clock = occurrences.clock
            and occurrences.is_present
            and occurrences.period = case $period when 'FUNDS' then 'LIFETIME' else $period end
            and costs.occurred_at >= occurrences.starts_at
            and costs.occurred_at < occurrences.ends_at
    where
        costs.brand_id = $brand_id
        and costs.occurred_at <= $now
        and ($only_campaign::bigint is null or costs.campaign_id = $only_campaign)
),

laid as (
    select
        *,
        sum(amount) over (order by occurred_at, transaction_id rows unbounded preceding) as spend_with_it
    from period_costs
),

crossing as (
    select *
    from laid
    where spend_with_it >= $budget::decimal(38, 9)
    order by
        occurred_at,
        transaction_id
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
left join ops.delivered_files as files on files.file_id = crossing.transaction_id // 10000000000;

-- name: state
-- One row per campaign, or that of $campaign_id: the status a decision at $now leaves it in, as in
-- internal.campaign_status would have it. Reads decided.
create or replace temp table state as
select
    campaign_id,
    brand_id,
    final_status::varchar as status,
    $now::timestamptz as decided_at,
    window_open,
    window_start,
    paused_until,
    is_active as brand_active,
    flight_starts_at,
    flight_ends_at,
    $changed_by::varchar as changed_by,
    $note::varchar as note
from decided
where $campaign_id is null or campaign_id = $campaign_id;

-- name: state_limits
-- One row per limit in force, as mart.budgets would have it. Reads limits and brand_now.
create or replace temp table state_limits as
select
    limits.*,
    brand_now.timezone,
    brand_now.currency
from limits
inner join brand_now on limits.brand_id = brand_now.brand_id;

-- name: present
-- One row: what a decision makes of one campaign. Reads decided, transitions, state and state_limits.
select
    decided.status,
    decided.final_status,
    coalesce((
        select list(transitions.reason order by transitions.step) from transitions
        where transitions.campaign_id = $campaign_id
    ), []) as reasons,
    brand_now.daily_spend,
    brand_now.daily_budget,
    brand_now.monthly_spend,
    brand_now.monthly_budget,
    decided.is_active,
    decided.window_start,
    decided.window_end,
    decided.window_open,
    decided.next_change_at,
    decided.paused_until,
    decided.not_begun,
    held.blocked_by,
    held.why
from decided
inner join brand_now on decided.brand_id = brand_now.brand_id
inner join ops.with_what_holds('state', 'state_limits') as held on decided.campaign_id = held.campaign_id
where decided.campaign_id = $campaign_id;

-- name: differences
-- One row per stored change of the moment $recorded_at that is not what the ledger and the history make of it, and per
-- change that they make and nobody stored. Reads decision_evidence and transitions, made for that moment; all
-- campaigns that changed in it, or the one of $campaign_id.
create or replace temp table differences as
with stored as (
    select
        campaign_id,
        row_number() over (partition by campaign_id order by change_id) as place,
        change_id,
        reason = 'MANUAL' as is_manual,
        { 'from_status': from_status, 'to_status': to_status, 'reason': reason } as transition,
        {
            'daily_spend': daily_spend,
            'daily_budget': daily_budget,
            'monthly_spend': monthly_spend,
            'monthly_budget': monthly_budget,
            'local_date': local_date,
            'timezone': timezone,
            'window_start': window_start,
            'window_end': window_end,
            'limits_reached': limits_reached,
            'limits_projected': limits_projected
        } as evidence
    from ops.campaign_status_changes
    where recorded_at = $recorded_at and ($campaign_id is null or campaign_id = $campaign_id)
),

evidence as (
    select
        campaign_id,
        {
            'daily_spend': daily_spend,
            'daily_budget': daily_budget,
            'monthly_spend': monthly_spend,
            'monthly_budget': monthly_budget,
            'local_date': local_date,
            'timezone': timezone,
            'window_start': window_start,
            'window_end': window_end,
            'limits_reached': limits_reached,
            'limits_projected': limits_projected
        } as evidence
    from decision_evidence
    semi join stored using (campaign_id)
),

derived as (
    select
        transitions.campaign_id,
        row_number() over (partition by transitions.campaign_id order by transitions.step) as place,
        {
            'from_status': transitions.from_status,
            'to_status': transitions.to_status,
            'reason': transitions.reason
        } as transition
    from transitions
    semi join (
        from stored
        where not is_manual
    ) as decided_alone using (campaign_id)
    union all
    -- a person's will is not derived, only the numbers beside it
    select
        campaign_id,
        place,
        transition
    from stored
    where is_manual
)

select
    campaign_id,
    stored.change_id,
    { 'transition': stored.transition, 'evidence': stored.evidence }::varchar as stored,
    { 'transition': derived.transition, 'evidence': evidence.evidence }::varchar as derived
from stored
full join derived using (campaign_id, place)
left join evidence using (campaign_id)
where
    stored.transition is distinct from derived.transition
    -- changes from before the limits were noted, or the projections, have none
    or stored.evidence is distinct from struct_update(
        evidence.evidence,
        limits_reached := case
            when stored.evidence.limits_reached is not null then evidence.evidence.limits_reached
        end,
        limits_projected := case
            when stored.evidence.limits_projected is not null then evidence.evidence.limits_projected
        end
    );

-- name: unchecked_changes
-- One row per moment at which changes were recorded that have not been derived again yet, in order.
select
    recorded_at,
    decided_at,
    count(*) as changes
from ops.campaign_status_changes
where
    recorded_at > coalesce((select max(checked_through) from internal.evidence_checks), '-infinity'::timestamptz)
group by all
order by recorded_at;

-- name: underivable_changes
-- No row yet: what `differences` finds at each moment.
create or replace temp table underivable_changes (
    campaign_id bigint,
    change_id bigint,
    stored varchar,
    derived varchar
);

-- name: add_differences
-- The differences of one more moment. Reads differences.
insert into underivable_changes
select *
from differences;
