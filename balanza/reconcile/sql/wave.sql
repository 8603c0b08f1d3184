-- The moves of this wave: no two of them touch the same rows of the books.

CREATE OR REPLACE TEMP TABLE now AS SELECT * FROM moves WHERE wave = getvariable('wave');
CREATE OR REPLACE TEMP TABLE touched (owner VARCHAR, order_id VARCHAR, seq BIGINT, source VARCHAR, id VARCHAR);
CREATE OR REPLACE TEMP TABLE anew (
    owner VARCHAR, currency VARCHAR, redemption_id VARCHAR, points HUGEINT, before HUGEINT
);
CREATE OR REPLACE TEMP TABLE posted AS FROM changes WHERE false;
-- Points that become available and expire one day; `of_order`: a return of an order may take them back from their lot.
CREATE OR REPLACE TEMP TABLE incoming (
    owner VARCHAR, currency VARCHAR, place BIGINT, rank HUGEINT, points HUGEINT, expires_us BIGINT, lot BIGINT,
    given_by VARCHAR, of_order BOOLEAN
);
