-- purpose: how each data-quality check came out last
-- grain:   a check of a partition; those that are broken, and the newest month of each dataset
-- reads:   state.check_result
-- writes:  operations.check_result
-- refresh: before each generation
SELECT dataset, month, check_key, severity, rows, checked_at
FROM {db}.check_result
QUALIFY rows > 0 OR month = max(month) OVER (PARTITION BY dataset, check_key)
ORDER BY dataset, month, check_key;
