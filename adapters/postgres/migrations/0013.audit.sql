-- What auditors need of the log: where commands came from, a role that sees one tenant, one index,
-- and states kept on the way. All of schema audit can be lost.
-- depends: 0012.purged

-- On the first event of each command; NULL on all others, and on all written before.
ALTER TABLE log.events ADD COLUMN origin bytea;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'souk_audit') THEN
        BEGIN
            CREATE ROLE souk_audit NOLOGIN NOBYPASSRLS;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'souk_audit', 'SET') THEN
        GRANT souk_audit TO CURRENT_USER;
    END IF;
END $$;

GRANT USAGE ON SCHEMA log TO souk_audit;
GRANT SELECT ON log.head, log.events, log.chains TO souk_audit;
-- The head names no tenant.
CREATE POLICY audit ON log.head FOR SELECT TO souk_audit USING (true);
CREATE POLICY audit ON log.events FOR SELECT TO souk_audit
    USING (tenant = current_setting('souk.tenant', true));
CREATE POLICY audit ON log.chains FOR SELECT TO souk_audit
    USING (tenant = current_setting('souk.tenant', true));

-- Rows are never changed, so what lies together in time lies together on disk: a summary of every
-- 32 pages finds a correlation in hundredths of the log, and costs an append nothing, since the
-- pages that are written are summed up later, by autovacuum.
CREATE INDEX events_audit ON log.events USING brin (
    position int8_minmax_ops,
    correlation uuid_bloom_ops,
    causation uuid_bloom_ops,
    actor text_bloom_ops,
    tag text_bloom_ops
) WITH (pages_per_range = 32, autosummarize = on);

CREATE SCHEMA audit;

-- States of long streams, at so many versions of each, so that none is far from any version.
CREATE TABLE audit.milestones (
    tenant text NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    shape text NOT NULL, -- of the code that folded it; under other code it is ignored
    position bigint NOT NULL,
    state bytea NOT NULL,
    PRIMARY KEY (tenant, stream, version)
);
GRANT USAGE ON SCHEMA audit TO souk_audit;
GRANT SELECT, INSERT, UPDATE ON audit.milestones TO souk_audit;
ALTER TABLE audit.milestones ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit.milestones FORCE ROW LEVEL SECURITY;
CREATE POLICY audit ON audit.milestones TO souk_audit
    USING (tenant = current_setting('souk.tenant', true))
    WITH CHECK (tenant = current_setting('souk.tenant', true));
