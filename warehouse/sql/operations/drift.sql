-- purpose: columns of sources that are not what they were
-- grain:   a change of a column; the newest 50 of each source
-- reads:   state.drift
-- writes:  operations.drift
-- refresh: before each generation
SELECT source, item, column_name, kind, was, now, seen_at
FROM {db}.drift
QUALIFY row_number() OVER (PARTITION BY source ORDER BY seen_at DESC, column_name) <= 50
ORDER BY seen_at, source, column_name;
