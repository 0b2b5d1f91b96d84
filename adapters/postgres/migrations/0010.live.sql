-- What a live gateway needs to know of changes: which are new rows, which came late, and how far
-- back they go.
-- depends: 0009.beside

-- first: there was no such row before. late: the projection had already passed the position, so
-- whoever follows by position has gone by it.
ALTER TABLE read.changes
    ADD COLUMN first boolean NOT NULL DEFAULT false,
    ADD COLUMN late boolean NOT NULL DEFAULT false;
-- One tenant's changes above a position, which rises with seq: each insert is at an index's end.
CREATE INDEX changes_since ON read.changes (tenant, projection, position);

-- Changes are all there above this position. What was purged before is not known any more.
ALTER TABLE read.relays ADD COLUMN purged bigint NOT NULL DEFAULT 0;
UPDATE read.relays r SET purged = p.position FROM read.projections p WHERE p.name = r.projection;

-- How far the relay came names no tenant.
GRANT SELECT ON read.relays TO souk_read;
CREATE POLICY follow ON read.relays FOR SELECT TO souk_read USING (true);
