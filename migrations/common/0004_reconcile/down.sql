DROP TABLE differences;
DROP TABLE reconcile_cursor;
ALTER TABLE outbox DROP COLUMN hasten_after;
