-- Language tags in the case that RFC 5646, section 2.1.1, recommends: `pt-br` becomes `pt-BR`, `zh-hant-tw`
-- `zh-Hant-TW`. What stands after a single character is an extension or private, and in lower case.
WITH RECURSIVE
given AS (SELECT DISTINCT language FROM articles),
parts (language, usual, part, rest, extension) AS (
    SELECT language, '', '', lower(language) || '-', 0 FROM given
    UNION ALL
    SELECT language,
           CASE WHEN usual = '' THEN part
                WHEN extension = 0 AND length(part) = 2 THEN usual || '-' || upper(part)
                WHEN extension = 0 AND length(part) = 4
                THEN usual || '-' || upper(substr(part, 1, 1)) || substr(part, 2)
                ELSE usual || '-' || part END,
           substr(rest, 1, instr(rest, '-') - 1),
           substr(rest, instr(rest, '-') + 1),
           CASE WHEN length(part) = 1 THEN 1 ELSE extension END
    FROM parts WHERE rest <> '' OR part <> ''
),
cased AS (SELECT language, usual FROM parts WHERE rest = '' AND part = '' AND usual <> language)
UPDATE articles SET language = (SELECT usual FROM cased WHERE cased.language = articles.language)
WHERE language IN (SELECT language FROM cased);
