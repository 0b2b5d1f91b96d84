-- What the read side keeps besides its tables, which each projection makes itself.
-- depends: 0001.log

-- The position of each projection moves in the transaction of its rows.
CREATE TABLE read.projections (
    name text PRIMARY KEY,
    version integer NOT NULL,
    position bigint NOT NULL,
    moved_at timestamptz NOT NULL DEFAULT now()
);

-- Documents at the position of their last event in one projector transaction. Kept 24 hours.
CREATE TABLE read.changes (
    tenant text NOT NULL,
    topic text NOT NULL,
    position bigint NOT NULL,
    projection text NOT NULL,
    document bytea,
    personal bytea,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, topic, position)
);
-- The relay follows one projection's changes, which one leader writes in order of position.
CREATE INDEX changes_relay ON read.changes (projection, position);

CREATE TABLE read.relays (
    projection text PRIMARY KEY,
    position bigint NOT NULL
);

-- A stream that a projection could not fold: parked for that projection only.
CREATE TABLE read.dead_letters (
    tenant text NOT NULL,
    projection text NOT NULL,
    stream text NOT NULL,
    position bigint NOT NULL,
    tag text NOT NULL,
    error text NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, projection, stream, position)
);
