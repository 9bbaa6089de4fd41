-- One row per file that lies in a delivery folder and has not been taken in the state it is in.
select seen.place
from seen_files as seen
anti join raw.event_files as taken
    on seen.name = taken.name and seen.bytes = taken.bytes and seen.modified_ns = taken.modified_ns
order by seen.place
