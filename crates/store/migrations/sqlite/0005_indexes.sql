-- Lists in the order of the index, and of its size from both ends. It also makes counting all rows cheap.
create index calculations_idx on calculations (idx);
