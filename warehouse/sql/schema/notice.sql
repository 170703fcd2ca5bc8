-- purpose: who was told about an incident, and who still has to be
-- grain:   notice: one message about an incident to one target
-- reads:   nothing
-- writes:  notice (in the file of the ETL's books, beside `incident`)
-- refresh: when an incident opens or closes, when a message was sent
CREATE TABLE IF NOT EXISTS {db}.notice (
    incident_id VARCHAR,
    event VARCHAR,
    target VARCHAR,
    queued_at TIMESTAMP,
    sent_at TIMESTAMP,
    given_up_at TIMESTAMP,
    PRIMARY KEY (incident_id, event, target)
);
