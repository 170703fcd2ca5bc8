-- purpose: sum the touched applications of this month again
-- grain:   see schema/loan_event.sql
-- reads:   fact, dirty_application
-- writes:  application_part, dirty_application
-- refresh: before each generation, for the applications in dirty_application, in one transaction
DELETE FROM {db}.application_part
WHERE application IN (SELECT application FROM {db}.dirty_application);
INSERT INTO {db}.application_part
SELECT application,
    min(occurred_at),
    arg_min(person, place) FILTER (person IS NOT NULL),
    coalesce(arg_min(product, place) FILTER (product <> 'unknown'), 'unknown'),
    coalesce(arg_min(audience, place) FILTER (audience <> 'unknown'), 'unknown'),
    coalesce(arg_min(dealer, place) FILTER (dealer <> 'unknown'), 'unknown'),
    coalesce(arg_min(channel, place) FILTER (channel <> 'unknown'), 'unknown'),
    coalesce(arg_min(district, place) FILTER (district <> 'unknown'), 'unknown'),
    min(occurred_at) FILTER (step = 'applied'),
    min(occurred_at) FILTER (step = 'approved'),
    min(occurred_at) FILTER (step = 'signed'),
    min(occurred_at) FILTER (step = 'disbursed'),
    min(occurred_at) FILTER (step = 'declined'),
    min(occurred_at) FILTER (step = 'withdrawn'),
    min(occurred_at) FILTER (step = 'cancelled'),
    min(occurred_at) FILTER (step = 'expired'),
    arg_min(amount, place) FILTER (step = 'applied' AND amount IS NOT NULL),
    arg_min(amount, place) FILTER (step = 'approved' AND amount IS NOT NULL),
    arg_min(amount, place) FILTER (step = 'disbursed' AND amount IS NOT NULL),
    coalesce(arg_min(reason, place) FILTER (step = 'declined'), 'unknown'),
    bool_or(credit_bureau),
    bool_or(public_trust),
    bool_or(judicial),
    bool_or(manual)
FROM (
    SELECT *, row(occurred_at, event_id) AS place
    FROM {db}.fact
    WHERE application IN (SELECT application FROM {db}.dirty_application)
)
GROUP BY application
ORDER BY min(occurred_at), application;
DELETE FROM {db}.dirty_application;
