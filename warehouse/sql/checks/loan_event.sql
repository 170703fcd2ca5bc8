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
WITH ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY application ORDER BY occurred_at, event_id
    ) AS turn
    FROM {db}.fact
), told AS (
    SELECT application, attribute, value, turn FROM (
        UNPIVOT (
            SELECT application, turn,
                nullif(product, 'unknown') AS product, nullif(audience, 'unknown') AS audience,
                nullif(dealer, 'unknown') AS dealer, nullif(channel, 'unknown') AS channel,
                nullif(district, 'unknown') AS district,
                CASE WHEN step = 'declined' THEN reason END AS reason,
                CASE WHEN step = 'applied' THEN amount::VARCHAR END AS amount_applied,
                CASE WHEN step = 'approved' THEN amount::VARCHAR END AS amount_approved,
                CASE WHEN step = 'disbursed' THEN amount::VARCHAR END AS amount_disbursed
            FROM ranked
        ) ON COLUMNS(* EXCLUDE (application, turn)) INTO NAME attribute VALUE value
    )
), expected AS (
    SELECT application, attribute, value FROM told
    QUALIFY row_number() OVER (PARTITION BY application, attribute ORDER BY turn) = 1
), parts AS (
    UNPIVOT (
        SELECT application, nullif(product, 'unknown') AS product,
            nullif(audience, 'unknown') AS audience, nullif(dealer, 'unknown') AS dealer,
            nullif(channel, 'unknown') AS channel, nullif(district, 'unknown') AS district,
            nullif(reason, 'unknown') AS reason, amount_applied::VARCHAR AS amount_applied,
            amount_approved::VARCHAR AS amount_approved,
            amount_disbursed::VARCHAR AS amount_disbursed
        FROM {db}.application_part
    ) ON COLUMNS(* EXCLUDE (application)) INTO NAME attribute VALUE value
)
SELECT 'attributes of applications differ from the events', count(*) FROM (
    (SELECT * FROM expected WHERE value <> 'unknown' EXCEPT ALL TABLE parts)
    UNION ALL (TABLE parts EXCEPT ALL SELECT * FROM expected WHERE value <> 'unknown')
);
WITH flags AS (
    SELECT application,
        max(credit_bureau::TINYINT), max(public_trust::TINYINT),
        max(judicial::TINYINT), max(manual::TINYINT)
    FROM {db}.fact GROUP BY ALL
), parts AS (
    SELECT application, credit_bureau::TINYINT, public_trust::TINYINT,
        judicial::TINYINT, manual::TINYINT
    FROM {db}.application_part
)
SELECT 'what was verified of applications differs from the events', count(*) FROM (
    (TABLE flags EXCEPT ALL TABLE parts) UNION ALL (TABLE parts EXCEPT ALL TABLE flags)
);
