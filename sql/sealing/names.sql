-- Every sealed file that belongs to the warehouse.
select name from ops.sealed_files
