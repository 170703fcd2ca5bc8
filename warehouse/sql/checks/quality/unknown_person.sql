-- purpose: rows without a person, in sources where they are over a half and not all
-- grain:   one number: rows that break the check
-- reads:   fact
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT coalesce(sum(missing), 0)::BIGINT FROM (
    SELECT count(*) - count(person) AS missing, count(*) AS rows
    FROM {db}.fact GROUP BY source
) WHERE missing > rows / 2 AND missing < rows AND rows >= 100;
