-- Anthropic Message Batches: results, joined to the requests by `custom_id`, where these lie beside them.
-- Results bear no time: unless the line was given one, it is that of the file (when the results were fetched).
-- An id that occurs in several requests is not joined, as it cannot be said which is meant.
WITH answers AS (
    SELECT record, file, line, record->>'custom_id' AS custom_id, record->'result'->>'type' AS outcome, record->'result'->>'message' AS answer
    FROM records
    WHERE record->>'result' IS NOT NULL
),
questions AS (
    SELECT r->>'custom_id' AS custom_id, max(r->>'params') AS request, max(r->>'account') AS account
    FROM (SELECT unnest(batch_requests(record)) AS r FROM again)
    GROUP BY 1
    HAVING count(*) = 1
)
SELECT
    coalesce(any_time(coalesce(record->>'time', record->>'created_at', record->>'ended_at', record->>'timestamp')), file_time(file)) AS time,
    coalesce(record->>'account', record->>'user_id', record->>'workspace_id', record->>'organization_id', questions.account) AS account,
    coalesce(request->>'model', answer->>'model') AS model,
    request AS messages,
    answer_bytes(answer) AS completion_bytes,
    TRY_CAST(answer->'usage'->>'input_tokens' AS BIGINT)
        + coalesce(TRY_CAST(answer->'usage'->>'cache_read_input_tokens' AS BIGINT), 0)
        + coalesce(TRY_CAST(answer->'usage'->>'cache_creation_input_tokens' AS BIGINT), 0) AS input_tokens,
    answer->'usage'->>'output_tokens' AS output_tokens,
    text_list(request->>'tools') AS tools,
    request->'metadata'->>'user_id' AS end_user,
    CASE outcome WHEN 'succeeded' THEN 200 WHEN 'errored' THEN 500 END AS status,
    answer_refused(answer) AS refusal,
    reasoning_refs(answer) AS reasoning_minted,
    reasoning_refs(request) AS reasoning_presented,
    false AS stream,
    true AS batch,
    request->>'temperature' AS temperature,
    request->>'max_tokens' AS max_tokens,
    answer->>'stop_reason' AS stop_reason,
    record, file, line
FROM answers
LEFT JOIN questions ON answers.custom_id = questions.custom_id
