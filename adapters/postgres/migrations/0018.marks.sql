-- Which secrets the database belongs to, so that no process with others writes to it.
-- depends: 0017.erased_folds

CREATE TABLE keys.marks (
    name text PRIMARY KEY,
    mark bytea NOT NULL -- HMAC of the name under the secret; tells nothing of it
);
GRANT SELECT, INSERT ON keys.marks TO souk_append;
ALTER TABLE keys.marks ENABLE ROW LEVEL SECURITY;
ALTER TABLE keys.marks FORCE ROW LEVEL SECURITY;
CREATE POLICY append ON keys.marks TO souk_append USING (true) WITH CHECK (true);
-- `souk migrate --new-secret` alone changes one.
CREATE POLICY owner ON keys.marks TO CURRENT_USER USING (true) WITH CHECK (true);
