-- A question about a past time has one answer, for ever: an event that was about to be recorded at
-- that time or before, or that a process whose clock lags would record then, is recorded after it.
-- depends: 0018.marks

-- Whether the moment is past. If so, nothing is recorded at it or before it any more.
CREATE FUNCTION log.is_past(moment timestamptz) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF moment > clock_timestamp() THEN
        RETURN false;
    END IF;
    -- Every append records at the head's time or later. Waits for one that is under way.
    UPDATE log.head SET recorded_at = moment + interval '1 microsecond'
        WHERE recorded_at <= moment;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION log.is_past FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.is_past TO souk_append, souk_project;
