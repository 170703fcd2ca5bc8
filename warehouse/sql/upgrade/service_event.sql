-- purpose: sums of service events of an earlier cockpit know no age band: all is summed anew
-- grain:   see schema/service_event.sql
-- reads:   fact
-- writes:  person_day, dirty_day
-- refresh: once, in the transaction that makes the tables an older partition lacks
ALTER TABLE {db}.person_day ADD COLUMN IF NOT EXISTS age_band VARCHAR;
DELETE FROM {db}.dirty_day;
INSERT INTO {db}.dirty_day SELECT DISTINCT day FROM {db}.fact;
