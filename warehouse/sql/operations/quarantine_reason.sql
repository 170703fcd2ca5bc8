-- purpose: why rows were set aside, each time a row came in a run that has ended
-- grain:   a source, reason and column; the most frequent 2,000
-- reads:   state.reason
-- writes:  operations.quarantine_reason
-- refresh: before each generation
SELECT source, reason, column_name, rows, first_at, last_at, item || ':' || line
FROM {db}.reason
ORDER BY rows DESC, source, reason, column_name
LIMIT 2000;
