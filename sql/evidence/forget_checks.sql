-- Let every stored change be derived again.
truncate ops.evidence_checks
