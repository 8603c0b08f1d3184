-- Members whose story has no more moves.

CREATE OR REPLACE TEMP TABLE finished AS
SELECT member_id AS owner FROM people WHERE person NOT IN (SELECT person FROM moves WHERE wave >= getvariable('wave'));
