-- purpose: the sums of service events equal their facts, counted another way
-- grain:   one row a check: what would be wrong, and how many rows are
-- reads:   fact, usage_day, person_day, dirty_day
-- writes:  nothing
-- refresh: python -m warehouse verify
SELECT 'days are not summed', count(*) FROM {db}.dirty_day;
WITH people AS (
    SELECT DISTINCT day, scene, district, channel, outcome, person
    FROM {db}.fact
), counted AS (
    SELECT day, scene, district, channel, outcome, count(person) AS people
    FROM people GROUP BY ALL
), rows AS (
    SELECT day, scene, district, channel, outcome, count(*) AS events,
        count(*) - count(person) AS anonymous
    FROM {db}.fact GROUP BY ALL
), expected AS (
    SELECT rows.*, counted.people
    FROM rows JOIN counted USING (day, scene, district, channel, outcome)
)
SELECT 'sums of days differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE {db}.usage_day)
    UNION ALL (TABLE {db}.usage_day EXCEPT ALL TABLE expected)
);
WITH expected AS (
    SELECT person, day, scene, district, channel,
        count(*) FILTER (outcome = 'completed') > 0 AS completed
    FROM {db}.fact WHERE person IS NOT NULL GROUP BY ALL
)
SELECT 'active days of people differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE {db}.person_day)
    UNION ALL (TABLE {db}.person_day EXCEPT ALL TABLE expected)
);
