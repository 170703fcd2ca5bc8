-- purpose: the applications of a month equal their facts in all months, counted another way
-- grain:   one row a check: what would be wrong, and how many rows are
-- reads:   application, dirty_application; {facts} and {applications}: those of every month
-- writes:  nothing
-- refresh: python -m warehouse verify
SELECT 'applications are not summed', count(*) FROM {db}.dirty_application;
SELECT 'applications are there twice', count(*) FROM (
    SELECT application FROM {applications} SEMI JOIN {db}.application USING (application)
    GROUP BY application HAVING count(*) > 1
);
SELECT 'applications are missing', count(DISTINCT application)
FROM {db}.fact ANTI JOIN {applications} USING (application);
WITH events AS (
    SELECT *, row_number() OVER (PARTITION BY application ORDER BY occurred_at, event_id) AS turn
    FROM {facts} SEMI JOIN {db}.application USING (application)
), begun AS (
    SELECT application, min(occurred_at) AS first_at,
        first(person ORDER BY turn) FILTER (person IS NOT NULL) AS person,
        first(source ORDER BY turn) AS source,
        first({'moment': occurred_at, 'd': "day", 'h': "hour"}
            ORDER BY step <> 'applied', turn) AS cohort
    FROM events GROUP BY ALL
), expected AS (
    SELECT application, first_at, person, source, cohort.moment AS cohort_at, cohort.d AS "day",
        cohort.h AS "hour"
    FROM begun
), stored AS (
    SELECT application, first_at, person, source, cohort_at, "day", "hour" FROM {db}.application
)
SELECT 'beginnings of applications differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE expected)
);
SELECT 'applications lie in another month', count(*)
FROM {db}.application WHERE strftime("day", '%Y-%m') IS DISTINCT FROM '{month}';
WITH steps AS (
    SELECT application, step, min(occurred_at) AS moment
    FROM {facts} SEMI JOIN {db}.application USING (application)
    WHERE step <> 'other' AND step <> 'unknown' GROUP BY ALL
), stored AS (
    UNPIVOT (
        SELECT application, applied_at AS applied, approved_at AS approved,
            signed_at AS signed, disbursed_at AS disbursed, declined_at AS declined,
            withdrawn_at AS withdrawn, cancelled_at AS cancelled, expired_at AS expired
        FROM {db}.application
    ) ON COLUMNS(* EXCLUDE (application)) INTO NAME step VALUE moment
)
SELECT 'steps of applications differ from the events', count(*) FROM (
    (TABLE steps EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE steps)
);
WITH ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY application ORDER BY occurred_at, event_id
    ) AS turn
    FROM {facts} SEMI JOIN {db}.application USING (application)
), told AS (
    SELECT application, attribute, value, turn FROM (
        UNPIVOT (
            SELECT application, turn,
                nullif(product, 'unknown') AS product, nullif(audience, 'unknown') AS audience,
                nullif(dealer, 'unknown') AS dealer, nullif(channel, 'unknown') AS channel,
                nullif(district, 'unknown') AS district,
                CASE WHEN step = 'declined' THEN nullif(reason, 'unknown') END AS declined_for,
                CASE WHEN manual THEN nullif(reason, 'unknown') END AS touched_for,
                CASE WHEN step = 'applied' THEN amount::VARCHAR END AS amount_applied,
                CASE WHEN step = 'approved' THEN amount::VARCHAR END AS amount_approved,
                CASE WHEN step = 'disbursed' THEN amount::VARCHAR END AS amount_disbursed
            FROM ranked
        ) ON COLUMNS(* EXCLUDE (application, turn)) INTO NAME attribute VALUE value
    )
), earliest AS (
    SELECT application, attribute, value FROM told
    QUALIFY row_number() OVER (PARTITION BY application, attribute ORDER BY turn) = 1
), expected AS (
    SELECT application, attribute, value FROM earliest WHERE NOT attribute LIKE '%_for'
    UNION ALL
    SELECT application, 'reason', min_by(value, attribute) FROM earliest
    WHERE attribute LIKE '%_for' GROUP BY application
), stored AS (
    UNPIVOT (
        SELECT application, nullif(product, 'unknown') AS product,
            nullif(audience, 'unknown') AS audience, nullif(dealer, 'unknown') AS dealer,
            nullif(channel, 'unknown') AS channel, nullif(district, 'unknown') AS district,
            nullif(reason, 'unknown') AS reason, amount_applied::VARCHAR AS amount_applied,
            amount_approved::VARCHAR AS amount_approved,
            amount_disbursed::VARCHAR AS amount_disbursed
        FROM {db}.application
    ) ON COLUMNS(* EXCLUDE (application)) INTO NAME attribute VALUE value
)
SELECT 'attributes of applications differ from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE expected)
);
WITH flags AS (
    SELECT application,
        max(credit_bureau::TINYINT), max(public_trust::TINYINT),
        max(judicial::TINYINT), max(manual::TINYINT)
    FROM {facts} SEMI JOIN {db}.application USING (application) GROUP BY ALL
), stored AS (
    SELECT application, credit_bureau::TINYINT, public_trust::TINYINT,
        judicial::TINYINT, manual::TINYINT
    FROM {db}.application
)
SELECT 'what was verified of applications differs from the events', count(*) FROM (
    (TABLE flags EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE flags)
);
WITH events AS (
    SELECT application, occurred_at, strpos(
        'applied   approved  signed    disbursed declined  withdrawn cancelled expired   other     ',
        rpad(step, 10, ' ')
    ) AS found, CASE WHEN found = 0 THEN 9 ELSE found // 10 END AS place
    FROM {facts} SEMI JOIN {db}.application USING (application)
), told AS (
    SELECT application, string_agg(place, '' ORDER BY occurred_at, place) AS word,
        string_agg(epoch_us(occurred_at), ' ' ORDER BY occurred_at, place) AS moments
    FROM events GROUP BY application
), expected AS (
    SELECT application,
        CASE WHEN word LIKE '%0%0%' OR word LIKE '%1%1%'
            OR word LIKE '%2%2%' OR word LIKE '%3%3%' THEN word || ':' || moments
        ELSE concat((word LIKE '%01%')::INT, (word LIKE '%12%')::INT, (word LIKE '%23%')::INT)
        END AS told
    FROM told
), stored AS (
    SELECT application,
        CASE WHEN history IS NULL
            THEN concat(adjacent & 1, (adjacent >> 1) & 1, (adjacent >> 2) & 1)
        ELSE array_to_string(list_transform(history, lambda e: e.step), '') || ':'
            || array_to_string(list_transform(history, lambda e: epoch_us(e."at")), ' ')
        END AS told
    FROM {db}.application
)
SELECT 'order of the steps of applications differs from the events', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE stored) UNION ALL (TABLE stored EXCEPT ALL TABLE expected)
);
