-- Events that wait for a price: their ad has none for this type, and no global price is in force.
select *
from core.unpriced
where reason like 'no price%'
