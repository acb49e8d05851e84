# The image of any service: a Node base and one file. `docker compose build` names the service by SERVICE and ENTRY.
ARG NODE_IMAGE=node:24-alpine

# What the packages are installed by, and nothing else: the layers below stay as they are while only code changes.
FROM ${NODE_IMAGE} AS manifests
WORKDIR /stack
COPY . .
RUN node -e "const fs = require('node:fs'); \
  for (const file of fs.readdirSync('.', { recursive: true, withFileTypes: true })) \
    if (file.isFile() && !/^package(-lock)?[.]json$/.test(file.name)) fs.rmSync(file.parentPath + '/' + file.name)"

FROM ${NODE_IMAGE} AS installed
WORKDIR /stack
COPY --from=manifests /stack .
RUN npm ci --omit=dev --no-audit --no-fund

FROM installed AS bundle
ARG SERVICE
ARG ENTRY=src/main.ts
COPY . .
RUN node_modules/.bin/esbuild "$SERVICE/$ENTRY" --bundle --platform=node --format=cjs --target=node20.19 \
  --external:pg-native --legal-comments=none --minify-whitespace --sourcemap --sources-content=false --outfile=/out/main.cjs

FROM ${NODE_IMAGE}
ENV NODE_ENV=production
WORKDIR /app
# With the map that stack traces name files and lines by.
COPY --from=bundle /out/ .
# Nobody in particular: it owns nothing, and the file system is read-only anyway.
USER 10001:10001
CMD ["node", "--enable-source-maps", "main.cjs"]
