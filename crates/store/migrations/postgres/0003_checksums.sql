-- Checksums of what a row says: a damaged page must not become a wrong digit. Each is the first 8 bytes of a SHA-256,
-- computed by the program; null in rows of older versions, which are checked by the hash of their text alone.

-- Over subject and digits.
alter table calculations add column request_check bigint;
-- Over subject, sha256, size_bytes, first_digits and last_digits; null before the value was known.
alter table calculations add column value_check bigint;
