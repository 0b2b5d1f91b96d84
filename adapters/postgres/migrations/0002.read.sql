-- What the read side keeps besides its tables, which each projection makes itself.
-- depends: 0001.log

-- The position of each projection moves in the transaction of its rows. ``shape`` is the digest of
-- its tables and documents: another shape or version is built again from the first event, and
-- pushes nothing up to ``silent_until``, which its predecessor had handled.
CREATE TABLE read.projections (
    name text PRIMARY KEY,
    version integer NOT NULL,
    shape text NOT NULL,
    position bigint NOT NULL,
    silent_until bigint NOT NULL DEFAULT 0,
    moved_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 10);

-- Documents at the position of their last event in one projector transaction. Kept 24 hours.
-- ``source`` is the table and ``id`` the row; a row that is not pushed has an empty topic.
CREATE TABLE read.changes (
    tenant text NOT NULL,
    topic text NOT NULL,
    position bigint NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    projection text NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    document bytea,
    personal bytea,
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant, topic, position, source, id)
);
-- Followers of one projection's changes go by seq: its order is that of the projection's commits,
-- which its row lock puts one after another, also when a dead letter is folded later.
CREATE UNIQUE INDEX changes_seq ON read.changes (projection, seq);

CREATE TABLE read.relays (
    projection text PRIMARY KEY,
    seq bigint NOT NULL
) WITH (fillfactor = 10);

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
