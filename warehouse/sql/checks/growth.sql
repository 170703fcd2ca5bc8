-- purpose: the identities of growth accounting in one month, of stored sums and of people's days
-- grain:   one row: how many members of the cut break them
-- reads:   person_day of this month and the one before, gap_day, first_day, person_first of all
-- writes:  nothing
-- refresh: before each generation, for the months whose sums of people were made again
--
-- |A(t)| = new + retained + resurrected and |A(t-1)| = retained + churned, where new and retained
-- are the stored ones, and |A|, resurrected and churned are counted from the people themselves:
-- resurrected are those whose first day lies in an earlier month and who are not in the last one.
WITH now AS (
    SELECT DISTINCT person, {member} AS member FROM {db}.person_day
), last AS (
    SELECT DISTINCT person, {member} AS member FROM ({last})
), ever AS (
    SELECT DISTINCT person, member FROM ({ever}) SEMI JOIN now USING (person, member)
), direct AS (
    SELECT member, count(*) AS active, count(*) FILTER (e.person IS NOT NULL AND l.person IS NULL)
        AS resurrected
    FROM now AS n
    LEFT JOIN last AS l USING (person, member) LEFT JOIN ever AS e USING (person, member)
    GROUP BY member
), left_over AS (
    SELECT member, count(*) AS active, count(*) FILTER (n.person IS NULL) AS churned
    FROM last AS l LEFT JOIN now AS n USING (person, member)
    GROUP BY member
), stored AS (
    SELECT member, sum(people) FILTER (before IS NULL OR before < DATE '{first}') AS active,
        sum(people) FILTER (before >= DATE '{first}' - INTERVAL 1 MONTH AND before < DATE '{first}')
            AS retained
    FROM {db}.gap_day WHERE cut = '{cut}' GROUP BY member
), opened AS (
    SELECT member, sum(new) AS new FROM {db}.first_day WHERE cut = '{cut}' GROUP BY member
)
SELECT count(*)
FROM direct FULL JOIN left_over USING (member) FULL JOIN stored USING (member)
    FULL JOIN opened USING (member)
WHERE coalesce(direct.active, 0) <> coalesce(stored.active, 0)
    OR coalesce(direct.active, 0)
        <> coalesce(new, 0) + coalesce(retained, 0) + coalesce(resurrected, 0)
    OR coalesce(left_over.active, 0) <> coalesce(retained, 0) + coalesce(churned, 0);
