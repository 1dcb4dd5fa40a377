-- Envoy AI Gateway: its JSON access log. It has no text and no account of its own: an account comes from a header that the
-- operator maps into the log (`OTEL_AIGW_REQUEST_HEADER_ATTRIBUTES`, or a field of the log format), under one of these names.
SELECT
    any_time(record->>'start_time') AS time,
    coalesce(record->>'stillwatch.account', record->>'account', record->>'account.id', record->>'tenant.id', record->>'enduser.id',
             record->>'user.id', record->>'x-tenant-id', record->>'x-account-id', record->>'x-user-id', record->>'x-api-key-id',
             record->>'consumer') AS account,
    coalesce(record->>'organization', record->>'x-organization-id') AS organization,
    coalesce(record->>'api_key_id', record->>'x-api-key-id') AS api_key,
    nullif(record->>'session.id', '-') AS session,
    coalesce(first_forwarded(record->>'x-forwarded-for'), strip_port(record->>'downstream_remote_address')) AS ip,
    nullif(record->>'user-agent', '-') AS user_agent,
    nullif(record->>'ja4', '-') AS tls_ja4,
    coalesce(nullif(record->>'gen_ai.request.model', '-'), nullif(record->>'gen_ai.response.model', '-')) AS model,
    record->>'gen_ai.usage.input_tokens' AS input_tokens,
    record->>'gen_ai.usage.output_tokens' AS output_tokens,
    coalesce(record->>'gen_ai.usage.reasoning.output_tokens', record->>'gen_ai.usage.reasoning_tokens') AS reasoning_tokens,
    CASE WHEN record->>'stillwatch.account' IS NOT NULL OR record->>'tenant.id' IS NOT NULL OR record->>'x-tenant-id' IS NOT NULL
         THEN coalesce(record->>'enduser.id', record->>'user.id', record->>'x-user-id') END AS end_user,
    record->>'response_code' AS status,
    record, file, line
FROM records
WHERE coalesce(nullif(record->>'gen_ai.request.model', '-'), nullif(record->>'gen_ai.response.model', '-')) IS NOT NULL
   OR contains(coalesce(record->>'x-envoy-origin-path', ''), '/completions')
   OR contains(coalesce(record->>'x-envoy-origin-path', ''), '/messages')
   OR contains(coalesce(record->>'x-envoy-origin-path', ''), '/responses')
