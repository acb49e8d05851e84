--- Marks requests for the quantum core. Values that a client sends under these names, however it spells them, never get
-- through.
-- The embedded gateway of qbtc has the same plugin with the same schema and sends the same bytes:
-- src/embedded/gateway/plugins/quantum-enhancer.ts says what they are.
local core = require("apisix.core")
local vouched = require("qbtc.vouched")

local ngx = ngx
local pcall = pcall
local require = require
local string_format = string.format
local math_floor = math.floor

local plugin_name = "quantum-enhancer"
local GAUGE = "qbtc_quantum_frequency"
local HEADERS = {
    frequency = "X-Quantum-Frequency",
    enhanced = "X-QBTC-Enhanced",
    signature = "X-VIGOLEONROCKS-System",
}
local NAMES = vouched.names({ HEADERS.frequency, HEADERS.enhanced, HEADERS.signature })

local schema = {
    type = "object",
    properties = {
        frequency = { type = "number", exclusiveMinimum = 0, default = 888 },
        enable_quantum_headers = { type = "boolean", default = true },
        vigoleonrocks_signature = { type = "boolean", default = true },
    },
}

local _M = {
    version = 0.1,
    -- APISIX recommends 1 to 99 for plugins that are not its own; no built-in has this one.
    priority = 88,
    name = plugin_name,
    schema = schema,
}

function _M.check_schema(conf)
    return core.schema.check(schema, conf)
end

-- In decimal, without a fraction when there is none: 888, 888.5.
local function decimal(number)
    if number == math_floor(number) and number < 1e15 then
        return string_format("%d", number)
    end
    return string_format("%.14g", number)
end

-- The metric is made with the first request of a worker. Where Prometheus is off there is none, and no harm done.
local gauge
local function observe(conf, ctx)
    if gauge == nil then
        gauge = false
        local ok, exporter = pcall(require, "apisix.plugins.prometheus.exporter")
        local prometheus = ok and exporter.get_prometheus and exporter.get_prometheus()
        if prometheus then
            -- The exporter puts its own prefix before the name: apisix_qbtc_quantum_frequency.
            local made, metric = pcall(prometheus.gauge, prometheus, GAUGE,
                "The frequency of the quantum-enhancer plugin", { "route" })
            gauge = made and metric or false
        end
    end
    if gauge then
        pcall(gauge.set, gauge, conf.frequency, { ctx.route_id or "" })
    end
end

function _M.access(conf, ctx)
    vouched.remove(ctx, NAMES)
    if conf.enable_quantum_headers then
        core.request.set_header(ctx, HEADERS.frequency, decimal(conf.frequency))
        core.request.set_header(ctx, HEADERS.enhanced, "true")
    end
    if conf.vigoleonrocks_signature then
        core.request.set_header(ctx, HEADERS.signature, "active")
    end
end

function _M.log(conf, ctx)
    observe(conf, ctx)
end

return _M
