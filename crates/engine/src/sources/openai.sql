-- OpenAI: request and response bodies (chat completions, responses, completions) as a proxy records them: side by side, inside
-- `request` and `response`, or as `body`/`request_body` and `response_body`, each an object or its JSON text.
WITH pairs AS (
    SELECT
        record, file, line,
        coalesce(record->'request'->>'body', record->'request'->>'json', record->>'request_body', record->>'body', record->>'request') AS request,
        whole_answer(coalesce(record->'response'->>'body', record->'response'->>'json', record->>'response_body', record->>'response')) AS answer,
        coalesce(record->'request'->>'headers', record->>'request_headers', record->>'headers') AS headers
    FROM records
)
SELECT
    any_time(coalesce(record->>'time', record->>'timestamp', record->>'ts', record->>'started_at', record->>'start_time', record->>'created_at',
                      record->>'@timestamp', record->'request'->>'timestamp', record->'request'->>'time', answer->>'created', answer->>'created_at')) AS time,
    coalesce(record->>'account', record->>'account_id', record->>'user_id', record->>'tenant_id', record->>'project_id',
             header(headers, 'openai-project'), record->>'organization_id', header(headers, 'openai-organization'),
             record->>'api_key_id', 'key:' || short_hash(header(headers, 'authorization'))) AS account,
    coalesce(record->>'organization', record->>'organization_id', header(headers, 'openai-organization')) AS organization,
    coalesce(record->>'api_key_id', record->>'api_key', short_hash(header(headers, 'authorization'))) AS api_key,
    coalesce(record->>'session', record->>'session_id', header(headers, 'x-session-id'), request->>'prompt_cache_key') AS session,
    coalesce(first_forwarded(header(headers, 'x-forwarded-for')),
             strip_port(coalesce(record->>'ip', record->>'client_ip', record->>'remote_addr', record->'request'->>'client_ip'))) AS ip,
    coalesce(header(headers, 'user-agent'), record->>'user_agent') AS user_agent,
    coalesce(header(headers, 'x-ja4'), record->>'ja4') AS tls_ja4,
    coalesce(request->>'model', answer->>'model') AS model,
    request AS messages,
    answer_bytes(answer) AS completion_bytes,
    coalesce(answer->'usage'->>'prompt_tokens', answer->'usage'->>'input_tokens') AS input_tokens,
    coalesce(answer->'usage'->>'completion_tokens', answer->'usage'->>'output_tokens') AS output_tokens,
    coalesce(answer->'usage'->'completion_tokens_details'->>'reasoning_tokens',
             answer->'usage'->'output_tokens_details'->>'reasoning_tokens') AS reasoning_tokens,
    text_list(coalesce(request->>'tools', request->>'functions')) AS tools,
    coalesce(request->>'safety_identifier', request->>'user') AS end_user,
    coalesce(record->'response'->>'status_code', record->'response'->>'status', record->>'status_code', record->>'status') AS status,
    answer_refused(answer) AS refusal,
    reasoning_refs(answer) AS reasoning_minted,
    reasoning_refs(request) AS reasoning_presented,
    request->>'stream' AS stream,
    request->>'temperature' AS temperature,
    coalesce(request->>'max_completion_tokens', request->>'max_output_tokens', request->>'max_tokens') AS max_tokens,
    coalesce(answer->'choices'->0->>'finish_reason', answer->'incomplete_details'->>'reason', answer->>'status') AS stop_reason,
    record, file, line
FROM pairs
WHERE coalesce(request->>'messages', request->>'input', request->>'prompt', answer->>'choices', answer->>'output') IS NOT NULL
