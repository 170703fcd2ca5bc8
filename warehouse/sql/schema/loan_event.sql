-- purpose: the applications of the cohort of this month, and which ones must be merged again
-- grain:   application: one row an application, in the month of its cohort day, whatever month its events lie in
-- reads:   nothing
-- writes:  application, dirty_application
-- refresh: rollup/application.sql
CREATE TABLE {db}.application (
    application BIGINT,
    person BIGINT,
    cohort_at TIMESTAMP,
    "day" DATE,
    "hour" UTINYINT,
    first_at TIMESTAMP,
    source VARCHAR,
    product VARCHAR,
    audience VARCHAR,
    dealer VARCHAR,
    channel VARCHAR,
    district VARCHAR,
    reason VARCHAR,
    applied_at TIMESTAMP,
    approved_at TIMESTAMP,
    signed_at TIMESTAMP,
    disbursed_at TIMESTAMP,
    declined_at TIMESTAMP,
    withdrawn_at TIMESTAMP,
    cancelled_at TIMESTAMP,
    expired_at TIMESTAMP,
    amount_applied BIGINT,
    amount_approved BIGINT,
    amount_disbursed BIGINT,
    credit_bureau BOOLEAN,
    public_trust BOOLEAN,
    judicial BOOLEAN,
    manual BOOLEAN,
    adjacent UTINYINT,
    history STRUCT("at" TIMESTAMP, step UTINYINT)[]
);
CREATE TABLE {db}.dirty_application (application BIGINT);
