-- purpose: what operators asked for
-- grain:   a request; the newest 200
-- reads:   state.request
-- writes:  operations.request
-- refresh: before each generation
SELECT request_id, kind, source, reason, start_day, end_day, asked_by, asked_at, state, run_id,
    message
FROM {db}.request
ORDER BY asked_at DESC, request_id
LIMIT 200;
