-- Texts above 1,000 digits in the database count like objects, and are evicted like them: least recently read first, and
-- the sum of their bytes from the index alone. An index of its own: older versions use that of the objects.
create index calculations_texts on calculations (read_at, size_bytes)
    where value_state = 'inline' and digits > 1000;
