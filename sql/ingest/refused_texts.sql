-- One row per refused line as it was delivered.
create or replace temp table refused_texts (file_id bigint, line_number bigint, raw varchar)
