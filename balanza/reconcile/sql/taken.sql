-- What is due in this turn comes from its own lot as far as that has it; what is missing there, from all (`fitted`).

UPDATE lots SET points = lots.points - least(due.points, lots.points) FROM due
WHERE lots.lot = due.lot AND turn = getvariable('turn');
INSERT INTO posted
SELECT seq, source, id, owner, currency, 'return.' || rule, -points, 0, -points, 0, 0
FROM due WHERE turn = getvariable('turn');
