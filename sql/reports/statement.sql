-- What `spendgate statement` shows.

-- name: lines
-- One row per line of a brand's statement of a month, in order.
select * exclude (brand_id, brand_name, local_month, place, is_closed, currency)
from mart.statement
where brand_id = $brand_id and local_month = $local_month
order by place;

-- name: head
-- One row, if there is such a statement: whose it is, in which currency, and whether it is closed.
select
    any_value(brand_name) as brand_name,
    any_value(currency) as currency,
    any_value(is_closed) as is_closed
from mart.statement
where brand_id = $brand_id and local_month = $local_month
having count(*) > 0;

-- name: months
-- One row per month of which a brand has a statement.
select distinct local_month
from mart.statement
where brand_id = $brand_id
order by local_month;

-- name: audit
-- The audit trail of some time, some brands', in the order in which it was recorded.
select *
from ops.audit_trail
where
    coalesce(recorded_at >= $first_day::date, true)
    and coalesce(recorded_at < $last_day::date + interval 1 day, true)
    and ($brands::bigint[] is null or list_contains($brands::bigint[], brand_id))
order by
    recorded_at,
    kind,
    evidence;
