-- States of long streams, so that loading one need not fold all its events. All of it can be lost.
-- depends: 0003.roles

CREATE TABLE log.snapshots (
    tenant text NOT NULL,
    stream text NOT NULL,
    shape text NOT NULL, -- of the code that folded it; under other code it is ignored
    version bigint NOT NULL,
    position bigint NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (tenant, stream)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON log.snapshots TO souk_append;
ALTER TABLE log.snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.snapshots FORCE ROW LEVEL SECURITY;
CREATE POLICY append ON log.snapshots TO souk_append USING (true) WITH CHECK (true);
