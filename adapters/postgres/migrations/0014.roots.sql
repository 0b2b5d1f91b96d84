-- Merkle roots over each tenant's chain, the public keys they were signed with, and how far they
-- have been published.
-- depends: 0013.audit

CREATE TABLE log.roots (
    tenant text NOT NULL,
    size bigint NOT NULL, -- events of the tenant up to the position
    position bigint NOT NULL,
    chain_hash bytea NOT NULL,
    root bytea NOT NULL,
    frontier bytea NOT NULL, -- of the tree, which grows from here
    before bytea NOT NULL, -- the root before; empty for the first
    key_id text NOT NULL, -- empty: not signed
    signature bytea NOT NULL,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, size)
);
-- Who publishes goes on behind the last position of all.
CREATE UNIQUE INDEX roots_position ON log.roots (position);

-- Also of keys that sign no more: what they signed is still there.
CREATE TABLE log.root_keys (
    key_id text PRIMARY KEY,
    public_key bytea NOT NULL
);

-- How far each outlet, S3 and NATS, has what was published. It proves nothing.
CREATE TABLE log.root_marks (
    outlet text PRIMARY KEY,
    position bigint NOT NULL
) WITH (fillfactor = 50);

GRANT SELECT, INSERT ON log.roots, log.root_keys TO souk_project;
GRANT SELECT, INSERT, UPDATE ON log.root_marks TO souk_project;
GRANT SELECT ON log.chains TO souk_project;
CREATE POLICY project ON log.chains FOR SELECT TO souk_project USING (true);

DO $$
DECLARE
    protected regclass;
BEGIN
    FOREACH protected IN ARRAY ARRAY[
        'log.roots', 'log.root_keys', 'log.root_marks'
    ]::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
        EXECUTE format(
            'CREATE POLICY project ON %s TO souk_project USING (true) WITH CHECK (true)', protected
        );
    END LOOP;
END $$;
