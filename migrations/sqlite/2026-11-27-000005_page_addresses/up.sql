-- The page that a URL is of, however it is spelled (src/shares/page.rs), and the article that counts of a URL are
-- added to; null where there is none. Rows of before get what SQL can make of their URLs.
ALTER TABLE former_urls ADD COLUMN address TEXT;
ALTER TABLE url_share_counts ADD COLUMN address TEXT;
ALTER TABLE url_share_counts ADD COLUMN article_id BLOB REFERENCES articles (id) ON DELETE SET NULL;

UPDATE former_urls SET address = rtrim(substr(url, instr(url, '://') + 3), '/');
UPDATE former_urls SET address = substr(address, 5) WHERE address LIKE 'www.%';
UPDATE url_share_counts SET
    address = rtrim(substr(url, instr(url, '://') + 3), '/'),
    article_id = (SELECT f.article_id FROM former_urls f WHERE f.url = url_share_counts.url);
UPDATE url_share_counts SET address = substr(address, 5) WHERE address LIKE 'www.%';

CREATE INDEX former_urls_by_address ON former_urls (address);
CREATE INDEX url_share_counts_by_address ON url_share_counts (address);
CREATE INDEX url_share_counts_by_article ON url_share_counts (article_id);
