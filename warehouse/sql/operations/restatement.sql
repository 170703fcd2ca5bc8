-- purpose: published numbers that have changed since
-- grain:   a change of a metric's cell; the newest 5,000
-- reads:   state.restatement
-- writes:  operations.restatement
-- refresh: before each generation
SELECT metric, dimension, member, start_day, end_day, old, new, cause, sources, rows, seen_at,
    generation
FROM {db}.restatement
ORDER BY seen_at DESC, metric, dimension, member, start_day
LIMIT 5000;
