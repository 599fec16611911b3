-- Who dies in company may have died of a neighbour. 1: the run that has it in hand, or the next one, has its process for itself.
ALTER TABLE requests ADD COLUMN alone INTEGER NOT NULL DEFAULT 0;
