-- One row per limit and decision that held it because it foresaw that it would be reached, or let it go again; rows are
-- only ever added.
create table if not exists ops.early_stops (
    scope varchar not null,
    id bigint not null,
    brand_id bigint not null,
    period varchar not null,
    is_held boolean not null,
    starts_at timestamptz,
    spend decimal(38, 9),
    budget decimal(38, 9),
    hourly_rate decimal(38, 9),
    usual_rate decimal(38, 9),
    horizon_seconds bigint,
    projected_spend decimal(38, 9),
    stopped_at timestamptz,
    decided_at timestamptz not null,
    recorded_at timestamptz not null,
    run_id varchar not null
);
comment on table ops.early_stops is 'One row per limit and decision that held it because it foresaw that it would be reached, or let it go again; rows are only ever added.';
comment on column ops.early_stops.id is 'brand_id or campaign_id';
comment on column ops.early_stops.period is 'HOUR, DAY, WEEK, MONTH, LIFETIME; FUNDS: what a prepaid brand has paid';
comment on column ops.early_stops.is_held is 'true: held since stopped_at; false: let go, reached, or its period is over';
comment on column ops.early_stops.starts_at is 'first instant of the period; null: from ever';
comment on column ops.early_stops.hourly_rate is 'spent per hour when it was held: as fast as within any horizon of the hour before';
comment on column ops.early_stops.usual_rate is 'spent per hour when it was held: over the whole hour before';
comment on column ops.early_stops.horizon_seconds is 'how far ahead it was foreseen';
comment on column ops.early_stops.projected_spend is 'spend + hourly_rate * horizon_seconds / 3600';
comment on column ops.early_stops.stopped_at is 'the instant of the decision that held it';

-- name: add
-- One row per limit that is held for what is foreseen and was not, or is no more. Reads foreseen and stops_before.
insert into ops.early_stops by name
with held_before as (
    select *
    from stops_before
    where is_held
)

select
    coalesce(foreseen.scope, held_before.scope) as scope,
    coalesce(foreseen.id, held_before.id) as id,
    coalesce(foreseen.brand_id, held_before.brand_id) as brand_id,
    coalesce(foreseen.period, held_before.period) as period,
    foreseen.scope is not null as is_held,
    foreseen.starts_at,
    foreseen.spend,
    foreseen.budget,
    foreseen.hourly_rate,
    foreseen.usual_rate,
    foreseen.horizon_seconds,
    foreseen.projected_spend,
    foreseen.stopped_at,
    $now::timestamptz as decided_at,
    $recorded_at::timestamptz as recorded_at,
    $run_id as run_id
from foreseen
full join held_before
    on foreseen.scope = held_before.scope and foreseen.id = held_before.id and foreseen.period = held_before.period
-- held on: the stop stands as it was noted
where held_before.scope is null or foreseen.scope is null or foreseen.stopped_at <> held_before.stopped_at;
