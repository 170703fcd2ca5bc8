-- purpose: broken rows as examples, without personal columns
-- grain:   at most five for a source, reason and column; the newest 2,000
-- reads:   state.sample
-- writes:  operations.sample
-- refresh: before each generation
SELECT source, reason, column_name, item, line, original, seen_at
FROM {db}.sample
ORDER BY seen_at DESC, source, reason, column_name, item, line
LIMIT 2000;
