-- purpose: what needs a person, from when it was noticed until it was well, and who was told
-- grain:   incident: one trouble of one source; notice: one message about it to one target
-- reads:   nothing
-- writes:  incident, notice (in the file of the ETL's books)
-- refresh: when a trouble appears, when it is over, when a message was sent
CREATE TABLE IF NOT EXISTS {db}.incident (
    incident_id VARCHAR PRIMARY KEY,
    source VARCHAR,
    kind VARCHAR,
    message VARCHAR,
    opened_at TIMESTAMP,
    told_at TIMESTAMP,
    closed_at TIMESTAMP
);
CREATE TABLE IF NOT EXISTS {db}.notice (
    incident_id VARCHAR,
    event VARCHAR,
    target VARCHAR,
    queued_at TIMESTAMP,
    sent_at TIMESTAMP,
    given_up_at TIMESTAMP,
    PRIMARY KEY (incident_id, event, target)
);
