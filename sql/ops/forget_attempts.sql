-- Nothing is left of the attempts at files that have been taken.
delete from ops.attempts
where name in (select unnest($names::varchar[]))
