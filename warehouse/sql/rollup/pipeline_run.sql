-- purpose: finished runs as facts, and why rows were set aside, without their originals
-- grain:   fact: a run; quarantine_reason: a source, reason and column
-- reads:   state.run, state.delivery, quarantine.original
-- writes:  fact, published_run, quarantine_reason
-- refresh: before each generation when a run has ended or a row was set aside
INSERT INTO {db}.fact
SELECT event_id, source, local::DATE, hour(local), started_at, dataset, state,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM (
    SELECT (md5_number(run.run_id) >> 1)::HUGEINT AS event_id, run.source, run.dataset,
        run.state, run.started_at,
        timezone('{zone}', timezone('UTC', run.started_at)) AS local,
        coalesce(sum(rows_read), 0)::BIGINT AS rows_read,
        coalesce(sum(rows_loaded), 0)::BIGINT AS rows_loaded,
        coalesce(sum(rows_duplicate), 0)::BIGINT AS rows_duplicate,
        coalesce(sum(rows_quarantined), 0)::BIGINT AS rows_quarantined
    FROM state.run AS run LEFT JOIN state.delivery AS delivery ON run.run_id = delivery.run_id
    WHERE run.state <> 'running'
        AND run.run_id NOT IN (SELECT run_id FROM {db}.published_run)
    GROUP BY run.run_id, run.source, run.dataset, run.state, run.started_at
)
ORDER BY started_at, event_id;
INSERT INTO {db}.published_run
SELECT run_id FROM state.run
WHERE state <> 'running' AND run_id NOT IN (SELECT run_id FROM {db}.published_run);
DELETE FROM {db}.quarantine_reason;
INSERT INTO {db}.quarantine_reason
SELECT source, reason, column_name, count(*), min(seen_at), max(seen_at),
    arg_min(item || ':' || line, row(seen_at, item, line))
FROM quarantine.original
GROUP BY ALL
ORDER BY ALL;
