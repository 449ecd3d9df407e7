#!/bin/sh
# Start PostgreSQL and MariaDB as the tests look for them: on 127.0.0.1, without passwords, with a database `test`.
# Only for a container that is thrown away.
set -eu
sed -i -E 's/^(host .*127\.0\.0\.1\/32 +)[a-z0-9-]+$/\1trust/' /etc/postgresql/*/main/pg_hba.conf
service postgresql start
su postgres -c 'createdb test'
service mariadb start
mariadb -e "ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING PASSWORD(''); CREATE DATABASE IF NOT EXISTS test"
