-- purpose: the ETL's books: runs, what each batch came to, how far items are read, what went wrong
-- grain:   as the primary keys say; standing: a source; ended: a run that is not published yet
-- reads:   nothing
-- writes:  every table of the books
-- refresh: last step of each batch; start and end of each run; whenever something goes wrong
CREATE TABLE IF NOT EXISTS {db}.run (
    run_id VARCHAR PRIMARY KEY,
    source VARCHAR,
    dataset VARCHAR,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    state VARCHAR,
    message VARCHAR,
    kind VARCHAR,
    asked_by VARCHAR,
    rows_read BIGINT,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    rows_quarantined BIGINT
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
    version VARCHAR,
    sha256 VARCHAR,
    cursor VARCHAR,
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
CREATE TABLE IF NOT EXISTS {db}.attempt (
    source VARCHAR,
    item VARCHAR,
    version VARCHAR,
    tries INTEGER,
    reason VARCHAR,
    since TIMESTAMP,
    held_at TIMESTAMP,
    PRIMARY KEY (source, item)
);
CREATE TABLE IF NOT EXISTS {db}.column_shape (
    source VARCHAR,
    column_name VARCHAR,
    shape VARCHAR,
    seen_at TIMESTAMP,
    PRIMARY KEY (source, column_name)
);
CREATE TABLE IF NOT EXISTS {db}.drift (
    source VARCHAR,
    item VARCHAR,
    column_name VARCHAR,
    kind VARCHAR,
    was VARCHAR,
    now VARCHAR,
    seen_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.incident (
    incident_id VARCHAR PRIMARY KEY,
    source VARCHAR,
    kind VARCHAR,
    message VARCHAR,
    opened_at TIMESTAMP,
    told_at TIMESTAMP,
    closed_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.request (
    request_id VARCHAR PRIMARY KEY,
    kind VARCHAR,
    source VARCHAR,
    reason VARCHAR,
    start_day DATE,
    end_day DATE,
    asked_by VARCHAR,
    asked_at TIMESTAMP,
    state VARCHAR,
    run_id VARCHAR,
    message VARCHAR
);
CREATE TABLE IF NOT EXISTS {db}.late (
    dataset VARCHAR,
    day DATE,
    source VARCHAR,
    rows BIGINT,
    first_at TIMESTAMP,
    cause VARCHAR,
    generation BIGINT,
    PRIMARY KEY (dataset, day, source)
);
CREATE TABLE IF NOT EXISTS {db}.restatement (
    metric VARCHAR,
    dimension VARCHAR,
    member VARCHAR,
    start_day DATE,
    end_day DATE,
    old DOUBLE,
    new DOUBLE,
    cause VARCHAR,
    sources VARCHAR[],
    rows BIGINT,
    seen_at TIMESTAMP,
    generation BIGINT
);
CREATE TABLE IF NOT EXISTS {db}.part (
    source VARCHAR,
    item VARCHAR,
    batch_id VARCHAR,
    event_until TIMESTAMP,
    PRIMARY KEY (source, item, batch_id)
);
CREATE TABLE IF NOT EXISTS {db}.batch (
    batch UHUGEINT PRIMARY KEY,
    rows_quarantined BIGINT,
    times BIGINT,
    last_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.personal (
    source VARCHAR PRIMARY KEY,
    columns VARCHAR[],
    since TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.reason (
    source VARCHAR,
    reason VARCHAR,
    column_name VARCHAR,
    rows BIGINT,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    item VARCHAR,
    line BIGINT,
    PRIMARY KEY (source, reason, column_name)
);
CREATE TABLE IF NOT EXISTS {db}.sample (
    source VARCHAR,
    reason VARCHAR,
    column_name VARCHAR,
    item VARCHAR,
    line BIGINT,
    original VARCHAR,
    seen_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.identity (source VARCHAR PRIMARY KEY, mark VARCHAR);
CREATE TABLE IF NOT EXISTS {db}.check_result (
    dataset VARCHAR,
    month VARCHAR,
    check_key VARCHAR,
    severity VARCHAR,
    rows BIGINT,
    checked_at TIMESTAMP,
    PRIMARY KEY (dataset, month, check_key)
);
