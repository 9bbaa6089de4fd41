-- One row per loaded file with one of these hashes, the oldest first.
select
    kind,
    sha256,
    name
from raw.event_files
where sha256 in (select unnest($digests::varchar[])) and outcome = 'LOADED'
order by file_id
