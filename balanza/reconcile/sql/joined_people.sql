-- One step towards one name for all who became one: the smaller name goes over each merge, then names are followed.

UPDATE people SET person = smaller.person FROM (
    SELECT member_id, min(person) AS person FROM (
        SELECT joins.member_id, people.person FROM joins JOIN people ON people.member_id = other_id
        UNION ALL
        SELECT other_id, people.person FROM joins JOIN people ON people.member_id = joins.member_id
    ) GROUP BY member_id
) AS smaller WHERE smaller.member_id = people.member_id AND smaller.person < people.person;

UPDATE people SET person = next.person FROM people AS next
WHERE next.member_id = people.person AND next.person < people.person;
