-- One row per delivered file that was refused whole and not taken again under its name since.
create or replace view internal.refused_files as
select files.*
from ops.delivered_files as files
where
    files.outcome = 'QUARANTINED'
    and not exists (
        from ops.delivered_files as later
        where later.name = files.name and later.file_id > files.file_id
    );
comment on view internal.refused_files is 'One row per delivered file that was refused whole and not taken again under its name since.';
