# One replica; `docker run IMAGE COMMAND` runs another command than the server. Three regions with their brokers: compose.yaml.
FROM node:24-bookworm AS build
WORKDIR /murmuration
COPY package.json package-lock.json .npmrc ./
COPY packages/index/package.json packages/index/
COPY packages/core/package.json packages/core/
COPY packages/server/package.json packages/server/
COPY packages/sim/package.json packages/sim/
COPY packages/dashboard/package.json packages/dashboard/
COPY bench/package.json bench/
COPY test/package.json test/
RUN npm ci --ignore-scripts
COPY . .
RUN node scripts/build.mjs && npm prune --omit=dev && mkdir /data && chown node:node /data

FROM node:24-bookworm-slim
ENV NODE_ENV=production MURMUR_HOST=0.0.0.0 MURMUR_DATA=/data
WORKDIR /murmuration
COPY --from=build /murmuration/package.json ./
COPY --from=build /murmuration/node_modules node_modules
COPY --from=build /murmuration/packages packages
COPY --from=build --chown=node:node /data /data
# for docker exec: murmur members
RUN ln -s /murmuration/packages/server/bin/murmur /usr/local/bin/murmur
USER node
VOLUME /data
EXPOSE 6333
# nothing secret is asked for: the server's name need not be that of the loopback
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["node", "-e", "const { MURMUR_PORT: port = 6333, MURMUR_TLS_CERT: cert, MURMUR_TLS_KEY: key } = process.env; const { readFileSync: read } = require('node:fs'); const tls = cert && { rejectUnauthorized: false, cert: read(cert), key: read(key) }; require(tls ? 'node:https' : 'node:http').get({ host: '127.0.0.1', port, path: '/readyz', ...tls }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=8", "packages/server/bundle/release/cli.js"]
