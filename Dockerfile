# headcount with Debian's Chromium. Built twice over: what compiles is left behind, what runs is copied.
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Without the scripts: what they would build is not there yet.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev --no-audit --no-fund

FROM node:20-bookworm-slim
# The headless shell is several times cheaper per session than the full browser. Pages need fonts: Latin, Chinese,
# Japanese and Korean, emoji, other scripts. tini reaps whatever Chromium leaves behind and passes SIGTERM on.
RUN apt-get update \
  && apt-get install -y --no-install-recommends \
    chromium-headless-shell libnss3-tools tini \
    fonts-liberation fonts-noto-cjk fonts-noto-color-emoji fonts-noto-core \
  && rm -rf /var/lib/apt/lists/* \
  && install -d -o node -g node /var/lib/headcount
# Beyond loopback the server refuses to start without a TOKEN, or ALLOW_ANONYMOUS=true said on purpose.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 STATE_DIR=/var/lib/headcount
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist/src ./dist/src
COPY --from=build /app/src/page ./src/page
COPY LICENSE ./
# Not root, which the server has no need to be. Chromium's sandbox needs user namespaces, which Docker's default seccomp
# profile refuses: then it runs without, and the log warns. grafana/README.md says how to allow them.
USER node
EXPOSE 3000
# The history of a week: it outlives the container in a volume.
VOLUME /var/lib/headcount
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--"]
CMD ["node", "dist/src/main.js"]
