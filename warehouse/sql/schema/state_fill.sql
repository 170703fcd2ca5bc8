-- purpose: fill the newer tables of the ETL's books from the older ones, in a home made before
-- grain:   see schema/state.sql
-- reads:   run, delivery
-- writes:  standing, ended
-- refresh: once, when a home has runs but no standing
INSERT INTO {db}.standing
SELECT source, coalesce(sum(delivery.rows_read), 0), coalesce(sum(delivery.rows_loaded), 0),
    coalesce(sum(delivery.rows_duplicate), 0), coalesce(sum(delivery.rows_quarantined), 0),
    max(event_until), NULL,
    any_value(last.run_id), any_value(last.started_at), any_value(last.state),
    any_value(last.message)
FROM (
    SELECT * FROM {db}.run
    QUALIFY row_number() OVER (PARTITION BY source ORDER BY started_at DESC, run_id) = 1
) AS last LEFT JOIN {db}.delivery AS delivery USING (source)
GROUP BY source;
INSERT OR IGNORE INTO {db}.ended
SELECT run_id, source, dataset, started_at, state,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM {db}.run
WHERE state <> 'running';
