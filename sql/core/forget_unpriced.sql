-- Make room for what waits now.
delete from core.unpriced
