-- purpose: the newest runs of all, and of each source
-- grain:   a run
-- reads:   state.run, state.delivery
-- writes:  operations.run
-- refresh: before each generation
WITH ranked AS (
    SELECT *, row_number() OVER newest AS number, row_number() OVER own AS own_number
    FROM {db}.run
    WINDOW newest AS (ORDER BY started_at DESC, run_id),
        own AS (PARTITION BY source ORDER BY started_at DESC, run_id)
), going AS (
    SELECT run_id, sum(delivery.rows_read) AS rows_read, sum(delivery.rows_loaded) AS rows_loaded,
        sum(delivery.rows_duplicate) AS rows_duplicate,
        sum(delivery.rows_quarantined) AS rows_quarantined
    FROM {db}.delivery AS delivery
    SEMI JOIN (SELECT run_id FROM {db}.run WHERE state = 'running') USING (run_id)
    GROUP BY run_id
)
SELECT run_id, source, dataset, kind, asked_by, started_at, ended_at, state,
    coalesce(going.rows_read, ranked.rows_read)::BIGINT,
    coalesce(going.rows_loaded, ranked.rows_loaded)::BIGINT,
    coalesce(going.rows_duplicate, ranked.rows_duplicate)::BIGINT,
    coalesce(going.rows_quarantined, ranked.rows_quarantined)::BIGINT, message
FROM ranked LEFT JOIN going USING (run_id)
WHERE number <= 1000 OR own_number <= 20
ORDER BY started_at, run_id;
