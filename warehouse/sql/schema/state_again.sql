-- purpose: a home made before runs were cut into months: every run is published once more
-- grain:   ended: a run; personal: a source whose originals so far are shown to nobody
-- reads:   run
-- writes:  ended, personal
-- refresh: once, when a home's books have no batches of their own
INSERT OR IGNORE INTO {db}.ended
SELECT run_id, source, dataset, started_at, state,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM {db}.run
WHERE state <> 'running';
INSERT OR IGNORE INTO {db}.personal
SELECT DISTINCT source, []::VARCHAR[], now()::TIMESTAMP FROM {db}.run;
