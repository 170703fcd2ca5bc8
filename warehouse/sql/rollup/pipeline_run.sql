-- purpose: finished runs as facts, and why rows were set aside, without their originals
-- grain:   fact: a run; quarantine_reason: a source, reason and column, each time a row came
-- reads:   state.ended, state.delivery, quarantine.original
-- writes:  fact, published_run, quarantine_reason
-- refresh: before each generation when a run has ended
CREATE OR REPLACE TEMP TABLE unpublished AS
SELECT * FROM state.ended
WHERE run_id NOT IN (
    SELECT run_id FROM {db}.published_run WHERE run_id IN (SELECT run_id FROM state.ended)
);
INSERT INTO {db}.fact
SELECT event_id, source, local::DATE, hour(local), started_at, dataset, state,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM (
    SELECT *, (md5_number(run_id) >> 1)::HUGEINT AS event_id,
        timezone('{zone}', timezone('UTC', started_at)) AS local
    FROM unpublished
)
ORDER BY started_at, event_id;
INSERT INTO {db}.published_run SELECT run_id FROM unpublished;
DELETE FROM {db}.quarantine_reason;
INSERT INTO {db}.quarantine_reason
SELECT source, reason, column_name, sum(times), min(seen_at), max(last_at),
    arg_min(item || ':' || line, row(seen_at, item, line))
FROM quarantine.original JOIN (
    SELECT batch_id, count(*) AS times, max(recorded_at) AS last_at
    FROM state.delivery SEMI JOIN {db}.published_run USING (run_id)
    WHERE rows_quarantined > 0
    GROUP BY batch_id
) USING (batch_id)
GROUP BY ALL
ORDER BY ALL;
