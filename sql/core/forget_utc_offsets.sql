-- Make room for another tzdata release.
delete from core.utc_offsets
