-- purpose: what each application did in this month, and the applications not summed again yet
-- grain:   application_part: one row an application with events in this file
-- reads:   nothing
-- writes:  application_part, dirty_application
-- refresh: rollup/loan_event.sql
CREATE TABLE {db}.application_part (
    application BIGINT,
    first_at TIMESTAMP,
    person BIGINT,
    product VARCHAR,
    audience VARCHAR,
    dealer VARCHAR,
    channel VARCHAR,
    district VARCHAR,
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
    reason VARCHAR,
    credit_bureau BOOLEAN,
    public_trust BOOLEAN,
    judicial BOOLEAN,
    manual BOOLEAN
);
CREATE TABLE {db}.dirty_application (application BIGINT);
