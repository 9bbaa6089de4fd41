-- Times that do not say in which zone they are, taken for those of one: none where its clocks were put back or forward,
-- so that they were shown twice or never.
create or replace temp macro instant_in_zone(local_timestamp) as (
    select case when len(instants) = 1 then instants[1] end
    from (
        select list(core.instant_of(local_timestamp, utc_offset)) as instants
        from core.utc_offsets
        where
            timezone = getvariable('spendgate_local_zone')
            and core.instant_of(local_timestamp, utc_offset) >= starts_at
            and core.instant_of(local_timestamp, utc_offset) < ends_at
    ) as periods
);
create or replace temp macro instant_without_zone(text) as
case
    when regexp_full_match(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?')
        then instant_in_zone(try_cast(text as timestamp))
end;
