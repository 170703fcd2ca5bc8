-- purpose: rows of people who have more of them on a day than a person can
-- grain:   one number: rows that break the check
-- reads:   fact
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
SELECT coalesce(sum(rows), 0)::BIGINT FROM (
    SELECT count(*) AS rows FROM {db}.fact
    WHERE person IS NOT NULL GROUP BY person, day HAVING count(*) > 300
);
