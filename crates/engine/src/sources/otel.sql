-- OpenTelemetry: OTLP JSON, spans and logs that follow the GenAI semantic conventions, with old and new attribute names.
-- No attribute of the conventions is an account: the first of these that is there is taken, and what stands below it as the
-- user within. To take another one, copy this file, change the list, and name it with `--source-sql`.
WITH exchanges AS (SELECT unnest(otlp_records(record)) AS r, file, line FROM records)
SELECT
    any_time(r->>'time') AS time,
    coalesce(r->'attributes'->>'stillwatch.account', r->'attributes'->>'account.id', r->'attributes'->>'tenant.id',
             r->'attributes'->>'enduser.id', r->'attributes'->>'user.id', r->'attributes'->>'langfuse.user.id',
             r->'attributes'->>'user.hash', r->'attributes'->>'service.account', r->'attributes'->>'gcp.service_account') AS account,
    coalesce(r->'attributes'->>'organization.id', r->'attributes'->>'openai.organization') AS organization,
    coalesce(r->'attributes'->>'api_key.id', r->'attributes'->>'api_key.hash') AS api_key,
    coalesce(r->'attributes'->>'gen_ai.conversation.id', r->'attributes'->>'session.id', r->'attributes'->>'langfuse.session.id') AS session,
    strip_port(coalesce(r->'attributes'->>'client.address', r->'attributes'->>'http.client_ip', r->'attributes'->>'network.peer.address',
                        r->'attributes'->>'net.peer.ip')) AS ip,
    coalesce(r->'attributes'->>'user_agent.original', r->'attributes'->>'http.user_agent') AS user_agent,
    r->'attributes'->>'tls.client.ja4' AS tls_ja4,
    coalesce(r->'attributes'->>'gen_ai.request.model', r->'attributes'->>'gen_ai.response.model', r->'attributes'->>'llm.request.model',
             r->'attributes'->>'llm.model_name') AS model,
    r->>'messages' AS messages,
    r->>'completion_bytes' AS completion_bytes,
    coalesce(r->'attributes'->>'gen_ai.usage.input_tokens', r->'attributes'->>'gen_ai.usage.prompt_tokens',
             r->'attributes'->>'llm.usage.prompt_tokens', r->'attributes'->>'llm.token_count.prompt') AS input_tokens,
    coalesce(r->'attributes'->>'gen_ai.usage.output_tokens', r->'attributes'->>'gen_ai.usage.completion_tokens',
             r->'attributes'->>'llm.usage.completion_tokens', r->'attributes'->>'llm.token_count.completion') AS output_tokens,
    coalesce(r->'attributes'->>'gen_ai.usage.reasoning.output_tokens', r->'attributes'->>'gen_ai.usage.reasoning_tokens',
             r->'attributes'->>'llm.token_count.completion_details.reasoning') AS reasoning_tokens,
    text_list(r->>'tools') AS tools,
    CASE WHEN coalesce(r->'attributes'->>'stillwatch.account', r->'attributes'->>'account.id', r->'attributes'->>'tenant.id') IS NOT NULL
         THEN coalesce(r->'attributes'->>'enduser.id', r->'attributes'->>'user.id') END AS end_user,
    coalesce(r->'attributes'->>'http.response.status_code', r->'attributes'->>'http.status_code', r->'attributes'->>'error.type') AS status,
    r->>'stop_reason' IN ('content_filter', 'refusal', 'SAFETY') AS refusal,
    reasoning_refs(r->>'output') AS reasoning_minted,
    reasoning_refs(r->>'messages') AS reasoning_presented,
    coalesce(r->'attributes'->>'gen_ai.request.stream', r->'attributes'->>'gen_ai.is_streaming', r->'attributes'->>'llm.is_streaming') AS stream,
    coalesce(r->'attributes'->>'gen_ai.request.temperature', r->'attributes'->>'llm.temperature') AS temperature,
    coalesce(r->'attributes'->>'gen_ai.request.max_tokens', r->'attributes'->>'llm.request.max_tokens') AS max_tokens,
    r->>'stop_reason' AS stop_reason,
    r AS record, file, line
FROM exchanges
