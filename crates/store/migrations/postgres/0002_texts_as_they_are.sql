-- Texts are written as they are. PostgreSQL tried to compress each above 2 KB, which took longer than all else that
-- recording does, and digits give in a quarter at most, below 20,000 of them nothing at all. Texts that were written
-- before stay as they are and are read all the same. Only the catalogue changes, so the table is locked for a moment.
alter table value_texts alter column text set storage external;
