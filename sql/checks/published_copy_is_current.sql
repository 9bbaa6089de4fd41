-- The newest revision, when readers see another one.
select
    revision,
    recorded_at,
    $published_revision::bigint as published_revision
from ops.revision
where revision is distinct from $published_revision
