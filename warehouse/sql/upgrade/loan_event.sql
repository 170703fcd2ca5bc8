-- purpose: bring up a file that kept what an application did in this month instead of whole applications
-- grain:   see schema/loan_event.sql
-- reads:   fact
-- writes:  dirty_application (all applications of the file: they are merged before the next generation)
-- refresh: once, when the ETL first sums the file; in one transaction with the new tables
DROP TABLE IF EXISTS {db}.application_part;
DELETE FROM {db}.dirty_application;
INSERT INTO {db}.dirty_application SELECT DISTINCT application FROM {db}.fact;
