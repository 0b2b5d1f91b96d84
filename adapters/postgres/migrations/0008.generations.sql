-- A leader keeps rows in memory, and must notice when somebody else writes them.
-- depends: 0004.read_roles

-- Raised by whoever changes a projection's rows without leading it: a retry, a switch of versions.
ALTER TABLE read.projections ADD COLUMN generation bigint NOT NULL DEFAULT 0;

-- The first statement of each of a leader's transactions: its row lock keeps others out until the
-- commit. serialization_failure: the row is not as its leader left it. ``lasting`` false: the commit
-- need not wait for the disk, since all that it writes is lost together and folded again.
CREATE FUNCTION read.move(
    projection text, of_version integer, of_shape text, of_generation bigint,
    origin bigint, target bigint, lasting boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT lasting THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    UPDATE read.projections SET position = target, moved_at = now()
        WHERE name = projection AND version = of_version AND shape = of_shape
            AND generation = of_generation AND position = origin;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% was moved by someone else', projection
            USING ERRCODE = 'serialization_failure';
    END IF;
END $$;
REVOKE ALL ON FUNCTION read.move FROM PUBLIC;
GRANT EXECUTE ON FUNCTION read.move TO souk_project;
