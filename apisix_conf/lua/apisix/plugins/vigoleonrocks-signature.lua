--- Signs the request for the upstream: HMAC-SHA256 over method, target, time, end of validity and a nonce, so that an
-- upstream can tell what came through the gateway, and refuse what comes late or twice. The body is not signed: it
-- streams past the gateway. Values that a client sends under these names, however it spells them, never get through.
-- The embedded gateway of qbtc has the same plugin: src/embedded/gateway/plugins/vigoleonrocks-signature.ts.
local core = require("apisix.core")
local crypto = require("qbtc.crypto")
local vouched = require("qbtc.vouched")

local ngx = ngx
local os_getenv = os.getenv
local table_concat = table.concat

local plugin_name = "vigoleonrocks-signature"
local NONCE_BYTES = 16
local LEAST_KEY_LENGTH = 16
local HEADERS = {
    timestamp = "X-VIGOLEONROCKS-Timestamp",
    expires = "X-VIGOLEONROCKS-Expires",
    nonce = "X-VIGOLEONROCKS-Nonce",
    key_id = "X-VIGOLEONROCKS-Key-Id",
    signature = "X-VIGOLEONROCKS-Signature",
}
local NAMES = vouched.names({
    HEADERS.timestamp, HEADERS.expires, HEADERS.nonce, HEADERS.key_id, HEADERS.signature,
})

local schema = {
    type = "object",
    properties = {
        -- the key itself, $env://NAME, or $secret://MANAGER/ID/NAME
        key = { type = "string", minLength = LEAST_KEY_LENGTH },
        key_id = { type = "string", minLength = 1, maxLength = 64, pattern = "^[A-Za-z0-9._-]+$" },
        replay_window = { type = "integer", minimum = 1, maximum = 3600, default = 300 },
    },
    encrypt_fields = { "key" },
    required = { "key" },
}

local _M = {
    version = 0.1,
    -- After quantum-enhancer (88); no built-in has this one.
    priority = 87,
    name = plugin_name,
    schema = schema,
}

function _M.check_schema(conf)
    return core.schema.check(schema, conf)
end

-- APISIX resolves `$secret://` before a plugin runs where a secret manager is configured, and `$env://` for variables
-- that nginx.conf lets through. What is still a reference here is read from the environment, or is no key.
local function resolved(key)
    local name = key:match("^%$env://([%a_][%w_]*)$") or key:match("^%$ENV://([%a_][%w_]*)$")
    if name then
        key = os_getenv(name)
    elseif key:sub(1, 10) == "$secret://" then
        local ok, secret = pcall(require, "apisix.secret")
        local refs = ok and secret.fetch_secrets({ key = key }, true, "", "")
        key = refs and refs.key
    end
    if not key or #key < LEAST_KEY_LENGTH or key:sub(1, 1) == "$" then
        return nil
    end
    return key
end

--- What is signed, line by line.
local function signed_text(method, target, timestamp, expires, nonce)
    return table_concat({ "v1", method, target, timestamp, expires, nonce }, "\n")
end
_M.signed_text = signed_text

-- Path and query as the upstream sees them: as they came, unless a plugin rewrote them.
local function target_of(ctx)
    local rewritten = ctx.var.upstream_uri
    if rewritten and rewritten ~= "" then
        return rewritten
    end
    return ngx.var.request_uri
end

function _M.access(conf, ctx)
    vouched.remove(ctx, NAMES)
    local key = resolved(conf.key)
    if not key then
        -- A request that cannot be signed must not reach an upstream that expects to be protected.
        core.log.error(plugin_name, ": the signing key is not available")
        return 500, { message = "the signing key is not available" }
    end
    local timestamp = ngx.time()
    local expires = timestamp + conf.replay_window
    local nonce = crypto.random(NONCE_BYTES)
    local text = nonce
        and signed_text(core.request.get_method(), target_of(ctx), timestamp, expires, nonce)
    local digest = text and crypto.hmac_sha256(key, text)
    if not digest then
        core.log.error(plugin_name, ": OpenSSL gives no random bytes or no digest")
        return 500, { message = "the request cannot be signed" }
    end
    core.request.set_header(ctx, HEADERS.timestamp, timestamp)
    core.request.set_header(ctx, HEADERS.expires, expires)
    core.request.set_header(ctx, HEADERS.nonce, nonce)
    if conf.key_id then
        core.request.set_header(ctx, HEADERS.key_id, conf.key_id)
    end
    core.request.set_header(ctx, HEADERS.signature, "v1=" .. digest)
end

return _M
