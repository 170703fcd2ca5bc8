-- purpose: positions of a home made when all sources were files: size and time become a version
-- grain:   an item
-- reads:   position as it was
-- writes:  position
-- refresh: once, when a home's positions still have a size
ALTER TABLE {db}.position RENAME TO position_of_file;
CREATE TABLE {db}.position (
    source VARCHAR,
    item VARCHAR,
    version VARCHAR,
    sha256 VARCHAR,
    cursor VARCHAR,
    moved_at TIMESTAMP,
    PRIMARY KEY (source, item)
);
INSERT INTO {db}.position
SELECT source, item, size || ':' || mtime_ns, sha256, '', moved_at FROM {db}.position_of_file;
DROP TABLE {db}.position_of_file;
