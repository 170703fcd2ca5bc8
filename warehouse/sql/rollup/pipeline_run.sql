-- purpose: runs that have ended as facts of the month in which they started
-- grain:   fact: a run
-- reads:   state.ended
-- writes:  fact
-- refresh: before each generation, for the months of runs that have ended since
INSERT INTO {db}.fact
SELECT event_id, source, local::DATE, hour(local), started_at, dataset, state,
    rows_read, rows_loaded, rows_duplicate, rows_quarantined
FROM (
    SELECT *, (md5_number(run_id) >> 1)::HUGEINT AS event_id,
        timezone('{zone}', timezone('UTC', started_at)) AS local
    FROM state.ended
)
ANTI JOIN (SELECT event_id FROM {db}.fact) USING (event_id)
WHERE strftime(local, '%Y-%m') = '{month}'
ORDER BY started_at, event_id;
