#!/bin/sh
# Runs once, when the Postgres volume is empty: the registry gets a database and an account of its own, so that neither
# can touch the other's tables.
set -eu

psql --set=ON_ERROR_STOP=1 --set=password="$REGISTRY_PASSWORD" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE registry LOGIN PASSWORD :'password';
CREATE DATABASE registry OWNER registry;
REVOKE CONNECT ON DATABASE registry FROM PUBLIC;
SQL
