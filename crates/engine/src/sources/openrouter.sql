-- OpenRouter: generation records. The lab sees one account, the aggregator's; the user behind it is passed through.
WITH generations AS (SELECT CASE WHEN record->'data'->>'id' IS NOT NULL THEN record->>'data' ELSE record END AS g, record, file, line FROM records)
SELECT
    any_time(g->>'created_at') AS time,
    coalesce(g->>'account', g->>'workspace_id', 'openrouter') AS account,
    g->>'session_id' AS session,
    g->>'user_agent' AS user_agent,
    g->>'model' AS model,
    coalesce(g->>'native_tokens_prompt', g->>'tokens_prompt') AS input_tokens,
    coalesce(g->>'native_tokens_completion', g->>'tokens_completion') AS output_tokens,
    g->>'native_tokens_reasoning' AS reasoning_tokens,
    'aggregator' AS access,
    coalesce(nullif(g->>'external_user', ''), 'app:' || (g->>'app_id')) AS end_user,
    CASE WHEN g->>'cancelled' = 'true' THEN 499 END AS status,
    g->>'finish_reason' IN ('content_filter', 'refusal') OR g->>'native_finish_reason' IN ('refusal', 'content_filter', 'SAFETY') AS refusal,
    g->>'streamed' AS stream,
    g->>'api_type' = 'batch' AS batch,
    g->>'finish_reason' AS stop_reason,
    record, file, line
FROM generations
WHERE coalesce(g->>'api_type', '') <> 'embeddings'
