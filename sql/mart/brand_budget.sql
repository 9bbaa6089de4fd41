-- One row per brand, as of the last decision: spend today and this month beside the budgets.
insert into mart.brand_budget by name
select
    * exclude (next_day_at, next_month_at),
    $now::timestamptz as decided_at
from brand_now
