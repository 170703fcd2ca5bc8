-- purpose: days without a row between days with rows, in sources that deliver on most days
-- grain:   one number: rows that break the check
-- reads:   fact
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT coalesce(sum(span - days), 0)::BIGINT FROM (
    SELECT count(DISTINCT day) AS days, date_diff('day', min(day), max(day)) + 1 AS span
    FROM {db}.fact GROUP BY source
) WHERE days >= 10 AND days >= span * 0.9;
