-- purpose: applications with more paid out than was approved
-- grain:   one number: rows that break the check
-- reads:   application
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT count(*) FROM {db}.application WHERE amount_disbursed > amount_approved;
