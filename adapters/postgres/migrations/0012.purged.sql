-- Who reads changes by their seq must notice that some it has not read are gone: a position does
-- not tell it, since changes that are told to nobody have positions too.
-- depends: 0011.order
ALTER TABLE read.relays ADD COLUMN purged_seq bigint NOT NULL DEFAULT 0;
