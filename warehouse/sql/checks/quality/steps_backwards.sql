-- purpose: applications with a step earlier than the one before it
-- grain:   one number: rows that break the check
-- reads:   application
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT count(*) FROM {db}.application
WHERE approved_at < applied_at OR signed_at < approved_at OR disbursed_at < signed_at
    OR disbursed_at < approved_at OR disbursed_at < applied_at;
