-- purpose: a partition holds exactly what its ledger says
-- grain:   one row a check: what would be wrong, and how many rows are
-- reads:   fact, ledger
-- writes:  nothing
-- refresh: python -m warehouse verify
SELECT 'rows differ from what the ledger counts',
    abs((SELECT count(*) FROM {db}.fact)
        - (SELECT coalesce(sum(rows_loaded), 0)::BIGINT FROM {db}.ledger));
SELECT 'events are not those the ledger counted',
    CASE WHEN (SELECT bit_xor(event_id) FROM {db}.fact)
        IS DISTINCT FROM (SELECT bit_xor(checksum) FROM {db}.ledger) THEN 1 ELSE 0 END;
SELECT 'events are there twice', count(*) - count(DISTINCT event_id) FROM {db}.fact;
SELECT 'days lie in another month', count(*)
FROM {db}.fact WHERE strftime(day, '%Y-%m') IS DISTINCT FROM '{month}';
