-- purpose: sum the touched days of service events again
-- grain:   see schema/service_event.sql
-- reads:   fact, dirty_day
-- writes:  usage_day, person_day, dirty_day
-- refresh: before each generation, for the days in dirty_day, in one transaction
DELETE FROM {db}.usage_day WHERE day IN (SELECT day FROM {db}.dirty_day);
INSERT INTO {db}.usage_day
SELECT day, scene, district, channel, outcome,
    count(*), count(*) FILTER (person IS NULL), count(DISTINCT person)
FROM {db}.fact
WHERE day IN (SELECT day FROM {db}.dirty_day)
GROUP BY ALL
ORDER BY ALL;
DELETE FROM {db}.person_day WHERE day IN (SELECT day FROM {db}.dirty_day);
INSERT INTO {db}.person_day
SELECT person, day, scene, district, channel, bool_or(outcome = 'completed')
FROM {db}.fact
WHERE person IS NOT NULL AND day IN (SELECT day FROM {db}.dirty_day)
GROUP BY ALL
ORDER BY day, person;
DELETE FROM {db}.dirty_day;
