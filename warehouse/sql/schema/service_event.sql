-- purpose: sums of service events, and the days whose sums are older than their facts
-- grain:   usage_day: day x scene x district x channel x outcome; person_day: person x these
-- reads:   nothing
-- writes:  usage_day, person_day, dirty_day
-- refresh: rollup/service_event.sql
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
    completed BOOLEAN
);
CREATE TABLE {db}.dirty_day (day DATE);
