-- Hashes of all delivered files, of which there may be staged copies.
select distinct sha256
from ops.delivered_files
where sha256 is not null
