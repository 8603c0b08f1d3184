-- Where activity extends, what was spent lets the rest live as long as points that are earned then.

UPDATE lots SET expires_us = ends.expires_us
FROM spends JOIN currencies USING (currency) JOIN ends USING (currency, quarter)
WHERE why IS NULL AND extends AND lots.owner = spends.owner AND lots.currency = spends.currency AND lots.points > 0
  AND lots.expires_us < ends.expires_us;
