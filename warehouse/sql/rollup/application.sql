-- purpose: one row an application from all of its events
-- grain:   see schema/loan_event.sql
-- reads:   application_event (temporary: the events of the touched applications in every month)
-- writes:  nothing: etl/applications.py stores the rows
-- refresh: before each generation, for the applications in dirty_application of any month
SELECT application,
    arg_min(person, place) FILTER (person IS NOT NULL) AS person,
    coalesce(min(occurred_at) FILTER (step = 'applied'), min(occurred_at)) AS cohort_at,
    coalesce(arg_min("day", place) FILTER (step = 'applied'), arg_min("day", place)) AS "day",
    CASE WHEN bool_or(step = 'applied') THEN arg_min_null("hour", place) FILTER (step = 'applied')
        ELSE arg_min_null("hour", place) END AS "hour",
    min(occurred_at) AS first_at,
    arg_min(source, place) AS source,
    coalesce(arg_min(product, place) FILTER (product <> 'unknown'), 'unknown') AS product,
    coalesce(arg_min(audience, place) FILTER (audience <> 'unknown'), 'unknown') AS audience,
    coalesce(arg_min(dealer, place) FILTER (dealer <> 'unknown'), 'unknown') AS dealer,
    coalesce(arg_min(channel, place) FILTER (channel <> 'unknown'), 'unknown') AS channel,
    coalesce(arg_min(district, place) FILTER (district <> 'unknown'), 'unknown') AS district,
    coalesce(
        arg_min(reason, place) FILTER (step = 'declined' AND reason <> 'unknown'),
        arg_min(reason, place) FILTER (manual AND reason <> 'unknown'),
        'unknown'
    ) AS reason,
    min(occurred_at) FILTER (step = 'applied') AS applied_at,
    min(occurred_at) FILTER (step = 'approved') AS approved_at,
    min(occurred_at) FILTER (step = 'signed') AS signed_at,
    min(occurred_at) FILTER (step = 'disbursed') AS disbursed_at,
    min(occurred_at) FILTER (step = 'declined') AS declined_at,
    min(occurred_at) FILTER (step = 'withdrawn') AS withdrawn_at,
    min(occurred_at) FILTER (step = 'cancelled') AS cancelled_at,
    min(occurred_at) FILTER (step = 'expired') AS expired_at,
    arg_min(amount, place) FILTER (step = 'applied' AND amount IS NOT NULL) AS amount_applied,
    arg_min(amount, place) FILTER (step = 'approved' AND amount IS NOT NULL) AS amount_approved,
    arg_min(amount, place) FILTER (step = 'disbursed' AND amount IS NOT NULL) AS amount_disbursed,
    bool_or(credit_bureau) AS credit_bureau,
    bool_or(public_trust) AS public_trust,
    bool_or(judicial) AS judicial,
    bool_or(manual) AS manual,
    coalesce((min(turn) FILTER (rank = 1) = min(turn) FILTER (rank = 0) + 1)::UTINYINT, 0)
        + coalesce((min(turn) FILTER (rank = 2) = min(turn) FILTER (rank = 1) + 1)::UTINYINT * 2, 0)
        + coalesce((min(turn) FILTER (rank = 3) = min(turn) FILTER (rank = 2) + 1)::UTINYINT * 4, 0)
        AS adjacent,
    CASE WHEN count(*) FILTER (rank < 4) > count(DISTINCT rank) FILTER (rank < 4)
        THEN list({'at': occurred_at, 'step': rank} ORDER BY turn) END AS history
FROM (
    SELECT *,
        row_number() OVER (PARTITION BY application ORDER BY occurred_at, event_id) AS place,
        row_number() OVER (PARTITION BY application ORDER BY occurred_at, rank, event_id) AS turn
    FROM (
        SELECT *, (coalesce(list_position([
            'applied', 'approved', 'signed', 'disbursed',
            'declined', 'withdrawn', 'cancelled', 'expired', 'other'
        ], step), 10) - 1)::UTINYINT AS rank
        FROM application_event
    )
)
GROUP BY application
