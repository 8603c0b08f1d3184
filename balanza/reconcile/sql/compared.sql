-- Both sides of every balance. A member that was merged or forgotten must hold nothing; its lifetime figures are not
-- kept by anybody.

CREATE TABLE gone AS
SELECT member_id FROM run_members WHERE forgotten OR merged_into IS NOT NULL GROUP BY member_id;

CREATE TABLE left_out AS
SELECT member_id FROM people WHERE person IN (
    SELECT person FROM people JOIN run_identity AS identity USING (member_id) WHERE kind = 'erase'
);

CREATE TABLE unsure AS
SELECT member_id FROM people WHERE person IN (SELECT person FROM people JOIN uncertain USING (member_id));
INSERT INTO left_out FROM unsure;

CREATE TABLE run_balances AS
SELECT member_id, currency, available, pending, receivable, lifetime_earned, lifetime_redeemed, lifetime_expired
FROM run_entries
QUALIFY row_number() OVER (PARTITION BY member_id, currency ORDER BY version DESC) = 1;

CREATE TABLE compared AS
WITH sides AS (
    SELECT coalesce(owner, run.member_id) AS member_id, coalesce(mine.currency, run.currency) AS currency,
           gone.member_id IS NOT NULL AS is_gone, {
               'available': greatest(coalesce(balance, 0), 0)::BIGINT, 'pending': coalesce(mine.pending, 0)::BIGINT,
               'receivable': greatest(-coalesce(balance, 0), 0)::BIGINT,
               'lifetime_earned': coalesce(earned, 0)::BIGINT, 'lifetime_redeemed': coalesce(redeemed, 0)::BIGINT,
               'lifetime_expired': coalesce(expired, 0)::BIGINT
           } AS expected, {
               'available': coalesce(available, 0), 'pending': coalesce(run.pending, 0),
               'receivable': coalesce(receivable, 0), 'lifetime_earned': coalesce(lifetime_earned, 0),
               'lifetime_redeemed': coalesce(lifetime_redeemed, 0), 'lifetime_expired': coalesce(lifetime_expired, 0)
           } AS streamed
    FROM accounts AS mine FULL JOIN run_balances AS run ON run.member_id = owner AND run.currency = mine.currency
    LEFT JOIN gone ON gone.member_id = coalesce(owner, run.member_id)
    WHERE coalesce(owner, run.member_id) NOT IN (SELECT member_id FROM left_out)
      AND NOT starts_with(coalesce(owner, run.member_id), 'erased_')
)
SELECT *, CASE WHEN is_gone THEN expected.available != streamed.available OR expected.pending != streamed.pending
                                 OR expected.receivable != streamed.receivable
               ELSE expected != streamed END AS drifts
FROM sides;
