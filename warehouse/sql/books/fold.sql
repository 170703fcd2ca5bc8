-- purpose: runs that have been published leave their batches' sums, reasons and nothing else
-- grain:   fold_batch: a batch with broken rows, and how often it came in these runs
-- reads:   ended, run, delivery, batch, quarantine.original
-- writes:  batch, reason; empties sample where rows were replayed
-- refresh: etl/operations.py, after the facts of these runs are written
INSERT INTO {db}.batch
SELECT md5_number(batch_id), arg_min(rows_quarantined, recorded_at), count(*), max(recorded_at)
FROM {db}.delivery SEMI JOIN {db}.ended USING (run_id)
GROUP BY batch_id
ON CONFLICT (batch) DO UPDATE SET times = times + excluded.times,
    last_at = greatest(last_at, excluded.last_at);
CREATE OR REPLACE TEMP TABLE fold_replayed AS
SELECT DISTINCT source FROM {db}.delivery SEMI JOIN {db}.ended USING (run_id)
WHERE rows_quarantined < 0;
CREATE OR REPLACE TEMP TABLE fold_batch AS
SELECT batch_id, count(*) AS times, max(recorded_at) AS last_at
FROM {db}.delivery SEMI JOIN {db}.ended USING (run_id)
WHERE rows_quarantined > 0 AND source NOT IN (FROM fold_replayed)
GROUP BY batch_id;
INSERT INTO fold_batch
SELECT batch_id, times, last_at
FROM (SELECT DISTINCT batch_id FROM quarantine.original SEMI JOIN fold_replayed USING (source))
JOIN {db}.batch ON batch = md5_number(batch_id);
DELETE FROM {db}.reason WHERE source IN (FROM fold_replayed);
DELETE FROM {db}.sample WHERE source IN (FROM fold_replayed);
CREATE OR REPLACE TEMP TABLE fold_row AS
SELECT source, reason, coalesce(column_name, '') AS column_name, item, line, original, seen_at,
    times, last_at
FROM quarantine.original JOIN fold_batch USING (batch_id);
INSERT INTO {db}.reason
SELECT source, reason, column_name, sum(times), min(seen_at), max(last_at),
    arg_min(item, row(seen_at, item, line)), arg_min(line, row(seen_at, item, line))
FROM fold_row
GROUP BY ALL
ON CONFLICT (source, reason, column_name) DO UPDATE SET rows = rows + excluded.rows,
    last_at = greatest(last_at, excluded.last_at),
    item = CASE WHEN excluded.first_at < first_at THEN excluded.item ELSE item END,
    line = CASE WHEN excluded.first_at < first_at THEN excluded.line ELSE line END,
    first_at = least(first_at, excluded.first_at);
