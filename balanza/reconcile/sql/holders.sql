-- A time that comes is the time of whoever holds what waited for it.

UPDATE now SET owner = holds.owner FROM holds
WHERE now.kind = 'release' AND holds.seq = now.seq AND holds.number = now.number;
