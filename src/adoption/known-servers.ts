import { imageName } from './images.ts';

/** What is known of a server that runs as a container: only its address is made of it. */
export interface KnownServer {
  /** Where it listens inside. */
  port: number;
  scheme: string;
  /** The variables of its image that make its user, that one's password, and a database, the first that is there. */
  user?: readonly string[];
  password?: readonly string[];
  database?: readonly string[];
  /** Who enters with a password where no variable names a user. */
  administrator?: string;
  /** The end of its address. */
  query?: string;
  /** The program that runs it where there is no Docker. */
  program?: string;
}

const MYSQL = {
  port: 3306,
  scheme: 'mysql',
  user: ['MYSQL_USER', 'MARIADB_USER'],
  database: ['MYSQL_DATABASE', 'MARIADB_DATABASE'],
  program: 'mariadbd',
} as const;
const MYSQL_PASSWORD = ['MYSQL_PASSWORD', 'MARIADB_PASSWORD'] as const;
const ROOT_PASSWORD = ['MYSQL_ROOT_PASSWORD', 'MARIADB_ROOT_PASSWORD'] as const;

const SERVERS: readonly (readonly [RegExp, KnownServer])[] = [
  [
    /^(mongo|mongodb|mongodb-community-server|ferretdb)$/,
    {
      port: 27_017,
      scheme: 'mongodb',
      user: ['MONGO_INITDB_ROOT_USERNAME'],
      password: ['MONGO_INITDB_ROOT_PASSWORD'],
      database: ['MONGO_INITDB_DATABASE'],
      query: '?authSource=admin',
      program: 'mongod',
    },
  ],
  [/^memcached$/, { port: 11_211, scheme: 'memcached', program: 'memcached' }],
  [/^(nats|nats-streaming)$/, { port: 4222, scheme: 'nats', program: 'nats-server' }],
  [/^(eclipse-)?mosquitto$/, { port: 1883, scheme: 'mqtt', program: 'mosquitto' }],
  [/^(cp-)?kafka$|^redpanda$/, { port: 9092, scheme: 'kafka' }],
  [/^(cp-)?zookeeper$/, { port: 2181, scheme: 'zookeeper' }],
  [/^(elasticsearch|opensearch)$/, { port: 9200, scheme: 'http' }],
  [/^(mailhog|mailpit)$/, { port: 1025, scheme: 'smtp' }],
  [/^minio$/, { port: 9000, scheme: 'http' }],
  [/^localstack$/, { port: 4566, scheme: 'http' }],
  [/^consul$/, { port: 8500, scheme: 'http' }],
  [/^vault$/, { port: 8200, scheme: 'http' }],
  [/^etcd$/, { port: 2379, scheme: 'http' }],
  [/^(clickhouse|clickhouse-server)$/, { port: 8123, scheme: 'http' }],
  [/^influxdb$/, { port: 8086, scheme: 'http' }],
  [/^cassandra$/, { port: 9042, scheme: 'cassandra' }],
  [/^neo4j$/, { port: 7687, scheme: 'bolt' }],
];

/** What is known of the server in an image; `variables` are those that it is given. */
export function knownServer(image: string, variables: readonly string[]): KnownServer | undefined {
  const name = imageName(image);
  if (/^(mysql|mysql-server|mariadb|percona|percona-server)$/.test(name)) {
    const hasUser = MYSQL.user.some((each) => variables.includes(each));
    return hasUser
      ? { ...MYSQL, password: MYSQL_PASSWORD }
      : { ...MYSQL, password: ROOT_PASSWORD, administrator: 'root' };
  }
  return SERVERS.find(([pattern]) => pattern.test(name))?.[1];
}
