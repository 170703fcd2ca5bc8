-- purpose: applications approved that nobody applied for
-- grain:   one number: rows that break the check
-- reads:   application
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT count(*) FROM {db}.application WHERE approved_at IS NOT NULL AND applied_at IS NULL;
