-- Answers as of the past have nothing of who is erased, either.
-- depends: 0015.erasures 0016.asof

-- Who, and not with which key.
GRANT USAGE ON SCHEMA keys TO souk_asof;
GRANT SELECT (tenant, subject, destroyed_at) ON keys.subjects TO souk_asof;
CREATE POLICY asof ON keys.subjects FOR SELECT TO souk_asof
    USING (destroyed_at IS NOT NULL AND tenant = current_setting('souk.tenant', true));
