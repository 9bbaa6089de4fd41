-- The states of which somebody is told, from what the last decision has left; on the warehouse or the published copy.

-- name: hold
-- One row per state that holds now; kind, subject, threshold and period_start make it one.
create or replace temporary table held_alerts as
with percents as (
    select unnest($percents::integer[]) as percent
),

amounts as (
    select
        split_part(words, ' ', 1)::decimal(38, 9) as amount,
        split_part(words, ' ', 2) as currency
    from (select unnest($amounts::varchar[]) as words) as listed
),

-- of a million limits few are near enough
near as (
    select
        *,
        concat(scope, ':', id, '/', period) as subject,
        coalesce(starts_at, core.beginning()) as period_start
    from mart.budgets
    where share >= (select min(percent) / 100 from percents) or spend >= (select min(amount) from amounts)
),

-- the days, weeks and months under way, and the ones before: of what was long ago nobody is told
exceeded as (
    select
        overspend.*,
        brands.currency
    from mart.overspend as overspend
    inner join mart.brand_budget as brands on overspend.brand_id = brands.brand_id
    where
        overspend.period = 'LIFETIME'
        or overspend.starts_on
        >= brands.local_date - case overspend.period when 'DAY' then 1 when 'WEEK' then 13 else 61 end
),

silence as (
    select max(recorded_at) as since
    from raw.event_files
    where kind = 'events'
),

missed as (
    select
        min(next_change_at) as since,
        count(*) as campaigns
    from internal.campaign_status
    where next_change_at <= $now::timestamptz - interval 15 minutes
)

select
    'LIMIT' as kind,
    near.subject,
    percents.percent || ' %' as threshold,
    near.period_start,
    near.scope,
    near.id,
    near.brand_id,
    near.period,
    near.spend,
    near.budget,
    near.currency,
    null::varchar as message,
    null::varchar as fix
from near
inner join percents on near.share >= percents.percent / 100
-- the share is rounded: what is all but spent is not spent
where near.reached or percents.percent <> 100
union all
select
    'LIMIT' as kind,
    near.subject,
    core.amount_for_people(amounts.amount) || ' ' || amounts.currency as threshold,
    near.period_start,
    near.scope,
    near.id,
    near.brand_id,
    near.period,
    near.spend,
    near.budget,
    near.currency,
    null as message,
    null as fix
from near
inner join amounts on near.currency = amounts.currency and near.spend >= amounts.amount
union all
select
    'OVERSPEND' as kind,
    concat(scope, ':', id, '/', period) as subject,
    '' as threshold,
    starts_on::timestamptz as period_start,
    scope,
    id,
    brand_id,
    period,
    spend,
    budget,
    currency,
    null as message,
    null as fix
from exceeded
union all
select
    case outcome when 'QUARANTINED' then 'FILE_QUARANTINED' else 'REJECTED_SHARE' end as kind,
    name as subject,
    case outcome when 'QUARANTINED' then '' else '5 %' end as threshold,
    recorded_at as period_start,
    null as scope,
    null as id,
    null as brand_id,
    null as period,
    null as spend,
    null as budget,
    null as currency,
    concat(name, ': ', reason) as message,
    remedy as fix
from ops.open_files
union all
select
    'NO_DELIVERIES' as kind,
    'events' as subject,
    format('{:g} h', $silence_hours::double) as threshold,
    since as period_start,
    null as scope,
    null as id,
    null as brand_id,
    null as period,
    null as spend,
    null as budget,
    null as currency,
    format('no events were delivered since {} UTC', strftime(since, '%Y-%m-%d %H:%M')) as message,
    'ask who delivers into landing/events; if that is as it should be, raise alert_silence_hours' as fix
from silence
where $silence_hours > 0 and since <= $now::timestamptz - to_seconds($silence_hours * 3600)
union all
select
    'NOTHING_DECIDED' as kind,
    'decisions' as subject,
    '15 min' as threshold,
    since as period_start,
    null as scope,
    null as id,
    null as brand_id,
    null as period,
    null as spend,
    null as budget,
    null as currency,
    format(
        'a status was due at {} UTC and no decision is published since', strftime(since, '%Y-%m-%d %H:%M')
    ) as message,
    'spendgate decide says what is in the way; look whether spendgate ui still runs' as fix
from missed
where campaigns > 0;

-- name: new
-- One row per state that holds and is not open in the ledger, in words. Reads held_alerts and known_alerts.
with fresh as (
    select held.*
    from held_alerts as held
    anti join known_alerts as known
        on
            held.kind = known.kind
            and held.subject = known.subject
            and held.threshold = known.threshold
            and strftime(held.period_start, '%Y-%m-%dT%H:%M:%SZ') = known.period_start
),

campaigns as (
    select
        campaign_id,
        arg_max(name, valid_from) as name
    from internal.campaign_versions
    where
        campaign_id in (
            select id from fresh
            where scope = 'CAMPAIGN'
        )
    group by campaign_id
),

-- brand 1 Acme: day 8.50 of 10.00 USD, 85 %
said as (
    select
        fresh.*,
        concat(
            lower(fresh.scope), ' ', fresh.id, ' ' || coalesce(campaigns.name, brands.name), ': ',
            case fresh.kind
                when 'OVERSPEND' then
                    'overspent by ' || core.amount_for_people(fresh.spend - fresh.budget)
                    || ' ' || fresh.currency || ': '
            end,
            case fresh.period
                when 'LIFETIME' then 'total'
                when 'FUNDS' then 'prepaid'
                else lower(fresh.period)
            end,
            case fresh.kind when 'OVERSPEND' then ' of ' || strftime(fresh.period_start, '%Y-%m-%d') end,
            ' ', core.amount_for_people(fresh.spend), ' of ', core.amount_for_people(fresh.budget), ' ', fresh.currency,
            case when fresh.budget > 0 then format(', {:.0f} %', floor(100 * (fresh.spend / fresh.budget))) end
        ) as of_limit,
        concat(
            case
                when fresh.period = 'FUNDS' then 'deliver its payment into landing/payments'
                else
                    'if it is to go on, raise its budget in reference/'
                    || case fresh.scope when 'BRAND' then 'brands or budgets' else 'budgets' end
            end,
            '; spendgate ',
            case fresh.scope when 'BRAND' then 'status --brand ' else 'explain ' end,
            fresh.id
        ) as fix_of_limit
    from fresh
    left join mart.brand_budget as brands on fresh.brand_id = brands.brand_id
    left join campaigns on fresh.scope = 'CAMPAIGN' and fresh.id = campaigns.campaign_id
)

select
    kind,
    subject,
    threshold,
    strftime(period_start, '%Y-%m-%dT%H:%M:%SZ') as period_start,
    coalesce(message, of_limit) as message,
    coalesce(
        fix,
        case kind
            when 'OVERSPEND'
                then
                    'why is in mart.overspend: spendgate sql "from mart.overspend where scope = '''
                    || scope || ''' and id = ' || id || '"'
            else fix_of_limit
        end
    ) as fix
from said
order by
    kind asc,
    spend / nullif(budget, 0) desc,
    subject asc,
    threshold asc;

-- name: over
-- One row per alert that is open in the ledger and whose state holds no more. Reads held_alerts and known_alerts.
select
    known.kind,
    known.subject,
    known.threshold,
    known.period_start
from known_alerts as known
anti join held_alerts as held
    on
        known.kind = held.kind
        and known.subject = held.subject
        and known.threshold = held.threshold
        and known.period_start = strftime(held.period_start, '%Y-%m-%dT%H:%M:%SZ');
