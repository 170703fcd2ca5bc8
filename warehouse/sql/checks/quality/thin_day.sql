-- purpose: days on which a source has under half of the median of the same weekday
-- grain:   one number: rows that break the check
-- reads:   fact
-- writes:  nothing
-- refresh: before each generation, for partitions that have changed
WITH days AS (
    SELECT source, day, count(*) AS rows FROM {db}.fact GROUP BY ALL
), compared AS (
    SELECT *, median(rows) OVER same AS usual, count(*) OVER same AS weeks,
        max(day) OVER (PARTITION BY source) AS last
    FROM days
    WINDOW same AS (PARTITION BY source, isodow(day))
)
SELECT count(*) FROM compared
WHERE weeks >= 3 AND usual >= 20 AND rows < usual / 2 AND day < last;
