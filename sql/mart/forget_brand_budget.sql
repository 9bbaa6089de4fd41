-- Make room for the new decision.
delete from mart.brand_budget
