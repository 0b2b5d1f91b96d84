-- The log, the names and numbers it hands out, the answers it keeps, and the keys of personal data.
-- depends:

CREATE SCHEMA log;
CREATE SCHEMA keys;
CREATE SCHEMA read;
CREATE SCHEMA policies;

-- One row: who locks it writes. fillfactor leaves room for updates in place.
CREATE TABLE log.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL
) WITH (fillfactor = 10);
INSERT INTO log.head (position, recorded_at) VALUES (0, 'epoch');

CREATE TABLE log.events (
    tenant text NOT NULL,
    stream text NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    tag text NOT NULL,
    schema_version integer NOT NULL,
    event_id uuid NOT NULL,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    correlation uuid NOT NULL,
    causation uuid,
    command_id uuid NOT NULL,
    data bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant, stream, version)
);
-- The one index that no tenant leads: readers follow the whole log by position.
CREATE UNIQUE INDEX events_position ON log.events (position);

-- The last link of each tenant's chain.
CREATE TABLE log.chains (
    tenant text PRIMARY KEY,
    position bigint NOT NULL,
    hash bytea NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE log.claims (
    tenant text NOT NULL,
    kind text NOT NULL,
    value text NOT NULL,
    owner text NOT NULL,
    PRIMARY KEY (tenant, kind, value)
);

CREATE TABLE log.numbers (
    tenant text NOT NULL,
    sequence text NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (tenant, sequence)
);

CREATE TABLE log.answers (
    tenant text NOT NULL,
    principal text NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    command_id uuid NOT NULL,
    request bytea NOT NULL,
    answer bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, principal, route, key)
);

-- One key per data subject, itself sealed with the master key. Destroyed: NULL, for ever.
CREATE TABLE keys.subjects (
    tenant text NOT NULL,
    subject text NOT NULL,
    sealed_key bytea,
    created_at timestamptz NOT NULL DEFAULT now(),
    destroyed_at timestamptz,
    PRIMARY KEY (tenant, subject)
);
