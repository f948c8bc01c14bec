DROP VIEW public_articles_by_search;
DROP VIEW search_matches;
DROP TABLE search_pending;
DROP TABLE merged_names;
DROP TABLE name_words;
DROP TABLE search_entries;
DROP TABLE article_search;
