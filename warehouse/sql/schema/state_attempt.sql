-- purpose: deliveries that were refused before they held the watermark hold it from now on
-- grain:   an item
-- reads:   standing
-- writes:  attempt
-- refresh: once, when a home's attempts hold nothing
ALTER TABLE {db}.attempt ADD COLUMN held_at TIMESTAMP;
UPDATE {db}.attempt AS attempt SET held_at = greatest(event_until, quiet_until)
FROM {db}.standing AS standing
WHERE standing.source = attempt.source;
