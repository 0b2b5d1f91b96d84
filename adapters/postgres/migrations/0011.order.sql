-- Changes are found by their order alone: the key by what they are of was as dear as the row, and
-- kept nothing out. A projection's positions rise; only what is folded late comes at one again, and
-- looks for itself for what it takes the place of.
-- depends: 0010.live
ALTER TABLE read.changes DROP CONSTRAINT changes_pkey;
ALTER TABLE read.changes ADD CONSTRAINT changes_pkey PRIMARY KEY USING INDEX changes_seq;
