-- The rules for single fields of delivered files.

-- name: rules
-- The rules for one field, and what is said when it breaks them. Texts in, typed values or a reason out.
create or replace temp macro bigint_of(text) as
case when regexp_full_match(text, '-?[0-9]{1,19}') then try_cast(text as bigint) end;

-- of a time that does not say in which zone it is: none, unless the settings say so (`local_times`)
create or replace temp macro instant_without_zone(text) as null::timestamptz;
create or replace temp macro instant_in_zone(local_timestamp) as null::timestamptz;

create or replace temp macro instant_of(text) as
case
    when
        regexp_full_match(
            text,
            '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?'
            || '(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)'
        )
        then try_cast(text as timestamptz)
    -- without seconds, which the cast does not know
    when regexp_full_match(text, '.{10}[T ]([01][0-9]|2[0-3]):[0-9]{2}(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)')
        then try_cast(left(text, 16) || ':00' || right(text, -16) as timestamptz)
    else instant_without_zone(text)
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

-- what is wrong with a correction, whose values are texts; an amount that is none, and no word either, is refused
create or replace temp macro correction_amount_fault(text) as
case
    when lower(text) = 'whole' then null
    when coalesce(text, '') <> '' and amount_of(text) is null
        then format(
            'amount ''{}'' is neither a decimal number below one billion with at most 9 decimals nor the word whole',
            left(text, 100)
        )
    when amount_of(text) <= 0
        then format('amount {} is not positive: say how much of the cost is taken back, or whole', left(text, 100))
    else amount_fault(text)
end;

create or replace temp macro correction_fault(correction_id, transaction_id, event_id, amount, reason) as
coalesce(
    name_fault('correction_id', correction_id),
    case
        when coalesce(transaction_id, '') = '' and coalesce(event_id, '') = ''
            then 'neither transaction_id nor event_id is given: name the cost to correct by one of them'
        when coalesce(transaction_id, '') <> '' and coalesce(event_id, '') <> ''
            then 'transaction_id and event_id are both given: name the cost to correct by one of them'
        when coalesce(transaction_id, '') <> '' then id_fault('transaction_id', transaction_id)
        else name_fault('event_id', event_id)
    end,
    correction_amount_fault(amount),
    name_fault('reason', reason)
);

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

-- of values of a Parquet file, which keep their types; typeof() is a constant here, so no row is asked
create or replace temp macro text_of(value) as
case when typeof(value) = 'BLOB' then try(decode(value::blob)) else value::varchar end;

create or replace temp macro not_text_fault(column_name, value) as
case when value is not null and text_of(value) is null then column_name || ' is not UTF-8 text' end;

create or replace temp macro whole_number_of(value) as try_cast(value as bigint);

-- INT96 has no zone either, but is UTC by what its writers agreed on
create or replace temp macro typed_instant_of(value, is_utc) as
case
    when typeof(value) in ('VARCHAR', 'BLOB') then instant_of(text_of(value))
    when is_utc or typeof(value) = 'TIMESTAMP WITH TIME ZONE' then value::timestamptz
    else instant_in_zone(value::timestamp)
end;

create or replace temp macro typed_time_fault(column_name, value, is_utc, loaded_at) as
case
    when typeof(value) in ('VARCHAR', 'BLOB') then time_fault(column_name, text_of(value), loaded_at)
    when value is not null and typed_instant_of(value, is_utc) is null
        then format('{} {} is not one instant in its zone: clocks were changed then', column_name, value)
end;

-- of texts taken from JSON: there, they may have been numbers, booleans or objects; only a plain string or a whole
-- number is an id
create or replace temp macro is_text_in_json(text) as
regexp_full_match(text, '[0-9]+|[^{\[]*[^0-9.eE+\-{\[].*')
and text not in ('true', 'false', 'NaN', 'Infinity', '-Infinity');

-- of reference data: as text where it was delivered as text, else as its type is written
create or replace temp macro filled(value) as nullif(text_of(value), '');

create or replace temp macro unwanted(column_name, text, wanted) as
format('{} ''{}'' is not {}', column_name, left(text, 100), wanted);

create or replace temp macro long_text_fault(column_name, value) as
case
    when not_text_fault(column_name, value) is not null then not_text_fault(column_name, value)
    when strlen(filled(value)) > 1000000 then unwanted(column_name, filled(value), 'text of at most 1,000,000 bytes')
end;

create or replace temp macro flag_of(value) as
case lower(filled(value))
    when 'true' then true when 't' then true when '1' then true
    when 'false' then false when 'f' then false when '0' then false
end;

create or replace temp macro flag_fault(column_name, value) as
case
    when filled(value) is null then column_name || ' is missing'
    when flag_of(value) is null then unwanted(column_name, filled(value), 'true or false')
end;

create or replace temp macro budget_of(value) as
case
    when regexp_full_match(filled(value), '[0-9]{1,29}(\.[0-9]{1,9}0*)?')
        then try_cast(filled(value) as decimal(38, 9))
end;

create or replace temp macro number_fault(column_name, value, number, wanted) as
case when filled(value) is not null and number is null then unwanted(column_name, filled(value), wanted) end;

create or replace temp macro budget_fault(column_name, value) as
number_fault(
    column_name, value, budget_of(value), 'a decimal number with at most 9 decimals, not negative, or empty'
);

create or replace temp macro cost_of(value) as
case
    when regexp_full_match(filled(value), '[0-9]{1,9}(\.[0-9]{1,9}0*)?')
        then try_cast(filled(value) as decimal(18, 9))
end;

create or replace temp macro cost_fault(column_name, value) as
number_fault(
    column_name,
    value,
    cost_of(value),
    'a decimal number below one billion with at most 9 decimals, not negative, or empty'
);

