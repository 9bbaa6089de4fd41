-- One row per version of a default price list.
insert into core.global_ad_pricing by name
with in_force as (
    select *
    from core.global_ad_pricing
    where valid_to is null
),

changed as (
    select * from delivered
    except
    select * exclude (valid_from, valid_to, batch_id, recorded_at, superseded_at) from in_force
)

select
    changed.*,
    case
        when in_force.effective_from is null then core.beginning()
        else core.in_force_from($now::timestamptz, $clock::timestamptz, in_force.valid_from)
    end as valid_from,
    null as valid_to,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at,
    null as superseded_at
from changed
left join in_force
    on changed.effective_from = in_force.effective_from
