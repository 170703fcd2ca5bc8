-- purpose: the books of a partition file, beside its fact table (made from datasets.py)
-- grain:   ledger: one row a batch that put rows into this file
-- reads:   nothing
-- writes:  ledger
-- refresh: in the transaction that writes the batch's rows
CREATE TABLE {db}.ledger (
    batch_id VARCHAR PRIMARY KEY,
    run_id VARCHAR,
    rows_loaded BIGINT,
    rows_duplicate BIGINT,
    checksum HUGEINT,
    loaded_at TIMESTAMP
);
