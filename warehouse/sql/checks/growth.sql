-- purpose: the identities of growth accounting in one month, of stored sums and of people's days
-- grain:   one row: whether they hold
-- reads:   person_day of this month and the one before, gap_day, first_day, person_first of all
-- writes:  nothing
-- refresh: before each generation, for the months whose sums of people were made again
--
-- |A(t)| = new + retained + resurrected and |A(t-1)| = retained + churned, where new and retained
-- are the stored ones, and |A|, resurrected and churned are counted from the people themselves:
-- resurrected are those whose first day lies in an earlier month and who are not in the last one.
WITH now AS (
    SELECT DISTINCT person FROM {db}.person_day
), last AS (
    SELECT DISTINCT person FROM ({last})
), ever AS (
    SELECT DISTINCT person FROM ({ever}) SEMI JOIN now USING (person)
), direct AS (
    SELECT count(*) AS active,
        count(*) FILTER (e.person IS NOT NULL AND l.person IS NULL) AS resurrected
    FROM now LEFT JOIN last AS l USING (person) LEFT JOIN ever AS e USING (person)
), left_over AS (
    SELECT count(*) AS active, count(*) FILTER (n.person IS NULL) AS churned
    FROM last LEFT JOIN now AS n USING (person)
), stored AS (
    SELECT coalesce(sum(people) FILTER (before IS NULL OR before < DATE '{first}'), 0) AS active,
        coalesce(sum(people) FILTER (
            before >= DATE '{first}' - INTERVAL 1 MONTH AND before < DATE '{first}'), 0) AS retained
    FROM {db}.gap_day WHERE cut = ''
), opened AS (
    SELECT coalesce(sum(new), 0) AS new FROM {db}.first_day WHERE cut = ''
)
SELECT direct.active = stored.active
    AND direct.active = new + retained + resurrected
    AND left_over.active = retained + churned
FROM direct, left_over, stored, opened;
