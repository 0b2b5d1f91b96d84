-- Who may do what on the read side: souk_project writes it for all tenants, souk_read sees the one
-- tenant named by SET LOCAL souk.tenant, and no one is the owner.
-- depends: 0002.read 0003.roles

GRANT USAGE ON SCHEMA read TO souk_append, souk_project, souk_read;
GRANT SELECT ON read.projections TO souk_append, souk_project, souk_read;
GRANT UPDATE ON read.projections TO souk_project;
GRANT SELECT, INSERT, UPDATE, DELETE ON read.changes, read.relays, read.dead_letters TO souk_project;
GRANT SELECT ON read.changes, read.dead_letters TO souk_read;

ALTER TABLE read.projections ENABLE ROW LEVEL SECURITY;
ALTER TABLE read.projections FORCE ROW LEVEL SECURITY;
ALTER TABLE read.relays ENABLE ROW LEVEL SECURITY;
ALTER TABLE read.relays FORCE ROW LEVEL SECURITY;
ALTER TABLE read.changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE read.changes FORCE ROW LEVEL SECURITY;
ALTER TABLE read.dead_letters ENABLE ROW LEVEL SECURITY;
ALTER TABLE read.dead_letters FORCE ROW LEVEL SECURITY;

-- Positions name no tenant: everyone may wait for them. The owner enters new ones.
CREATE POLICY owner ON read.projections TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY project ON read.projections TO souk_project USING (true) WITH CHECK (true);
CREATE POLICY wait ON read.projections FOR SELECT TO souk_append, souk_read USING (true);

CREATE POLICY owner ON read.relays TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY project ON read.relays TO souk_project USING (true) WITH CHECK (true);

CREATE POLICY project ON read.changes TO souk_project USING (true) WITH CHECK (true);
CREATE POLICY tenant ON read.changes FOR SELECT TO souk_read
    USING (tenant = current_setting('souk.tenant', true));

CREATE POLICY owner ON read.dead_letters TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY project ON read.dead_letters TO souk_project USING (true) WITH CHECK (true);
CREATE POLICY tenant ON read.dead_letters FOR SELECT TO souk_read
    USING (tenant = current_setting('souk.tenant', true));
