-- purpose: broken rows with their originals, and which batches brought them
-- grain:   original: one row a broken row; ledger: one row a batch
-- reads:   nothing
-- writes:  original, ledger
-- refresh: with each batch, after its good rows and before its position moves
CREATE TABLE {db}.original (
    source VARCHAR,
    run_id VARCHAR,
    batch_id VARCHAR,
    item VARCHAR,
    line BIGINT,
    column_name VARCHAR,
    reason VARCHAR,
    original VARCHAR,
    seen_at TIMESTAMP
);
CREATE TABLE {db}.ledger (
    batch_id VARCHAR PRIMARY KEY,
    run_id VARCHAR,
    rows_quarantined BIGINT,
    seen_at TIMESTAMP
);
