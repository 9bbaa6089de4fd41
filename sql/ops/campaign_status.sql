-- One row per campaign: what it may do now, and what holds it.
create table if not exists internal.campaign_status (
    campaign_id bigint not null,
    brand_id bigint not null,
    status varchar not null,
    reason varchar not null,
    changed_at timestamptz not null,
    decided_at timestamptz not null,
    window_start timestamptz,
    window_end timestamptz,
    window_open boolean not null,
    next_change_at timestamptz,
    paused_until timestamptz,
    changed_by varchar,
    note varchar,
    brand_active boolean not null,
    flight_starts_at timestamptz,
    flight_ends_at timestamptz
);
comment on table internal.campaign_status is 'One row per campaign, as the last decision, or a person since, has left it; ops.campaign_status says it in words.';

-- What holds campaigns, in the order of the rules, and a sentence with the numbers: of `states`, a relation like
-- internal.campaign_status, by `limits`, one like mart.budgets as of the same decision.
create or replace macro ops.with_what_holds(states, limits) as table -- noqa: PRS
    with decided as (
        select max(decided_at) as decided_at from query_table(states)
    ),

    held as (
        select
            held_states.campaign_id,
            brands.timezone,
            case when held_states.status = 'PAUSED' then held_states.paused_until end as resumes_at,
            case when not held_states.window_open then held_states.window_start end as opens_at,
            case
                when held_states.flight_starts_at > held_states.decided_at then held_states.flight_starts_at
            end as begins_at,
            case
                when held_states.flight_ends_at <= held_states.decided_at then held_states.flight_ends_at
            end as ended_at
        from query_table(states) as held_states
        left join mart.brand_budget as brands on held_states.brand_id = brands.brand_id
    ),

    moments as (
        select
            timezone,
            unnest([resumes_at, opens_at, begins_at, ended_at]) as instant
        from held
        union
        select
            timezone,
            ends_at as instant
        from query_table(limits)
        where reached or foreseen
    ),

    said as (
        select
            moments.timezone,
            moments.instant,
            core.instant_for_people(
                moments.instant, decided.decided_at, moments.timezone, offsets.utc_offset
            ) as words
        from moments
        cross join decided
        asof left join core.utc_offsets as offsets
            on moments.timezone = offsets.timezone and moments.instant >= offsets.starts_at
        where moments.instant is not null
    ),

    reached as (
        select
            over.scope,
            over.id,
            list(
                case when over.foreseen then 'PROJECTED_' else '' end || kinds.reason
                order by kinds.place
            ) as reasons,
            list(
                core.reached_for_people(over.scope, over.period, over.spend, over.budget, over.currency)
                || case
                    when over.foreseen then ', the rest foreseen before a later decision can act'
                    else ''
                end
                || case
                    when over.budget <= 0 then ', none is allowed'
                    when over.period = 'FUNDS' then ', free with the next payment'
                    else coalesce(', free again at ' || said.words, ', not free by itself')
                end
                order by kinds.place
            ) as words
        from query_table(limits) as over
        inner join internal.limit_kinds as kinds on over.scope = kinds.scope and over.period = kinds.period
        left join said on over.timezone = said.timezone and over.ends_at = said.instant
        where over.reached or over.foreseen
        group by
            over.scope,
            over.id
    ),

    holding as (
        select
            states.*,
            list_filter(
                list_concat(
                    [
                        case when states.status in ('DRAFT', 'PAUSED', 'COMPLETED') then states.status end,
                        case when held.ended_at is not null then 'FLIGHT_ENDED' end
                    ],
                    coalesce(of_brand.reasons, []),
                    coalesce(own.reasons, []),
                    [
                        case when not states.brand_active then 'BRAND_INACTIVE' end,
                        case when held.begins_at is not null then 'FLIGHT_NOT_STARTED' end,
                        case when not states.window_open then 'WINDOW_CLOSED' end
                    ]
                ),
                lambda each: each is not null
            ) as reasons,
            list_filter(
                list_concat(
                    [
                        core.person_for_people(states.status, states.changed_by, resumes.words, states.note),
                        'its flight ended at ' || ended.words
                    ],
                    coalesce(of_brand.words, []),
                    coalesce(own.words, []),
                    [
                        case when not states.brand_active then 'its brand is not active' end,
                        'its flight begins at ' || begins.words,
                        core.window_for_people(states.window_open, opens.words)
                    ]
                ),
                lambda each: each is not null
            ) as words
        from query_table(states) as states
        left join held on states.campaign_id = held.campaign_id
        left join reached as of_brand on of_brand.scope = 'BRAND' and states.brand_id = of_brand.id
        left join reached as own on own.scope = 'CAMPAIGN' and states.campaign_id = own.id
        left join said as resumes on held.timezone = resumes.timezone and held.resumes_at = resumes.instant
        left join said as opens on held.timezone = opens.timezone and held.opens_at = opens.instant
        left join said as begins on held.timezone = begins.timezone and held.begins_at = begins.instant
        left join said as ended on held.timezone = ended.timezone and held.ended_at = ended.instant
    )

    select
        * exclude (reasons, words),
        case when status <> 'RUNNING' and len(reasons) = 0 then ['NEXT_DECISION'] else reasons end as blocked_by,
        case
            when len(words) > 0 then array_to_string(words, '; ')
            when status = 'RUNNING' then 'nothing holds it'
            else 'nothing holds it: the next decision starts it'
        end as why
    from holding;
