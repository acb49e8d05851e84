#!/bin/sh
# What the official images do before their server starts, as far as the stack's compose file counts on it.
set -e
case "$QBTC_TEST_SERVER" in
rabbitmq)
  umask 077
  cat > /etc/rabbitmq/rabbitmq.conf <<CONF
default_user = ${RABBITMQ_DEFAULT_USER:?}
default_pass = ${RABBITMQ_DEFAULT_PASS:?}
default_vhost = ${RABBITMQ_DEFAULT_VHOST:?}
loopback_users = none
log.console = true
log.file = false
CONF
  echo '[rabbitmq_management,rabbitmq_prometheus].' > /etc/rabbitmq/enabled_plugins
  chown rabbitmq:rabbitmq /etc/rabbitmq/rabbitmq.conf /etc/rabbitmq/enabled_plugins
  chown -R rabbitmq:rabbitmq /var/lib/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups env HOME=/var/lib/rabbitmq \
    RABBITMQ_LOGS=- RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='+S 2:2' /usr/lib/rabbitmq/bin/rabbitmq-server
  ;;
postgres)
  export PATH="$(echo /usr/lib/postgresql/*/bin):$PATH"
  as='setpriv --reuid=postgres --regid=postgres --init-groups'
  mkdir -p "$PGDATA"
  chown postgres:postgres "$PGDATA"
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    printf %s "${POSTGRES_PASSWORD:?}" > /tmp/password
    chmod 644 /tmp/password
    $as initdb -D "$PGDATA" -U "${POSTGRES_USER:?}" --pwfile=/tmp/password --auth-local=trust \
      --encoding=UTF8 --locale=C --no-sync ${POSTGRES_INITDB_ARGS}
    rm /tmp/password
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
    $as pg_ctl -D "$PGDATA" -w start -o '-c listen_addresses= -c unix_socket_directories=/tmp'
    $as createdb -h /tmp -U "$POSTGRES_USER" "${POSTGRES_DB:?}"
    for file in /docker-entrypoint-initdb.d/*.sql; do
      [ -e "$file" ] || continue
      $as psql -h /tmp -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v ON_ERROR_STOP=1 --no-psqlrc -q -f "$file"
    done
    $as pg_ctl -D "$PGDATA" -w stop
  fi
  exec $as postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp
  ;;
*)
  exec "$@"
  ;;
esac
