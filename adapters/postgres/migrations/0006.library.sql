-- What other event-sourcing applications keep beside their events, through the library's bridge.
-- depends: 0003.roles

CREATE SCHEMA library;

CREATE TABLE library.snapshots (
    tenant text NOT NULL,
    context text NOT NULL,
    originator_id text NOT NULL,
    version bigint NOT NULL,
    topic text NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (tenant, context, originator_id, version)
);

CREATE TABLE library.tracking (
    tenant text NOT NULL,
    projection text NOT NULL,
    application text NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, projection, application)
);

GRANT USAGE ON SCHEMA library TO souk_append, souk_project;
GRANT SELECT, INSERT ON library.snapshots TO souk_append;
GRANT SELECT, INSERT, UPDATE ON library.tracking TO souk_project;

ALTER TABLE library.snapshots ENABLE ROW LEVEL SECURITY;
ALTER TABLE library.snapshots FORCE ROW LEVEL SECURITY;
ALTER TABLE library.tracking ENABLE ROW LEVEL SECURITY;
ALTER TABLE library.tracking FORCE ROW LEVEL SECURITY;
CREATE POLICY append ON library.snapshots TO souk_append USING (true) WITH CHECK (true);
CREATE POLICY project ON library.tracking TO souk_project USING (true) WITH CHECK (true);
