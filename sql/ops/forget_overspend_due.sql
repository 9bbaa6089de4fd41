-- All that was due is done.
delete from ops.overspend_due
