-- Who may do what with the log and the keys. Nothing runs as the owner but migrations.
-- depends: 0001.log 0002.read

-- Roles belong to the whole cluster, so another database may have made them, even just now; or
-- whoever runs the server did, for an owner that may not.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['souk_append', 'souk_project', 'souk_read'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOBYPASSRLS', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'SET') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA log, keys TO souk_append;
GRANT USAGE ON SCHEMA log TO souk_project;
GRANT SELECT, UPDATE ON log.head TO souk_append;
-- Neither UPDATE nor DELETE on events: what is written stays.
GRANT SELECT, INSERT ON log.events TO souk_append;
GRANT SELECT, INSERT, UPDATE ON log.chains, log.numbers, log.answers, keys.subjects TO souk_append;
GRANT SELECT, INSERT, UPDATE, DELETE ON log.claims TO souk_append;
GRANT SELECT ON log.head, log.events TO souk_project;

-- One policy per role and table; a table without one for a role shows that role nothing.
DO $$
DECLARE
    protected regclass;
BEGIN
    FOREACH protected IN ARRAY ARRAY[
        'log.head', 'log.events', 'log.chains', 'log.claims', 'log.numbers', 'log.answers',
        'keys.subjects'
    ]::regclass[] LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
        EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
        EXECUTE format(
            'CREATE POLICY append ON %s TO souk_append USING (true) WITH CHECK (true)', protected
        );
    END LOOP;
END $$;
CREATE POLICY project ON log.head FOR SELECT TO souk_project USING (true);
CREATE POLICY project ON log.events FOR SELECT TO souk_project USING (true);
