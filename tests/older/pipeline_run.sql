-- purpose: why rows were set aside, without the rows themselves, and which runs are in fact
-- grain:   quarantine_reason: a source, reason and column; published_run: a run
-- reads:   nothing
-- writes:  quarantine_reason, published_run
-- refresh: etl/publish.py, from the ETL's books, before each generation
CREATE TABLE {db}.quarantine_reason (
    source VARCHAR,
    reason VARCHAR,
    column_name VARCHAR,
    rows BIGINT,
    first_at TIMESTAMP,
    last_at TIMESTAMP,
    sample_line VARCHAR
);
CREATE TABLE {db}.published_run (run_id VARCHAR PRIMARY KEY);