create or replace temp macro cost_per_mille_of(value) as
case
    when regexp_full_match(filled(value), '[0-9]{1,12}(\.[0-9]{1,6}0*)?')
        then try_cast(filled(value) as decimal(18, 6))
end;

create or replace temp macro cost_per_mille_fault(value) as
number_fault(
    'cost_per_mille',
    value,
    cost_per_mille_of(value),
    'a decimal number with at most 6 decimals, not negative, or empty'
);

create or replace temp macro costs_fault(per_click, per_mille, per_view, per_acquisition) as
coalesce(
    cost_fault('cost_per_click', per_click),
    cost_per_mille_fault(per_mille),
    cost_fault('cost_per_view', per_view),
    cost_fault('cost_per_acquisition', per_acquisition)
);

create or replace temp macro is_time_of_day(text) as
regexp_full_match(text, '([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.0+)?)?');

create or replace temp macro word_fault(column_name, value, words) as
case
    when filled(value) is null then column_name || ' is missing'
    when not list_contains(words, filled(value))
        then unwanted(column_name, filled(value), 'one of ' || array_to_string(words, ', '))
end;

-- how far ahead a limit is foreseen: not at all, as many minutes, or as long as has been learned
create or replace temp macro stop_early_of(value) as
case
    when filled(value) in ('off', 'learned') then filled(value)
    when regexp_full_match(filled(value), '[0-9]{1,4}') and filled(value)::integer between 1 and 1440
        then filled(value)::integer::varchar
end;

create or replace temp macro stop_early_fault(value) as
case
    when filled(value) is null then 'stop_early is missing'
    when stop_early_of(value) is null
        then unwanted('stop_early', filled(value), 'off, learned, or a number of minutes from 1 to 1440')
end;

create or replace temp macro status_fault(value) as
word_fault('status', value, ['DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'BUDGET_REACHED', 'COMPLETED']);

create or replace temp macro date_of(value) as
case when regexp_full_match(filled(value), '[0-9]{4}-[0-9]{2}-[0-9]{2}') then try_cast(filled(value) as date) end;

create or replace temp macro date_fault(column_name, value) as
case
    when filled(value) is not null and date_of(value) is null
        then unwanted(column_name, filled(value), 'a date such as 2025-06-10, or empty')
end;

create or replace temp macro dates_fault(first_name, first_value, last_name, last_value) as
coalesce(
    date_fault(first_name, first_value),
    date_fault(last_name, last_value),
    case
        when date_of(last_value) < date_of(first_value)
            then format(
                '{} {} is before {} {}', last_name, date_of(last_value), first_name, date_of(first_value)
            )
    end
);

-- the number of a weekday, 1 for Monday, by the three letters of its name
create or replace temp macro weekday_of(name) as instr('montuewedthufrisatsun', name) // 3 + 1;

create or replace temp macro weekdays_fault(value) as
case
    when
        not regexp_full_match(
            lower(filled(value)),
            '\s*(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?'
            || '(\s*,\s*(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?)*\s*'
        )
        then unwanted('weekdays', filled(value), 'names and ranges such as mon-fri or sat,sun, or empty for every day')
end;

create or replace temp macro weekdays_of(value) as
case
    when filled(value) is null then [1, 2, 3, 4, 5, 6, 7]
    when weekdays_fault(value) is null then list_sort(list_distinct(flatten(list_transform(
        string_split(regexp_replace(lower(filled(value)), '\s', '', 'g'), ','),
        lambda part: list_transform(
            range((weekday_of(right(part, 3)) - weekday_of(left(part, 3)) + 7) % 7 + 1),
            lambda days: (weekday_of(left(part, 3)) - 1 + days) % 7 + 1
        )
    ))))
end::tinyint[];

create or replace temp macro window_fault(opens, closes) as
case
    when not is_time_of_day(filled(opens))
        then unwanted('allowed_start', filled(opens), 'a UTC time of day such as 09:00, or empty')
    when not (is_time_of_day(filled(closes)) or regexp_full_match(filled(closes), '24:00(:00)?'))
        then unwanted('allowed_end', filled(closes), 'a UTC time of day such as 17:00 or 24:00, or empty')
    when (filled(opens) is null) <> (filled(closes) is null)
        then 'allowed_start and allowed_end belong together: give both or neither'
    when filled(opens)::time = filled(closes)::time
        then format('allowed_start and allowed_end are both {}: leave both empty for all day', filled(opens))
end;

create or replace temp macro daypart_fault(opens, closes) as
case
    when filled(opens) is null then 'start is missing'
    when not is_time_of_day(filled(opens)) then unwanted('start', filled(opens), 'a time of day such as 09:00')
    when filled(closes) is null then 'end is missing'
    when not (is_time_of_day(filled(closes)) or regexp_full_match(filled(closes), '24:00(:00)?'))
        then unwanted('end', filled(closes), 'a time of day such as 17:00 or 24:00')
    when filled(opens)::time = filled(closes)::time
        then format('start and end are both {}: for all day give 00:00 and 24:00', filled(opens))
end;

create or replace temp macro parent_fault(column_name, id, parent_id, parent_table) as
case
    when parent_id is null
        then format('unknown {} {}: no such row in {}', column_name, filled(id), parent_table)
end;

-- what is nested in a line of JSON, and the same without what nests nothing: one level less at least
create or replace temp macro brackets_of(line) as
regexp_replace(regexp_replace(line, '"([^"\\]|\\.)*"', '', 'g'), '[^{}\[\]]', '', 'g');

create or replace temp macro without_leaves(brackets) as regexp_replace(brackets, '\{\}|\[\]', '', 'g');

-- name: local_zone
-- The zone of times that do not say in which one they are.
set variable spendgate_local_zone = $zone;

-- name: local_times
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
