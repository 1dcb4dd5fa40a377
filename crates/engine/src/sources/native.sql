-- The native source: names are native already. (Text files of it are read without this; see scan/line.rs.)
SELECT * FROM records
