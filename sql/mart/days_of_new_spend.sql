-- One row: the first and the last instant of the local days to which spend is added, on whatever clock.
select
    make_timestamptz(epoch_us(min(local_date) - 1)) as first_at,
    make_timestamptz(epoch_us(max(local_date) + 2)) as last_at
from new_spend
