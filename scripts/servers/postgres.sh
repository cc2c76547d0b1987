#!/usr/bin/env bash
# A private PostgreSQL on a loopback port, with TLS for those who ask for it and SCRAM only, as an unprivileged user.
#
#   postgres.sh up DIR      DIR/uri gets the address of role `maas` (may create databases), sslmode=verify-full
#   postgres.sh down DIR
#
# fsync is off: the data outlives a kill of the server, not a power cut.
. "$(dirname "$0")/lib.sh"

bin() {
  local dir
  dir=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
  [ -x "$dir/postgres" ] || die "no PostgreSQL server is installed: ./scripts/test installs it"
  echo "$dir"
}

# as COMMAND...: as the server's user, since PostgreSQL refuses to run as root
as() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all -- env HOME="$root" "$@"
  else
    "$@"
  fi
}

certificates() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) san=subjectAltName=DNS:localhost,IP:127.0.0.1
  # A configuration of our own: the system's adds extensions a second time, which careful clients refuse.
  printf '[req]\ndistinguished_name=dn\n[dn]\n' >"$root/openssl.cnf"
  openssl req -config "$root/openssl.cnf" -x509 "${key[@]}" -days 30 -subj "/CN=Test database CA" -keyout "$root/ca.key" \
    -out "$root/ca.crt" -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign 2>/dev/null
  openssl req -config "$root/openssl.cnf" "${key[@]}" -subj /CN=localhost -keyout "$root/server.key" -out "$root/server.csr" 2>/dev/null
  openssl x509 -req -in "$root/server.csr" -CA "$root/ca.crt" -CAkey "$root/ca.key" -days 30 -out "$root/server.crt" \
    -extfile <(printf '%s\nextendedKeyUsage=serverAuth\n' "$san") 2>/dev/null
  chmod 600 "$root/server.key" "$root/ca.key"
}

settings() {
  cat <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = '$root'
max_connections = 200
shared_buffers = 64MB
fsync = off
synchronous_commit = off
full_page_writes = off
password_encryption = scram-sha-256
log_line_prefix = '%m [%p] %u@%d '
ssl = on
ssl_cert_file = '$root/server.crt'
ssl_key_file = '$root/server.key'
ssl_min_protocol_version = 'TLSv1.2'
CONF
}

up() {
  local bin
  bin=$(bin)
  mkdir -p "$dir"
  # A folder of its own in /tmp: the server's user may not reach DIR, and a socket's path has at most 107 bytes.
  root=$(mktemp -d /tmp/maas-test-postgres.XXXXXX)
  echo "$root" >"$dir/root"
  port=$(free_port)
  certificates
  [ "$(id -u)" != 0 ] || chown -R "$user" "$root"
  as "$bin/initdb" -D "$root/data" -U postgres -A trust --no-sync -E UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1 ||
    { cat "$dir/initdb.log" >&2; die "initdb failed"; }
  settings | as tee -a "$root/data/postgresql.conf" >/dev/null
  printf 'local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n' | as tee "$root/data/pg_hba.conf" >/dev/null
  local command=("$bin/postgres" -D "$root/data")
  [ "$(id -u)" != 0 ] || command=(setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "${command[@]}")
  cd /
  spawn "$dir" postgres env -u PGHOST -u PGPORT -u PGUSER -u PGPASSWORD HOME="$root" "${command[@]}"
  wait_for 60 "$dir" postgres as "$bin/pg_isready" -q -h "$root" -p "$port"
  as "$bin/psql" -q -X -v ON_ERROR_STOP=1 -h "$root" -p "$port" -U postgres -d postgres <<'SQL'
create role maas login createdb password 'maas-test';
create database maas owner maas;
SQL
  chmod 755 "$root"
  echo "postgres://maas:maas-test@localhost:$port/maas?sslmode=verify-full&sslrootcert=$root/ca.crt" >"$dir/uri"
}

down() {
  [ -r "$dir/root" ] || return 0
  stop "$dir" postgres INT
  root=$(cat "$dir/root")
  case $root in /tmp/maas-test-postgres.*) rm -rf "$root" ;; esac
  rm -f "$dir/root" "$dir/uri"
}

[ $# -eq 2 ] || die "usage: postgres.sh up|down DIR"
dir=$(mkdir -p "$2" && cd "$2" && pwd)
if [ "$(id -u)" = 0 ]; then user=postgres; else user=$(id -un); fi
case $1 in
  up) up ;;
  down) down ;;
  *) die "usage: postgres.sh up|down DIR" ;;
esac
