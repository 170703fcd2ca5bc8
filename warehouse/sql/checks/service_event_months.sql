-- purpose: what looks across the months of service events, made again from all of them at once
-- grain:   one row a check and cut: what would be wrong, and how many rows are
-- reads:   person_day, gap_day, person_first of every month
-- writes:  nothing
-- refresh: python -m warehouse verify
WITH seen AS (
    SELECT DISTINCT person, {member} AS member, day FROM {person_day}
), expected AS (
    SELECT s.day, s.member, max(b.day) AS before
    FROM seen AS s LEFT JOIN seen AS b
        ON b.person = s.person AND b.member = s.member
        AND b.day < s.day AND b.day >= s.day - {reach}
    GROUP BY s.person, s.member, s.day
), counted AS (
    SELECT day, member, before, count(*) AS people FROM expected GROUP BY ALL
), found AS (
    SELECT day, member, before, people FROM {gap_day} WHERE cut = '{cut}'
)
SELECT 'the days people were there before differ from their days', count(*) FROM (
    (TABLE counted EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE counted)
);
WITH firsts AS (
    SELECT person, {member} AS member, min(day) AS first,
        min(day) FILTER (completed) AS served
    FROM {person_day} GROUP BY ALL
), expected AS (
    SELECT person, member, first AS day, TRUE AS is_new FROM firsts
    UNION ALL SELECT person, member, served, FALSE FROM firsts WHERE served IS NOT NULL
), found AS (
    SELECT person, member, day, TRUE AS is_new
    FROM {person_first} WHERE cut = '{cut}' AND is_new
    UNION ALL SELECT person, member, day, FALSE
    FROM {person_first} WHERE cut = '{cut}' AND is_served
)
SELECT 'first days differ from all days', count(*) FROM (
    (TABLE expected EXCEPT ALL TABLE found) UNION ALL (TABLE found EXCEPT ALL TABLE expected)
);
