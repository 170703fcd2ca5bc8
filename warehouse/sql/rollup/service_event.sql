-- purpose: sum the touched days of service events again
-- grain:   see schema/service_event.sql
-- reads:   fact, dirty_day
-- writes:  usage_day, person_day, unknown_day, dirty_first, dirty_gap, dirty_day
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
SELECT person, day, scene, district, channel, bool_or(outcome = 'completed'), age_band
FROM {db}.fact
WHERE person IS NOT NULL AND day IN (SELECT day FROM {db}.dirty_day)
GROUP BY ALL
ORDER BY day, district, scene, person;
DELETE FROM {db}.unknown_day WHERE day IN (SELECT day FROM {db}.dirty_day);
INSERT INTO {db}.unknown_day
SELECT day, scene, district, channel, age_band, count(*)
FROM {db}.fact
WHERE person IS NULL AND day IN (SELECT day FROM {db}.dirty_day)
GROUP BY ALL
ORDER BY ALL;
INSERT INTO {db}.dirty_first SELECT unnest([min(day), max(day)]) FROM {db}.dirty_day;
INSERT INTO {db}.dirty_gap SELECT min(day) FROM {db}.dirty_day;
DELETE FROM {db}.dirty_day;
