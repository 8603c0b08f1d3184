-- The moves of this wave: no two of them touch the same rows of the books.

CREATE OR REPLACE TEMP TABLE now AS SELECT * FROM moves WHERE wave = getvariable('wave');
