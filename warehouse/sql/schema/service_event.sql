-- purpose: sums of service events, who was there, and what is older than its facts
-- grain:   see the lines below
-- reads:   nothing
-- writes:  usage_day, person_day, unknown_day, people_month, gap_day, *first*, stands_on, dirty_*
-- refresh: rollup/service_event.sql, etl/people.py
-- usage_day:    day x scene x district x channel x outcome
-- person_day:   person x day x scene x district x channel x age_band
-- unknown_day:  day x these four dimensions, events of nobody known
-- people_month: two or three of the four (NULL: not in the choice) x members
-- gap_day:      day x cut x member x the day the people were there before (NULL: longer than 61
--               days ago or never), a cut being one dimension or '' for all together
-- person_first: person x cut x member x the day of the first time or of the first completion
-- first_day:    day x cut x member, counted from person_first
-- stands_on:    the earlier months that these looked into
CREATE TABLE {db}.usage_day (
    day DATE,
    scene VARCHAR,
    district VARCHAR,
    channel VARCHAR,
    outcome VARCHAR,
    events BIGINT,
    anonymous BIGINT,
    people BIGINT
);
CREATE TABLE {db}.person_day (
    person BIGINT,
    day DATE,
    scene VARCHAR,
    district VARCHAR,
    channel VARCHAR,
    completed BOOLEAN,
    age_band VARCHAR
);
CREATE TABLE {db}.unknown_day (
    day DATE,
    scene VARCHAR,
    district VARCHAR,
    channel VARCHAR,
    age_band VARCHAR,
    events BIGINT
);
CREATE TABLE {db}.people_month (
    month DATE,
    scene VARCHAR,
    district VARCHAR,
    channel VARCHAR,
    age_band VARCHAR,
    people BIGINT
);
CREATE TABLE {db}.gap_day (
    day DATE,
    cut VARCHAR,
    member VARCHAR,
    before DATE,
    people BIGINT
);
CREATE TABLE {db}.person_first (
    person BIGINT,
    day DATE,
    cut VARCHAR,
    member VARCHAR,
    is_new BOOLEAN,
    is_served BOOLEAN
);
CREATE TABLE {db}.first_day (
    day DATE,
    cut VARCHAR,
    member VARCHAR,
    new BIGINT,
    served BIGINT
);
CREATE TABLE {db}.stands_on (month VARCHAR);
CREATE TABLE {db}.dirty_day (day DATE);
CREATE TABLE {db}.dirty_first (day DATE);
CREATE TABLE {db}.dirty_gap (day DATE);
