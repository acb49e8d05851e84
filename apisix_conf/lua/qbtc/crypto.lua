--- HMAC-SHA256 and random bytes from the OpenSSL that nginx itself is linked with. Both give lower-case hex.
local ffi = require("ffi")

local C = ffi.C
local format, gsub = string.format, string.gsub

-- Another module may have declared one of them already; the declarations are OpenSSL's own.
pcall(ffi.cdef, "typedef struct evp_md_st EVP_MD;")
pcall(ffi.cdef, "const EVP_MD *EVP_sha256(void);")
pcall(ffi.cdef, [[
unsigned char *HMAC(const EVP_MD *evp_md, const void *key, int key_len,
                    const unsigned char *data, size_t n,
                    unsigned char *md, unsigned int *md_len);
]])
pcall(ffi.cdef, "int RAND_bytes(unsigned char *buf, int num);")

local DIGEST_BYTES = 32

local function hex(buffer, length)
    return (gsub(ffi.string(buffer, length), ".", function(each)
        return format("%02x", each:byte())
    end))
end

local _M = {}

--- The HMAC of the text (RFC 2104); nil when OpenSSL refuses.
function _M.hmac_sha256(key, text)
    local digest = ffi.new("unsigned char[?]", DIGEST_BYTES)
    local length = ffi.new("unsigned int[1]")
    local made = C.HMAC(C.EVP_sha256(), key, #key, text, #text, digest, length)
    if made == nil then
        return nil
    end
    return hex(digest, length[0])
end

--- So many random bytes; nil when there is no entropy.
function _M.random(count)
    local buffer = ffi.new("unsigned char[?]", count)
    if C.RAND_bytes(buffer, count) ~= 1 then
        return nil
    end
    return hex(buffer, count)
end

return _M
