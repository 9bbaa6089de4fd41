-- Keys nobody asked for, of the JSONL file read in bulk.
select distinct unnest(unusual_keys) as key
from jsonl_lines
where not odd
except
select unnest(['event_id', 'ad_id', 'event_type', 'occurred_at'])
