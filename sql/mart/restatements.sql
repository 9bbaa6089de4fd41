-- One row per brand, local day that had been decided already, and time at which its spend changed; rows are only ever
-- added.
create table if not exists mart.restatements (
    brand_id bigint not null,
    local_date date not null,
    spend_before decimal(38, 9) not null,
    spend_after decimal(38, 9) not null,
    recorded_at timestamptz not null,
    batch_id bigint not null
);
comment on table mart.restatements is 'One row per brand, local day that had been decided already, and time at which its spend changed; rows are only ever added.';
comment on column mart.restatements.local_date is 'a day that was over, on the brand''s clock, at the newest decision';
comment on column mart.restatements.spend_before is 'spend of that day as it had been known';
comment on column mart.restatements.spend_after is 'spend of that day as it is known since';
comment on column mart.restatements.recorded_at is 'since when';
comment on column mart.restatements.batch_id is 'the batch that brought what was late, or the new time zone';

-- name: add
-- One row per brand, local day that had been decided already, and time at which its spend changed. Reads new_spend and
-- rezoned_brands, before they are added to mart.daily_spend.
insert into mart.restatements
with clocks as (
    -- the first day that was not over at the newest decision, by the clock the brand has or by the one it had
    select
        offsets.brand_id,
        max(core.local_time(newest.decided_at, offsets.utc_offset)::date) as local_date
    from (select max(decided_at) as decided_at from ops.decisions) as newest
    inner join (
        from
            core.brand_offsets(
                'infinity'::timestamptz,
                (select max(decided_at) from ops.decisions),
                (select max(decided_at) from ops.decisions)
            )
        union all
        from
            core.brand_offsets(
                ops.summed_at(),
                (select max(decided_at) from ops.decisions),
                (select max(decided_at) from ops.decisions)
            )
        semi join rezoned_brands using (brand_id)
    ) as offsets
        on newest.decided_at >= offsets.starts_at and newest.decided_at < offsets.ends_at
    group by offsets.brand_id
),

added as (
    select
        new_spend.brand_id,
        new_spend.local_date,
        sum(new_spend.spend) as spend
    from new_spend
    inner join clocks on new_spend.brand_id = clocks.brand_id and new_spend.local_date < clocks.local_date
    group by all
),

days as (
    select
        brand_id,
        local_date
    from added
    union
    select
        daily_spend.brand_id,
        daily_spend.local_date
    from internal.daily_spend_parts as daily_spend
    semi join rezoned_brands using (brand_id)
    inner join clocks on daily_spend.brand_id = clocks.brand_id and daily_spend.local_date < clocks.local_date
),

known as (
    select
        brand_id,
        local_date,
        sum(daily_spend.spend) as spend
    from internal.daily_spend_parts as daily_spend
    semi join days using (brand_id, local_date)
    group by all
),

restated as (
    select
        days.brand_id,
        days.local_date,
        coalesce(known.spend, 0) as spend_before,
        coalesce(added.spend, 0)
        + case when days.brand_id in (select brand_id from rezoned_brands) then 0 else coalesce(known.spend, 0) end
            as spend_after
    from days
    left join added using (brand_id, local_date)
    left join known using (brand_id, local_date)
)

select
    brand_id,
    local_date,
    spend_before,
    spend_after,
    $recorded_at::timestamptz as recorded_at,
    $batch_id as batch_id
from restated
where spend_before <> spend_after;
