-- purpose: what published runs no longer need, and runs that are neither new nor their source's last
-- grain:   a delivery, a run
-- reads:   ended
-- writes:  delivery, ended, run; drops what the fold has made in passing
-- refresh: with books/fold.sql, in its transaction
DELETE FROM {db}.delivery WHERE run_id IN (SELECT run_id FROM {db}.ended);
DELETE FROM {db}.ended;
DELETE FROM {db}.run WHERE run_id IN (
    SELECT run_id FROM {db}.run WHERE state <> 'running'
    QUALIFY row_number() OVER (ORDER BY started_at DESC, run_id) > 2000
        AND row_number() OVER (PARTITION BY source ORDER BY started_at DESC, run_id) > 50
);
DROP TABLE fold_row;
DROP TABLE fold_batch;
DROP TABLE fold_replayed;
