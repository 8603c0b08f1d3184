-- The moves of this wave: one of each person at the most, so no two of them touch the same books.

CREATE OR REPLACE TEMP TABLE now AS SELECT * FROM moves WHERE number = getvariable('wave');
CREATE OR REPLACE TEMP TABLE touched (owner VARCHAR, order_id VARCHAR, seq BIGINT, source VARCHAR, id VARCHAR);
CREATE OR REPLACE TEMP TABLE posted AS FROM changes WHERE false;
