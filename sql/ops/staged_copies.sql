-- One row per delivered bytes: when they were delivered last, and whether that is long enough ago.
select
    sha256,
    max(recorded_at) < $before as is_old
from ops.delivered_files
where sha256 is not null
group by sha256
