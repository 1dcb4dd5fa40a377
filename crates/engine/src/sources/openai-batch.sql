-- OpenAI Batch API: output files, joined to the input files (what was asked) by `custom_id`, where these lie beside them.
-- An id that occurs in several inputs is not joined, as it cannot be said which is meant.
WITH answers AS (
    SELECT record, file, line, record->>'custom_id' AS custom_id, record->'response'->>'body' AS answer
    FROM records
    WHERE coalesce(record->>'response', record->>'error') IS NOT NULL
),
questions AS (
    SELECT record->>'custom_id' AS custom_id, max(record->>'body') AS request, max(record->>'account') AS account
    FROM again
    WHERE record->>'body' IS NOT NULL
    GROUP BY 1
    HAVING count(*) = 1
)
SELECT
    any_time(coalesce(record->>'time', record->>'created_at', answer->>'created', answer->>'created_at')) AS time,
    coalesce(record->>'account', record->>'user_id', record->>'project_id', record->>'organization_id', questions.account) AS account,
    coalesce(request->>'model', answer->>'model') AS model,
    request AS messages,
    answer_bytes(answer) AS completion_bytes,
    coalesce(answer->'usage'->>'prompt_tokens', answer->'usage'->>'input_tokens') AS input_tokens,
    coalesce(answer->'usage'->>'completion_tokens', answer->'usage'->>'output_tokens') AS output_tokens,
    coalesce(answer->'usage'->'completion_tokens_details'->>'reasoning_tokens',
             answer->'usage'->'output_tokens_details'->>'reasoning_tokens') AS reasoning_tokens,
    text_list(request->>'tools') AS tools,
    coalesce(request->>'safety_identifier', request->>'user') AS end_user,
    record->'response'->>'status_code' AS status,
    answer_refused(answer) AS refusal,
    reasoning_refs(answer) AS reasoning_minted,
    reasoning_refs(request) AS reasoning_presented,
    false AS stream,
    true AS batch,
    request->>'temperature' AS temperature,
    coalesce(request->>'max_completion_tokens', request->>'max_output_tokens', request->>'max_tokens') AS max_tokens,
    coalesce(answer->'choices'->0->>'finish_reason', answer->'incomplete_details'->>'reason', answer->>'status') AS stop_reason,
    record, file, line
FROM answers
LEFT JOIN questions ON answers.custom_id = questions.custom_id
