-- One row: how many writing transactions this warehouse has committed. Part of each of them.
merge into ops.revision as revision
using (select 1 as revision) as first_one
    on true
when matched then update set revision = revision.revision + 1
when not matched then insert (revision) values (first_one.revision)
