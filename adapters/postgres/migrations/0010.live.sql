-- What a live gateway needs to know of changes: which are new rows, which came late, how far back
-- they go, and where to begin reading.
-- depends: 0009.beside

-- first: there was no such row before. late: the projection had already passed the position, so
-- whoever follows by position has gone by it.
ALTER TABLE read.changes
    ADD COLUMN first boolean NOT NULL DEFAULT false,
    ADD COLUMN late boolean NOT NULL DEFAULT false;

-- Changes are all there above this position. What was purged before is not known any more.
ALTER TABLE read.relays ADD COLUMN purged bigint NOT NULL DEFAULT 0;
UPDATE read.relays r SET purged = p.position FROM read.projections p WHERE p.name = r.projection;

-- Up to ``seq`` no change is above ``position``: both rise together. So changes are found by
-- position without one more index on them, which would cost the projector a tenth of each insert.
CREATE TABLE read.milestones (
    projection text NOT NULL,
    position bigint NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (projection, position)
);

GRANT SELECT, INSERT, DELETE ON read.milestones TO souk_project;
GRANT SELECT ON read.milestones, read.relays TO souk_read;
ALTER TABLE read.milestones ENABLE ROW LEVEL SECURITY;
ALTER TABLE read.milestones FORCE ROW LEVEL SECURITY;
CREATE POLICY project ON read.milestones TO souk_project USING (true) WITH CHECK (true);
-- How far the relay came names no tenant.
CREATE POLICY follow ON read.milestones FOR SELECT TO souk_read USING (true);
CREATE POLICY follow ON read.relays FOR SELECT TO souk_read USING (true);