comment on macro table ops.with_what_holds is 'The rows of a relation of statuses with what holds each campaign, by a relation of limits.'; -- noqa: PRS

create or replace view ops.campaign_status as
select
    statuses.*,
    campaigns.campaign_name,
    campaigns.brand_name
from ops.with_what_holds('internal.campaign_status', 'mart.budgets') as statuses
left join mart.campaigns on statuses.campaign_id = campaigns.campaign_id;
comment on view ops.campaign_status is 'One row per campaign: what it may do now, and what holds it.';
comment on column ops.campaign_status.status is 'DRAFT, SCHEDULED, RUNNING, PAUSED, BUDGET_REACHED or COMPLETED';
comment on column ops.campaign_status.reason is 'reason of the last change; blocked_by tells what holds it now';
comment on column ops.campaign_status.changed_at is 'the instant decided for, or at which a person changed it';
comment on column ops.campaign_status.decided_at is 'as of when all of this holds';
comment on column ops.campaign_status.window_start is 'start of the current dayparting window, or of the next; null: no dayparting';
comment on column ops.campaign_status.window_end is 'first instant after that window';
comment on column ops.campaign_status.window_open is 'true also where there is no dayparting';
comment on column ops.campaign_status.next_change_at is 'first instant at which, with no new spend, the status changes; null: never';
comment on column ops.campaign_status.paused_until is 'when the pause ends by itself; null: when a person ends it';
comment on column ops.campaign_status.changed_by is 'the person who changed it last; null: a decision did';
comment on column ops.campaign_status.note is 'why, in that person''s words';
comment on column ops.campaign_status.brand_active is 'of the brand''s row in force';
comment on column ops.campaign_status.flight_starts_at is 'first instant of its first date on the brand''s clock; -infinity: no first date; null: neither';
comment on column ops.campaign_status.flight_ends_at is 'first instant after its last date; infinity: no last date; null: neither';
comment on column ops.campaign_status.blocked_by is 'every reason that holds it now, in the order of the rules; empty exactly when it is RUNNING';
comment on column ops.campaign_status.why is 'the same as a sentence, with the numbers';

-- name: apply_decision
-- One row per campaign: what it may do now. A status that is no longer the one the decision began with is left alone.
merge into internal.campaign_status as recorded
using (
    select
        decided.*,
        last_transition.reason
    from decided
    left join (
        select
            campaign_id,
            arg_max(reason, step) as reason
        from transitions
        group by campaign_id
    ) as last_transition using (campaign_id)
) as new
    on recorded.campaign_id = new.campaign_id
when matched and recorded.status = new.recorded_status then
    update
        set
            brand_id = new.brand_id,
            status = new.final_status,
            reason = coalesce(new.reason, recorded.reason),
            changed_at = case when new.reason is null then recorded.changed_at else $now end,
            decided_at = $now,
            window_start = new.window_start,
            window_end = new.window_end,
            window_open = new.window_open,
            next_change_at = new.next_change_at,
            paused_until = new.paused_until,
            changed_by = case when new.reason is null then recorded.changed_by end,
            note = case when new.reason is null then recorded.note end,
            brand_active = new.is_active,
            flight_starts_at = new.flight_starts_at,
            flight_ends_at = new.flight_ends_at
when not matched then insert
    (
        campaign_id, brand_id, status, reason, changed_at, decided_at,
        window_start, window_end, window_open, next_change_at, paused_until,
        brand_active, flight_starts_at, flight_ends_at
    )
values (
    new.campaign_id, new.brand_id, new.final_status, new.reason, $now, $now,
    new.window_start, new.window_end, new.window_open, new.next_change_at, new.paused_until,
    new.is_active, new.flight_starts_at, new.flight_ends_at
);

-- name: set_by_hand
-- The status a person has set, if the campaign still has the one it was set from.
update internal.campaign_status
set
    status = $status,
    reason = 'MANUAL',
    changed_at = $now,
    decided_at = $now,
    paused_until = $paused_until,
    changed_by = $changed_by,
    note = $note
where campaign_id = $campaign_id and status = $from_status;

-- name: set_next_change
-- What the decision would make of the status a person has set, and when. Reads decided.
update internal.campaign_status as recorded
set
    window_start = decided.window_start,
    window_end = decided.window_end,
    window_open = decided.window_open,
    brand_active = decided.is_active,
    flight_starts_at = decided.flight_starts_at,
    flight_ends_at = decided.flight_ends_at,
    next_change_at = case when decided.final_status = decided.status then decided.next_change_at else $now end
from decided
where recorded.campaign_id = $campaign_id and decided.campaign_id = $campaign_id;

-- name: of_campaign
-- One row: the status a campaign has, and the instant last decided for.
select
    status,
    paused_until,
    (select arg_max(decided_at, decision_id) from ops.decisions) as decided_at
from internal.campaign_status
where campaign_id = $campaign_id;
