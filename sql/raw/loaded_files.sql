-- One row per loaded file with one of these hashes; `format` is what its name said it was, if it said anything. What
-- was read as another format, under a wrong name, is no duplicate: all its rows were refused.
with wanted as (
    select unnest($digests::varchar[]) as sha256
)

select
    kind,
    sha256,
    case
        when regexp_matches(lower(name), '[.](jsonl|ndjson|json)([.](gz|gzip|zst|zstd))?$') then 'jsonl'
        when regexp_matches(lower(name), '[.]csv([.](gz|gzip|zst|zstd))?$') then 'csv'
        when regexp_matches(lower(name), '[.]parquet([.](gz|gzip|zst|zstd))?$') then 'parquet'
    end as format,
    name
from raw.event_files
semi join wanted using (sha256)
where outcome = 'LOADED'
order by file_id
