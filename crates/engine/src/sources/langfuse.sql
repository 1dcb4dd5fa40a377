-- Langfuse: generations as ingestion events (`body`), as the API lists them, or as its exports write them (snake case).
-- The user is on the trace: it is taken from the trace's own event where that is among the files.
WITH generations AS (
    SELECT coalesce(record->>'body', record) AS g, coalesce(record->'body'->>'traceId', record->>'traceId', record->>'trace_id') AS trace, record, file, line
    FROM records
    WHERE coalesce(record->>'type', '') IN ('', 'generation-create', 'observation-create', 'GENERATION')
),
traces AS (
    SELECT trace, max(user_id) AS user_id, max(session_id) AS session_id
    FROM (SELECT record->>'type' AS type, record->'body'->>'id' AS trace, record->'body'->>'userId' AS user_id,
                 record->'body'->>'sessionId' AS session_id FROM again)
    WHERE type = 'trace-create'
    GROUP BY trace
)
SELECT
    any_time(coalesce(g->>'startTime', g->>'start_time', record->>'timestamp')) AS time,
    coalesce(g->>'userId', g->>'user_id', g->'trace'->>'userId', traces.user_id, g->'metadata'->>'userId', g->'metadata'->>'user_id') AS account,
    coalesce(g->>'projectId', g->>'project_id') AS organization,
    coalesce(g->>'sessionId', g->>'session_id', traces.session_id, g->'metadata'->>'sessionId', generations.trace) AS session,
    coalesce(g->>'model', g->>'provided_model_name') AS model,
    g->>'input' AS messages,
    answer_bytes(g->>'output') AS completion_bytes,
    coalesce(g->'usageDetails'->>'input', g->'usage_details'->>'input', g->'usage'->>'input', g->'usage'->>'promptTokens', g->>'promptTokens') AS input_tokens,
    coalesce(g->'usageDetails'->>'output', g->'usage_details'->>'output', g->'usage'->>'output', g->'usage'->>'completionTokens',
             g->>'completionTokens') AS output_tokens,
    coalesce(g->'usageDetails'->>'output_reasoning_tokens', g->'usage_details'->>'output_reasoning_tokens') AS reasoning_tokens,
    text_list(g->'input'->>'tools') AS tools,
    CASE WHEN coalesce(g->>'level', '') = 'ERROR' THEN 500 END AS status,
    answer_refused(g->>'output') AS refusal,
    reasoning_refs(g->>'output') AS reasoning_minted,
    reasoning_refs(g->>'input') AS reasoning_presented,
    coalesce(g->'modelParameters'->>'stream', g->'model_parameters'->>'stream') AS stream,
    coalesce(g->'modelParameters'->>'temperature', g->'model_parameters'->>'temperature') AS temperature,
    coalesce(g->'modelParameters'->>'max_tokens', g->'modelParameters'->>'maxTokens', g->'model_parameters'->>'max_tokens') AS max_tokens,
    record, file, line
FROM generations
LEFT JOIN traces ON generations.trace = traces.trace
WHERE coalesce(g->>'model', g->>'provided_model_name') IS NOT NULL
  AND coalesce(g->>'type', 'GENERATION') IN ('GENERATION', 'generation')
