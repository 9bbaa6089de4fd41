-- Files that are needed again, or gone.
delete from ops.files_let_go
where path in $paths
