-- Kong AI Gateway: the log serializer's record with its `ai` part, whose key is the plugin's name, older (`proxy`) or newer.
WITH parts AS (
    SELECT
        record, file, line,
        coalesce(record->'ai'->>'proxy', record->'ai'->>'ai-proxy', record->'ai'->>'ai-proxy-advanced', record->>'ai') AS ai,
        coalesce(record->'ai'->'proxy'->'payload'->>'request', record->'ai'->'ai-proxy'->'payload'->>'request',
                 record->'ai'->'ai-proxy-advanced'->'payload'->>'request', record->'ai'->'payload'->>'request') AS request,
        coalesce(record->'ai'->'proxy'->'payload'->>'response', record->'ai'->'ai-proxy'->'payload'->>'response',
                 record->'ai'->'ai-proxy-advanced'->'payload'->>'response', record->'ai'->'payload'->>'response') AS answer
    FROM records
    WHERE record->>'ai' IS NOT NULL
)
SELECT
    any_time(record->>'started_at') AS time,
    coalesce(record->'consumer'->>'custom_id', record->'consumer'->>'username', record->'consumer'->>'id',
             record->'authenticated_entity'->>'consumer_id', record->'authenticated_entity'->>'id') AS account,
    record->>'workspace_name' AS organization,
    record->'authenticated_entity'->>'id' AS api_key,
    header(record->'request'->>'headers', 'x-session-id') AS session,
    coalesce(first_forwarded(header(record->'request'->>'headers', 'x-forwarded-for')), record->>'client_ip') AS ip,
    header(record->'request'->>'headers', 'user-agent') AS user_agent,
    coalesce(ai->'meta'->>'request_model', request->>'model', ai->'meta'->>'response_model') AS model,
    request AS messages,
    answer_bytes(answer) AS completion_bytes,
    coalesce(ai->'usage'->>'prompt_tokens', ai->'usage'->>'prompt_token', answer->'usage'->>'prompt_tokens') AS input_tokens,
    coalesce(ai->'usage'->>'completion_tokens', ai->'usage'->>'completion_token', answer->'usage'->>'completion_tokens') AS output_tokens,
    answer->'usage'->'completion_tokens_details'->>'reasoning_tokens' AS reasoning_tokens,
    text_list(request->>'tools') AS tools,
    request->>'user' AS end_user,
    record->'response'->>'status' AS status,
    answer_refused(answer) AS refusal,
    reasoning_refs(answer) AS reasoning_minted,
    reasoning_refs(request) AS reasoning_presented,
    request->>'stream' AS stream,
    request->>'temperature' AS temperature,
    coalesce(request->>'max_tokens', request->>'max_completion_tokens') AS max_tokens,
    answer->'choices'->0->>'finish_reason' AS stop_reason,
    record, file, line
FROM parts
