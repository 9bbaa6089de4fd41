-- The rules for one field, and what is said when it breaks them. Texts in, typed values or a reason out.
create or replace temp macro bigint_of(text) as
case when regexp_full_match(text, '-?[0-9]{1,19}') then try_cast(text as bigint) end;

create or replace temp macro instant_of(text) as
case
    when
        regexp_full_match(
            text,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}T([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?'
            || '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)'
        )
        then try_cast(text as timestamptz)
    -- without seconds, which the cast does not know
    when regexp_full_match(text, '.{10}T([01][0-9]|2[0-3]):[0-9]{2}(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)')
        then try_cast(left(text, 16) || ':00' || right(text, -16) as timestamptz)
end;

create or replace temp macro amount_of(text) as
case when regexp_full_match(text, '-?[0-9]{1,9}(\.[0-9]{1,9}0*)?') then try_cast(text as decimal(18, 9)) end;

create or replace temp macro id_fault(column_name, text) as
case
    when coalesce(text, '') = '' then column_name || ' is missing'
    when bigint_of(text) is null
        then format('{} ''{}'' is not a whole number that fits 64 bits', column_name, left(text, 100))
end;

create or replace temp macro name_fault(column_name, text) as
case
    when coalesce(text, '') = '' then column_name || ' is missing'
    when length(text) > 1000 then column_name || ' is longer than 1,000 characters'
    when contains(text, chr(0)) then column_name || ' holds a NUL character'
end;

create or replace temp macro event_type_of(text) as try_cast(lower(text) as event_type);

create or replace temp macro event_type_fault(text) as
case
    when coalesce(text, '') = '' then 'event_type is missing'
    when event_type_of(text) is null
        then format('unknown event_type ''{}'' (click, impression, view or acquisition)', left(text, 100))
end;

create or replace temp macro range_fault(column_name, instant, loaded_at) as
case
    when instant < core.beginning()
        then format('{} {} is before the year 2000', column_name, strftime(instant, '%Y-%m-%dT%H:%M:%SZ'))
    when instant > loaded_at + interval 10 minutes
        then format(
            '{} {} is more than 10 minutes after it was loaded (deliver it again later)',
            column_name, strftime(instant, '%Y-%m-%dT%H:%M:%SZ')
        )
end;

create or replace temp macro time_fault(column_name, text, loaded_at) as
case
    when coalesce(text, '') = '' then column_name || ' is missing'
    when instant_of(text) is null
        then format(
            '{} ''{}'' is not a time such as 2025-06-10T12:00:00Z or 2025-06-10T14:00:00+02:00',
            column_name, left(text, 100)
        )
    else range_fault(column_name, instant_of(text), loaded_at)
end;

create or replace temp macro amount_fault(text) as
case
    when coalesce(text, '') = '' then 'amount is missing'
    when amount_of(text) is null
        then format(
            'amount ''{}'' is not a decimal number below one billion with at most 9 decimals', left(text, 100)
        )
    when amount_of(text) = 0 then 'amount is 0 (a payment is positive, a refund negative)'
end;

-- of typed values
create or replace temp macro event_fault(event_id, ad_id, event_type, occurred_at, loaded_at) as
coalesce(
    name_fault('event_id', event_id),
    case when ad_id is null then 'ad_id is missing' end,
    case when event_type is null then 'event_type is missing' end,
    case when occurred_at is null then 'occurred_at is missing' end,
    range_fault('occurred_at', occurred_at, loaded_at)
);

-- of values as text
create or replace temp macro event_text_fault(event_id, ad_id, event_type, occurred_at, loaded_at) as
coalesce(
    name_fault('event_id', event_id),
    id_fault('ad_id', ad_id),
    event_type_fault(event_type),
    time_fault('occurred_at', occurred_at, loaded_at)
);
