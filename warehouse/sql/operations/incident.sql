-- purpose: what needs a person, and what did
-- grain:   an incident; all open ones and the newest 500
-- reads:   state.incident
-- writes:  operations.incident
-- refresh: before each generation
SELECT incident_id, source, kind, message, opened_at, told_at, closed_at
FROM {db}.incident
QUALIFY closed_at IS NULL OR row_number() OVER (ORDER BY opened_at DESC, incident_id) <= 500
ORDER BY opened_at, incident_id;
