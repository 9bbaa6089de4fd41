-- Reference rows that are not in force yet, loaded while a clock was ahead: `spendgate mend-versions` brings them in.
select
    rows_in_force.table_name,
    rows_in_force.id,
    rows_in_force.valid_from
from internal.reference_rows as rows_in_force
where rows_in_force.valid_from > $clock
order by
    rows_in_force.table_name,
    rows_in_force.id
