-- What kind of journalism an article is: report, opinion and so on; null where nobody has said it.
ALTER TABLE articles ADD COLUMN genre text COLLATE "C";
