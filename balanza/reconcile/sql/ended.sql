-- At the end everybody is looked at once more, at the log's last time.

CREATE OR REPLACE TEMP TABLE now AS
SELECT DISTINCT lots.owner, NULL::VARCHAR AS other, clock.at_us, NULL::VARCHAR AS currency, NULL::VARCHAR AS kind,
       NULL::VARCHAR AS name
FROM lots, clock;
