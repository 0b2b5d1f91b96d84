-- How far each policy has heard, and what came of the commands that did not go through.
-- depends: 0004.read_roles

CREATE TABLE policies.positions (
    name text PRIMARY KEY,
    position bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);

-- rejected: a rule said no, which is an answer. parked: it failed, and waits for someone to look.
CREATE TABLE policies.outcomes (
    tenant text NOT NULL,
    policy text NOT NULL,
    position bigint NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('rejected', 'parked')),
    code text NOT NULL,
    detail text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, policy, position)
);
CREATE INDEX outcomes_parked ON policies.outcomes (tenant, policy) WHERE outcome = 'parked';

GRANT USAGE ON SCHEMA policies TO souk_project;
GRANT SELECT, INSERT, UPDATE ON policies.positions TO souk_project;
GRANT SELECT, INSERT, UPDATE, DELETE ON policies.outcomes TO souk_project;

ALTER TABLE policies.positions ENABLE ROW LEVEL SECURITY;
ALTER TABLE policies.positions FORCE ROW LEVEL SECURITY;
CREATE POLICY project ON policies.positions TO souk_project USING (true) WITH CHECK (true);
ALTER TABLE policies.outcomes ENABLE ROW LEVEL SECURITY;
ALTER TABLE policies.outcomes FORCE ROW LEVEL SECURITY;
CREATE POLICY project ON policies.outcomes TO souk_project USING (true) WITH CHECK (true);
