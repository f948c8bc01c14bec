# syntax=docker/dockerfile:1
#
#   docker build --tag dateline .
#   docker run --name dateline --publish 127.0.0.1:8080:8080 --volume dateline:/data dateline
#   docker exec --interactive --tty dateline dateline user add --email desk@example.com --name Desk --role admin
#
# Cargo's downloads and target directory are BuildKit cache mounts: a change of the sources compiles
# only this crate again, a change of Cargo.toml only what it touches.

ARG RUST_VERSION=1
FROM rust:${RUST_VERSION}-bookworm AS build
WORKDIR /src
COPY . .
# Cargo goes by modification times, and the cached target directory may be younger than a checkout:
# touching the sources makes sure that it is these that are built.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked,id=dateline-target \
    find . -path ./target -prune -o -type f -exec touch {} + \
    && cargo build --release --locked --bin dateline \
    && install -D target/release/dateline /out/dateline \
    && /out/dateline --version

FROM debian:bookworm-slim
# For TLS to Postgres with sslrootcert=system. OpenSSL is compiled in and looks nowhere by itself.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/dateline /usr/local/bin/
COPY LICENSE LICENSE-APACHE LICENSE-MIT /usr/share/doc/dateline/
# By number, so that an orchestrator sees that it is not root.
RUN groupadd --gid 10001 dateline \
    && useradd --uid 10001 --gid dateline --home-dir /data --no-create-home \
        --shell /usr/sbin/nologin dateline \
    && install --directory --owner dateline --group dateline --mode 0750 /data \
    && dateline --version
USER 10001:10001
WORKDIR /data
VOLUME /data

ENV DATABASE_URL=sqlite:///data/dateline.db \
    DATELINE_LISTEN=0.0.0.0:8080 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=6s --start-period=30s --retries=3 CMD ["dateline", "health"]
ENTRYPOINT ["dateline"]
CMD ["serve", "--create"]
