-- Every sealed file of the warehouse, and its hash.
select
    name,
    sha256
from ops.sealed_files
order by name
