-- Lists in the order of the index, and of its size from both ends. Rows above all others and those that an update leaves
-- as they are cost nothing more: an index never changes.
create index calculations_idx on calculations (idx);
