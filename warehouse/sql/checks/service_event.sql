-- purpose: the sums of service events equal their facts, counted another way
-- grain:   one row a check: what would be wrong, and how many rows are
-- reads:   fact, every table of sums, dirty_*
-- writes:  nothing
-- refresh: python -m warehouse verify
SELECT 'days are not summed', count(*) FROM (
    TABLE {db}.dirty_day UNION ALL TABLE {db}.dirty_first UNION ALL TABLE {db}.dirty_gap
);
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
        count(*) FILTER (outcome = 'completed') > 0 AS completed, age_band
    FROM {db}.fact WHERE person IS NOT NULL GROUP BY ALL
)
SELECT 'active days of people differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE {db}.person_day)
    UNION ALL (TABLE {db}.person_day EXCEPT ALL TABLE expected)
);
WITH whole AS (
    SELECT day, '' AS cut, '' AS member, person FROM {db}.fact
    UNION ALL SELECT day, 'scene', scene, person FROM {db}.fact
    UNION ALL SELECT day, 'district', district, person FROM {db}.fact
    UNION ALL SELECT day, 'channel', channel, person FROM {db}.fact
    UNION ALL SELECT day, 'age_band', age_band, person FROM {db}.fact
), expected AS (
    SELECT day, cut, member, count(*) AS people
    FROM (SELECT DISTINCT * FROM whole WHERE person IS NOT NULL) GROUP BY ALL
), found AS (
    SELECT day, cut, member, CAST(sum(people) AS BIGINT) AS people FROM {db}.gap_day GROUP BY ALL
)
SELECT 'people of days differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)
);
WITH expected AS (
    SELECT day, scene, district, channel, age_band, count(*) - count(person) AS events
    FROM {db}.fact GROUP BY ALL HAVING count(*) > count(person)
)
SELECT 'events of nobody known differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE {db}.unknown_day)
    UNION ALL (TABLE {db}.unknown_day EXCEPT ALL TABLE expected)
);
WITH kept AS (
    SELECT DISTINCT scene IS NULL AS no_scene, district IS NULL AS no_district,
        channel IS NULL AS no_channel, age_band IS NULL AS no_age_band
    FROM {db}.people_month
), expected AS (
    SELECT CASE WHEN NOT no_scene THEN scene END AS scene,
        CASE WHEN NOT no_district THEN district END AS district,
        CASE WHEN NOT no_channel THEN channel END AS channel,
        CASE WHEN NOT no_age_band THEN age_band END AS age_band, count(DISTINCT person) AS people
    FROM {db}.fact, kept WHERE person IS NOT NULL GROUP BY ALL
), found AS (
    SELECT scene, district, channel, age_band, people FROM {db}.people_month
)
SELECT 'people of the month differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)
);
WITH expected AS (
    SELECT day, cut, member, count(*) FILTER (is_new) AS new, count(*) FILTER (is_served) AS served
    FROM {db}.person_first GROUP BY ALL
)
SELECT 'counts of first days differ from the people', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE {db}.first_day)
    UNION ALL (TABLE {db}.first_day EXCEPT ALL TABLE expected)
);
