-- Whoever folds events must know who is erased, since the log keeps their sealed bytes; and nothing
-- reacts to what was restored for a tenant.
-- depends: 0012.purged

-- Who, and not with which key.
GRANT USAGE ON SCHEMA keys TO souk_project;
GRANT SELECT (tenant, subject, destroyed_at) ON keys.subjects TO souk_project;
CREATE POLICY erased ON keys.subjects FOR SELECT TO souk_project
    USING (destroyed_at IS NOT NULL);
CREATE INDEX subjects_erased ON keys.subjects (tenant, subject) WHERE destroyed_at IS NOT NULL;

-- No policy and no timer fires for what a tenant has up to the position ``until``: it was restored,
-- from what ``origin`` had up to ``reached``.
CREATE TABLE policies.silences (
    tenant text PRIMARY KEY,
    origin text NOT NULL,
    reached bigint NOT NULL,
    until bigint NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON policies.silences TO souk_project;
ALTER TABLE policies.silences ENABLE ROW LEVEL SECURITY;
ALTER TABLE policies.silences FORCE ROW LEVEL SECURITY;
CREATE POLICY project ON policies.silences TO souk_project USING (true) WITH CHECK (true);

-- A log that was restored goes on from a position that nobody can have seen before: from each
-- ``origin`` its next event is right after ``target``. Otherwise positions have no gaps.
CREATE TABLE log.jumps (
    origin bigint PRIMARY KEY,
    target bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON log.jumps TO souk_append, souk_project;
ALTER TABLE log.jumps ENABLE ROW LEVEL SECURITY;
ALTER TABLE log.jumps FORCE ROW LEVEL SECURITY;
CREATE POLICY owner ON log.jumps TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY read ON log.jumps FOR SELECT TO souk_append, souk_project USING (true);
CREATE POLICY owner ON log.head TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner ON read.milestones TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY owner ON read.changes TO CURRENT_USER USING (true) WITH CHECK (true);
