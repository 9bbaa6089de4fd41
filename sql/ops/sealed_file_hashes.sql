-- The hash of sealed files that had none yet. Reads files_verified.
update ops.sealed_files as files
set sha256 = found.sha256, bytes = found.bytes
from files_verified as found
where files.name = found.name and files.sha256 is null and found.state = 'WHOLE'
