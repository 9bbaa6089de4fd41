-- The zones of times that were delivered without one are noted; refused files stay open until they are acknowledged.
alter table if exists ops.reading_limits add column events_zone varchar;
alter table if exists ops.reading_limits add column payments_zone varchar;
alter table if exists ops.reading_limits add column prices_zone varchar;
