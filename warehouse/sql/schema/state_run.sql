-- purpose: runs of a home made before runs said what they were asked to do
-- grain:   a run
-- reads:   run, delivery
-- writes:  run
-- refresh: once, when a home's runs have no kind
ALTER TABLE {db}.run ADD COLUMN kind VARCHAR DEFAULT 'load';
ALTER TABLE {db}.run ADD COLUMN asked_by VARCHAR DEFAULT '';
ALTER TABLE {db}.run ADD COLUMN rows_read BIGINT DEFAULT 0;
ALTER TABLE {db}.run ADD COLUMN rows_loaded BIGINT DEFAULT 0;
ALTER TABLE {db}.run ADD COLUMN rows_duplicate BIGINT DEFAULT 0;
ALTER TABLE {db}.run ADD COLUMN rows_quarantined BIGINT DEFAULT 0;
UPDATE {db}.run AS run
SET rows_read = total.rows_read, rows_loaded = total.rows_loaded,
    rows_duplicate = total.rows_duplicate, rows_quarantined = total.rows_quarantined
FROM (
    SELECT run_id, sum(rows_read) AS rows_read, sum(rows_loaded) AS rows_loaded,
        sum(rows_duplicate) AS rows_duplicate, sum(rows_quarantined) AS rows_quarantined
    FROM {db}.delivery GROUP BY run_id
) AS total
WHERE run.run_id = total.run_id;
