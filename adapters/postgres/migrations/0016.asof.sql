-- Answers as of a past moment: projections folded up to there, in tables that can all be lost.
-- depends: 0012.purged

-- What folds sees one tenant's events, named by souk.tenant, and writes nothing but its own tables.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'souk_asof') THEN
        BEGIN
            CREATE ROLE souk_asof NOLOGIN NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'souk_asof', 'SET') THEN
        GRANT souk_asof TO CURRENT_USER;
    END IF;
END $$;

CREATE SCHEMA asof;

-- One row for each projection folded up to some point. Unlogged, as the tables are: a crash of the
-- server empties them all together, so that none is believed to hold what it lost.
CREATE UNLOGGED TABLE asof.folds (
    id text PRIMARY KEY, -- at random, and in its tables' names
    name text NOT NULL, -- what is being folded: whoever folds it holds this lock
    tenant text NOT NULL,
    projection text NOT NULL,
    version integer NOT NULL,
    shape text NOT NULL,
    until timestamptz, -- nothing that happened later is in it; NULL: whenever it happened
    last bigint NOT NULL DEFAULT 0, -- position of the last event in it
    through bigint NOT NULL DEFAULT 0, -- up to there it lacks nothing
    parked text[] NOT NULL DEFAULT '{}', -- streams with an event that cannot be folded
    tables text[] NOT NULL,
    ready boolean NOT NULL DEFAULT false, -- the last thing to be set
    events bigint NOT NULL DEFAULT 0, -- folded so far, not those of the fold it began with
    total bigint NOT NULL DEFAULT 0,
    took double precision NOT NULL DEFAULT 0, -- milliseconds
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    used_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

GRANT USAGE ON SCHEMA asof TO souk_asof, souk_read;
GRANT USAGE ON SCHEMA log TO souk_asof;
GRANT SELECT ON log.head, log.events TO souk_asof;
GRANT SELECT, INSERT, UPDATE, DELETE ON asof.folds TO souk_asof;
GRANT SELECT ON asof.folds TO souk_read;

ALTER TABLE asof.folds ENABLE ROW LEVEL SECURITY;
ALTER TABLE asof.folds FORCE ROW LEVEL SECURITY;
CREATE POLICY asof ON asof.folds TO souk_asof USING (true) WITH CHECK (true);
CREATE POLICY tenant ON asof.folds FOR SELECT TO souk_read
    USING (tenant = current_setting('souk.tenant', true));
CREATE POLICY asof ON log.head FOR SELECT TO souk_asof USING (true);
CREATE POLICY asof ON log.events FOR SELECT TO souk_asof
    USING (tenant = current_setting('souk.tenant', true));
