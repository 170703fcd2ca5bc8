-- purpose: duplicate rows, where they are over half of what was stored with new ones
-- grain:   one number: rows that break the check
-- reads:   ledger
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT CASE WHEN duplicate > loaded THEN duplicate ELSE 0 END::BIGINT FROM (
    SELECT coalesce(sum(rows_loaded), 0) AS loaded, coalesce(sum(rows_duplicate), 0) AS duplicate
    FROM {db}.ledger
);
