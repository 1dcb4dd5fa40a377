-- OpenTelemetry, where spans and logs lie in files of their own: pairs each span with the logs that tell of it, so that one
-- exchange is counted once. `otel.sql` reads what this gives as its `records`.
WITH spans AS (
    SELECT r, r->>'trace' AS trace, r->>'span' AS span, file, line
    FROM (SELECT unnest(otlp_records(record)) AS r, file, line FROM records)
    WHERE r->>'kind' = 'span'
),
logs AS (
    SELECT r, r->>'trace' AS trace, nullif(r->>'span', '') AS span, file, line
    FROM (SELECT unnest(otlp_records(record)) AS r, file, line FROM again)
    WHERE r->>'kind' = 'log'
)
SELECT otlp_merge(spans.r, logs.r) AS record, coalesce(spans.file, logs.file) AS file, coalesce(spans.line, logs.line) AS line
FROM spans
FULL OUTER JOIN logs ON spans.trace = logs.trace AND spans.span = logs.span
