select event_id, ad_id, event_type, strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%gZ') as occurred_at from generated;
select
    hash(event_id) % 100000000 as received,
    { 'id': 'u' || (hash(event_id, 1) % 1000000), 'geo': { 'country': 'DE', 'city': 'Berlin' } } as user,
    strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%gZ') as occurred_at,
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)' as user_agent,
    '10.0.0.' || (hash(event_id, 2) % 255) as ip,
    event_type,
    ['web', 'de'] as tags,
    (hash(event_id, 3) % 10000) / 10000 as viewable,
    ad_id,
    's' || hash(event_id, 4) as session,
    event_id,
    true as consent,
    null as referrer
from generated;
select
    hash(event_id) % 100000000 as received,
    event_id,
    'DE' as country,
    ad_id,
    event_type,
    'u' || (hash(event_id, 1) % 1000000) as user_id,
    strftime(occurred_at, '%Y-%m-%dT%H:%M:%S.%gZ') as occurred_at,
    '10.0.0.' || (hash(event_id, 2) % 255) as ip,
    null as referrer
from generated;
