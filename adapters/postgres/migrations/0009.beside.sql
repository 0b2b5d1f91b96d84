-- Which tables a projection has, so that another version's can take their place.
-- depends: 0008.generations

-- Without the schema; empty: those of the version before this column was.
ALTER TABLE read.projections ADD COLUMN tables text[] NOT NULL DEFAULT '{}';
