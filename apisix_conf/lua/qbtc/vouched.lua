--- Takes away what a client says under names that the gateway vouches for.
local core = require("apisix.core")

local get_headers = ngx.req.get_headers
local gsub, lower = string.gsub, string.lower
local ipairs, pairs = ipairs, pairs

-- Many upstreams (CGI, WSGI, Rack, PHP) see names in capitals with "_" in the place of "-", some of them of every other
-- character: they cannot tell X_QBTC_Enhanced from X-QBTC-Enhanced.
local function folded(name)
    return (gsub(lower(name), "[^%l%d]", "_"))
end

local _M = {}

--- Prepares the names: the result holds them as upstreams may see them.
function _M.names(list)
    local set = {}
    for _, name in ipairs(list) do
        set[folded(name)] = true
    end
    return set
end

--- Removes every spelling of the names. All fields are looked at: the first hundred would leave room for one more.
function _M.remove(ctx, names)
    for name in pairs(get_headers(0)) do
        if names[folded(name)] then
            core.request.set_header(ctx, name, nil)
        end
    end
end

return _M
