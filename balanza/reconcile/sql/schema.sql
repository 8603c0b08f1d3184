-- What is read (lines, the program's rules) and what the recomputation keeps. A member's balance is one number:
-- above zero it is available, below zero it is owed.

CREATE TABLE lines (
    seq BIGINT, log_us BIGINT, event_us BIGINT, topic VARCHAR, partition INTEGER, place BIGINT,
    source VARCHAR, id VARCHAR, type VARCHAR, data JSON, ids JSON
);

CREATE TABLE rules (
    number INTEGER, rule VARCHAR, currency VARCHAR, points BIGINT, per BIGINT, money VARCHAR, rounding VARCHAR
);

CREATE TABLE currencies (currency VARCHAR, overdraw BOOLEAN, renews BOOLEAN, returns VARCHAR, extends BOOLEAN);

-- When points of a currency expire that are earned in a quarter of an hour; nothing of currencies without expiry.
CREATE TABLE ends (currency VARCHAR, quarter BIGINT, expires_us BIGINT);

-- What expires: `rank` is the order of earning. A lot stays when it is empty, for a cancelled redemption fills it again.
-- Where activity extends, points of one identifier go into one lot; that may be in several pieces, by expiry.
CREATE SEQUENCE lot_numbers;

CREATE SEQUENCE piece_numbers;

CREATE TABLE lots (owner VARCHAR, currency VARCHAR, lot BIGINT, rank HUGEINT, expires_us BIGINT, points HUGEINT,
                   given_by VARCHAR, piece BIGINT DEFAULT nextval('piece_numbers'));

-- What expired of a lot; below zero what a return took back of that.
CREATE TABLE lapsed (lot BIGINT, points HUGEINT);

CREATE TABLE draws (owner VARCHAR, redemption_id VARCHAR, lot BIGINT, points HUGEINT, expires_us BIGINT, rank HUGEINT,
                    given_by VARCHAR);

-- Rules whose points are taken from the run, and refusals of the run that are not the ledger's to find.
CREATE TABLE believed_rules (rule VARCHAR, with_order BOOLEAN, number INTEGER);

CREATE TABLE believed_refusals (reason VARCHAR);

-- What rules say of their points: for which event they wait, whether its quantity says how much it releases (`parts`), until
-- when by the time of the event, how long they live.
CREATE TABLE terms (rule VARCHAR, held_for VARCHAR, parts BOOLEAN, expires_after BIGINT);

CREATE TABLE held_until (rule VARCHAR, event_us BIGINT, until_us BIGINT);

-- Rules that one event decides; with `percent` what other rules gave is their base. Rules that are `alike` exclude each
-- other, those with a bonus among them when it is known what the others gave (`late`).
CREATE TABLE rule_names (number INTEGER, rule VARCHAR, currency VARCHAR);

CREATE TABLE reckoned (
    number INTEGER, currency VARCHAR, alike VARCHAR, late BOOLEAN, percent BIGINT, rounding VARCHAR
);

CREATE TABLE bonus_of (number INTEGER, base INTEGER);

CREATE TABLE earning_types (type VARCHAR);

-- Members of whom is not sure what a return of lines takes back.
CREATE TABLE uncertain (member_id VARCHAR);

-- What a tier adds to what purchases earn, in percent.
CREATE TABLE bonuses (rule VARCHAR, percent BIGINT);

CREATE TABLE orders (
    owner VARCHAR, order_id VARCHAR, at_us BIGINT, money VARCHAR, total HUGEINT, returned HUGEINT, bought BOOLEAN
);

-- `given_by` is the strongest identifier of the purchase: what each bought under one order id is a piece of its own.
-- `waived` is what of `taken_back` the currency's policy for returns let the member keep.
CREATE SEQUENCE earning_numbers;

CREATE TABLE earned (
    owner VARCHAR, order_id VARCHAR, rule VARCHAR, currency VARCHAR, points HUGEINT, taken_back HUGEINT, lot BIGINT,
    rank HUGEINT, given_by VARCHAR, waived HUGEINT, expires_us BIGINT,
    lines STRUCT(sku VARCHAR, amount BIGINT, weight HUGEINT)[], weight HUGEINT, sure BOOLEAN,
    earning BIGINT DEFAULT nextval('earning_numbers')
);

CREATE TABLE redemptions (
    owner VARCHAR, redemption_id VARCHAR, currency VARCHAR, points BIGINT, cancelled BOOLEAN, given_by VARCHAR
);

CREATE TABLE accounts (
    owner VARCHAR, currency VARCHAR, balance HUGEINT, pending HUGEINT, earned HUGEINT, redeemed HUGEINT, expired HUGEINT
);

-- Accruals that were accepted, by their id; and what is pending, until its time (by event and rule) or an event.
CREATE TABLE accruals (owner VARCHAR, accrual_id VARCHAR, given_by VARCHAR);

CREATE TABLE holds (owner VARCHAR, seq BIGINT, number INTEGER, currency VARCHAR, points HUGEINT, lot BIGINT,
                    rank HUGEINT, held_for VARCHAR, expires_us BIGINT, given_by VARCHAR);

-- Every change of a balance, with its cause: of what is available or owed, of what is pending, of the lifetime figures.
CREATE TABLE changes (
    seq BIGINT, source VARCHAR, id VARCHAR, owner VARCHAR, currency VARCHAR, what VARCHAR,
    points HUGEINT, pending HUGEINT, earned HUGEINT, redeemed HUGEINT, expired HUGEINT, given_by VARCHAR
);

-- The same by the identifier whose doing it was, and of orders: by what splits go.
CREATE TABLE doings (
    owner VARCHAR, currency VARCHAR, given_by VARCHAR, earned HUGEINT, redeemed HUGEINT, expired HUGEINT
);

CREATE TABLE order_lines (
    owner VARCHAR, order_id VARCHAR, seq BIGINT, given_by VARCHAR, total HUGEINT, returned HUGEINT, bought BOOLEAN
);

CREATE TABLE refused (seq BIGINT, source VARCHAR, id VARCHAR, owner VARCHAR, kind VARCHAR, why VARCHAR);

-- What the tiers count (`of` points, spend or visits; of which currency, money or event), rules whose points do not
-- qualify, types of events that are activities, and what an order is worth more or less by an event.
CREATE TABLE measures (measure VARCHAR, of VARCHAR, name VARCHAR, qualifying_only BOOLEAN);

CREATE TABLE unqualified (rule VARCHAR);

CREATE TABLE activity_types (type VARCHAR);

-- What was held and was released: what it was that earned it (event, number) and what released it, and when.
CREATE TABLE freed (
    at_us BIGINT, timed BOOLEAN, by_seq BIGINT, owner VARCHAR, seq BIGINT, number INTEGER, currency VARCHAR, points HUGEINT,
    given_by VARCHAR
);

CREATE TABLE spent (seq BIGINT, owner VARCHAR, money VARCHAR, amount HUGEINT);

CREATE MACRO worth(total, returned, bought) AS CASE WHEN bought THEN total - least(returned, total) ELSE 0 END;

-- Where the k-th thing of a move stands among a person's.
CREATE MACRO ranked(place, k) AS place::HUGEINT * 1000000000 + k;

-- A fraction of a point, as the rule says; amounts are never below zero.
CREATE MACRO rounded(numerator, denominator, how) AS CASE how
    WHEN 'down' THEN numerator // denominator
    WHEN 'up' THEN (numerator + denominator - 1) // denominator
    WHEN 'half_up' THEN (2 * numerator + denominator) // (2 * denominator)
    WHEN 'half_even' THEN numerator // denominator + CASE
        WHEN 2 * (numerator % denominator) > denominator THEN 1
        WHEN 2 * (numerator % denominator) = denominator THEN (numerator // denominator) % 2
        ELSE 0 END
END;

-- What those have whose story has no more moves.
CREATE TABLE accounts_put_away AS FROM accounts;

CREATE TABLE lots_put_away AS FROM lots;

-- What a wave leaves for its next steps. `incoming` are points that become available and expire one day; `of_order`: a
-- return of an order may take them back from their lot.
CREATE TEMP TABLE touched (owner VARCHAR, order_id VARCHAR, seq BIGINT, source VARCHAR, id VARCHAR);

CREATE TEMP TABLE anew (owner VARCHAR, currency VARCHAR, redemption_id VARCHAR, points HUGEINT, before HUGEINT);

CREATE TEMP TABLE posted AS FROM changes WHERE false;

CREATE TEMP TABLE incoming (
    owner VARCHAR, currency VARCHAR, place BIGINT, rank HUGEINT, points HUGEINT, expires_us BIGINT, lot BIGINT,
    given_by VARCHAR, of_order BOOLEAN
);
