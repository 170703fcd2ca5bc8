-- purpose: the ETL's books: runs, what each batch came to, how far each item has been read
-- grain:   run: a run; delivery: a batch of a run; position: an item; standing: a source; ended: an unpublished run
-- reads:   nothing
-- writes:  run, delivery, position, standing, ended
-- refresh: last step of each batch; start and end of each run
CREATE TABLE IF NOT EXISTS {db}.run (
    run_id VARCHAR PRIMARY KEY,
    source VARCHAR,
    dataset VARCHAR,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    state VARCHAR,
    message VARCHAR
);
CREATE TABLE IF NOT EXISTS {db}.delivery (
    batch_id VARCHAR,
    run_id VARCHAR,
    item VARCHAR,
    source VARCHAR,
    rows_read BIGINT,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    rows_quarantined BIGINT,
    event_until TIMESTAMP,
    recorded_at TIMESTAMP,
    PRIMARY KEY (batch_id, run_id, item)
);
CREATE TABLE IF NOT EXISTS {db}.position (
    source VARCHAR,
    item VARCHAR,
    size BIGINT,
    mtime_ns BIGINT,
    sha256 VARCHAR,
    moved_at TIMESTAMP,
    PRIMARY KEY (source, item)
);
CREATE TABLE IF NOT EXISTS {db}.standing (
    source VARCHAR PRIMARY KEY,
    rows_read BIGINT,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    rows_quarantined BIGINT,
    event_until TIMESTAMP,
    quiet_until TIMESTAMP,
    run_id VARCHAR,
    run_started_at TIMESTAMP,
    run_state VARCHAR,
    run_message VARCHAR
);
CREATE TABLE IF NOT EXISTS {db}.ended (
    run_id VARCHAR PRIMARY KEY,
    source VARCHAR,
    dataset VARCHAR,
    started_at TIMESTAMP,
    state VARCHAR,
    rows_read BIGINT,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    rows_quarantined BIGINT
);
