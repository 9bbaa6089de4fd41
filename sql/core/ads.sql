-- One row per version of an ad.
insert into core.ads by name
with in_force as (
    select *
    from core.ads
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
        when in_force.ad_id is null then core.beginning()
        else core.in_force_from($now::timestamptz, $clock::timestamptz, in_force.valid_from)
    end as valid_from,
    null as valid_to,
    $batch_id as batch_id,
    $recorded_at::timestamptz as recorded_at,
    null as superseded_at
from changed
left join in_force
    on changed.ad_id = in_force.ad_id
