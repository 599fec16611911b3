ALTER TABLE requests RENAME COLUMN query_name TO query_names;
UPDATE requests SET query_names = json_build_array(query_names)::text;
