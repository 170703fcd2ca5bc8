-- purpose: the applications of a month equal their facts, counted another way
-- grain:   one row a check: what would be wrong, and how many rows are
-- reads:   fact, application_part, dirty_application
-- writes:  nothing
-- refresh: python -m warehouse verify
SELECT 'applications are not summed', count(*) FROM {db}.dirty_application;
SELECT 'applications are there twice', count(*) - count(DISTINCT application)
FROM {db}.application_part;
WITH steps AS (
    SELECT application, step, min(occurred_at) AS moment FROM {db}.fact
    WHERE step <> 'other' AND step <> 'unknown' GROUP BY ALL
), parts AS (
    UNPIVOT (
        SELECT application, applied_at AS applied, approved_at AS approved,
            signed_at AS signed, disbursed_at AS disbursed, declined_at AS declined,
            withdrawn_at AS withdrawn, cancelled_at AS cancelled, expired_at AS expired
        FROM {db}.application_part
    ) ON COLUMNS(* EXCLUDE (application)) INTO NAME step VALUE moment
)
SELECT 'steps of applications differ from the events', count(*) FROM (
    (TABLE steps EXCEPT ALL TABLE parts) UNION ALL (TABLE parts EXCEPT ALL TABLE steps)
);
WITH ranked AS (
    SELECT application, person, occurred_at, event_id FROM {db}.fact
), expected AS (
    SELECT application, min(occurred_at) AS first_at,
        first(person ORDER BY occurred_at, event_id) FILTER (person IS NOT NULL) AS person
    FROM ranked GROUP BY ALL
)
SELECT 'beginnings of applications differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL
        SELECT application, first_at, person FROM {db}.application_part)
    UNION ALL (SELECT application, first_at, person FROM {db}.application_part
        EXCEPT ALL TABLE expected)
);
