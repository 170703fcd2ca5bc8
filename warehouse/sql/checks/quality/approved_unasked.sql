-- purpose: applications approved that nobody applied for in this month or the one before
-- grain:   one number: rows that break the check
-- reads:   application_part of two months
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT count(*) FROM {db}.application_part
WHERE approved_at IS NOT NULL AND applied_at IS NULL AND application NOT IN (
    SELECT application FROM {before}.application_part WHERE applied_at IS NOT NULL
);
