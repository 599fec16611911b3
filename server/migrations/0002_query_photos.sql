-- A request may have several photos of one person. JSON: the names of the query pictures among the request's objects, the first first.

ALTER TABLE requests RENAME COLUMN query_name TO query_names;
UPDATE requests SET query_names = json_array(query_names);
