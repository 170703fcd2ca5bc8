-- purpose: deliveries that are left alone
-- grain:   an item; the newest 1,000
-- reads:   state.attempt
-- writes:  operations.parked
-- refresh: before each generation
SELECT source, item, tries, reason, since
FROM {db}.attempt
WHERE tries >= 3
ORDER BY since DESC, source, item
LIMIT 1000;
