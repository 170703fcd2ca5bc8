-- purpose: rows without a district, in sources where they are over a fifth and not all
-- grain:   one number: rows that break the check
-- reads:   fact
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT coalesce(sum(missing), 0)::BIGINT FROM (
    SELECT count(*) FILTER (district = 'unknown') AS missing, count(*) AS rows
    FROM {db}.fact GROUP BY source
) WHERE missing > rows / 5 AND missing < rows AND rows >= 100;
