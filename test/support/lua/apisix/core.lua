-- As much of apisix.core as our plugins use, on nginx's own functions, so that their Lua runs in a bare nginx.
local _M = { request = {}, schema = {}, log = {} }

function _M.request.set_header(_, name, value)
    if value == nil then
        ngx.req.clear_header(name)
    else
        ngx.req.set_header(name, value)
    end
end

function _M.request.get_method()
    return ngx.req.get_method()
end

-- APISIX validates and fills in defaults; here the schema itself is compared with the embedded gateway's.
function _M.schema.check(schema, conf)
    for name, property in pairs(schema.properties) do
        if conf[name] == nil then
            conf[name] = property.default
        end
    end
    for _, name in ipairs(schema.required or {}) do
        if conf[name] == nil then
            return false, 'property "' .. name .. '" is required'
        end
    end
    return true
end

function _M.log.error(...)
    ngx.log(ngx.ERR, ...)
end

return _M
