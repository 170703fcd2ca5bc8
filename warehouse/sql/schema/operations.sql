-- purpose: what operators see of the pipeline: see warehouse/operations.py
-- grain:   a run, a reason, an example, a changed number, an incident, a drift, an item, a check
-- reads:   nothing
-- writes:  every table of the published file `operations`
-- refresh: etl/operations.py, from the ETL's books, before each generation
CREATE TABLE {db}.run (
    run_id VARCHAR,
    source VARCHAR,
    dataset VARCHAR,
    kind VARCHAR,
    asked_by VARCHAR,
    started_at TIMESTAMP,
    ended_at TIMESTAMP,
    state VARCHAR,
    rows_read BIGINT,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    rows_quarantined BIGINT,
    message VARCHAR
);
CREATE TABLE {db}.quarantine_reason (
    source VARCHAR,
    reason VARCHAR,
    column_name VARCHAR,
    rows BIGINT,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    sample_line VARCHAR
);
CREATE TABLE {db}.sample (
    source VARCHAR,
    reason VARCHAR,
    column_name VARCHAR,
    item VARCHAR,
    line BIGINT,
    original VARCHAR,
    seen_at TIMESTAMP
);
CREATE TABLE {db}.restatement (
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
CREATE TABLE {db}.incident (
    incident_id VARCHAR,
    source VARCHAR,
    kind VARCHAR,
    message VARCHAR,
    opened_at TIMESTAMP,
    told_at TIMESTAMP,
    closed_at TIMESTAMP
);
CREATE TABLE {db}.drift (
    source VARCHAR,
    item VARCHAR,
    column_name VARCHAR,
    kind VARCHAR,
    was VARCHAR,
    now VARCHAR,
    seen_at TIMESTAMP
);
CREATE TABLE {db}.parked (
    source VARCHAR,
    item VARCHAR,
    tries INTEGER,
    reason VARCHAR,
    since TIMESTAMP
);
CREATE TABLE {db}.check_result (
    dataset VARCHAR,
    month VARCHAR,
    check_key VARCHAR,
    severity VARCHAR,
    rows BIGINT,
    checked_at TIMESTAMP
);
CREATE TABLE {db}.request (
    request_id VARCHAR,
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
